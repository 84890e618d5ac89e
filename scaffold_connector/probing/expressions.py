"""Values by expressions of JMESPath, with the meaning that emitted connectors give them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from functools import cache
from typing import Any

import jmespath
from jmespath.exceptions import JMESPathError

Json = Any

# How many of each are in a second.
UNITS = {"seconds": 1, "milliseconds": 10**3, "microseconds": 10**6, "nanoseconds": 10**9}

# Formats of strptime in which times are often written, beside that of ISO 8601.
FORMATS = (
    "%Y/%m/%d %H:%M:%S",
    "%d.%m.%Y %H:%M:%S",
    "%d.%m.%Y %H:%M",
    "%d/%m/%Y %H:%M:%S",
    "%m/%d/%Y %H:%M:%S",
    "%d/%m/%Y %H:%M",
    "%m/%d/%Y %H:%M",
    "%m/%d/%Y %I:%M:%S %p",
    "%a, %d %b %Y %H:%M:%S %Z",
    "%a, %d %b %Y %H:%M:%S %z",
    "%a %b %d %H:%M:%S %Y",
    "%d %b %Y %H:%M:%S",
    "%b %d, %Y %I:%M:%S %p",
    "%Y-%m-%d %H:%M:%S %Z",
    "%Y-%m-%d %H:%M:%S %z",
    "%Y%m%d%H%M%S",
)

# What a time of a source that is still in use may be: one before or behind is a number in another unit.
_YEARS = range(1995, 2101)

FAULTS = (JMESPathError, ValueError, TypeError, AttributeError, OverflowError, OSError)

_NAME = re.compile(r"[A-Za-z_]\w*", re.ASCII)


@cache
def compiled(expression: str) -> Any:
    return jmespath.compile(expression)


def found_at(data: Json, expression: str) -> Json:
    """What an expression finds; None also where it does not fit the data."""
    try:
        return compiled(expression).search(data) if expression else data
    except FAULTS:
        return None


def is_there(value: Json) -> bool:
    """Whether a value is one. A list of nothing is none."""
    if isinstance(value, list):
        return any(map(is_there, value))
    return value not in (None, "") and value != {}


def key(name: str) -> str:
    """A key as JMESPath has it."""
    return name if _NAME.fullmatch(name) else json.dumps(name)


def time_in(value: Json, unit: str) -> datetime:
    """The time in a value. Raises one of FAULTS where it is none, also for one of another age."""
    if unit in UNITS:
        if isinstance(value, bool):
            raise ValueError("true and false are no times")
        time = datetime.fromtimestamp(float(value) / UNITS[unit], UTC)
    elif not isinstance(value, str):
        raise TypeError("it is no text")
    else:
        time = datetime.fromisoformat(value.replace("Z", "+00:00")) if unit == "iso" else datetime.strptime(value, unit)
    if time.year not in _YEARS:
        raise ValueError("it is in another age")
    return time


def is_time(value: Json, unit: str) -> bool:
    try:
        return bool(time_in(value, unit))
    except FAULTS:
        return False


def units_of(values: list[Json]) -> list[str]:
    """The units and formats in which all of some values are times."""
    return [unit for unit in (*UNITS, "iso", *FORMATS) if values and all(is_time(value, unit) for value in values)]


def roots(expression: str) -> set[tuple[str, ...]]:
    """The keys that an expression begins with, each with the key behind it if there is one."""
    return {path[:2] for path in _paths(compiled(expression).parsed)}


def _paths(node: dict[str, Any]) -> Iterator[tuple[str, ...]]:
    kind, children = node["type"], node["children"]
    if kind == "field":
        yield (node["value"],)
    elif kind == "subexpression" and children:
        begun = list(_paths(children[0]))
        behind = [path for child in children[1:] for path in _paths(child)]
        if not begun:
            yield from behind
        for path in begun:
            yield from [path + more for more in behind] or [path]
    elif kind in ("projection", "value_projection", "filter_projection", "flatten", "index_expression", "pipe"):
        begun = list(_paths(children[0])) if children else []
        yield from begun or [path for child in children[1:] for path in _paths(child)]
    else:
        for child in children:
            if isinstance(child, dict):
                yield from _paths(child)


def last_key(expression: str) -> str:
    """The last key of an expression that is keys alone, also through lists; empty where it is more than that."""
    pieces = re.findall(r'"((?:[^"\\]|\\.)*)"|([A-Za-z_]\w*)', expression)
    rest = re.sub(r'"(?:[^"\\]|\\.)*"|[A-Za-z_]\w*|\.|\[\]|\[\d+\]', "", expression)
    return "" if rest or not pieces else pieces[-1][0] or pieces[-1][1]


def places(record: Mapping[str, Json], depth: int = 3) -> Iterator[tuple[str, Json]]:
    """Where a record has values: expressions of keys, and what is there, down to some depth."""
    for name, value in list(record.items())[:200]:
        if isinstance(value, dict) and value and depth > 1:
            yield from ((f"{key(str(name))}.{place}", inner) for place, inner in places(value, depth - 1))
        elif isinstance(value, list) and value and depth > 1 and all(isinstance(item, dict) for item in value):
            yield key(str(name)), value
            merged = {inner: item for one in value[:20] for inner, item in one.items() if is_there(item)}
            yield from ((f"{key(str(name))}[].{place}", item) for place, item in places(merged, depth - 1))
        else:
            yield key(str(name)), value


def lists_in(data: Json, path: str = "", depth: int = 4, empty: bool = False) -> Iterator[tuple[str, list[Json]]]:
    """The lists of objects in an answer, or else the empty lists, each with the expression that finds it."""
    if isinstance(data, list):
        if not data if empty else data and all(isinstance(item, dict) for item in data):
            yield path or "@", data
    elif isinstance(data, dict) and depth:
        for name, value in data.items():
            yield from lists_in(value, f"{path}.{key(str(name))}" if path else key(str(name)), depth - 1, empty)
