"""One connector of each service type and placement over an API: its own tests, and a real `metadata ingest`."""

from __future__ import annotations

import json
from base64 import b64encode
from pathlib import Path
from typing import Any

import pytest

from extensions.answers import Choices, accepted
from extensions.catalog import Catalog
from extensions.resources import resources, sample_records
from tests.conftest import NIGHTLY, ROOT, Scaffold
from tests.support.api import Api
from tests.support.connector import Connector, Deploy, contribute
from tests.support.contrib import write_checkout
from tests.support.python import Warm

pytestmark = pytest.mark.framework

CATALOG = Catalog(ROOT / "catalog")
AUTHORIZATION = "Basic " + b64encode(b"openmetadata:s3cret").decode()
# A package each, most of them at night, since test_certification.py has them ingest, too; the contributions share one
# checkout, and so one process.
BY_DAY = ("database", "messaging")
CASES = [
    pytest.param(
        service_type,
        placement,
        marks=[
            pytest.mark.xdist_group(f"clients-{placement}"),
            *([] if placement == "contrib" or service_type in BY_DAY else [NIGHTLY]),
        ],
    )
    for service_type, facts in CATALOG.services.items()
    for placement in ("package", "contrib")
    if placement == "contrib" or "custom" in facts
]


# Those that nothing signs in to.
OPEN = {"drive": ["none"]}


def answers(service_type: str, placement: str) -> dict[str, Any]:
    return {
        "name": f"some_{service_type}",
        "service_type": service_type,
        "placement": placement,
        "connection_type": "rest_api",
        "auth_types": OPEN.get(service_type, ["basic"]),
        "capabilities": accepted(Choices(CATALOG).capabilities(service_type, "rest_api", "")),
        "api_prefix": "/api",
        "pagination": "page",
    }


@pytest.fixture(scope="module")
def contributions(scaffold: Scaffold, framework: Path, tmp_path_factory: pytest.TempPathFactory) -> list[Connector]:
    """A connector of each service type, all in one checkout and laid over the framework together."""
    scratch = tmp_path_factory.mktemp("contributions")
    root = write_checkout(scratch / "checkout")
    for service_type in CATALOG.services:
        scaffold(root, **answers(service_type, "contrib"))
    return contribute(root, [(name, f"some_{name}") for name in CATALOG.services], framework, scratch)


@pytest.mark.parametrize(("service_type", "placement"), CASES)
def test_connector_delivers_what_the_api_has(
    service_type: str,
    placement: str,
    deploy: Deploy,
    schemas: Path,
    warm: Warm,
    tmp_path: Path,
    request: pytest.FixtureRequest,
) -> None:
    """Their own tests are run by test_certification.py and test_capabilities.py."""
    if placement == "contrib":
        (connector,) = [one for one in request.getfixturevalue("contributions") if one.service_type == service_type]
    else:
        connector = deploy(answers(service_type, placement), placement, tmp_path)

    listed = resources(CATALOG.services[service_type]["resources"])
    records = sample_records(listed, {})
    paths = {f"/api{resource.path}": resource.name for resource in listed.values()}
    with (
        Api(records, paths, "" if service_type in OPEN else AUTHORIZATION) as api,
        connector.server(schemas, warm) as server,
    ):
        run = connector.ingest(connector.pointed(server, hostPort=api.url), password="s3cret")
        assert run.returncode == 0, run.output[-5000:]
        assert server.faults == []
        assert "s3cret" not in run.output
        assert " ERROR " not in run.output, run.output[-5000:]
        for resource in listed.values():
            if resource.request:
                arrived = sorted(body["name"] for body in server.created(collection_of(resource.request, schemas)))
                there = sorted(record[resource.named_by] for record in records[resource.name])
                assert arrived == there


# Runs in the framework's interpreter: what the emitted client and models make of an API.
READ = """
import json, sys
from openmetadata_some_pipeline.client import SomePipelineClient
from openmetadata_some_pipeline.models import Pipeline, Run, Task
from openmetadata_some_pipeline.settings import SomePipelineSettings
options = {"hostPort": sys.argv[1], "username": "openmetadata", "password": "s3cret"}
client = SomePipelineClient(SomePipelineSettings.from_options(options))
jobs = [Pipeline.of(job) for job in client.pipelines()]
print(json.dumps({
    job.label: [
        [Task.of(task).identity for task in client.tasks(job.record)],
        [Run.of(run).identity for run in client.runs(job.record)],
    ]
    for job in jobs
}))
"""


def test_records_are_named_and_linked_in_the_words_of_the_api(scaffold: Scaffold, warm: Warm, tmp_path: Path) -> None:
    endpoints_ = "GET /jobs, GET /jobs/{id}/steps, GET /job-runs"
    root = scaffold(tmp_path / "out", **answers("pipeline", "package"), api_endpoints=endpoints_)
    records = {
        "jobs": [{"job_id": number, "job_name": f"Job {number}"} for number in (1, 2, 3)],
        "steps": [{"stepId": f"{number}-a", "job_id": str(number)} for number in (1, 2, 3)],
        "runs": [{"run_id": run, "job_id": run // 10} for run in (10, 20, 21)],
    }
    paths = {"/api/jobs": "jobs", "/api/jobs/{job}/steps": "steps", "/api/job-runs": "runs"}
    with Api(records, paths, AUTHORIZATION) as api:
        found = warm.run_script(root / "src", READ, api.url)
    assert found == {
        "Job 1": [["1-a"], ["10"]],
        "Job 2": [["2-a"], ["20", "21"]],
        "Job 3": [["3-a"], []],
    }


def collection_of(request: str, schemas: Path) -> str:
    """The collection of the API that takes a create request."""
    collections = json.loads(schemas.read_text())["collections"].items()
    (route,) = [route for route, facts in collections if facts["create"] and facts["create"]["title"] == request]
    return route
