"""The source that the tests read, the receiver that they deliver to, and the server that the framework asks."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from delivery import WORKFLOW
from openmetadata import OpenMetadataServer
from receiver import Receiver

SCHEMA = """
CREATE TABLE customer (id INTEGER PRIMARY KEY, name TEXT NOT NULL, born DATE);
CREATE TABLE "order" (number INTEGER, customer INTEGER REFERENCES customer (id), total DECIMAL(10, 2));
CREATE VIEW latest AS SELECT number, total FROM "order";
"""

# What the server has on the connection test of the source, of which these tests want nothing.
DEFINITION = "SQLite.testConnectionDefinition"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--source", metavar="WORKFLOW", help="hold the contract against the real source of a workflow")


@pytest.fixture
def server() -> Iterator[OpenMetadataServer]:
    with OpenMetadataServer() as server:
        entity = {"id": "00000000-0000-0000-0000-000000000000", "name": "SQLite", "fullyQualifiedName": DEFINITION}
        definitions = server.collections["/services/testConnectionDefinitions"]
        definitions.entities[DEFINITION] = entity | {"displayName": "SQLite", "description": "None.", "steps": []}
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
