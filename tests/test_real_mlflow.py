"""The real `metadata ingest` on a real MLflow tracking server: what arrives is what the server itself lists."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.conftest import ROOT, by_day, need
from tests.support import mapped_sdk, mlflow
from tests.support.connector import Connector, Deploy
from tests.support.mlflow import Mlflow
from tests.support.openmetadata import IngestRun, RecordingServer
from tests.support.python import Warm, run_script
from tests.support.render import EMPTY, Renderer

# One worker for both placements: they share the server.
pytestmark = [pytest.mark.framework, pytest.mark.real, pytest.mark.xdist_group("mlflow")]

ANSWERS = yaml.safe_load((ROOT / "examples/mlflow.yml").read_text())

# Models on a page, as the example says.
PAGE = 10


@pytest.fixture(scope="module")
def system(cache: Path) -> Iterator[Mlflow]:
    need(mlflow.install(cache))
    with mlflow.server(cache) as running:
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


def test_what_arrives_is_what_the_server_lists(case: Case) -> None:
    before = len(case.system.log())
    run = case.ingest(case.system.password)
    assert run.returncode == 0, run.output[-5000:]
    assert case.server.faults == []
    assert "ERROR" not in run.output, run.output[-3000:]
    assert case.system.password not in run.output

    wanted, found = mlflow.expected(case.system), mlflow.arrived(case.server)
    assert found == wanted
    assert len(wanted) == 62
    assert len({one["storage"] for one in wanted.values()}) > 30
    assert len([one for one in wanted.values() if one["hyperParameters"]]) > 30
    assert len([one for one in wanted.values() if one["features"]]) > 10

    pages = [line for line in case.system.log()[before:].splitlines() if f"max_results={PAGE}" in line]
    assert len([line for line in pages if "page_token=" in line]) >= len(wanted) // PAGE


def test_wrong_password_is_said(case: Case) -> None:
    run = case.ingest("wrong-password")
    assert run.returncode != 0
    for words in ("CheckAccess: ", "Sign-in refused", "Check the credentials in authType", "GetModels: Skipped"):
        assert words in run.output, run.output[-3000:]
    assert "wrong-password" not in run.output
    assert case.server.writes == []


# The same models through MLflow's own client: lists with a token as an attribute, of objects with private attributes.
SDK_MAP = """
sdk: {client: MlflowClient, arguments: {tracking_uri: "{options.hostPort}"}}
resources:
  models:
    call: search_registered_models
    arguments: {max_results: "{size}", page_token: "{cursor}"}
    paging: {by: cursor, next: token, size: 10}
    detail: {call: search_model_versions, arguments: {filter_string: "name='{model.name}'"}, into: versions}
    fields: {id: name, description: description}
"""


def test_client_of_its_sdk_gives_what_the_server_lists(
    system: Mlflow, cache: Path, framework: Path, template: Path, tmp_path: Path
) -> None:
    def script(source: Path, text: str, what: str) -> Any:
        return run_script(framework, source, text, what)

    answers = EMPTY | {"service_type": "mlmodel", "connection_type": "sdk_client", "auth_types": ["none"]}
    answers |= {"name": "tracking", "type_name": "Tracking", "sdk_package": "mlflow", "api": SDK_MAP}
    found = mapped_sdk.read(
        Renderer(template),
        script,
        tmp_path,
        answers,
        options={"hostPort": system.url},
        read=["models"],
        path=[str(mlflow.packages(cache))],
        environment={"MLFLOW_TRACKING_USERNAME": system.user, "MLFLOW_TRACKING_PASSWORD": system.password},
    )
    assert "fault" not in found, found["fault"]
    listed = {model["name"]: model for model in system.models()}
    assert [record["name"] for record in found["records"]] == sorted(listed)
    for record in found["records"]:
        model = listed[record["name"]]
        assert record["description"] == model.get("description", "")
        assert record["tags"] == {tag["key"]: tag["value"] for tag in model.get("tags", ())}
        versions = [str(one["version"]) for one in record["versions"]]
        assert sorted(versions) == [str(number + 1) for number in range(len(versions))]
        latest = model.get("latest_versions", [])
        assert (max(versions) if versions else None) == (latest[-1]["version"] if latest else None)
