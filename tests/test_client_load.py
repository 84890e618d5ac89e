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


def test_ten_thousand_records_take_the_memory_of_a_page(package: Path, warm: Warm) -> None:
    short, long = read(package, warm, pages=10), read(package, warm, pages=100)
    assert (short.records, long.records) == (10 * PAGE, 100 * PAGE)
    # The framework's own metrics keep a little of each request; ten times the records would be ten times as much.
    assert long.peak < 2 * short.peak


def test_slow_server_sets_the_pace(package: Path, warm: Warm) -> None:
    pages, delay = 20, 0.2
    # The machine may be busy with other tests: one undisturbed reading of five is enough.
    readings = (read(package, warm, pages, delay).seconds for _ in range(5))
    assert any(seconds < pages * delay * 1.1 for seconds in readings)
