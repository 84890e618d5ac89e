"""What the package carries: workflows that the framework understands, and files that it can read."""

from __future__ import annotations

import importlib
import json
from importlib.resources import files
from pathlib import Path

import pytest
from jsonschema import Draft7Validator
from metadata.config.common import load_config_file
from metadata.generated.schema.entity.services.connections.testConnectionDefinition import TestConnectionDefinition
from metadata.ingestion.api.parser import parse_workflow_config_gracefully

from package import MANIFEST, ROOT

WORKFLOWS = sorted((ROOT / "workflows").glob("*.yaml"))
SCHEMAS = sorted(Path(str(files(MANIFEST["plugin"]["package"]) / "schema")).glob("*.json"))


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda path: path.stem)
def test_workflow_is_understood_by_the_framework(workflow: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENMETADATA_JWT_TOKEN", "token")
    source = parse_workflow_config_gracefully(load_config_file(workflow)).source
    if source.serviceConnection:
        module, _, name = source.serviceConnection.root.config.sourcePythonClass.rpartition(".")
        assert hasattr(importlib.import_module(module), name)


@pytest.mark.parametrize("schema", SCHEMAS, ids=lambda path: path.stem)
def test_artifact_is_well_formed(schema: Path) -> None:
    contents = json.loads(schema.read_text(encoding="utf-8"))
    if schema.stem.endswith("TestConnection"):
        TestConnectionDefinition.model_validate(contents)
    else:
        Draft7Validator.check_schema(contents)
