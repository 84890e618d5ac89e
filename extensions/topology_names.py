"""Names of what a declared topology has: those that emitted code may have, and what its variables are called."""

from __future__ import annotations

import builtins
import keyword
import re
from typing import TYPE_CHECKING, Any

from jinja2.ext import Extension

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from jinja2 import Environment

    from extensions.declarations import Spot

# Longest name that every emitted line has room for.
MAX_NAME = 30

_NAME = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")

# Names of pydantic's models, of the framework's context and of the emitted code, which would be hidden by these.
_TAKEN = frozenset(
    (
        *("construct", "copy", "dict", "from_orm", "json", "parse_file", "parse_obj", "parse_raw", "schema"),
        *("schema_json", "update_forward_refs", "validate"),
        *("append", "clear_stage", "create", "fqn_from_stage", "update_context_name", "update_context_value", "upsert"),
        *("and_update_context", "close", "field_of", "item", "logger", "part", "path", "quote", "record", "records"),
        *("requests", "root", "self", "service", "source", "test_access", "within"),
    )
)

# What emitted functions call by name, or keep under a name, beside variables that are called as nodes and contexts.
_USED = frozenset((*dir(builtins), "found", "having", "islice", "origin", "readable", "target"))

# The same of a client whose requests are spelt out.
_CALLED = frozenset(
    (
        "auth",
        "cursor",
        "listing",
        "needed",
        "number",
        "offset",
        "page",
        "linked",
        "part",
        "present",
        "size",
        "start",
        "whole",
    )
)


class Names:
    """Checks names that were declared, and gives those of emitted code. `shown` writes a value for a refusal."""

    MOST = MAX_NAME

    def __init__(self, shown: Callable[[Any], str]) -> None:
        self._shown = shown

    def check(self, spot: Spot, name: Any, what: str) -> None:
        """Refuses what is no name that code may have. Raises DeclarationError."""
        if not isinstance(name, str) or not _NAME.fullmatch(name) or len(name) > MAX_NAME:
            spot.fail(
                f"give {what} a name of at most {MAX_NAME} small letters, digits and single underscores: "
                f"{self._shown(name)} is none"
            )
        if is_taken(name):
            spot.fail(
                f"give {what} another name, such as my_{name}: {name!r} is a word of Python's, pydantic's or the "
                "framework's"
            )

    def of(self, named: Mapping[str, Spot], what: str) -> dict[str, Spot]:
        """The same, where all are names that code may have. Raises DeclarationError."""
        for name, one in named.items():
            self.check(one, name, what)
        self.check_apart(named, what)
        return dict(named)

    @staticmethod
    def check_apart(named: Mapping[str, Spot], what: str) -> None:
        """Refuses two names that would be one class. Raises DeclarationError."""
        seen: dict[str, str] = {}
        for name, spot in named.items():
            plain = name.replace("_", "")
            if plain in seen:
                spot.fail(f"{what} {name}: is too much like {seen[plain]}: give one of them another name")
            seen[plain] = name

    @staticmethod
    def parameter(name: str) -> str:
        """What a method of a client whose requests are spelt out calls the record of a node."""
        return f"{name}_" if name in _CALLED else variable(name)

    @staticmethod
    def variable(name: str) -> str:
        return variable(name)

    @staticmethod
    def an(noun: str) -> str:
        return an(noun)


def is_taken(name: str) -> bool:
    """Whether a name would hide what emitted code needs."""
    return keyword.iskeyword(name) or name in _TAKEN or name.startswith("model_")


def variable(name: str) -> str:
    """What a variable for a node or a context is called, which hides nothing: no name ends in an underscore."""
    return f"{name}_" if name in _USED else name


def an(noun: str) -> str:
    """A noun with its article."""
    return f"{'an' if noun[0] in 'AEIOUaeiou' else 'a'} {noun}"


class TopologyNamesExtension(Extension):
    """Adds what checks and gives names: `environment.topology_names`, and `an` and `variable` as filters."""

    def __init__(self, environment: Environment) -> None:
        super().__init__(environment)
        shown = environment.shown_value  # type: ignore[attr-defined]  # DeclarationsExtension adds it
        environment.extend(topology_names=Names(shown))
        environment.filters |= {"an": an, "variable": variable}
