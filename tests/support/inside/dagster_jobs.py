"""The jobs and assets of a Dagster, which reads them here: `python dagster_jobs.py FILE PORT` runs some, and serves.

The runs are those of the instance in DAGSTER_HOME. Into the file goes what Dagster itself says of its jobs.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any

import sqlalchemy
from dagster import (
    AssetSpec,
    DagsterEvent,
    DagsterEventType,
    DagsterInstance,
    DagsterRun,
    DagsterRunStatus,
    Definitions,
    DependencyDefinition,
    GraphDefinition,
    In,
    JobDefinition,
    Nothing,
    OpDefinition,
    Out,
    ScheduleDefinition,
    asset,
    define_asset_job,
    op,
)

JOBS = 62

# Runs of the first job: more than fit on a page.
RUNS = 60

# Seconds ago when the first of these runs started; each of the others is 60.5 s after the one before.
AGO = 4 * 3600

# How the runs end, and the event that says so; of the others one is waiting, and one is going on.
ENDS = {
    DagsterRunStatus.SUCCESS: DagsterEventType.RUN_SUCCESS,
    DagsterRunStatus.FAILURE: DagsterEventType.RUN_FAILURE,
    DagsterRunStatus.CANCELED: DagsterEventType.RUN_CANCELED,
}


def step(name: str, needs: list[str], works: bool = True) -> OpDefinition:
    def work() -> None:
        if not works:
            raise ValueError(f"{name} fails, as it should")

    description = f"What *{name}* does, größer als <1> €." if needs else None
    return op(name=name, ins={need: In(Nothing) for need in needs}, out=Out(Nothing), description=description)(work)


def job(number: int) -> JobDefinition:
    """A chain of tasks, the last of which needs the first, too. Those of job 2 fail."""
    names = [f"step_{number}_{one}" for one in range(1 + number % 4)]
    needs = {name: [names[at - 1]] if at else [] for at, name in enumerate(names)}
    if len(names) > 2:
        needs[names[-1]].append(names[0])
    return GraphDefinition(
        name=f"job_{number:02}",
        description=f"Job number {number}: <load> & check" if number % 3 else None,
        node_defs=[step(name, needs[name], works=number != 2) for name in names],
        dependencies={name: {need: DependencyDefinition(need) for need in needs[name]} for name in names},
    ).to_job()


JOB_DEFINITIONS = [job(number) for number in range(JOBS)]

# Tables outside of Dagster, and those that it makes of them.
ORDERS = AssetSpec(["warehouse", "sales", "orders"])
BUYERS = AssetSpec(["warehouse", "sales", "buyers"])


def _revenue() -> None:
    """Revenue by buyer."""


def _report() -> None:
    """What the board reads."""


REVENUE = asset(name="revenue", key_prefix=["warehouse", "marts"], deps=[ORDERS, BUYERS])(_revenue)
REPORT = asset(name="report", key_prefix=["warehouse", "marts"], deps=[REVENUE])(_report)

defs = Definitions(
    assets=[ORDERS, BUYERS, REVENUE, REPORT],
    jobs=[*JOB_DEFINITIONS, define_asset_job("marts", selection=[REVENUE, REPORT], description="Makes the marts")],
    schedules=[
        ScheduleDefinition(name=f"schedule_{number}", job=JOB_DEFINITIONS[number], cron_schedule=f"{number} 6 * * *")
        for number in (0, 5, 9)
    ],
)


def run_some(instance: DagsterInstance) -> None:
    """Really run a few jobs, and note many runs of the first without their events, which take Dagster a second each."""
    for number in (1, 2, 3, 3):
        JOB_DEFINITIONS[number].execute_in_process(instance=instance, raise_on_error=False)
    ids = (f"{number:08x}-0000-4000-8000-000000000000" for number in count(1))
    begin = int(time.time()) - AGO
    for number in range(RUNS):
        start, status = begin + number * 60.5, list(ENDS)[number % len(ENDS)]
        note(instance, next(ids), [(DagsterEventType.RUN_START, start), (ENDS[status], start + 30.25)])
    # One goes on, and one waits.
    note(instance, next(ids), [(DagsterEventType.RUN_START, begin + RUNS * 60.5)])
    note(instance, next(ids), [])


def note(instance: DagsterInstance, id: str, events: list[tuple[DagsterEventType, float]]) -> None:
    instance.run_storage.add_run(DagsterRun(job_name="job_00", run_id=id))
    for kind, at in events:
        event = DagsterEvent(event_type_value=kind.value, job_name="job_00")
        instance.run_storage.handle_run_event(id, event, datetime.fromtimestamp(at, tz=UTC))


def unsafe(connection: Any, _record: Any) -> None:
    """SQLite does not wait for the disk: what a power cut takes, the next test makes anew."""
    connection.execute("pragma synchronous = off")


def jobs() -> Iterator[dict[str, Any]]:
    """What the definitions say of each job: its tasks with what they need, and its schedule."""
    repository = defs.get_repository_def()
    schedules = {one.job_name: one.cron_schedule for one in repository.schedule_defs}
    for one in repository.get_all_jobs():
        if not one.name.startswith("__"):
            yield {
                "name": one.name,
                "description": one.description,
                "schedule": schedules.get(one.name),
                "tasks": [
                    {
                        "name": node.name,
                        "description": node.definition.description,
                        "needs": sorted(
                            {
                                other.node_name
                                for other in one.dependency_structure.all_upstream_outputs_from_node(node.name)
                            }
                        ),
                    }
                    for node in one.nodes
                ],
            }


if __name__ == "__main__":
    sqlalchemy.event.listen(sqlalchemy.engine.Engine, "connect", unsafe)
    with DagsterInstance.get() as current:
        run_some(current)
    Path(sys.argv[1]).write_text(json.dumps(list(jobs())), encoding="utf-8")
    serve = ["-m", "dagster_webserver", "--python-file", __file__, "--host", "127.0.0.1", "--port", sys.argv[2]]
    os.execv(sys.executable, [sys.executable, *serve])
