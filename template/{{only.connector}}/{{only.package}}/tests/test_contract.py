"""The contract: what every run of the metadata workflow holds to.

The source is the stand-in, or with `pytest --source workflows/metadata.yaml` the real one that a workflow names.
"""

from __future__ import annotations

import importlib
import json
import secrets
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any

import pytest
import yaml

from arriving import faults, introduce_owners
from ingestion import ingest
from openmetadata import OpenMetadataServer
from package import MANIFEST
from running import files

SETTINGS = importlib.import_module(f"{MANIFEST['plugin']['package']}.settings")


@pytest.fixture
def workflow(request: pytest.FixtureRequest) -> Path | None:
    """The workflow that names the real source, where there is one."""
    named = request.config.getoption("--source")
    return Path(named) if named else None


@pytest.fixture
def source(request: pytest.FixtureRequest, workflow: Path | None, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """The `source` of the metadata workflow."""
    if not workflow:
        return request.getfixturevalue("sample_source")
    # Nothing stands in for a real source: not the dialect, and not a token.
    monkeypatch.undo()
    return yaml.safe_load(workflow.read_text(encoding="utf-8"))["source"]


@pytest.fixture
def failing(request: pytest.FixtureRequest, workflow: Path | None) -> Callable[[], AbstractContextManager[None]]:
    """A block in which the stand-in fails half-way; a real source is left alone."""
    return nullcontext if workflow else request.getfixturevalue("half_way")


def test_what_arrives_is_valid(
    source: dict[str, Any],
    workflow: Path | None,
    server: OpenMetadataServer,
    record_property: Callable[[str, Any], None],
) -> None:
    introduce_owners(server)
    run = ingest(source, server)
    assert run.status == 0, run.output[-3000:]
    assert server.refused == []
    arrived = {request: server.sent(request) for request in MANIFEST["entities"]}
    record_property("entities", {request: len(names) for request, names in arrived.items()})
    if workflow:
        assert [request for request in MANIFEST["outermost"] if not arrived[request]] == []
    else:
        assert arrived == MANIFEST["entities"]
        assert list(faults(server, source["serviceName"])) == []


def test_second_run_adds_nothing(source: dict[str, Any], server: OpenMetadataServer) -> None:
    assert ingest(source, server).status == 0
    before = server.state()
    assert ingest(source, server).status == 0
    after = server.state()
    assert sorted(after.keys() ^ before.keys()) == []
    assert [name for name in after if after[name] != before[name]] == []
    assert server.deleted == []


def test_planted_secrets_are_nowhere(
    source: dict[str, Any],
    workflow: Path | None,
    failing: Callable[[], AbstractContextManager[None]],
    server: OpenMetadataServer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """In no line of the log, also of a run that fails, in no representation, in nothing that is sent, and in no file."""
    options = source["serviceConnection"]["config"]["connectionOptions"]
    planted = {
        name: SETTINGS._resolved(name, options[name]) if workflow else secrets.token_hex(16)
        for name in getattr(SETTINGS, "SECRETS", ())
        if name in options
    }
    values = planted
    if not planted:
        # Nobody signs in here: a parameter of the connection has to do.
        planted = {"connectionOptions": secrets.token_hex(16)}
        values = {"connectionOptions": json.dumps({"passphrase": planted["connectionOptions"]})}
    for name, value in values.items():
        monkeypatch.setenv(f"PLANTED_{name.upper()}", value)
        options[name] = f"env:PLANTED_{name.upper()}"
    settings = getattr(SETTINGS, MANIFEST["plugin"]["settings"]).from_options(options)
    places = {"a representation of the settings": f"{settings!r} {settings}"}
    places["the log"] = ingest(source, server, level="DEBUG").output
    with failing():
        places["the log of a run that fails"] = ingest(source, server, level="DEBUG").output
    places["what was sent"] = b"\n".join(server.bodies).decode()
    places |= files()
    leaks = [(name, place) for name, secret in planted.items() for place, text in places.items() if secret in text]
    assert leaks == []
