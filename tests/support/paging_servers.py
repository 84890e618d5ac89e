"""Servers that hand out lists in pages, honestly or not, all on one port: what a `Row` says is answered below its path.

A row is a server, what a connector is told of it, what it truly holds, and what has to come of reading it. The rows are
in paging_apis.py and paging_cursors.py (as real APIs document themselves), paging_faults.py (as servers contradict
themselves) and paging_signs.py (what only looks so, and what is overlooked).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from threading import Lock
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from tests.support.loopback import Request, Server

Json = dict[str, Any]

NUMBERED = ("page", "offset")
LINKED = ("cursor", "link_header")
PAGED = (*NUMBERED, *LINKED)
EVERY = (*PAGED, "none")

# So many records a client asks for in a page, and so many there are where a row says nothing else: 4, 4 and 2.
SIZE = 4
HELD = 10


class Expect(Enum):
    """What has to come of reading a server."""

    COMPLETE = "all arrives, nothing is said, and what is gone may be deleted"
    FAILURE = "the run fails with a line that says why"
    GAP = "all that can be read arrives, with a warning, and nothing is deleted"
    LOUD = "a failure or a gap"
    SAFE = "all arrives, or a failure or a gap"
    # No client can know that a record is missing; docs/ has to say so.
    UNKNOWABLE = "all that can be read arrives"


@dataclass(frozen=True)
class Asked:
    """A request for a list. `position` and `size` are what the row's parameters say, `base` is the row's own address.

    `seen` are the positions that were asked for before.
    """

    kind: str
    path: str
    base: str
    query: Mapping[str, str]
    position: str | None
    size: int
    seen: tuple[str | None, ...]

    def link(self, **over: object) -> str:
        """The address of the same list with other parameters."""
        return (
            f"{self.base}{self.path}?{urlencode({**self.query, **{name: str(value) for name, value in over.items()}})}"
        )


@dataclass(frozen=True)
class Reply:
    """An answer: `body` is sent as JSON, or as it is where it is bytes."""

    body: Any
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Row:
    """A server as a connector meets it. `says` are words of the line that is said of it, besides the list's path.

    `answers` are those to the template, on top of the usual ones; `reads` are the names that arrive where that is not
    all of `holds`. A `core` row is played for each service type by day.
    """

    name: str
    kinds: tuple[str, ...]
    server: Callable[[Asked], Reply]
    holds: tuple[str, ...]
    expects: Expect = Expect.COMPLETE
    says: tuple[str, ...] = ()
    answers: Mapping[str, Any] = field(default_factory=dict)
    reads: tuple[str, ...] | None = None
    core: bool = False


def names(count: int, start: int = 0) -> tuple[str, ...]:
    return tuple(f"r{number:02}" for number in range(start + 1, start + count + 1))


def record(name: str) -> Json:
    return {"id": name, "name": name}


@dataclass(frozen=True)
class Page:
    """A page as a server is about to hand it out: `start` records come before it, `of` are there in all."""

    asked: Asked
    records: list[Json]
    start: int
    size: int
    of: int
    first: int

    @property
    def end(self) -> int:
        return self.start + len(self.records)

    @property
    def more(self) -> bool:
        return self.end < self.of

    @property
    def number(self) -> int:
        return self.start // self.size + self.first

    @property
    def pages(self) -> int:
        return -(-self.of // self.size)

    @property
    def cursor(self) -> str | None:
        return f"c{self.end}" if self.more else None

    @property
    def link(self) -> str | None:
        """The address of the next page, as this way of paging has it."""
        if not self.more:
            return None
        following: dict[str, dict[str, object]] = {
            "page": {"page": self.number + 1},
            "offset": {"offset": self.end},
            "cursor": {"cursor": f"c{self.end}"},
        }
        return self.asked.link(**following.get(self.asked.kind, {"after": self.end}))


def plain(page: Page) -> Json:
    """The least that a page can be."""
    return {"items": page.records} | ({"next_cursor": page.cursor} if page.asked.kind == "cursor" else {})


def saying(**said: Callable[[Page], Any]) -> Callable[[Page], Json]:
    """The least, and more fields."""
    return lambda page: plain(page) | {name: value(page) for name, value in said.items()}


@dataclass(frozen=True)
class Api:
    """A server that pages as it is asked, in pages of `least` to `most` records, the first by the number `first`.

    `beyond` is what it answers to a page after the last one or before the first one in place of an empty page.
    `records` gives what it holds, by the request.
    """

    body: Callable[[Page], Any] = plain
    held: tuple[str, ...] = names(HELD)
    least: int = 1
    most: int = 1000
    first: int = 1
    headers: Callable[[Page], Mapping[str, str]] = lambda _: {}
    beyond: Callable[[Page], Reply | None] = lambda _: None
    records: Callable[[Asked], tuple[str, ...]] | None = None
    linked: bool = True

    def __call__(self, asked: Asked) -> Reply:
        held = self.records(asked) if self.records else self.held
        size = len(held) or 1
        if asked.kind != "none":
            size = max(self.least, min(self.most, asked.size))
        start = self._start(asked, size)
        found = held[start : start + size] if start >= 0 else ()
        page = Page(asked, [record(name) for name in found], start, size, len(held), self.first)
        if (start < 0 or start >= max(len(held), 1)) and (instead := self.beyond(page)):
            return instead
        headers = dict(self.headers(page))
        if asked.kind == "link_header" and self.linked and page.more:
            headers.setdefault("Link", f'<{page.link}>; rel="next"')
        return Reply(self.body(page), headers=headers)

    def _start(self, asked: Asked, size: int) -> int:
        if asked.kind == "page":
            return (int(asked.position or self.first) - self.first) * size
        if asked.kind == "offset":
            return int(asked.position or 0)
        if asked.kind == "cursor":
            return int((asked.position or "c0").removeprefix("c"))
        return int(asked.query.get("after", 0)) if asked.kind == "link_header" else 0


@dataclass(frozen=True)
class Played:
    """A row under a path of the server, for a kind of pagination, with the parameters that the connector was told."""

    row: Row
    kind: str
    page_parameter: str
    size_parameter: str


class PagingServer(Server):
    """Answers on loopback inside a `with` block. `play` gives the address of a row; `asked` has its requests."""

    def __init__(self) -> None:
        self._played: list[tuple[Played, list[Asked], Lock]] = []

    def handle(self, request: Request) -> None:
        reply = self.answer(request.path)
        request.send(reply.status, reply.body, reply.headers)

    def play(self, played: Played) -> str:
        self._played.append((played, [], Lock()))
        return self._base(len(self._played) - 1)

    def asked(self, address: str) -> list[Asked]:
        return self._played[int(address.rpartition("/")[2])][1]

    def _base(self, number: int) -> str:
        return f"{self.url}/{number}"

    def answer(self, target: str) -> Reply:
        parts = urlsplit(target)
        number, _, path = parts.path.lstrip("/").partition("/")
        played, before, lock = self._played[int(number)]
        query = dict(parse_qsl(parts.query, keep_blank_values=True))
        with lock:
            size = query.get(played.size_parameter, "")
            asked = Asked(
                played.kind,
                f"/{path}",
                self._base(int(number)),
                query,
                query.get(played.page_parameter),
                int(size) if size.isdigit() else SIZE,
                tuple(one.position for one in before),
            )
            before.append(asked)
            return played.row.server(asked)
