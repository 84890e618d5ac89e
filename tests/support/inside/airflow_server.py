"""Fills an empty Airflow and serves its API: `python airflow_server.py PORT`, its settings in AIRFLOW__…

The DAGs are serialized as Airflow's DAG processor does it. Runs and task instances are written by Airflow's own models.
No scheduler runs, and no task.
"""

from __future__ import annotations

import os
import sys
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

# Before Airflow is imported: it asks what kind of process it is in. One process fills and serves, as imports take long.
os.environ["_AIRFLOW_PROCESS_CONTEXT"] = "server"

from airflow.models.dag import DagModel
from airflow.models.dagbundle import DagBundleModel
from airflow.models.serialized_dag import SerializedDagModel
from airflow.providers.standard.operators.bash import BashOperator
from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import DAG, Asset, TaskGroup
from airflow.serialization.definitions.dag import SerializedDAG
from airflow.serialization.serialized_objects import DagSerialization, LazyDeserializedDAG
from airflow.utils.db import initdb
from airflow.utils.session import create_session
from airflow.utils.state import DagRunState, TaskInstanceState
from airflow.utils.types import DagRunTriggeredByType, DagRunType
from sqlalchemy import event, update
from sqlalchemy.engine import Engine

DAGS = 62

# Runs of one DAG: more than the server gives on a page.
RUNS = 34

# The first of these runs started so long ago; each of the others 61.25 s after the one before.
AGO = timedelta(hours=4)

BUNDLE = "dags-folder"

SCHEDULES: list[Any] = [None, "0 6 * * *", "@daily", timedelta(hours=6), "*/15 8-18 * * 1-5"]

OWNERS = ["airflow", "admin", "data team"]

STATES = [DagRunState.SUCCESS, DagRunState.FAILED, DagRunState.SUCCESS, DagRunState.RUNNING]

ORDERS = Asset("warehouse.sales.orders", uri="postgres://db.example.com:5432/warehouse/sales/orders")
BUYERS = Asset("warehouse.sales.buyers", uri="postgres://db.example.com:5432/warehouse/sales/buyers")
REVENUE = Asset("warehouse.marts.revenue", uri="postgres://db.example.com:5432/warehouse/marts/revenue")
REPORT = Asset("warehouse.marts.report", uri="postgres://db.example.com:5432/warehouse/marts/report")


def dag(number: int) -> DAG:
    """A chain of tasks, the last of which needs the first, too. One of the tasks is in a group."""
    with DAG(
        f"dag_{number:02}",
        dag_display_name=f"DAG {number}: Überblick" if number % 5 == 0 else f"dag_{number:02}",
        description=f"DAG number {number}: <load> & check, größer als 1 €" if number % 3 else None,
        doc_md=f"What *DAG {number}* is for." if number % 6 == 0 else None,
        schedule=SCHEDULES[number % len(SCHEDULES)],
        start_date=datetime(2026, 1, 1, tzinfo=UTC),
        catchup=False,
        tags=[f"team_{number % 3}", "nightly"] if number % 4 else [],
        default_args={"owner": OWNERS[number % len(OWNERS)]},
    ) as made:
        tasks = [
            EmptyOperator(
                task_id=f"step_{number}_{one}",
                task_display_name=f"Step {one}" if one % 2 else f"step_{number}_{one}",
                doc_md=f"What *step {one}* does." if one % 2 else None,
                owner="admin" if one == 2 else OWNERS[number % len(OWNERS)],
            )
            for one in range(number % 5)
        ]
        with TaskGroup("checks"):
            tasks.append(EmptyOperator(task_id="count_rows"))
        for before, after in pairwise(tasks):
            before >> after
        if len(tasks) > 2:
            tasks[0] >> tasks[-1]
    return made


def special() -> list[DAG]:
    """One with characters in its id that few have, and a task that runs once for each of three commands."""
    with DAG("verkauf.täglich-1", schedule=None, tags=["größer/kleiner & mehr"], description="Zählt") as made:
        BashOperator.partial(task_id="count", doc_md="Once for each").expand(bash_command=["true", "false", "true"])
    with DAG("empty", schedule=None) as empty:
        pass
    with DAG("gone", schedule=None, description="Its file is there no more") as gone:
        EmptyOperator(task_id="nothing")
    return [made, empty, gone]


def lineage() -> list[DAG]:
    """DAGs that say by assets what they read and write. One is scheduled by an asset, and reads it without an inlet."""
    start = datetime(2026, 1, 1, tzinfo=UTC)
    with DAG("marts", schedule="@hourly", start_date=start, catchup=False, description="Makes the marts") as marts:
        EmptyOperator(task_id="revenue", inlets=[ORDERS, BUYERS], outlets=[REVENUE])
    with DAG("report", schedule=[REVENUE], start_date=start, catchup=False) as report:
        EmptyOperator(task_id="report", outlets=[REPORT])
    return [marts, report]


def add_dags(session: Any, dags: list[DAG]) -> None:
    session.add(DagBundleModel(name=BUNDLE))
    session.flush()
    lazy = [LazyDeserializedDAG.from_dag(one) for one in dags]
    SerializedDAG.bulk_write_to_db(BUNDLE, None, lazy, session=session)
    for one in lazy:
        SerializedDagModel.write_dag(one, bundle_name=BUNDLE, session=session)
    session.flush()
    # New DAGs are paused.
    session.execute(update(DagModel).where(DagModel.dag_id.like("dag_%7")).values(is_paused=False))
    session.execute(update(DagModel).where(DagModel.dag_id == "gone").values(is_stale=True))


def add_runs(session: Any, dags: list[DAG], mapped: DAG) -> None:
    """Many runs of DAG 3, one of which waits; one of each third of the others, and one with a mapped task."""
    begin = datetime.now(UTC) - AGO
    for number in range(RUNS):
        add_run(session, dags[3], number, begin + number * timedelta(seconds=61.25), STATES[number % len(STATES)])
    add_run(session, dags[3], RUNS, begin + timedelta(hours=3), DagRunState.QUEUED)
    for number, one in enumerate([mapped, *dags[2::3]]):
        add_run(session, one, number, begin + number * timedelta(seconds=7), STATES[number % len(STATES)])


def add_run(session: Any, of: DAG, number: int, start: datetime, state: DagRunState) -> None:
    serialized = DagSerialization.from_dict(DagSerialization.to_dict(of))
    manual = number % 2
    run = serialized.create_dagrun(
        run_id=f"{'manual' if manual else 'scheduled'}__{start.isoformat()}",
        logical_date=start,
        data_interval=(start, start),
        run_after=start,
        run_type=DagRunType.MANUAL if manual else DagRunType.SCHEDULED,
        triggered_by=DagRunTriggeredByType.TEST,
        state=state,
        start_date=start,
        session=session,
    )
    run.queued_at = start - timedelta(seconds=2)
    if state is DagRunState.QUEUED:
        run.start_date = None
        return
    if state is not DagRunState.RUNNING:
        run.end_date = start + timedelta(seconds=40.5)
    instances = sorted(run.task_instances, key=lambda one: (one.task_id, one.map_index))
    for place, instance in enumerate(instances):
        last = place == len(instances) - 1
        if last and state is DagRunState.RUNNING:
            instance.state = None
            continue
        instance.state = TaskInstanceState.FAILED if last and state is DagRunState.FAILED else TaskInstanceState.SUCCESS
        instance.try_number = 1 + number % 2
        instance.start_date = start + timedelta(seconds=place * 5)
        instance.end_date = instance.start_date + timedelta(seconds=4.5)


def unsafe(connection: Any, _record: Any) -> None:
    """SQLite does not wait for the disk: what a power cut takes, the next test makes anew."""
    connection.execute("pragma synchronous = off")


def fill() -> None:
    event.listen(Engine, "connect", unsafe)
    initdb()
    with create_session() as session:
        dags = [dag(number) for number in range(DAGS)]
        others = special()
        add_dags(session, dags + others + lineage())
        add_runs(session, dags, others[0])


def serve(port: str) -> None:
    """Run the command `airflow api-server` in this process."""
    from airflow.__main__ import main

    sys.argv = ["airflow", "api-server", "--host", "127.0.0.1", "--port", port, "--workers", "1", "--apps", "core"]
    main()


if __name__ == "__main__":
    fill()
    serve(sys.argv[1])
