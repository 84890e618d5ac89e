"""Wheels of packages, built as any front end builds them, in this environment."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from packaging.version import Version

BUILD = "import hatchling.build, sys; sys.stdout.write(hatchling.build.build_wheel(sys.argv[1]))"


def version_of(root: Path, into: Path) -> Version:
    """The version of the wheel that is built from a folder; the wheel is left in `into`."""
    done = subprocess.run([sys.executable, "-c", BUILD, str(into)], cwd=root, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return Version(done.stdout.split("-")[1])
