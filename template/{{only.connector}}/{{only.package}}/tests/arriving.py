"""What has to arrive of the sample, and where it differs from what did."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from openmetadata import OpenMetadataServer
from package import ROOT

# Fields by full names below the service, by create request: what the sample says, whatever the connector makes of it.
ARRIVALS: dict[str, dict[str, Any]] = json.loads((ROOT / "tests/fixtures/arrivals.json").read_text(encoding="utf-8"))


def introduce_owners(server: OpenMetadataServer) -> None:
    """Have the server know the users that the sample names as owners."""
    for entities in ARRIVALS.values():
        for fields in entities.values():
            for owner in fields.get("owners", ()):
                server.put("/users", {"name": owner["name"], "email": owner["name"]})


def faults(server: OpenMetadataServer, service: str) -> Iterator[str]:
    """Where the server has something else than the sample: a line for each field."""
    for request, entities in ARRIVALS.items():
        arrived = server.arrived(request)
        for name, fields in entities.items():
            full_name = f"{service}.{name}"
            if full_name in arrived:
                yield from differences(fields, arrived[full_name], f"{request} {name}")
            else:
                yield f"{request} {name}: is not there"


def differences(wanted: Any, found: Any, place: str) -> Iterator[str]:
    """Where a value is not as it has to be. More fields than are wanted, such as ids, are none."""
    if isinstance(wanted, dict) and isinstance(found, dict):
        for key, value in wanted.items():
            yield from differences(value, found.get(key), f"{place}.{key}")
    elif isinstance(wanted, list) and isinstance(found, list) and len(wanted) == len(found):
        for number, value in enumerate(wanted):
            yield from differences(value, found[number], f"{place}[{number}]")
    elif isinstance(wanted, str) and isinstance(found, dict):
        # A reference to another entity.
        yield from differences(wanted, found.get("name"), place)
    elif isinstance(found, str) and "://" in found and str(wanted).startswith("/"):
        # An address in full, of the host that the source is on.
        yield from differences(wanted, urlsplit(found).path, place)
    elif wanted != found:
        yield f"{place}: {found!r} instead of {wanted!r}"
