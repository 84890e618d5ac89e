"""Side by side: what the release's own connector and ours record of one system, field by field.

Both runs use the same name of a service, so that full names are the same.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from tests.support.openmetadata import RecordingServer

Json = dict[str, Any]

# Lists whose items have names of their own: a difference is that of one item, whatever its place.
NAMED = ("columns", "children", "tableConstraints")


@dataclass(frozen=True)
class Difference:
    """A field of an entity that the two have otherwise; None where one has none."""

    entity: str
    field: str
    ours: Any
    theirs: Any

    def __str__(self) -> str:
        return f"{self.entity} {self.field}: ours {self.ours!r}, theirs {self.theirs!r}"


def recorded(server: RecordingServer, collections: Mapping[str, str]) -> dict[str, Json]:
    """The fields of all entities, flat, by a word for the collection and the full name."""
    return {
        f"{word} {entity['fullyQualifiedName']}": dict(_flat("", _said(entity)))
        for collection, word in collections.items()
        for entity in server.entities(collection)
    }


def differences(ours: Mapping[str, Json], theirs: Mapping[str, Json]) -> list[Difference]:
    """Where the two differ. An entity that one has not is one difference, of the field `entity`."""
    found = []
    for name in sorted(ours.keys() | theirs.keys()):
        if name not in ours or name not in theirs:
            found.append(Difference(name, "entity", name in ours or None, name in theirs or None))
            continue
        for field in sorted(ours[name].keys() | theirs[name].keys()):
            one, other = ours[name].get(field), theirs[name].get(field)
            if one != other:
                found.append(Difference(name, field, one, other))
    return found


def unexplained(found: list[Difference], reasons: Mapping[str, str]) -> tuple[list[str], list[str]]:
    """The differences that no reason is for, and the reasons that no difference has any more.

    A reason is for what its pattern is found in.
    """
    without = [str(one) for one in found if not any(re.search(pattern, str(one)) for pattern in reasons)]
    stale = [pattern for pattern in reasons if not any(re.search(pattern, str(one)) for one in found)]
    return without, stale


# What a server adds to an entity, or says of another one.
ADDED = (
    *("id", "fullyQualifiedName", "version", "updatedAt", "updatedBy", "href", "changeDescription"),
    *("service", "serviceType", "database", "databaseSchema", "sourceHash"),
)


def _said(entity: Json) -> Json:
    """An entity as it was sent."""
    return {key: value for key, value in entity.items() if key not in ADDED}


def _flat(place: str, value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict):
        for key, item in value.items():
            yield from _flat(f"{place}.{key}" if place else key, item)
    elif isinstance(value, list) and place.rpartition(".")[2] in NAMED and all(isinstance(one, dict) for one in value):
        for item in value:
            name = item.get("name") or f"{item.get('constraintType')}({', '.join(item.get('columns', ()))})"
            yield from _flat(f"{place}[{name}]", {key: one for key, one in item.items() if key != "fullyQualifiedName"})
    elif value not in (None, [], "", {}):
        yield place, value
