"""What the package carries: workflows that the framework understands, and the sink where it looks for it."""

from __future__ import annotations

from pathlib import Path

import pytest
from metadata.config.common import load_config_file
from metadata.ingestion.api.parser import parse_workflow_config_gracefully
from metadata.utils.importer import import_sink_class

from delivery import SINK
from package import MANIFEST, ROOT

WORKFLOWS = sorted((ROOT / "workflows").glob("*.yaml"))


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda path: path.stem)
def test_workflow_is_understood_by_the_framework(workflow: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENMETADATA_JWT_TOKEN", "token")
    sink = parse_workflow_config_gracefully(load_config_file(workflow)).sink
    assert sink.type == MANIFEST["plugin"]["name"].replace("_", "-")


def test_sink_is_found_by_its_type() -> None:
    assert import_sink_class(MANIFEST["plugin"]["name"].replace("_", "-")) is SINK
