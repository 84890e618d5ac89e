"""The class converter that OpenMetadata's server needs of a connection schema with a oneOf.

Java sees the field of a oneOf as an `Object`, and would keep a map in it, whose secrets
nobody masks or encrypts. A converter tries the classes of the branches one after the
other. Statements are laid out as google-java-format leaves them, which is what
OpenMetadata's build (spotless) asks for.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from jinja2.ext import Extension

if TYPE_CHECKING:
    from collections.abc import Iterable

    from jinja2 import Environment

    from extensions.connector import Connector

LINE_LENGTH = 100

# What can't be a name (the language's specification, 3.9 and 3.10.3), beyond the words of Python, which no module is.
_WORD = re.compile(
    "abstract|boolean|byte|case|catch|char|const|default|do|double|enum|extends|false|final|float|goto|implements|"
    "instanceof|int|interface|long|native|new|null|package|private|protected|public|short|static|strictfp|super|"
    "switch|synchronized|this|throws?|transient|true|void|volatile"
)

Json = dict[str, Any]


def converted(connector: Connector) -> list[Json]:
    """The connection's fields that hold a oneOf, in the schema's order.

    Of each: `getter` and `setter` as jsonschema2pojo names them, `constant`, and the `classes` of its branches
    by their full names, in the order in which they have to be tried.
    """
    fields = []
    for name in connector.properties:
        if branches := connector.choices(name):
            capital = name[0].upper() + name[1:]
            constant = "".join(f"_{letter}" if letter.isupper() else letter for letter in name).upper()
            fields.append(
                {
                    "name": name,
                    "getter": f"get{capital}",
                    "setter": f"set{capital}",
                    "constant": f"{constant}_CLASSES",
                    "classes": [branch["java"] for branch in in_trial_order(branches)],
                }
            )
    return fields


def in_trial_order(branches: Iterable[Json]) -> list[Json]:
    """Branches, each with the `shape` of its JSON, so that none takes what is meant for one behind it.

    The first class that has every given key wins, whether or not what it requires is there. So a
    branch goes behind those that it would take the JSON of, and otherwise keeps its place.
    """
    waiting = list(branches)
    ordered = []
    while waiting:
        free = (one for one in waiting if not any(_takes(one, other) for other in waiting if other is not one))
        chosen = next(free, waiting[0])
        waiting.remove(chosen)
        ordered.append(chosen)
    return ordered


def _takes(one: Json, other: Json) -> bool:
    """Whether `one` would become what is meant for `other`: JSON that is not all `one` requires, or any at all."""
    own, others = (set(branch["shape"]["properties"]) for branch in (one, other))
    required, others_required = (set(branch["shape"].get("required", ())) for branch in (one, other))
    possible = bool(own & others) and others_required <= own
    return possible and (not required <= others_required or others < own)


def java_name(module: str) -> str:
    """A module as part of a package: with an underscore where it is a word of the language."""
    return f"{module}_" if _WORD.fullmatch(module) else module


def java_imports(names: Iterable[str]) -> str:
    """Import statements, in the order of ASCII, each once."""
    return "\n".join(f"import {name};" for name in sorted(set(names)))


def java_statement(start: str, rest: str, indent: int) -> str:
    """A statement behind `indent` blanks, broken after `start` where it is too long for a line."""
    line = f"{start}{'' if rest.startswith('.') else ' '}{rest}"
    if indent + len(line) <= LINE_LENGTH:
        return line
    return f"{start}\n{' ' * (indent + 4)}{rest}"


def java_class_list(declaration: str, names: Iterable[str], indent: int) -> str:
    """The declaration of a list of classes: on one line, from the next line on, or with a class a line."""
    classes = [f"{name.rpartition('.')[2]}.class" for name in names]
    deeper, deepest = " " * (indent + 4), " " * (indent + 8)
    for space, separator in ((" ", ", "), (f"\n{deeper}", ", "), (f"\n{deeper}", f",\n{deepest}")):
        start = f"\n{deepest}" if "\n" in separator else ""
        text = f"{declaration} ={space}List.of({start}{separator.join(classes)});"
        lines = f"{' ' * indent}{text}".split("\n")
        if all(len(line) <= LINE_LENGTH for line in lines):
            break
    return text


class JavaExtension(Extension):
    """Adds the functions as Jinja filters."""

    def __init__(self, environment: Environment) -> None:
        super().__init__(environment)
        for function in (converted, java_imports, java_name, java_statement, java_class_list):
            environment.filters[function.__name__] = function
