"""Runs commands in processes of their own, and knows what they printed, what they took, and what the package consists of."""

from __future__ import annotations

import contextlib
import gc
import importlib
import json
import logging
import os
import re
import resource
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from package import ROOT

# What is committed, built or written of a package.
FOLDERS = ("certification", "deploy", "dist", "docs", "preview", "src", "tests", "workflows")

# Bytes of what the system counts memory in: kilobytes, but on macOS.
UNIT = 1 if sys.platform == "darwin" else 1024


@dataclass(frozen=True)
class Run:
    """What a run left: its exit status, all that it logged and printed, and the most memory that it had, in MiB."""

    status: int
    output: str
    peak: float


def run(command: Callable[[list[str]], Any], name: str, workflow: dict[str, Any]) -> Run:
    """Run `command` with the arguments `name -c FILE`, where the file holds the workflow.

    It runs in a fork of this process, with what is patched here: the framework keeps what it has seen on its classes,
    so a second run in one process would take everything for seen. The status is negative where a signal ended it.
    """
    with tempfile.TemporaryDirectory(prefix="ingest-") as folder:
        path, output, imported = (Path(folder, name) for name in ("workflow.yaml", "output.log", "imported.json"))
        path.write_text(json.dumps(workflow), encoding="utf-8")
        child = os.fork()
        if not child:
            _become(command, [name, "-c", str(path)], output, imported)
        _, status, usage = os.wait4(child, 0)
        said = output.read_text(encoding="utf-8", errors="replace") if output.exists() else ""
        if status:
            keep(said)
        if imported.exists():
            # What the framework imports when it is needed is there for the next run: half of its seconds are that.
            with plain_imports():
                for module in json.loads(imported.read_text(encoding="utf-8")):
                    importlib.import_module(module)
    return Run(os.waitstatus_to_exitcode(status), said, usage.ru_maxrss * UNIT / 2**20)


@contextlib.contextmanager
def plain_imports() -> Iterator[None]:
    """A block in which pytest rewrites no module that is imported: Python 3.11 and 3.12 may then fail (gh-106905)."""
    finders = sys.meta_path[:]
    sys.meta_path[:] = [one for one in finders if type(one).__name__ != "AssertionRewritingHook"]
    try:
        yield
    finally:
        sys.meta_path[:] = finders


def keep(output: str) -> None:
    """Keep all that a run said which did not end with 0, where CERTIFICATION_LOGS names a folder."""
    if place := os.environ.get("CERTIFICATION_LOGS"):
        Path(place).mkdir(parents=True, exist_ok=True)
        test = re.sub(r"\W+", "-", os.environ.get("PYTEST_CURRENT_TEST", "run").partition(" ")[0])
        Path(place, f"{test}-{os.getpid()}-{time.time_ns()}.log").write_text(output, encoding="utf-8")


def _become(command: Callable[[list[str]], Any], arguments: list[str], output: Path, imported: Path) -> None:
    """Be a process that runs a command and ends with its status; all that it says is in a file.

    Another has the modules of the framework that it imported.
    """
    status, before = 1, set(sys.modules)
    try:
        gc.freeze()  # what was imported stays: collections need not go over it
        # Without a setting of its own macOS asks a service for proxies, which a forked process must not.
        os.environ.setdefault("no_proxy", "127.0.0.1,localhost")
        stream = output.open("w", encoding="utf-8", errors="backslashreplace", buffering=1)
        os.dup2(stream.fileno(), 1)
        os.dup2(stream.fileno(), 2)
        sys.stdout = sys.stderr = stream
        logging.getLogger().addHandler(logging.StreamHandler(stream))
        try:
            with plain_imports():
                command(arguments)
            status = 0
        except SystemExit as end:
            status = end.code if isinstance(end.code, int) else int(end.code is not None)
        except BaseException:
            traceback.print_exc()
        stream.flush()
        new = sorted(module for module in sys.modules.keys() - before if module.startswith("metadata."))
        imported.write_text(json.dumps(new), encoding="utf-8")
    finally:
        # Nothing of pytest goes on here.
        os._exit(status)


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
