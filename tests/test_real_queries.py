"""Lineage and usage from the query logs of real servers: what arrives is what the statements that were run imply."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import need
from tests.support import dbt, systems
from tests.support.connector import Connector, Deploy
from tests.support.openmetadata import IngestRun, RecordingServer, split_fqn
from tests.support.python import Warm

pytestmark = [pytest.mark.framework, pytest.mark.real]

# A table as it is written here, `schema.table`, or a column of one, `schema.table.column`.
Edges = dict[tuple[str, str], set[tuple[str, str]]]


@dataclass(frozen=True)
class Server:
    """What is done on a kind of server, and how its log has to be treated."""

    scheme: str
    quote: str
    sales: str
    stock: str
    grant: str
    revoke: str
    empty: str
    # Whether the log holds a statement once however often it ran, without its literals.
    merges: bool
    # What the check says without the grant.
    says: str
    procedures: tuple[str, ...]
    # What the server's own catalogue says of procedures: schema, name, kind, language and body.
    catalogue: str
    # What lets the reader see what is new, where it does not by itself.
    show: tuple[str, ...] = ()
    # What runs a prepared statement, where those are logged in a way of their own.
    prepared: str = "{}"

    def sql(self, text: str) -> str:
        """A statement of this server: [a name] is quoted, sales and stock are its schemas."""
        text = text.replace("[sales]", f"[{self.sales}]").replace("[stock]", f"[{self.stock}]")
        return re.sub(r"\[([^]]+)]", rf"{self.quote}\1{self.quote}", text)

    def name(self, table: str) -> str:
        """`sales.orders` by the schema's name on this server."""
        schema, _, rest = table.partition(".")
        return f"{getattr(self, schema)}.{rest}"


SERVERS = {
    "postgres": Server(
        scheme="postgresql+psycopg2",
        quote='"',
        sales="sales",
        stock="stock",
        grant="grant pg_read_all_stats to reader",
        revoke="revoke pg_read_all_stats from reader",
        empty="select public.pg_stat_statements_reset()",
        merges=True,
        says="GetQueries: Query log hidden. GRANT pg_read_all_stats TO the user",
        procedures=(
            "create function sales.margin(price numeric) returns numeric language sql as 'select price * 0.3'",
            "create procedure sales.archive() language plpgsql as $$ begin"
            " insert into sales.order_archive (order_id, amount) select id, total from sales.orders; end $$",
            "create procedure stock.tmp_scratch() language sql as 'select 1'",
        ),
        catalogue="select nspname, proname, case prokind when 'p' then 'PROCEDURE' else 'FUNCTION' end, lanname, prosrc"
        " from pg_proc p join pg_namespace n on n.oid = pronamespace join pg_language l on l.oid = prolang"
        " where nspname in ('sales', 'stock', 'public') and proname not like 'tmp%'",
        show=(
            "grant select on all tables in schema sales, stock to reader",
            "alter table sales.customers owner to reader",
        ),
    ),
    "mariadb": Server(
        scheme="mysql+pymysql",
        quote="`",
        sales="Shop Sales",
        stock="shop_stock",
        grant="grant select on mysql.general_log to reader@'127.0.0.1'",
        revoke="revoke select on mysql.general_log from reader@'127.0.0.1'",
        empty="truncate table mysql.general_log",
        merges=False,
        says="GetQueries: Query log not readable. GRANT SELECT ON mysql.general_log TO the user",
        procedures=(
            "create function [sales].margin(price decimal(10, 2)) returns decimal(10, 2) deterministic"
            " return price * 0.3",
            "create procedure [sales].archive() begin"
            " insert into [sales].order_archive (order_id, amount) select id, total from [sales].orders; end",
            "create procedure [stock].tmp_scratch() select 1",
        ),
        catalogue="select db, name, cast(type as char), cast(language as char), convert(body_utf8 using utf8mb4)"
        " from mysql.proc where db in ('Shop Sales', 'shop_stock') and name not like 'tmp%'",
        show=("grant select on mysql.proc to reader@'127.0.0.1'",),
        prepared="execute immediate '{}'",
    ),
}

# The tables that are profiled, one of them made for it.
BYTES = ("BYTES", "BYTEA", "BLOB")
PROFILED = ["stock.Price Check", "stock.products", "sales.Order Lines"]

CAPABILITIES = {
    "postgres": ["lineage", "usage", "profiler", "stored_procedures", "dbt", "data_diff", "owners"],
    "mariadb": ["lineage", "usage", "profiler", "stored_procedures", "incremental"],
}

# What OpenMetadata calls kinds and languages.
KINDS = {"PROCEDURE": "StoredProcedure", "FUNCTION": "Function"}
LANGUAGES = {"sql": "SQL", "plpgsql": "SQL", "c": "External"}

# There before the log begins.
TABLES = [
    "create table [sales].order_archive (order_id bigint, amount decimal(10, 2), placed_at date)",
    "create table [stock].[Value On Hand] (sku varchar(20), worth decimal(20, 2))",
    "create table [stock].[Price Check] ([Item No] integer, price decimal(6, 2), remark varchar(10), [Seen On] date)",
    "insert into [stock].[Price Check] values (1, 2.50, 'low', '2025-01-02'), (2, 17.25, null, null),"
    " (3, 17.25, 'ok', '2025-03-04'), (null, null, null, '2025-01-02')",
    "create table [stock].[Count Old] (id integer primary key, pieces integer)",
    "create table [stock].[Count New] (id integer primary key, pieces integer)",
    "create table [stock].[Count Same] (id integer primary key, pieces integer)",
    "insert into [stock].[Count Old] values (1, 10), (2, 20), (3, 30), (4, 40)",
    "insert into [stock].[Count New] values (2, 20), (3, 33), (4, 40), (5, 50), (6, 60)",
    "insert into [stock].[Count Same] values (1, 10), (2, 20), (3, 30), (4, 40)",
]

# What is run, and what of it is lineage: from and to, and the pairs of columns.
WRITES: list[tuple[str, Edges]] = [
    (
        "create table [sales].dear_orders as"
        " select o.id, o.total as amount, c.email from [sales].orders o"
        " join [sales].customers c on c.id = o.customer_id where o.total > 20",
        {
            ("sales.orders", "sales.dear_orders"): {("id", "id"), ("total", "amount")},
            ("sales.customers", "sales.dear_orders"): {("email", "email")},
        },
    ),
    (
        "insert into [sales].order_archive (order_id, amount) select id, total from [sales].orders where id < 100",
        {("sales.orders", "sales.order_archive"): {("id", "order_id"), ("total", "amount")}},
    ),
    (
        "INSERT INTO [stock].[Value On Hand] (sku, worth)\n"
        "SELECT p.sku, p.unit_price * s.pieces\nFROM [stock].products p\n"
        "JOIN [stock].[Stock Levels] s ON s.sku = p.sku",
        {
            ("stock.products", "stock.Value On Hand"): {("sku", "sku"), ("unit_price", "worth")},
            ("stock.Stock Levels", "stock.Value On Hand"): {("pieces", "worth")},
        },
    ),
    (
        "create view [stock].for_sale as select sku, title as name from [stock].products where unit_price > 0",
        {("stock.products", "stock.for_sale"): {("sku", "sku"), ("title", "name")}},
    ),
    # No lineage: nothing is read, or nothing is written.
    ("insert into [sales].order_archive (order_id, amount) values (7, 1.5)", {}),
]

# The views that are there from the beginning.
VIEWS: Edges = {
    ("sales.orders", "sales.order_totals"): {("id", "order_id")},
    ("sales.customers", "sales.order_totals"): {("email", "email")},
    ("sales.Order Lines", "sales.order_totals"): {("quantity", "total"), ("price", "total")},
    ("stock.products", "stock.Low Stock"): {("sku", "sku"), ("Größe", "Größe")},
    ("stock.Stock Levels", "stock.Low Stock"): {("warehouse", "warehouse"), ("pieces", "pieces")},
}

# What is read: the statement, with literals to run it with, and its tables.
READS: list[tuple[str, list[int], list[str]]] = [
    (
        "select c.email, o.total from [sales].orders o join [sales].customers c on c.id = o.customer_id"
        " where o.total > {}",
        [5, 10, 15],
        ["sales.orders", "sales.customers"],
    ),
    ("SELECT sku, title\nFROM [stock].products\nWHERE unit_price < {}", [100, 200], ["stock.products"]),
    (
        "with dear as (select sku from [stock].products where unit_price > {})"
        " select s.warehouse, s.pieces from [stock].[Stock Levels] s join dear on dear.sku = s.sku",
        [1],
        ["stock.products", "stock.Stock Levels"],
    ),
]

# The columns of the join in the first of them; the framework does not look behind a WITH.
JOINED = ("sales.customers.id", "sales.orders.customer_id")


@dataclass
class Case:
    """A connector for a server whose statements are logged, and a server to send to."""

    system: systems.System
    server: Server
    connector: Connector
    openmetadata: RecordingServer
    scratch: Path
    runs: dict[str, IngestRun] = field(default_factory=dict)

    def execute(self, *statements: str) -> None:
        """Run statements as the administrator."""
        with closing(self.system.connect(admin=True)) as connection, connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)
                if cursor.description:
                    cursor.fetchall()
            connection.commit()

    def ask(self, statement: str) -> list[Any]:
        """What a statement finds, as the administrator."""
        with closing(self.system.connect(admin=True)) as connection, connection.cursor() as cursor:
            cursor.execute(statement)
            return list(cursor.fetchall())

    def run(
        self, kind: str, edit: Callable[[dict[str, Any]], None] = lambda _: None, **settings_of_source: Any
    ) -> IngestRun:
        """Run a workflow as it was scaffolded, with the address of this system, and an edit."""
        settings = {"hostPort": f"{self.system.host}:{self.system.port}", "username": self.system.user}
        if self.system.name == "postgres":
            settings["database"] = self.system.databases[0]
        workflow = self.connector.pointed(self.openmetadata, kind, **settings)
        edit(workflow)
        workflow["source"]["sourceConfig"]["config"] |= settings_of_source
        for stage in ("stage", "bulkSink"):
            if stage in workflow:
                workflow[stage]["config"]["filename"] = str(self.scratch / "usage")
        if kind == "metadata":
            workflow["source"]["sourceConfig"]["config"]["storedProcedureFilterPattern"] = {"excludes": ["^tmp_"]}
        command = {"usage": "usage", "profiler": "profile", "data_diff": "test"}.get(kind, "ingest")
        return self.connector.ingest(workflow, command=command, password=self.system.password)

    def bare(self, fqn: str) -> str:
        """A fully qualified name without service and database."""
        return ".".join(split_fqn(fqn)[2:])


# Each server once, and each placement: the code is the same in both, a run of each takes a minute.
CASES = [
    pytest.param((name, placement), id=f"{name}-{placement}", marks=pytest.mark.xdist_group(f"{name}-queries"))
    for name, placement in zip(SERVERS, ("package", "contrib"), strict=True)
]
# What the other one can't have, or what runs no code of the placement.
postgres_only = pytest.mark.parametrize("case", CASES[:1], indirect=True)
mariadb_only = pytest.mark.parametrize("case", CASES[1:], indirect=True)


@pytest.fixture(scope="module", params=CASES)
def case(
    request: pytest.FixtureRequest,
    deploy: Deploy,
    schemas: Path,
    warm: Warm,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Case]:
    """All statements were run, and the metadata of what they left was ingested."""
    name, placement = request.param
    if systems.missing(name):
        need(systems.install(name))
    scratch = tmp_path_factory.mktemp(f"{name}_{placement}_log")
    answers = {"name": f"{name}_log", "scheme": SERVERS[name].scheme, "capabilities": CAPABILITIES[name]}
    connector = deploy(answers, placement, scratch)
    with ExitStack() as stack:
        system = stack.enter_context(getattr(systems, name)(query_log=True))
        openmetadata = stack.enter_context(connector.server(schemas, warm))
        openmetadata.store.add("/users", {"name": "admin", "email": "admin@shop.example"})
        case = Case(system, SERVERS[name], connector, openmetadata, scratch)
        sql = case.server.sql
        case.execute(*map(sql, (*TABLES, *case.server.procedures)), case.server.grant, case.server.empty)
        case.execute(*(sql(statement) for statement, _ in WRITES))
        reads = [sql(text).format(literal) for text, literals, _ in READS for literal in literals]
        case.execute(*reads[:-1], case.server.prepared.format(reads[-1]))
        case.execute(*case.server.show)
        case.runs["metadata"] = case.run("metadata")
        assert case.runs["metadata"].returncode == 0, case.runs["metadata"].output[-5000:]
        yield case


def test_procedures_are_those_of_the_catalogue(case: Case) -> None:
    arrived = {}
    for procedure in case.openmetadata.entities("storedProcedures"):
        code = procedure["storedProcedureCode"]
        kind = (procedure["storedProcedureType"], code["language"])
        arrived[case.bare(procedure["fullyQualifiedName"])] = (*kind, code["code"])
    with closing(case.system.connect(admin=True)) as connection, connection.cursor() as cursor:
        cursor.execute(case.server.catalogue)
        expected = {
            f"{schema}.{name}": (KINDS[kind], LANGUAGES[language.lower()], body)
            for schema, name, kind, language, body in cursor.fetchall()
        }
    assert len(expected) >= 2
    assert {name: found[:2] for name, found in arrived.items()} == {name: known[:2] for name, known in expected.items()}
    assert [name for name, known in expected.items() if known[2] not in arrived[name][2]] == []


def test_lineage_is_what_the_statements_imply(case: Case) -> None:
    run = case.run("lineage")
    assert run.returncode == 0, run.output[-5000:]
    assert case.openmetadata.faults == []
    expected: Edges = dict(VIEWS)
    for _, edges in WRITES:
        expected |= edges
    arrived: Edges = {}
    for upstream, downstream, details in case.openmetadata.edges():
        arrived[case.bare(upstream), case.bare(downstream)] = {
            (split_fqn(source)[-1], split_fqn(pair["toColumn"])[-1])
            for pair in details.get("columnsLineage") or []
            for source in pair["fromColumns"]
        }
    name = case.server.name
    assert arrived == {(name(upstream), name(downstream)): pairs for (upstream, downstream), pairs in expected.items()}


def test_usage_counts_what_was_read(case: Case) -> None:
    run = case.run("usage")
    assert run.returncode == 0, run.output[-5000:]
    assert case.openmetadata.faults == []
    counted: Counter[str] = Counter()
    for request in case.openmetadata.requests:
        if found := re.fullmatch(r"/v1/usage/table/([^/]+)", request.path):
            entity = case.openmetadata.store.find(found[1])
            assert entity is not None
            counted[case.bare(entity["fullyQualifiedName"])] += request.body["count"]
    expected: Counter[str] = Counter()
    for _, literals, tables in READS:
        expected.update({case.server.name(table): 1 if case.server.merges else len(literals) for table in tables})
    assert counted == expected
    joined: Counter[frozenset[str]] = Counter()
    for request in case.openmetadata.requests:
        if found := re.fullmatch(r"/v1/tables/([^/]+)/joins", request.path):
            entity = case.openmetadata.store.find(found[1])
            assert entity is not None
            for column in request.body["columnJoins"]:
                near = f"{case.bare(entity['fullyQualifiedName'])}.{column['columnName']}"
                for other in column["joinedWith"]:
                    joined[frozenset((near, case.bare(other["fullyQualifiedName"])))] += other["joinCount"]
    assert joined == {frozenset(map(case.server.name, JOINED)): 1 if case.server.merges else 3}


def test_profile_is_what_the_server_says_itself(case: Case) -> None:
    run = case.run("profiler", tableFilterPattern={"includes": ["^Price Check$", "^products$", "^Order Lines$"]})
    assert run.returncode == 0, run.output[-5000:]
    assert case.openmetadata.faults == []
    # The framework looks for a service specification before it imports the connector.
    assert "Error importing connection class" not in run.output
    expected, arrived = {}, {}
    for request in case.openmetadata.requests:
        if not request.path.endswith("/tableProfile"):
            continue
        entity = case.openmetadata.store.find(request.path.split("/")[3])
        assert entity is not None
        table = case.bare(entity["fullyQualifiedName"])
        profile = request.body["tableProfile"]
        arrived[table] = {"": [profile["columnCount"], profile["rowCount"]]}
        arrived[table] |= {column["name"]: _measures(column) for column in request.body["columnProfile"]}
        expected[table] = _measured(case, entity, set(arrived[table]))
    assert set(arrived) == {case.server.name(table) for table in PROFILED}
    assert arrived == expected
    # And what was put in by hand is among it.
    assert arrived[case.server.name("stock.Price Check")]["price"] == [3, 1, 2, "2.50", "17.25"]


def _measures(column: dict[str, Any]) -> list[Any]:
    found = [column.get(name) for name in ("valuesCount", "nullCount", "distinctCount", "min", "max")]
    return [*found[:3], *map(_comparable, found[3:])]


def _comparable(value: Any) -> Any:
    return f"{float(value):.2f}" if isinstance(value, (int, float, Decimal)) else value and str(value)


def _measured(case: Case, entity: dict[str, Any], wanted: set[str]) -> dict[str, list[Any]]:
    """The same by plain SQL: of columns and rows, and of values, nulls, distinct values, least and greatest.

    Of a text, the framework takes the length for the least and the greatest.
    """
    (schema, table), quote = split_fqn(entity["fullyQualifiedName"])[2:], case.server.quote
    place = f"{quote}{schema}{quote}.{quote}{table}{quote}"
    found = {"": [len(entity["columns"]), *case.ask(f"select count(*) from {place}")[0]]}
    for column in entity["columns"]:
        if column["name"] not in wanted:
            continue  # the profiler leaves JSON out on some servers
        name = f"{quote}{column['name']}{quote}"
        by = f"char_length({name})" if column["dataType"] in ("VARCHAR", "CHAR", "TEXT", "JSON") else name
        (row,) = case.ask(
            f"select count({name}), sum(case when {name} is null then 1 else 0 end), count(distinct {name}),"
            f" {'null, null' if column['dataType'] in BYTES else f'min({by}), max({by})'} from {place}"
        )
        found[column["name"]] = [*map(int, row[:3]), *map(_comparable, row[3:])]
    return found


@postgres_only
def test_owners_are_those_of_the_server(case: Case) -> None:
    """Of two owners, OpenMetadata knows one."""
    expected = {
        tuple(row[:-1]): row[-1]
        for row in case.ask(
            "select * from (select schemaname, tablename, tableowner from pg_tables"
            " union all select schemaname, viewname, viewowner from pg_views"
            " union all select schemaname, matviewname, matviewowner from pg_matviews) as owned"
            " where schemaname not in ('pg_catalog', 'information_schema')"
        )
    }
    assert {expected["sales", "orders"], expected["sales", "customers"]} == {"admin", "reader"}
    found = {}
    for table in case.openmetadata.entities("tables"):
        owners = [owner["name"] for owner in table.get("owners") or []]
        found[tuple(split_fqn(table["fullyQualifiedName"])[2:])] = owners
    assert found == {place: ["admin"] if owner == "admin" else [] for place, owner in expected.items()}
    (database,) = case.openmetadata.entities("databases")
    assert [owner["name"] for owner in database["owners"]] == ["admin"]


@postgres_only
def test_tables_are_compared(case: Case) -> None:
    """Row 1 is gone from the new table, 5 and 6 came, and 3 differs; the third table is equal."""
    store = case.openmetadata.store
    store.entities["/dataQuality/testDefinitions"]["tableDiff"] = {
        "id": "a1e4cf5d-2d9e-4f9b-8a57-5d2d3a1f8b11",
        "name": "tableDiff",
        "fullyQualifiedName": "tableDiff",
        "entityType": "TABLE",
        "testPlatforms": ["OpenMetadata"],
        "validatorClass": "TableDiffValidator",
    }
    place = f"{case.connector.name}.shop.stock."

    def compare(workflow: dict[str, Any]) -> None:
        workflow["source"]["sourceConfig"]["config"]["entityFullyQualifiedName"] = f"{place}Count Old"
        (given,) = workflow["processor"]["config"]["testCases"]
        cases = []
        for table in ("Count New", "Count Same"):
            other = {"name": "table2", "value": f"{place}{table}"}
            parameters = [other if one["name"] == "table2" else one for one in given["parameterValues"]]
            cases.append({**given, "name": f"to_{table.split()[1].lower()}", "parameterValues": parameters})
        workflow["processor"]["config"]["testCases"] = cases

    run = case.run("data_diff", compare)
    assert run.returncode == 0, run.output[-5000:]
    assert case.openmetadata.faults == []
    results = {
        request.path.rpartition(".")[2]: request.body
        for request in case.openmetadata.requests
        if "/testCaseResults/" in request.path
    }
    assert {name: result["testCaseStatus"] for name, result in results.items()} == {
        "to_new": "Failed",
        "to_same": "Success",
    }
    counted = {one["name"]: one["value"] for one in results["to_new"]["testResultValue"]}
    assert counted == {"removedRows": "1", "addedRows": "2", "changedRows": "1", "diffCount": "4"}


@postgres_only
def test_dbt_adds_what_it_knows(case: Case, framework: Path) -> None:
    need(dbt.missing(framework))
    files = dbt.write(case.scratch / "target")

    def place(workflow: dict[str, Any]) -> None:
        workflow["source"]["sourceConfig"]["config"]["dbtConfigSource"] |= files

    run = case.run("dbt", place)
    assert run.returncode == 0, run.output[-5000:]
    assert case.openmetadata.faults == []
    tables = {case.bare(table["fullyQualifiedName"]): table for table in case.openmetadata.entities("tables")}
    products, check = tables["stock.products"], tables["stock.Price Check"]
    assert (products["description"], check["description"]) == ("What can be ordered today", "Prices, looked at again")
    described = {column["name"]: column.get("description") for column in products["columns"]}
    assert (described["sku"], described["unit_price"]) == ("Number on the shelf", "Euro, before tax")
    sent = [request for request in case.openmetadata.requests if request.path.endswith("/dataModel")]
    models = {request.body["path"]: request.body for request in sent}
    assert {path: model["sql"] for path, model in models.items()} == {
        "models/products.sql": dbt.SQL[dbt.PRODUCTS],
        "models/price_check.sql": dbt.SQL[dbt.CHECK],
    }
    assert [tag["tagFQN"] for tag in models["models/products.sql"]["tags"]] == ["PostgresLogDbt.shelf"]
    edges = {
        (case.bare(upstream), case.bare(downstream))
        for upstream, downstream, details in case.openmetadata.edges()
        if details["source"] == "DbtLineage"
    }
    assert edges == {("sales.order_archive", "stock.products"), ("stock.products", "stock.Price Check")}
    results = {
        case.bare(request.path.rpartition("/")[2]): request.body["testCaseStatus"]
        for request in case.openmetadata.requests
        if "/testCaseResults/" in request.path
    }
    assert results["stock.products.sku.sku_not_null"] == "Success"
    assert results["stock.Price Check.price.price_unique"] == "Failed"


@mariadb_only
def test_later_run_reads_what_changed_and_deletes_what_is_gone(case: Case) -> None:
    """Views do not say when they changed, and are read in each run."""
    before = {case.bare(table["fullyQualifiedName"]) for table in case.openmetadata.entities("tables")}
    sql, name = case.server.sql, case.server.name
    case.execute(
        sql("alter table [stock].[Count Old] comment 'Counted by hand'"),
        sql("drop table [stock].[Count Same]"),
        sql("create table [stock].[Count More] (id integer primary key)"),
        sql("insert into [stock].[Count New] values (7, 70)"),
    )
    case.openmetadata.requests.clear()
    run = case.run("metadata", incremental={"enabled": True, "lookbackDays": 7, "safetyMarginDays": 0})
    assert run.returncode == 0, run.output[-5000:]
    assert case.openmetadata.faults == []
    bulks = [request.body for request in case.openmetadata.requests if request.path == "/v1/tables/bulk"]
    sent = {table["name"] for tables in bulks for table in tables if table["tableType"] == "Regular"}
    assert sent == {"Count Old", "Count More"}
    after = {case.bare(table["fullyQualifiedName"]) for table in case.openmetadata.entities("tables")}
    assert after == before - {name("stock.Count Same")} | {name("stock.Count More")}


def test_missing_grant_is_said_and_metadata_still_arrives(case: Case) -> None:
    case.execute(case.server.revoke)
    try:
        case.openmetadata.requests.clear()
        run = case.run("metadata")
    finally:
        case.execute(case.server.grant)
    assert run.returncode == 0, run.output[-5000:]
    assert case.server.says in run.output, run.output[-5000:]
    bulks = [request.body for request in case.openmetadata.requests if request.path == "/v1/tables/bulk"]
    sent = {table["name"] for tables in bulks for table in tables}
    assert sent == {table["name"] for table in case.openmetadata.entities("tables")}
    assert {"dear_orders", "order_totals"} <= sent
