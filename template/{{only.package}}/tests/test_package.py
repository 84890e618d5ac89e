"""The package as it is distributed: importing it does nothing else, and its documents are there."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from package import MANIFEST, ROOT

# Imports each module of a package in a process that may do nothing else; prints what it tried, one line each.
IMPORT = """
import importlib, os, pkgutil, sys
import metadata.ingestion.api.steps, metadata.workflow.metadata
tried = []
def watch(event, arguments):
    if event in ("socket.connect", "socket.bind", "socket.getaddrinfo", "subprocess.Popen", "os.system", "os.fork"):
        tried.append(f"{event} {arguments[-1]!r}")
    if event == "open" and isinstance(arguments[1], str) and set(arguments[1]) & set("wax+"):
        tried.append(f"open {arguments[0]!r} to write")
    if tried:
        raise PermissionError(tried[-1])
sys.addaudithook(watch)
sys.dont_write_bytecode = True
package = importlib.import_module(sys.argv[1])
for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
    try:
        importlib.import_module(module.name)
    finally:
        for line in tried:
            print(f"{module.name}: {line}")
"""


def test_modules_are_imported_without_side_effects(tmp_path: Path) -> None:
    """No socket, no process, no file that is written, and no variable of the environment."""
    home = tmp_path / "home"
    home.mkdir()
    environment = {"PYTHONPATH": os.pathsep.join(sys.path), "HOME": str(home), "PATH": os.defpath}
    command = [sys.executable, "-W", "ignore", "-c", IMPORT, MANIFEST["plugin"]["package"]]
    done = subprocess.run(command, cwd=home, env=environment, capture_output=True, text=True, timeout=480)
    assert done.stdout.splitlines() == []
    assert done.returncode == 0, done.stderr[-3000:]
    assert list(home.iterdir()) == []


@pytest.mark.parametrize(("document", "headings"), MANIFEST["documents"].items(), ids=MANIFEST["documents"])
def test_document_is_there(document: str, headings: list[str]) -> None:
    lines = (ROOT / document).read_text(encoding="utf-8").splitlines()
    assert [heading for heading in headings if heading not in lines] == []
