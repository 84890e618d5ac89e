"""What a run could not read: nothing of it is deleted, all else that is gone is, and the status says both."""

from __future__ import annotations

import json
import re
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from extensions.catalog import Catalog
from tests.conftest import ROOT
from tests.support.api import Api, Json
from tests.support.openmetadata import IngestRun, RecordingServer, ingest, workflow
from tests.support.python import Warm
from tests.support.render import EMPTY, Renderer

pytestmark = [pytest.mark.framework, pytest.mark.xdist_group("gaps")]

CATALOG = Catalog(ROOT / "catalog")


@dataclass
class FaultyApi(Api):
    """An API whose lists at some paths answer with a status of their own."""

    faults: dict[str, int] = field(default_factory=dict)

    def answer(self, target: str, authorization: str) -> tuple[int, Any]:
        status, body = super().answer(target, authorization)
        fault = self.faults.get(target) or self.faults.get(target.partition("?")[0])
        return (fault, {"message": "no"}) if fault else (status, body)


@dataclass
class Runs:
    """A package that is run against an API and a server, which keeps what arrived."""

    framework: Path
    warm: Warm
    source: Path
    service_type: str
    server: RecordingServer
    settings: dict[str, str]
    config: Json = field(default_factory=dict)

    def __call__(self, **config: Any) -> IngestRun:
        service = CATALOG.services[self.service_type]
        connection = {
            "type": service["custom"],
            "sourcePythonClass": "openmetadata_probe.metadata.ProbeSource",
            "connectionOptions": self.settings,
        }
        source = {
            "type": service["custom"].lower(),
            "serviceName": "probe",
            "serviceConnection": {"config": connection},
            "sourceConfig": {"config": {"type": service["source_config"]} | self.config | config},
        }
        self.server.deleted.clear()
        return ingest(self.framework, workflow(self.server, source), pythonpath=[self.source], warm=self.warm)

    @property
    def deleted(self) -> list[str]:
        return sorted(self.server.deleted)


Start = Callable[..., Runs]


@pytest.fixture(scope="module")
def renderer(template: Path) -> Renderer:
    return Renderer(template)


@pytest.fixture(scope="module")
def packages(renderer: Renderer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Path]]:
    """The sources of a package, rendered once for its answers."""
    made: dict[str, Path] = {}

    def get(**answers: Any) -> Path:
        key = json.dumps(answers, sort_keys=True)
        if key not in made:
            root = made[key] = tmp_path_factory.mktemp("probe")
            own = EMPTY | {"name": "probe", "type_name": "Probe"} | answers
            for path, text in renderer.files(own).items():
                (root / path).parent.mkdir(parents=True, exist_ok=True)
                (root / path).write_text(text)
        return made[key] / "src"

    yield get
    for root in made.values():
        shutil.rmtree(root)


@pytest.fixture
def start(packages: Callable[..., Path], framework: Path, warm: Warm, schemas: Path) -> Iterator[Start]:
    """Start a server for a package over an API."""
    servers = []

    def run(service_type: str, api: Api | None, settings: dict[str, str] | None = None, **answers: Any) -> Runs:
        pages = {name: fact for name, fact in CATALOG.pagination["page"].items() if name != "title"}
        over_rest = {"connection_type": "rest_api", "auth_types": ["token"], "pagination": "page", "page_size": 2}
        over_rest |= pages
        source = packages(service_type=service_type, **(over_rest if api else {}) | answers)
        server = RecordingServer(schemas).__enter__()
        servers.append(server)
        options = {"hostPort": api.url, "token": "t0ken"} if api else settings or {}
        return Runs(framework, warm, source, service_type, server, options)

    yield run
    for server in servers:
        server.__exit__(None, None, None)


def warned(run: IngestRun) -> list[str]:
    """The warnings of the run about gaps, as its log has them."""
    return re.findall(r"Warning: (\S+: (?:No \w+ in|Nothing below) it is deleted: .*)", run.output)


TOKEN = "Bearer t0ken"

# Of each service type whose entities are all right in the service: what is listed, and a field as it can't be.
FLAT: dict[str, tuple[str, Json]] = {
    "messaging": ("topics", {"partitions": "many"}),
    # Its tasks can't be read.
    "pipeline": ("pipelines", {}),
    "storage": ("containers", {"size": 10**400}),
    "mlmodel": ("models", {"server": "http://"}),
    "search": ("indexes", {"settings": "none"}),
}


def named(*names: str) -> list[Json]:
    return [{"id": name, "name": name} for name in names]


@pytest.mark.parametrize("service_type", FLAT)
def test_broken_record_is_kept_and_the_rest_is_deleted(service_type: str, start: Start) -> None:
    kind, fault = FLAT[service_type]
    records = {kind: named("a", "b", "x" * 200, "gone")}
    with FaultyApi(records, {f"/{kind}": kind}, TOKEN) as api:
        runs = start(service_type, api)
        assert runs().returncode == 0
        api.faults["/pipelines/b/tasks"] = 403
        # A name that is good, in a record that is not.
        records[kind][:] = [*named("a"), {"id": "b", "name": "b"} | fault]
        run = runs()
        assert "can't be read" in run.output, run.output[-3000:]
        assert runs.deleted == ["probe.gone", "probe." + "x" * 200]
        assert warned(run) == []
        # A record without a name may be any of those that are not seen.
        records[kind][:] = [*named("b"), {"size": 1}]
        run = runs()
        assert runs.deleted == []
        (line,) = warned(run)
        assert re.fullmatch(r"probe: No \w+ in it is deleted: one without a name was read", line)


def test_list_that_is_not_read_to_its_end(start: Start) -> None:
    records = {"topics": named("a", "b", "c")}
    with FaultyApi(records, {"/topics": "topics"}, TOKEN) as api:
        runs = start("messaging", api)
        assert runs().returncode == 0
        # A pattern that is none ends the reading elsewhere than in the list.
        run = runs(topicFilterPattern={"includes": ["("]})
        assert warned(run) == ["probe: No Topic in it is deleted: a list of them was left after 1"]
        assert runs.deleted == []


def test_charts_of_a_dashboard_fail(start: Start) -> None:
    """Charts are no dashboard's in OpenMetadata: one that moved there must not be deleted, so none of them is."""
    records = {"dashboards": named("d1", "d2", "gone"), "charts": []}
    records["charts"] += [{"id": f"c{n}", "name": f"c{n}", "dashboard_id": name} for n, name in enumerate(["d1", "d2"])]
    records["charts"].append({"id": "old", "name": "old", "dashboard_id": "d1"})
    paths = {"/dashboards": "dashboards", "/dashboards/{dashboard}/charts": "charts"}
    with FaultyApi(records, paths, TOKEN) as api:
        runs = start("dashboard", api, api_endpoints="GET /dashboards, GET /dashboards/{id}/charts")
        run = runs()
        assert run.returncode == 0, run.output[-3000:]
        del records["dashboards"][2], records["charts"][2]
        api.faults["/dashboards/d2/charts"] = 403
        run = runs()
        assert runs.deleted == ["probe.gone"]
        assert warned(run) == ["probe: No Chart in it is deleted: a list of them broke off after 0"]
        assert "Warning: d2: Left as it is: its charts can't be read" in run.output
        api.faults.clear()
        # So are the charts of a dashboard that can't be read, or whose name is not known.
        for broken in ({"id": "d2", "name": "d2", "url": "http://["}, {"size": 1}):
            whole, records["dashboards"][1] = records["dashboards"][1], broken
            run = runs()
            assert runs.deleted == []
            assert "probe: No Chart in it is deleted: those of one Dashboard may not have been read" in warned(run)
            records["dashboards"][1] = whole
        # A chart that names itself is kept alone.
        records["charts"][1] |= {"url": "http://["}
        runs()
        assert runs.deleted == ["probe.old"]


def tables_of(*names: str) -> list[Json]:
    """Tables by schema and name, each with a column."""
    columns = [{"name": "id", "type": "int"}]
    pairs = [name.split(".") for name in names]
    return [{"id": t, "name": t, "schema_id": s, "database_id": "db", "columns": columns} for s, t in pairs]


def test_tables_of_a_schema_fail(start: Start) -> None:
    schemas = [{"id": name, "name": name, "database_id": "db"} for name in ("s1", "s2", "s3", "s4", "gone")]
    databases = named("db", "olddb")
    names = [f"{schema['name']}.{table}" for schema in schemas for table in ("kept", "old", "broken")]
    records = {"databases": databases, "schemas": schemas, "tables": tables_of(*names)}
    below = "/databases/{database}/schemas"
    paths = {"/databases": "databases", below: "schemas", below + "/{schema}/tables": "tables"}
    with FaultyApi(records, paths, TOKEN) as api:
        runs = start("database", api)
        run = runs()
        assert run.returncode == 0, run.output[-3000:]
        del databases[1], schemas[4]
        # One in the second schema has no name, one in the third can't be read, those of the fourth are forbidden.
        records["tables"] = tables_of("s1.kept", "s2.kept", "s3.kept", "s4.kept")
        records["tables"] += [{"schema_id": "s2", "database_id": "db"}]
        records["tables"] += [table | {"url": "http://["} for table in tables_of("s3.broken")]
        api.faults["/databases/db/schemas/s4/tables"] = 403
        run = runs(markDeletedSchemas=True, markDeletedDatabases=True)
        assert warned(run) == [
            "probe.db.s2: No Table in it is deleted: one without a name was read",
            "probe.db.s4: No Table in it is deleted: a list of them broke off after 0",
        ]
        assert "This Table can't be read" in run.output
        above = [name for name in runs.deleted if name.count(".") < 3]
        assert above == ["probe.db.gone", "probe.olddb", "probe.olddb.default"]
        tables = [name for name in runs.deleted if re.search(r"\.s\d", name)]
        assert tables == ["probe.db.s1.broken", "probe.db.s1.old", "probe.db.s3.old"]
        # What the filters leave out is no fault of the connection, though it would be asked for first.
        api.faults = {"/databases/db/schemas/s1/tables": 403}
        assert runs().returncode == 1
        assert "GetTables: Failed" in runs().output
        for pattern in ({"excludes": ["^S1$"]}, {"includes": ["^s[234]$"]}):
            run = runs(schemaFilterPattern=pattern)
            assert run.returncode == 0, run.output[-3000:]
        by_full_name = {"excludes": [r"^probe\.db\.s1$"]}
        assert runs(schemaFilterPattern=by_full_name, useFqnForFiltering=True).returncode == 0


SQLITE = {"connection_type": "sqlalchemy", "scheme": "sqlite+pysqlite", "auth_types": [], "namespace": "schema.table"}


def test_broken_view_of_one_schema(start: Start, tmp_path: Path) -> None:
    file = tmp_path / "shop.db"
    runs = start("database", None, {"databaseFile": str(file)}, **SQLITE)

    def execute(*statements: str) -> None:
        with sqlite3.connect(file) as connection:
            for statement in statements:
                connection.execute(statement)
        connection.close()

    execute("CREATE TABLE orders (id int)", "CREATE VIEW bad AS SELECT id FROM orders", "CREATE TABLE old (id int)")
    run = runs()
    assert run.returncode == 0, run.output[-3000:]
    execute("DROP TABLE old", "ALTER TABLE orders RENAME TO newer", "DROP VIEW bad")
    execute("CREATE VIEW bad AS SELECT x FROM y")
    run = runs()
    assert "Errors: 1" in run.output
    assert runs.deleted == ["probe.default.main.old", "probe.default.main.orders"]


def test_capability_that_gives_nothing(start: Start) -> None:
    records: dict[str, list[Json]] = {"indexes": named("a", "b"), "fields": []}
    with FaultyApi(records, {"/indexes": "indexes"}, TOKEN) as api:
        runs = start("search", api, capabilities=["fields", "sample_data", "owners"])
        run = runs()
        # The API has no such lists: their checks fail, and the run says once that nothing came of it.
        assert "GetFields: Warning - there is nothing at GET /indexes/{index}/fields" in run.output
        assert "GetDocuments: Warning - there is nothing at GET /indexes/{index}/documents" in run.output
        assert nothing_of(run) == {
            "fields: not one of 2 records has any in GET /indexes/{index}/fields",
            "documents: not one of 2 records has any in GET /indexes/{index}/documents",
            "owners: not one of 2 records has any in fields such as owners, owner, ownedby, author, createdby",
        }
        assert run.returncode == 0
        # They are there, and empty.
        api.paths |= {"/indexes/{index}/fields": "fields", "/indexes/{index}/documents": "fields"}
        run = runs()
        assert "GetFields: Passed" in run.output
        assert len(nothing_of(run)) == 3
        # One is enough.
        records["fields"] = [{"index_id": "b", "name": "f", "type": "text"}]
        records["indexes"][0]["owner"] = "ann"
        assert nothing_of(runs()) == set()


def nothing_of(run: IngestRun) -> set[str]:
    said = re.findall(r"Warning: (.*): Nothing of it arrives: (.*)", run.output)
    assert len(said) == len(set(said))
    return {f"{what}: {why}" for what, why in said}


LISTS = {
    "dashboard": ({"data_models": "data_models"}, "dashboards"),
    "pipeline": ({"pipeline_status": "runs"}, "pipelines"),
    "messaging": ({"message_schema": "schemas", "sample_data": "messages"}, "topics"),
    "mlmodel": ({"features": "features", "hyper_parameters": "hyper parameters", "store": "store"}, "models"),
    "storage": ({"tags": "tags", "owners": "owners"}, "containers"),
}


@pytest.mark.parametrize("service_type", LISTS)
def test_capabilities_that_give_nothing(service_type: str, start: Start) -> None:
    capabilities, kind = LISTS[service_type]
    with FaultyApi({kind: named("a")}, {f"/{kind}": kind}, TOKEN) as api:
        # Messages are read where the workflow asks for them.
        wanted = {"generateSampleData": True} if service_type == "messaging" else {}
        run = start(service_type, api, capabilities=list(capabilities))(**wanted)
    assert {said.partition(":")[0] for said in nothing_of(run)} == {
        name.replace("_", " ") for name in capabilities.values()
    }
