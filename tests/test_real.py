"""The real `metadata ingest` on real databases: what arrives is what the database's own catalogue says."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Scaffold, need
from tests.support import systems
from tests.support.connector import Connector, install
from tests.support.contrib import write_checkout
from tests.support.openmetadata import IngestRun, RecordingServer, export_api_schemas, ingest
from tests.support.truth import arrived, differences, truth

pytestmark = [pytest.mark.framework, pytest.mark.real]

SCHEMES = {"sqlite": "sqlite+pysqlite", "postgres": "postgresql+psycopg2", "mariadb": "mysql+pymysql"}


def cases(*names: str) -> list[Any]:
    """Each system in both placements; all tests of one run in one worker, because they share its connector."""
    return [
        pytest.param((name, placement), id=f"{name}-{placement}", marks=pytest.mark.xdist_group(f"{name}-{placement}"))
        for name in names
        for placement in ("package", "contrib")
    ]


ALL = pytest.mark.parametrize("case", cases("sqlite", "postgres", "mariadb"), indirect=True, scope="module")
SERVERS = pytest.mark.parametrize("case", cases("postgres", "mariadb"), indirect=True, scope="module")
FILES = pytest.mark.parametrize("case", cases("sqlite"), indirect=True, scope="module")


class Case:
    """A connector for a running database, and a server to ingest into."""

    def __init__(self, system: systems.System, connector: Connector, server: RecordingServer, framework: Path) -> None:
        self.system = system
        self.connector = connector
        self.server = server
        self._framework = framework
        self.environment = {"OPENMETADATA_JWT_TOKEN": "token", f"{connector.name.upper()}_PASSWORD": system.password}
        self.settings: dict[str, Any] = {}
        if system.path:
            self.settings["databaseFile"] = str(system.path)
        else:
            self.settings |= {"hostPort": f"{system.host}:{system.port}", "username": system.user}
        if system.name == "postgres":
            all_databases = "true" if connector.is_package else True
            self.settings |= {"database": system.databases[0], "ingestAllDatabases": all_databases}

    def restart(self) -> None:
        """Forget what was recorded."""
        self.server.requests.clear()
        self.server.faults.clear()

    def ingest(self, **changed: Any) -> IngestRun:
        """Run the metadata workflow that was scaffolded, with the address of this system and some settings changed."""
        workflow = self.connector.workflow()
        config = workflow["source"]["serviceConnection"]["config"]
        settings = config["connectionOptions"] if self.connector.is_package else config
        settings.update(self.settings | changed)
        workflow["source"]["sourceConfig"]["config"]["databaseFilterPattern"] = {"excludes": ["^postgres$"]}
        workflow["workflowConfig"]["openMetadataServerConfig"]["hostPort"] = self.server.url
        return ingest(
            self._framework, workflow, env=self.environment, pythonpath=[self.connector.pythonpath], timeout=180
        )


@pytest.fixture(scope="module")
def case(
    request: pytest.FixtureRequest,
    scaffold: Scaffold,
    framework: Path,
    cache: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Case]:
    name, placement = request.param
    if systems.missing(name):
        need(systems.install(name))
    scratch = tmp_path_factory.mktemp(f"{name}_{placement}")
    root = scratch / "out"
    if placement == "contrib":
        write_checkout(root)
    scaffold(root, name=f"{name}_shop", scheme=SCHEMES[name])
    connector = install(root, f"{name}_shop", placement, framework, scratch / "installed")
    overlay = None if connector.is_package else connector.pythonpath
    schemas = export_api_schemas(framework, cache if connector.is_package else scratch, overlay)
    with ExitStack() as stack:
        started = systems.sqlite(scratch / "shop.db") if name == "sqlite" else getattr(systems, name)()
        system = stack.enter_context(started)
        server = stack.enter_context(RecordingServer(schemas, connector.definitions))
        yield Case(system, connector, server, framework)


@pytest.fixture(scope="module")
def run(case: Case) -> IngestRun:
    """The workflow run as it was scaffolded. What it sent stays recorded until a test starts anew."""
    case.restart()
    return case.ingest()


def assert_refused(run: IngestRun, case: Case, *words: str) -> None:
    """The run failed at its gate, in seconds, said so in words, and sent nothing."""
    assert run.returncode != 0
    assert "CheckAccess: " in run.output
    for word in words:
        assert word in run.output, run.output[-3000:]
    assert "GetTables: Skipped" in run.output
    assert [request.path for request in case.server.requests if request.method in ("PUT", "POST", "PATCH")] == []
    # What counts is the checks; the framework's imports alone take half a minute on a busy machine.
    assert run.seconds < 60


@ALL
def test_what_arrives_is_what_is_there(case: Case, run: IngestRun) -> None:
    assert run.returncode == 0, run.output[-5000:]
    assert case.server.faults == []
    expected = truth(case.system)
    assert differences(expected, arrived(case.server), system=case.system.name) == []
    assert sum(len(tables) for schemas in expected.values() for tables in schemas.values()) >= 5


@ALL
def test_log_holds_no_secret_and_no_false_alarm(case: Case, run: IngestRun) -> None:
    assert "ERROR" not in run.output, run.output[-3000:]
    if case.system.password:
        assert case.system.password not in run.output


@pytest.mark.parametrize(
    "case", [case for case in cases("postgres") if "package" in case.id], indirect=True, scope="module"
)
def test_service_that_is_sent_says_where_the_secret_is(case: Case, run: IngestRun) -> None:
    assert run.returncode == 0
    (service,) = case.server.created("services/databaseServices")
    options = service["connection"]["config"]["connectionOptions"]
    assert options["password"] == "env:POSTGRES_SHOP_PASSWORD"


@FILES
def test_file_that_is_missing_is_said_and_not_made(case: Case, tmp_path: Path) -> None:
    case.restart()
    missing = tmp_path / "missing.db"
    assert_refused(case.ingest(databaseFile=str(missing)), case, "Database file not found", "Check databaseFile")
    assert not missing.exists()


@SERVERS
def test_database_that_is_missing_is_said(case: Case) -> None:
    case.restart()
    option = "database" if case.system.name == "postgres" else "databaseSchema"
    assert_refused(case.ingest(**{option: "no_such_database"}), case, "Database not found", f"Check {option}")


@SERVERS
def test_wrong_password_is_said(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    case.restart()
    monkeypatch.setitem(case.environment, f"{case.connector.name.upper()}_PASSWORD", "wrong-password")
    refused = case.ingest()
    assert_refused(refused, case, "Wrong user name or password", "Check username and the password")
    assert "wrong-password" not in refused.output


@SERVERS
def test_closed_port_is_said(case: Case) -> None:
    case.restart()
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        refused = case.ingest(hostPort=f"127.0.0.1:{closed.getsockname()[1]}")
    assert_refused(refused, case, "Connection refused", "check the port in hostPort")
