"""Runs of the sink: in the workflow as it is shipped, and by itself with records made here."""

from __future__ import annotations

import importlib
import os
import signal
from collections.abc import Iterable, Iterator
from typing import Any

import yaml
from metadata.cmd import metadata
from metadata.generated.schema.api.data.createTable import CreateTableRequest
from metadata.generated.schema.entity.data.table import Column, DataType

from openmetadata import OpenMetadataServer
from package import MANIFEST, ROOT
from running import Run, run

# The metadata workflow as it is shipped.
WORKFLOW = yaml.safe_load((ROOT / "workflows/metadata.yaml").read_text(encoding="utf-8"))

PLUGIN = MANIFEST["plugin"]

# The sink's class.
SINK: Any = getattr(importlib.import_module(f"{PLUGIN['package']}.sink"), f"{PLUGIN['type']}Sink")


def ingest(source: dict[str, Any], server: OpenMetadataServer, config: dict[str, Any], level: str = "INFO") -> Run:
    """Run the workflow as it is shipped with a `source` and a `config` of the sink; it asks that server."""
    settings = WORKFLOW["workflowConfig"]
    place = {"hostPort": server.url, "securityConfig": {"jwtToken": "token"}}
    settings = settings | {
        "loggerLevel": level,
        "openMetadataServerConfig": settings["openMetadataServerConfig"] | place,
    }
    parts = {"source": source, "sink": WORKFLOW["sink"] | {"config": config}, "workflowConfig": settings}
    return run(metadata, "ingest", WORKFLOW | parts)


class NoMetadata:
    """In place of the client of an OpenMetadata server, which these records need nothing of."""


def tables(count: int, width: int = 2) -> Iterator[CreateTableRequest]:
    """Requests for tables `shop.main.public.table_1` and so on, each with so many columns."""
    for number in range(1, count + 1):
        columns = [Column(name=f"column_{each}", dataType=DataType.INT) for each in range(1, width + 1)]
        yield CreateTableRequest(name=f"table_{number}", databaseSchema="shop.main.public", columns=columns)


def names(count: int) -> list[str]:
    """The names under which `tables` are delivered."""
    return [f"shop.main.public.table_{number}" for number in range(1, count + 1)]


def deliver(config: dict[str, Any], records: Iterable[Any]) -> Any:
    """Give records to a sink as a run of a workflow does; returns its status."""
    sink = SINK.create(dict(config), NoMetadata())
    try:
        for record in records:
            sink.run(record)
    finally:
        sink.close()
    return sink.status


def killed(config: dict[str, Any], records: Iterable[Any]) -> int:
    """Give records to a sink in a process that is killed when there are no more; returns how the process ended."""
    child = os.fork()
    if not child:
        try:
            sink = SINK.create(dict(config), NoMetadata())
            for record in records:
                sink.run(record)
            os.kill(os.getpid(), signal.SIGKILL)
        finally:
            os._exit(1)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
