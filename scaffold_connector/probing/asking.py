"""Asks for each list within the number of requests: first all lists, then second pages, details and more parents."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from scaffold_connector.probing.expressions import FAULTS, compiled, found_at, key, lists_in
from scaffold_connector.probing.filling import Filled, Filler, Lacks, Record
from scaffold_connector.probing.signs import signs_of
from scaffold_connector.probing.source import Source
from scaffold_connector.probing.wire import Answer, Spent, Wire, message_in
from scaffold_connector.words import plain

if TYPE_CHECKING:
    from extensions.api_map import Detail, MappedList
    from extensions.api_requests import Paging, Request

# Records that are looked at of a page, and parents and records that are asked about one by one.
MOST_RECORDS = 1000
MOST_ASKED = 3

# Why a list is not asked for whose records are there already.
HELD = "held"


@dataclass(frozen=True)
class Held:
    """A record with what details added to it if it is `detailed`, and what it is below, by what that is called."""

    record: Record
    above: Mapping[str, Record] = field(default_factory=dict)
    detailed: bool = False

    def below(self, item: str) -> dict[str, Record]:
        return {**self.above, item: self.record}


@dataclass(frozen=True)
class Page:
    """An answer to a request for a list. `records` are None where there is no list at its place, `fault` says why."""

    answer: Answer
    records: list[Record] | None
    fault: str = ""
    position: Mapping[str, Any] = field(default_factory=dict)

    @property
    def names(self) -> list[str]:
        """What the records are, to compare pages by."""
        return [repr(sorted(record.items(), key=str))[:2000] for record in self.records or []]


@dataclass
class Seen:
    """What was seen of a list: the `first` page, the second one, and further ones below other parents.

    `records` are those of all pages, `details` what requests for some of them gave, by the number of the detail. `why`
    says why nothing was asked where that is so. Where the answer has one list only, and at another place than the map
    says, `listed` has that place, and `moved` what was said of the map's.
    """

    listed: MappedList
    first: Page | None = None
    above: Mapping[str, Record] = field(default_factory=dict)
    second: Page | None = None
    before: Page | None = None
    others: list[Page] = field(default_factory=list)
    records: list[Held] = field(default_factory=list)
    details: dict[int, list[tuple[Record, Answer, Any]]] = field(default_factory=dict)
    asked_below: int = 0
    why: str = ""
    moved: str = ""

    @property
    def plain(self) -> list[Record]:
        return [held.record for held in self.records]


class Asker:
    """Asks for the lists of a source; `seen` has what came of it."""

    def __init__(self, source: Source, wire: Wire, filler: Filler) -> None:
        self.source = source
        self.wire = wire
        self.filler = filler
        self.seen = {name: Seen(listed) for name, listed in source.api.lists.items()}

    def ask(self) -> None:
        """Ask for all there is, as far as the requests go."""
        try:
            for seen in self.seen.values():
                self._first(seen)
            for seen in self.seen.values():
                self._second(seen)
            for number in range(MOST_ASKED):
                for seen in self.seen.values():
                    self._detail(seen, number)
                if number:
                    for seen in self.seen.values():
                        self._below_another(seen, number)
            for seen in self.seen.values():
                self._before(seen)
        except Spent:
            pass
        self._gather()

    def page(
        self, seen: Seen, position: Mapping[str, Any], listed: MappedList | None = None, above: Any = None
    ) -> Page:
        """A page of a list, of another shape than the map has it if that is given. Raises `Spent` or `Lacks`."""
        listed = listed or seen.listed
        paging = listed.paging
        if url := position.get("url"):
            answer = self.wire.ask("GET", url)
        else:
            size = paging.size if paging and paging.size else None
            filled = self.filler.filled(
                _asked(listed), seen.above if above is None else above, {"size": size, **position}
            )
            answer = self.ask_for(_asked(listed), filled)
        if answer.fault:
            return Page(answer, None, answer.fault, position)
        records, fault = records_in(listed, answer.body)
        if records is None and self._is_empty(answer):
            records, fault = [], ""
        return Page(answer, records and records[:MOST_RECORDS], fault, position)

    def _is_empty(self, answer: Answer) -> bool:
        """Whether an answer without any list is one of an empty page: some APIs leave an empty list out."""
        body = answer.body
        if not isinstance(body, dict) or any(lists_in(body)) or any(lists_in(body, empty=True)):
            return False
        signs = signs_of(body, 0, answer.links, answer.headers, self.source.words)
        return not body or bool(signs)

    def ask_for(self, request: Request, filled: Filled) -> Answer:
        """The answer to a request. One of GraphQL with errors is an error, also if it has data."""
        answer = self.wire.ask(filled.method, filled.path, **filled.sent)
        if request.graphql and isinstance(answer.body, dict) and (errors := answer.body.get("errors")):
            said = message_in(errors[0]) if isinstance(errors, list) else ""
            return replace(answer, fault=f"{answer.status}: errors of GraphQL: {said[:80]}")
        return answer

    def begin(self, paging: Paging | None) -> dict[str, Any]:
        """What asks for the first page."""
        if paging and paging.by in ("page", "offset"):
            return {paging.by: paging.first if paging.by == "page" else 0}
        return {}

    def follow(self, listed: MappedList, page: Page) -> dict[str, Any] | None:
        """What asks for the page after one; None where there is none."""
        paging = listed.paging
        if not paging or page.records is None or (paging.by in ("page", "offset") and not page.records):
            return None
        if paging.by == "page":
            return {"page": page.position["page"] + 1}
        if paging.by == "offset":
            return {"offset": page.position["offset"] + len(page.records)}
        if paging.by == "link_header":
            target = page.answer.links.get("next")
            return {"url": self._absolute(listed, target)} if target else None
        target = leads_on(paging, page.answer) if paging.by == "cursor" else None
        if target in (None, "") or isinstance(target, bool):
            return None
        if not isinstance(target, str | int) and not _asked(listed).takes_values:
            return None
        is_url = isinstance(target, str) and target.startswith(("http://", "https://", "/"))
        return {"url": self._absolute(listed, target)} if is_url else {"cursor": target}

    def _absolute(self, listed: MappedList, target: Any) -> str:
        from urllib.parse import urljoin

        return urljoin(f"{self.wire.address}/", str(target))

    # ---- In turn ---------------------------------------------------------------------------------------------------

    def _first(self, seen: Seen) -> None:
        listed = seen.listed
        if listed.request is None:
            return
        above = next(self.above(listed), None)
        if above is None:
            seen.why = "no record above it was read"
            return
        if held := self._held(seen):
            seen.records, seen.why = held, HELD
            return
        seen.above = above
        try:
            seen.first = self._moved(seen, self.page(seen, self.begin(listed.paging)))
            seen.asked_below = 1
        except Lacks as lacks:
            seen.why = f"there is no {lacks} in a record above it"
        self._keep(seen, seen.first, above)
        self._gather()

    def _second(self, seen: Seen) -> None:
        if seen.first and seen.first.records and (position := self.follow(seen.listed, seen.first)) is not None:
            seen.second = self.page(seen, position)
            self._keep(seen, seen.second, seen.above)

    def _detail(self, seen: Seen, number: int) -> None:
        for place, detail in enumerate(seen.listed.details):
            if number >= len(seen.records):
                return
            held = seen.records[number]
            try:
                filled = self.filler.filled(_asked(detail), held.below(seen.listed.item))
            except Lacks:
                continue
            answer = self.ask_for(_asked(detail), filled)
            found = None if answer.fault else self.detail_in(seen.listed, detail, answer.body)
            seen.details.setdefault(place, []).append((held.record, answer, found))
            if isinstance(found, dict):
                merged = held.record | ({detail.into: found} if detail.into else found)
                seen.records[number] = replace(held, record=merged)
            elif found is not None and detail.into:
                seen.records[number] = replace(held, record=held.record | {detail.into: found})
            seen.records[number] = replace(seen.records[number], detailed=True)
            self._gather()

    def _below_another(self, seen: Seen, number: int) -> None:
        """The list below another parent: the first may have few records, or none."""
        if not seen.first or not self.is_nested(seen.listed):
            return
        above = next((one for place, one in enumerate(self.above(seen.listed)) if place == number), None)
        if above is None:
            return
        try:
            page = self.page(seen, self.begin(seen.listed.paging), above=above)
        except Lacks:
            return
        seen.asked_below += 1
        seen.others.append(page)
        self._keep(seen, page, above)
        if not seen.first.records and page.records:
            seen.first, seen.above = page, above
            self._second(seen)

    def _before(self, seen: Seen) -> None:
        """The page before the first one, and of pages from 0 nothing: the second one is page 1."""
        paging = seen.listed.paging
        if seen.first and paging and paging.by == "page" and paging.first == 1 and seen.first.records is not None:
            seen.before = self.page(seen, {"page": 0})

    @staticmethod
    def _moved(seen: Seen, page: Page) -> Page:
        """A page whose list is elsewhere than the map says, if there is only one: what follows goes on from there."""
        places = list(lists_in(page.answer.body)) or list(lists_in(page.answer.body, empty=True))
        if page.records is not None or page.answer.fault or len(places) != 1 or seen.listed.key_field:
            return page
        ((place, _),) = places
        seen.moved, seen.listed = page.fault, replace(seen.listed, records=place, columns={})
        records, fault = records_in(seen.listed, page.answer.body)
        return replace(page, records=records and records[:MOST_RECORDS], fault=fault)

    def _held(self, seen: Seen) -> list[Held]:
        """The records that those of the parent hold in full, by usual names, where short answers leave that open."""
        found: list[Held] = []
        for parent in self._parents(seen.listed.name) if seen.listed.held_as else []:
            known = {plain(str(name)): value for name, value in parent.record.items()}
            held: list[Record] = next(
                (known[name] for name in seen.listed.held_as if isinstance(known.get(name), list)), []
            )
            above = parent.below(self._item_above(seen.listed.name))
            found += [Held(one, above) for one in held] if all(isinstance(one, dict) for one in held) else []
        return found

    # ---- What is above ---------------------------------------------------------------------------------------------

    def is_nested(self, listed: MappedList) -> bool:
        items = {self.source.api.lists[name].item for name in self.source.parents[listed.name] if name in self.seen}
        asked = listed.request
        return bool(asked and items & {one.of for one in asked.placeholders})

    def above(self, listed: MappedList) -> Iterator[Mapping[str, Record]]:
        """The records that a list is asked for below, one set after the other; an empty one where it is below none."""
        if not self.is_nested(listed):
            yield {}
            return
        for name in reversed(self.source.parents[listed.name]):
            if name in self.seen:
                parent = self.seen[name]
                yield from (held.below(parent.listed.item) for held in parent.records)
                return

    def _gather(self) -> None:
        """The records of lists that are not asked for: those that are always the same, named, or in their parents."""
        for name, seen in self.seen.items():
            listed = seen.listed
            if listed.constants:
                seen.records = [Held(dict(record)) for record in listed.constants]
            elif listed.source:
                names = [found_at(record, listed.key) for record in self.seen[listed.source].plain]
                texts = dict.fromkeys(str(one) for one in names if isinstance(one, str | int | float))
                seen.records = [Held({"name": one}) for one in texts]
            elif listed.request is None:
                seen.records = []
                for parent in self._parents(name):
                    above = parent.below(self._item_above(name))
                    records, _ = records_in(listed, parent.record)
                    seen.records += [Held(record, above) for record in records or []]

    def _parents(self, name: str) -> list[Held]:
        above = next((one for one in reversed(self.source.parents[name]) if one in self.seen), None)
        return self.seen[above].records if above else []

    def _item_above(self, name: str) -> str:
        above = next((one for one in reversed(self.source.parents[name]) if one in self.seen), "")
        return self.seen[above].listed.item if above else ""

    def _keep(self, seen: Seen, page: Page | None, above: Mapping[str, Record]) -> None:
        if page and page.records and (page is seen.first or not seen.first or page.names != seen.first.names):
            seen.records += [Held(one, above) for one in page.records]

    def detail_in(self, listed: MappedList, detail: Detail, body: Any) -> Any:
        """What of a detail's answer is taken."""
        if detail.record:
            return found_at(body, detail.record)
        if not isinstance(body, dict):
            return None
        known = {plain(str(name)): value for name, value in body.items()}
        wrapped = [known.get(word) for word in self.source.items.get(listed.name, ())]
        wrapped += list(body.values()) if len(body) == 1 else []
        return next((value for value in wrapped if isinstance(value, dict)), body)


def records_in(listed: MappedList, body: Any) -> tuple[list[Record] | None, str]:
    """The records in an answer or in the record of a parent, and why there are none where they are None."""
    if listed.columns:
        return _together(listed.columns, body)
    if not listed.records and listed.list_keys:
        if listed.request is None:
            return None, ""
        found = usual_list(body, listed.list_keys)
    else:
        try:
            found = compiled(listed.records).search(body) if listed.records else body
        except FAULTS as error:
            return None, f"{listed.records} does not fit the answer: {' '.join(str(error).split())[:80]}"
    if listed.key_field:
        if isinstance(found, dict):
            return [
                (item if isinstance(item, dict) else {"value": item}) | {listed.key_field: name}
                for name, item in found.items()
            ], ""
        return ([], "") if found == [] else (None, f"no object at {listed.records or 'the top of the answer'}")
    if not isinstance(found, list):
        return None, f"no list at {listed.records or 'the top of the answer'}"
    return [item if isinstance(item, dict) else {"name": item} for item in found], ""


def _together(columns: Mapping[str, str], body: Any) -> tuple[list[Record] | None, str]:
    lists = {name: found_at(body, place) for name, place in columns.items()}
    there = {name: found for name, found in lists.items() if found is not None}
    if not there or not all(isinstance(found, list) for found in there.values()):
        return None, f"no list at {next(iter(columns.values()))}"
    if len({len(found) for found in there.values()}) > 1:
        return None, "the lists at " + ", ".join(columns.values()) + " are not of the same length"
    return [dict(zip(there, values, strict=True)) for values in zip(*there.values(), strict=True)], ""


def leads_on(paging: Paging, answer: Answer) -> Any:
    """What leads to the next page, of the body or of a header of an answer."""
    return answer.headers.get(paging.next_header) if paging.next_header else found_at(answer.body, paging.next)


def usual_list(body: Any, names: tuple[str, ...]) -> list[Any] | None:
    """The list in an answer as a client without records_path finds it: one with a usual name, else the longest one."""
    path = usual_path(body, names)
    found = None if path is None else found_at(body, path)
    return found if isinstance(found, list) else None


def usual_path(body: Any, names: tuple[str, ...]) -> str | None:
    """Where that list is, as JMESPath; None where there is none."""
    if isinstance(body, list) or not body:
        return "@" if isinstance(body, list) else None
    if not isinstance(body, dict):
        return None
    known = {plain(str(name)): (key(str(name)), value) for name, value in body.items() if value is not None}
    named = [known[name] for name in names if name in known]
    for values in (named, list(known.values())):
        lists = [(name, value) for name, value in values if isinstance(value, list)]
        if values is not named:
            lists = [(name, items) for name, items in lists if items and all(isinstance(one, dict) for one in items)]
        if lists:
            return lists[0][0] if values is named else max(lists, key=lambda one: len(one[1]))[0]
        for name, value in values:
            if isinstance(value, dict) and value and (inner := usual_path(value, names)):
                return f"{name}.{inner}" if inner != "@" else name
    rest = [(name, value) for name, value in known.values() if isinstance(value, list)]
    return min(rest, key=lambda one: len(one[1]))[0] if rest else None


def _asked(one: MappedList | Detail) -> Request:
    request: Any = one.request
    return request
