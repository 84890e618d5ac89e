"""Runs in the framework's interpreter: reads all lists of some emitted clients, below every parent.

The argument is a file of JSON, a list of jobs: the `path` of a package openmetadata_probe, the `options` it is given,
and what to `show` of the records of each resource, a JMESPath over a record with its declared values on top. Prints, as
the last line, the rows of each resource and the errors, by the job's name.
"""

import importlib
import json
import logging
import sys
from inspect import signature
from pathlib import Path
from typing import Any

import jmespath

Json = dict[str, Any]


def flattened(record: Json, declared: str) -> Json:
    """A record with its declared values in place of its own."""
    own = record.get(declared)
    if isinstance(own, Exception):
        raise own
    return {**record, **(own or {})}


def read(job: Json) -> Json:
    for name in [name for name in sys.modules if name.partition(".")[0] == "openmetadata_probe"]:
        del sys.modules[name]
    sys.path.insert(0, job["path"])
    importlib.invalidate_caches()
    try:
        client_of: Any = importlib.import_module("openmetadata_probe.client")
        settings = importlib.import_module("openmetadata_probe.settings")
        declared = getattr(importlib.import_module("openmetadata_probe.models"), "DECLARED", "")
    finally:
        sys.path.remove(job["path"])
    client_of.RETRIES = client_of.RETRIES.new(backoff_factor=0)
    client = client_of.ProbeClient(settings.ProbeSettings.from_options(job["options"]))
    errors: list[str] = []
    # The records of the last list at each depth, with those above them and what was shown of these.
    levels: dict[int, list[tuple[list[Json], list[Any], Json, Any]]] = {}
    rows: dict[str, list[Any]] = {}
    for name, expression in job["show"].items():
        method = getattr(client, name)
        count = len(signature(method).parameters)
        above: list[tuple[list[Json], list[Any]]] = [([], [])]
        if count:
            above = [
                ([*parents, record], [*path, shown[0] if isinstance(shown, list) else shown])
                for parents, path, record, shown in levels[count - 1]
            ]
        levels[count], rows[name] = [], []
        for parents, path in above:
            found = method(*parents)
            while True:
                try:
                    record = next(found)
                    shown = jmespath.search(expression, flattened(record, declared))
                except StopIteration:
                    break
                except Exception as error:
                    errors.append(f"{name}: {type(error).__name__}: {error}")
                    continue
                levels[count].append((parents, path, record, shown))
                rows[name].append([*path, shown] if path else shown)
    heard.said.clear()
    client.close()
    return {"errors": [*errors, *heard.said], "rows": rows}


class Heard(logging.Handler):
    """Keeps warnings."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.said: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.said.append(record.getMessage())


heard = Heard()
for name in ("metadata", "metadata.Ingestion"):
    logging.getLogger(name).handlers = [heard]
    logging.getLogger(name).propagate = False
results: Json = {}
for job in json.loads(Path(sys.argv[1]).read_text(encoding="utf-8")):
    try:
        results[job["name"]] = read(job)
    except Exception as error:
        results[job["name"]] = {"errors": [f"{type(error).__name__}: {error}"], "rows": {}}
print(json.dumps(results, default=str))
