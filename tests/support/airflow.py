"""A real Apache Airflow 3 for tests: its API server with DAGs and runs, which a user may only read."""

from __future__ import annotations

import json
import secrets
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote
from uuid import UUID

from tests.support import served
from tests.support.openmetadata import RecordingServer
from tests.support.served import INSIDE, Served, ask

Json = dict[str, Any]

NAME = "airflow"

# Records that the server gives on a page at most, however many are asked for: fewer than there are DAGs.
PAGE = 25

# One of the owners that `inside/airflow_server.py` gives DAGs and tasks.
OWNER = "admin"

# What OpenMetadata calls how a run or the try of a task is; all else is not over.
STATUSES = {
    "success": "Successful",
    "failed": "Failed",
    "upstream_failed": "Failed",
    "skipped": "Skipped",
    "removed": "Skipped",
}


@dataclass(frozen=True)
class Airflow(served.Reader):
    """A running Airflow, and who may read it."""

    def sign_in(self) -> str:
        """A token of the user."""
        return str(ask(f"{self.url}/auth/token", {"username": self.user, "password": self.password})["access_token"])

    def call(self, path: str, token: str) -> Any:
        """What the API answers the user who has a token."""
        return ask(f"{self.url}{path}", headers={"Authorization": f"Bearer {token}"})

    def requests(self) -> list[str]:
        """The requests that the server has answered, as "200 GET /api/v2/dags?limit=100"."""
        lines = (json.loads(line) for line in self.served.log.splitlines() if '"http.access"' in line)
        return [
            f"{one['status_code']} {one['method']} {one['path']}{'?' if one['query'] else ''}{one['query']}"
            for one in lines
        ]

    def dags(self) -> dict[str, Json]:
        """What Airflow's own database has of each DAG whose file is there, by its id. Tasks are by their ids."""
        tags: dict[str, list[str]] = {}
        for dag, tag in self._rows("select dag_id, name from dag_tag order by name"):
            tags.setdefault(dag, []).append(tag)
        serialized = {
            dag: json.loads(data)["dag"] for dag, data in self._rows("select dag_id, data from serialized_dag")
        }
        return {
            dag: {
                "label": label or dag,
                "description": description or serialized[dag].get("doc_md"),
                # A word for that there is none.
                "schedule": None if schedule == "None" else schedule,
                "owners": sorted(owners.split(", ")),
                "tags": tags.get(dag, []),
                "tasks": {one["task_id"]: one for one in _tasks(serialized[dag])},
            }
            for dag, label, description, schedule, owners in self._rows(
                "select dag_id, dag_display_name, description, timetable_summary, owners from dag where not is_stale"
            )
        }

    def runs(self) -> dict[tuple[str, str], Json]:
        """The runs in Airflow's own database, by DAG and id; times are in seconds since 1970 or None."""
        return {
            (dag, id): {"state": state, "queued": _seconds(queued), "start": _seconds(start), "end": _seconds(end)}
            for dag, id, state, queued, start, end in self._rows(
                "select dag_id, run_id, state, queued_at, start_date, end_date from dag_run"
            )
        }

    def task_instances(self) -> dict[tuple[str, str], list[Json]]:
        """The last try of each task in the runs, by DAG and id of the run; those of a run are sorted by their ids.

        `page` is what the web page of one ends with.
        """
        found: dict[tuple[str, str], list[Json]] = {}
        for dag, run, id, task, place, tries, state, start, end in self._rows(
            "select dag_id, run_id, id, task_id, map_index, try_number, state, start_date, end_date from task_instance"
            " order by id"
        ):
            instance = {
                "id": str(UUID(id)),
                "task": task,
                "page": f"{task}{f'/mapped/{place}' if place >= 0 else ''}?try_number={tries}",
                "state": state,
                "start": _seconds(start),
                "end": _seconds(end),
            }
            found.setdefault((dag, run), []).append(instance)
        return found

    def lineage(self) -> dict[str, dict[str, list[str]]]:
        """The names of the assets that DAGs read (`inputs`, of tasks and by schedule) and write (`outputs`), by id."""
        found: dict[str, dict[str, list[str]]] = {}
        for side, table in (
            ("inputs", "task_inlet_asset_reference"),
            ("inputs", "dag_schedule_asset_reference"),
            ("outputs", "task_outlet_asset_reference"),
        ):
            for dag, asset in self._rows(
                f"select r.dag_id, a.name from {table} r join asset a on a.id = r.asset_id order by a.name"
            ):
                found.setdefault(dag, {"inputs": [], "outputs": []})[side].append(asset)
        return found

    def _rows(self, statement: str) -> list[Any]:
        with closing(sqlite3.connect(f"file:{self.served.home / 'airflow.db'}?mode=ro", uri=True)) as connection:
            return connection.execute(statement).fetchall()


def openapi(system: Airflow) -> Json:
    """The OpenAPI document of the server: 3.1, of the API and of the sign-in. Nobody has to sign in for it."""
    return dict(ask(f"{system.url}/openapi.json"))


def install(cache: Path) -> str | None:
    """Make Airflow's environment below `cache`, or find it there. Returns what is missing as one line, or None."""
    return served.install(cache, NAME)


@contextmanager
def server(cache: Path, token_seconds: int = 900, page: int = PAGE) -> Iterator[Airflow]:
    """A filled Airflow whose tokens last some seconds. RuntimeError if it does not start."""
    password = secrets.token_urlsafe(12)

    def environment(home: Path) -> dict[str, str]:
        passwords = home / "passwords.json"
        passwords.write_text(json.dumps({Airflow.user: password}), encoding="utf-8")
        settings = {
            "API__HOST": "127.0.0.1",
            "API__MAXIMUM_PAGE_LIMIT": str(page),
            "API__SECRET_KEY": secrets.token_urlsafe(42),
            "API_AUTH__JWT_EXPIRATION_TIME": str(token_seconds),
            "API_AUTH__JWT_SECRET": secrets.token_urlsafe(64),
            "CORE__LOAD_EXAMPLES": "False",
            "CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE": str(passwords),
            "CORE__SIMPLE_AUTH_MANAGER_USERS": f"{Airflow.user}:viewer",
            "DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{home / 'airflow.db'}",
            "LOGGING__JSON_LOGS": "True",
            "USAGE_DATA_COLLECTION__ENABLED": "False",
        }
        return {"AIRFLOW_HOME": str(home)} | {f"AIRFLOW__{name}": value for name, value in settings.items()}

    def command(home: Path, port: int) -> list[str]:
        return [str(served.python(cache, NAME)), str(INSIDE / "airflow_server.py"), str(port)]

    def answers(running: Served) -> None:
        Airflow(running, password=password).sign_in()

    with served.running(NAME, command, answers, environment) as running:
        yield Airflow(running, password=password)


def expected(system: Airflow, known: set[str]) -> dict[str, Json]:
    """What OpenMetadata should have of each DAG, by its id, in the form of `arrived`; as owners, the users it knows."""
    return {
        id: {
            "displayName": dag["label"],
            "description": dag["description"],
            "sourceUrl": f"{system.url}/dags/{id}",
            "scheduleInterval": dag["schedule"],
            "owners": sorted(known.intersection(dag["owners"])),
            "tags": [f"ApacheAirflowTags.{tag}" for tag in dag["tags"]],
            "tasks": {
                name: {
                    "displayName": task["label"],
                    "description": task["description"],
                    "taskType": task["kind"],
                    "downstreamTasks": task["downstream"],
                    "owners": sorted(known.intersection([task["owner"]])),
                }
                for name, task in dag["tasks"].items()
            },
        }
        for id, dag in system.dags().items()
    }


def arrived(server: RecordingServer) -> dict[str, Json]:
    """What OpenMetadata has of each pipeline, by its name."""
    return {
        entity["name"]: {
            "displayName": entity.get("displayName"),
            "description": entity.get("description"),
            "sourceUrl": entity.get("sourceUrl"),
            "scheduleInterval": entity.get("scheduleInterval"),
            "owners": sorted(owner["name"] for owner in entity.get("owners") or []),
            "tags": sorted(tag["tagFQN"] for tag in entity.get("tags") or []),
            "tasks": {
                task["name"]: {
                    "displayName": task.get("displayName"),
                    "description": task.get("description"),
                    "taskType": task.get("taskType"),
                    "downstreamTasks": sorted(task.get("downstreamTasks") or []),
                    "owners": sorted(owner["name"] for owner in task.get("owners") or []),
                }
                for task in entity.get("tasks") or []
            },
        }
        for entity in server.entities("pipelines")
    }


def expected_runs(system: Airflow) -> dict[tuple[str, str], Json]:
    """How each run should be in OpenMetadata, by DAG and id, in the form of `arrived_runs`.

    One that waits has no time, and does not arrive. Times are milliseconds since 1970.
    """
    instances = system.task_instances()
    return {
        (dag, id): {
            "status": STATUSES.get(run["state"], "Pending"),
            "start": _milliseconds(run["start"]),
            "end": _milliseconds(run["end"]),
            "tasks": [
                {
                    "id": one["id"],
                    "task": one["task"],
                    "status": STATUSES.get(one["state"], "Pending"),
                    "start": _milliseconds(one["start"]),
                    "end": _milliseconds(one["end"]),
                    "log": f"{system.url}/dags/{quote(dag)}/runs/{id}/tasks/{one['page']}",
                }
                for one in instances.get((dag, id), [])
            ],
        }
        for (dag, id), run in system.runs().items()
        if run["start"]
    }


def arrived_runs(server: RecordingServer) -> dict[tuple[str, str], Json]:
    """The runs that OpenMetadata has of all pipelines, by pipeline and id."""
    return {
        (entity["name"], run["executionId"]): {
            "status": run["executionStatus"],
            "start": run["timestamp"],
            "end": run.get("endTime"),
            "tasks": [
                {
                    "id": one["taskId"],
                    "task": one["name"],
                    "status": one["executionStatus"],
                    "start": one.get("startTime"),
                    "end": one.get("endTime"),
                    "log": one.get("logLink"),
                }
                for one in sorted(run.get("taskStatus") or [], key=lambda one: str(one["taskId"]))
            ],
        }
        for entity in server.entities("pipelines")
        for run in server.statuses(entity["fullyQualifiedName"])
    }


def _tasks(dag: Json) -> Iterator[Json]:
    """The tasks of a serialized DAG. Mapped ones have much in a part of its own. The usual owner is not written."""
    for one in dag["tasks"]:
        task = {"owner": "airflow"} | one["__var"].get("partial_kwargs", {}) | one["__var"]
        yield {
            "task_id": task["task_id"],
            "label": task.get("_task_display_name", task["task_id"]),
            "description": task.get("doc_md"),
            "kind": task["task_type"],
            "downstream": sorted(task.get("downstream_task_ids", [])),
            "owner": task["owner"],
        }


def _seconds(text: str | None) -> float | None:
    """Seconds since 1970 of a time as SQLite has it, which is one of UTC."""
    return datetime.fromisoformat(f"{text}+00:00").timestamp() if text else None


def _milliseconds(seconds: float | None) -> int | None:
    """What is less than a millisecond is cut off."""
    return None if seconds is None else int(seconds * 1000)
