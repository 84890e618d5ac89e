"""An SDK in many styles, for connectors with a map: each way of listing the same topics, and faults by name.

It is copied to where the connector imports it from, so it imports nothing of the tests.
"""

import asyncio
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum
from itertools import count
from typing import Any, NamedTuple

from pydantic import BaseModel

COUNT = 7
PAGE = 3
CREATED = datetime(2026, 1, 2, tzinfo=UTC)


class Cleanup(Enum):
    COMPACT = "compact"


@dataclass
class Config:
    partitions: int
    cleanup: Cleanup = Cleanup.COMPACT


@dataclass
class Dataclass:
    name: str
    config: Config


class Pydantic(BaseModel):
    name: str
    config: Config


class Tuple(NamedTuple):
    name: str
    config: Config


class Plain:
    def __init__(self, number: int, owner: Any = None) -> None:
        self.name, self.config = f"topic-{number}", Config(number)
        self.owner, self._secret = owner, "hidden"


class Private:
    """Attributes that are private, with properties, and an iterator over pairs, as MLflow's have."""

    def __init__(self, number: int) -> None:
        self._name, self._config = f"topic-{number}", Config(number)

    @property
    def name(self) -> str:
        return self._name

    @property
    def config(self) -> Config:
        return self._config

    def __iter__(self) -> Iterator[tuple[str, Any]]:
        yield "name", self._name


class Tokens(list[Any]):
    """A list with the token of the next page beside its items."""

    token: str | None

    def __init__(self, items: list[Any], token: str | None) -> None:
        super().__init__(items)
        self.token = token


def topics(kind: str) -> list[Any]:
    numbers = range(1, COUNT + 1)
    if kind == "dict":
        return [{"name": f"topic-{number}", "config": {"partitions": number}, "created": CREATED} for number in numbers]
    if kind in ("plain", "private"):
        return [Plain(number) if kind == "plain" else Private(number) for number in numbers]
    made = {"dataclass": Dataclass, "pydantic": Pydantic, "tuple": Tuple}[kind]
    return [made(name=f"topic-{number}", config=Config(number)) for number in numbers]


class NotFoundError(Exception):
    pass


class Refused(Exception):
    def __init__(self, status_code: int) -> None:
        super().__init__(f"status {status_code}")
        self.status_code = status_code


class Admin:
    def list_topics(self, kind: str = "dict") -> list[Any]:
        return topics(kind)


class Client:
    """`given` are the arguments that it was made with."""

    def __init__(self, *positional: Any, **named: Any) -> None:
        self.given = [list(positional), named]
        self.admin = Admin()
        self.closed = False

    def close(self) -> None:
        self.closed = True

    def list_topics(self, kind: str = "dict") -> list[Any]:
        return topics(kind)

    def iterate(self, kind: str = "dict") -> Iterator[Any]:
        yield from topics(kind)

    def pages(self, empty: bool = False, more: bool = False) -> Iterator[Any]:
        found = topics("dict")
        if empty:
            yield {"topics": []}
        for start in range(0, COUNT, PAGE):
            yield {"topics": found[start : start + PAGE], "has_more": start + PAGE < COUNT or more}

    def numbered(self, page: int, per_page: int = PAGE, first: int = 1, counts: bool = True) -> Any:
        start = (page - first) * per_page
        found = {"topics": topics("dict")[start : start + per_page] if start >= 0 else []}
        return found | {"total": COUNT} if counts else found

    def sliced(self, offset: int, limit: int) -> list[Any]:
        return topics("pydantic")[offset : offset + min(limit, PAGE)]

    def stuck(self, offset: int) -> list[Any]:
        return topics("dict")[:PAGE]

    def tokens(self, page_token: str | None = None, **others: Any) -> Tokens:
        start = int(page_token or 0)
        return Tokens(topics("private")[start : start + PAGE], str(start + PAGE) if start + PAGE < COUNT else None)

    def key_pages(self, ExclusiveStartKey: Any = None) -> Any:
        """Pages whose token is an object."""
        start = (ExclusiveStartKey or {"at": 0})["at"]
        leads = {"LastEvaluatedKey": {"at": start + PAGE}} if start + PAGE < COUNT else {}
        return {"Items": topics("dict")[start : start + PAGE], **leads}

    def circle(self, page_token: str | None = None) -> Any:
        return {"topics": [{"name": f"{page_token}"}], "next": {None: "a", "a": "b", "b": "a"}[page_token]}

    def endless(self) -> Iterator[Any]:
        return ({"name": f"topic-{number}"} for number in count())

    def by_name(self) -> Any:
        return {"topics": {one["name"]: {"config": one["config"]} for one in topics("dict")}}

    def get_topic(self, name: str) -> Any:
        if name.endswith("3"):
            raise NotFoundError(name)
        return Plain(int(name.rpartition("-")[2]), owner=self)

    def get_schema(self, topic: str, version: int = 1) -> Any:
        return [{"version": version, "schema": f'{{"title": "{topic}"}}'}]

    def fails(self, status: int) -> Any:
        raise Refused(status)

    def breaks_off(self) -> Iterator[Any]:
        yield from topics("dict")[:2]
        raise ConnectionError("the source is gone")

    def reserved(self, **named: Any) -> Any:
        return topics("dict") if named == {"from": 1, "max-items": 5} else []


class Async:
    """The same with coroutines; it has to be entered, in a loop."""

    def __init__(self, *positional: Any, **named: Any) -> None:
        self.loop = asyncio.get_running_loop()
        self.entered = False

    async def __aenter__(self) -> "Async":
        self.entered = True
        return self

    async def __aexit__(self, *_error: Any) -> None:
        self.entered = False

    def _check(self) -> None:
        assert self.entered
        assert asyncio.get_running_loop() is self.loop

    async def list_topics(self, kind: str = "dict") -> list[Any]:
        self._check()
        await asyncio.sleep(0)
        return topics(kind)

    async def iterate(self) -> AsyncIterator[Any]:
        for one in topics("pydantic"):
            await asyncio.sleep(0)
            self._check()
            yield one

    async def breaks_off(self) -> AsyncIterator[Any]:
        yield topics("dict")[0]
        raise ConnectionError("the source is gone")

    async def get_group(self, name: str) -> "Group":
        self._check()
        return Group(name)

    async def versions(self, topic: str) -> AsyncIterator[Any]:
        for version in (1, 2):
            await asyncio.sleep(0)
            yield {"topic": topic, "version": version}

    async def never(self) -> None:
        await asyncio.sleep(3600)


class Group:
    def __init__(self, name: str) -> None:
        self.name = name

    async def topics(self, offset: int, limit: int = PAGE) -> list[Any]:
        assert self.name == "all"
        return topics("dataclass")[offset : offset + limit]


async def connect(**named: Any) -> Async:
    """As of SDKs whose client is made by a coroutine."""
    return Async(**named)
