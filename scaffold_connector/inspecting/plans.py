"""What planning makes: the lists of an API that a map has, each with where it is from."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from scaffold_connector.inspecting.fields import Found
from scaffold_connector.inspecting.operations import Operation
from scaffold_connector.inspecting.paging import Listing, Paging
from scaffold_connector.inspecting.vocabulary import Resource


@dataclass(frozen=True)
class Candidate:
    """An operation whose path names a resource, and where its answer has the list. `weight` is how well it fits."""

    operation: Operation
    listed: Listing
    weight: float

    @property
    def root(self) -> str:
        """Its path with nameless placeholders, without what says that it lists."""
        return root_of(self.operation.path)


@dataclass
class Chosen:
    """What a map says of a resource; `sources` and `doubts` by its keys. `item` is the schema of its records."""

    resource: Resource
    operation: Operation | None
    item: Any
    records: str = ""
    keyed: bool = False
    path: str = ""
    query: dict[str, Any] = field(default_factory=dict)
    paging: Paging = field(default_factory=Paging)
    join: dict[str, str] = field(default_factory=dict)
    source: str = ""
    key: str = ""
    detail: dict[str, str] = field(default_factory=dict)
    fields: dict[str, Found] = field(default_factory=dict)
    sources: dict[str, str] = field(default_factory=dict)
    doubts: dict[str, list[str]] = field(default_factory=dict)
    options: list[str] = field(default_factory=list)
    weight: float = 0.0

    @property
    def unpaged(self) -> list[str]:
        """What is doubtful of a list of which nobody knows how it is paged."""
        if self.operation is None:
            return []
        return self.paging.doubts or ["no parameter asks for a page: the list is taken to come at once"]

    def doubt(self, key: str, said: str) -> None:
        self.doubts.setdefault(key, []).append(said)


@dataclass
class Plan:
    """The lists of a service type, in the order of the catalog, and how well the API fits it."""

    service_type: str
    lists: dict[str, Chosen]
    score: float = 0.0
    enough: bool = False

    @property
    def options(self) -> list[str]:
        """The placeholders that no list fills: options of the connection."""
        return list(dict.fromkeys(name for one in self.lists.values() for name in one.options))


def root_of(path: str) -> str:
    """The path of a list with nameless placeholders, without what says that it lists."""
    return bare(re.sub(r"/(?:all|list|search|query|filter|find)/?$", "", path))


def bare(path: str) -> str:
    """A path with nameless placeholders."""
    return re.sub(r"\{[^{}/]+\}", "{}", path).rstrip("/")
