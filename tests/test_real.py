"""The real `metadata ingest` on real databases: what arrives is what the database's own catalogue says."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import NIGHTLY, need
from tests.support import systems
from tests.support.certification import assert_certified_with
from tests.support.connector import Connector, Deploy
from tests.support.openmetadata import IngestRun, RecordingServer, split_fqn
from tests.support.python import Warm
from tests.support.truth import arrived, differences, truth

pytestmark = [pytest.mark.framework, pytest.mark.real]

SCHEMES = {"sqlite": "sqlite+pysqlite", "postgres": "postgresql+psycopg2", "mariadb": "mysql+pymysql"}

# What is read beside the metadata.
CAPABILITIES = {("sqlite", "package"): ["lineage"]}

# Queries that the administrator has kept in a file, and the lineage of them and of the views: from and to, and the
# pairs of columns.
QUERIES = """query_text,schema_name
"INSERT INTO ""Stock Levels"" (sku, pieces)
SELECT sku, shelf_life FROM products",main
"insert into orders (id, note) select c.id, c.email from customers c",
"insert into orders (id) values (7)",main
"""
LINEAGE = {
    ("products", "Stock Levels"): {("sku", "sku"), ("shelf_life", "pieces")},
    ("customers", "orders"): {("id", "id"), ("email", "note")},
    ("orders", "order_totals"): {("id", "order_id")},
    ("customers", "order_totals"): {("email", "email")},
    ("Order Lines", "order_totals"): {("quantity", "total"), ("price", "total")},
    ("products", "Low Stock"): {("sku", "sku"), ("Größe", "Größe")},
    ("Stock Levels", "Low Stock"): {("warehouse", "warehouse"), ("pieces", "pieces")},
}


def cases(*names: str) -> list[Any]:
    """Each system in both placements; all tests of one run in one worker, because they share its connector."""
    return [
        pytest.param(
            (name, placement),
            id=f"{name}-{placement}",
            marks=[
                pytest.mark.xdist_group(f"{name}-{placement}"),
                *([] if placement == "package" or name == "postgres" else [NIGHTLY]),
            ],
        )
        for name in names
        for placement in ("package", "contrib")
    ]


ALL = pytest.mark.parametrize("case", cases("sqlite", "postgres", "mariadb"), indirect=True, scope="module")
# What is said of a connection that fails is the same code in both placements.
SERVERS = pytest.mark.parametrize(
    "case",
    [case for case in cases("postgres", "mariadb") if "package" in case.id],
    indirect=True,
    scope="module",
)
FILES = pytest.mark.parametrize("case", cases("sqlite"), indirect=True, scope="module")


class Case:
    """A connector for a running database, and a server to ingest into."""

    def __init__(self, system: systems.System, connector: Connector, server: RecordingServer) -> None:
        self.system = system
        self.connector = connector
        self.server = server
        self.password = system.password
        self.settings: dict[str, Any] = {}
        if system.path:
            self.settings["databaseFile"] = str(system.path)
        else:
            self.settings |= {"hostPort": f"{system.host}:{system.port}", "username": system.user}
        if system.name == "postgres":
            all_databases = "true" if connector.is_package else True
            self.settings |= {"database": system.databases[0], "ingestAllDatabases": all_databases}

    def workflow(self, kind: str = "metadata", **changed: Any) -> dict[str, Any]:
        """A workflow that was scaffolded, with the address of this system and some settings changed."""
        workflow = self.connector.pointed(self.server, kind, **self.settings | changed)
        workflow["source"]["sourceConfig"]["config"]["databaseFilterPattern"] = {"excludes": ["^postgres$"]}
        return workflow

    def ingest(self, kind: str = "metadata", queries: Path | None = None, **changed: Any) -> IngestRun:
        """Run a workflow. What was recorded before is forgotten."""
        self.server.forget()
        workflow = self.workflow(kind, **changed)
        if queries:
            workflow["source"]["sourceConfig"]["config"]["queryLogFilePath"] = str(queries)
        return self.connector.ingest(workflow, password=self.password)


@pytest.fixture(scope="module")
def case(
    request: pytest.FixtureRequest,
    deploy: Deploy,
    schemas: Path,
    warm: Warm,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Case]:
    name, placement = request.param
    if systems.missing(name):
        need(systems.install(name))
    scratch = tmp_path_factory.mktemp(f"{name}_{placement}")
    connector = deploy(
        {"name": f"{name}_shop", "scheme": SCHEMES[name], "capabilities": CAPABILITIES.get(request.param, [])},
        placement,
        scratch,
    )
    with ExitStack() as stack:
        started = systems.sqlite(scratch / "shop.db") if name == "sqlite" else getattr(systems, name)()
        system = stack.enter_context(started)
        server = stack.enter_context(connector.server(schemas, warm))
        yield Case(system, connector, server)


@pytest.fixture(scope="module")
def run(case: Case) -> IngestRun:
    """The workflow run as it was scaffolded. What it sent stays recorded until a test starts anew."""
    return case.ingest()


def assert_refused(run: IngestRun, case: Case, *words: str) -> None:
    """The run failed at its gate, in seconds, said so in words, and sent nothing."""
    assert run.returncode != 0
    assert "CheckAccess: " in run.output
    for word in words:
        assert word in run.output, run.output[-3000:]
    assert "GetTables: Skipped" in run.output
    assert case.server.writes == []
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


@pytest.mark.parametrize(
    "case", [case for case in cases("postgres") if "package" in case.id], indirect=True, scope="module"
)
def test_package_is_certified_with_the_database(case: Case, forked: Path, tmp_path: Path) -> None:
    assert_certified_with(case.connector, forked, case.workflow(), tmp_path, password=case.password)


@pytest.mark.parametrize(
    "case", [case for case in cases("sqlite") if "package" in case.id], indirect=True, scope="module"
)
def test_lineage_of_views_and_of_queries_in_a_file_arrives(case: Case, run: IngestRun, tmp_path: Path) -> None:
    assert run.returncode == 0, run.output[-5000:]
    file = tmp_path / "queries.csv"
    file.write_text(QUERIES, encoding="utf-8")
    done = case.ingest("lineage", queries=file)
    assert done.returncode == 0, done.output[-5000:]
    assert case.server.faults == []
    found = {}
    for upstream, downstream, details in case.server.edges():
        found[split_fqn(upstream)[-1], split_fqn(downstream)[-1]] = {
            (split_fqn(source)[-1], split_fqn(pair["toColumn"])[-1])
            for pair in details["columnsLineage"]
            for source in pair["fromColumns"]
        }
    assert found == LINEAGE


@FILES
def test_file_that_is_missing_is_said_and_not_made(case: Case, tmp_path: Path) -> None:
    missing = tmp_path / "missing.db"
    assert_refused(case.ingest(databaseFile=str(missing)), case, "Database file not found", "Check databaseFile")
    assert not missing.exists()


@SERVERS
def test_database_that_is_missing_is_said(case: Case) -> None:
    option = "database" if case.system.name == "postgres" else "databaseSchema"
    assert_refused(case.ingest(**{option: "no_such_database"}), case, "Database not found", f"Check {option}")


@SERVERS
def test_wrong_password_is_said(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(case, "password", "wrong-password")
    refused = case.ingest()
    assert_refused(refused, case, "Wrong user name or password", "Check username and the password")
    assert "wrong-password" not in refused.output


@SERVERS
def test_closed_port_is_said(case: Case) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        refused = case.ingest(hostPort=f"127.0.0.1:{closed.getsockname()[1]}")
    assert_refused(refused, case, "Connection refused", "check the port in hostPort")
