"""What the sample of the emitted tests becomes in OpenMetadata, field by field, from the facts of the catalog.

A resource and a capability say in `becomes` what a field of the entity is made of: `{name}` is a field of the record,
with its own type where it stands alone, `{record}` all of it as JSON, `{own}` without the ids of what it is below;
`{of: charts, each: …}` is a list with an item for each record below. Nothing here is known from the emitted source: the
certification compares the two.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from jinja2.ext import Extension

if TYPE_CHECKING:
    from jinja2 import Environment

    from extensions.resources import Resource

Facts = dict[str, Any]

_FIELD = re.compile(r"\{([\w.]+)\}")

# Stands for what is not in the record: a field that is made of it is left out.
_MISSING = object()


class Arrivals:
    """Fills in what the records of a sample become.

    `records` are those of each resource, `type_name` is what the tags of the source are called after.
    """

    def __init__(self, resources: dict[str, Resource], records: dict[str, list[Facts]], type_name: str) -> None:
        self._resources = resources
        self._records = records
        self._type_name = type_name

    def of(self, name: str, full_name: str, becomes: Facts) -> Facts:
        """The entities of a resource: their fields by full names below the service."""
        resource = self._resources[name]
        found: Facts = {}
        for record in self._records[name]:
            known = record | self._above(resource, record)
            found[str(self._filled(full_name or f"{{{resource.named_by}}}", known))] = self._filled(becomes, known)
        return found

    def _above(self, resource: Resource, record: Facts) -> Facts:
        """The names of what a record is in, by what one of these is called."""
        above = {}
        for name in resource.parent_names:
            parent = self._resources[name]
            holder = next(one for one in self._records[name] if self._is_below(record, one, parent.item))
            above[parent.item] = holder[parent.named_by]
        return above

    @staticmethod
    def _is_below(record: Facts, above: Facts, item: str) -> bool:
        """Whether a record is below another one, what one of which is called is given."""
        ids = {f"{item}_id": above["id"]} | {key: value for key, value in above.items() if key.endswith("_id")}
        return ids.items() <= record.items()

    def _filled(self, value: Any, record: Facts) -> Any:
        if isinstance(value, str):
            return self._text(value, record)
        if isinstance(value, list):
            items = [self._filled(item, record) for item in value]
            return _MISSING if items and all(item in ({}, _MISSING) for item in items) else items
        if not isinstance(value, dict):
            return value
        if "of" not in value:
            filled = {key: self._filled(item, record) for key, item in value.items() if item is not None}
            return {key: item for key, item in filled.items() if item is not _MISSING}
        if value["of"] not in self._resources:
            return _MISSING
        parent = self._resources[value["of"]].parent
        below = [one for one in self._records[value["of"]] if self._is_below(one, record, parent)]
        return [self._filled(value["each"], one) for one in below]

    def _text(self, value: str, record: Facts) -> Any:
        """A text with the fields that it names; a field that stands alone keeps its type."""
        fields = {path: self._field(path, record) for path in _FIELD.findall(value)}
        if _MISSING in fields.values():
            return _MISSING
        if alone := _FIELD.fullmatch(value):
            return fields[alone[1]]
        return _FIELD.sub(lambda one: str(fields[one[1]]), value)

    def _field(self, path: str, record: Facts) -> Any:
        if path in ("record", "type_name"):
            return json.dumps(record) if path == "record" else self._type_name
        if path == "own":
            above = {f"{resource.item}_id" for resource in self._resources.values()}
            return json.dumps({key: value for key, value in record.items() if key not in above})
        for name in path.split("."):
            if name not in record:
                return _MISSING
            record = record[name]
        return record


class ArrivalsExtension(Extension):
    """Puts the class on the environment, as `environment.arrivals`."""

    def __init__(self, environment: Environment) -> None:
        super().__init__(environment)
        environment.extend(arrivals=Arrivals)
