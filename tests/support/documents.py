"""The OpenAPI documents that real servers have of themselves."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

from tests.support import airflow, served, superset
from tests.support.served import INSIDE


def of(name: str, cache: Path, system: Any, folder: Path) -> str:
    """The document of a running server as JSON; `folder` is for what Superset needs to print its own."""
    return json.dumps(airflow.openapi(system)) if name == airflow.NAME else of_superset(cache, folder)


def of_superset(cache: Path, folder: Path) -> str:
    """The document of Superset, which it shows to administrators only: printed by an empty one in `folder`."""
    settings = folder / "superset_config.py"
    database = f"sqlite:///{folder / 'superset.db'}"
    settings.write_text(superset.CONFIG.format(secret="s" * 42, database=database, token_seconds=900), encoding="utf-8")
    own = {"SUPERSET_CONFIG_PATH": str(settings), "SUPERSET_HOME": str(folder)}
    command = [str(served.python(cache, superset.NAME)), str(INSIDE / "superset_openapi.py")]
    done = subprocess.run(command, env=os.environ | own, capture_output=True, check=True, timeout=120)
    return done.stdout[done.stdout.index(b'{"') :].decode()
