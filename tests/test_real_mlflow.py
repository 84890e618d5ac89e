"""The real `metadata ingest` on a real MLflow tracking server: what arrives is what the server itself lists."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.conftest import ROOT, by_day, need
from tests.support import mlflow
from tests.support.connector import Connector, Deploy
from tests.support.mlflow import Mlflow
from tests.support.openmetadata import IngestRun, RecordingServer
from tests.support.python import Warm

# One worker for both placements: they share the server.
pytestmark = [pytest.mark.framework, pytest.mark.real, pytest.mark.xdist_group("mlflow")]

ANSWERS = yaml.safe_load((ROOT / "examples/mlflow.yml").read_text())

MODELS = 25


@pytest.fixture(scope="module")
def system(cache: Path) -> Iterator[Mlflow]:
    """A server with registered models: some with a description, some with tags, some with versions."""
    need(mlflow.install(cache))
    with mlflow.server(cache) as running:
        for number in range(MODELS):
            model: dict[str, Any] = {"name": f"model {number:02}.churn" if number % 5 == 0 else f"model-{number:02}"}
            if number % 4:
                model["description"] = f"Model of *number* {number}, größer als <1> €."
            if number % 3:
                model["tags"] = [{"key": "team", "value": f"team {number}"}, {"key": "stage", "value": ""}]
            running.call("/registered-models/create", model)
            for version in range(number % 3):
                source = f"s3://models/{number}/{version}"
                running.call("/model-versions/create", {"name": model["name"], "source": source})
        yield running


class Case:
    """The example's connector, and a server to ingest into."""

    def __init__(self, system: Mlflow, connector: Connector, server: RecordingServer) -> None:
        self.system = system
        self.connector = connector
        self.server = server

    def ingest(self, password: str) -> IngestRun:
        """Run the workflow that was scaffolded, with the addresses of both servers, and nothing recorded before."""
        self.server.forget()
        workflow = self.connector.pointed(self.server, hostPort=self.system.url)
        return self.connector.ingest(workflow, password=password)


@pytest.fixture(scope="module", params=by_day(["package", "contrib"], ["contrib"]))
def case(
    request: pytest.FixtureRequest,
    system: Mlflow,
    deploy: Deploy,
    schemas: Path,
    warm: Warm,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Case]:
    connector = deploy(ANSWERS, request.param, tmp_path_factory.mktemp(f"mlflow_{request.param}"))
    with connector.server(schemas, warm) as server:
        yield Case(system, connector, server)


def expected(model: dict[str, Any]) -> dict[str, Any]:
    """A registered model as OpenMetadata should have it. A version counts up from 1, as text."""
    versions = sorted(model.get("latest_versions", []), key=lambda version: int(version["version"]))
    return {
        "displayName": model["name"],
        "description": model.get("description") or None,
        "algorithm": "mlmodel",
        "storage": versions[-1]["source"] if versions else None,
    }


def arrived(entity: dict[str, Any]) -> dict[str, Any]:
    return {name: entity.get(name) for name in ("displayName", "description", "algorithm")} | {
        "storage": (entity.get("mlStore") or {}).get("storage")
    }


def test_what_arrives_is_what_the_server_lists(case: Case) -> None:
    before = len(case.system.log())
    run = case.ingest(case.system.password)
    assert run.returncode == 0, run.output[-5000:]
    assert case.server.faults == []
    assert "ERROR" not in run.output, run.output[-3000:]
    assert case.system.password not in run.output

    listed = {model["name"]: expected(model) for model in case.system.models()}
    assert len(listed) == MODELS
    assert {entity["name"]: arrived(entity) for entity in case.server.entities("mlmodels")} == listed
    assert len({model["storage"] for model in listed.values()}) > 10

    pages = [line for line in case.system.log()[before:].splitlines() if f"max_results={ANSWERS['page_size']}" in line]
    assert len([line for line in pages if "page_token=" in line]) >= MODELS // ANSWERS["page_size"]


def test_wrong_password_is_said(case: Case) -> None:
    run = case.ingest("wrong-password")
    assert run.returncode != 0
    for words in ("CheckAccess: ", "Sign-in refused", "Check the credentials in authType", "GetModels: Skipped"):
        assert words in run.output, run.output[-3000:]
    assert "wrong-password" not in run.output
    assert case.server.writes == []
