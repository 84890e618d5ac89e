"""Records that can't be processed, and a source that is large."""

from __future__ import annotations

import importlib
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from metadata.generated.schema.api.data.createTable import CreateTableRequest
from metadata.ingestion.ometa.ometa_api import OpenMetadata
from metadata.utils.importer import import_processor_class

from ingestion import WORKFLOW, equipped, fill, ingest, summary, wide
from openmetadata import OpenMetadataServer
from package import MANIFEST

PLUGIN = MANIFEST["plugin"]
PERFORMANCE = MANIFEST["performance"]
RECORDS = importlib.import_module(f"{PLUGIN['package']}.records")

# Each size of source is read once.
READINGS: dict[int, Reading] = {}


@dataclass(frozen=True)
class Reading:
    """What it took to read a source: its entities, seconds in all, and the most memory that it had, in MiB."""

    entities: int
    seconds: float
    peak: float

    @property
    def each(self) -> float:
        """Seconds an entity."""
        return self.seconds / self.entities


@pytest.fixture
def read(config: dict[str, Any], tmp_path: Path) -> Callable[[int], Reading]:
    """Reads a source of a number of tables, all of them new to OpenMetadata."""

    def reading(rows: int) -> Reading:
        if rows in READINGS:
            return READINGS[rows]
        database = fill(tmp_path / f"{rows}.db", wide(rows, PERFORMANCE["width"]))
        with OpenMetadataServer() as server:
            before = len(list(equipped(server).all()))
            started = time.perf_counter()
            done = ingest(config, database, server)
            seconds = time.perf_counter() - started
            assert done.status == 0, done.output[-3000:]
            READINGS[rows] = Reading(len(list(server.all())) - before, seconds, done.peak)
            return READINGS[rows]

    return reading


def test_nothing_is_lost_when_records_fail(
    config: dict[str, Any], database: Path, server: OpenMetadataServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert ingest(config, database, server).status == 0
    whole = server.state()

    def fail(_deadline: object) -> None:
        raise RuntimeError("the record can't be processed")

    with monkeypatch.context() as broken:
        broken.setattr(RECORDS.Deadline, "check", fail)
        done = ingest(config, database, server)
    assert done.status != 0
    counts = summary(done.output)[PLUGIN["type"]]
    assert counts["Errors"] >= len(MANIFEST["entities"]["CreateTableRequest"])
    assert sorted(whole.keys() - server.state().keys()) == []
    assert server.deleted == []
    assert ingest(config, database, server).status == 0
    assert server.state() == whole


def test_record_that_takes_too_long_fails(
    config: dict[str, Any], client: OpenMetadata, table: CreateTableRequest
) -> None:
    config["performance"] = {"recordSeconds": 1e-9}
    processor = import_processor_class(WORKFLOW["processor"]["type"]).create(config, client)
    processor.run(table)
    (failure,) = processor.status.failures
    assert failure.name == "CreateTableRequest [shop.files.main.crm_customers]"
    assert "it took longer than performance.recordSeconds allows (1e-09)" in failure.error


def test_large_source_passes_within_its_limits(
    read: Callable[[int], Reading], record_property: Callable[[str, Any], None]
) -> None:
    small, large = read(1), read(PERFORMANCE["rows"])
    memory = large.peak - small.peak
    record_property("seconds", round(large.seconds, 3))
    record_property("memory", round(memory, 1))
    assert large.entities >= PERFORMANCE["rows"]
    assert memory <= PERFORMANCE["memory"]
    assert large.seconds <= PERFORMANCE["seconds"]


def test_large_source_takes_no_longer_an_entity(
    read: Callable[[int], Reading], record_property: Callable[[str, Any], None]
) -> None:
    small, large = read(PERFORMANCE["rows"] // 10), read(PERFORMANCE["rows"])
    ratio = large.each / small.each
    record_property("ratio", round(ratio, 3))
    assert ratio <= PERFORMANCE["ratio"]
