"""Sinks to each target: made, installed, certified, and run with the real framework on a real database."""

from __future__ import annotations

import hashlib
import json
import random
import re
import signal
import socket
import struct
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import copier
import pytest
import yaml

from extensions import naming
from extensions.catalog import Catalog
from tests.conftest import ROOT, Scaffold, by_day, need
from tests.support import kafka, systems
from tests.support.certification import certify
from tests.support.connector import install
from tests.support.contrib import join
from tests.support.forks import Forks
from tests.support.git import commit, git
from tests.support.openmetadata import COMMAND, IngestRun, RecordingServer, ingest
from tests.support.python import Warm
from tests.support.truth import ONE_DATABASE, arrived, differences, truth
from tests.support.tutorial import Shell

KIND = Catalog(ROOT / "catalog").kinds["sink"]
TARGETS = list(KIND["variants"])

# All are installed beside each other, in front of one framework.
pytestmark = pytest.mark.xdist_group("sink")

Json = dict[str, Any]

# What a server has on the connection test of SQLite.
STEPS = [
    {"name": name, "description": name, "mandatory": name == "CheckAccess"}
    for name in ("CheckAccess", "GetSchemas", "GetTables", "GetViews")
]
DEFINITION = {"name": "SQLite", "displayName": "SQLite", "description": "SQLite", "steps": STEPS}

# What stands in an address of a page for the place of the template.
TEMPLATE = "gh:OWNER/openmetadata-connector-template"

# What the source is called in OpenMetadata.
SERVICE = "shop"

# How many runs are killed, and the seed of where.
KILLS = 20
SEED = 9


@dataclass(frozen=True)
class Site:
    """A package for each target, installed in a folder with the framework's own modules."""

    roots: dict[str, Path]
    folder: Path

    def workflow(self, target: str, database: systems.System, server: RecordingServer, **config: Any) -> Json:
        """The workflow as it is shipped, led to a database and a server, with a config of the sink."""
        workflow = yaml.safe_load((self.roots[target] / "workflows/metadata.yaml").read_text())
        workflow["source"]["serviceName"] = SERVICE
        connection = {"databaseMode": str(database.path), "database": ONE_DATABASE}
        workflow["source"]["serviceConnection"]["config"] |= connection
        workflow["workflowConfig"]["openMetadataServerConfig"]["hostPort"] = server.url
        workflow["sink"]["config"] = config
        return workflow


@pytest.fixture(scope="module")
def site(scaffold: Scaffold, framework: Path, cache: Path, tmp_path_factory: pytest.TempPathFactory) -> Site:
    scratch = tmp_path_factory.mktemp("sinks")
    folder = scratch / "site"
    folder.mkdir()
    for module in kafka.client(cache, framework).iterdir():
        (folder / module.name).symlink_to(module)
    roots = {}
    modules = scratch / "metadata"
    for target in TARGETS:
        roots[target] = scaffold(scratch / target, kind="sink", name=f"my_{target}", target=target)
        made = install(roots[target], f"my_{target}", "package", framework, scratch / f"of_{target}", "").pythonpath
        for entry in made.iterdir():
            if entry.name == "metadata":
                place = Path("ingestion/sink") / f"my_{target}.py"
                (modules / place).parent.mkdir(parents=True, exist_ok=True)
                (modules / place).write_text((entry / place).read_text())
            else:
                entry.rename(folder / entry.name)
    modules.rename(folder / "metadata")
    join(folder / "metadata", framework)
    return Site(roots, folder)


@pytest.fixture(scope="module")
def run(site: Site, framework: Path) -> Iterator[Callable[..., IngestRun]]:
    """Runs a workflow with the real `metadata`, which has imported the sinks' site already."""
    with Warm(framework, site.folder) as warm:

        def workflow_run(workflow: Json, **secrets: str) -> IngestRun:
            env = {"OPENMETADATA_JWT_TOKEN": "token"} | secrets
            return ingest(framework, workflow, pythonpath=[site.folder], warm=warm, env=env)

        workflow_run.warm = warm  # type: ignore[attr-defined]
        yield workflow_run


@pytest.fixture
def server(schemas: Path) -> Iterator[RecordingServer]:
    with RecordingServer(schemas, {"SQLite": DEFINITION}) as server:
        yield server


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[systems.System]:
    """The shop that all real databases have, as a file."""
    with systems.sqlite(tmp_path_factory.mktemp("shop") / "shop.db") as system:
        yield system


# ---- What is made -------------------------------------------------------------------


@pytest.mark.parametrize("target", TARGETS)
def test_package_is_well_styled(target: str, site: Site) -> None:
    root = site.roots[target]
    for command in (["check"], ["format", "--check"]):
        done = subprocess.run(
            [sys.executable, "-m", "ruff", *command, "--no-cache", "."], cwd=root, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stdout
    for file in (path for path in root.rglob("*") if path.suffix in (".py", ".md", ".yaml", ".toml")):
        text = file.read_text()
        assert text.endswith("\n") and not text.endswith("\n\n"), file
        assert not re.search(r"[ \t]$", text, re.MULTILINE), file
        assert file.suffix == ".py" or "\n\n\n" not in text, file
        assert not re.search(r"TODO|FIXME|NotImplemented", text), file


def test_types_hold(site: Site, tmp_path: Path) -> None:
    sources = [str(site.roots[target] / "src") for target in TARGETS]
    mypy = [sys.executable, "-m", "mypy", "--strict", "--ignore-missing-imports", "--config-file="]
    # The framework is not installed beside mypy: what comes from it can't be known.
    loose = ["--disable-error-code=misc", "--disable-error-code=no-any-return", "--disable-error-code=import-untyped"]
    done = subprocess.run(
        [*mypy, *loose, "--cache-dir=/dev/null", *sources], capture_output=True, text=True, cwd=tmp_path
    )
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("target", TARGETS)
def test_package_has_nothing_of_other_targets(target: str, site: Site) -> None:
    words = {"files": "rotateRecords", "http": "import requests", "topic": "confluent_kafka"}
    texts = [path.read_text() for path in (site.roots[target] / "src").rglob("*.py")]
    assert [other for other, word in words.items() if any(word in text for text in texts)] == [target]


@pytest.mark.parametrize("name", ["lake", "s3_lake", "my_2nd", "a1b2c", "x_1"])
def test_class_is_named_as_the_framework_looks_for_it(name: str) -> None:
    """metadata/utils/importer.py: each part of the type, in capitals as `str.title` has it."""
    assert naming.pascal(name) == "".join(part.title() for part in name.split("_"))


# ---- What is refused ----------------------------------------------------------------


@pytest.mark.parametrize(
    ("answers", "line"),
    [
        ({"target": "ftp"}, "ftp"),
        ({"name": "file"}, "give another name, such as my_file: the framework has a sink 'file'"),
        ({"name": "metadata_rest"}, "the framework has a sink 'metadata_rest'"),
        ({"name": "My Lake"}, "is not snake case"),
        ({"service_type": "database"}, "leave service_type out: it belongs to"),
        ({"taget": "http"}, "taget is not a question; did you mean target?"),
    ],
)
def test_wrong_answer_is_refused_and_writes_nothing(
    answers: Json, line: str, scaffold: Scaffold, tmp_path: Path
) -> None:
    with pytest.raises(Exception) as refusal:  # Copier has one for each place
        scaffold(tmp_path / "out", **{"kind": "sink", "name": "lake"} | answers)
    assert line in str(refusal.value).splitlines()[-1]
    assert not (tmp_path / "out").exists()


def test_target_of_another_kind_is_refused(scaffold: Scaffold, tmp_path: Path) -> None:
    with pytest.raises(Exception, match="leave target out: it belongs to sink, not to connector"):
        scaffold(tmp_path / "out", target="http")
    assert not (tmp_path / "out").exists()


# ---- What it shows of itself --------------------------------------------------------


@pytest.fixture(scope="module")
def forks(site: Site, framework: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    with Forks(framework, tmp_path_factory.mktemp("forks"), site.folder) as forks:
        yield forks.python


@pytest.mark.framework
@pytest.mark.parametrize("target", by_day(TARGETS, ["files"]))
def test_fresh_package_is_certified(target: str, site: Site, forks: Path) -> None:
    root = site.roots[target]
    done = certify(forks, root, pythonpath=site.folder)
    assert done.returncode == 0, done.stdout + done.stderr
    report = json.loads((root / "certification/certification_report.json").read_text())
    assert {check["id"] for check in report["checks"]} == {
        f"capabilities.{target}",
        *(f"gates.{name}" for name in Catalog(ROOT / "catalog").certification["gates"] | KIND["gates"]),
    }
    assert all(check["outcome"] == "passed" and check["tests"] for check in report["checks"])


# ---- What arrives -------------------------------------------------------------------


def differences_of(envelopes: list[Json], database: systems.System, schemas: Path) -> list[str]:
    """Where records say something else than the database says of itself, told by a server that is given them."""
    collections = {
        "CreateDatabaseServiceRequest": "services/databaseServices",
        "CreateDatabaseRequest": "databases",
        "CreateDatabaseSchemaRequest": "databaseSchemas",
        "CreateTableRequest": "tables",
    }
    with RecordingServer(schemas) as server:
        server.put("services/databaseServices", name=SERVICE, serviceType="SQLite")
        for envelope in envelopes:
            server.put(collections[envelope["type"]], **envelope["record"])
        return differences(truth(database), arrived(server), system="sqlite")


def assert_keys_hold(envelopes: list[Json]) -> None:
    """Each key is what README.md says of it."""
    for envelope in envelopes:
        parts = [envelope["type"], envelope["name"], envelope["record"]]
        text = json.dumps(parts, sort_keys=True, separators=(",", ":"))
        assert envelope["key"] == hashlib.sha256(text.encode()).hexdigest()


@pytest.fixture(scope="module")
def filled(
    site: Site, run: Callable[..., IngestRun], schemas: Path, database: systems.System
) -> Iterator[RecordingServer]:
    """An OpenMetadata that has the source already, from the framework's own sink."""
    with RecordingServer(schemas, {"SQLite": DEFINITION}) as server:
        workflow = site.workflow("files", database, server)
        done = run(workflow | {"sink": {"type": "metadata-rest", "config": {}}})
        assert done.returncode == 0, done.output[-3000:]
        yield server


def lines(folder: Path) -> list[Json]:
    """The envelopes in the files of a folder that are done."""
    files = sorted(folder.glob("my_files-*.jsonl"))
    return [json.loads(line) for file in files for line in file.read_text(encoding="utf-8").splitlines()]


@pytest.mark.framework
@pytest.mark.real
def test_files_hold_what_the_database_has(
    site: Site,
    run: Callable[..., IngestRun],
    filled: RecordingServer,
    database: systems.System,
    schemas: Path,
    tmp_path: Path,
) -> None:
    workflow = site.workflow("files", database, filled, folder=str(tmp_path), performance={"rotateRecords": 3})
    done = run(workflow)
    assert done.returncode == 0, done.output[-3000:]
    assert differences_of(lines(tmp_path), database, schemas) == []
    assert_keys_hold(lines(tmp_path))
    assert len(list(tmp_path.glob("my_files-*.jsonl"))) >= 3


@pytest.mark.framework
@pytest.mark.real
def test_only_foreign_keys_take_an_openmetadata_that_has_the_tables(
    site: Site,
    run: Callable[..., IngestRun],
    server: RecordingServer,
    database: systems.System,
    schemas: Path,
    tmp_path: Path,
) -> None:
    """The framework looks up there what a key refers to (docs/kinds/sink.md); all else arrives without it."""
    done = run(site.workflow("files", database, server, folder=str(tmp_path)))
    assert done.returncode == 0, done.output[-3000:]
    service, *others = lines(tmp_path)
    assert service["type"] == "CreateDatabaseServiceRequest"
    lacking = differences_of(others, database, schemas)
    assert lacking and [line for line in lacking if ": foreign_keys: " not in line] == []
    assert server.created("tables") == []


class Endpoint(BaseHTTPRequestHandler):
    """Takes a batch only after it has refused it in turn as busy servers do; `server` has what came in."""

    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        key = self.headers["Idempotency-Key"]
        server: Any = self.server
        server.seen.append((key, self.headers["Authorization"], body))
        attempt = sum(seen == key for seen, _, _ in server.seen)
        if len(server.batches) == 0 and attempt == 3:
            # A reset, in the middle of an answer.
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.wfile.write(b"HTTP/1.1 2")
            self.close_connection = True
            return
        status = {1: 429, 2: 503}.get(attempt, 202) if len(server.batches) == 0 else 202
        if status == 202:
            server.batches.append((key, json.loads(body)))
        self.send_response(status)
        if status == 429:
            self.send_header("Retry-After", "1")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""


@contextmanager
def endpoint() -> Iterator[Any]:
    server: Any = ThreadingHTTPServer(("127.0.0.1", 0), Endpoint)
    server.seen, server.batches = [], []
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()


@pytest.mark.framework
@pytest.mark.real
def test_endpoint_has_what_the_database_has(
    site: Site,
    run: Callable[..., IngestRun],
    filled: RecordingServer,
    database: systems.System,
    schemas: Path,
    tmp_path: Path,
) -> None:
    """Although it answers the first batch with 429 and a wait, with 503, and with half an answer."""
    with endpoint() as receiver:
        url = f"http://127.0.0.1:{receiver.server_port}/records"
        config = {"folder": str(tmp_path), "url": url, "token": "env:LAKE_TOKEN", "performance": {"batchSize": 4}}
        done = run(site.workflow("http", database, filled, **config), LAKE_TOKEN="s3cret")
    assert done.returncode == 0, done.output[-3000:]
    assert "s3cret" not in done.output
    assert [sign_in for _, sign_in, _ in receiver.seen] == ["Bearer s3cret"] * len(receiver.seen)
    assert len({key for key, _, _ in receiver.seen[:4]}) == len({body for _, _, body in receiver.seen[:4]}) == 1
    envelopes = [envelope for _, batch in receiver.batches for envelope in batch]
    assert differences_of(envelopes, database, schemas) == []
    assert_keys_hold(envelopes)
    for key, batch in receiver.batches:
        assert key == hashlib.sha256("".join(f"{envelope['key']}\n" for envelope in batch).encode()).hexdigest()
    assert (tmp_path / "spool.jsonl").read_bytes() == (tmp_path / "dead-letters.jsonl").read_bytes() == b""


@pytest.mark.framework
@pytest.mark.real
def test_topic_has_what_the_database_has(
    site: Site,
    run: Callable[..., IngestRun],
    filled: RecordingServer,
    database: systems.System,
    schemas: Path,
    cache: Path,
    tmp_path: Path,
) -> None:
    """A topic of a real broker of Apache Kafka."""
    need(systems.install("java"))
    with kafka.broker(cache) as address:
        config = {"folder": str(tmp_path), "bootstrapServers": address, "topic": "shop"}
        done = run(site.workflow("topic", database, filled, **config))
        assert done.returncode == 0, done.output[-3000:]
        warm: Warm = run.warm  # type: ignore[attr-defined]
        messages = warm.run_script(site.folder, kafka.READ, address, "shop")
    envelopes = [json.loads(message["value"]) for message in messages]
    assert differences_of(envelopes, database, schemas) == []
    assert_keys_hold(envelopes)
    assert [(message["key"], message["headers"]) for message in messages] == [
        (envelope["key"], {"idempotency-key": envelope["key"], "type": envelope["type"]}) for envelope in envelopes
    ]


# ---- What is lost -------------------------------------------------------------------

# Where a run is killed at a record of the sink: before it is taken, in the middle of the line that is written of it, in
# the middle of the batch that it is delivered with, or after it was taken.
MOMENTS = ("before", "while", "in its batch", "after")

# Runs the command, and kills itself there.
KILLED = (
    """
import os, signal, sys
number, moment, site = int(sys.argv.pop(1)), sys.argv.pop(1), sys.argv.pop(1)
from metadata.ingestion.api.steps import Sink
from openmetadata_my_files.transport import Transport
run, write, deliver, count = Sink.run, os.write, Transport.deliver, 0

def die():
    os.kill(os.getpid(), signal.SIGKILL)

def torn(file, data):
    write(file, data[: len(data) // 2])
    die()

def counted(sink, record):
    global count
    count += 1
    if count == number and moment == "before":
        die()
    if count == number and moment == "while":
        os.write = torn
    result = run(sink, record)
    if count == number and moment == "after":
        die()
    return result

def delivered(transport, batch):
    if count >= number and moment == "in its batch":
        os.write = torn
    return deliver(transport, batch)

Sink.run, Transport.deliver = counted, delivered
"""
    + COMMAND
)


@pytest.mark.framework
@pytest.mark.real
def test_no_record_is_lost_where_runs_are_killed(
    site: Site,
    run: Callable[..., IngestRun],
    schemas: Path,
    database: systems.System,
    tmp_path: Path,
    record_property: Callable[[str, Any], None],
) -> None:
    """The file sink, killed at random records; the same workflow then runs from its start."""
    warm: Warm = run.warm  # type: ignore[attr-defined]
    with RecordingServer(schemas, {"SQLite": DEFINITION}) as server:
        whole = tmp_path / "whole"
        # The framework asks for a service once, so OpenMetadata knows it before the first run.
        server.put("services/databaseServices", name=SERVICE, serviceType="SQLite")
        sizes = {"performance": {"batchSize": 3, "rotateRecords": 4}}
        assert run(site.workflow("files", database, server, folder=str(whole), **sizes)).returncode == 0
        records = Counter(envelope["key"] for envelope in lines(whole))
        assert set(records.values()) == {1}
        dice = random.Random(SEED)
        hits = Counter[str]()
        for number in range(KILLS):
            folder = tmp_path / str(number)
            workflow = site.workflow("files", database, server, folder=str(folder), **sizes)
            file = tmp_path / f"{number}.json"
            file.write_text(json.dumps(workflow))
            at, moment = dice.randint(1, len(records)), dice.choice(MOMENTS)
            env = {"OPENMETADATA_JWT_TOKEN": "token"}
            arguments = (str(at), moment, str(site.folder), "ingest", "-c", str(file))
            done = warm.run(KILLED, *arguments, pythonpath=[site.folder], env=env)
            assert done.returncode == -signal.SIGKILL, done.stderr[-3000:]
            hits.update(("kills", moment))
            again = run(workflow)
            assert again.returncode == 0, again.output[-3000:]
            found = lines(folder)
            assert {envelope["key"] for envelope in found} == set(records), (at, moment)
            # What is there twice is known by its key: nothing else of it differs.
            assert len({json.dumps(envelope) for envelope in found}) == len(records), (at, moment)
            hits["with duplicates"] += len(found) > len(records)
            assert list(folder.glob("*.part")) == []
            assert (folder / "spool.jsonl").read_bytes() == (folder / "dead-letters.jsonl").read_bytes() == b""
    record_property("kills", ("file sink", dict(hits)))


# ---- What stays fresh ---------------------------------------------------------------


@pytest.mark.parametrize("target", by_day(TARGETS, ["http"]))
def test_edit_survives_and_the_new_arrives(target: str, template: Path, tmp_path: Path) -> None:
    repository, project = tmp_path / "repository", tmp_path / "project"
    subprocess.run(["cp", "-r", str(template), str(repository)], check=True)
    git(repository, "init", "--quiet")
    commit(repository, "first")
    git(repository, "tag", "1.0.0")
    data = {"kind": "sink", "name": "lake", "target": target}
    copier.run_copy(str(repository), project, data=data, defaults=True, unsafe=True, quiet=True)
    git(project, "init", "--quiet")
    commit(project, "as made")
    sink = project / "src/openmetadata_lake/sink.py"
    sink.write_text(sink.read_text().replace("left out by selection", "not wanted"))
    commit(project, "edited")
    source = repository / "template/{{only.sink}}/{{module_dir}}/sink.py.jinja"
    source.write_text(source.read_text().replace("and let go of the folder", "and free the folder"))
    commit(repository, "second")
    git(repository, "tag", "1.1.0")
    copier.run_update(project, defaults=True, unsafe=True, overwrite=True, quiet=True)
    text = sink.read_text()
    assert "not wanted" in text and "and free the folder" in text
    assert git(project, "diff", "--name-only").split() == [".copier-answers.yml", str(sink.relative_to(project))]


# ---- The tutorial -------------------------------------------------------------------


@pytest.mark.framework
@pytest.mark.real
def test_tutorial_works_to_the_letter(template: Path, framework: Path, server: RecordingServer, tmp_path: Path) -> None:
    """docs/kinds/sink.md. Stand-ins take the places of `pip`, which would download, and of `venv`."""
    text = (ROOT / "docs/kinds/sink.md").read_text().partition("## A database in files")[2]
    make, fill, go, look = re.findall(r"```bash\n(.*?)```", text, re.DOTALL)
    shell = Shell(tmp_path, framework, metadata=f'exec {framework} -W ignore -c "{COMMAND}" "$@"')
    shell.follow(make.replace(TEMPLATE, str(template)), tmp_path)
    join(shell.site / "metadata", framework)
    folder = tmp_path / "lake"
    shell.follow(fill, folder)
    workflow = folder / "workflows/metadata.yaml"
    assert workflow.read_text().count("http://localhost:8585/api") == 1
    workflow.write_text(workflow.read_text().replace("http://localhost:8585/api", server.url))
    shell.follow(go.replace("…", "token"), folder)
    (shown,) = re.findall(r"```text\n(.*?)```", text, re.DOTALL)
    assert shell.follow(look, folder).stdout == shown
