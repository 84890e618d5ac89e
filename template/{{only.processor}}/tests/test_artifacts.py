"""What the package carries: workflows that the framework understands, with a processor that it finds."""

from __future__ import annotations

import importlib
from pathlib import Path

import pytest
from metadata.config.common import load_config_file
from metadata.ingestion.api.parser import parse_workflow_config_gracefully
from metadata.utils.importer import import_processor_class, import_sink_class

from package import MANIFEST, ROOT

PLUGIN = MANIFEST["plugin"]
WORKFLOWS = sorted((ROOT / "workflows").glob("*.yaml"))


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda path: path.stem)
def test_workflow_is_understood_by_the_framework(workflow: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENMETADATA_JWT_TOKEN", "token")
    parsed = parse_workflow_config_gracefully(load_config_file(workflow))
    found = import_processor_class(parsed.processor.type)
    own = importlib.import_module(f"{PLUGIN['package']}.processor")
    assert found is getattr(own, f"{PLUGIN['type']}Processor")
    settings = importlib.import_module(f"{PLUGIN['package']}.settings")
    assert getattr(settings, PLUGIN["settings"]).from_config(parsed.processor.config.root)
    assert import_sink_class(parsed.sink.type)
