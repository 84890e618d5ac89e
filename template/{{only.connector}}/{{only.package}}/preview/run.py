"""Runs a workflow into the stand-in for OpenMetadata that the tests have: `python -m preview.run WORKFLOW LIMIT`.

Each line on stdout is a JSON object: `{"sent": NUMBER}` while it runs, at its end the result. It is a process of its own,
since the framework keeps on its classes what a run has seen. What the run logs goes to stderr.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any, TextIO
from urllib.parse import quote, unquote

from metadata.config.common import load_config_file
from metadata.ingestion.models.topology import get_topology_nodes
from metadata.workflow.metadata import MetadataWorkflow
from pydantic import ValidationError

from openmetadata import PARENTS, QUERY, Json, OpenMetadataServer, Refusal

# What is said of a run itself, who owns something, and how a connection is tested: nothing that a source has.
ASIDE = ("/services/ingestionPipelines", "/services/testConnectionDefinitions", "/users", "/teams")

# Of an entity: what its place in the tree says, what differs from run to run, and what may hold secrets or rows.
OMITTED = {"id", "name", "fullyQualifiedName", "sourceHash", "serviceType", "connection", "sampleData", *PARENTS}

# Seconds between two reports of how far the run is.
PACE = 0.1


class Server(OpenMetadataServer):
    """The stand-in, which knows each owner that it is asked for, and says how many entities it has."""

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
            try:
                self.put("/users", {"name": owner, "email": owner if "@" in owner else f"{owner}@owner.invalid"})
            except (Refusal, ValidationError):
                return  # no name that OpenMetadata could have


def run(workflow: Path, limit: int, stream: TextIO) -> Json:
    """What a run sends, and what it says of itself; only `unfit` where the workflow is none to preview."""
    config = load_config_file(workflow)
    try:
        kind = config["source"]["sourceConfig"]["config"].get("type", "Metadata")
        options = config["source"]["serviceConnection"]["config"]["connectionOptions"]
    except (KeyError, TypeError, AttributeError):
        return {"unfit": "it has no source with connectionOptions and a sourceConfig"}
    if not kind.endswith("Metadata"):
        return {"unfit": f"it is of the type {kind}; a preview shows what a metadata workflow sends"}
    hidden = secrets(config["source"], options)
    failures: list[Json] = []
    steps: list[Any] = []
    with Server(stream) as server:
        config["workflowConfig"] = dict(config.get("workflowConfig") or {}) | {
            "openMetadataServerConfig": {
                "hostPort": server.url,
                "authProvider": "openmetadata",
                "securityConfig": {"jwtToken": "preview"},
            }
        }
        try:
            flow = MetadataWorkflow.create(config)
            steps = flow.workflow_steps()
            if limit:
                stop_after(flow.source, limit)
            flow.execute()
            flow.stop()
        except Exception as error:
            failures.append({"name": type(error).__name__, "error": str(error)})
        reports = [step.get_status() for step in steps]
        failures += [{"name": one.name, "error": one.error} for report in reports for one in report.failures]
        failures += [{"name": "OpenMetadata refuses", "error": line} for line in server.refused]
        warnings = [one.items() for report in reports for one in report.warnings]
        return {
            "entities": list(entities(server)),
            "lineage": sorted([*ends] for ends in server.edges),
            "filtered": [name for report in reports for one in report.filtered for name in one],
            "warnings": masked([{"name": name, "error": text} for one in warnings for name, text in one], hidden),
            "failures": masked(failures, hidden),
        }


def stop_after(source: Any, limit: int) -> None:
    """Have the source read no more than `limit` records of each list, as far as it reads lists bit by bit."""

    def stopping(produce: Callable[[], Iterable[Any] | None]) -> Callable[[], Iterator[Any]]:
        return lambda: islice(produce() or (), limit)

    for producer in {node.producer for node in get_topology_nodes(source.topology)}:
        setattr(source, producer, stopping(getattr(source, producer)))


def entities(server: OpenMetadataServer) -> Iterator[Json]:
    """Each entity, as `Preview` says."""
    for route, collection in server.collections.items():
        if collection.request is None or route in ASIDE:
            continue
        for full_name, entity in server.arrived(collection.request.__name__).items():
            above = next((entity[name] for name in PARENTS if entity.get(name)), None)
            runs = entity.pop("status", None)
            fields = {key: named(value) for key, value in entity.items() if key not in OMITTED}
            if runs:
                fields["lastRun"] = max(runs, key=lambda one: one["timestamp"])
            yield {
                "kind": collection.type,
                "name": entity["name"],
                "fullName": full_name,
                "parent": [above["type"], above["fullyQualifiedName"]] if above else [],
                "fields": fields,
            }


def named(value: Any) -> Any:
    """A value in which references to other entities are their full names."""
    if isinstance(value, list):
        return [named(one) for one in value]
    if isinstance(value, dict) and {"id", "type", "fullyQualifiedName"} <= value.keys():
        return value["fullyQualifiedName"]
    if isinstance(value, dict):
        return {key: named(one) for key, one in value.items() if key != "fullyQualifiedName"}
    return value


def secrets(source: Json, options: dict[str, str]) -> list[str]:
    """The values of options that are secrets or references, longest first."""
    settings = importlib.import_module(
        source["serviceConnection"]["config"]["sourcePythonClass"].partition(".")[0] + ".settings"
    )
    found = {value for name, value in options.items() if name in getattr(settings, "SECRETS", ())}
    for value in map(str, options.values()):
        scheme, _, place = value.partition(":")
        if scheme == "env":
            found.add(os.environ.get(place, ""))
        elif scheme == "file" and Path(place).is_file():
            found.add(Path(place).read_text(encoding="utf-8", errors="replace").strip())
    return sorted(filter(None, map(str, found)), key=len, reverse=True)


def masked(messages: list[Json], hidden: list[str]) -> list[Json]:
    """Messages without secrets, each on one line."""
    for message in messages:
        for key, value in message.items():
            text = " ".join(str(value).split())
            for secret in hidden:
                text = text.replace(secret, "***").replace(quote(secret, safe=""), "***")
            message[key] = text
    return messages


if __name__ == "__main__":
    with os.fdopen(os.dup(1), "w", encoding="utf-8") as answer:
        os.dup2(2, 1)
        print(json.dumps(run(Path(sys.argv[1]), int(sys.argv[2]), answer)), file=answer)
