"""A real Dagster for tests: its web server with jobs, runs and assets, which it hands out over GraphQL to anybody."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.support import served
from tests.support.openmetadata import RecordingServer
from tests.support.served import INSIDE, Served, ask

Json = dict[str, Any]

NAME = "dagster"

# Events in one database: one for each run, as is usual, takes a second a run.
SETTINGS = """
event_log_storage:
  module: dagster._core.storage.event_log
  class: ConsolidatedSqliteEventLogStorage
  config: {{base_dir: {home}/history}}
telemetry: {{enabled: false}}
"""

# What OpenMetadata calls how a run is; all else is not over.
STATUSES = {"SUCCESS": "Successful", "FAILURE": "Failed", "CANCELED": "Failed"}

# The assets of `inside/dagster_jobs.py` that are made of others, as tables: database, schema and name.
LINEAGE = {
    (("warehouse", "sales", "orders"), ("warehouse", "marts", "revenue")),
    (("warehouse", "sales", "buyers"), ("warehouse", "marts", "revenue")),
    (("warehouse", "marts", "revenue"), ("warehouse", "marts", "report")),
}


@dataclass(frozen=True)
class Dagster:
    """A running Dagster."""

    served: Served

    @property
    def url(self) -> str:
        return self.served.url

    def call(self, query: str, **variables: Any) -> Json:
        """The data that a query gives. RuntimeError where it is refused."""
        found: Json = ask(f"{self.url}/graphql", {"query": query, "variables": variables})
        if "errors" in found:
            raise RuntimeError(str(found["errors"])[:500])
        return dict(found["data"])

    def jobs(self) -> dict[str, Json]:
        """What Dagster's own definitions say of each job, by its name: description, schedule and tasks."""
        listed: list[Json] = json.loads((self.served.home / "jobs.json").read_text(encoding="utf-8"))
        return {one["name"]: one for one in listed}

    def runs(self) -> dict[str, list[Json]]:
        """The runs in Dagster's own database, by the name of their job; times in seconds since 1970 or None."""
        found: dict[str, list[Json]] = {}
        path = self.served.home / "history/runs.db"
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
            for job, id, status, start, end in connection.execute(
                "select pipeline_name, run_id, status, start_time, end_time from runs order by id"
            ):
                found.setdefault(job, []).append({"id": id, "status": status, "start": start, "end": end})
        return found

    def steps(self) -> dict[str, list[str]]:
        """The tasks that began in each run, by its id, as Dagster's own events say."""
        found: dict[str, list[str]] = {}
        path = self.served.home / "history/event_log.db"
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
            for id, step in connection.execute(
                "select run_id, step_key from event_logs where dagster_event_type = 'STEP_START' order by id"
            ):
                found.setdefault(id, []).append(step)
        return found


def install(cache: Path) -> str | None:
    """Make Dagster's environment below `cache`, or find it there. Returns what is missing as one line, or None."""
    return served.install(cache, NAME)


@contextmanager
def server(cache: Path) -> Iterator[Dagster]:
    """A Dagster with jobs and runs. RuntimeError if it does not start."""

    def environment(home: Path) -> dict[str, str]:
        (home / "history").mkdir()
        (home / "dagster.yaml").write_text(SETTINGS.format(home=home), encoding="utf-8")
        return {"DAGSTER_HOME": str(home)}

    def command(home: Path, port: int) -> list[str]:
        script = str(INSIDE / "dagster_jobs.py")
        return [str(served.python(cache, NAME)), script, str(home / "jobs.json"), str(port)]

    def answers(running: Served) -> None:
        Dagster(running).call("{ version }")

    with served.running(NAME, command, answers, environment) as running:
        yield Dagster(running)


def expected(system: Dagster) -> dict[str, Json]:
    """What OpenMetadata should have of each job, by its name, in the form of `arrived`."""
    found = {}
    for name, job in system.jobs().items():
        after: dict[str, list[str]] = {}
        for task in job["tasks"]:
            for need in task["needs"]:
                after.setdefault(need, []).append(task["name"])
        found[name] = {
            "displayName": name,
            "description": job["description"],
            "scheduleInterval": job["schedule"],
            "tasks": {
                task["name"]: {
                    "description": task["description"],
                    "downstreamTasks": sorted(after.get(task["name"], [])),
                }
                for task in job["tasks"]
            },
        }
    return found


def expected_runs(system: Dagster) -> dict[str, Json]:
    """How each run of each job should be in OpenMetadata, by its id, in the form of `arrived_runs`.

    One that did not begin has no time, and does not arrive. Times are milliseconds since 1970.
    """
    steps = system.steps()
    return {
        run["id"]: {
            "job": job,
            "status": STATUSES.get(run["status"], "Pending"),
            "start": round(run["start"] * 1000),
            "end": run["end"] and round(run["end"] * 1000),
            "tasks": sorted(steps.get(run["id"], [])),
        }
        for job, runs in system.runs().items()
        for run in runs
        if run["start"]
    }


def arrived(server: RecordingServer) -> dict[str, Json]:
    """What OpenMetadata has of each pipeline, by its name."""
    return {
        entity["name"]: {
            "displayName": entity.get("displayName"),
            "description": entity.get("description"),
            "scheduleInterval": entity.get("scheduleInterval"),
            "tasks": {
                task["name"]: {
                    "description": task.get("description"),
                    "downstreamTasks": sorted(task.get("downstreamTasks") or []),
                }
                for task in entity.get("tasks") or []
            },
        }
        for entity in server.entities("pipelines")
    }


def arrived_runs(server: RecordingServer) -> dict[str, Json]:
    """The runs that OpenMetadata has of all pipelines, by their ids."""
    return {
        run["executionId"]: {
            "job": entity["name"],
            "status": run["executionStatus"],
            "start": run["timestamp"],
            "end": run.get("endTime"),
            "tasks": sorted(task["name"] for task in run.get("taskStatus") or []),
        }
        for entity in server.entities("pipelines")
        for run in server.statuses(entity["fullyQualifiedName"])
    }
