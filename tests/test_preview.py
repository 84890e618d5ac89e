"""The preview of a package: what a run sends, nothing else, and nothing to anybody but the source and this machine."""

from __future__ import annotations

import json
import os
import pty
import sqlite3
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol

import pytest

from extensions.answers import Choices, accepted
from extensions.resources import resources, sample_records
from tests.conftest import by_day
from tests.support import systems
from tests.support.api import Api
from tests.support.connector import Connector
from tests.support.declared_api import DeclaredApi
from tests.support.openmetadata import RecordingServer
from tests.support.previewed import PICTURE, picture
from tests.support.python import Warm, environment
from tests.support.random_topologies import drawn
from tests.support.render import Interview
from tests.test_clients import AUTHORIZATION, CATALOG, OPEN

Json = dict[str, Any]

pytestmark = [pytest.mark.framework, pytest.mark.xdist_group("preview")]

# Those that a package can be, and those that are previewed by day.
SERVICES = [name for name, facts in CATALOG.services.items() if "custom" in facts]
BY_DAY = ("dashboard", "storage")

# What is said of a run itself, and of the users that it asks for.
ASIDE = ("/services/ingestionPipelines", "/users")


@dataclass
class Package:
    """A package whose preview is run as its author would, by `python`, with variables of the environment."""

    connector: Connector
    python: Path
    answers: Json
    secrets: dict[str, str]

    def preview(self, workflow: Json, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            self.command(workflow, *arguments),
            cwd=self.connector.root,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=300,
        )

    def command(self, workflow: Json, *arguments: str) -> list[str]:
        (self.connector.root / "workflow.json").write_text(json.dumps(workflow), encoding="utf-8")
        return [str(self.python), "-W", "ignore", "-m", "preview", "workflow.json", *arguments]

    @property
    def environment(self) -> dict[str, str]:
        named = {f"{self.connector.name}_{name}".upper(): value for name, value in self.secrets.items()}
        return environment(**named)

    def entities(self, workflow: Json, *arguments: str) -> Json:
        done = self.preview(workflow, "--format", "json", *arguments)
        assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
        return dict(json.loads(done.stdout))


class Make(Protocol):
    """Writes the package of some answers to a folder. `secrets` are for its connection."""

    def __call__(self, answers: Json, root: Path, **secrets: str) -> Package: ...


@pytest.fixture(scope="module")
def make(template: Path, framework: Path, forked: Path, warm: Warm) -> Make:
    """A package of some answers, which is run where it is written."""
    interview = Interview(template)

    def written(answers: Json, root: Path, **secrets: str) -> Package:
        answered = interview.answered(answers)
        for path, text in interview.made(answered).items():
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).write_text(text, encoding="utf-8")
        service_type = answered["service_type"]
        connector = Connector(root, answers["name"], "package", root / "src", framework, service_type, warm)
        return Package(connector, forked, answered, secrets or {"password": "s3cret"})

    return written


def sent(server: RecordingServer) -> set[tuple[str, str]]:
    """What a run sent to the recording server: kinds and full names."""
    return {
        (str(server.store.collections[route]["type"]), entity["fullyQualifiedName"])
        for route, entity in server.store.all()
        if route not in ASIDE
    }


def shown(found: Json) -> set[tuple[str, str]]:
    return {(one["kind"], one["fullName"]) for one in found["entities"]}


def assert_same(found: Json, server: RecordingServer) -> None:
    """Everything that a run sent is in the preview, field by field, and nothing else is."""
    assert shown(found) == sent(server)
    assert shown(found)
    fields = {(one["kind"], one["fullName"]): one["fields"] for one in found["entities"]}
    for route, entity in server.store.all():
        if route in ASIDE:
            continue
        key = str(server.store.collections[route]["type"]), entity["fullyQualifiedName"]
        for name in ("displayName", "description", "sourceUrl"):
            assert fields[key].get(name) == entity.get(name), key
        columns = [(column["name"], column["dataType"]) for column in entity.get("columns") or ()]
        assert [(column["name"], column["dataType"]) for column in fields[key].get("columns") or ()] == columns
    assert {tuple(ends) for ends in found["lineage"]} == {ends[:2] for ends in server.edges()}


def client(service_type: str) -> Json:
    """The answers of a package over an API."""
    capabilities = accepted(Choices(CATALOG).capabilities(service_type, "rest_api", ""))
    return {
        "name": f"some_{service_type}",
        "service_type": service_type,
        "connection_type": "rest_api",
        "auth_types": OPEN.get(service_type, ["basic"]),
        "capabilities": capabilities,
        "api_prefix": "/api",
        "pagination": "page",
    }


def api(service_type: str) -> Api:
    listed = resources(CATALOG.services[service_type]["resources"])
    paths = {f"/api{resource.path}": resource.name for resource in listed.values()}
    records = sample_records(listed, {})
    for number, run in enumerate(records.get("runs", ())):
        began = time.time() - 3600 + number
        run["start_time"] = run["end_time"] = datetime.fromtimestamp(began, UTC).isoformat()
    return Api(records, paths, "" if service_type in OPEN else AUTHORIZATION)


@pytest.mark.parametrize("service_type", by_day(SERVICES, BY_DAY))
def test_preview_of_an_api_is_what_a_run_sends(service_type: str, make: Make, schemas: Path, tmp_path: Path) -> None:
    package = make(client(service_type), tmp_path)
    with api(service_type) as source, RecordingServer(schemas) as server:
        workflow = package.connector.pointed(server, hostPort=source.url)
        found = package.entities(workflow)
        assert server.requests == []
        run = package.connector.ingest(workflow, password="s3cret")
        assert run.returncode == 0, run.output[-3000:]
        assert_same(found, server)
        text = package.preview(workflow).stdout
    assert all(one["name"] in text for one in found["entities"])


@pytest.mark.parametrize("seed", [32, pytest.param(43, marks=pytest.mark.nightly)])
def test_preview_of_a_topology_is_what_a_run_sends(seed: int, make: Make, schemas: Path, tmp_path: Path) -> None:
    one = drawn(seed, CATALOG)
    package = make(one.answers, tmp_path, token="t", username="u", password="p")
    types = CATALOG.services[package.connector.service_type]["topology"]["types"]
    with DeclaredApi(one.declared, types, package.answers) as source, RecordingServer(schemas) as server:
        workflow = package.connector.pointed(server, hostPort=source.url)
        found = package.entities(workflow)
        run = package.connector.ingest(workflow, **package.secrets)
        assert run.returncode == 0, run.output[-3000:]
        assert_same(found, server)


# ---- A real database -----------------------------------------------------------------------------------------------


@dataclass
class Shop:
    package: Package
    workflow: Json
    file: Path

    def change(self, *statements: str) -> None:
        with closing(sqlite3.connect(self.file)) as connection, connection:
            for statement in statements:
                connection.execute(statement)


@pytest.fixture
def shop(make: Make, schemas: Path, tmp_path: Path) -> Iterator[Shop]:
    """A package that reads a SQLite file."""
    answers = {"name": "shop", "service_type": "database", "scheme": "sqlite+pysqlite", "capabilities": ["lineage"]}
    package = make(answers, tmp_path / "package")
    with systems.sqlite(tmp_path / "shop.db") as system:
        assert system.path
        workflow = package.connector.workflow()
        workflow["source"]["serviceConnection"]["config"]["connectionOptions"]["databaseFile"] = str(system.path)
        yield Shop(package, workflow, system.path)


def test_database_its_filters_and_what_differs(shop: Shop, schemas: Path) -> None:
    before = shop.package.preview(shop.workflow, "--diff")
    assert (before.returncode, before.stdout) == (2, "")
    assert before.stderr == "--diff: there is no preview before this one; run one without --diff first\n"

    with RecordingServer(schemas) as server:
        workflow = json.loads(json.dumps(shop.workflow))
        workflow["workflowConfig"]["openMetadataServerConfig"]["hostPort"] = server.url
        found = shop.package.entities(workflow)
        assert server.requests == []
        assert shop.package.connector.ingest(workflow).returncode == 0
        assert_same(found, server)
    (products,) = (one for one in found["entities"] if one["name"] == "products")
    assert products["parent"] == ["databaseSchema", products["fullName"].rpartition(".")[0]]

    assert shop.package.entities(shop.workflow, "--diff")["diff"] == {"added": [], "changed": {}, "removed": []}
    shop.change(
        "alter table customers add column phone varchar(20)",
        "create table parcels (id integer primary key)",
        'drop view "Low Stock"',
    )
    done = shop.package.preview(shop.workflow, "--diff")
    lines = [line for line in done.stdout.splitlines() if line[:2] in ("+ ", "~ ", "- ")]
    above = products["fullName"].removesuffix("products")
    assert lines == [
        f"+ table {above}parcels",
        f"~ table {above}customers: columns",
        f"- table {above}Low Stock",
    ]
    assert done.returncode == 0

    shop.workflow["source"]["sourceConfig"]["config"]["tableFilterPattern"] = {"includes": ["^customers$"]}
    found = shop.package.entities(shop.workflow)
    assert [one["name"] for one in found["entities"] if one["kind"] == "table"] == ["customers"]
    assert any("parcels" in name for name in found["filtered"])
    assert "last_workflow.json" not in _untracked(shop.package.connector.root)


def _untracked(root: Path) -> str:
    """What Git would add of a package."""
    subprocess.run(["git", "init", "-q"], cwd=root, check=True)
    command = ["git", "status", "--porcelain", "--untracked-files=all"]
    return subprocess.run(command, cwd=root, check=True, capture_output=True, text=True).stdout


# ---- The command ---------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def pipelines(make: Make, tmp_path_factory: pytest.TempPathFactory) -> Package:
    return make(client("pipeline"), tmp_path_factory.mktemp("pipelines"))


def pointed(package: Package, source: Api, **options: str) -> Json:
    workflow = package.connector.workflow()
    workflow["source"]["serviceConnection"]["config"]["connectionOptions"].update(hostPort=source.url, **options)
    return workflow


def test_tree_has_tasks_runs_and_owners(pipelines: Package) -> None:
    with api("pipeline") as source:
        source.records["pipelines"][0] |= {"owners": ["ana@example.com", "Data Team"], "tags": ["hourly"]}
        done = pipelines.preview(pointed(pipelines, source))
    assert (done.returncode, done.stderr) == (0, "")
    first, second, *_ = done.stdout.splitlines()
    assert first == "some_pipeline  (pipeline service)"
    assert second.startswith("├── pipeline-1  (pipeline, ")
    assert "owned by ana@example.com, Data Team, last run Successful)" in second
    assert second.endswith("hourly")
    assert "│   ├── task-1  sql" in done.stdout
    assert "\npipeline                       5          5       1       1\n" in done.stdout


def test_limit_reads_and_shows_less_and_calls_nothing_missing(pipelines: Package) -> None:
    with api("pipeline") as source:
        whole = pipelines.entities(pointed(pipelines, source))
        asked, source.asked = len(source.asked), []
        done = pipelines.preview(pointed(pipelines, source), "--limit", "1")
        assert len(source.asked) < asked
    assert done.returncode == 0
    assert done.stdout.count("(pipeline, ") == 1
    assert "└── … 1 more" in done.stdout
    assert "At most 1 of each list were read, and there may be more." in done.stdout
    assert whole["warnings"]
    assert not any(word in done.stdout for word in ("Warnings", "Nothing of it arrives", "deleted", "missing"))
    with api("pipeline") as source:
        refused = pipelines.preview(pointed(pipelines, source), "--limit", "1", "--diff")
        kept = json.loads((pipelines.connector.root / "preview/last_workflow.json").read_text())
    assert (refused.returncode, refused.stdout) == (2, "")
    assert len(kept["entities"]) == len(whole["entities"])


def test_failing_source_ends_as_a_run_does_and_says_no_secret(pipelines: Package) -> None:
    with api("pipeline") as source:
        source.authorization = "another"
        workflow = pointed(pipelines, source)
        done = pipelines.preview(workflow)
        run = pipelines.connector.ingest(workflow, password="s3cret")
    assert (done.returncode, done.stderr) == (1, "")
    assert run.returncode == 1
    assert "Failures: 1" in done.stdout
    assert "CheckAccess" in done.stdout
    assert "docs/troubleshooting.md" in done.stdout
    assert "s3cret" not in done.stdout + done.stderr


def test_list_that_breaks_off_is_a_failure(pipelines: Package) -> None:
    with api("pipeline") as source, pytest.MonkeyPatch.context() as patched:
        whole = source.answer
        patched.setattr(source, "answer", lambda at, *rest: (200, b"<html>") if "page=2" in at else whole(at, *rest))
        done = pipelines.preview(pointed(pipelines, source))
    assert done.returncode == 1, done.stdout
    assert "Failures: " in done.stdout


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"source": {"type": "custompipeline"}}, "it has no source with connectionOptions"),
        (None, "there is no such workflow"),
    ],
)
def test_no_workflow_to_preview_is_a_line(change: Json | None, words: str, pipelines: Package) -> None:
    if change is None:
        command = [str(pipelines.python), "-W", "ignore", "-m", "preview", "nowhere.yaml"]
        done = subprocess.run(command, cwd=pipelines.connector.root, capture_output=True, text=True, timeout=300)
    else:
        done = pipelines.preview(pipelines.connector.workflow() | change)
    assert (done.returncode, done.stdout) == (2, "")
    assert words in done.stderr
    assert done.stderr.count("\n") == 1


# Run before the preview, in its process and in that of the run: writes each address that is connected to.
WATCH = """
import os, sys
def watch(event, arguments):
    if event == "socket.connect":
        with open(os.environ["CONNECTED"], "a") as file:
            print(repr(arguments[1]), file=file)
sys.addaudithook(watch)
"""


def test_secret_is_nowhere_and_nobody_else_is_asked(pipelines: Package, framework: Path, tmp_path: Path) -> None:
    (tmp_path / "hooked").mkdir()
    (tmp_path / "hooked/sitecustomize.py").write_text(WATCH)
    connected = tmp_path / "connected"
    with api("pipeline") as source:
        source.records["pipelines"][0]["name"] = "\x1b[2Jclear"
        done = subprocess.run(
            [str(framework), *pipelines.command(pointed(pipelines, source))[1:]],
            cwd=pipelines.connector.root,
            env=pipelines.environment | {"CONNECTED": str(connected), "PYTHONPATH": str(tmp_path / "hooked")},
            capture_output=True,
            text=True,
            timeout=300,
        )
    assert (done.returncode, done.stderr) == (0, "")
    assert "\x1b" not in done.stdout
    kept = (pipelines.connector.root / "preview/last_workflow.json").read_text()
    assert not any(word in done.stdout + kept for word in ("s3cret", "SOME_PIPELINE_PASSWORD", "connectionOptions"))
    lines = connected.read_text().splitlines()
    assert f"('127.0.0.1', {source.url.rpartition(':')[2]})" in lines
    assert {line for line in lines if not line.startswith(("('127.0.0.1', ", "('localhost', "))} == set()


def test_terminal_shows_how_far_it_is_and_keeps_to_its_width(pipelines: Package) -> None:
    leader, follower = pty.openpty()
    with api("pipeline") as source:
        source.records["pipelines"][0]["name"] = "long " * 30
        process = subprocess.Popen(
            pipelines.command(pointed(pipelines, source)),
            cwd=pipelines.connector.root,
            env=pipelines.environment | {"COLUMNS": "80", "TERM": "xterm"},
            stdout=follower,
            stderr=follower,
        )
        os.close(follower)
        said = b""
        while True:
            try:
                piece = os.read(leader, 65536)
            except OSError:
                break
            if not piece:
                break
            said += piece
        assert process.wait(timeout=60) == 0
    os.close(leader)
    progress, _, output = said.decode().rpartition("\r\x1b[K")
    assert "\rReading: " in progress
    tree = output.partition("\r\n\r\n")[0].split("\r\n")
    assert max(map(len, tree)) == 80
    assert any(line.endswith("…") for line in tree)


# Runs in the framework's interpreter.
CALL = """
import json, sys
from preview import preview
counted = []
found = preview(sys.argv[1], progress=counted.append)
(service,) = found.tree
print(json.dumps([counted[:1], service["name"], [one["name"] for one in service["children"]]]))
"""


def test_function_gives_the_tree_as_data(pipelines: Package) -> None:
    with api("pipeline") as source:
        (pipelines.connector.root / "workflow.json").write_text(json.dumps(pointed(pipelines, source)))
        done = subprocess.run(
            [str(pipelines.python), "-c", CALL, "workflow.json"],
            cwd=pipelines.connector.root,
            env=pipelines.environment,
            capture_output=True,
            text=True,
            timeout=300,
        )
    assert done.returncode == 0, done.stderr[-3000:]
    assert json.loads(done.stdout) == [[1], "some_pipeline", [f"pipeline-{number}" for number in range(1, 6)]]


def test_picture_shows_what_is_said_now(forked: Path, template: Path, tmp_path: Path) -> None:
    assert picture(forked, template, tmp_path) == PICTURE.read_text(), "run python -m tests.support.previewed"


# Run before the preview, in the process of the run: the body of one request is not valid for the release.
SPOIL = """
import json
import requests
send = requests.Session.send
def spoiled(self, request, **settings):
    if request.method == "PUT" and request.url.endswith("/pipelines") and b"pipeline-2" in as_bytes(request.body):
        request.prepare_body(None, None, json.loads(request.body) | {"tasks": "none"})
    return send(self, request, **settings)
def as_bytes(body):
    return body if isinstance(body, bytes) else (body or "").encode()
requests.Session.send = spoiled
"""


def test_request_that_is_refused_is_a_failure(pipelines: Package, framework: Path, tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text(SPOIL)
    with api("pipeline") as source:
        done = subprocess.run(
            [str(framework), *pipelines.command(pointed(pipelines, source), "--format", "json")[1:]],
            cwd=pipelines.connector.root,
            env=pipelines.environment | {"PYTHONPATH": str(tmp_path)},
            capture_output=True,
            text=True,
            timeout=300,
        )
    assert done.returncode == 1, done.stdout[-3000:] + done.stderr[-3000:]
    found = json.loads(done.stdout)
    assert sorted(one["name"] for one in found["entities"] if one["kind"] == "pipeline") == [
        f"pipeline-{number}" for number in (1, 3, 4, 5)
    ]
    refused = [one["error"] for one in found["failures"] if one["name"] == "OpenMetadata refuses"]
    assert any("CreatePipelineRequest tasks " in one for one in refused), found["failures"]


# Runs in the framework's interpreter: a source that says its credentials in what fails.
LEAK = """
import io, json, sys
from pathlib import Path
from preview import run
def fail(config):
    raise ValueError("no\\nuser p:s3cr%21t@host, s3cr!t")
run.MetadataWorkflow.create = fail
print(json.dumps(run.run(Path(sys.argv[1]), 0, io.StringIO())["failures"]))
"""


def test_secret_in_a_message_is_masked(pipelines: Package, warm: Warm) -> None:
    root = pipelines.connector.root
    (root / "workflow.json").write_text(json.dumps(pipelines.connector.workflow()))
    done = warm.run(
        LEAK,
        "workflow.json",
        pythonpath=[root, root / "src", root / "tests"],
        cwd=root,
        env={"SOME_PIPELINE_PASSWORD": "s3cr!t"},
    )
    assert done.returncode == 0, done.stderr[-2000:]
    said = json.loads(done.stdout.splitlines()[-1])
    assert said == [{"name": "ValueError", "error": "no user p:***@host, ***"}]
