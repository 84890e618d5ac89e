"""Calls of an SDK as a map declares them: how its client is made, and what is called for a list, with arguments.

Values of arguments are those of requests (api_requests.py): JSON, with placeholders in texts.
"""

from __future__ import annotations

import keyword
import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from jinja2.ext import Extension

if TYPE_CHECKING:
    from jinja2 import Environment

    from extensions.api_requests import PagingReader, Placeholder, Requests
    from extensions.declarations import Spot

# Calls in a row that lead to a list, and arguments of one.
MAX_STEPS = 5
MAX_ARGUMENTS = 50

# What a declared call is made of.
CALL = ("call", "arguments")

# Longest text of a call that errors and documents show with its arguments.
SHOWN = 100

_ATTRIBUTES = re.compile(r"[A-Za-z]\w*(\.[A-Za-z]\w*)*", re.ASCII)
_MODULE = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*", re.ASCII)


@dataclass(frozen=True)
class Step:
    """One call: an attribute path of what the step before it gave, with arguments by position or by name."""

    name: str
    positional: tuple[Any, ...] = ()
    named: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Call:
    """Calls in a row, each on what the one before it gave. `place` is how errors and documents name it."""

    steps: tuple[Step, ...]
    placeholders: tuple[Placeholder, ...]
    place: str
    method: str = "CALL"


@dataclass(frozen=True)
class Sdk:
    """How the client of an SDK is made: `client` is called on the module. Without arguments, the usual ones are given.

    `is_async` says that its calls may be coroutines, and its results async iterators.
    """

    module: str
    client: Call
    is_async: bool = False

    @property
    def has_arguments(self) -> bool:
        return any(step.positional or step.named for step in self.client.steps)

    @property
    def signs_in(self) -> bool:
        """Whether its arguments say where the credentials go."""
        return any(one.of == "auth" for one in self.client.placeholders)


@dataclass(frozen=True)
class Contents:
    """What gives the contents of one record; they are at the attributes or keys `at` of it."""

    call: Call
    at: str = ""


class Calls:
    """Reads calls. `requests` reads values, and knows what placeholders there may be."""

    def __init__(self, environment: Any, requests: Requests) -> None:
        self._requests = requests
        self._placeholders_in = environment.api_placeholders
        self._shown = environment.api_shown
        self._page_words = environment.api_page_words

    def call(self, entries: dict[str, Spot], key: str = "call") -> Call:
        """The call of an object with a `key` and `arguments`."""
        where = entries[key]
        if isinstance(where.value, list):
            if "arguments" in entries:
                entries["arguments"].fail(f"put the arguments into the steps of {key}: it has several")
            spots = where.items()
            if not 1 <= len(spots) <= MAX_STEPS:
                where.fail(f"give from 1 to {MAX_STEPS} calls")
            return self._made(tuple(self._step(spot) for spot in spots))
        return self._made((self._with(self._attributes(where), entries.get("arguments")),))

    def paged(self, where: Spot, call: Call, reader: PagingReader) -> Call:
        """A call with what asks for a page."""
        added = reader.added_to_call(where, {one.of for one in call.placeholders})
        if not added:
            return call
        last = call.steps[-1]
        if last.positional:
            where.fail("give arguments by name, such as arguments: {limit: 100}: paging adds one to them")
        for name in added:
            if name in last.named:
                where.fail(f"arguments have {name} already: put a placeholder in it, such as {{page}}")
        return self._made((*call.steps[:-1], replace(last, named=last.named | added)))

    def sdk(self, spot: Spot | None, usual: str) -> Sdk:
        """How the client is made; `usual` is the module that the package is imported as."""
        if spot is None:
            return Sdk(usual, self._made((Step("Client"),)))
        entries = spot.entries(("module", "client", "arguments", "async"), example="{module: nats, client: connect}")
        module = usual
        if "module" in entries:
            module = entries["module"].text(100, "nats")
            if not _MODULE.fullmatch(module) or any(map(keyword.iskeyword, module.split("."))):
                entries["module"].fail(f"give what is imported, such as nats: {module!r} is no module's name")
        client = self.call(entries, "client") if "client" in entries else None
        if client is None:
            client = self._made((self._with("Client", entries.get("arguments")),))
        return Sdk(module, client, entries["async"].flag() if "async" in entries else False)

    def contents(self, spot: Spot) -> Contents:
        """What gives the contents of one record."""
        entries = spot.entries((*CALL, "bytes"), needed=("call",), example="{call: get_object, bytes: Body}")
        return Contents(self.call(entries), self._attributes(entries["bytes"]) if "bytes" in entries else "")

    def _step(self, spot: Spot) -> Step:
        if isinstance(spot.value, str):
            return Step(self._attributes(spot))
        names = spot.keys('{get_collection: ["{index.name}"]}')
        if len(names) != 1:
            spot.fail('give one call, such as {get_collection: ["{index.name}"]}, and the next one below it')
        below = spot.below(names[0])
        return self._with(self._attributes(below, names[0]), below if below.value is not None else None)

    def _with(self, name: str, spot: Spot | None) -> Step:
        """A call with its arguments."""
        if spot is None or spot.value in ([], {}):
            return Step(name)
        if not isinstance(spot.value, dict | list):
            spot.fail("give a list of arguments, or an object with their names, such as {limit: 100}")
        if len(spot.value) > MAX_ARGUMENTS:
            spot.fail(f"give at most {MAX_ARGUMENTS} arguments")
        if isinstance(spot.value, list):
            values = tuple(self._requests.value(item) for item in spot.items())
            if any(one.of == "cursor" for one in self._placeholders_in(list(values))):
                spot.fail('give arguments by name, such as {token: "{cursor}"}: it is left out at first')
            return Step(name, positional=values)
        return Step(name, named=self._requests.values(spot))

    def _made(self, steps: tuple[Step, ...]) -> Call:
        values = [value for step in steps for value in (*step.positional, *step.named.values())]
        placeholders = tuple(dict.fromkeys(self._placeholders_in(values)))
        place = ".".join(f"{step.name}({self._arguments(step)})" for step in steps)
        if len(place) > SHOWN or any(one.of == "auth" for one in placeholders):
            place = ".".join(f"{step.name}()" for step in steps)
        return Call(steps, placeholders, place)

    def _arguments(self, step: Step) -> str:
        """Arguments as documents show them, without what asks for a page."""
        shown = [self._shown(value) for value in step.positional]
        for name, value in step.named.items():
            if not any(one.of in self._page_words for one in self._placeholders_in(value)):
                shown.append(f"{name}={self._shown(value)}")
        return ", ".join(shown)

    @staticmethod
    def _attributes(spot: Spot, text: str | None = None) -> str:
        """The name of a call or an attribute, also below others: admin.list_topics."""
        name = spot.text(100, "list_topics") if text is None else text
        if not _ATTRIBUTES.fullmatch(name) or any(map(keyword.iskeyword, name.split("."))):
            spot.fail(f"give a name, such as list_topics, or several joined by dots: {name!r} is none")
        return name


class ApiCallsExtension(Extension):
    """Adds what reads calls of an SDK to the environment, as `environment.api_calls`."""

    def __init__(self, environment: Environment) -> None:
        super().__init__(environment)

        def calls(requests: Requests) -> Calls:
            return Calls(environment, requests)

        environment.extend(api_calls=calls, api_call_keys=CALL)
