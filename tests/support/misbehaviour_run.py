"""Runs in the framework's interpreter: reads a source to its end, once for each of some settings.

Prints, as the last line, a list of JSON: for each what came of it, and all that it said. Each has a process of its
own, for its memory. The limits of the client are made small, so that a test ends soon.
"""

import json
import logging
import os
import resource
import signal
import sys
import time
import traceback
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest.mock import MagicMock

from metadata.generated.schema.entity.services.dashboardService import DashboardService
from metadata.ingestion.source.dashboard.dashboard_service import DashboardServiceSource
from openmetadata_probe import client
from openmetadata_probe.metadata import ProbeSource

LIMITS = {"TIMEOUT": (1, 1), "MAX_WAIT": 0.05, "MAX_SECONDS": 1.5, "MAX_PAGES": 20, "MAX_RECORDS": 40}
AT_ONCE = 4
SECONDS = 30

deletes: list[str] = []


def peak() -> int:
    """The most memory that this process had so far, in bytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def delete_dashboards(_source: ProbeSource) -> list[Any]:
    deletes.append("dashboards")
    return []


def delete_charts(_source: ProbeSource) -> list[Any]:
    deletes.append("charts")
    return []


def read(settings: dict[str, str]) -> dict[str, Any]:
    openmetadata = MagicMock()
    openmetadata.config = SimpleNamespace(forceEntityOverwriting=False)
    service = SimpleNamespace(name="service")
    openmetadata.get_create_service_from_source.return_value = service
    openmetadata.get_by_name.side_effect = lambda entity, **_: service if entity is DashboardService else None
    connection = {
        "type": "CustomDashboard",
        "sourcePythonClass": "openmetadata_probe.metadata.ProbeSource",
        "connectionOptions": settings,
    }
    config = {
        "type": "customdashboard",
        "serviceName": "service",
        "serviceConnection": {"config": connection},
        "sourceConfig": {"config": {"type": "DashboardMetadata"}},
    }
    started, before = time.monotonic(), peak()
    source = ProbeSource.create(config, openmetadata)
    made: dict[str, list[str]] = {}
    for entity in source.run():
        made.setdefault(type(entity).__name__, []).append(getattr(getattr(entity, "name", None), "root", ""))
    return {
        "made": made,
        "failures": [failure.error for failure in source.status.failures],
        "warnings": [f"{name}: {reason}" for one in source.status.warnings for name, reason in one.items()],
        "deletes": sorted(deletes),
        "seconds": time.monotonic() - started,
        "peak": peak() - before,
    }


def run(number: int, settings: dict[str, str]) -> None:
    """In a process of its own: read, and leave what came of it in a file."""
    descriptor = os.open(f"{number}.log", os.O_WRONLY | os.O_CREAT)
    os.dup2(descriptor, 1)
    os.dup2(descriptor, 2)
    signal.alarm(SECONDS)
    try:
        Path(f"{number}.json").write_text(json.dumps(read(settings)))
    except BaseException:
        traceback.print_exc()
    sys.stderr.flush()
    os._exit(0)


for name, value in LIMITS.items():
    if hasattr(client, name):
        setattr(client, name, value)
if hasattr(client, "RETRIES"):
    client.RETRIES = client.RETRIES.new(backoff_factor=0.01)
logging.getLogger("metadata").setLevel(logging.DEBUG)
DashboardServiceSource.mark_dashboards_as_deleted = delete_dashboards
DashboardServiceSource.mark_charts_as_deleted = delete_charts
DashboardServiceSource.test_connection = lambda _: None

every, running = json.loads(sys.argv[1]), 0
for number, settings in enumerate(every):
    if running == AT_ONCE:
        os.wait()
        running -= 1
    if os.fork() == 0:
        run(number, settings)
    running += 1
for _ in range(running):
    os.wait()
results = []
for number in range(len(every)):
    result, log = Path(f"{number}.json"), Path(f"{number}.log")
    results.append([json.loads(result.read_text()) if result.exists() else None, log.read_text(errors="replace")])
print(json.dumps(results))
