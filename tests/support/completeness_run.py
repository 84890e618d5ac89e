"""Runs in the framework's interpreter: reads a source to its end for each of some addresses, of several packages.

The argument is a file of JSON, a list of packages: the `path` of each, `module` and `class` of its base class, the
`custom` type of the service, what its source is configured with (`config`), the client's `lists` that are given and so
not asked for, and `addresses`, those that it is pointed to one after the other. Prints, as the last line, what came of
each: what was `made`, by the kind of request, `failures` and `warnings`, the kinds of entity whose rest `deletes`.
"""

import importlib
import json
import logging
import sys
import traceback
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest.mock import MagicMock

Job = dict[str, Any]


def forget_package() -> None:
    for name in [name for name in sys.modules if name.partition(".")[0] == "openmetadata_probe"]:
        del sys.modules[name]


def clear_states(base: type) -> None:
    """What the framework keeps on the class would be seen by the next run; a user's run has a process of its own."""
    for name, value in vars(base).items():
        if name.endswith("_source_state") and isinstance(value, set):
            value.clear()


def read(job: Job, base: type, module: Any, address: str) -> dict[str, Any]:
    clear_states(base)
    service = SimpleNamespace(name="service")
    openmetadata = MagicMock()
    openmetadata.config = SimpleNamespace(forceEntityOverwriting=False)
    openmetadata.get_create_service_from_source.return_value = service
    openmetadata.get_by_name.side_effect = lambda entity, **_: service if entity.__name__.endswith("Service") else None
    deletes: list[str] = []

    def delete(metadata: Any, entity_type: type, *_seen: Any, **_: Any) -> list[Any]:
        deletes.append(entity_type.__name__)
        return []

    # The base class deletes, or the source itself, place by place.
    callers: tuple[Any, ...] = (sys.modules[base.__module__], module)
    for caller in callers:
        if hasattr(caller, "delete_entity_from_source"):
            caller.delete_entity_from_source = delete
    config = {
        "type": job["custom"].lower(),
        "serviceName": "service",
        "serviceConnection": {
            "config": {
                "type": job["custom"],
                "sourcePythonClass": "openmetadata_probe.metadata.ProbeSource",
                "connectionOptions": {"hostPort": address, "token": "t"},
            }
        },
        "sourceConfig": {"config": job["config"]},
    }
    source = module.ProbeSource.create(config, openmetadata)
    for name, records in job["lists"].items():
        setattr(source.source, name, lambda *_, records=records: iter(records))
    made: dict[str, list[str]] = {}
    for entity in source.run():
        made.setdefault(type(entity).__name__, []).append(getattr(getattr(entity, "name", None), "root", ""))
    return {
        "made": made,
        "failures": [failure.error for failure in source.status.failures],
        "warnings": [f"{name}: {reason}" for one in source.status.warnings for name, reason in one.items()],
        "deletes": deletes,
    }


logging.getLogger("metadata").setLevel(logging.CRITICAL)
results = []
for job in json.loads(Path(sys.argv[1]).read_text(encoding="utf-8")):
    base = getattr(importlib.import_module(job["module"]), job["class"])
    base.test_connection = lambda _: None
    sys.path.insert(1, job["path"])
    module = importlib.import_module("openmetadata_probe.metadata")
    client: Any = importlib.import_module("openmetadata_probe.client")
    if hasattr(client, "RETRIES"):
        client.RETRIES = client.RETRIES.new(backoff_factor=0)
    for address in job["addresses"]:
        try:
            results.append(read(job, base, module, address))
        except Exception:
            results.append({"crash": traceback.format_exc()})
    sys.path.remove(job["path"])
    forget_package()
print(json.dumps(results))
