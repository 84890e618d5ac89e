"""A source that fails half-way, and one that is large."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any

import pytest

from ingestion import ingest
from openmetadata import OpenMetadataServer
from package import MANIFEST

PERFORMANCE = MANIFEST["performance"]

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
def read(sample_source: dict[str, Any], grow: Callable[[int, int], None]) -> Callable[[int], Reading]:
    """Reads a source of a number of entities, all of them new to OpenMetadata."""

    def reading(rows: int) -> Reading:
        if rows in READINGS:
            return READINGS[rows]
        grow(rows, PERFORMANCE["width"])
        with OpenMetadataServer() as server:
            started = time.perf_counter()
            run = ingest(sample_source, server)
            seconds = time.perf_counter() - started
            assert run.status == 0, run.output[-3000:]
            READINGS[rows] = Reading(len(list(server.all())), seconds, run.peak)
            return READINGS[rows]

    return reading


def test_nothing_is_lost_when_the_source_fails_half_way(
    sample_source: dict[str, Any], server: OpenMetadataServer, half_way: Callable[[], AbstractContextManager[None]]
) -> None:
    assert ingest(sample_source, server).status == 0
    whole = server.state()
    with half_way():
        assert ingest(sample_source, server).status != 0
    assert sorted(whole.keys() - server.state().keys()) == []
    assert ingest(sample_source, server).status == 0
    assert sorted(server.state()) == sorted(whole)


def test_large_source_is_read_within_its_limits(
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
