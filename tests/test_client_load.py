"""An emitted client holds one page of a list, however long it is, and adds next to nothing to the server's time."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conftest import Scaffold
from tests.support.load import ANSWERS, PAGE, read
from tests.support.python import Warm

pytestmark = pytest.mark.framework


@pytest.fixture(scope="module")
def package(scaffold: Scaffold, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return scaffold(tmp_path_factory.mktemp("load") / "out", **ANSWERS)


def test_ten_thousand_records_take_little_more_memory_than_a_page(package: Path, warm: Warm) -> None:
    short, long = read(package, warm, pages=10), read(package, warm, pages=100)
    assert (short.records, long.records) == (10 * PAGE, 100 * PAGE)
    # Of each record only what tells it apart is kept, to see one that comes again; a record as an object takes 1,000.
    assert long.peak < short.peak + 120 * (long.records - short.records)


def test_slow_server_sets_the_pace(package: Path, warm: Warm) -> None:
    # One page more is asked for than there are: an empty one is the end.
    pages, delay = 20, 0.2
    # The machine may be busy with other tests: one undisturbed reading of five is enough.
    readings = (read(package, warm, pages, delay).seconds for _ in range(5))
    assert any(seconds < (pages + 1) * delay * 1.1 for seconds in readings)
