"""Runs a script in the framework's interpreter, with emitted code on its path."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any


def run_script(framework: Path, pythonpath: Path, script: str, *arguments: str) -> Any:
    """What the script prints on its last line, as JSON. AssertionError, with its own words, where it fails."""
    done = subprocess.run(
        [str(framework), "-W", "ignore", "-c", script, *arguments],
        env=os.environ | {"PYTHONPATH": str(pythonpath)},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout.splitlines()[-1])
