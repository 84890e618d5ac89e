"""The types of columns and fields arrive as the source has them, with their lengths, precisions and what is in them."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from extensions import naming
from tests.support.column_types import CASES, Facts, as_field, differences, refusals
from tests.support.python import Warm
from tests.support.render import Interview

pytestmark = pytest.mark.framework

OVER_REST = {"connection_type": "rest_api", "auth_types": ["token"], "pagination": "page"}

# What reads types: its answers.
READERS: dict[str, Facts] = {
    "database": OVER_REST | {"service_type": "database"},
    "dashboard": OVER_REST | {"service_type": "dashboard", "capabilities": ["metadata", "data_models"]},
    "search": OVER_REST | {"service_type": "search", "capabilities": ["metadata", "fields"]},
    "api": OVER_REST | {"service_type": "api", "placement": "contrib"},
    "topology": {"kind": "topology", "service_type": "database"},
}

# Runs in the framework's interpreter: what the emitted module makes of each record, without what is not there.
MAKE = """
import importlib, json, sys
from types import ModuleType
name, type_name, attribute, given = sys.argv[1:]
if name.startswith("metadata."):
    # A contribution: in a checkout it lies in the framework's own folder, and its settings are generated.
    folder = importlib.import_module(name.rpartition(".")[0])
    folder.__path__ = [*folder.__path__, sys.path[1] + "/metadata/ingestion/source/api"]
    settings = ModuleType("settings")
    settings.SomeApiConnection = object
    sys.modules["metadata.generated.schema.entity.services.connections.api.someApiConnection"] = settings
models = importlib.import_module(name + ".models")
metadata = importlib.import_module(name + ".metadata")
source = object.__new__(getattr(metadata, type_name + "Source"))
source._seen = {}  # of records of their own: columns are none
def made(record):
    record = {"name": "c"} | record
    if attribute == "_columns":
        return source._columns(source._read(models.Column, [record]))
    if attribute == "_fields":
        return source._fields([record])
    return [metadata.column_in(models.Column.model_validate(record))]
print(json.dumps([
    [entity.model_dump(mode="json", exclude_none=True) for entity in made(record)] for record in json.loads(given)
]))
"""

# What makes entities of records there, where it is not _columns.
HOW = {"topology": "column_in", "search": "_fields", "api": "_fields"}


@pytest.fixture(scope="module")
def packages(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The modules of each reader, all in one folder: contributions are packages, too, where nothing is laid over."""
    root = tmp_path_factory.mktemp("readers")
    interview = Interview(template)
    for name, answers in READERS.items():
        for path, text in interview.made(interview.answered(answers | {"name": f"some_{name}"})).items():
            # A contribution's modules lie below those of the framework, where they can be imported from here, too.
            found = re.search("(?:^src|/src)/(.+)", path)
            if found:
                place = root / found[1]
                place.parent.mkdir(parents=True, exist_ok=True)
                place.write_text(text)
    return root


def made(reader: str, packages: Path, warm: Warm) -> list[Any]:
    """What arrives of each case's record: its entity, or the fault where it is not one."""
    name = f"some_{reader}"
    module = "metadata.ingestion.source.api.someapi" if reader == "api" else f"openmetadata_{name}"
    arguments = module, naming.pascal(name), HOW.get(reader, "_columns")
    return warm.run_script(packages, MAKE, *arguments, json.dumps([record for record, _ in CASES]))


@pytest.mark.parametrize("reader", READERS)
def test_types_arrive_as_sources_write_them(reader: str, packages: Path, warm: Warm) -> None:
    assert len(CASES) > 120
    faults = {}
    for (record, expected), entities in zip(CASES, made(reader, packages, warm), strict=True):
        (entity,) = entities
        if reader in ("search", "api"):
            found = differences(as_field(reader, record, expected), entity)
        else:
            found = differences(expected, entity) + refusals(entity)
        if found:
            faults[json.dumps(record)] = found
    assert faults == {}
