"""Requests to an API as answers declare them: texts with placeholders, what is sent, and how a list is paged.

The same for the map of a connector (api_map.py) and for the producers of a topology. Expressions over JSON are
JMESPath (https://jmespath.org), parsed by its own package, which is imported where there is one to parse.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote_plus

from jinja2.ext import Extension

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping

    from jinja2 import Environment

    from extensions.declarations import Spot

# Longest text and expression that every emitted line has room for, and longest query of GraphQL.
MAX_TEXT = 200
MAX_EXPRESSION = 200
MAX_GRAPHQL = 10_000

# Records a page.
MAX_SIZE = 100_000

# What asks for a page, by how the list is paged: the placeholder, and the usual query parameter.
PAGING = {
    "none": ("", ""),
    "page": ("page", "page"),
    "offset": ("offset", "offset"),
    "cursor": ("cursor", "cursor"),
    "link_header": ("", ""),
}

MISSING = (
    "jmespath is missing beside Copier: install it there, "
    "as in `uv tool install copier --with copier-template-extensions --with jsonschema --with jmespath`"
)

# The placeholders of paging, which have no fields.
PAGE_WORDS = ("page", "offset", "cursor", "size")

_REQUEST = re.compile(r"(?P<method>[A-Z]+) (?P<path>/\S*)")
_PATH = re.compile(r"[A-Za-z0-9._~:/@!$&'()*+,;=%-]*", re.ASCII)
_HEADER = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+", re.ASCII)
_PIECE = re.compile(r"\{\{|\}\}|\{[^{}]*\}|[{}]")
_KEYS = re.compile(r"[\w$@-]+(\.[\w$@-]+){0,4}", re.ASCII)
_NAME = re.compile(r"[A-Za-z_]\w*", re.ASCII)


@dataclass(frozen=True)
class Placeholder:
    """What stands for a value: `of` is a word of paging, `options`, `auth`, or what one of a list's records is called.

    `expression` is the name of an option or of a field of the sign-in, else JMESPath over the record.
    """

    of: str
    expression: str = ""


@dataclass(frozen=True)
class Text:
    """A text of literal parts and placeholders, in their order."""

    parts: tuple[str | Placeholder, ...]

    @property
    def placeholders(self) -> list[Placeholder]:
        return [part for part in self.parts if isinstance(part, Placeholder)]

    @property
    def alone(self) -> Placeholder | None:
        """The placeholder that is the whole text, whose value keeps its type; None where there is more or none."""
        return self.parts[0] if len(self.parts) == 1 and isinstance(self.parts[0], Placeholder) else None

    @property
    def literal(self) -> str:
        """The text without its placeholders."""
        return "".join(part for part in self.parts if isinstance(part, str))

    def written(self) -> str:
        """The text as messages and docstrings have it."""
        return "".join(part if isinstance(part, str) else _written(part) for part in self.parts)


@dataclass(frozen=True)
class Request:
    """What is sent. Values are of JSON, with a Text in place of each text; `graphql` is a query with `variables`."""

    method: str
    path: Text
    query: dict[str, Any] = field(default_factory=dict)
    headers: dict[str, Any] = field(default_factory=dict)
    json: Any = None
    form: dict[str, Any] = field(default_factory=dict)
    graphql: str = ""
    variables: dict[str, Any] = field(default_factory=dict)

    @property
    def placeholders(self) -> list[Placeholder]:
        """All placeholders, without repetition."""
        values = [self.path, self.query, self.headers, self.json, self.form, self.variables]
        return list(dict.fromkeys(one for value in values for one in placeholders_in(value)))

    @property
    def takes_values(self) -> bool:
        """Whether the cursor goes into the body, alone and nowhere else: then it may be of any type of JSON."""
        cursor = Placeholder("cursor")
        elsewhere = (self.path, self.query, self.headers, self.form)
        if any(cursor in text.placeholders for part in elsewhere for text in texts_in(part)):
            return False
        texts = [text for body in (self.json, self.variables) for text in texts_in(body) if cursor in text.placeholders]
        return bool(texts) and all(text.alone for text in texts)

    @property
    def place(self) -> str:
        """The request as errors and documents name it."""
        return f"{self.method} {self.path.written()}"

    def changed(self, change: Callable[[Placeholder], Placeholder], prefix: str = "") -> Request:
        """The same with other placeholders, its path behind a prefix."""

        def of(value: Any) -> Any:
            if isinstance(value, Text):
                return Text(tuple(part if isinstance(part, str) else change(part) for part in value.parts))
            if isinstance(value, dict):
                return {key: of(item) for key, item in value.items()}
            return [of(item) for item in value] if isinstance(value, list) else value

        path = Text(_joined([prefix, *of(self.path).parts]))
        values = {name: of(getattr(self, name)) for name in ("query", "headers", "json", "form", "variables")}
        return replace(self, path=path, **values)


@dataclass(frozen=True)
class Paging:
    """How a list is paged: `by` is a key of PAGING. `size` is 0 where the API decides how many records a page has.

    `next` is JMESPath to what leads to the next page, `next_header` the header of an answer that has it; `count` and
    `more` are keys joined by dots.
    """

    by: str = "none"
    first: int = 1
    size: int = 0
    next: str = ""
    next_header: str = ""
    count: str = ""
    more: str = ""


def texts_in(value: Any) -> Iterator[Text]:
    """The texts in a value of a request."""
    if isinstance(value, Text):
        yield value
    elif isinstance(value, dict | list):
        for item in value.values() if isinstance(value, dict) else value:
            yield from texts_in(item)


def placeholders_in(value: Any) -> Iterator[Placeholder]:
    """The placeholders in a value of a request."""
    for text in texts_in(value):
        yield from text.placeholders


class Requests:
    """Reads requests. `known` are the words that placeholders may begin with, each with what may stand behind the dot.

    That is a collection of names, or None for an expression over a record. With `over` any other placeholder is an
    expression over the one record that it is called after. Where records are `named`, one alone stands for its name,
    and any keys joined by dots are taken beside JMESPath.
    """

    def __init__(self, known: Mapping[str, Collection[str] | None], over: str = "", named: bool = False) -> None:
        self._known = known
        self._over = over
        self._named = named

    def endpoint(self, spot: Spot, text: str, apart: bool) -> Request:
        """The request of an endpoint alone, such as GET /items?kind=table, with its query `apart` or in its path."""
        method, _, path = text.partition(" ")
        if not apart:
            return Request(method, self.text(spot, path))
        path, _, query = path.partition("?")
        found: dict[str, Any] = {}
        for pair in filter(None, query.split("&")):
            name, _, value = pair.partition("=")
            name, given = unquote_plus(name), self.text(spot, unquote_plus(value))
            if name in found:
                spot.fail(f"give {name} once, or as a list: {{request: …, query: {{{name}: […]}}}}")
            found[name] = given
        return Request(method, self.text(spot, path), found)

    def request(self, entries: dict[str, Spot]) -> Request:
        """The request of an object with `request`, `query`, `headers`, `json`, `form`, `graphql` and `variables`."""
        where = entries["request"]
        found = _REQUEST.fullmatch(where.text(MAX_TEXT, "GET /items"))
        if not found:
            where.fail(f"give a method and a path, such as GET /items: {where.value!r} is none")
        if found["method"] not in ("GET", "POST"):
            where.fail(f"give GET or POST, which is all that reads a list: {found['method']} is neither")
        if "?" in found["path"] or "#" in found["path"]:
            where.fail("give what is behind the question mark as query, such as query: {kind: table}")
        path = self.text(where, found["path"])
        if not _PATH.fullmatch(path.literal):
            where.fail(
                f"give a path of letters, digits and the signs of URLs, others escaped: {where.value!r} has more"
            )
        for before, after in zip(path.parts, path.parts[1:], strict=False):
            if isinstance(before, Placeholder) and isinstance(after, Placeholder):
                where.fail("put / or another character between two placeholders")
        request = Request(
            method=found["method"],
            path=path,
            query=self.flat(entries.get("query")),
            headers=self.headers(entries.get("headers")),
            json=self.value(entries["json"]) if "json" in entries else None,
            form=self.flat(entries.get("form")),
            graphql=self._graphql(entries.get("graphql")),
            variables=self.values(entries.get("variables")),
        )
        self._check_body(entries, request)
        return request

    def text(self, spot: Spot, text: str) -> Text:
        """A text with its placeholders; braces that stand for themselves are doubled."""
        parts: list[str | Placeholder] = []
        end = 0
        for found in _PIECE.finditer(text):
            parts.append(text[end : found.start()])
            end = found.end()
            if found[0] in ("{{", "}}"):
                parts.append(found[0][0])
            elif len(found[0]) == 1:
                spot.fail(f"close each brace, and double one that stands for itself: {text!r} has one alone")
            else:
                parts.append(self.placeholder(spot, found[0][1:-1]))
        parts.append(text[end:])
        return Text(_joined(parts))

    def placeholder(self, spot: Spot, inside: str) -> Placeholder:
        """A placeholder, without its braces."""
        of, _, rest = inside.partition(".")
        if of not in self._known:
            if self._over:
                return Placeholder(self._over, expression(spot, inside))
            spot.unknown(inside, [_example(word, names) for word, names in self._known.items()], "placeholder ")
        names = self._known[of]
        if names is None:
            if self._named and (inside == of or _KEYS.fullmatch(rest)):
                return Placeholder(of, rest)
            if not rest:
                spot.fail(f"say what of the {of} is meant, such as {{{of}.id}}")
            return Placeholder(of, expression(spot, rest))
        if not names:
            if rest:
                spot.fail(f"give {{{of}}} alone: it is a number or a text, without fields")
            return Placeholder(of)
        if rest not in names:
            spot.unknown(f"{of}.{rest}", [f"{of}.{name}" for name in names], "placeholder ")
        return Placeholder(of, rest)

    def value(self, spot: Spot) -> Any:
        """A value of JSON, with a Text in place of each text."""
        if isinstance(spot.value, str):
            return self.text(spot, spot.value)
        if isinstance(spot.value, dict):
            return {key: self.value(spot.below(key)) for key in spot.value and spot.keys("{name: value}")}
        if isinstance(spot.value, list):
            return [self.value(item) for item in spot.items()]
        if spot.value is not None and not isinstance(spot.value, bool | int | float):
            spot.fail(f"give a text, a number, true or false, a list or an object: {spot.value!r} is none")
        return spot.value

    def values(self, spot: Spot | None) -> dict[str, Any]:
        """Values by names: of a query, a form, or variables."""
        if spot is None:
            return {}
        return {key: self.value(spot.below(key)) for key in spot.keys("{name: value}")}

    def flat(self, spot: Spot | None) -> dict[str, Any]:
        """Values of a query or a form by their names: texts and numbers, or lists of them. True is sent as true."""
        found = self.values(spot)
        for name, value in found.items():
            for one in value if isinstance(value, list) else [value]:
                if spot and (one is None or isinstance(one, dict | list)):
                    spot.below(name).fail("give a text, a number, true, false, or a list of them")
            found[name] = [*map(_spelt, value)] if isinstance(value, list) else _spelt(value)
        return found

    def headers(self, spot: Spot | None) -> dict[str, Any]:
        """Headers by their names."""
        found = self.values(spot)
        for name, value in found.items():
            if spot and not _HEADER.fullmatch(name):
                spot.below(name).fail(f"give the name of a header, such as X-Tenant: {name!r} is none")
            if spot and not (isinstance(value, Text) and value.literal.isprintable() and value.literal.isascii()):
                spot.below(name).fail("give a text of one line, without accents")
        return found

    @staticmethod
    def _graphql(spot: Spot | None) -> str:
        if spot is None:
            return ""
        if not isinstance(spot.value, str) or not spot.value.strip():
            spot.fail("give a query of GraphQL as a text, with its variables beside it")
        if len(spot.value) > MAX_GRAPHQL:
            spot.fail(f"give at most {MAX_GRAPHQL} characters")
        if any(not (character.isprintable() or character in "\n\t") for character in spot.value):
            spot.fail("give a query of GraphQL without control characters")
        return spot.value.strip() + "\n"

    @staticmethod
    def _check_body(entries: dict[str, Spot], request: Request) -> None:
        """One body at most, and one only where it is sent."""
        bodies = [name for name in ("json", "form", "graphql") if name in entries]
        if len(bodies) > 1:
            entries[bodies[1]].fail(f"leave {bodies[1]} out: {bodies[0]} is the body already")
        if bodies and request.method == "GET":
            entries[bodies[0]].fail(f"leave {bodies[0]} out, or give POST: a GET has no body")
        if "variables" in entries and not request.graphql:
            entries["variables"].fail("leave variables out: they belong to graphql")


class PagingReader:
    """Reads `paging`: how a list is paged, and where what asks for a page goes."""

    KEYS = ("by", "first", "size", "parameter", "size_parameter", "in", "next", "next_header", "count", "more")

    def __init__(self, spot: Spot, entries: dict[str, Spot], paging: Paging) -> None:
        self.spot = spot
        self.paging = paging
        self._parameter = _parameter(entries.get("parameter"))
        self._size_parameter = _parameter(entries.get("size_parameter"))
        self._place = entries["in"].word(("query", "json", "variables")) if "in" in entries else ""

    @classmethod
    def none(cls, spot: Spot) -> PagingReader:
        """For a list of which nobody said how it is paged: it comes in one answer."""
        return cls(spot, {}, Paging())

    @classmethod
    def read(cls, spot: Spot) -> PagingReader:
        """What was declared. Raises DeclarationError."""
        if not isinstance(spot.value, dict):
            entries, by = {}, spot.word(PAGING)
        else:
            entries = spot.entries(cls.KEYS, needed=("by",), example="{by: page, size: 100}")
            by = entries["by"].word(PAGING)
        for key, ways in _BELONGS.items():
            if key in entries and by not in ways:
                entries[key].fail(f"leave {key} out: it belongs to {' and '.join(ways)}, not to {by}")
        if by == "cursor" and not {"next", "next_header"} & entries.keys():
            spot.fail("give next, the JMESPath to what leads to the next page, such as next: meta.next_cursor")
        if {"next", "next_header"} <= entries.keys():
            entries["next_header"].fail("leave next_header out: next says already what leads to the next page")
        if "size_parameter" in entries and "size" not in entries:
            entries["size_parameter"].fail("give size, too: how many records a page to ask for")
        paging = Paging(
            by=by,
            first=entries["first"].number(0, 1) if "first" in entries else 1,
            size=entries["size"].number(1, MAX_SIZE) if "size" in entries else 0,
            next=expression(entries["next"]) if "next" in entries else "",
            next_header=_header(entries["next_header"]) if "next_header" in entries else "",
            count=keys(entries["count"]) if "count" in entries else "",
            more=keys(entries["more"]) if "more" in entries else "",
        )
        return cls(spot, entries, paging)

    def completed(self, spot: Spot, request: Request) -> Request:
        """A request with what asks for a page. Where it has no placeholder for it, the parameter is put in."""
        added = self._added(spot, {one.of for one in request.placeholders}, PAGING[self.paging.by][1])
        return self._with(spot, request, added) if added else request

    def added_to_call(self, spot: Spot, words: Collection[str]) -> dict[str, Text]:
        """The arguments that ask for a page of what a call of an SDK gives, which has placeholders with these words."""
        if self.paging.by == "link_header":
            self.spot.fail("give page, offset, cursor or none: a call of an SDK has no headers")
        if self.paging.next_header:
            self.spot.fail("give next in place of next_header: a call of an SDK has no headers")
        if self._place:
            self.spot.fail("leave in out: a call of an SDK has only arguments")
        word = PAGING[self.paging.by][0]
        if word and word not in words and not self._parameter:
            spot.fail(f'say which argument asks for a page, such as arguments: {{{word}: "{{{word}}}"}}')
        return self._added(spot, words, "")

    def _added(self, spot: Spot, words: Collection[str], usual: str) -> dict[str, Text]:
        """The parameters that ask for a page, where no placeholder does."""
        paging = self.paging
        word = PAGING[paging.by][0]
        asked = {one for one in words if one in PAGE_WORDS}
        for other in sorted(asked - {word, "size"}):
            if paging.by == "none":
                known = next((by for by, (page_word, _) in PAGING.items() if page_word == other), "page")
                spot.fail(f"give paging, such as {{by: {known}}}, or leave {{{other}}} out: this list has no pages")
            spot.fail(f"leave {{{other}}} out: this list is paged by {paging.by}")
        if "size" in asked and not paging.size:
            spot.fail("give paging a size: the request has {size}")
        if self._parameter and word in asked:
            self.spot.fail(f"leave parameter out: the request says by {{{word}}} where it goes")
        if self._size_parameter and "size" in asked:
            self.spot.fail("leave size_parameter out: the request says by {size} where it goes")
        added: dict[str, Text] = {}
        if word and word not in asked:
            added[self._parameter or usual] = Text((Placeholder(word),))
        if self._size_parameter:
            added[self._size_parameter] = Text((Placeholder("size"),))
        return added

    def _with(self, spot: Spot, request: Request, added: dict[str, Text]) -> Request:
        place = self._place or ("variables" if request.graphql else "query")
        if place == "variables" and not request.graphql:
            self.spot.fail("give in query or json: variables belong to graphql")
        if place == "json" and (request.method == "GET" or request.form or request.graphql):
            self.spot.fail("give in query: the request has no JSON body")
        holder: Any = {"query": request.query, "variables": request.variables, "json": request.json or {}}[place]
        if not isinstance(holder, dict):
            self.spot.fail("put the placeholders into the body: it is no object")
        for name in added:
            if name in holder:
                spot.fail(f"{place} has {name} already: put a placeholder in it, such as {added[name].written()!r}")
        changed: dict[str, Any] = {place: holder | added}
        return replace(request, **changed)


# What belongs to which ways of paging.
_BELONGS = {
    "first": ("page",),
    "next": ("cursor",),
    "next_header": ("cursor",),
    "parameter": ("page", "offset", "cursor"),
    "in": ("page", "offset", "cursor"),
    "size": ("page", "offset", "cursor", "link_header"),
    "size_parameter": ("page", "offset", "cursor", "link_header"),
}


def expression(spot: Spot, text: str | None = None) -> str:
    """JMESPath that parses and calls functions that there are; `text` where it is a part of the spot's value."""
    if text is None:
        text = spot.text(MAX_EXPRESSION, "data.items")
    elif len(text) > MAX_EXPRESSION:
        spot.fail(f"give at most {MAX_EXPRESSION} characters: {text[:60]!r}… is too long")
    if fault := expression_fault(text):
        spot.fail(fault)
    return text


def expression_fault(text: str) -> str:
    """Refuses what is no JMESPath, with the position of what is wrong."""
    try:
        import jmespath
        from jmespath.exceptions import JMESPathError
        from jmespath.functions import Functions
    except ImportError:
        return MISSING

    try:
        parsed = jmespath.compile(text).parsed
    except (JMESPathError, ValueError, RecursionError) as error:
        position = getattr(error, "lex_position", None)
        at = f" at character {position + 1}" if isinstance(position, int) and position >= 0 else ""
        return f"give JMESPath, such as data.items: {text!r} can't be read{at}"
    for name in _functions(parsed):
        if name not in Functions.FUNCTION_TABLE:
            return f"JMESPath has no function {name}: give one of {', '.join(sorted(Functions.FUNCTION_TABLE))}"
    return ""


def is_expression(text: str) -> bool:
    """Whether a text is JMESPath."""
    return not expression_fault(text)


def _functions(node: dict[str, Any]) -> Iterator[str]:
    if node["type"] == "function_expression":
        yield node["value"]
    for child in node["children"]:
        if isinstance(child, dict):
            yield from _functions(child)


def keys(spot: Spot) -> str:
    """Keys joined by dots, at most five."""
    text = spot.text(MAX_EXPRESSION, "meta.total")
    if not _KEYS.fullmatch(text):
        spot.fail(f"give keys joined by dots, such as meta.total: {text!r} is none")
    return text


def _spelt(value: Any) -> Any:
    """A value as queries and forms have it: Python's True would be sent with its capital letter."""
    return Text((str(value).lower(),)) if isinstance(value, bool) else value


def as_expression(keys: str) -> str:
    """Keys joined by dots as JMESPath, which has others than words in quotes."""
    return ".".join(key if _NAME.fullmatch(key) else f'"{key}"' for key in keys.split("."))


def is_keys(text: str) -> bool:
    """Whether a text is keys joined by dots, at most five."""
    return bool(_KEYS.fullmatch(text))


def is_header(name: str) -> bool:
    """Whether a text can be the name of a header."""
    return bool(_HEADER.fullmatch(name))


def _header(spot: Spot) -> str:
    name = spot.text(60, "X-Next-Cursor")
    if not is_header(name):
        spot.fail(f"give the name of a header, such as X-Next-Cursor: {name!r} is none")
    return name


def _parameter(spot: Spot | None) -> str:
    return spot.text(60, "page") if spot else ""


def _example(word: str, names: Collection[str] | None) -> str:
    return f"{word}.…" if names is None else word if not names else f"{word}.{next(iter(names))}"


def shown_value(value: Any) -> str:
    """A value of a request as documents show it."""
    if isinstance(value, Text):
        return value.written() if value.alone else json.dumps(value.written())
    if isinstance(value, dict):
        return f"{{{', '.join(f'{json.dumps(key)}: {shown_value(item)}' for key, item in value.items())}}}"
    return f"[{', '.join(map(shown_value, value))}]" if isinstance(value, list) else repr(value)


def _joined(parts: list[str | Placeholder]) -> tuple[str | Placeholder, ...]:
    """Parts with neighbouring texts in one, and without empty ones."""
    found: list[str | Placeholder] = []
    for part in parts:
        if isinstance(part, str) and found and isinstance(found[-1], str):
            found[-1] += part
        elif part != "":
            found.append(part)
    return tuple(found)


def _written(part: Placeholder) -> str:
    return f"{{{part.of}.{part.expression}}}" if part.expression else f"{{{part.of}}}"


class ApiRequestsExtension(Extension):
    """Adds what reads requests to the environment, as `environment.api_requests`."""

    def __init__(self, environment: Environment) -> None:
        super().__init__(environment)
        environment.extend(
            api_requests=Requests,
            api_request=Request,
            api_text=Text,
            api_placeholder=Placeholder,
            api_paging=PagingReader,
            api_paged=Paging,
            api_page_words=PAGE_WORDS,
            api_placeholders=placeholders_in,
            api_shown=shown_value,
            api_expression=expression,
            is_jmespath=is_expression,
            is_header=is_header,
            is_keys=is_keys,
            keys_as_expression=as_expression,
        )
