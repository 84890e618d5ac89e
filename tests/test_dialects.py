"""Each dialect's connectors are as good as any, and what is asked of it is SQL of that dialect."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from extensions import naming
from extensions.answers import Choices, accepted
from extensions.catalog import Catalog
from tests.conftest import ROOT
from tests.support.checks import PACKAGE_MODULES, check_texts, evidence, validate_files
from tests.support.python import Warm
from tests.support.render import EMPTY, Renderer

CATALOG = Catalog(ROOT / "catalog")
CHOICES = Choices(CATALOG)

# What sqlglot calls the dialects of these files; the others by their own name.
PARSERS = {"postgresql": "postgres", "mssql": "tsql", "generic": ""}

# Columns that the framework looks for, by name.
LOG = {"query_text", "start_time", "end_time", "database_name", "schema_name", "user_name"}
PROCEDURES = {"procedure_text", "procedure_start_time", "procedure_end_time", "query_type", "query_text"}
COLUMNS = {
    "stored_procedures": {"name", "type", "definition", "language"},
    "lineage": LOG,
    "usage": LOG,
    "procedures": PROCEDURES,
}

LOG_HIDDEN = "Query log not readable"

# What servers say, in the words of their documentation, and what is said of it.
MESSAGES = [
    ("snowflake", "250001 (08001): Incorrect username or password was specified.", "Wrong user name or password"),
    ("snowflake", "000606 (57P03): No active warehouse selected in the current session.", "No warehouse"),
    ("snowflake", "002003 (02000): Database 'SNOWFLAKE' does not exist or not authorized.", LOG_HIDDEN),
    ("snowflake", "Object 'SNOWFLAKE.ACCOUNT_USAGE.QUERY_HISTORY' does not exist or not authorized.", LOG_HIDDEN),
    ("snowflake", "Schema 'SHOP.SALES' does not exist or not authorized.", "Not found or not allowed"),
    ("bigquery", "Your default credentials were not found. To set up Application Default ...", "No credentials"),
    ("bigquery", "403 Access Denied: Project shop: User does not have bigquery.jobs.create", "Missing permission"),
    ("bigquery", "403 Access Denied: Table shop:region-us.INFORMATION_SCHEMA.JOBS_BY_PROJECT: User ...", LOG_HIDDEN),
    ("redshift", 'password authentication failed for user "reader"', "Wrong user name or password"),
    ("redshift", "permission denied for relation sys_query_history", LOG_HIDDEN),
    ("mssql", "(18456, b\"Login failed for user 'reader'.\")", "Wrong user name or password"),
    ("mssql", "VIEW SERVER STATE permission was denied on object 'server', database 'master'.", LOG_HIDDEN),
    ("mssql", "VIEW SERVER PERFORMANCE STATE permission was denied on object 'server', database 'x'.", LOG_HIDDEN),
    ("mssql", "VIEW DATABASE STATE permission denied: VIEW DATABASE STATE permission was denied in ...", LOG_HIDDEN),
    ("mssql", "The SELECT permission was denied on the object 'orders', database 'shop'.", "Missing permission"),
    ("oracle", "ORA-01017: invalid credential or not authorized; logon denied", "Wrong user name or password"),
    ("oracle", 'ORA-00942: table or view "SYS"."GV_$SQL" does not exist', LOG_HIDDEN),
    ("oracle", "ORA-00942: table or view does not exist [SQL: SELECT sql_fulltext FROM gv$sql]", LOG_HIDDEN),
    ("oracle", "ORA-00942: table or view does not exist [SQL: SELECT name FROM v$pdbs]", "Databases not readable"),
    ("oracle", 'ORA-00942: table or view "SHOP"."QUERIES" does not exist', "Not found or not allowed"),
    ("oracle", 'DPY-6001: Service "x" is not registered with the listener', "Service not found"),
    ("trino", "error 401: b'Invalid credentials'", "Wrong user name or password"),
    ("trino", "Access Denied: Cannot select from columns [query] in table system.runtime.queries", LOG_HIDDEN),
    ("trino", "Access Denied: Cannot access catalog system", LOG_HIDDEN),
    ("trino", "Access Denied: Cannot select from table hive.sales.orders", "Missing permission"),
]

PARSE = """
import json, sys
import sqlglot

read = {}
for name, statements in json.loads(sys.argv[1]).items():
    for kind, (dialect, statement) in statements.items():
        (tree,) = sqlglot.parse(statement, read=dialect or None)
        columns = [column.alias_or_name.lower() for column in tree.selects]
        read[f"{name} {kind}"] = None if tree.find(sqlglot.exp.Command) else columns
print(json.dumps(read))
"""

# Which procedure the framework takes a row for, that says so in a column or in the text of the call.
PROCEDURE_ROWS = """
import json, sys
from metadata.ingestion.source.database.lineage_processors import QueryByProcedure
from metadata.utils.stored_procedures import get_procedure_name_from_call

known = {"procedure_text": "CALL sales.load_orders(1)", "procedure_name": "load_orders", "query_duration": 1.5}
found = {}
for name, columns in json.loads(sys.argv[1]).items():
    row = {column: known.get(column, "2026-01-01T00:00:00" if "time" in column else "INSERT") for column in columns}
    read = QueryByProcedure.model_validate(row)
    found[name] = read.procedure_name or get_procedure_name_from_call(query_text=read.procedure_text)
print(json.dumps(found))
"""


def statements(dialect: str, facts: dict[str, Any]) -> dict[str, tuple[str, str]]:
    """The statements of a dialect as they reach its server, each with the name of its parser."""
    known = {kind: text.replace("{schema_name}", "shop") for kind, text in facts["statements"].items()}
    if log := facts.get("query_log"):
        window = {
            "start_time": "2026-01-01 00:00:00",
            "end_time": "2026-01-02 00:00:00",
            "result_limit": 10,
            "query_history_table": log["table"] or "query_history",
        }
        for kind in ("lineage", "usage"):
            known[kind] = log["statement"].format(filters=log[kind], **window)
        if "hidden" in log:
            known["hidden"] = log["hidden"]["query"].format(**window)
        if "procedures" in log:
            known["procedures"] = log["procedures"].format(filters=log["lineage"], **window)
    return {kind: (PARSERS.get(dialect, dialect), statement) for kind, statement in known.items()}


@pytest.fixture(scope="module")
def parsed(warm: Warm, tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[str] | None]:
    """The columns that each statement selects."""
    everything = {name: statements(name, facts) for name, facts in CATALOG.dialects.items()}
    return warm.run_script(tmp_path_factory.mktemp("nothing"), PARSE, json.dumps(everything))  # type: ignore[no-any-return]


@pytest.mark.framework
def test_every_statement_parses_in_its_dialect(parsed: dict[str, list[str] | None]) -> None:
    assert [name for name, columns in parsed.items() if not columns] == []


@pytest.mark.framework
def test_every_statement_selects_what_the_framework_looks_for(parsed: dict[str, list[str]]) -> None:
    lacking = {
        name: sorted(COLUMNS[kind] - set(columns))
        for name, columns in parsed.items()
        if (kind := name.split()[1]) in COLUMNS and COLUMNS[kind] - set(columns)
    }
    assert lacking == {}


@pytest.mark.framework
def test_framework_takes_the_rows_of_procedures(warm: Warm, parsed: dict[str, list[str]], tmp_path: Path) -> None:
    logs = {name: columns for name, columns in parsed.items() if name.endswith(" procedures")}
    found = warm.run_script(tmp_path, PROCEDURE_ROWS, json.dumps(logs))
    assert found == dict.fromkeys(logs, "load_orders")
    assert len(found) == 5


@pytest.mark.framework
def test_parser_of_every_dialect_is_one_of_the_framework(warm: Warm, tmp_path: Path) -> None:
    imports = "import json; from metadata.ingestion.lineage.models import Dialect"
    members = warm.run_script(tmp_path, f"{imports}; print(json.dumps(list(Dialect.__members__)))")
    assert {facts["parser"] for facts in CATALOG.dialects.values()} - set(members) == set()


@pytest.mark.parametrize(("dialect", "message", "title"), MESSAGES)
def test_words_of_a_server_are_explained(dialect: str, message: str, title: str) -> None:
    text = message.lower()
    errors = [error for error in CATALOG.dialects[dialect]["errors"] if "says" in error]
    assert next(error["title"] for error in errors if all(part in text for part in error["says"])) == title


def test_every_known_log_says_which_right_is_missing() -> None:
    silent = [
        name
        for name, facts in CATALOG.dialects.items()
        if (log := facts.get("query_log"))
        and log["table"]
        and "hidden" not in log
        and not any(error.get("needs") == "query_log" for error in facts["errors"])
    ]
    assert silent == []


@pytest.mark.parametrize("dialect", CATALOG.dialects)
def test_none_is_told_that_a_log_is_hidden_who_has_a_role_that_shows_it(dialect: str) -> None:
    log = CATALOG.dialects[dialect].get("query_log") or {}
    if role := re.search(r"role (sys:\w+)", log.get("permission", "")):
        assert f"NOT user_is_member_of(CURRENT_USER, '{role[1]}')" in log["hidden"]["query"]


def test_logs_are_cut_in_an_order_and_by_windows_that_do_not_overlap() -> None:
    """Days are asked for one by one: what ran at midnight must not be in two of them."""
    logs = {name: facts["query_log"]["statement"] for name, facts in CATALOG.dialects.items() if "query_log" in facts}
    assert [name for name, statement in logs.items() if "ORDER BY" not in statement] == []
    assert [name for name, statement in logs.items() if re.search(r"(?<!now\(\)) BETWEEN", statement)] == []


@pytest.mark.parametrize("placement", ["package", "contrib"])
def test_connectors_of_every_dialect_are_valid_and_formatted(
    placement: str, template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    renderer = Renderer(template)
    unique: dict[str, str] = {}
    names = ["a", "a" * 30]
    for name in names:
        for facts in CATALOG.dialects.values():
            scheme = facts.get("scheme", "myolap+pyodbc")
            answers = EMPTY | {
                "name": name,
                "type_name": naming.pascal(name),
                "placement": placement,
                "scheme": scheme,
                "default_port": CHOICES.port(scheme),
                "namespace": CHOICES.namespace(scheme),
                "auth_types": accepted(CHOICES.auth_types("sqlalchemy", scheme)),
                "capabilities": accepted(CHOICES.capabilities("database", "sqlalchemy", scheme)),
                "sdk_package": CHOICES.driver(scheme),
                "docker_image": "img" if CHOICES.has_address(scheme) else "",
            }
            files = renderer.files(answers)
            unique |= {text: path for path, text in files.items()}
            assert validate_files(files, evidence(answers)) == 0, answers
    ours = ["metadata"] if placement == "contrib" else [*PACKAGE_MODULES, *(f"openmetadata_{name}" for name in names)]
    check_texts(unique, tmp_path / "unique", ours)


@pytest.mark.parametrize("kind", ["lineage", "usage"])
def test_workflow_of_an_unknown_dialect_names_no_table_that_nobody_has(kind: str, template: Path) -> None:
    """A run would end with the first query: the author has to say which table it is, or goes without."""
    answers = {"service_type": "database", "connection_type": "sqlalchemy", "scheme": "myolap+pyodbc"}
    answers |= {"auth_types": ["basic"], "capabilities": ["metadata", "lineage", "usage"]}
    text = Renderer(template).files(EMPTY | answers)[f"workflows/{kind}.yaml"]
    options = yaml.safe_load(text)["source"]["serviceConnection"]["config"]["connectionOptions"]
    assert "queryHistoryTable" not in options
    assert "# queryHistoryTable: query_history\n" in text
