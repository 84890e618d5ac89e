"""The recording server judges a contribution's service by the connection model that the contribution adds."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.support.openmetadata import Connection, RecordingServer

pytestmark = pytest.mark.framework

MODEL = {
    "type": "object",
    "properties": {"type": {"$ref": "#/$defs/Kind"}, "hostPort": {"type": "string"}},
    "required": ["hostPort"],
    "additionalProperties": False,
    "$defs": {"Kind": {"enum": ["MyDb"]}},
}


def sent(schemas: Path, config: dict[str, Any], *connections: Connection) -> RecordingServer:
    """A server that was sent a MyDb service with this configuration of its connection."""
    server = RecordingServer(schemas, connections=connections)
    body = {"name": "mine", "serviceType": "MyDb", "connection": {"config": config}}
    server.handle("PUT", "/api/v1/services/databaseServices", json.dumps(body).encode())
    return server


@pytest.mark.parametrize(
    "config", [{"type": "MyDb"}, {"type": "Other", "hostPort": "a:1"}, {"type": "MyDb", "hostPort": "a:1", "port": 1}]
)
def test_connection_that_does_not_fit_its_model_is_refused(config: dict[str, Any], schemas: Path) -> None:
    server = sent(schemas, config, Connection("database", "MyDb", MODEL))
    assert [fault.partition(" ")[0] for fault in server.faults] == ["PUT"]
    assert server.created("services/databaseServices") == []


def test_connection_that_fits_is_taken_where_the_model_was_added(schemas: Path) -> None:
    config = {"type": "MyDb", "hostPort": "a:1"}
    server = sent(schemas, config, Connection("database", "MyDb", MODEL))
    assert server.faults == []
    assert [one["connection"]["config"] for one in server.created("services/databaseServices")] == [config]
    assert sent(schemas, config).faults != []


def test_type_that_the_release_has_is_not_added(schemas: Path) -> None:
    with pytest.raises(ValueError, match="has a Mysql already"):
        sent(schemas, {}, Connection("database", "Mysql", MODEL))
