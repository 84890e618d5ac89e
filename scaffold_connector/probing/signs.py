"""What answers say of their lists: how many records there are, whether there are more, and what leads to them."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from scaffold_connector.probing.expressions import key, last_key
from scaffold_connector.words import field, plain

if TYPE_CHECKING:
    from scaffold_connector.probing.asking import Page


@dataclass(frozen=True)
class Signs:
    """What an answer says of its list: places in it, with what is there. `more` are texts that say that it goes on.

    `counts` are whole numbers, `nexts` lead to a next page, `mores` are true or false.
    """

    counts: Mapping[str, int]
    nexts: Mapping[str, Any]
    mores: Mapping[str, bool]
    more: tuple[str, ...]

    def __bool__(self) -> bool:
        return bool(self.counts or self.nexts or self.mores or self.more)


def signs_of(body: Any, records: int, links: Mapping[str, Any], headers: Mapping[str, str], words: Any) -> Signs:
    """The signs in an answer of so many `records`, by what catalog/words.yml calls them."""
    said = words["answers"]
    counts: dict[str, int] = {}
    nexts: dict[str, Any] = {}
    mores: dict[str, bool] = {}
    more: list[str] = []
    for path, value in _beside_records(body, said["around"]):
        word = field(last_key(path))
        number = number_in(value)
        if word in said["count"] and number is not None:
            counts[path] = number
            more += [f"{path} is {number}, and the page has {records}"] if number > records else []
        elif (word in said["remaining"] and number) or (word in said["pages"] and number is not None and number > 1):
            more.append(f"{path} is {number}")
        elif word in said["more"] and isinstance(value, bool):
            mores[path] = value
            more += [f"{path} is true"] if value else []
        elif word in said["last"] and value is False:
            more.append(f"{path} is false")
        elif _leads(path, word, said["next"]) and isinstance(value, str | int) and value not in ("", False, 0):
            nexts[path] = value
            more.append(f"there is something at {path}")
    for name in words["headers"]["count"]:
        if (number := number_in(headers.get(name))) is not None and number > records:
            more.append(f"{name} is {number}, and the page has {records}")
    for name in words["headers"]["pages"]:
        if (number := number_in(headers.get(name))) is not None and number > 1:
            more.append(f"{name} is {number}")
    more += [f"{name} is {headers[name]}" for name in words["headers"]["next"] if headers.get(name)]
    more += ["there is a Link header to a next page"] if "next" in links else []
    return Signs(counts, nexts, mores, tuple(more))


def number_in(value: Any) -> int | None:
    """A whole number, also one that is written as a text."""
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 16:
        return int(value)
    return value if type(value) is int else None


def _leads(path: str, word: str, nexts: Collection[str]) -> bool:
    """Whether something leads to the next page: by its name, in an object of that name, or as one of the cursors."""
    above = [plain(part) for part in path.split(".")[:-1]]
    inside = above[-1:] == ["next"] and word in ("href", "url")
    return (
        word in nexts
        or inside
        or (word in ("after", "cursor") and any("paging" in one or "cursor" in one for one in above))
    )


def _beside_records(body: Any, around: Collection[str], path: str = "", depth: int = 4) -> Iterator[tuple[str, Any]]:
    """The plain values beside the lists of an answer, with where they are: at the top, and in objects of paging.

    An object that holds a list is looked into, too.
    """
    for name, value in body.items() if isinstance(body, dict) else ():
        place = f"{path}.{key(str(name))}" if path else key(str(name))
        if isinstance(value, dict) and depth:
            holds = any(isinstance(one, list) for one in value.values())
            if plain(str(name)) in around or plain(str(name)) in ("next", "total") or holds:
                yield from _beside_records(value, around, place, depth - 1)
            elif any(isinstance(one, dict) for one in value.values()):
                inner = {key_: one for key_, one in value.items() if isinstance(one, dict)}
                yield from _beside_records(inner, around, place, depth - 1)
        elif not isinstance(value, list):
            yield place, value


def differ(one: Page, other: Page) -> bool:
    """Whether a page has records, and none of the other one's."""
    return bool(other.records) and not set(one.names) & set(other.names)
