"""Sources whose topology was declared in an answer: what is emitted is what was declared, and reads what is there."""

from __future__ import annotations

import json
import re
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any
from urllib.parse import quote

import copier
import pytest
import yaml

from extensions.catalog import Catalog
from tests.conftest import ROOT, need
from tests.support import systems
from tests.support.api import Api
from tests.support.certification import certify
from tests.support.checks import PACKAGE_MODULES, check_texts
from tests.support.connector import Connector, Deploy, assert_passed, install
from tests.support.git import commit, git
from tests.support.openmetadata import IngestRun, RecordingServer
from tests.support.python import Warm
from tests.support.rabbitmq import Broker, rabbitmq
from tests.support.render import Interview

Json = dict[str, Any]

CATALOG = Catalog(ROOT / "catalog")

# Declarations beside the usual ones.
DECLARED = {
    path.stem: yaml.safe_load(path.read_text(encoding="utf-8"))
    for path in sorted((ROOT / "tests/support/topologies").glob("*.yml"))
}

# The usual one of each service type, and the declared ones, by their names.
ANSWERS: dict[str, Json] = {
    f"usual_{name}": {"kind": "topology", "name": f"usual_{name}", "service_type": name}
    for name, facts in CATALOG.services.items()
    if "custom" in facts
} | {answers["name"]: answers for answers in DECLARED.values()}

# As long as names may be, so that no line has more to hold.
LONG = {"kind": "topology", "name": "n" * 30, "service_type": "database", "auth_types": ["basic", "oauth"]} | {
    "topology": DECLARED["catalogue"]["topology"]
    .replace("{database.id}", "{" + "d" * 30 + ".id}")
    .replace("{type: Database,", "{type: Database, context: " + "d" * 30 + ",")
    .replace("{type: DatabaseSchema}", "{type: DatabaseSchema, context: " + "s" * 30 + "}")
    .replace("context: table", "context: " + "t" * 30)
    .replace("{type: Table,", "{type: Table, context: " + "t" * 30 + ",")
}


@pytest.fixture(scope="module")
def interview(template: Path) -> Interview:
    return Interview(template)


def files(interview: Interview, answers: Json) -> dict[str, str]:
    return interview.made(interview.answered(answers))


def test_what_is_declared_is_well_formed_and_formatted(interview: Interview, tmp_path: Path) -> None:
    for answers in [*ANSWERS.values(), LONG]:
        made = files(interview, answers)
        unique = {text: path for path, text in made.items()}
        check_texts(unique, tmp_path / answers["name"], {f"openmetadata_{answers['name']}", *PACKAGE_MODULES})
        words = [text for path, text in made.items() if path.endswith("metadata.py") and path.startswith("src/")]
        assert len(words) == 1
        assert not any(word in words[0] for word in ("TODO", "NotImplemented", "pass\n"))


# Runs in the framework's interpreter: what a topology is, and the methods that it names and the source has not.
TOPOLOGY = """
import importlib, json, sys
found = {}
for package, type_ in json.loads(sys.argv[1]):
    module = importlib.import_module(package + ".metadata")
    topology = getattr(module, type_ + "Topology")()
    nodes = {
        name: {
            "producer": node.producer,
            "stages": [
                {"type": stage.type_.__name__}
                | {key: getattr(stage, key) for key in ("context", "consumer", "nullable")}
                for stage in node.stages
            ],
            "children": node.children or [],
            "post_process": node.post_process or [],
            "threads": node.threads,
        }
        for name, node in vars(topology).items()
    }
    source = getattr(module, type_ + "Source")
    methods = [method for node in vars(topology).values() for method in [node.producer, *(node.post_process or [])]]
    methods += [stage.processor for node in vars(topology).values() for stage in node.stages]
    missing = [method for method in methods if not hasattr(source, method)]
    found[package] = [nodes, missing, sorted(source.__abstractmethods__)]
print(json.dumps(found))
"""


def as_declared(answers: Json) -> Json:
    """The topology that an answer declares, as the framework has it: read from the YAML by itself."""
    facts = CATALOG.services[answers["service_type"]]
    declared = yaml.safe_load(answers.get("topology") or facts["topology"]["usual"])
    service = facts["topology"]["context"]
    stages: dict[str, list[Json]] = {
        "root": [{"type": facts["service_class"], "context": service, "consumer": None, "nullable": False}]
    }
    above: dict[str, list[str]] = {"root": []}
    for name in order(declared["nodes"]):
        for child in declared["nodes"][name].get("children", []):
            above[child] = [*above[name], name]
    for name, node in declared["nodes"].items():
        for stage in node.get("stages", []):
            context = stage.get("context", name)
            consumer = [service]
            kind = facts["topology"]["types"].get(stage.get("type"), {})
            chain: list[str] = []
            while kind.get("in"):
                chain.insert(0, kind["in"])
                kind = facts["topology"]["types"][kind["in"]]
            for wanted in chain:
                consumer += [
                    one.get("context", holder)
                    for holder in above[name]
                    for one in declared["nodes"][holder].get("stages", [])
                    if one.get("type") == wanted
                ]
            made = stage.get("type") or "".join(word.capitalize() for word in context.split("_")) + "Record"
            nullable = stage.get("nullable", False) or "type" not in stage
            stages.setdefault(name, []).append(
                {"type": made, "context": context, "consumer": consumer, "nullable": nullable}
            )
    return {
        name: {
            "producer": f"read_{node['producer']}" if "producer" in node else "get_services",
            "stages": stages[name],
            "children": node.get("children", []),
            "post_process": [
                "mark_as_deleted" if one == "deletion" else f"yield_{one}" for one in node.get("post_process", [])
            ],
            "threads": "threads" in node,
        }
        for name, node in declared["nodes"].items()
    }


def order(nodes: Json) -> Iterator[str]:
    """The names of the nodes, parents first."""
    waiting = ["root"]
    while waiting:
        yield (name := waiting.pop(0))
        waiting += nodes[name].get("children", [])


@pytest.mark.framework
def test_topology_in_the_framework_is_the_declared_one(interview: Interview, warm: Warm, tmp_path: Path) -> None:
    for answers in ANSWERS.values():
        for path, text in files(interview, answers).items():
            if path.startswith("src/"):
                (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
                (tmp_path / path).write_text(text)
    wanted = [(f"openmetadata_{name}", "".join(word.capitalize() for word in name.split("_"))) for name in ANSWERS]
    found = warm.run_script(tmp_path / "src", TOPOLOGY, json.dumps(wanted))
    assert found == {f"openmetadata_{name}": [as_declared(answers), [], []] for name, answers in ANSWERS.items()}


@pytest.mark.framework
@pytest.mark.parametrize("name", ["wharf", pytest.param("usual_dashboard", marks=pytest.mark.nightly)])
def test_emitted_tests_pass(name: str, deploy: Deploy, warm: Warm, tmp_path: Path) -> None:
    assert_passed(deploy(ANSWERS[name], "package", tmp_path).run_tests(warm))


# ---- A catalogue of tables: two levels and a constant one, threads and lineage ---------------------------------------

TABLES = {"warehouse": ["orders", "customers", "large.orders"], "lake": ["orders", "events"], "empty": []}


def catalogue() -> Api:
    """Databases of three, none and two tables; edges between them, one of which leads to a table that there is not."""
    records: dict[str, list[Json]] = {"databases": [], "tables": [], "edges": []}
    for number, (database, tables) in enumerate(TABLES.items()):
        records["databases"].append({"id": f"d/{number}", "label": database, "description": f"The {database}."})
        records["tables"] += [
            {
                "id": f"{database}-{table}",
                "name": table,
                "database_id": f"d%2F{number}",
                "about": {"text": f"{table} of {database}", "columns": [{"name": "id", "type": "bigint"}]},
            }
            for table in tables
        ]
    ends = [
        ("lake-orders", "warehouse-orders"),
        ("warehouse-orders", "warehouse-large.orders"),
        ("lake-orders", "gone"),
    ]
    records["edges"] = [{"source": source, "target": target} for source, target in ends]
    paths = {"/databases": "databases", "/databases/{database}/tables": "tables", "/lineage": "edges"}
    return Api(records, paths, "Bearer s3cret")


def full_names(api: Api) -> set[str]:
    """What a catalogue has, by the full names that OpenMetadata is to have of it."""
    labels = {record["id"].replace("/", "%2F"): record["label"] for record in api.records["databases"]}
    names = {f"shop.{label}{schema}" for label in labels.values() for schema in ("", ".default")}
    for table in api.records["tables"]:
        name = f'"{table["name"]}"' if "." in table["name"] else table["name"]
        names.add(f"shop.{labels[table['database_id']]}.default.{name}")
    return names


@pytest.fixture(scope="module")
def shop(deploy: Deploy, tmp_path_factory: pytest.TempPathFactory) -> Connector:
    return deploy(DECLARED["catalogue"], "package", tmp_path_factory.mktemp("shop"))


class Run:
    """The emitted source, a catalogue that it reads, and a server that it is sent to."""

    def __init__(self, shop: Connector, api: Api, server: RecordingServer) -> None:
        self.shop, self.api, self.server = shop, api, server

    def __call__(self, threads: int = 4) -> IngestRun:
        workflow = self.shop.pointed(self.server, hostPort=self.api.url, threads=str(threads))
        config = workflow["source"]["sourceConfig"]["config"]
        config |= {"markDeletedDatabases": True, "markDeletedSchemas": True}
        return self.shop.ingest(workflow, token="s3cret")

    @property
    def names(self) -> set[str]:
        kinds = ("databases", "databaseSchemas", "tables")
        return {entity["fullyQualifiedName"] for kind in kinds for entity in self.server.entities(kind)}

    @property
    def edges(self) -> set[tuple[str, str]]:
        return {(origin, target) for origin, target, _ in self.server.edges()}

    @property
    def state(self) -> list[Any]:
        kinds = ("databases", "databaseSchemas", "tables")
        return [sorted(map(str, self.server.entities(kind))) for kind in kinds] + [sorted(self.edges)]


@pytest.fixture
def run(shop: Connector, schemas: Path) -> Iterator[Run]:
    with catalogue() as api, RecordingServer(schemas) as server:
        yield Run(shop, api, server)


EDGES = {
    ("shop.lake.default.orders", "shop.warehouse.default.orders"),
    ("shop.warehouse.default.orders", 'shop.warehouse.default."large.orders"'),
}


@pytest.mark.framework
def test_two_levels_and_lineage_arrive_and_a_second_run_changes_nothing(run: Run) -> None:
    first = run()
    assert first.returncode == 0, first.output[-5000:]
    assert run.server.faults == []
    assert run.names == full_names(run.api)
    assert run.edges == EDGES
    tables = {table["description"]: table["columns"][0]["dataType"] for table in run.server.created("tables")}
    assert tables == {f"{table} of {database}": "BIGINT" for database, names in TABLES.items() for table in names}
    assert "Warning: lake-orders → gone: Left out: there is no table of this key" in first.output
    before = run.state
    assert run().returncode == 0
    assert run.state == before
    assert run.server.deleted == []
    assert "s3cret" not in first.output


@pytest.mark.framework
def test_any_number_of_threads_gives_the_same(shop: Connector, schemas: Path) -> None:
    states = []
    for threads in (1, 16):
        with catalogue() as api, RecordingServer(schemas) as server:
            run = Run(shop, api, server)
            assert run(threads).returncode == 0
            assert server.faults == []
            states.append(run.state)
    assert states[0] == states[1]
    assert len(states[0][2]) == 5


@pytest.mark.framework
def test_what_is_gone_is_deleted_with_all_below(run: Run) -> None:
    assert run().returncode == 0
    run.api.records["databases"].pop(1)
    run.api.records["tables"] = [table for table in run.api.records["tables"] if table["name"] != "customers"]
    for table in deepcopy(run.api.records["tables"]):
        if table["database_id"] == "d%2F1":
            run.api.records["tables"].remove(table)
    assert run().returncode == 0
    assert run.names == full_names(run.api)
    assert "shop.lake.default.events" in run.server.deleted


@pytest.mark.framework
@pytest.mark.parametrize("gap", ["list", "record"])
def test_nothing_is_deleted_that_was_not_read(gap: str, run: Run) -> None:
    assert run().returncode == 0
    whole = run.names
    if gap == "list":
        del run.api.paths["/databases/{database}/tables"]
    else:
        run.api.records["databases"][0]["label"] = None
        run.api.records["databases"].pop()
    broken = run()
    assert (broken.returncode != 0) == (gap == "list"), broken.output[-3000:]
    said = "The list of tables broke off after 0" if gap == "list" else "This DatabaseRecord can't be read: name"
    assert said in broken.output
    place = "shop.lake.default: No Table" if gap == "list" else "shop: No Database or DatabaseSchema or Table"
    assert f"{place} in it is deleted" in broken.output
    assert run.names == whole
    assert run.server.deleted == []


@pytest.mark.framework
@pytest.mark.parametrize("gap", ["list", "record", "field", pytest.param("renamed", marks=pytest.mark.nightly)])
def test_gap_covers_what_is_below_its_parent_alone(gap: str, run: Run) -> None:
    """What is gone beside it is deleted all the same."""
    run.api.records["databases"][2]["id"] = "kept"
    run.api.records["tables"] += [
        {"id": f"empty-{name}", "name": name, "database_id": "kept"} for name in ("old", "new", "x" * 300)
    ]
    long = run.api.records["tables"].pop()
    assert run().returncode == 0
    whole = run.names
    gone = ("orders", "new") if gap == "list" else ("orders",)
    tables = run.api.records["tables"]
    run.api.records["tables"] = [table for table in tables if table["name"] not in gone or "lake" in table["id"]]
    if gap == "list":
        # Of one database alone it breaks off.
        run.api.paths = {"/databases/kept/tables": "nowhere"} | run.api.paths
    elif gap == "record":
        run.api.records["databases"][2]["description"] = {"is": "broken"}
    elif gap == "renamed":
        run.api.records["databases"][2]["label"] = "empty" + "x" * 300
    else:
        del run.api.records["databases"][2]["id"]
    broken = run()
    assert "shop.warehouse.default.orders" in run.server.deleted
    below = {name for name in whole if name.startswith("shop.empty")}
    assert len(below) == 4
    assert (below <= run.names) == (gap != "renamed"), broken.output[-3000:]
    assert long not in run.api.records["tables"]


@pytest.mark.framework
def test_nothing_is_read_below_a_broken_record(run: Run) -> None:
    """Not below the record before it either."""
    whole = full_names(run.api)
    run.api.records["databases"][1]["label"] = None
    assert run(threads=1).returncode == 0
    assert run.names == {name for name in whole if not name.startswith("shop.lake")}
    asked, run.api.asked = run.api.asked, []
    assert not any("d%2F1" in target for target in asked)
    run.api.records["databases"][1]["label"] = "lake"
    assert run(threads=1).returncode == 0
    assert run.names == whole
    assert [target for target in asked if "d%2F0" in target] == [one for one in run.api.asked if "d%2F0" in one]


# ---- RabbitMQ: virtual hosts with exchanges and queues in them, and what is bound to what ----------------------

HOSTS = {"/": ["orders", "naïve größe", "a.b"], "second": ["orders"], "third": []}


@pytest.fixture(scope="module")
def broker() -> Iterator[Broker]:
    if systems.missing("rabbitmq"):
        need(systems.install("rabbitmq"))
    with rabbitmq() as started:
        for host, queues in HOSTS.items():
            if host != "/":
                started.add_host(host)
            part = quote(host, safe="")
            for exchange in ("incoming", "relay"):
                started.ask("PUT", f"/exchanges/{part}/{exchange}", {"type": "topic"})
            started.ask("POST", f"/bindings/{part}/e/incoming/e/relay", {"routing_key": "#"})
            for queue in queues:
                started.declare(queue, host)
            for key in ("a", "b"):
                # Two bindings between the same two are one edge.
                for queue in queues[:2]:
                    started.ask("POST", f"/bindings/{part}/e/relay/q/{quote(queue)}", {"routing_key": key})
        yield started


def as_openmetadata(broker: Broker) -> tuple[set[str], set[tuple[str, str]]]:
    """The names of topics and the edges between them that a broker is to be, by what it says of itself all at once."""
    names = {f"{queue['vhost']}/{queue['name']}" for queue in broker.queues()}
    exchanges = [one for one in broker.ask("GET", "/exchanges") if one["name"]]
    names |= {f"{one['vhost']}/{one['name']}/exchange" for one in exchanges}
    edges = set()
    for binding in broker.ask("GET", "/bindings"):
        if binding["source"]:
            ending = "/exchange" if binding["destination_type"] == "exchange" else ""
            origin = f"{binding['vhost']}/{binding['source']}/exchange"
            edges.add((origin, f"{binding['vhost']}/{binding['destination']}{ending}"))
    return names, edges


@pytest.mark.framework
@pytest.mark.real
@pytest.mark.xdist_group("rabbitmq")
def test_virtual_hosts_arrive_with_what_is_in_them_and_what_is_bound(
    broker: Broker, deploy: Deploy, schemas: Path, tmp_path: Path
) -> None:
    bunny = deploy(DECLARED["rabbitmq"], "package", tmp_path)
    states = []
    for threads in ("4", "1"):
        with RecordingServer(schemas) as server:
            for _ in range(2):
                server.forget()
                workflow = bunny.pointed(server, hostPort=broker.url, threads=threads)
                run = bunny.ingest(workflow, password=broker.password)
                assert run.returncode == 0, run.output[-5000:]
                assert server.faults == []
                assert server.deleted == []
                names, edges = as_openmetadata(broker)
                topics = {topic["fullyQualifiedName"]: topic["name"] for topic in server.entities("topics")}
                assert sorted(topics.values()) == sorted(names)
                assert {(topics[origin], topics[target]) for origin, target, _ in server.edges()} == edges
            states.append(sorted(map(str, server.entities("topics"))))
    assert states[0] == states[1]
    assert len(edges) == 3 + 2 + 1
    assert "Warning: " not in run.output.replace("Warnings: ", "")
    assert broker.password not in run.output


# ---- Updates ---------------------------------------------------------------------------------------------------------


def test_update_keeps_edits_and_brings_another_topology(template: Path, tmp_path: Path) -> None:
    repository, project = tmp_path / "template", tmp_path / "shop"
    copier_answers = DECLARED["catalogue"]
    git_copy(template, repository)
    copier.run_copy(str(repository), project, data=copier_answers, defaults=True, unsafe=True, quiet=True)
    git(project, "init", "--quiet")
    commit(project, "as made")
    source = project / "src/openmetadata_shop/metadata.py"
    source.write_text(source.read_text().replace("MAX_WARNINGS = 1000", "MAX_WARNINGS = 50"))
    commit(project, "edited")
    changed = copier_answers["topology"].replace("GET /lineage", "GET /edges").replace("threads: 4", "threads: 8")
    copier.run_update(project, data={"topology": changed}, defaults=True, unsafe=True, overwrite=True, quiet=True)
    assert "MAX_WARNINGS = 50" in source.read_text()
    assert 'self._pages("/edges")' in (project / "src/openmetadata_shop/client.py").read_text()
    assert "threads: int = Field(8, ge=1)" in (project / "src/openmetadata_shop/settings.py").read_text()
    assert not any(b"<<<<<<<" in path.read_bytes() for path in project.rglob("*.*") if path.is_file())


def git_copy(template: Path, repository: Path) -> None:
    """The template as a repository of its own, at version 1.0.0."""
    shutil.copytree(template, repository)
    git(repository, "init", "--quiet")
    commit(repository, "first")
    git(repository, "tag", "1.0.0")


# ---- The tutorial ----------------------------------------------------------------------------------------------------

PAGE = (ROOT / "docs/kinds/topology.md").read_text(encoding="utf-8")


def block(language: str, words: str) -> str:
    """The fenced block of the tutorial that holds some words."""
    (found,) = [text for text in re.findall(rf"```{language}\n(.*?)```\n", PAGE, re.DOTALL) if words in text]
    return str(found)


@pytest.fixture
def catalogue_of_the_page(tmp_path: Path) -> Iterator[int]:
    """The tutorial's catalogue, running on a port of its own."""
    port = systems.free_port()
    (tmp_path / "catalogue.py").write_text(block("python", "LISTS").replace("8000", str(port)))
    (command,) = block("bash", "catalogue.py").splitlines()
    process = subprocess.Popen([sys.executable, *command.split()[1:]], cwd=tmp_path, stderr=subprocess.DEVNULL)
    try:
        until = time.monotonic() + 20
        while socket.socket().connect_ex(("127.0.0.1", port)):
            assert time.monotonic() < until
            time.sleep(0.05)
        yield port
    finally:
        process.terminate()
        process.wait()


@pytest.mark.framework
def test_tutorial_leads_from_an_answer_to_lineage(
    catalogue_of_the_page: int,
    template: Path,
    framework: Path,
    forked: Path,
    warm: Warm,
    schemas: Path,
    tmp_path: Path,
) -> None:
    """To the letter, but for the port, the address of the template, and where the package is installed."""
    answers = block("yaml", "kind: topology").replace("8000", str(catalogue_of_the_page))
    (tmp_path / "shop.yml").write_text(answers)
    (copy,) = block("bash", "copier copy").splitlines()
    arguments = copy.replace("gh:OWNER/openmetadata-connector-template", str(template)).split()
    assert arguments[0] == "copier"

    circle = answers.replace("stages: [{type: DatabaseSchema}]\n      children: [table]", "WRONG")
    assert "WRONG" in circle
    wrong = "stages: [{type: DatabaseSchema}]\n      children: [table, database]"
    (tmp_path / "shop.yml").write_text(circle.replace("WRONG", wrong))
    refused = subprocess.run([sys.executable, "-m", *arguments], cwd=tmp_path, capture_output=True, text=True)
    assert refused.returncode != 0
    assert block("text", "is a circle").strip() in refused.stderr
    assert not (tmp_path / "shop").exists()

    (tmp_path / "shop.yml").write_text(answers)
    made = subprocess.run([sys.executable, "-m", *arguments], cwd=tmp_path, capture_output=True, text=True)
    assert made.returncode == 0, made.stderr
    shop = install(tmp_path / "shop", "shop", "package", framework, tmp_path / "installed", warm=warm)

    assert block("bash", "-m certification").splitlines()[-1] == "python -m certification"
    done = certify(forked, shop.root, pythonpath=shop.pythonpath)
    assert done.returncode == 0, done.stdout + done.stderr
    checked = {line.split()[1] for line in done.stdout.splitlines() if line.startswith("passed")}
    assert {f"capabilities.{name}" for name in ("metadata", "topology", "threads", "lineage", "deletion")} <= checked

    assert "metadata ingest -c workflows/metadata.yaml" in block("bash", "metadata ingest")
    with RecordingServer(schemas) as server:
        run = shop.ingest(shop.pointed(server), token="anything")
        assert run.returncode == 0, run.output[-5000:]
        assert server.faults == []
        arrived = [
            entity["fullyQualifiedName"]
            for kind in ("databases", "databaseSchemas", "tables")
            for entity in server.entities(kind)
        ]
        assert sorted(arrived) == block("text", "shop.lake").splitlines()
        (edge,) = server.edges()
        assert edge[:2] == ("shop.lake.default.orders", "shop.warehouse.default.orders")


def test_page_has_every_type_and_field() -> None:
    rows = {line.split(" | ")[0].strip("| "): line for line in PAGE.splitlines() if line.startswith("| ")}
    for name, facts in CATALOG.services.items():
        for type_, about in facts.get("topology", {"types": {}})["types"].items():
            assert type_ in rows[name]
            assert [field for field in about.get("fields", {}) if f"`{field}`" not in rows[name]] == []


# ---- Types -----------------------------------------------------------------------------------------------------------


def test_emitted_source_is_typed(interview: Interview, tmp_path: Path) -> None:
    for answers in (*DECLARED.values(), ANSWERS["usual_dashboard"]):
        for path, text in files(interview, answers).items():
            if path.startswith("src/") and path.endswith(".py"):
                (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
                (tmp_path / path).write_text(text)
    command = [sys.executable, "-m", "mypy", "--ignore-missing-imports", "--no-incremental", "--config-file=", "src"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    # Client and settings are those of every connector.
    own = [line for line in done.stdout.splitlines() if re.search(r"/(metadata|models|connection)\.py:", line)]
    assert own == []
    assert "source file" in done.stdout
