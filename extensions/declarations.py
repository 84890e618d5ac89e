"""Reads answers that are YAML, and says in which line of one something is wrong.

A `Spot` is a value with the place where it stands. Whoever reads an answer asks a spot for what has to be there, in the
form it has to have; what is not so is refused with a `DeclarationError`: one line that says where, what is wrong, and
what to give.
"""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, Any, NoReturn

import yaml
from jinja2.ext import Extension

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from jinja2 import Environment

# How deep values may be in each other: JSON of real requests stays far below.
MAX_DEPTH = 20

# How much of a refused value its refusal shows.
SHOWN = 60

Path = tuple[str | int, ...]


class DeclarationError(ValueError):
    """An answer that can't be taken. The message is one line."""

    def __init__(self, said: str) -> None:
        super().__init__(" ".join(said.split()))


class _Loader(yaml.SafeLoader):
    """Plain YAML, with dates as the texts that they are written as.

    Aliases are refused, which may hold themselves, and tags, which may not fit what they are at.
    """

    def compose_node(self, parent: Any, index: Any) -> Any:
        event = self.peek_event()  # type: ignore[no-untyped-call]
        said = "there is an alias: write out what it stands for" if isinstance(event, yaml.AliasEvent) else ""
        if getattr(event, "tag", None) is not None:
            said = f"there is a tag, {event.tag}: leave it out"
        if said:
            raise yaml.composer.ComposerError(None, None, said, event.start_mark)
        return super().compose_node(parent, index)


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


class Spot:
    """A value of an answer, and the line that it is in. `path` are the keys that lead to it, for messages."""

    def __init__(self, value: Any, path: Path, lines: dict[Path, int]) -> None:
        self.value = value
        self.path = path
        self._lines = lines

    @property
    def line(self) -> int:
        """The line that the value is in, counted from 1; that of what holds it, where it is not written down."""
        path = self.path
        while path not in self._lines:
            path = path[:-1]
        return self._lines[path]

    @property
    def name(self) -> str:
        """The last key that leads to the value."""
        return str(self.path[-1]) if self.path else ""

    def fail(self, said: str) -> NoReturn:
        """Raises DeclarationError with the line and the keys that lead there."""
        keys = "".join(f"[{key}]" if isinstance(key, int) else f".{_key(key)}" for key in self.path).lstrip(".")
        raise DeclarationError(f"line {self.line}{f', {keys}' if keys else ''}: {said}")

    def unknown(self, name: Any, known: Iterable[str], what: str = "") -> NoReturn:
        """Raises DeclarationError for a name that is none of those that are known."""
        self.fail(unknown(name, known, what))

    def below(self, key: str | int) -> Spot:
        """The spot at a key, also of a value that is left out: None."""
        value = self.value.get(key) if isinstance(self.value, dict) else self.value[key]
        return Spot(value, (*self.path, key), self._lines)

    def keys(self, example: str) -> list[str]:
        """The keys of an object, all of them texts."""
        if not isinstance(self.value, dict) or not self.value:
            self.fail(f"give keys with values, such as {example}: {shown(self.value)} has none")
        for key in self.value:
            if not isinstance(key, str):
                self.fail(f"put the key {shown(key)} in quotes: YAML reads no text in it")
        return list(self.value)

    def entries(self, known: Collection[str], needed: Iterable[str] = (), example: str = "") -> dict[str, Spot]:
        """The values of an object by their keys, all of them `known`."""
        for key in self.keys(example or f"{{{next(iter(known))}: …}}"):
            if key not in known:
                self.below(key).unknown(key, known)
        for key in needed:
            if key not in self.value:
                self.fail(f"give {key}, which is missing")
        return {key: self.below(key) for key in self.value}

    def items(self) -> list[Spot]:
        """The values of a list."""
        if not isinstance(self.value, list):
            self.fail(f"give a list: {shown(self.value)} is none")
        return [self.below(number) for number in range(len(self.value))]

    def text(self, most: int, example: str) -> str:
        """A text of one line."""
        if not isinstance(self.value, str) or not self.value or not self.value.isprintable():
            self.fail(f"give a text of one line, such as {example}: {shown(self.value)} is none")
        if len(self.value) > most:
            self.fail(f"give at most {most} characters: {shown(self.value)} is too long")
        return self.value

    def word(self, known: Collection[str]) -> str:
        """One of some words."""
        if not isinstance(self.value, str) or self.value not in known:
            self.unknown(self.value, known)
        return self.value

    def number(self, least: int, most: int) -> int:
        """A whole number."""
        if type(self.value) is not int or not least <= self.value <= most:
            self.fail(f"give a whole number from {least} to {most}: {shown(self.value)} is none")
        return self.value

    def flag(self) -> bool:
        """True or false."""
        if type(self.value) is not bool:
            self.fail(f"give true or false: {shown(self.value)} is neither")
        return self.value


def load(text: str, what: str) -> Spot:
    """The value of a YAML text. Raises DeclarationError. `what` is what the text is called in a refusal."""
    try:
        loader = _Loader(text)
        node = loader.get_single_node()
        if node is None:
            raise DeclarationError(f"give {what}: there is nothing in it")
        lines: dict[Path, int] = {}
        return Spot(_value(loader, node, (), lines), (), lines)
    except RecursionError:
        raise DeclarationError(f"{what} is nested too deeply") from None
    except (yaml.YAMLError, ValueError, OverflowError) as error:
        if isinstance(error, DeclarationError):
            raise
        mark = getattr(error, "problem_mark", None)
        place = f"line {mark.line + 1}: " if mark else ""
        problem = getattr(error, "problem", None) or error
        raise DeclarationError(f"{place}{problem}; texts with braces, colons or # need quotes") from None


def _value(loader: _Loader, node: yaml.Node, path: Path, lines: dict[Path, int]) -> Any:
    """The value of a node; `lines` gets the line of each value in it."""
    line = lines[path] = node.start_mark.line + 1
    if len(path) > MAX_DEPTH:
        raise DeclarationError(f"line {line}: this is nested too deeply: give at most {MAX_DEPTH} levels")
    if isinstance(node, yaml.SequenceNode):
        return [_value(loader, item, (*path, number), lines) for number, item in enumerate(node.value)]
    if not isinstance(node, yaml.MappingNode):
        return loader.construct_object(node, deep=True)
    found: dict[Any, Any] = {}
    for key_node, value_node in node.value:
        if not isinstance(key_node, yaml.ScalarNode) or key_node.tag == "tag:yaml.org,2002:merge":
            at = key_node.start_mark.line + 1
            raise DeclarationError(f"line {at}: a key is no plain name: a text with braces needs quotes")
        key = loader.construct_object(key_node)
        if key in found:
            raise DeclarationError(f"line {key_node.start_mark.line + 1}: {shown(key)} is there twice")
        if (
            node.flow_style
            and isinstance(value_node, yaml.ScalarNode)
            and value_node.value == ""
            and not value_node.style
        ):
            raise DeclarationError(f'line {line}: put "{{{key}}}" in quotes: without them YAML reads an object in it')
        found[key] = _value(loader, value_node, (*path, key), lines)
        lines[*path, key] = key_node.start_mark.line + 1
    return found


def unknown(name: Any, known: Iterable[str], what: str = "") -> str:
    """What is said of a name that is none of those that are known."""
    names = list(known)
    near = difflib.get_close_matches(str(name).lower(), [one.lower() for one in names], n=1)
    meant = next((one for one in names if near and one.lower() == near[0]), "")
    said = f"did you mean {meant}?" if meant else f"give one of {', '.join(names)}" if names else "leave it out"
    return f"{what}{shown(name)} is unknown; {said}"


def _key(key: Any) -> str:
    """A key as a refusal shows it: as it is, or escaped where a terminal would take it for something else."""
    return str(key) if str(key).isprintable() else repr(key)


def shown(value: Any) -> str:
    """A value as a refusal shows it: on one line, and of a long one its beginning."""
    text = repr(value)
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}…"


class DeclarationsExtension(Extension):
    """Adds `environment.load_declaration`, and `environment.shown_value`, a value as a refusal shows it."""

    def __init__(self, environment: Environment) -> None:
        super().__init__(environment)
        environment.extend(load_declaration=load, declaration_error=DeclarationError, shown_value=shown)
