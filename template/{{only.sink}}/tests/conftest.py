"""The source that the tests read, the receiver that they deliver to, and the server that the framework asks."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
import yaml

from delivery import WORKFLOW
from openmetadata import OpenMetadataServer
from receiver import Receiver

SCHEMA = """
CREATE TABLE customer (id INTEGER PRIMARY KEY, name TEXT NOT NULL, born DATE);
CREATE TABLE "order" (number INTEGER, customer INTEGER REFERENCES customer (id), total DECIMAL(10, 2));
CREATE VIEW latest AS SELECT number, total FROM "order";
"""


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--source", metavar="WORKFLOW", help="hold the contract against the real source of a workflow")


@pytest.fixture
def workflow(request: pytest.FixtureRequest) -> Path | None:
    """The workflow that names the real source, where there is one."""
    named = request.config.getoption("--source")
    return Path(named) if named else None


@pytest.fixture
def source(request: pytest.FixtureRequest, workflow: Path | None) -> dict[str, Any]:
    """The `source` of the metadata workflow."""
    if not workflow:
        return request.getfixturevalue("sample_source")
    return yaml.safe_load(workflow.read_text(encoding="utf-8"))["source"]


@pytest.fixture
def server(source: dict[str, Any]) -> Iterator[OpenMetadataServer]:
    """A server that has a connection test of the source, in which nothing is tested."""
    with OpenMetadataServer() as server:
        kind = source["serviceConnection"]["config"]["type"]
        name = f"{kind}.testConnectionDefinition"
        entity = {"id": "00000000-0000-0000-0000-000000000000", "name": kind, "fullyQualifiedName": name}
        definitions = server.collections["/services/testConnectionDefinitions"]
        definitions.entities[name] = entity | {"displayName": kind, "description": "Nothing.", "steps": []}
        yield server


@pytest.fixture
def receiver(tmp_path: Path) -> Iterator[Receiver]:
    """Where records are delivered to."""
    with Receiver(tmp_path) as receiver:
        yield receiver


@pytest.fixture
def config(receiver: Receiver) -> dict[str, Any]:
    """The `sink.config` of a workflow that delivers there."""
    return receiver.config()


@pytest.fixture
def database(tmp_path: Path) -> Path:
    """A small SQLite database."""
    path = tmp_path / "shop.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(SCHEMA)
    return path


@pytest.fixture
def sample_source(database: Path) -> dict[str, Any]:
    """The `source` of the metadata workflow, with that database."""
    source = deepcopy(WORKFLOW["source"])
    source["type"] = "sqlite"
    source["serviceConnection"]["config"] = {"type": "SQLite", "databaseMode": str(database), "database": "shop"}
    return source
