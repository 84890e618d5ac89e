"""Measures an emitted client: how much memory a long list takes, and how long, in a process of its own."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tests.support.api import Api
from tests.support.python import Warm

PAGE = 100

# Answers for a client whose lists have pages.
ANSWERS = {
    "name": "load_probe",
    "service_type": "messaging",
    "connection_type": "rest_api",
    "placement": "package",
    "auth_types": ["token"],
    "pagination": "page",
    "page_size": PAGE,
}

# Runs in the framework's interpreter: reads the list to its end, after a first request that opens the connection.
READ = """
import json, sys, time, tracemalloc
from openmetadata_load_probe.client import LoadProbeClient
from openmetadata_load_probe.settings import LoadProbeSettings
client = LoadProbeClient(LoadProbeSettings.from_options({"hostPort": sys.argv[1], "token": "t"}))
client.test_access()
tracemalloc.start()
started = time.perf_counter()
count = sum(1 for _ in client.topics())
print(json.dumps([count, time.perf_counter() - started, tracemalloc.get_traced_memory()[1]]))
"""


@dataclass(frozen=True)
class Load:
    """What a reading took: `records`, `seconds`, and the `peak` of memory in bytes above the start."""

    records: int
    seconds: float
    peak: int


def read(package: Path, warm: Warm, pages: int, delay: float = 0) -> Load:
    """Read `pages` full pages with the client of a scaffolded package; the server takes `delay` seconds for each."""
    records = [
        {"id": str(number), "name": f"topic_{number}", "description": "x" * 200} for number in range(pages * PAGE)
    ]
    with Api({"topics": records}, {"/topics": "topics"}, "Bearer t", size=PAGE, delay=delay) as api:
        return Load(*warm.run_script(package / "src", READ, api.url))
