"""What answers say of their lists: how many records there are, whether there are more, and what leads to them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from scaffold_connector.probing.asking import Page
from scaffold_connector.probing.expressions import key, last_key, plain


@dataclass(frozen=True)
class Signs:
    """What an answer says of its list: places in it, with what is there."""

    counts: Mapping[str, int]
    nexts: Mapping[str, Any]
    mores: Mapping[str, bool]


def signs_of(page: Page, words: Mapping[str, Any]) -> Signs:
    """The signs in an answer, by what catalog/words.yml calls them."""
    counts: dict[str, int] = {}
    nexts: dict[str, Any] = {}
    mores: dict[str, bool] = {}
    for path, value in _beside_records(page.answer.body):
        word = plain(last_key(path))
        # Elasticsearch has a total of its shards beside that of its hits.
        if word in words["count"] and type(value) is int and not path.startswith("_shards"):
            counts[path] = value
        elif word in words["more"] and isinstance(value, bool):
            mores[path] = value
        elif isinstance(value, str) and value and (word in words["next"] or path.endswith(("next.href", "next.url"))):
            nexts[path] = value
    return Signs(counts, nexts, mores)


def more_than(page: Page, signs: Signs) -> str:
    """What says that a list has more records than its first page; empty where nothing does."""
    records = len(page.records or [])
    for path, count in signs.counts.items():
        if count > records:
            return f"{path} is {count}, and the page has {records}"
    for path in signs.nexts:
        return f"there is something at {path}"
    for path, more in signs.mores.items():
        if more:
            return f"{path} is true"
    return "there is a Link header to a next page" if "next" in page.answer.links else ""


def _beside_records(body: Any, path: str = "", depth: int = 4) -> Iterator[tuple[str, Any]]:
    """The plain values of an answer that are not in lists, with where they are."""
    for name, value in body.items() if isinstance(body, dict) else ():
        place = f"{path}.{key(str(name))}" if path else key(str(name))
        if isinstance(value, dict) and depth:
            yield from _beside_records(value, place, depth - 1)
        elif not isinstance(value, list):
            yield place, value


def differ(one: Page, other: Page) -> bool:
    """Whether a page has records, and none of the other one's."""
    return bool(other.records) and not set(one.names) & set(other.names)
