"""Runs commands in this process, and knows what they printed, what they took, and what the package consists of."""

from __future__ import annotations

import contextlib
import io
import json
import logging
import resource
import sys
import tempfile
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from package import ROOT

# What is committed, built or written of a package.
FOLDERS = ("certification", "deploy", "dist", "docs", "src", "tests", "workflows")

# Bytes of what the system counts memory in: kilobytes, but on macOS.
UNIT = 1 if sys.platform == "darwin" else 1024


@dataclass(frozen=True)
class Run:
    """What a run of a command left: its exit status, and all that it logged and printed."""

    status: int
    output: str


def run(command: Callable[[list[str]], Any], name: str, workflow: dict[str, Any]) -> Run:
    """Run `command` with the arguments `name -c FILE`, where the file holds the workflow."""
    output = io.StringIO()
    handler = logging.StreamHandler(output)
    logging.getLogger().addHandler(handler)
    status = 0
    with (
        tempfile.TemporaryDirectory(prefix="ingest-") as folder,
        contextlib.redirect_stdout(output),
        contextlib.redirect_stderr(output),
    ):
        path = Path(folder, "workflow.yaml")
        path.write_text(json.dumps(workflow), encoding="utf-8")
        try:
            command([name, "-c", str(path)])
        except SystemExit as end:
            status = end.code if isinstance(end.code, int) else 1
        except Exception:
            traceback.print_exc()
            status = 1
        finally:
            logging.getLogger().removeHandler(handler)
    return Run(status, output.getvalue())


def peak() -> float:
    """The most memory that this process has had so far, in MiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * UNIT / 2**20


def files() -> dict[str, str]:
    """The texts of the package's files, by their paths in the repository."""
    return {
        path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8", errors="replace")
        for folder in FOLDERS
        for path in (ROOT / folder).rglob("*")
        if path.is_file()
    }
