"""Runs a workflow into the stand-in for OpenMetadata that the tests have: `python -m preview.run WORKFLOW LIMIT`.

Each line on stdout is a JSON object: `{"sent": NUMBER}` while it runs, at its end the result. Logs go to stderr. It is a
process of its own, since the framework keeps on its classes what a run has seen.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Any, TextIO
from urllib.parse import quote, unquote

from metadata.config.common import load_config_file
from metadata.ingestion.models.topology import get_topology_nodes
from metadata.workflow.metadata import MetadataWorkflow
from pydantic import ValidationError

from openmetadata import PARENTS, QUERY, Json, OpenMetadataServer, Refusal

# What is said of a run itself, and who owns something: nothing that a source has.
ASIDE = ("/services/ingestionPipelines", "/users", "/teams")

# Of an entity: what its place in the tree says, what differs from run to run, and what may hold secrets or rows.
OMITTED = {"id", "name", "fullyQualifiedName", "sourceHash", "serviceType", "connection", "sampleData", *PARENTS}

PACE = 0.1  # seconds between two reports of how far the run is


class Server(OpenMetadataServer):
    """The stand-in, which knows each owner that it is asked for, and says how many entities it was sent."""

    def __init__(self, stream: TextIO) -> None:
        super().__init__()
        self._stream, self._sent, self._said = stream, 0, 0.0

    def _add(self, collection: Any, body: Json) -> Json:
        self._sent += 1
        if time.monotonic() - self._said > PACE:
            self._said = time.monotonic()
            print(json.dumps({"sent": self._sent}), file=self._stream, flush=True)
        return super()._add(collection, body)

    def _get(self, path: str, query: dict[str, str]) -> Any:
        asked = QUERY.fullmatch(query.get("q", "")) or ("", query.get("fieldName", ""), query.get("fieldValue", ""))
        if path.startswith("/users/name/"):
            self._introduce(unquote(path.removeprefix("/users/name/")))
        elif query.get("index", "").startswith("user") and asked[1].startswith("email"):
            self._introduce(asked[2])
        return super()._get(path, query)

    def _introduce(self, owner: str) -> None:
        if not self.find(owner, "user"):
            # A name that OpenMetadata could not have stays unknown.
            with contextlib.suppress(Refusal, ValidationError):
                self.put("/users", {"name": owner, "email": owner if "@" in owner else "owner@example.com"})


def run(workflow: Path, limit: int, stream: TextIO) -> Json:
    """What a run sends, and what it says of itself; only `unfit` where the workflow is none to preview."""
    config, failures, steps = load_config_file(workflow), [], []
    try:
        kind = config["source"]["sourceConfig"]["config"].get("type", "Metadata")
        connection = config["source"]["serviceConnection"]["config"]
        package = connection["sourcePythonClass"].partition(".")[0]
        options = dict(connection["connectionOptions"])
    except (KeyError, TypeError, AttributeError):
        return {"unfit": "it has no source with connectionOptions, sourcePythonClass and a sourceConfig"}
    if not kind.endswith("Metadata"):
        return {"unfit": f"it is of the type {kind}; a preview shows what a metadata workflow sends"}
    with Server(stream) as server:
        place = {"hostPort": server.url, "authProvider": "openmetadata", "securityConfig": {"jwtToken": "preview"}}
        config["workflowConfig"] = (config.get("workflowConfig") or {}) | {"openMetadataServerConfig": place}
        try:
            flow = MetadataWorkflow.create(config)
            steps = flow.workflow_steps()
            if limit:
                stop_after(flow.source, limit)
            flow.execute()
        except Exception as error:
            failures.append((type(error).__name__, error))
        reports = [step.get_status() for step in steps]
        failures += [(one.name, one.error) for report in reports for one in report.failures]
        failures += [("OpenMetadata refuses", line) for line in server.refused]
        warnings = [message for report in reports for one in report.warnings for message in one.items()]
        hidden = secrets(package, options)
        return {
            "entities": list(entities(server)),
            "lineage": sorted([*ends] for ends in server.edges),
            "filtered": [name for report in reports for one in report.filtered for name in one],
            "warnings": [masked(name, text, hidden) for name, text in warnings],
            "failures": [masked(name, text, hidden) for name, text in failures],
        }


def stop_after(source: Any, limit: int) -> None:
    """Have the source take no more than `limit` records of each list; what comes page by page is read no further."""

    def stopping(produce: Callable[[], Iterable[Any] | None]) -> Callable[[], Iterator[Any]]:
        return lambda: islice(produce() or (), limit)

    for producer in {node.producer for node in get_topology_nodes(source.topology)}:
        setattr(source, producer, stopping(getattr(source, producer)))


def entities(server: Server) -> Iterator[Json]:
    """Each entity as `Preview` says, services first."""
    for route, collection in sorted(server.collections.items(), key=lambda one: not one[0].startswith("/services/")):
        if collection.request is None or route in ASIDE:
            continue
        for full_name, entity in server.arrived(collection.request.__name__).items():
            above = next((entity[name] for name in PARENTS if entity.get(name)), None)
            runs = entity.pop("status", None)
            fields = {key: named(value, server) for key, value in entity.items() if key not in OMITTED}
            if runs:
                fields["lastRun"] = max(runs, key=lambda one: one["timestamp"])
            parent = [above["type"], above["fullyQualifiedName"]] if above else []
            about = {"kind": collection.type, "name": entity["name"], "fullName": full_name}
            yield about | {"parent": parent, "fields": fields}


def named(value: Any, server: Server) -> Any:
    """A value in which references to other entities are their full names, and those to owners their names."""
    if isinstance(value, list):
        return [named(one, server) for one in value]
    if not isinstance(value, dict):
        return value
    referred = server.find(str(value["id"]), value["type"]) if {"id", "type"} <= value.keys() else None
    if referred:
        return referred["name" if value["type"] == "user" else "fullyQualifiedName"]
    return {key: named(one, server) for key, one in value.items()}


def secrets(package: str, options: Mapping[str, Any]) -> list[str]:
    """The values of options that are secrets, and of those that are references."""
    known = getattr(importlib.import_module(f"{package}.settings"), "SECRETS", ())
    found = {str(value) for name, value in options.items() if name in known}
    for value in options.values():
        scheme, _, place = str(value).partition(":")
        if scheme == "env":
            found.add(os.environ.get(place, ""))
        elif scheme == "file" and Path(place).is_file():
            found.add(Path(place).read_text(encoding="utf-8", errors="replace").strip())
    return sorted(found - {""}, key=len, reverse=True)


def masked(name: str, text: object, hidden: list[str]) -> Json:
    """A message on one line, without secrets."""
    said = " ".join(str(text).split())
    for secret in hidden:
        said = said.replace(secret, "***").replace(quote(secret, safe=""), "***")
    return {"name": name, "error": said}


if __name__ == "__main__":
    with os.fdopen(os.dup(1), "w", encoding="utf-8") as answer:
        os.dup2(2, 1)
        print(json.dumps(run(Path(sys.argv[1]), int(sys.argv[2]), answer)), file=answer)
