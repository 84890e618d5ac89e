"""The real `metadata ingest` on a real Apache Superset, by a map of its API: what arrives is what its database has."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from tests.conftest import ROOT, by_day, need
from tests.support import superset
from tests.support.connector import Connector, Deploy
from tests.support.openmetadata import RecordingServer
from tests.support.python import Warm
from tests.support.superset import Superset

# One worker for both placements: they share the server.
pytestmark = [pytest.mark.framework, pytest.mark.real, pytest.mark.xdist_group("superset")]

ANSWERS = yaml.safe_load((ROOT / "examples/superset.yml").read_text())

SERVICE = "superset"


@pytest.fixture(scope="module")
def system(cache: Path) -> Iterator[Superset]:
    need(superset.install(cache))
    with superset.server(cache) as running:
        yield running


@pytest.fixture(scope="module", params=by_day(["package", "contrib"], ["package"]))
def connector(request: pytest.FixtureRequest, deploy: Deploy, tmp_path_factory: pytest.TempPathFactory) -> Connector:
    return deploy(ANSWERS, request.param, tmp_path_factory.mktemp(f"superset_{request.param}"))


@pytest.fixture(scope="module")
def server(connector: Connector, schemas: Path, warm: Warm) -> Iterator[RecordingServer]:
    with connector.server(schemas, warm) as recording:
        yield recording


def test_all_that_superset_has_arrives(system: Superset, connector: Connector, server: RecordingServer) -> None:
    run = connector.ingest(connector.pointed(server, hostPort=system.url), password=system.password)
    assert run.returncode == 0, run.output
    wanted, found = superset.expected(system, SERVICE, set()), superset.arrived(server)
    assert {name: len(each) for name, each in found.items()} == {name: len(each) for name, each in wanted.items()}
    assert found == wanted
