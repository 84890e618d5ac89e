"""Checks of paging: whether pages follow each other as the map says, and what would fit where they do not.

What is proposed was tried: a fix is sure only where the source has answered it with other records.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from scaffold_connector.probing.asking import Asker, Page, Seen, leads_on
from scaffold_connector.probing.expressions import found_at, key, last_key
from scaffold_connector.probing.filling import Lacks
from scaffold_connector.probing.report import DOUBT, NOT_ASKED, OK, WRONG, Fix, Line
from scaffold_connector.probing.signs import Signs, differ, number_in, signs_of
from scaffold_connector.probing.wire import Spent

if TYPE_CHECKING:
    from extensions.api_map import MappedList

# How many names of a parameter are tried, the most usual first.
_MOST_TRIED = 5

# A page that no list has, far behind the last one.
_FAR = 100_000


class Pages:
    """Looks at how a list is paged, with requests that are left."""

    def __init__(self, asker: Asker, seen: Seen) -> None:
        self._asker = asker
        self._seen = seen
        self._listed = seen.listed
        # None only where `lines` has nothing to look at.
        self._paging: Any = seen.listed.paging
        self._words = asker.source.words

    def lines(self) -> list[Line]:
        """Lines on a list whose first page was read."""
        seen, paging = self._seen, self._paging
        first = seen.first
        if not first or first.records is None or paging is None:
            return []
        signs = self._signs(first)
        lines = [*self._count(first, signs)]
        if paging.by == "none":
            return [*self._whole(first, signs), *lines]
        found = {"page": self._numbered, "offset": self._numbered, "cursor": self._linked, "link_header": self._linked}
        try:
            return [*found[paging.by](first, signs), *lines]
        except Spent:
            return [Line("paging", NOT_ASKED, "no request was left to look further"), *lines]

    def _signs(self, page: Page) -> Signs:
        answer = page.answer
        return signs_of(answer.body, len(page.records or []), answer.links, answer.headers, self._words)

    def _count(self, first: Page, signs: Signs) -> Iterator[Line]:
        """The count and the flag that the map names."""
        paging = self._paging
        records = len(first.records or [])
        for name, place, there, kind in (
            ("count", paging.count, signs.counts, int),
            ("more", paging.more, signs.mores, bool),
        ):
            value = found_at(first.answer.body, _as_expression(place)) if place and place != "none" else None
            if place in ("", "none"):
                if name == "count" and place == "" and len(there) == 1 and next(iter(there.values())) >= records:
                    (other,) = there
                    says = f"the answer has {other}: {there[other]}, which would show that a list is complete"
                    yield Line("count", OK, says, fixes=(Fix(("paging", "count"), other, sure=False),))
            elif (number_in(value) if kind is int else value if type(value) is bool else None) is None:
                fits = [path for path in there if kind is bool or there[path] >= records]
                fix = (Fix(("paging", name), fits[0], sure=len(fits) == 1),) if fits else ()
                says = f"no {'number' if kind is int else 'true or false'} at {place}"
                yield Line(name, WRONG, f"{says}; {fits[0]} has one" if fits else says, fixes=fix)
            elif kind is int and (number_in(value) or 0) < records:
                says = f"{place} is {value}, and one page has {records} records"
                yield Line(name, WRONG, says, fixes=(Fix(("paging", name), "none", sure=False),))
            else:
                yield Line(name, OK, f"{place} is {str(value).lower()}")

    # ---- Lists that are said to come at once -----------------------------------------------------------------------

    def _whole(self, first: Page, signs: Signs) -> list[Line]:
        more = next(iter(signs.more), "")
        if not more:
            return [
                Line("paging", OK, f"none: {len(first.records or [])} records, and nothing says that there are more")
            ]
        try:
            fixes = self._other_ways(first, signs)
        except Spent:
            fixes = ()
        proposed = f"; {_shown(fixes)} fits" if fixes else ""
        return [Line("paging", WRONG, f"the list goes on: {more}{proposed}", fixes=fixes)]

    def _other_ways(self, first: Page, signs: Signs) -> tuple[Fix, ...]:
        """A way of paging that gives other records for the second page."""
        if "next" in first.answer.links:
            return (Fix(("paging", "by"), "link_header"),)
        for path, value in signs.nexts.items():
            if str(value).startswith(("http://", "https://", "/")):
                page = self._try(self._listed, {"url": self._asker._absolute(self._listed, value)})
                if page and differ(first, page):
                    return (Fix(("paging", "by"), "cursor"), Fix(("paging", "next"), path))
        for path, value in signs.nexts.items():
            for name in self._parameters("cursor", path):
                page = self._try(self._with("cursor", name), {"cursor": value})
                if page and differ(first, page):
                    return (
                        Fix(("paging", "by"), "cursor"),
                        Fix(("paging", "next"), path),
                        Fix(("paging", "parameter"), name),
                    )
        for by, start in (("page", 2), ("offset", len(first.records or []))):
            for name in self._words["parameters"][by][:3]:
                page = self._try(self._with(by, name), {by: start})
                if page and differ(first, page):
                    count = next((path for path, number in signs.counts.items() if number > start), "")
                    counted = (Fix(("paging", "count"), count),) if count else ()
                    return (
                        Fix(("paging", "by"), by),
                        Fix(("paging", "parameter"), name),
                        *self._zero(name, first, by),
                        *counted,
                    )
        return ()

    def _zero(self, name: str, first: Page, by: str) -> tuple[Fix, ...]:
        """Whether the page that is answered without a number is page 0."""
        if by != "page":
            return ()
        page = self._try(self._with("page", name), {"page": 1})
        return (Fix(("paging", "first"), 0),) if page and differ(first, page) else ()

    # ---- Pages by number and by offset -----------------------------------------------------------------------------

    def _numbered(self, first: Page, signs: Signs) -> list[Line]:
        seen, paging = self._seen, self._paging
        if paging.by == "page" and (line := self._wrong_first(first)):
            return [line]
        if not first.records:
            return [Line("paging", OK, "the first page is empty")]
        if seen.second is None:
            return [Line("paging", NOT_ASKED, "no request was left for the second page")]
        if seen.second.names and seen.second.names == first.names:
            return [self._ignored(first, signs)]
        if seen.second.records == [] and (count := max(signs.counts.values(), default=0)) > len(first.records):
            says = f"the second page is empty, though there are {count} records"
            return [
                Line("paging", WRONG, f"{says}: another parameter may ask for it, or the count is of something else")
            ]
        if seen.second.records is None and not _ends(seen.second):
            return [Line("paging", WRONG, f"the second page: {seen.second.fault}")]
        shared = len(set(first.names) & set(seen.second.names))
        if shared:
            says = f"{shared} of the second page's records are on the first one, too"
            return [Line("paging", DOUBT, f"{says}: the size of a page may be another one")]
        return [self._size(first, signs), *self._endless(first, signs)]

    def _wrong_first(self, first: Page) -> Line | None:
        """Whether pages are numbered from the other number."""
        seen, paging = self._seen, self._paging
        if paging.first == 1 and seen.before and seen.before.records and differ(first, seen.before):
            says = f"page 0 has {len(seen.before.records)} other records, which are not read"
            return Line("paging", WRONG, f"{says}; first: 0 fits", fixes=(Fix(("paging", "first"), 0),))
        if paging.first == 0 and seen.second and seen.second.names and seen.second.names == first.names:
            third = self._try(self._listed, {"page": 2})
            if third and differ(first, third):
                says = "pages 0 and 1 are the same, and page 2 is another: the first page is 1"
                return Line("paging", WRONG, f"{says}; first: 1 fits", fixes=(Fix(("paging", "first"), 1),))
        if paging.first == 0 and not first.records:
            page = self._try(self._listed, {"page": 1})
            if page and page.records:
                return Line(
                    "paging", WRONG, "page 0 has no records, and page 1 has", fixes=(Fix(("paging", "first"), 1),)
                )
        return None

    def _ignored(self, first: Page, signs: Signs) -> Line:
        """The second page is the first one again: another parameter may ask for it."""
        paging = self._paging
        asked = _parameter_of(self._listed, paging.by)
        says = f"the second page is the first one again: {asked or paging.by} is ignored"
        if not next(iter(signs.more), ""):
            fix = Fix(("paging",), "none", sure=bool(signs.counts))
            return Line("paging", WRONG, f"{says}, and nothing says that there is more", fixes=(fix,))
        fixes: tuple[Fix, ...] = ()
        if asked:
            words = self._words["parameters"]
            start = self._asker.follow(self._listed, first) or {}
            for name in [one for one in words[paging.by][:_MOST_TRIED] if one != asked]:
                page = self._try(self._with(paging.by, name), start)
                if page and differ(first, page):
                    fixes = (Fix(("paging", "parameter"), name), *self._zero_of(name, page))
                    break
            else:
                fixes = self._other_ways(first, signs)
        proposed = f"; {_shown(fixes)} fits" if fixes else ""
        return Line("paging", WRONG, f"{says}{proposed}", fixes=fixes)

    def _zero_of(self, name: str, second: Page) -> tuple[Fix, ...]:
        """Whether another parameter numbers its pages from 0."""
        paging = self._paging
        if not paging or paging.by != "page" or paging.first == 0:
            return ()
        page = self._try(self._with("page", name), {"page": 0})
        first = self._seen.first
        is_first = bool(page and first and page.names == first.names)
        return (Fix(("paging", "first"), 0),) if is_first and self._differs_from_one(name) else ()

    def _differs_from_one(self, name: str) -> bool:
        page = self._try(self._with("page", name), {"page": 1})
        return bool(page and self._seen.first and differ(self._seen.first, page))

    def _size(self, first: Page, signs: Signs) -> Line:
        """How many records a page has, against how many were asked for."""
        paging = self._paging
        second = self._seen.second
        got, then = len(first.records or []), len(second.records or []) if second else 0
        says = f"{paging.by}: {got} records, then {then} others"
        if paging.size and then and got < paging.size:
            fix = Fix(("paging", "size"), got)
            return Line("paging", DOUBT, f"{says}, where {paging.size} were asked for", fixes=(fix,))
        if paging.size and got > paging.size:
            return Line("paging", DOUBT, f"{got} records came where {paging.size} were asked for: the size is ignored")
        return Line("paging", OK, says)

    def _endless(self, first: Page, signs: Signs) -> list[Line]:
        """Whether pages behind the last one have records."""
        paging, second = self._paging, self._seen.second
        if not paging or not second or not second.records or not signs.counts:
            return []
        page = self._try(self._listed, {paging.by: _FAR})
        # Some give their last page again, which is an end, too.
        again = self._try(self._listed, {paging.by: _FAR + 1}) if page and page.records else None
        if page and again and differ(page, again):
            says = f"{paging.by} {_FAR} has records, though the list has {max(signs.counts.values())}: it has no end"
            return [Line("last page", WRONG, says)]
        return []

    # ---- Pages that lead to each other -----------------------------------------------------------------------------

    def _linked(self, first: Page, signs: Signs) -> list[Line]:
        seen, paging = self._seen, self._paging
        place = paging.next or paging.next_header or "the Link header"
        if seen.second is None:
            if self._asker.follow(self._listed, first) is not None:
                return [Line("paging", NOT_ASKED, "no request was left for the second page")]
            return [self._nowhere(first, signs, place)]
        if seen.second.records is None and not _ends(seen.second):
            return [Line("paging", WRONG, f"the second page: {seen.second.fault}")]
        if seen.second.names and seen.second.names == first.names:
            return [self._cursor_ignored(first)]
        if seen.second.records == [] and self._asker.follow(self._listed, seen.second) is None:
            count = max(signs.counts.values(), default=0)
            if count > len(first.records or []):
                return [Line("paging", WRONG, f"the second page is empty, though there are {count} records")]
        if paging.by == "cursor":
            leads = leads_on(paging, seen.second.answer)
            if leads and leads == leads_on(paging, first.answer) and seen.second.records:
                return [Line("paging", WRONG, f"{place} is the same on two pages: the list would have no end")]
        return [self._size(first, signs)]

    def _nowhere(self, first: Page, signs: Signs, place: str) -> Line:
        """There is nothing that leads on: the list may be at its end."""
        paging = self._paging
        more = next(iter(signs.more), "")
        if not more:
            return Line("paging", OK, f"{len(first.records or [])} records, and nothing at {place}: one page")
        fixes: tuple[Fix, ...] = ()
        for path in signs.nexts:
            other = replace(self._listed, paging=replace(paging, by="cursor", next=path))
            position = self._asker.follow(other, first)
            page = self._try(other, position) if position and paging.by == "cursor" else None
            if page and differ(first, page):
                fixes = (Fix(("paging", "next"), path),)
                break
        fixes = fixes or self._other_ways(first, signs)
        proposed = f"; {_shown(fixes)} fits" if fixes else ""
        return Line("paging", WRONG, f"nothing leads on at {place}, but {more}{proposed}", fixes=fixes)

    def _cursor_ignored(self, first: Page) -> Line:
        paging = self._paging
        asked = _parameter_of(self._listed, "cursor")
        says = f"the second page is the first one again: {asked or 'the cursor'} is ignored"
        position = self._asker.follow(self._listed, first) or {}
        if asked and "cursor" in position:
            for name in [one for one in self._parameters("cursor", paging.next) if one != asked]:
                page = self._try(self._with("cursor", name), position)
                if page and differ(first, page):
                    return Line("paging", WRONG, f"{says}; {name} fits", fixes=(Fix(("paging", "parameter"), name),))
        return Line("paging", WRONG, says)

    # ---- Trying ----------------------------------------------------------------------------------------------------

    def _parameters(self, by: str, path: str) -> list[str]:
        """Names of a parameter to try, first those that the field of the answer suggests."""
        last = last_key(path)
        suggested = [
            last,
            last.removeprefix("next_"),
            last.removeprefix("next")[:1].lower() + last.removeprefix("next")[1:],
        ]
        return list(
            dict.fromkeys(one for one in [*suggested, *self._words["parameters"][by]] if one and one != "next")
        )[:6]

    def _with(self, by: str, name: str) -> MappedList:
        """The list with another parameter that asks for a page."""
        asked: Any = self._listed.request
        words = ("page", "offset", "cursor")
        paging = self._paging
        text, placeholder = type(asked.path), self._asker.source.placeholder
        place = next(
            (place for place in ("query", "json", "variables") if _holds(getattr(asked, place), words)), "query"
        )
        kept = {
            key: value
            for key, value in (getattr(asked, place) or {}).items()
            if not (hasattr(value, "alone") and value.alone and value.alone.of in words)
        }
        request = replace(asked, **{place: kept | {name: text((placeholder(by),))}})
        return replace(self._listed, request=request, paging=replace(paging, by=by))

    def _try(self, listed: MappedList, position: Mapping[str, Any]) -> Page | None:
        try:
            page = self._asker.page(self._seen, position, listed)
        except Lacks:
            return None
        return page if page.records is not None else None


def _holds(value: Any, words: tuple[str, ...]) -> bool:
    return isinstance(value, dict) and any(
        hasattr(one, "alone") and one.alone and one.alone.of in words for one in value.values()
    )


def _parameter_of(listed: MappedList, by: str) -> str:
    """The parameter that is only what asks for a page."""
    asked: Any = listed.request
    for holder in (asked.query, asked.json, asked.variables):
        for name, value in holder.items() if isinstance(holder, dict) else ():
            if hasattr(value, "alone") and value.alone and value.alone.of == by:
                return str(name)
    return ""


def _ends(page: Page) -> bool:
    """Whether an answer is one for a page behind the last."""
    return page.answer.status in (400, 404, 416, 422)


def _as_expression(keys: str) -> str:
    # The keys of OData have a dot in them.
    return key(keys) if keys.startswith("@") else ".".join(key(part) for part in keys.split("."))


def _shown(fixes: tuple[Fix, ...]) -> str:
    return ", ".join(f"{fix.keys[-1]}: {fix.value}" for fix in fixes)
