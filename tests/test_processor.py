"""Processors of each action: made, installed, certified, and run with the real framework on a real database."""

from __future__ import annotations

import json
import re
import shutil
import sqlite3
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import copier
import pytest
import yaml
from copier.errors import CopierError

from extensions.catalog import Catalog
from tests.conftest import NIGHTLY, ROOT, Scaffold
from tests.support.certification import certify
from tests.support.checks import PACKAGE_MODULES, check_texts
from tests.support.connector import install
from tests.support.contrib import join
from tests.support.forks import Forks
from tests.support.git import commit, git
from tests.support.openmetadata import RecordingServer
from tests.support.python import Warm, environment
from tests.support.tutorial import Shell

CATALOG = Catalog(ROOT / "catalog")
KIND = CATALOG.kinds["processor"]
ACTIONS = list(KIND["variants"])

# Those of an action share what was made of it.
BY_ACTION = [pytest.param(action, marks=pytest.mark.xdist_group(f"processor-{action}")) for action in ACTIONS]
# By day one of them, the one with most to show.
AT_NIGHT = [
    pytest.param(*one.values, marks=[*one.marks, *([] if "redact" in one.values else [NIGHTLY])]) for one in BY_ACTION
]

SCHEMA = "shop.files.main"
STEPS = [
    {"name": name, "description": name, "mandatory": name == "CheckAccess"}
    for name in ("CheckAccess", "GetSchemas", "GetTables", "GetViews")
]
SEED = """
CREATE TABLE crm_customers (
    id INTEGER PRIMARY KEY, custName TEXT, email TEXT DEFAULT 'nobody@example.com', cardNumber TEXT, remark TEXT
);
CREATE TABLE stg_order_items (
    order_id INTEGER, item_no INTEGER, customer_id INTEGER REFERENCES crm_customers (id)
);
CREATE TABLE "mail log" (sent_to_email TEXT, body TEXT);
CREATE VIEW vip_customers AS SELECT id, email FROM crm_customers WHERE email IN ('alice@example.com', 'b@example.com');
INSERT INTO crm_customers VALUES (1, 'Alice', 'alice@example.com', '4111 1111 1111 1111', 'has 5500005555555559, too');
INSERT INTO crm_customers VALUES (2, 'Bob', 'bob@example.com', NULL, 'likes tea');
INSERT INTO "mail log" VALUES ('alice@example.com', 'Dear bob@example.com, your IBAN is DE89370400440532013000.');
"""
SENSITIVE = ("@example.com", "4111 1111 1111 1111", "5500005555555559", "DE89370400440532013000")

# Runs the command of a package in an interpreter that has imported the framework before the package was installed.
RUN = """
import importlib, sys
import metadata.ingestion
site, package, *sys.argv[1:] = sys.argv[1:]
metadata.ingestion.__path__.append(f"{site}/metadata/ingestion")
importlib.import_module(f"{package}.__main__").main(sys.argv[1:])
"""


@dataclass(frozen=True)
class Package:
    """A package that was made and installed: `site` is imported from first."""

    action: str
    root: Path
    site: Path

    @property
    def imported(self) -> str:
        return f"openmetadata_my_{self.action}"

    def workflow(
        self, server: RecordingServer, database: Path, file: str = "metadata", **config: Any
    ) -> dict[str, Any]:
        """A shipped workflow, led to a database and a server, with options of the processor replaced."""
        workflow = yaml.safe_load((self.root / f"workflows/{file}.yaml").read_text())
        workflow["source"]["serviceConnection"]["config"]["databaseMode"] = str(database)
        workflow["workflowConfig"]["openMetadataServerConfig"]["hostPort"] = server.url
        workflow["processor"]["config"] |= config
        return workflow

    def run(self, warm: Warm, workflow: dict[str, Any], scratch: Path, command: str = "ingest") -> tuple[int, str]:
        """Run a command of the package: its exit status, and all that it printed and logged."""
        file = scratch / "workflow.json"
        file.write_text(json.dumps(workflow))
        arguments = (str(self.site), self.imported, command, "-c", str(file))
        env = {"OPENMETADATA_JWT_TOKEN": "token"}
        done = warm.run(RUN, *arguments, pythonpath=[self.site], env=env, together=True)
        return done.returncode, done.stdout


def counts(output: str, step: str) -> tuple[int, int, int]:
    """What the summary of a step says: records that were scanned, changed and failed."""
    _, _, rest = output.partition(f"Workflow {step} Summary:")
    found = dict(re.findall(r"(Processed records|Updated records|Errors): (\d+)", rest.partition("Summary:")[0]))
    return int(found["Processed records"]), int(found["Updated records"]), int(found["Errors"])


@pytest.fixture(scope="module")
def packages(scaffold: Scaffold, framework: Path, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Makes and installs the package of an action, once."""
    made: dict[str, Package] = {}

    def package(action: str) -> Package:
        if action not in made:
            scratch = tmp_path_factory.mktemp(action)
            root = scaffold(scratch / "out", kind="processor", name=f"my_{action}", action=action)
            installed = install(root, f"my_{action}", "package", framework, scratch, "")
            made[action] = Package(action, root, installed.pythonpath)
        return made[action]

    return package


@pytest.fixture
def database(tmp_path: Path) -> Path:
    """A file of SQLite, and what it has of itself is the truth."""
    file = tmp_path / "shop.db"
    connection = sqlite3.connect(file)
    connection.executescript(SEED)
    connection.close()
    return file


def asked(database: Path, statement: str) -> list[tuple[Any, ...]]:
    connection = sqlite3.connect(database)
    rows = connection.execute(statement).fetchall()
    connection.close()
    return rows


def columns(database: Path) -> set[tuple[str, str]]:
    """The columns of the database, each with its table, as SQLite says them."""
    statement = "SELECT m.name, c.name FROM sqlite_master m JOIN pragma_table_info(m.name) c WHERE m.type != 'index'"
    return {(table, column) for table, column in asked(database, statement)}


@pytest.fixture
def server(schemas: Path) -> Any:
    definitions = {"SQLite": {"displayName": "SQLite", "description": "SQLite", "steps": STEPS}}
    with RecordingServer(schemas, definitions) as server:
        yield server


def state(server: RecordingServer) -> dict[str, Any]:
    """All that the server holds, by name; without what is of how it came: the framework patches a foreign key the first
    time, which counts the columns, and later creates it with its table."""
    entities = {entity["fullyQualifiedName"]: entity for _, entity in server.store.all()}
    passing = ("ordinalPosition", "sourceHash")
    return json.loads(
        json.dumps(entities), object_hook=lambda one: {key: one[key] for key in one if key not in passing}
    )


# ---- What is made -------------------------------------------------------------------


@pytest.mark.framework
def test_every_action_is_formatted_and_typed(packages: Any, scaffold: Scaffold, tmp_path: Path) -> None:
    """With short names and the longest, so that no line depends on one."""
    sources, unique = [], {}
    for action in ACTIONS:
        sources.append(packages(action).root / "src")
        sources.append(scaffold(tmp_path / action, kind="processor", name="z" * 30, action=action) / "src")
    for source in sources:
        root = source.parent
        for path in root.rglob("*"):
            if path.is_file():
                unique.setdefault(path.read_text(), path.relative_to(root).as_posix())
    packages = [path.name for source in sources for path in source.iterdir()]
    check_texts(unique, tmp_path / "texts", [*PACKAGE_MODULES, *packages])
    for source in sources[::2]:
        shutil.copytree(source, tmp_path / "typed", dirs_exist_ok=True)
    strict = ["--strict", "--no-warn-return-any", "--allow-subclassing-any", "--allow-untyped-calls"]
    options = [*strict, "--ignore-missing-imports", "--python-version=3.10", f"--cache-dir={tmp_path}/mypy"]
    command = [sys.executable, "-m", "mypy", *options, "."]
    done = subprocess.run(command, cwd=tmp_path / "typed", capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


@pytest.mark.framework
def test_packages_hold_nothing_of_other_actions(packages: Any) -> None:
    words = {"tag": "Tagger", "normalise": "Normaliser", "redact": "Redactor"}
    for action in ACTIONS:
        root = packages(action).root
        code = "\n".join(path.read_text() for path in (root / "src").rglob("*.py"))
        assert [other for other, word in words.items() if word in code] == [action]
        assert (root / "workflows/samples.yaml").exists() == (action == "redact")


@pytest.mark.parametrize(
    ("answers", "line"),
    [
        ({"action": "guess"}, "action"),
        ({"name": "query_parser"}, "give another name, such as my_query_parser: the framework has a processor '"),
        ({"service_type": "database"}, "leave service_type out: it belongs to connector"),
        (
            {"kind": "connector", "service_type": "database", "action": "tag"},
            "leave action out: it belongs to processor",
        ),
    ],
    ids=["unknown action", "name of the framework's", "answer of another kind", "action of another kind"],
)
def test_wrong_answer_is_refused_in_a_line(
    answers: dict[str, Any], line: str, scaffold: Scaffold, tmp_path: Path
) -> None:
    with pytest.raises((CopierError, ValueError)) as refused:
        scaffold(tmp_path / "out", **{"kind": "processor"} | answers)
    assert line in str(refused.value).splitlines()[-1]
    assert not (tmp_path / "out").exists() or list((tmp_path / "out").iterdir()) == []


def test_update_brings_what_is_new_and_keeps_edits(template: Path, tmp_path: Path) -> None:
    repository, project = tmp_path / "repository", tmp_path / "project"
    shutil.copytree(template, repository)
    git(repository, "init", "--quiet")
    commit(repository, "first")
    git(repository, "tag", "1.0.0")
    options: dict[str, Any] = {"defaults": True, "unsafe": True, "quiet": True}
    copier.run_copy(str(repository), project, data={"kind": "processor", "name": "my_tag"}, **options)
    git(project, "init", "--quiet")
    workflow = project / "workflows/metadata.yaml"
    workflow.write_text(workflow.read_text().replace("databaseMode: shop.db", "databaseMode: /data/shop.db"))
    commit(project, "as made and edited")
    partial = repository / "partials/processor/tag.py.jinja"
    partial.write_text(partial.read_text().replace("Knows the rules,", "Knows all rules,"))
    commit(repository, "second")
    git(repository, "tag", "1.1.0")
    copier.run_update(project, overwrite=True, **options)
    assert "databaseMode: /data/shop.db" in workflow.read_text()
    assert "Knows all rules," in (project / "src/openmetadata_my_tag/tag.py").read_text()
    assert git(project, "diff", "--name-only").split() == [".copier-answers.yml", "src/openmetadata_my_tag/tag.py"]


@pytest.mark.framework
def test_names_that_are_refused_are_those_that_the_framework_has(warm: Warm, tmp_path: Path) -> None:
    script = (
        "import json, pkgutil, metadata.ingestion.processor as p; "
        "print(json.dumps(sorted(module.name for module in pkgutil.iter_modules(p.__path__))))"
    )
    assert warm.run_script(tmp_path, script) == KIND["taken"]


# ---- What is installed --------------------------------------------------------------


@pytest.mark.framework
@pytest.mark.parametrize("action", AT_NIGHT)
def test_fresh_package_is_certified(action: str, packages: Any, framework: Path, tmp_path: Path) -> None:
    """All of its own tests pass for that, installed from its wheel, and none is skipped."""
    package = packages(action)
    with Forks(framework, tmp_path, package.site) as forks:
        done = certify(forks.python, package.root, pythonpath=package.site)
    assert done.returncode == 0, done.stdout + done.stderr
    report = json.loads((package.root / "certification/certification_report.json").read_text())
    assert report["kind"] == "processor"
    assert {check["id"] for check in report["checks"]} == {
        *(f"gates.{name}" for name in CATALOG.certification["gates"] | KIND["gates"]),
        f"capabilities.{action}",
    }
    assert all(check["tests"] for check in report["checks"])


# ---- Real runs: SQLite → the framework's own source → the processor → its own sink ---


@pytest.mark.framework
@pytest.mark.real
@pytest.mark.parametrize("action", BY_ACTION[:1])
def test_tables_and_columns_are_tagged_by_their_names(
    action: str, packages: Any, framework: Path, warm: Warm, server: RecordingServer, database: Path, tmp_path: Path
) -> None:
    package = packages(action)
    server.put("classifications", name="PII", description="PII", mutuallyExclusive=True)
    server.put("tags", name="Sensitive", classification="PII", description="Sensitive")
    server.put("domains", name="Sales", domainType="Aggregate", description="Sales")
    rules = [
        {"pattern": r".*\.[^.]*email[^.]*", "appliesTo": "parts", "tags": ["PII.Sensitive"]},
        {"pattern": r".*\.crm_[^.]*", "appliesTo": "assets", "tags": ["Shop.Customers"], "domain": "Sales"},
    ]
    workflow = package.workflow(server, database, rules=rules, createTags=True)
    # The command itself, in an interpreter of its own.
    file = tmp_path / "workflow.yaml"
    file.write_text(yaml.safe_dump(workflow))
    command = [str(framework), "-m", package.imported, "ingest", "-c", str(file)]
    env = environment([package.site], OPENMETADATA_JWT_TOKEN="token")
    done = subprocess.run(command, env=env, cwd=tmp_path, capture_output=True, text=True, timeout=180)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    assert server.faults == []
    tables = server.created("tables")
    tagged = {
        (table["name"], column["name"])
        for table in tables
        for column in table["columns"]
        if [label["tagFQN"] for label in column.get("tags") or []] == ["PII.Sensitive"]
    }
    assert tagged == {(table, column) for table, column in columns(database) if "email" in column}
    customers = {table["name"]: (table.get("tags") or [], table.get("domains")) for table in tables}
    assert {name for name, (tags, domains) in customers.items() if tags or domains} == {"crm_customers"}
    labels, domains = customers["crm_customers"]
    assert [(label["tagFQN"], label["labelType"]) for label in labels] == [("Shop.Customers", "Automated")]
    assert domains == ["Sales"]
    # A service, a database, a schema and a foreign key are scanned beside the tables. Customers, log and view change.
    assert counts(done.stdout + done.stderr, "MyTag") == (4 + len(tables), 3, 0)
    assert_second_run_changes_nothing(package, workflow, server, warm, tmp_path)


@pytest.mark.framework
@pytest.mark.real
@pytest.mark.parametrize("action", BY_ACTION[1:2])
def test_names_are_readable_and_identities_stay(
    action: str, packages: Any, warm: Warm, server: RecordingServer, database: Path, tmp_path: Path
) -> None:
    package = packages(action)
    workflow = package.workflow(server, database)
    status, output = package.run(warm, workflow, tmp_path)
    assert (status, server.faults) == (0, []), output[-3000:]
    tables = server.created("tables")
    assert {(table["name"], column["name"]) for table in tables for column in table["columns"]} == columns(database)
    assert {table["name"]: table["displayName"] for table in tables} == {
        "crm_customers": "CRM Customers",
        "stg_order_items": "Order Items",
        "mail log": "Mail Log",
        "vip_customers": "VIP Customers",
    }
    shown = {column["name"]: column["displayName"] for table in tables for column in table["columns"]}
    assert shown == {
        "id": "ID",
        "custName": "Customer Name",
        "email": "Email",
        "cardNumber": "Card Number",
        "remark": "Remark",
        "order_id": "Order ID",
        "item_no": "Item No",
        "customer_id": "Customer ID",
        "sent_to_email": "Sent To Email",
        "body": "Body",
    }
    assert counts(output, "MyNormalise") == (4 + len(tables), 2 + len(tables), 0)
    assert_second_run_changes_nothing(package, workflow, server, warm, tmp_path)
    connection = sqlite3.connect(database)
    connection.execute("DROP VIEW vip_customers")
    connection.close()
    assert package.run(warm, workflow, tmp_path)[0] == 0
    assert server.deleted == [f"{SCHEMA}.vip_customers"]


@pytest.mark.framework
@pytest.mark.real
@pytest.mark.parametrize("action", BY_ACTION[2:])
def test_sensitive_texts_and_samples_never_arrive(
    action: str, packages: Any, warm: Warm, server: RecordingServer, database: Path, tmp_path: Path
) -> None:
    """In metadata, lineage and samples; the rest of each is what the database has."""
    package = packages(action)
    workflow = package.workflow(server, database)
    status, output = package.run(warm, workflow, tmp_path)
    assert (status, server.faults) == (0, []), output[-3000:]
    tables = server.created("tables")
    assert {(table["name"], column["name"]) for table in tables for column in table["columns"]} == columns(database)
    ((definition,),) = asked(database, "SELECT sql FROM sqlite_master WHERE type = 'view'")
    assert "'alice@example.com'" in definition
    masked = re.sub(r"'\w+@example\.com'", "'[redacted]'", definition)
    definitions = {table["name"]: table["schemaDefinition"] for table in tables}
    assert definitions["vip_customers"] == masked
    assert "DEFAULT '[redacted]'" in definitions["crm_customers"]
    assert counts(output, "MyRedact") == (4 + len(tables), 2, 0)
    assert_second_run_changes_nothing(package, workflow, server, warm, tmp_path)
    lineage = package.workflow(server, database)
    lineage["source"] |= {"type": "sqlite-lineage", "sourceConfig": {"config": {"type": "DatabaseLineage"}}}
    status, more = package.run(warm, lineage, tmp_path)
    assert status == 0, more[-3000:]
    assert [(origin, target) for origin, target, _ in server.edges()] == [
        (f"{SCHEMA}.crm_customers", f"{SCHEMA}.vip_customers")
    ]
    samples = package.workflow(server, database, "samples")
    status, last = package.run(warm, samples, tmp_path, "sample")
    assert (status, server.faults) == (0, []), last[-3000:]
    sent = [request.body for request in server.requests if request.path.endswith("/sampleData")]
    assert len(sent) == len(tables)
    rows = {tuple(map(str, row)) for sample in sent for row in sample["rows"]}
    assert {row for row in rows if "likes tea" in row or "Alice" in row} == {
        ("1", "Alice", "[redacted]", "[redacted]", "has [redacted], too"),
        ("2", "Bob", "[redacted]", "None", "likes tea"),
    }
    assert ("[redacted]", "Dear [redacted], your IBAN is [redacted].") in rows
    assert counts(last, "MyRedact")[2] == 0
    everything = json.dumps([[request.path, request.body] for request in server.requests]) + output + more + last
    assert [value for value in SENSITIVE if value in everything] == []


@pytest.mark.framework
@pytest.mark.real
@pytest.mark.parametrize("action", BY_ACTION)
def test_failed_records_are_counted_and_nothing_is_deleted(
    action: str, packages: Any, warm: Warm, server: RecordingServer, database: Path, tmp_path: Path
) -> None:
    package = packages(action)
    more: dict[str, Any] = {"rules": [{"pattern": ".*", "tags": ["Shop.All"]}], "createTags": True}
    workflow = package.workflow(server, database, **(more if action == "tag" else {}))
    status, output = package.run(warm, workflow, tmp_path)
    assert status == 0, output[-3000:]
    before = state(server)
    workflow["processor"]["config"]["performance"] = {"recordSeconds": 1e-9}
    status, output = package.run(warm, workflow, tmp_path)
    assert status == 1
    scanned, changed, failed = counts(output, f"My{action.title()}")
    # A database, a schema and four tables. What can't be processed passes as it was, or, where it may be sensitive,
    # not at all.
    assert (scanned, changed, failed) == (0 if action == "redact" else 6, 0, 6)
    assert "performance.recordSeconds" in output
    assert state(server).keys() == before.keys()
    assert server.deleted == []


def assert_second_run_changes_nothing(
    package: Package, workflow: dict[str, Any], server: RecordingServer, warm: Warm, scratch: Path
) -> None:
    before = state(server)
    status, output = package.run(warm, workflow, scratch)
    assert status == 0, output[-3000:]
    after = state(server)
    assert after.keys() == before.keys()
    assert [name for name in after if after[name] != before[name]] == []
    assert (server.deleted, server.faults) == ([], [])


# ---- The tutorial -------------------------------------------------------------------


@pytest.mark.framework
@pytest.mark.real
def test_tutorial_works_to_the_letter(template: Path, framework: Path, server: RecordingServer, tmp_path: Path) -> None:
    """docs/kinds/processor.md. Stand-ins take the places of `pip`, which would download, and of `venv`."""
    text = (ROOT / "docs/kinds/processor.md").read_text().partition("## Mask a database")[2]
    make, fill, run = re.findall(r"```bash\n(.*?)```", text, re.DOTALL)
    shell = Shell(tmp_path, framework)
    shell.follow(make.replace("gh:OWNER/openmetadata-connector-template", str(template)), tmp_path)
    join(shell.site / "metadata", framework)
    folder = tmp_path / "mask-shop"
    shell.follow(fill, folder)
    for workflow in (folder / "workflows").iterdir():
        assert workflow.read_text().count("http://localhost:8585/api") == 1
        workflow.write_text(workflow.read_text().replace("http://localhost:8585/api", server.url))
    done = shell.follow(run.replace("…", "token"), folder)
    output = re.sub(r"^.* - |\x1b\[[\d;]*m", "", done.stdout + done.stderr, flags=re.MULTILINE)
    (summary,) = re.findall(r"```text\n(.*?)```", text, re.DOTALL)
    assert summary in output
    (ending,) = re.findall(r"```sql\n(.*?)\n```", text)
    (view,) = (table for table in server.created("tables") if table["name"] == "vips")
    assert view["schemaDefinition"].endswith(ending)
    header, row = re.findall(r"^\| (id \| .*?|1 \| .*?) \|$", text, re.MULTILINE)
    samples = [request.body for request in server.requests if request.path.endswith("/sampleData")]
    (sample,) = (sample for sample in samples if "email" in sample["columns"])
    assert sample["columns"] == header.split(" | ")
    assert [list(map(str, values)) for values in sample["rows"]] == [row.split(" | ")]


@pytest.mark.framework
def test_real_source_is_refused_where_nothing_is_shown_of_one(scaffold: Scaffold, forked: Path, tmp_path: Path) -> None:
    root = scaffold(tmp_path / "out", kind="processor", name="my_tags")
    done = certify(forked, root, "--source", "workflows/metadata.yaml")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "--source: nothing is shown of a real source here; leave it out\n"
