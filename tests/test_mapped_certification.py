"""A package whose requests a map declares passes its own certification."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conftest import Scaffold, by_day
from tests.support.certification import certify
from tests.support.mapped import MAPS


@pytest.mark.framework
@pytest.mark.parametrize("service_type", by_day([name for name in MAPS if name != "api"], ["database"]))
def test_fresh_package_with_a_map_is_certified(
    service_type: str, scaffold: Scaffold, forked: Path, tmp_path: Path
) -> None:
    answers = {"service_type": service_type, "connection_type": "rest_api"} | MAPS[service_type]
    done = certify(forked, scaffold(tmp_path / "out", **answers))
    assert done.returncode == 0, done.stdout + done.stderr
