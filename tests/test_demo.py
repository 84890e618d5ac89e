"""`make demo` shows what it promises."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT

pytestmark = [pytest.mark.framework, pytest.mark.real]


def test_demo_prints_what_arrived(framework: Path) -> None:
    environment = os.environ | {"OPENMETADATA_PYTHON": str(framework)}
    done = subprocess.run(
        [sys.executable, "-m", "tests.demo"], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=180
    )
    assert done.returncode == 0, done.stdout + done.stderr
    for line in ("default.main", "  Order Lines (regular)", "    sku -> products (sku)", "  Low Stock (view)"):
        assert line in done.stdout.splitlines()
