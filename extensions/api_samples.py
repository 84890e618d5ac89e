"""The sample of a connector whose requests an API map declares: records, and the shapes in which its API has them.

The emitted tests keep canonical records, with usual names. The stand-in serves them as the mapped API would: each field
at the place that its JMESPath reads. Such a place is found by turning the expression round. Afterwards each field is
read from the served record, as the client reads it: one that does not come back is left out of the sample.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, replace
from functools import cached_property
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from jinja2.ext import Extension

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from jinja2 import Environment

    from extensions.api_fields import Field
    from extensions.api_map import ApiMap, MappedList
    from extensions.api_requests import Text
    from extensions.resources import Resource

Facts = dict[str, Any]

# What the usual outcomes of the sample mean in OpenMetadata's words, which a map may have for them.
OUTCOMES = {
    "success": "successful",
    "failed": "failed",
    "timed_out": "failed",
    "running": "pending",
    "queued": "pending",
    "skipped": "skipped",
}

# Fields of the sample that may be whatever a map makes of others.
FREE = ("id", "name", "display_name", "description", "url", "path", "log_url", "project")

# A value of each of JMESPath's types, for fields that are told by the type of another one.
OF_TYPE = {"string": "text", "number": 1.5, "boolean": True, "array": ["text"], "object": {"key": "text"}, "null": None}

# What is made of a list of numbers, and such a list.
COUNTED = ("length", "sum", "min", "max", "avg")
NUMBERS = [10, 20]

# What an expression comes to that can't be evaluated.
UNREAD = object()

# What functions of JMESPath take, by the types of their signatures.
OF_ARGUMENT = OF_TYPE | {"array-string": ["text"], "array-number": NUMBERS}

# What a record that `where` leaves out is called.
UNWANTED = "unwanted"


# Emitted tests of how a source reads what nobody declared, by the field that a map must not have for them; and tests
# of a list that it must have.
OF_UNDECLARED = {
    "test_columns_keep_their_types_and_what_is_in_them": ("data_models", "columns"),
    "test_dashboard_names_the_data_models_that_it_and_its_charts_refer_to": ("dashboards", "data_models"),
    "test_tasks_are_in_order": ("tasks", "upstream"),
    "test_runs_of_tasks_are_in_the_state_of_their_run": ("task_runs", "tasks"),
    **dict.fromkeys(
        (
            "test_sql_of_a_task_gives_columns",
            "test_what_only_reads_or_writes_has_an_edge_with_its_pipeline",
            "test_lineage_of_others_is_not_replaced",
        ),
        ("tasks", "inputs"),
    ),
}
# What an answer says beside a list needs room there: there is none in one that is the list.
OF_SAYING = "test_list_does_not_end_where_something_else_is_said"
# Those that expect names in records, by the list that has them.
OF_NAMED = {"test_documents_are_those_of_their_parent": "documents"}
# Those in which a list fails that no other one shares its place with.
OF_ALONE = dict.fromkeys(
    ("test_documents_that_are_forbidden_are_a_warning", "test_documents_that_fail_again_and_again_are_given_up"),
    "documents",
)
OF_LISTED = {
    "test_tasks_are_in_order": "tasks",
    "test_runs_of_tasks_are_in_the_state_of_their_run": "task_runs",
    "test_dashboard_names_the_data_models_that_it_and_its_charts_refer_to": "charts",
}


class Unfit(ValueError):
    """An expression can't be turned round, or its place is taken."""


@dataclass(frozen=True)
class Leaf:
    """Stands for what JMESPath finds among the values of a record. `form` is a unit of time, or the name of words."""

    name: str
    form: str = ""

    def __str__(self) -> str:
        return f"{{{self.name}{f':{self.form}' if self.form else ''}}}"


@dataclass(frozen=True)
class Each:
    """Stands for a list: `item` for each value that is found at `name`, which is `Leaf("@")` in it."""

    name: str
    item: Any


class FromEnd(list[Any]):
    """A list whose items were counted from its end."""


ITSELF = Leaf("@")

# The only key of a shape that is written as a text of JSON.
AS_JSON = "{json}"


# ---- Expressions turned round ----------------------------------------------------------------------------------------


def inverse(expression: str, inner: Any) -> Any:
    """The smallest document in which an expression finds `inner`. Raises Unfit."""
    import jmespath

    return _inverse(jmespath.compile(expression).parsed, inner)


def taken(expression: str) -> Iterator[Any]:
    """The smallest documents in which the functions that an expression calls have what they take. Raises Unfit."""
    for argument, value in _arguments(expression):
        yield _inverse(argument, value)


def _inverse(node: Facts, inner: Any) -> Any:
    kind, children = node["type"], node["children"]
    if kind in ("identity", "current"):
        return inner
    if kind == "field":
        return {node["value"]: inner}
    if kind in ("subexpression", "index_expression", "pipe"):
        for child in reversed(children):
            inner = _inverse(child, inner)
        return inner
    if kind == "index":
        at = node["value"]
        return [None] * at + [inner] if at >= 0 else FromEnd([inner] + [None] * (-at - 1))
    if kind == "flatten":
        return _inverse(children[0], inner)
    if kind == "projection":
        return _inverse(children[0], _for_each(inner, lambda one: _inverse(children[1], one)))
    if kind == "filter_projection":
        condition = _holding(children[2])
        return _inverse(children[0], _for_each(inner, lambda one: merged(_inverse(children[1], one), condition)))
    if kind in ("or_expression", "and_expression"):
        return _inverse(children[0 if kind == "or_expression" else 1], inner)
    if kind == "function_expression":
        return _called(node["value"], children, inner)
    raise Unfit(f"{kind.replace('_', ' ')} can't be turned round")


def _for_each(inner: Any, made: Callable[[Any], Any]) -> Any:
    """What a projection goes over to give `inner`."""
    if isinstance(inner, Each):
        return Each(inner.name, made(inner.item))
    if isinstance(inner, list):
        return [made(one) for one in inner]
    item = made(ITSELF if isinstance(inner, Leaf) else inner)
    if item == ITSELF:
        return inner
    return Each(inner.name, _formed(item, inner.form)) if isinstance(inner, Leaf) else [item]


def _formed(item: Any, form: str) -> Any:
    """An item of a list, with the form of the list at each of its values."""
    if isinstance(item, Leaf):
        return replace(item, form=form)
    if isinstance(item, dict):
        return {key: _formed(one, form) for key, one in item.items()}
    return [_formed(one, form) for one in item] if isinstance(item, list) else item


def _holding(node: Facts) -> Any:
    """The smallest document for which a condition holds, as far as it can be told."""
    kind, children = node["type"], node["children"]
    if kind == "comparator" and node["value"] == "eq" and children[1]["type"] == "literal":
        return _inverse(children[0], children[1]["value"])
    if kind == "and_expression":
        return merged(_holding(children[0]), _holding(children[1]))
    if kind == "or_expression":
        return _holding(children[0])
    if kind in ("field", "subexpression"):
        return _inverse(node, True)
    return None


def _called(name: str, children: list[Facts], inner: Any) -> Any:
    if name == "join":
        return _inverse(children[1], [inner])
    if name in ("to_string", "to_number", "to_array", "not_null", "sort", "reverse"):
        return _inverse(children[0], inner)
    if name == "map" and children[0]["type"] == "expref":
        return _inverse(children[1], _for_each(inner, lambda one: _inverse(children[0]["children"][0], one)))
    if name in ("max_by", "min_by", "sort_by"):
        # One item is the first and the last of all.
        key = _inverse(children[1]["children"][0], 1)
        items = inner if name == "sort_by" and isinstance(inner, list) else [inner]
        return _inverse(children[0], [merged(one, key) for one in items])
    if name == "merge":
        document = _inverse(children[0], inner)
        for other in children[1:]:
            document = merged(document, _inverse(other, {}))
        return document
    raise Unfit(f"{name}() can't be turned round")


def merged(one: Any, other: Any) -> Any:
    """A document that has what two have. Raises Unfit where both have something else at a place."""
    if one is None or one == other:
        return other
    if other is None:
        return one
    if isinstance(one, dict) and isinstance(other, dict):
        return one | {key: merged(one.get(key), value) for key, value in other.items()}
    if isinstance(one, Each) and isinstance(other, Each) and one.name == other.name:
        return Each(one.name, merged(one.item, other.item))
    if isinstance(one, FromEnd) and isinstance(other, FromEnd):
        return FromEnd(merged([*reversed(one)], [*reversed(other)])[::-1])
    if isinstance(one, list) and isinstance(other, list):
        longer, shorter = sorted((one, other), key=len, reverse=True)
        return [merged(item, shorter[at] if at < len(shorter) else None) for at, item in enumerate(longer)]
    raise Unfit("its place is taken by another field")


def written(shape: Any) -> Any:
    """A shape as the emitted tests have it: texts with names in braces, the first of a list with [] for each item."""
    if isinstance(shape, Leaf):
        return str(shape)
    if isinstance(shape, Each):
        return [f"{{{shape.name}[]}}", written(shape.item)]
    if isinstance(shape, dict):
        return {key: written(item) for key, item in shape.items()}
    return [written(item) for item in shape] if isinstance(shape, list) else shape


def leaves(shape: Any) -> Iterator[str]:
    """The names in a shape, without those within the items of a list."""
    if isinstance(shape, Leaf | Each):
        yield shape.name
    elif isinstance(shape, dict | list):
        for item in shape.values() if isinstance(shape, dict) else shape:
            yield from leaves(item)


def filled(shape: Any, values: Any, words: Mapping[str, Mapping[str, Any]]) -> Any:
    """A shape with its values, as the emitted stand-in fills it in. Times stay as they are."""
    if isinstance(shape, Leaf):
        found = _search(shape.name, values)
        return words.get(shape.form, {}).get(str(found).lower(), found)
    if isinstance(shape, Each):
        found = _search(shape.name, values)
        items = listed(found) if "@" in leaves(shape.item) else items_of(found)
        return [filled(shape.item, value, words) for value in items]
    if isinstance(shape, dict) and AS_JSON in shape:
        return json.dumps(filled(shape[AS_JSON], values, words))
    if isinstance(shape, dict):
        return {key: filled(item, values, words) for key, item in shape.items()}
    return [filled(item, values, words) for item in shape] if isinstance(shape, list) else shape


def items_of(found: Any) -> list[Any]:
    """The objects in a list, or those that an object has by their names: of JSON Schema, or values by themselves."""
    if not isinstance(found, dict):
        return listed(found)
    named = found["properties"] if isinstance(found.get("properties"), dict) else found
    return [{"name": name} | (item if isinstance(item, dict) else {"value": item}) for name, item in named.items()]


def listed(found: Any) -> list[Any]:
    return found if isinstance(found, list) else [] if found is None else [found]


def _search(expression: str, values: Any) -> Any:
    """What an expression finds; UNREAD where a function refuses what it is called with, as in the emitted client."""
    import jmespath
    from jmespath.exceptions import JMESPathError

    try:
        return jmespath.search(expression, values)
    except (JMESPathError, TypeError, ValueError, AttributeError):
        return UNREAD


# ---- A sample --------------------------------------------------------------------------------------------------------


class ApiSample:
    """The sample of a map. `resources` are those that the client has, `records` their canonical records.

    `properties` gives what a map may say of a resource, `nested` what it may of the objects in a list, `held` the
    resource whose records a field of another one holds, by the names of both.
    """

    def __init__(
        self,
        api: ApiMap,
        resources: Mapping[str, Resource],
        records: dict[str, list[Facts]],
        properties: Callable[[str], Facts],
        nested: Mapping[str, Facts],
        held: Mapping[str, Mapping[str, str]],
        options: Mapping[str, str],
    ) -> None:
        self._api = api
        self._options = options
        self._resources = resources
        self._properties = properties
        self._nested = nested
        self._held = held
        self.records = records
        # What the records have in the words of the API, by names that shapes have behind a colon.
        self.words: dict[str, dict[str, Any]] = {}
        # How the API has a record, by resource; fields of the sample that are made of others; what can't be sampled.
        self.shapes: dict[str, Facts] = {}
        self.made: dict[str, list[str]] = {}
        self.uncovered: dict[str, list[str]] = {}
        # What the types of other values tell, by resource: fields by OpenMetadata's names.
        self.typed: dict[str, dict[str, str]] = {}
        # Fields of a sample record that a put-together name is made of.
        self.parts: dict[str, list[str]] = {}
        for name, listed in api.lists.items():
            if name in resources and not listed.constants and not listed.source:
                self._shape(name, listed)

    # ---- Shapes ----------------------------------------------------------------------------------------------------

    def _shape(self, name: str, listed: MappedList) -> None:
        """Find where the records of a list have what is read of them."""
        self._name = name
        self._doc: Facts = {}
        self._pending: set[str] = set()
        self.made[name], self.uncovered[name], self.parts[name] = [], [], []
        if listed.columns:
            self._of_columns(listed)
        elif self._is_of_values(listed):
            self._only(("id", "name"))
        for path, values in listed.where.items():
            self._put(path, values[0])
        for own, above in listed.join.items():
            self._put(own, Leaf(f"{self._resources[name].parent}.{above}"))
        for parent in self._resources[name].parent_names:
            if parent in self._api.lists and self._api.lists[parent].source == name:
                self._put(self._api.lists[parent].key, Leaf(f"{self._resources[parent].item}.name"))
        for child, one in self._api.lists.items():
            if child in self._resources and self._is_within(child, one) and self._resources[child].parent_name == name:
                self._put(one.records, Leaf(child))
        by_model = {facts["model"]: (known, facts) for known, facts in self._properties(name).items()}
        # What the map declares is nowhere else than where it says.
        self._pending = {by_model[model][1].get("sample", model) for model in listed.fields}
        for model in sorted(listed.fields, key=lambda model: {"id": 0, "name": 1}.get(model, 2)):
            self._field(listed.fields[model], *by_model[model])
        self._usual({by_model[model][1].get("sample", model) for model in listed.fields})
        for expression in self._asked(name):
            if self._value(expression) in (None, ""):
                self._put(expression, Leaf("id"))
        if (after := _of_last(listed)) and self._value(after) in (None, ""):
            self._put_parts([after], "after")
        self.shapes[name] = self._doc

    def _of_columns(self, listed: MappedList) -> None:
        """Have the records be what lists that belong together have of them, and nothing else."""
        for number, record in enumerate(self.records[listed.name], 1):
            record.update({key: f"{key}_{number}" for key in listed.columns if key not in record})
        self._only(("id", *listed.columns))
        if "id" not in listed.columns:
            self.made[listed.name].append("id")

    def _only(self, keys: Iterable[str]) -> None:
        """Leave nothing in the records but some keys, and what they are below."""
        for record in self.records[self._name]:
            above = {key: value for key, value in record.items() if key.endswith("_id")}
            kept = {key: record[key] for key in dict.fromkeys(keys) if key in record} | above
            record.clear()
            record.update(kept)

    @staticmethod
    def _is_of_values(listed: MappedList) -> bool:
        """Whether an object has plain values by names, from which there are records with the key `value`."""
        read = {root for field in listed.fields.values() for root in _roots(field.value)}
        return bool(listed.key_field) and "value" in read and read <= {"value", listed.key_field}

    @staticmethod
    def _is_within(name: str, listed: MappedList) -> bool:
        return not (listed.request or listed.constants or listed.source)

    def _put(self, expression: str, inner: Any) -> bool:
        try:
            self._doc = merged(self._doc, inverse(expression, inner))
        except Unfit:
            return False
        return True

    def _field(self, field: Field, known: str, facts: Facts) -> None:
        """Put a field to its place, and see whether it comes back from there."""
        key = str(facts.get("sample", facts["model"]))
        if facts["model"] == "document":
            key = "record"
        held = self._held.get(self._name, {}).get(known, "")
        if held and held in self._resources:
            key = held
        if key == "display_name":
            for number, record in enumerate(self.records[self._name], 1):
                record.setdefault(key, f"Display name {number}")
        if field.json and not field.fields:
            self._leave(known, key)
            return
        if field.fields:
            item = self._nested_shape(field.fields, self._nested[facts["of"]], f"{self._name}.{known}")
            is_put = isinstance(field.value, str) and self._put(field.value, self._as_json(field, Each(key, item)))
            if not is_put:
                self._leave(known, key)
            return
        if isinstance(field.value, str) and (counted := _argument(field.value, COUNTED)):
            self._count(field, counted, known, key)
            return
        if isinstance(field.value, str) and (typed := _argument(field.value, ("type",))):
            self._put_type(field, typed, known, key)
            return
        leaf = Leaf(key, self._form(field, f"{self._name}.{key}", self._said(key)))
        before = self._doc
        if isinstance(field.value, str):
            self._put(field.value, leaf)
        else:
            self._put_text(field.value, leaf)
        if not self._is_read(field):
            self._be_texts(key)
        if not self._is_read(field):
            self._doc = before
            self._feed(field)
        if key != "record" and not held:
            self._settle(field, known, key)

    def _is_read(self, field: Field) -> bool:
        """Whether an expression can be evaluated on all records: functions refuse values of other types than theirs."""
        return all(self._read(field, record) is not UNREAD for record in self.records[self._name])

    def _be_texts(self, key: str) -> None:
        """Have the records one text where they have an object of one key, such as an owner's e-mail address."""
        for record in self.records[self._name]:
            if isinstance(found := record.get(key), list) and len(found) == 1 and isinstance(found[0], dict):
                record[key] = next(iter(found[0].values()), None)

    def _feed(self, field: Field) -> None:
        """Put what functions take to where they take it from, so that records can be read at all."""
        expressions = (
            [field.value] if isinstance(field.value, str) else [one.expression for one in field.value.placeholders]
        )
        for place, value in (pair for expression in expressions for pair in _arguments(expression)):
            try:
                self._doc = merged(self._doc, _inverse(place, value))
            except Unfit:
                continue

    def _count(self, field: Field, counted: Facts, known: str, key: str) -> None:
        """Have numbers where a field is counted from, and the field be what they give."""
        try:
            self._doc = merged(self._doc, _inverse(counted, NUMBERS))
        except Unfit:
            self._leave(known, key)
            return
        self.made[self._name].append(key)
        for record in self.records[self._name]:
            record[key] = self._read(field, record)

    def _put_type(self, field: Field, typed: Facts, known: str, key: str) -> None:
        """Put values whose types say what a field is to the place that it looks at."""
        words = field.words or {name: name for name in OF_TYPE}
        place = f"{self._name}.{key}"
        said = {meaning: OF_TYPE[word] for word, meaning in reversed(words.items()) if word in OF_TYPE}
        try:
            self._doc = merged(self._doc, _inverse(typed, Leaf(key, place)))
        except Unfit:
            said = {}
        if not said:
            self._leave(known, key)
            return
        self.words[place] = {meaning.lower(): value for meaning, value in said.items()}
        self.typed.setdefault(self._name, {})[known] = f"{{{key}}}"
        for number, record in enumerate(self.records[self._name]):
            record[key] = [*said][number % len(said)]
        self._settle(field, known, key)

    @staticmethod
    def _as_json(field: Field, inner: Any) -> Any:
        """What the texts of JSON hold that a field is read from."""
        for expression in reversed(field.json):
            inner = {AS_JSON: inverse(expression, inner)}
        return inner

    def _said(self, key: str) -> list[str]:
        return [str(record[key]) for record in self.records[self._name] if isinstance(record.get(key), str | bool)]

    def _nested_shape(self, fields: Mapping[str, Field], known: Facts, place: str) -> Any:
        """The shape of an object in a list, from its own fields. What can't be put is left out."""
        by_model = {facts["model"]: facts for facts in known.values()}
        shape: Any = {}
        for model, field in fields.items():
            key = by_model[model].get("sample", model)
            try:
                if field.fields:
                    inner: Any = Each(key, self._nested_shape(field.fields, self._nested[by_model[model]["of"]], place))
                else:
                    inner = Leaf(key, self._form(field, f"{place}.{key}", []))
                if isinstance(field.value, str):
                    shape = merged(shape, inverse(field.value, inner))
            except Unfit:
                continue
        return shape

    def _form(self, field: Field, place: str, said: list[str]) -> str:
        """What a value of the sample is written in: a unit of time, or the name of words."""
        if field.time:
            return field.time
        if not field.words:
            return ""
        meanings = {meaning.lower(): word for word, meaning in reversed(field.words.items())}
        known = {one: meanings[outcome] for one, outcome in OUTCOMES.items() if outcome in meanings}
        known |= {one.lower(): meanings[one.lower()] for one in said if one.lower() in meanings}
        self.words[place] = known | dict(meanings)
        return place

    def _put_text(self, text: Text, leaf: Leaf) -> None:
        """Put a text: at its only place where it is all of it, else parts of it to each of its places."""
        places = [one.expression for one in text.placeholders if one.of == "record"]
        if len(places) == 1 and not text.literal:
            self._put(places[0], leaf)
        else:
            self._put_parts(places, leaf.name)

    def _put_parts(self, places: Iterable[str], name: str) -> None:
        """Put texts of the sample's own to places that have nothing yet."""
        for place in places:
            if self._value(place) not in (None, ""):
                continue
            part = f"{name}_{len(self.parts[self._name]) + 1}"
            if self._put(place, Leaf(part)):
                self.parts[self._name].append(part)
                for number, record in enumerate(self.records[self._name], 1):
                    record[part] = f"{part}_{number}"

    def _settle(self, field: Field, known: str, key: str) -> None:
        """Hold what comes back of a field against the sample, which follows it where it may."""
        records = self.records[self._name]
        found = [self._read(field, record) for record in records]
        wanted = [record.get(key) for record in records]
        if all(self._alike(one, other, field) for one, other in zip(found, wanted, strict=True)):
            return
        if key in FREE and all(isinstance(one, str | int) and one != "" for one in found):
            self.made[self._name].append(key)
            for record, one in zip(records, found, strict=True):
                self._become(record, key, str(one))
        else:
            self._leave(known, key)

    def _leave(self, known: str, key: str) -> None:
        self.uncovered[self._name].append(known)
        for record in self.records[self._name] if key not in ("id", "name") else ():
            record.pop(key, None)

    def _become(self, record: Facts, key: str, value: str) -> None:
        """Change a field of a record; where it is the id, of all that is below the record, too."""
        if key == "id":
            reference = f"{self._resources[self._name].item}_id"
            for others in self.records.values():
                for other in others:
                    if other.get(reference) == record["id"]:
                        other[reference] = value
        record[key] = value

    @staticmethod
    def _alike(found: Any, wanted: Any, field: Field) -> bool:
        if field.time:
            return found == wanted
        if field.words and isinstance(wanted, str) and isinstance(found, str):
            return found.lower() in (wanted.lower(), OUTCOMES.get(wanted.lower()))
        return found == wanted or (wanted is not None and found == [wanted])

    def _read(self, field: Field, record: Facts) -> Any:
        """A field of a record as it is served, as the client reads it. `{options.hostPort}` is left out."""
        served = self._served(record)
        if isinstance(field.value, str):
            found = _search(field.value, served)
        else:
            parts = []
            for part in field.value.parts:
                if isinstance(part, str):
                    parts.append(part)
                elif part.of == "record":
                    parts.append(_search(part.expression, served))
                elif part.expression != "hostPort":
                    return None
            found = UNREAD if UNREAD in parts else None if None in parts else "".join(map(str, parts))
        if field.words and found is not None and found is not UNREAD:
            said = str(found).lower() if isinstance(found, bool) else str(found)
            return field.words.get(said, field.default or found)
        return found

    def _values(self, record: Facts) -> Facts:
        """What the names in a shape stand for: the record's own fields, and the records above it as they are served."""
        values = record | {"record": record}
        for item, name in zip(
            self._resources[self._name].parents, self._resources[self._name].parent_names, strict=True
        ):
            for above in self.records[name]:
                if above["id"] == record.get(f"{item}_id"):
                    values[item] = above | filled(self.shapes.get(name, {}), above, self.words)
        return values

    def _value(self, expression: str) -> Any:
        record = self.records[self._name][0] if self.records[self._name] else {"id": "1", "name": "1"}
        return _search(expression, self._served(record))

    def _served(self, record: Facts) -> Facts:
        """A record as the stand-in serves it, as far as its shape is known."""
        consumed = {*leaves(self._doc), *self.made[self._name], *self._pending}
        own = {key: value for key, value in record.items() if key not in consumed and not key.endswith("_id")}
        return own | filled(self._doc, self._values(record), self.words)

    def _usual(self, declared: set[str]) -> None:
        """Fields that the map does not declare are at their usual keys, where there is room for them."""
        keys = {key for record in self.records[self._name] for key in record if not key.endswith("_id")}
        for key in sorted(keys - declared - {*leaves(self._doc)}):
            if key not in self._doc:
                continue
            there = self._doc[key]
            if isinstance(there, Leaf) and there.name in keys:
                self.made[self._name].append(key)
                for record in self.records[self._name]:
                    self._become(record, key, record[there.name])
            else:
                self._leave(key, key)
        consumed = {*leaves(self._doc), *self.made[self._name]}
        for key in ("id", "name"):
            if key not in declared and key in consumed and key not in self._doc and key not in self.made[self._name]:
                self._doc[key] = Leaf(key)

    def _asked(self, name: str) -> list[str]:
        """The expressions over a record of a list that requests and joins of others take."""
        item, found = self._resources[name].item, []
        for other, listed in self._api.lists.items():
            for request in listed.requests:
                found += [one.expression for one in request.placeholders if one.of == item]
            if other in self._resources and self._resources[other].parent == item:
                found += listed.join.values()
        return list(dict.fromkeys(found))

    def becomes(self, name: str, becomes: Facts) -> Facts:
        """What an entity of a resource is made of, without what the sample does not cover."""
        found = {key: value for key, value in becomes.items() if key not in self.uncovered.get(name, ())}
        if name not in self.shapes:  # there is no more of these than a name
            found = {key: value for key, value in found.items() if re.search(r"\{(?!type_name)\w", str(value))}
        if name in self._api.lists and self._is_of_values(
            self._api.lists[name]
        ):  # what others have beside their values
            found = {key: value for key, value in found.items() if "{" in str(value) and not isinstance(value, list)}
            found |= self.typed.get(name, {})
        if any("display_name" in record for record in self.records[name]) and found.get("displayName") == "{name}":
            found["displayName"] = "{display_name}"
        found = {key: whole for key, value in found.items() if (whole := self._in_whole(value)) is not None}
        for key, value in found.items():
            if isinstance(value, dict) and value.get("of") in self.uncovered and isinstance(value.get("each"), dict):
                found[key] = value | {"each": self.becomes(value["of"], value["each"])}
        return found

    def _in_whole(self, value: Any) -> Any:
        """What expects records whole: as the API has them. None where that is not what the sample has."""
        if not isinstance(value, dict):
            return value
        if value.get("each") != "{record}":
            found = {key: self._in_whole(one) for key, one in value.items()}
            return None if None in [found[key] for key in value if value[key] is not None] else found
        name = value["of"]
        if name in self._api.lists and "document" in self._api.lists[name].fields:
            return value
        return None if self.shapes.get(name) or self.made.get(name) else value | {"each": "{own}"}

    # ---- Requests --------------------------------------------------------------------------------------------------

    @cached_property
    def routes(self) -> list[Facts]:
        """The requests of the API, with what is answered: what has placeholders in its path goes last."""
        found = []
        for name, listed in self._api.lists.items():
            if name not in self._resources:
                continue
            if listed.request:
                found.append(self._route(name, listed.request) | self._answered(listed))
            for detail in listed.details:
                inner = Leaf(f"record.{detail.into}" if detail.into else "record")
                found.append(self._route(name, detail.request) | {"body": written(inverse(detail.record, inner))})
            if listed.contents:
                body = written(inverse(listed.contents.at or "@", Leaf("contents")))
                found.append(self._route(name, listed.contents.call) | {"body": body, "contents": True})
        return sorted(found, key=lambda route: "{" in route.get("path", ""))

    def _route(self, name: str, request: Any) -> Facts:
        if self._api.sdk:
            steps = [[step.name, _texts_in(list(step.positional)), _texts_in(step.named)] for step in request.steps]
            return {"name": name, "calls": steps}
        route: Facts = {"name": name, "method": request.method, "path": text_of(request.path)}
        sent = {
            "query": _said(self._api.query | request.query),
            "headers": self._api.headers | request.headers,
            "form": _said(request.form),
            "json": request.json,
        }
        if request.graphql:
            sent["json"] = {"query": request.graphql.strip().replace("{", "{{").replace("}", "}}")}
            sent["json"] |= {"variables": request.variables}
        return route | {key: _texts_in(value) for key, value in sent.items() if value}

    def _answered(self, listed: MappedList) -> Facts:
        paging = listed.paging
        if paging is None:
            raise Unfit(f"{listed.name} is not asked for")
        body = inverse(listed.records or "@", Leaf("records")) if not listed.columns else {}
        for key, place in listed.columns.items():
            body = merged(body, inverse(place, Each("records", Leaf(key))))
        more: Facts = {}
        # The next page is what comes after the last record of this one.
        if after := _of_last(listed):
            more["after"] = after
        following = "" if "after" in more else paging.next
        for place, name in ((paging.count, "count"), (paging.more, "more"), (following, "next")):
            if place:
                try:
                    body = merged(body, inverse(quoted(place) if name != "next" else place, Leaf(name)))
                except Unfit:
                    if self._api.sdk and name == "next" and place.isidentifier():
                        # The list has it as an attribute.
                        more["beside"] = place
                    continue
        if paging.by != "none":
            more["by"] = paging.by
        if paging.next_header:
            more["next_header"] = paging.next_header
        if paging.by == "page" and paging.first != 1:
            more["first"] = paging.first
        if listed.key_field:
            more["key_field"] = listed.key_field
        if paging.more and paging.more != "none":
            more["more"] = paging.more
        return {"body": written(body), "lists": True} | more

    @property
    def login_answer(self) -> Any:
        """What a login answers, with {token} and {seconds} where these are. Raises Unfit."""
        login = self._api.login
        if login is None:
            return {}
        shape = inverse(login.token, Leaf("token"))
        if isinstance(login.lifetime, str):
            shape = merged(shape, inverse(login.lifetime, Leaf("seconds")))
        return written(shape)

    def applies(self, test: str) -> bool:
        """Whether a test, by its name, is one of a connector with this map."""
        if test == OF_SAYING and not self.says:
            return False
        name, model = OF_UNDECLARED.get(test, ("", ""))
        is_declared = name in self._api.lists and model in self._api.lists[name].fields
        named = self._api.lists.get(OF_NAMED.get(test, ""))
        if named and named.columns and "name" not in named.columns:
            return False
        alone = self.places.get(OF_ALONE.get(test, ""))
        if alone and [*self.places.values()].count(alone) > 1:
            return False
        return not is_declared and OF_LISTED.get(test, next(iter(self._api.lists))) in self._api.lists

    @property
    def says(self) -> bool:
        """Whether the answer with the first list has room for what else an API says of it."""
        first = self._first
        return bool(first.request) and first.records not in ("", "@") and not first.key_field

    @property
    def first(self) -> MappedList:
        return self._first

    @property
    def _first(self) -> MappedList:
        return next(listed for name, listed in self._api.lists.items() if listed.request)

    @cached_property
    def places(self) -> dict[str, str]:
        """What tests call the lists: their paths, and behind a question mark what else they are below."""
        return {
            name: self._with_options(self._resources[name].path)
            for name, listed in self._api.lists.items()
            if name in self._resources and listed.request
        }

    def _with_options(self, path: str) -> str:
        """A path with what the settings of the tests have for options."""
        for name, value in self._options.items():
            path = path.replace(f":options.{name}", value)
        return path

    @cached_property
    def unwanted(self) -> dict[str, Any]:
        """What makes a record one that `where` leaves out, by resource."""
        found = {}
        for name, listed in self._api.lists.items():
            if name not in self._resources or not listed.where:
                continue
            place, values = next(iter(listed.where.items()))
            try:
                found[name] = written(inverse(place, _another(values)))
            except Unfit:
                continue
        return found

    @cached_property
    def listed(self) -> dict[str, list[str]]:
        """What a list shows of its records, by resource, where requests for each record show the rest."""
        found = {}
        for name, one in self._api.lists.items():
            if name in self._resources and "" in [detail.into for detail in one.details]:
                found[name] = self._shown(name, one)
            elif name in self._resources and self._is_of_values(one):
                found[name] = sorted({one.key_field, "value"})
        return found

    @cached_property
    def apart(self) -> dict[str, list[str]]:
        """The keys of records that requests of their own fill, by resource."""
        keys = {
            name: [detail.into for detail in one.details if detail.into]
            for name, one in self._api.lists.items()
            if name in self._resources
        }
        return {name: into for name, into in keys.items() if into}

    def _shown(self, name: str, one: MappedList) -> list[str]:
        apart = {detail.into for detail in one.details}
        needed = {"id", "name"}
        for model in ("id", "name"):
            if model in one.fields:
                needed |= _roots(one.fields[model].value)
        own = self._resources[name].item
        for detail in one.details:
            for asked in detail.request.placeholders:
                needed |= _roots(asked.expression) if asked.of == own else set()
        for expression in (*one.where, *one.join, *(self._keys_of(name))):
            needed |= _roots(expression)
        return sorted(needed - apart)

    def _keys_of(self, name: str) -> list[str]:
        return [listed.key for listed in self._api.lists.values() if listed.source == name]

    @cached_property
    def within(self) -> dict[str, str]:
        """The resources that a record of another one holds, with the key that their names are put at, if any."""
        found = {
            name: listed.key_field
            for name, listed in self._api.lists.items()
            if name in self._resources and self._is_within(name, listed)
        }
        for name, fields in self._held.items():
            listed = self._api.lists.get(name)
            for known, child in fields.items():
                if listed and known in listed.fields and child in self._resources:
                    found[child] = ""
        return found

    @cached_property
    def parents(self) -> dict[str, dict[str, str]]:
        """What the records of a resource are below: resources by what one of them is called."""
        return {
            name: dict(zip(one.parents, one.parent_names, strict=True))
            for name, one in self._resources.items()
            if one.parents
        }

    @property
    def shown_shapes(self) -> dict[str, Any]:
        return {name: written(shape) for name, shape in self.shapes.items() if shape}

    @property
    def hidden(self) -> dict[str, list[str]]:
        """Fields of sample records that nothing serves: others make them."""
        return {name: keys for name, keys in self.made.items() if keys}

    @property
    def used_words(self) -> dict[str, dict[str, Any]]:
        return {place: words for place, words in self.words.items() if words}


def given_records(
    api: ApiMap, resources: Mapping[str, Resource], held: Mapping[str, Mapping[str, str]]
) -> dict[str, list[Facts] | None]:
    """The records of lists that the API is not asked for; None where there is nothing but a name of each."""
    found: dict[str, list[Facts] | None] = {}
    for name in resources:
        listed = api.lists.get(name)
        if listed and listed.constants:
            found[name] = [{"id": record["name"]} | record for record in listed.constants]
        elif listed and listed.source:
            found[name] = None
        elif not listed and any(name in other.parent_names for other in resources.values()):
            found[name] = [{"id": "default", "name": "default"}]
        elif not listed and not _is_held(name, api, held):
            found[name] = []
    return found


def _is_held(name: str, api: ApiMap, held: Mapping[str, Mapping[str, str]]) -> bool:
    """Whether the map says that records of another list hold these."""
    return any(
        parent in api.lists and child == name and known in api.lists[parent].fields
        for parent, fields in held.items()
        for known, child in fields.items()
    )


def _another(values: tuple[Any, ...]) -> Any:
    for other in (not values[0] if isinstance(values[0], bool) else "another", "one more", 987654, False, True):
        if other not in values:
            return other
    return None


def _roots(value: str | Text) -> set[str]:
    """The first keys that an expression or a text reads."""
    import jmespath

    if not isinstance(value, str):
        return {root for one in value.placeholders if one.of == "record" for root in _roots(one.expression)}
    found: set[str] = set()

    def look(node: Facts) -> None:
        kind = node["type"]
        if kind == "field":
            found.add(node["value"])
            return
        first_only = kind in ("subexpression", "index_expression", "pipe", "projection", "filter_projection", "flatten")
        for child in node["children"][: 1 if first_only else None]:
            if isinstance(child, dict):
                look(child)

    look(jmespath.compile(value).parsed)
    return found


def _argument(expression: str, functions: tuple[str, ...]) -> Facts | None:
    """What one of some functions is called with, where an expression is such a call."""
    import jmespath

    node: Facts = jmespath.compile(expression).parsed
    if node["type"] != "function_expression" or node["value"] not in functions:
        return None
    argument: Facts = node["children"][0]
    return argument


def _of_last(listed: MappedList) -> str:
    """What of the last record of a page leads to the next one; empty where something else does."""
    last = f"{listed.records}[-1]."
    return listed.paging.next.removeprefix(last) if listed.paging and listed.paging.next.startswith(last) else ""


def _arguments(expression: str) -> Iterator[tuple[Facts, Any]]:
    """The arguments of each function that an expression calls, and a value that the function takes for it."""
    import jmespath
    from jmespath.functions import Functions

    def look(node: Facts) -> Iterator[tuple[Facts, Any]]:
        if node["type"] == "function_expression":
            for argument, said in zip(
                node["children"], Functions.FUNCTION_TABLE[node["value"]]["signature"], strict=False
            ):
                if said["types"] and "expref" not in said["types"]:
                    yield argument, OF_ARGUMENT[said["types"][0]]
        for child in node["children"]:
            yield from look(child)

    yield from look(jmespath.compile(expression).parsed)


def quoted(keys: str) -> str:
    """Keys joined by dots as JMESPath."""
    return ".".join(f'"{key}"' for key in keys.split("."))


def text_of(text: Text) -> str:
    """A text as a map has it: placeholders in braces, and braces that stand for themselves doubled."""
    return "".join(
        part.replace("{", "{{").replace("}", "}}")
        if isinstance(part, str)
        else f"{{{part.of}{'.' if part.expression else ''}{part.expression}}}"
        for part in text.parts
    )


def _said(values: Facts) -> Facts:
    """Values of a query or a form as they are sent; of a list, the last."""
    found = {}
    for name, value in values.items():
        last = value[-1] if isinstance(value, list) and value else value
        found[name] = last if hasattr(last, "parts") else str(last).lower() if isinstance(last, bool) else str(last)
    return found


def _texts_in(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _texts_in(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_texts_in(item) for item in value]
    return text_of(value) if hasattr(value, "parts") else value


class ApiSamplesExtension(Extension):
    """Adds ApiSample to the environment, as `environment.api_sample`, and what turns expressions round."""

    def __init__(self, environment: Environment) -> None:
        super().__init__(environment)
        turned = SimpleNamespace(
            inverse=inverse,
            taken=taken,
            merged=merged,
            written=written,
            leaves=leaves,
            filled=filled,
            Leaf=Leaf,
            Unfit=Unfit,
        )
        environment.extend(api_sample=ApiSample, given_records=given_records, api_shapes=turned)
