"""Fills the placeholders of requests: with options and credentials, with what asks for a page, and with records."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from scaffold_connector.probing.expressions import found_at
from scaffold_connector.words import plain

if TYPE_CHECKING:
    from extensions.api_requests import Placeholder, Request

Record = dict[str, Any]


class Lacks(ValueError):
    """A record lacks what a request needs: where it was looked for."""


@dataclass(frozen=True)
class Filled:
    """A request as it is sent: `sent` are the arguments of requests beside method and path."""

    method: str
    path: str
    sent: dict[str, Any]


class Filler:
    """`always` are the headers and the query of every request, `known` what `options` and `auth` stand for.

    `words` are what sources call one of each item, and `names` what they call its id and name.
    """

    def __init__(
        self,
        always: tuple[Mapping[str, Any], Mapping[str, Any]],
        known: Mapping[str, Mapping[str, Any]],
        words: Mapping[str, tuple[str, ...]],
        names: Mapping[str, tuple[str, ...]],
    ) -> None:
        self._headers, self._query = always
        self._known = known
        self._words = words
        self._names = names

    def filled(
        self, request: Request, records: Mapping[str, Record] | None = None, page: Mapping[str, Any] | None = None
    ) -> Filled:
        """The request below these records, for a page. Raises `Lacks`."""
        below, asks = records or {}, page or {}

        def one(part: Placeholder) -> Any:
            if part.of in self._known:
                return self._known[part.of].get(part.expression)
            if part.of in ("page", "offset", "cursor", "size"):
                return asks.get(part.of)
            return self._of_record(part, below.get(part.of, {}))

        def fill(value: Any) -> Any:
            if hasattr(value, "parts"):
                if value.alone:
                    return one(value.alone)
                return "".join(part if isinstance(part, str) else _text(one(part)) for part in value.parts)
            if isinstance(value, dict):
                filled = {key: fill(item) for key, item in value.items()}
                return {key: item for key, item in filled.items() if item is not None or value[key] is None}
            return [fill(item) for item in value] if isinstance(value, list) else value

        path = "".join(part if isinstance(part, str) else _part(one(part), part) for part in request.path.parts)
        # A login has headers and a query of its own.
        own = not any(part.of == "auth" for part in request.placeholders)
        headers = (fill(dict(self._headers)) if own else {}) | fill(request.headers)
        query = (fill(dict(self._query)) if own else {}) | fill(request.query)
        sent: dict[str, Any] = {"params": _spelt(query), "headers": {name: str(item) for name, item in headers.items()}}
        if request.graphql:
            sent["json"] = {"query": request.graphql, "variables": fill(request.variables)}
        elif request.form:
            sent["data"] = _spelt(fill(request.form))
        elif request.json is not None:
            sent["json"] = fill(request.json)
        return Filled(request.method, path, {name: item for name, item in sent.items() if item or name == "json"})

    def identity(self, item: str, record: Record) -> Any:
        """The id of a record, else its name, by usual names."""
        known = {plain(str(name)): value for name, value in record.items() if value is not None}
        words = self._words.get(item, ())
        for one in ("id", "name"):
            for name in (*self._names[one], *(word + one for word in words)):
                if isinstance(known.get(name), str | int | float):
                    return known[name]
        return None

    def _of_record(self, part: Placeholder, record: Record) -> Any:
        found = found_at(record, part.expression) if part.expression else self.identity(part.of, record)
        if found in (None, "") or isinstance(found, dict | list):
            raise Lacks(f"{part.of}.{part.expression}" if part.expression else f"id or name of the {part.of}")
        return found


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else "" if value is None else str(value)


def _part(value: Any, placeholder: Placeholder) -> str:
    """A value as a part of a path; of the address of the source itself, nothing is left to say."""
    text = _text(value)
    if text in (".", "..", ""):
        raise Lacks(f"{placeholder.of}.{placeholder.expression}")
    return quote(text, safe="")


def _spelt(values: Record) -> Record:
    """Values of a query or a form: Python's True would be sent with its capital letter."""
    return {
        name: [_text(item) for item in value] if isinstance(value, list) else _text(value)
        for name, value in values.items()
        if value is not None
    }
