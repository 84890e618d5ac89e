"""The sink by itself: records to give it, and the runs that it is given them in."""

from __future__ import annotations

import importlib
import os
import signal
from collections.abc import Iterable, Iterator
from typing import Any

from metadata.generated.schema.api.data.createTable import CreateTableRequest
from metadata.generated.schema.entity.data.table import Column, DataType

from package import MANIFEST

PLUGIN = MANIFEST["plugin"]

# The sink's class.
SINK: Any = getattr(importlib.import_module(f"{PLUGIN['package']}.sink"), f"{PLUGIN['type']}Sink")


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
