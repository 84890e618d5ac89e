"""How a list comes in pages, and where an answer has its records, by the names of parameters and properties."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import Any

from scaffold_connector.inspecting.operations import Operation
from scaffold_connector.inspecting.schemas import Schemas, Shape
from scaffold_connector.inspecting.vocabulary import Facts
from scaffold_connector.words import field as answer_field
from scaffold_connector.words import plain

MOST_SIZE = 100


@dataclass(frozen=True)
class Listing:
    """Where an answer has a list: JMESPath, and the schema of its items. `keyed` where it is an object by names."""

    records: str
    item: Any
    beside: dict[str, Any]
    keyed: bool = False


@dataclass
class Paging:
    """The `paging` of a list as a map has it; what else the request needs; where each is from, and what is doubtful."""

    values: dict[str, Any] = field(default_factory=dict)
    query: dict[str, str] = field(default_factory=dict)
    json: dict[str, Any] = field(default_factory=dict)
    source: str = ""
    doubts: list[str] = field(default_factory=list)


def jmespath(*keys: str) -> str:
    """Keys as JMESPath, with quotes around those that are no words."""
    return ".".join(key if re.fullmatch(r"[A-Za-z_]\w*", key, re.ASCII) else json.dumps(key) for key in keys)


def fits(name: str) -> bool:
    """Whether the name of a property or parameter can stand in a map: printable, and short."""
    return 0 < len(name) <= 60 and name.isprintable() and "`" not in name


def listing(schemas: Schemas, names: Facts, operation: Operation, nouns: set[str]) -> Listing | None:
    """Where the answer of an operation has a list; None where it has none."""
    if operation.answer is None:
        return None
    shape = schemas.shape(operation.answer)
    if shape.is_list:
        return Listing("@", shape.items, {})
    found = _best(schemas, names, shape, nouns, ())
    for name in [] if found else list(shape.properties)[:20]:
        inner = schemas.shape(shape.properties[name])
        if fits(name) and inner.properties and plain(name) not in names["around"]:
            found = found or _best(schemas, names, inner, nouns, (name,))
    if found:
        return found
    if shape.values is not None and not shape.properties and schemas.shape(shape.values).is_object:
        return Listing("@", shape.values, {}, keyed=True)
    return None


def _best(schemas: Schemas, names: Facts, shape: Shape, nouns: set[str], above: tuple[str, ...]) -> Listing | None:
    ranked = []
    for place, (name, schema) in enumerate(shape.properties.items()):
        one = schemas.shape(schema)
        if not one.is_list or not fits(name):
            continue
        known = names["records"].index(plain(name)) if plain(name) in names["records"] else 50
        is_object = schemas.shape(one.items).is_object
        ranked.append(((not is_object, plain(name) not in nouns, known, place), name, one.items))
    if not ranked:
        return None
    _, name, items = min(ranked, key=lambda one: one[0])
    return Listing(
        jmespath(*above, name), items, {key: value for key, value in shape.properties.items() if key != name}
    )


def paging(schemas: Schemas, facts: Facts, operation: Operation, listed: Listing) -> Paging:
    """How a list is paged."""
    asked, place = _parameters(schemas, operation)
    found = Paging()
    if place == "nested":
        return _nested(schemas, facts, operation, listed)
    by, name = _way(facts, asked, listed, schemas)
    if not by:
        return found
    size = _called(facts["parameters"]["size"], asked, besides=name)
    found.values["by"] = by
    schema = schemas.shape(asked[name][0])
    found.source = f"{operation.place}, parameter{'s' if size else ''} {name}" + (f" and {size}" if size else "")
    if by == "page":
        found.values["first"], doubt = _first(schema, asked[name][1])
        found.doubts += [f"the number of the first page is not said: {doubt}"] if doubt else []
    if size:
        number, doubt = _size(schemas.shape(asked[size][0]))
        found.values["size"] = number
        found.doubts += [doubt] if doubt else []
    found.values["parameter"] = name
    if size:
        found.values["size_parameter"] = size
    if place == "json":
        found.values["in"] = "json"
    _add_answers(schemas, facts, listed, found)
    if by == "cursor" and "next" not in found.values:
        # Read as one page the rest would be lost in silence. A cursor without `next` is refused by the template.
        found.doubts.append(f"give next: {name} asks for the next page, but where an answer has it is not said")
    return found


def _parameters(schemas: Schemas, operation: Operation) -> tuple[dict[str, tuple[Any, str]], str]:
    """What may ask for a page: the schema and description of each name, and where they go."""
    query = {one.name: (one.schema, one.description) for one in operation.query() if fits(one.name) and not one.nested}
    if not query and any(one.nested for one in operation.query()):
        return {}, "nested"
    if operation.method == "POST" and operation.body is not None and not operation.form:
        body = schemas.shape(operation.body).properties
        held = {name: (one, schemas.shape(one).description) for name, one in body.items() if fits(name)}
        return held, "json"
    return query, "query"


def _way(facts: Facts, asked: dict[str, Any], listed: Listing, schemas: Schemas) -> tuple[str, str]:
    """How the list is paged, and by which parameter; empty where nothing says it."""
    # Of several ways the one that says where it is: a cursor often shows no count.
    for by in ("page", "offset", "cursor"):
        if name := _called(facts["parameters"][by], asked):
            shape = schemas.shape(asked[name][0])
            if by == "page" and shape.types == {"string"}:
                continue
            return by, name
    return "", ""


def _nested(schemas: Schemas, facts: Facts, operation: Operation, listed: Listing) -> Paging:
    """One parameter with an object in it, as text: JSON, or Rison where the description says so."""
    found = Paging()
    for one in operation.query():
        held = schemas.shape(one.schema).properties if one.nested else {}
        asked = {name: (schema, "") for name, schema in held.items() if re.fullmatch(r"\w+", name, re.ASCII)}
        for by in ("page", "offset"):
            name, size = _called(facts["parameters"][by], asked), _called(facts["parameters"]["size"], asked)
            if not name or not fits(one.name):
                continue
            number, doubt = _size(schemas.shape(asked[size][0])) if size else (0, "")
            # Rison is what Flask-AppBuilder takes there, whose pages are numbered from 0.
            is_rison = "rison" in operation.about.lower()
            pair = {name: f"{{{by}}}"} | ({size: "{size}"} if size else {})
            if is_rison:
                found.query[one.name] = "(" + ",".join(f"{key}:{value}" for key, value in pair.items()) + ")"
            else:
                inside = ",".join(f"{json.dumps(key)}:{value}" for key, value in pair.items())
                found.query[one.name] = f"{{{{{inside}}}}}"
            found.values = {"by": by} | ({"first": 0 if is_rison else 1} if by == "page" else {})
            found.values |= {"size": number} if size else {}
            if by == "page":
                found.doubts.append(f"the number of the first page is not said: {0 if is_rison else 1} is usual")
            found.doubts += [doubt] if doubt else []
            found.source = f"{operation.place}, {name} in parameter {one.name}"
            _add_answers(schemas, facts, listed, found)
            return found
    return found


def _called(names: list[str], asked: dict[str, Any], besides: str = "") -> str:
    known = {plain(name): name for name in reversed(asked) if name != besides}
    return next((known[plain(name)] for name in names if plain(name) in known), "")


def _first(shape: Shape, description: str) -> tuple[int, str]:
    """The number of the first page, and what is doubtful of it."""
    text = f"{description} {shape.description}".lower()
    for number, said in (
        (0, r"(0|zero)[- ]?(based|indexed)|(starts?|starting|counted|numbered)( at| from| with)? 0|first page is 0"),
        (1, r"(1|one)[- ]?(based|indexed)|(starts?|starting|counted|numbered)( at| from| with)? 1|first page is 1"),
    ):
        if re.search(said, text):
            return number, ""
    for value in (shape.minimum, shape.default):
        if value in (0, 1) and not isinstance(value, bool):
            return int(value), ""
    return 1, "1 is usual"


def _size(shape: Shape) -> tuple[int, str]:
    """How many records a page to ask for, and what is doubtful of it."""
    numbers = [
        value for value in (shape.maximum, shape.default) if isinstance(value, int) and not isinstance(value, bool)
    ]
    if isinstance(shape.maximum, int) and not isinstance(shape.maximum, bool) and shape.maximum > 0:
        return min(shape.maximum, MOST_SIZE), ""
    if numbers and 1 < numbers[-1] <= 1000:
        return numbers[-1], ""
    return MOST_SIZE, "how many records a page may have is not said"


def _add_answers(schemas: Schemas, facts: Facts, listed: Listing, found: Paging) -> None:
    """What the answer says of pages: beside the records, or in an object there."""
    places: list[tuple[tuple[str, ...], dict[str, Any]]] = [((), listed.beside)]
    for name, schema in listed.beside.items():
        if plain(name) in facts["answers"]["around"] and fits(name):
            places.append(((name,), schemas.shape(schema).properties))
    wanted = {"count": {"integer", "number"}, "more": {"boolean"}}
    for word in ("next", "count", "more"):
        if word == "next" and found.values.get("by") != "cursor":
            continue
        for above, held in places:
            asked = {
                name: one
                for name, one in held.items()
                if fits(name)
                and (word == "next" or schemas.shape(one).types & wanted[word])
                and not schemas.shape(one).is_list
            }
            known = {answer_field(name): name for name in reversed(asked)}
            words = [*facts["answers"][word], *(facts["answers"]["cursors"] if word == "next" else ())]
            name = next((known[one] for one in words if one in known), "")
            keys = (*above, name)
            if not name or (word != "next" and not all(re.fullmatch(r"[\w$@-]+", key, re.ASCII) for key in keys)):
                continue
            found.values[word] = jmespath(*keys) if word == "next" else ".".join(keys)
            break
