"""Where records have what OpenMetadata knows: the properties of their schema, held against names of the catalog."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from scaffold_connector.inspecting.paging import fits, jmespath
from scaffold_connector.inspecting.schemas import Schemas, Shape
from scaffold_connector.inspecting.vocabulary import Facts, Resource, Vocabulary
from scaffold_connector.words import plain

# How deep records in records are looked at.
MOST_LEVELS = 3


@dataclass(frozen=True)
class Found:
    """Where a record has a field, as a map writes it, and what is doubtful of it."""

    value: Any
    doubt: str = ""


class Fields:
    """Finds the fields of records."""

    def __init__(self, vocabulary: Vocabulary, schemas: Schemas) -> None:
        self._vocabulary = vocabulary
        self._schemas = schemas

    def of(self, resource: Resource, item: Any, capabilities: set[str]) -> dict[str, Found]:
        """What records of a schema have of a resource, by OpenMetadata's names."""
        shape = self._schemas.shape(item)
        known = {name: facts for name, facts in resource.fields.items() if facts.get("capability", "") in capabilities}
        named_by = resource.facts.get("named_by", "id" if "id" in known else "")
        found = self._found(known, shape, resource.called, capabilities, 0)
        return self._named(found, shape, resource, named_by)

    def _found(
        self, known: Facts, shape: Shape, called: list[str], capabilities: set[str], level: int
    ) -> dict[str, Found]:
        held = {plain(name): name for name in reversed(shape.properties) if fits(name)}
        found: dict[str, Found] = {}
        for field, facts in known.items():
            if facts.get("capability", "") not in capabilities:
                continue
            names = self._vocabulary.names(field)
            if field == "displayName":
                # What is for people goes before what is mostly the name itself: verbose_name before column_name.
                labels = [name for name in names if name != "name"]
                names = [word + end for end in labels for word in called] + labels
                names += [*(word + "name" for word in called), "name"]
            elif field in ("id", "name"):
                # What is called after the record goes first: dag_id before uid.
                names = (
                    [word + end for end in names for word in called] + names
                    if field != "id"
                    else [*names[:1], *(word + end for end in names for word in called), *names[1:]]
                )
            for name in names:
                if name in held and (one := self._field(field, held[name], facts, shape, capabilities, level)):
                    found[field] = one
                    break
        return found

    def _named(self, found: dict[str, Found], shape: Shape, resource: Resource, named_by: str) -> dict[str, Found]:
        """What identifies a record is its name, and what people call it its displayName."""
        name, shown, id = found.get("name"), found.get("displayName"), found.get("id")
        if not shown and not name:
            name = self._alone(shape)
        if named_by == "id" and id and "displayName" in resource.fields:
            found["name"] = id
            found.pop("id")
            label = shown or name
            if label and label.value != id.value:
                found["displayName"] = label
            else:
                found.pop("displayName", None)
        elif name:
            # The run of a task is told by its id, not by what people call it.
            by_label = isinstance(name.value, str) and plain(name.value).endswith("displayname")
            found["name"] = found["task"] if by_label and "task" in found else name
            if shown and shown.value == name.value:
                found.pop("displayName")
        order = ["id", "name", "displayName"]
        return {key: found[key] for key in sorted(found, key=lambda key: order.index(key) if key in order else 9)}

    def _alone(self, shape: Shape) -> Found | None:
        """The one property that ends like a name, and is not that of somebody or something else."""
        ends = [
            name
            for name in shape.properties
            if name.lower().endswith(("_name", "_title"))
            and "by" not in name.lower().split("_")
            and fits(name)
            and self._schemas.shape(shape.properties[name]).types <= {"string"}
            and f"{name.rpartition('_')[0]}_id" not in shape.properties
        ]
        return Found(jmespath(ends[0]), "taken for the name by its ending") if len(ends) == 1 else None

    def _field(
        self, field: str, name: str, facts: Facts, shape: Shape, capabilities: set[str], level: int
    ) -> Found | None:
        one = self._schemas.shape(shape.properties[name])
        kind, place = facts["kind"], jmespath(name)
        if kind == "time":
            return _time(place, name, one)
        if kind == "records":
            return self._records(place, facts, one, capabilities, level)
        if kind in ("text", "texts", "any"):
            return self._text(field, place, name, kind, one)
        if kind == "flag" and one.types <= {"boolean"}:
            return Found(place)
        if kind == "number" and one.types <= {"integer", "number"}:
            return Found(place)
        return Found(place) if kind == "record" and one.is_object else None

    def _text(self, field: str, place: str, name: str, kind: str, one: Shape) -> Found | None:
        """A text or number; of an object what names it best; of a list that of each."""
        items = self._schemas.shape(one.items) if one.is_list else None
        held = items if items is not None else one
        if kind == "text" and one.is_list:
            return None
        if not held.properties:
            if held.types & {"object", "array"} and kind != "any":
                return None
            return Found(place)
        if kind == "any":
            return Found(place)
        best = {plain(key): key for key in reversed(held.properties) if fits(key)}
        names = self._vocabulary.words["people"] if field == "owners" else self._vocabulary.names("name")
        key = next((best[word] for word in names if word in best), "")
        if not key and field == "owners" and {"firstname", "lastname"} <= best.keys():
            inner = f"join(' ', [{jmespath(best['firstname'])}, {jmespath(best['lastname'])}])"
        elif key := key or best.get("id", ""):
            inner = jmespath(key)
        else:
            return None
        if items is not None:
            return Found(f"{place}[].{inner}")
        if kind == "texts" and name.lower().endswith("s"):
            return Found(f"{place}[].{inner}", "the document has one object here, and its name is a plural")
        return Found(f"{place}.{inner}")

    def _records(self, place: str, facts: Facts, one: Shape, capabilities: set[str], level: int) -> Found | None:
        """A list of objects with fields of their own."""
        doubt = ""
        items = self._schemas.shape(one.items) if one.is_list else one
        if not one.is_list:
            if not one.properties or not place.rstrip('"').endswith("s"):
                return None
            doubt = "the document has one object here, and its name is a plural"
        if not items.properties or level >= MOST_LEVELS:
            return None
        known = self._vocabulary.fields["nested"][facts["of"]]
        # What is within itself is found by its usual names.
        known = {name: about for name, about in known.items() if about["kind"] != "records"}
        called = [plain(facts["of"]), plain(facts["of"].rpartition("_")[2])]
        found = self._found(known, items, called, capabilities, level + 1)
        if shown := found.get("displayName"):
            name = found.get("name")
            if name is None or name.value == shown.value:
                found.pop("displayName")
        if "name" not in found and "id" not in found:
            return None
        found.pop("id", None) if "name" in found else None
        return Found({"value": place, "fields": {name: each.value for name, each in found.items()}}, doubt)


def _time(place: str, name: str, one: Shape) -> Found | None:
    if one.types <= {"string"}:
        doubt = "" if one.format == "date-time" else "the document does not say how the time is written"
        return Found({"value": place, "time": "iso"}, doubt)
    if not one.types & {"integer", "number"}:
        return None
    text = f"{name} {one.description}".lower()
    for unit, said in (
        ("milliseconds", ("milli", "_ms", "millis", "ms since")),
        ("seconds", ("second", "epoch", "unix")),
    ):
        if any(word in text for word in said):
            return Found({"value": place, "time": unit})
    unit = "milliseconds" if one.format == "int64" else "seconds"
    return Found({"value": place, "time": unit}, "the document does not say the unit of the time")
