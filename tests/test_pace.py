"""A client of a map asks for several things at a time: sooner done, with the same records in the same order."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.support.paced import DETAIL, SlowApi, package, read
from tests.support.python import Warm

pytestmark = pytest.mark.framework


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return package(ROOT, tmp_path_factory.mktemp("plain"))


@pytest.fixture(scope="module")
def detailed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return package(ROOT, tmp_path_factory.mktemp("detailed"), detail=DETAIL)


def test_eight_at_a_time_are_several_times_as_fast(plain: Path, warm: Warm) -> None:
    with SlowApi(40, delay=0.05) as api:
        one, eight = read(plain, warm, api, 1), read(plain, warm, api, 8)
    assert one.found == eight.found
    assert len(one.found) == 120
    # Eight times as fast but for the first ones; the machine may be busy with other tests.
    assert eight.seconds < one.seconds / 2


def test_one_at_a_time_asks_for_nothing_before_it_is_needed(plain: Path, warm: Warm) -> None:
    with SlowApi(10, delay=0.01) as api:
        read(plain, warm, api, 1)
        assert api.at_a_time == 1
        read(plain, warm, api, None)
        assert 2 <= api.at_a_time <= 5


@pytest.mark.parametrize("concurrency", [1, 2, 32])
def test_order_and_content_do_not_depend_on_how_many_there_are(detailed: Path, warm: Warm, concurrency: int) -> None:
    with SlowApi(9, tasks=5, delay=0.002) as api:
        reading = read(detailed, warm, api, concurrency)
    wanted = [f"p{pipeline}-t{task}" for pipeline in range(9) for task in range(5)]
    assert [[id, sql] for _, id, sql in reading.found] == [[id, f"SELECT '{id}'"] for id in wanted]
    assert reading.faults == []


@pytest.mark.parametrize("concurrency", [1, 8])
def test_list_that_fails_is_that_of_its_own_record(plain: Path, warm: Warm, concurrency: int) -> None:
    with SlowApi(12, broken={"/pipelines/p5/tasks"}) as api:
        reading = read(plain, warm, api, concurrency)
    assert [pipeline for pipeline, _ in reading.faults] == ["p5"]
    assert len(reading.found) == 11 * 3


def test_record_that_fails_fails_its_list(detailed: Path, warm: Warm) -> None:
    for concurrency in (1, 8):
        with SlowApi(3, broken={"/tasks/p1-t1"}) as api:
            reading = read(detailed, warm, api, concurrency)
        assert [pipeline for pipeline, _ in reading.faults] == ["p1"]
        assert [id for _, id, _ in reading.found if id.startswith("p1")] == ["p1-t0"]


def test_what_nobody_asks_for_is_hardly_read(plain: Path, warm: Warm) -> None:
    left_out = [f"p{number}" for number in range(100) if number % 20]
    with SlowApi(100) as api:
        reading = read(plain, warm, api, 4, left_out)
    assert len(reading.found) == 5 * 3
    # Once nobody took what was read ahead, nothing more is until the next list is asked for.
    assert len([path for path in api.asked if "/tasks" in path]) <= 5 + 5 * 5


@pytest.mark.parametrize("concurrency", [0, 33])
def test_number_out_of_range_is_said(plain: Path, warm: Warm, concurrency: int) -> None:
    with SlowApi(1) as api, pytest.raises(AssertionError, match="concurrency"):
        read(plain, warm, api, concurrency)


def test_requests_a_minute_are_kept_over_all_threads(tmp_path: Path, warm: Warm) -> None:
    source = package(ROOT, tmp_path, more="requests_per_minute: 1200")
    with SlowApi(20) as api:
        reading = read(source, warm, api, 8)
    # 21 requests, 50 ms apart, but for the first two that opened the connection.
    assert reading.seconds >= 0.95
    assert len(reading.found) == 60


def test_memory_is_that_of_the_lists_that_are_begun(plain: Path, warm: Warm) -> None:
    with SlowApi(60, tasks=200, delay=0.005) as api:
        one, eight = read(plain, warm, api, 1), read(plain, warm, api, 8)
    assert one.found == eight.found
    # What was found is most of it, and is the same; eight lists of 200 records are the rest.
    assert eight.peak < one.peak * 1.2
