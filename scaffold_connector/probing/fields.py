"""Checks of fields: which are filled in how many records, what can't be read, and what nobody asks for."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from scaffold_connector.probing.expressions import (
    FAULTS,
    UNITS,
    compiled,
    found_at,
    is_there,
    is_time,
    places,
    roots,
    units_of,
)
from scaffold_connector.probing.filling import Record
from scaffold_connector.probing.likeness import alike, probable
from scaffold_connector.probing.report import DOUBT, OK, WRONG, Fix, Line
from scaffold_connector.probing.source import Facts, Source
from scaffold_connector.words import plain

if TYPE_CHECKING:
    from extensions.api_fields import Field
    from extensions.api_map import MappedList

# Fields that no answer uses, of which a line is made.
MOST_UNUSED = 12


class Fields:
    """Looks at the fields of a list in its records. `options` are what `{options.…}` stands for.

    `scopes` says by the `id()` of a record among which others its name has to be one alone. `detailed` are those of the
    records that were asked for one by one: fields that only they have are looked at in them.
    """

    def __init__(
        self,
        source: Source,
        listed: MappedList,
        records: list[Record],
        detailed: list[Record],
        scopes: Mapping[int, int],
        options: Mapping[str, Any],
    ) -> None:
        self._source = source
        self._listed = listed
        self._records = records
        self._detailed = detailed
        self._scopes = scopes
        self._others = [record for record in records if not any(record is one for one in detailed)]
        self._options = options
        self._items = source.items.get(listed.name, ())

    def lines(self) -> list[Line]:
        """A line for each declared field, for those that usual names find, and for those that nobody asks for."""
        properties = self._source.properties[self._listed.name]
        found = self._of(self._listed.fields, properties, self._records, ("fields",))
        found += self._usual(properties)
        return [*found, *self._unused(properties)]

    # ---- Declared --------------------------------------------------------------------------------------------------

    def _of(
        self, fields: Mapping[str, Field], properties: Facts, records: list[Record], keys: tuple[str, ...]
    ) -> list[Line]:
        names = {facts["model"]: name for name, facts in properties.items()}
        used = {field.value for field in fields.values() if isinstance(field.value, str)}
        lines = []
        for model, field in fields.items():
            name = names[model]
            lines += self._field(name, field, properties[name], records, (*keys, name), used)
        return lines

    def _field(
        self, name: str, field: Field, facts: Facts, records: list[Record], keys: tuple[str, ...], used: set[str]
    ) -> list[Line]:
        what = ".".join(key for key in keys if key != "fields")
        if self._detailed and records is self._records and isinstance(field.value, str):
            begun = {path[0] for path in roots(field.value)}
            if not any(key in record for record in self._others for key in begun):
                records = self._detailed
        raw, values, faults = [], [], []
        for record in records:
            try:
                raw.append(self._raw(field, record))
                values.append(self._parsed(field, raw[-1]))
            except FAULTS as error:
                faults.append(" ".join(str(error).split())[:80])
        there = [value for value in values if is_there(value)]
        place = field.value if isinstance(field.value, str) else field.value.written().replace("{record.", "{")
        count = f"{len(there)} of {len(records)}"
        if faults:
            says = f"{place} can't be read in {len(faults)} of {len(records)} records: {faults[0]}"
            return [Line(what, WRONG, says, tuple(raw[:1]))]
        if not there:
            return [self._empty(what, name, field, place, records, keys, used)]
        samples = tuple(there)
        if field.fields:
            return [Line(what, OK, f"{place}: {count}"), *self._objects(what, field, facts, there, keys)]
        says, verdict, fixes = f"{place}: {count}", OK, ()
        if facts["kind"] == "time" or field.time:
            return [self._time(what, field, place, there, count, keys)]
        if field.words:
            return [self._words(what, field, place, there, count)]
        if facts["kind"] == "number" and (odd := [one for one in there if not _is_number(one)]):
            verdict, says = WRONG, f"{says}; {len(odd)} are no numbers"
            samples = tuple(odd)
        elif facts["kind"] in ("text", "flag") and (odd := [one for one in there if isinstance(one, dict)]):
            verdict, says = DOUBT, f"{says}; {len(odd)} are objects, of which a name is taken"
        if name == "name" and not keys[:-1].count("fields") > 1:
            named = [record for record in records if is_there(found_at(record, place))]
            return [self._identity(what, place, named if len(named) == len(there) else [], there, count)]
        return [Line(what, verdict, says, samples, fixes)]

    def _raw(self, field: Field, record: Record) -> Any:
        if isinstance(field.value, str):
            return compiled(field.value).search(record)
        parts = []
        for part in field.value.parts:
            if isinstance(part, str):
                parts.append(part)
            else:
                value = (
                    self._options.get(part.expression) if part.of == "options" else found_at(record, part.expression)
                )
                if isinstance(value, dict | list):
                    raise ValueError("a part of a text is an object or a list")
                if value is None:
                    return None
                parts.append(str(value))
        return "".join(parts)

    @staticmethod
    def _parsed(field: Field, value: Any) -> Any:
        for expression in field.json:
            if value in (None, ""):
                return None
            if not isinstance(value, str):
                raise ValueError("what should be a text of JSON is none")
            value = compiled(expression).search(json.loads(value))
        return value

    def _empty(
        self,
        what: str,
        name: str,
        field: Field,
        place: str,
        records: list[Record],
        keys: tuple[str, ...],
        used: set[str],
    ) -> Line:
        """A field that no record has: it may be empty everywhere, or be looked for at a wrong place."""
        if not isinstance(field.value, str):
            return Line(what, DOUBT, f"{place}: none of {len(records)}")
        if self._is_known(field.value, records):
            return Line(what, OK, f"{place}: none of {len(records)}, though the key is there")
        other, only = alike(field.value, name, records, self._source.words, self._items, used - {field.value})
        if not other:
            return Line(what, WRONG, f"{place}: no record has this key")
        plainly = not field.json and not field.fields
        at = keys if not _is_object(field) else (*keys, "value")
        fix = Fix(at, other, sure=only and plainly)
        return Line(what, WRONG, f"{place}: no record has this key; {other} is probably meant", fixes=(fix,))

    @staticmethod
    def _is_known(expression: str, records: list[Record]) -> bool:
        """Whether some record has the keys that an expression begins with, with nothing behind them."""
        for path in roots(expression):
            for record in records:
                first = record.get(path[0]) if isinstance(record, dict) else None
                if path[0] in record and (len(path) == 1 or not is_there(first)):
                    return True
                inner = first[0] if isinstance(first, list) and first else first
                if len(path) > 1 and isinstance(inner, dict) and path[1] in inner:
                    return True
        return False

    def _identity(self, what: str, place: str, records: list[Record], values: list[Any], count: str) -> Line:
        """The name has to tell records below the same parent apart."""
        scopes = [self._scopes.get(id(record), 0) for record in records] or [0] * len(values)
        names = [f"{scope} {json.dumps(value, default=str)}" for scope, value in zip(scopes, values, strict=True)]
        twins = len(names) - len(set(names))
        if not twins:
            return Line(what, OK, f"{place}: {count}, all different", tuple(values))
        again = [value for value, name in zip(values, names, strict=True) if names.count(name) > 1]
        ids = [value for record in self._records if (value := record.get("id")) is not None]
        fixes: tuple[Fix, ...] = ()
        if len({str(value) for value in ids}) == len(self._records):
            fixes = (Fix(("fields", "name"), "id", sure=False),)
        return Line(what, DOUBT, f"{place}: {twins} of {len(names)} have the name of another one", tuple(again), fixes)

    def _time(self, what: str, field: Field, place: str, values: list[Any], count: str, keys: tuple[str, ...]) -> Line:
        """A time is one in the unit that was said, or else as OpenMetadata has it: milliseconds, or ISO 8601."""
        said = [field.time] if field.time else ["milliseconds", "iso"]
        bad = [value for value in values if not any(is_time(value, unit) for unit in said)]
        if not bad:
            return Line(what, OK, f"{place}: {count}, as {field.time or 'times'}", tuple(values))
        fits = units_of(values)
        says = f"{place}: {len(bad)} of {len(values)} are no times{f' in {field.time}' if field.time else ''}"
        if not fits and field.time in UNITS and all(map(_is_number, bad)):
            return Line(what, DOUBT, f"{says} of our age", tuple(bad))
        if not fits:
            return Line(what, WRONG, says, tuple(bad))
        sure = len(fits) == 1
        whole: Any = fits[0]
        fix = (
            Fix((*keys, "time"), whole, sure)
            if _is_object(field)
            else Fix(keys, {"value": field.value, "time": whole}, sure)
        )
        return Line(what, WRONG, f"{says}; {' or '.join(fits)} fits", tuple(bad), (fix,))

    @staticmethod
    def _words(what: str, field: Field, place: str, values: list[Any], count: str) -> Line:
        """Values that mean something, each with an entry of its own."""
        said = [str(value).lower() if isinstance(value, bool) else str(value) for value in values]
        without = list(dict.fromkeys(one for one in said if one not in field.words))
        if not without:
            return Line(what, OK, f"{place}: {count}, each with an entry", tuple(values))
        of = f"{len(without)} value{'s' if len(without) > 1 else ''}"
        if field.default:
            return Line(what, OK, f"{place}: {count}; default {field.default} is for {of}", tuple(without))
        return Line(what, DOUBT, f"{place}: {count}; map has no entry for {of}", tuple(without))

    def _objects(self, what: str, field: Field, facts: Facts, values: list[Any], keys: tuple[str, ...]) -> list[Line]:
        """The objects in a list, with fields of their own."""
        items = [item for value in values for item in (value if isinstance(value, list) else [value])]
        objects = [item for item in items if isinstance(item, dict)]
        if any(not isinstance(value, list) for value in values):
            return [Line(what, WRONG, "what should be a list of objects is none", tuple(values))]
        inner = self._source.nested[facts["of"]]
        return self._of(field.fields, inner, objects, (*keys, "fields")) if objects else []

    # ---- What was not declared -------------------------------------------------------------------------------------

    def _usual(self, properties: Facts) -> list[Line]:
        """Fields that were not declared, and are found by their usual names."""
        known = [{plain(str(name)): name for name, value in one.items() if is_there(value)} for one in self._records]
        lines = []
        for name, facts in properties.items():
            if name == "id" and "name" in self._listed.fields:
                continue
            if (
                facts["model"] in self._listed.fields
                or facts.get("capability", "metadata") not in self._source.capabilities
            ):
                continue
            words = [plain(name), *self._source.words["properties"].get(name, ())]
            words += [item + name for item in self._items if name in ("id", "name")]
            word = next((word for word in words if any(word in one for one in known)), "")
            if word:
                values = [record[one[word]] for record, one in zip(self._records, known, strict=True) if word in one]
                count = f"{len(values)} of {len(self._records)}"
                (spelt, *_) = (one[word] for one in known if word in one)
                if name == "name" and not self._listed.fields:
                    named = [record for record, one in zip(self._records, known, strict=True) if word in one]
                    lines.append(self._identity(name, f"{spelt}, by its usual name", named, values, count))
                    continue
                lines.append(Line(name, OK, f"{spelt}, by its usual name: {count}", tuple(values)))
        declared = self._listed.fields.keys() & {"name", "id"} or [one for one in lines if one.what in ("name", "id")]
        if not declared and self._records and "id" in properties:
            lines.append(
                Line("name", WRONG, "records have neither an id nor a name: say with fields what their name is")
            )
        return lines

    def _unused(self, properties: Facts) -> list[Line]:
        """Fields with values that no answer uses, each with the property that it probably is."""
        used = self._used()
        there: dict[str, list[Any]] = {}
        for record in self._records:
            for path, value in places(record, 2):
                if is_there(value) and "[]" not in path:
                    there.setdefault(path, []).append(value)
        taken = {name for name, facts in properties.items() if facts["model"] in self._listed.fields}
        usual = {line.says.partition(",")[0].partition(" by ")[0] for line in self._usual(properties)}
        unused = [path for path in there if path not in used and path.partition(".")[0] not in used | usual]
        # A second id says nothing, and what is deep in a record is mostly something of another one.
        free = properties.keys() - taken - {"id"}
        deep = tuple(f"{detail.into}." for detail in self._listed.details if detail.into)
        meant = {
            path: probable(path, free, self._source.words, self._items)
            if "." not in path or (deep and path.startswith(deep))
            else ""
            for path in unused
        }
        if not unused:
            return []
        unused.sort(key=lambda path: not meant[path])
        shown = [f"{path} ({meant[path]}?)" if meant[path] else path for path in unused[:MOST_UNUSED]]
        behind = f", and {len(unused) - MOST_UNUSED} more" if len(unused) > MOST_UNUSED else ""
        return [Line("not used", OK, ", ".join(shown) + behind)]

    def _used(self) -> set[str]:
        """The keys that some answer uses, each also with the key behind it."""
        listed = self._listed
        texts = [*listed.where, *listed.join, listed.key_field]
        texts += [text for field in listed.fields.values() for text in _expressions(field)]
        for name, other in self._source.api.lists.items():
            mine = listed.name in self._source.parents[name]
            texts += [other.records] if mine and other.request is None else []
            texts += list(other.join.values()) if mine else []
            asked: list[Any] = list(other.requests)
            texts += [one.expression for request in asked for one in request.placeholders if one.of == listed.item]
            texts += [other.key] if other.source == listed.name else []
        return {".".join(path) for text in texts if text for path in roots(text)}


def _expressions(field: Field) -> list[str]:
    if isinstance(field.value, str):
        return [field.value]
    return [part.expression for part in field.value.placeholders if part.of == "record"]


def _is_object(field: Field) -> bool:
    """Whether a field is written as an object with value."""
    return bool(field.json or field.words or field.time or field.fields or field.default)


def _is_number(value: Any) -> bool:
    try:
        return not isinstance(value, bool) and float(value) == float(value)
    except (TypeError, ValueError):
        return False
