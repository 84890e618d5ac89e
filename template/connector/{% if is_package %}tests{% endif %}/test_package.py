"""The package as it is distributed: what it holds, and that importing it does nothing else."""

from __future__ import annotations

import importlib
import json
import os
import subprocess
import sys
from importlib.resources import files
from pathlib import Path

import pytest
from jsonschema import Draft7Validator
from metadata.config.common import load_config_file
from metadata.generated.schema.entity.services.connections.testConnectionDefinition import TestConnectionDefinition
from metadata.ingestion.api.parser import parse_workflow_config_gracefully

from ingestion import MANIFEST, ROOT

PACKAGE = MANIFEST["connector"]["package"]
WORKFLOWS = sorted((ROOT / "workflows").glob("*.yaml"))
SCHEMAS = sorted(Path(str(files(PACKAGE) / "schema")).glob("*.json"))

# What a newcomer looks for, by the file that says it.
DOCUMENTS = {
    "README.md": [
        "## Quick start",
        "## Options",
        "## What the source has to allow",
        "## What the network has to allow",
    ],
    "docs/runbook.md": [
        "## Read the result",
        "## Upgrade, and roll back",
        "## Rotate a secret",
        "## When nothing arrives",
    ],
    "docs/troubleshooting.md": ["## The settings", "## The OpenMetadata server", "## The source"],
    "CONTRIBUTING.md": ["## Release it"],
}

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
    command = [sys.executable, "-W", "ignore", "-c", IMPORT, PACKAGE]
    done = subprocess.run(command, cwd=home, env=environment, capture_output=True, text=True, timeout=120)
    assert done.stdout.splitlines() == []
    assert done.returncode == 0, done.stderr[-3000:]
    assert list(home.iterdir()) == []


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda path: path.stem)
def test_workflow_is_understood_by_the_framework(workflow: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENMETADATA_JWT_TOKEN", "token")
    source = parse_workflow_config_gracefully(load_config_file(workflow)).source
    if source.serviceConnection:
        module, _, name = source.serviceConnection.root.config.sourcePythonClass.rpartition(".")
        assert hasattr(importlib.import_module(module), name)


@pytest.mark.parametrize(("document", "headings"), DOCUMENTS.items(), ids=DOCUMENTS)
def test_document_is_there(document: str, headings: list[str]) -> None:
    lines = (ROOT / document).read_text(encoding="utf-8").splitlines()
    assert [heading for heading in headings if heading not in lines] == []


@pytest.mark.parametrize("schema", SCHEMAS, ids=lambda path: path.stem)
def test_artifact_is_well_formed(schema: Path) -> None:
    contents = json.loads(schema.read_text(encoding="utf-8"))
    if schema.stem.endswith("TestConnection"):
        TestConnectionDefinition.model_validate(contents)
    else:
        Draft7Validator.check_schema(contents)
