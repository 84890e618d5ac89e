"""The integration test that a contribution with a container image brings: run with the framework, but without Docker.

`testcontainers` is stood in for by tests/support/docker, whose containers are real servers on loopback; what all
integration tests of OpenMetadata share, by tests/support/integration.py; and OpenMetadata, by the recording server.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.conftest import ROOT, Scaffold, need
from tests.support import systems
from tests.support.connector import PYTEST_OPTIONS, Connector, contribute
from tests.support.contrib import write_checkout
from tests.support.openmetadata import RecordingServer
from tests.support.python import Warm, environment
from tests.support.rabbitmq import ADMIN, rabbitmq

Answers = dict[str, Any]

pytestmark = [pytest.mark.framework, pytest.mark.real, pytest.mark.xdist_group("integration")]

TESTS = "ingestion/tests/integration"

POSTGRES: Answers = {"scheme": "postgresql+psycopg2", "docker_image": "postgres:16"}
CONNECTORS: dict[str, Answers] = {
    "pg_shop": POSTGRES,
    "maria_shop": {"scheme": "mysql+pymysql", "docker_image": "mariadb:11", "docker_port": 3306},
    "rabbitmq": yaml.safe_load((ROOT / "examples/rabbitmq.yml").read_text()),
    "pg_faulty": POSTGRES,
}

# What an author says of an image that the catalog does not know.
EDITS = {
    f"{TESTS}/rabbitmq/conftest.py": {
        "ENVIRONMENT: dict[str, str] = {}": "ENVIRONMENT: dict[str, str] = {\n"
        '    "RABBITMQ_DEFAULT_USER": "openmetadata",\n    "RABBITMQ_DEFAULT_PASS": "s3cret",\n}',
        "SEED: list[str] = []": 'SEED: list[str] = ["rabbitmqadmin declare queue name=orders"]',
    },
    # A check that fails, and tables that are not read without a word.
    "ingestion/src/metadata/ingestion/source/database/pgfaulty/connection.py": {
        "        return list_views(": '        raise ValueError("planted")\n        return list_views(',
    },
    "ingestion/src/metadata/ingestion/source/database/pgfaulty/metadata.py": {
        "    def get_configured_database(self)": "    def get_tables_name_and_type(self) -> list[Any]:\n"
        "        return []\n\n    def get_configured_database(self)",
    },
}


EMITTED = ("test_every_check_passes", "test_what_is_in_the_container_arrives")


class Run:
    """What came of the emitted tests: outcomes by connector and test, and what was said."""

    def __init__(self, done: subprocess.CompletedProcess[str], server: RecordingServer) -> None:
        self.output = done.stdout[-20000:] + done.stderr[-5000:]
        self.server = server
        self.outcomes: dict[str, dict[str, str]] = {name: {} for name in CONNECTORS}
        modules = {name.replace("_", ""): name for name in CONNECTORS}
        for outcome, module, test in re.findall(
            rf"^(PASSED|FAILED|ERROR) {TESTS}/(\w+)/test_metadata\.py::([\w\[\]]+)", done.stdout, re.MULTILINE
        ):
            self.outcomes[modules[module]][test] = outcome


@pytest.fixture(scope="module")
def run(
    scaffold: Scaffold, framework: Path, schemas: Path, warm: Warm, tmp_path_factory: pytest.TempPathFactory
) -> Run:
    """All connectors in one checkout, and their integration tests run at once."""
    for name in ("postgres", "mariadb", "rabbitmq"):
        if systems.missing(name):
            need(systems.install(name))
    scratch = tmp_path_factory.mktemp("integration")
    root = write_checkout(scratch / "checkout")
    for name, answers in CONNECTORS.items():
        scaffold(root, **{"name": name} | answers | {"placement": "contrib"})
    for place, changes in EDITS.items():
        text = (root / place).read_text()
        for old, new in changes.items():
            assert text.count(old) == 1, old
            text = text.replace(old, new)
        (root / place).write_text(text)
    shutil.copy(ROOT / "tests/support/integration.py", root / TESTS / "conftest.py")
    added = [(answers.get("service_type", "database"), name) for name, answers in CONNECTORS.items()]
    connectors = contribute(root, added, framework, scratch)
    with ExitStack() as stack:
        server = stack.enter_context(recording(connectors, schemas, warm))
        postgres = stack.enter_context(systems.postgres())
        mariadb = stack.enter_context(systems.mariadb())
        broker = stack.enter_context(rabbitmq())
        containers = {
            "postgres:16": container("postgres", 5432, postgres.port, postgres.admin, postgres.admin_password),
            "mariadb:11": container("mysql", 3306, mariadb.port, mariadb.admin, mariadb.admin_password),
            "rabbitmq:management": container("rabbitmq", 15672, broker.port, ADMIN, broker.admin_password),
        }
        path = [connectors[0].pythonpath, ROOT / "tests/support/docker"]
        variables = {"OPENMETADATA_URL": server.url, "CONTAINERS": json.dumps(containers)}
        done = subprocess.run(
            [str(framework), "-m", "pytest", *PYTEST_OPTIONS, "-rA", "--tb=short", "--show-capture=no", TESTS],
            cwd=root,
            env=environment(path, **variables),
            capture_output=True,
            text=True,
            timeout=300,
        )
    return Run(done, server)


def recording(connectors: list[Connector], schemas: Path, warm: Warm) -> RecordingServer:
    """A server that knows all of the connectors."""
    definitions = {name: steps for one in connectors for name, steps in one.definitions.items()}
    return RecordingServer(schemas, definitions, [one.connection(warm) for one in connectors])


def container(kind: str, inside: int, port: int, admin: str, password: str) -> dict[str, Any]:
    return {"kind": kind, "inside": inside, "port": port, "admin": admin, "password": password}


@pytest.mark.parametrize("name", ["pg_shop", "maria_shop", "rabbitmq"])
def test_emitted_test_passes_with_docker_stood_in_for(name: str, run: Run) -> None:
    assert run.outcomes[name] == dict.fromkeys(EMITTED, "PASSED"), run.output


def test_emitted_test_fails_where_a_check_fails_or_tables_are_not_read(run: Run) -> None:
    assert run.outcomes["pg_faulty"] == dict.fromkeys(EMITTED, "FAILED"), run.output
    assert re.search(r"^E +AssertionError: assert \['Table'\] == \[\]$", run.output, re.MULTILINE), run.output


def test_seed_arrives_and_nothing_of_the_server_itself(run: Run) -> None:
    names = {"customers", "orders", "large_orders"}
    tables = [table for table in run.server.created("tables") if "pg_shop" in table["databaseSchema"]]
    assert {table["name"] for table in tables} == names
    assert [topic["name"] for topic in run.server.created("topics")] == ["orders"]


def test_what_is_sent_is_valid_and_services_are_deleted_afterwards(run: Run) -> None:
    assert run.server.faults == []
    services = [name for name in run.server.deleted if "." not in name]
    assert len(services) == len(CONNECTORS)
