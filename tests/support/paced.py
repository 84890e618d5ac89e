"""Measures how a client of a map asks for what is below many records: of a server that takes its time for each."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock
from typing import Any

from tests.support.loopback import Request, Server
from tests.support.python import Warm
from tests.support.render import EMPTY, Renderer

# A list below each record, and a request for each record of it where `detail` is put in.
MAP = """
{more}
resources:
  pipelines: {{request: GET /pipelines, records: items}}
  tasks:
    request: GET /pipelines/{{pipeline.id}}/tasks
    records: items
    {detail}
"""
DETAIL = 'detail: {request: "GET /tasks/{task.id}"}'

# Runs in the framework's interpreter: reads all tasks of all pipelines, but of those that are left out.
READ = """
import json, sys, time, tracemalloc
from openmetadata_paced.client import PacedClient
from openmetadata_paced.settings import PacedSettings
url, concurrency, left_out = sys.argv[1], sys.argv[2], json.loads(sys.argv[3])
options = {"hostPort": url, "token": "t", **({"concurrency": concurrency} if concurrency else {})}
client = PacedClient(PacedSettings.from_options(options))
client.test_access()
tracemalloc.start()
started, found, faults = time.perf_counter(), [], []
try:
    for pipeline in client.pipelines():
        if pipeline["id"] in left_out:
            continue
        try:
            for task in client.tasks(pipeline):
                found.append([pipeline["id"], task["id"], task.get("sql")])
        except Exception as error:
            faults.append([pipeline["id"], str(error)])
except Exception as error:
    faults.append(["", str(error)])
seconds, peak = time.perf_counter() - started, tracemalloc.get_traced_memory()[1]
client.close()
print(json.dumps([found, faults, seconds, peak]))
"""


@dataclass(frozen=True)
class Reading:
    """What was read: `found` are pipeline, task and its SQL; `faults` what broke off. `peak` is in bytes."""

    found: list[list[Any]]
    faults: list[list[str]]
    seconds: float
    peak: int


@dataclass
class SlowApi(Server):
    """So many pipelines with tasks each. `delay` is in seconds; what is in `broken` is answered with status 400."""

    pipelines: int
    tasks: int = 3
    delay: float = 0.0
    broken: set[str] = field(default_factory=set)
    asked: list[str] = field(default_factory=list)
    at_a_time: int = 0

    def __post_init__(self) -> None:
        self._lock = Lock()
        self._running = 0

    def handle(self, request: Request) -> None:
        path = request.path
        with self._lock:
            self._running += 1
            self.asked.append(path)
            self.at_a_time = max(self.at_a_time, self._running)
        time.sleep(self.delay if path != "/pipelines" else 0)
        with self._lock:
            self._running -= 1
        request.send(400 if path in self.broken else 200, self.answer(path))

    def answer(self, path: str) -> dict[str, Any]:
        """Of what a path asks for, with the time left out that it takes."""
        parts = path.strip("/").split("/")
        if parts == ["pipelines"]:
            return {"items": [{"id": f"p{number}", "name": f"pipeline {number}"} for number in range(self.pipelines)]}
        if parts[0] == "tasks":
            return {"sql": f"SELECT '{parts[1]}'"}
        return {"items": [{"id": f"{parts[1]}-t{number}", "name": "x" * 50} for number in range(self.tasks)]}


def package(template: Path, home: Path, more: str = "", detail: str = "") -> Path:
    """A package whose client has the map; the folder that its module is in."""
    answers = EMPTY | {
        "name": "paced",
        "type_name": "Paced",
        "service_type": "pipeline",
        "connection_type": "rest_api",
        "auth_types": ["token"],
        "api": MAP.format(more=more, detail=detail),
    }
    for name, text in Renderer(template).files(answers).items():
        if name.startswith("src/"):
            (home / name).parent.mkdir(parents=True, exist_ok=True)
            (home / name).write_text(text, encoding="utf-8")
    return home / "src"


def read(source: Path, warm: Warm, api: SlowApi, concurrency: int | None, left_out: list[str] | None = None) -> Reading:
    """What a client reads, asking for so many things at a time; None leaves that to its default."""
    number = "" if concurrency is None else str(concurrency)
    return Reading(*warm.run_script(source, READ, api.url, number, json.dumps(left_out or [])))
