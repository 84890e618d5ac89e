"""Checks of a list: whether it answers, where its records are, which are read, and what belongs to what."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from scaffold_connector.probing.asking import HELD, Asker, Held, Page, Seen, records_in, usual_path
from scaffold_connector.probing.expressions import found_at, is_there, lists_in, places
from scaffold_connector.probing.fields import Fields
from scaffold_connector.probing.filling import Lacks, Record
from scaffold_connector.probing.pages import Pages
from scaffold_connector.probing.report import DOUBT, NOT_ASKED, OK, WRONG, Fix, Line, ListReport
from scaffold_connector.probing.wire import Spent

if TYPE_CHECKING:
    from extensions.api_map import Detail

# How an API answers for a list that it does not have.
_MISSING = (404, 405, 501)


class Lists:
    """Looks at what an asker has seen. `options` are what `{options.…}` stands for."""

    def __init__(self, asker: Asker, options: Mapping[str, Any]) -> None:
        self._asker = asker
        self._options = options

    def report(self, seen: Seen) -> ListReport:
        """All lines on a list."""
        listed = seen.listed
        report = ListReport(listed.name, _asked(seen))
        if listed.constants:
            report.lines = [Line("records", OK, f"{len(listed.constants)}, always the same")]
        elif listed.source:
            report.lines = [self._grouped(seen)]
        else:
            report.lines = [*self._answers(seen), *Pages(self._asker, seen).lines(), *self._content(seen)]
        return report

    def _content(self, seen: Seen) -> list[Line]:
        """Lines on records that were read: those that are read at all are looked at."""
        wanted, lines = self._where(seen)
        lines += self._details(seen)
        lines += self._join(seen)
        if wanted:
            scopes = {id(held.record): id(held.above) if held.above else 0 for held in seen.records}
            detailed = [
                held.record for held in seen.records if held.detailed and any(held.record is one for one in wanted)
            ]
            lines += Fields(self._asker.source, seen.listed, wanted, detailed, scopes, self._options).lines()
        return lines

    # ---- Whether it answers ----------------------------------------------------------------------------------------

    def _answers(self, seen: Seen) -> list[Line]:
        listed, page = seen.listed, seen.first
        if listed.request is None:
            return [self._in_parents(seen)]
        if page is None:
            if seen.why == HELD:
                return [Line("records", OK, f"{len(seen.records)}, held by the records above them")]
            return [Line("answers", NOT_ASKED, seen.why or "no request was left")]
        status = page.answer.status
        if page.answer.fault:
            if listed.optional and status in _MISSING:
                return [Line("answers", OK, f"{status}: the API lacks this list, which may be")]
            return [self._refused(seen, page)]
        if page.records is None:
            return [Line("answers", OK, str(status)), self._elsewhere(page)]
        if seen.moved:
            says = f"{seen.moved}; the only list is at {listed.records}, with {len(page.records)} records"
            fix = Fix(("records",), listed.records)
            return [Line("answers", OK, str(status)), Line("records", WRONG, says, fixes=(fix,))]
        return [Line("answers", OK, str(status)), self._records(seen, page)]

    def _refused(self, seen: Seen, page: Page) -> Line:
        """A list that is refused or not there, with what to do."""
        says = {
            401: "sign in otherwise, or give other credentials",
            403: "the credentials may not read this list",
            404: "the path is another one",
        }.get(page.answer.status, "")
        fixes: tuple[Fix, ...] = ()
        asked: Any = seen.listed.request
        if page.answer.status == 404 and asked.path.parts and isinstance(asked.path.parts[-1], str):
            fixes = self._other_slash(seen, asked)
        proposed = f"; {fixes[0].value} is there" if fixes else f"; {says}" if says else ""
        return Line("answers", WRONG, f"{page.answer.fault}{proposed}", fixes=fixes)

    def _other_slash(self, seen: Seen, asked: Any) -> tuple[Fix, ...]:
        """The same path with a slash at its end, or without."""
        *rest, last = asked.path.parts
        other = last.rstrip("/") if last.endswith("/") else f"{last}/"
        path = replace(asked.path, parts=(*rest, other))
        listed = replace(seen.listed, request=replace(asked, path=path))
        try:
            page = self._asker.page(seen, self._asker.begin(listed.paging), listed)
        except (Spent, Lacks):
            return ()
        return (Fix(("request",), f"{asked.method} {path.written()}"),) if page.records is not None else ()

    @staticmethod
    def _elsewhere(page: Page) -> Line:
        """There is no list where the map says: where there is one."""
        found = list(lists_in(page.answer.body))
        if not found:
            names = ", ".join(map(str, list(page.answer.body)[:8])) if isinstance(page.answer.body, dict) else ""
            return Line("records", WRONG, page.fault + (f"; the answer has {names}" if names else ""))
        found.sort(key=lambda one: -len(one[1]))
        places_ = ", ".join(f"{path} ({len(items)})" for path, items in found[:3])
        fix = Fix(("records",), found[0][0], sure=False)
        return Line("records", WRONG, f"{page.fault}; lists of objects are at {places_}", fixes=(fix,))

    def _records(self, seen: Seen, page: Page) -> Line:
        """How many records there are, and where."""
        listed, records = seen.listed, page.records or []
        place = listed.records or "the top of the answer"
        if not listed.records and listed.list_keys:
            place = f"{usual_path(page.answer.body, listed.list_keys) or 'nowhere'}, found by usual names"
        if records:
            below = f" below {seen.asked_below} of those above" if seen.others else ""
            return Line("records", OK, f"{len(seen.records)} at {place}{below}")
        others = [(path, items) for path, items in lists_in(page.answer.body) if path != listed.records]
        if others:
            path, items = max(others, key=lambda one: len(one[1]))
            fix = Fix(("records",), path, sure=False)
            return Line("records", DOUBT, f"none at {place}, and {len(items)} objects at {path}", fixes=(fix,))
        return Line("records", DOUBT, f"none at {place}: nothing of them can be looked at")

    def _in_parents(self, seen: Seen) -> Line:
        """Records that those of the parent hold."""
        listed = seen.listed
        parents = self._asker._parents(listed.name)
        if not parents:
            return Line("records", NOT_ASKED, "no record above them was read")
        lacking = [held for held in parents if found_at(held.record, listed.records) is None]
        wrong = [held for held in parents if records_in(listed, held.record)[0] is None and held not in lacking]
        count = (
            f"{listed.records}: {len(seen.records)} in {len(parents) - len(lacking)} of {len(parents)} records above"
        )
        if wrong:
            return Line(
                "records", WRONG, f"{listed.records} is no list in {len(wrong)} of {len(parents)} records above"
            )
        if len(lacking) < len(parents):
            return Line("records", OK, count)
        above = self._asker.seen[self._asker.source.parents[listed.name][-1]]
        if above.listed.details and not any(is_there(found) for done in above.details.values() for *_, found in done):
            return Line("records", NOT_ASKED, f"nothing at {listed.records} in a list whose details were not had")
        found = {path for held in parents for path, value in places(held.record, 4) if _is_objects(value)}
        fix = tuple(
            Fix(("records",), path, sure=len(found) == 1 and not listed.key_field) for path in sorted(found)[:1]
        )
        proposed = f"; lists of objects are at {', '.join(sorted(found)[:3])}" if found else ""
        return Line("records", WRONG, f"no record above has anything at {listed.records}{proposed}", fixes=fix)

    def _grouped(self, seen: Seen) -> Line:
        """Parents that only the records below name."""
        listed = seen.listed
        below = self._asker.seen[listed.source]
        without = [one for one in below.plain if not is_there(found_at(one, listed.key))]
        if not below.records:
            return Line("records", NOT_ASKED, f"no {listed.source} were read, which name them")
        if len(without) == len(below.records):
            return Line("records", WRONG, f"{listed.key} finds nothing in {len(without)} {listed.source}")
        says = f"{len(seen.records)} named by {listed.key} of {len(below.records)} {listed.source}"
        if without:
            return Line("records", DOUBT, f"{says}, {len(without)} of which name none")
        return Line("records", OK, says, tuple(one["name"] for one in seen.plain))

    # ---- Which are read, and what belongs to what -------------------------------------------------------------------

    def _where(self, seen: Seen) -> tuple[list[Record], list[Line]]:
        """The records that are read, and a line for each condition."""
        lines, wanted = [], seen.plain
        for place, values in seen.listed.where.items():
            found = [found_at(record, place) for record in seen.plain]
            there = [value for value in found if value is not None]
            fits = [record for record, value in zip(seen.plain, found, strict=True) if _is_one_of(value, values)]
            wanted = [record for record in wanted if any(record is one for one in fits)]
            says = f"{place}: {len(fits)} of {len(found)} fit"
            if not found:
                continue
            if not there and None not in values:
                lines.append(Line("where", WRONG, f"{place}: no record has this key", fixes=()))
            elif not fits:
                lines.append(Line("where", WRONG, f"{says}, so that none is read", tuple(there)))
            else:
                lines.append(Line("where", OK, says))
        # Fields are looked at in all where none is read: else nothing could be said of them.
        return wanted or seen.plain, lines

    def _details(self, seen: Seen) -> list[Line]:
        lines = []
        for number, detail in enumerate(seen.listed.details):
            asked: Any = detail.request
            done = seen.details.get(number, [])
            if not done:
                why = "no request was left" if seen.records else "there is no record to ask for"
                lines.append(Line("detail", NOT_ASKED, f"{asked.place}: {why}"))
                continue
            lines.append(self._detail(seen, detail, asked.place, done))
        return lines

    def _detail(self, seen: Seen, detail: Detail, place: str, done: list[Any]) -> Line:
        refused = [answer for _, answer, _ in done if answer.fault]
        if len(refused) == len(done):
            return Line("detail", WRONG, f"{place}: {refused[0].fault}")
        empty = [answer for _, answer, found in done if not answer.fault and not is_there(found)]
        if empty:
            inner = empty[0].body
            objects = (
                [name for name, value in inner.items() if isinstance(value, dict)] if isinstance(inner, dict) else []
            )
            at = detail.record or "the top of the answer"
            keys = ("detail", "record") if len(seen.listed.details) == 1 else ()
            fix = tuple(Fix(keys, name, sure=len(objects) == 1) for name in objects[:1] if keys)
            proposed = f"; there are objects at {', '.join(objects[:3])}" if objects else ""
            return Line("detail", WRONG, f"{place}: nothing at {at}{proposed}", fixes=fix)
        added: dict[str, None] = {}
        for record, _, found in done:
            if isinstance(found, dict):
                added |= dict.fromkeys(
                    name for name, value in found.items() if is_there(value) and record.get(name) != value
                )
            else:
                added |= {detail.into: None}
        if not added:
            return Line("detail", DOUBT, f"{place}: adds nothing to what the list has")
        some = f", {len(refused)} refused" if refused else ""
        shown = ", ".join(list(added)[:6]) + (", …" if len(added) > 6 else "")
        return Line("detail", DOUBT if refused else OK, f"{place}: asked {len(done)}{some}; adds {shown}")

    def _join(self, seen: Seen) -> list[Line]:
        """Whether records of a list of all say what they belong to."""
        join = seen.listed.join
        parents = self._asker._parents(seen.listed.name)
        if not join or not seen.records or not parents:
            return []
        pairs = " and ".join(f"{mine} = {theirs}" for mine, theirs in join.items())
        ours = [[_texts(found_at(one, mine)) for mine in join] for one in seen.plain]
        above = [[_texts(found_at(held.record, theirs)) for theirs in join.values()] for held in parents]
        without = sum(not all(texts) for texts in ours)
        if without == len(ours):
            return [Line("join", WRONG, f"{pairs}: no record has this", fixes=self._other_join(seen, parents))]
        matching = sum(any(_meet(one, other) for other in above) for one in ours)
        if not matching:
            fixes = self._other_join(seen, parents)
            proposed = f"; {fixes[0].shown().removeprefix('join: ')} fits" if fixes else ""
            return [Line("join", WRONG, f"{pairs}: matches none of {len(parents)} parents{proposed}", fixes=fixes)]
        says = f"{pairs}: {matching} of {len(ours)} belong to one that was read"
        return [Line("join", OK, says + (f", {without} say none" if without else ""))]

    def _other_join(self, seen: Seen, parents: list[Held]) -> tuple[Fix, ...]:
        """A field of the records whose values are all in one of their parents: proposed where it is the only one."""
        keys = {path for held in parents for path, value in places(held.record, 2) if _is_key(value)}
        known = {path: {text for held in parents for text in _texts(found_at(held.record, path))} for path in keys}
        item = self._asker._item_above(seen.listed.name)
        found = []
        for path in {path for one in seen.plain[:50] for path, value in places(one, 3) if _is_key(value)}:
            values = {text for one in seen.plain for text in _texts(found_at(one, path))}
            for theirs, texts in known.items():
                if values and values <= texts and (item.replace("_", "") in path.lower().replace("_", "")):
                    found.append((path, theirs))
        found = [pair for pair in found if pair[1] in ("id", "uid", "name", "key")] or found
        return tuple(Fix(("join",), {mine: theirs}, sure=len(found) == 1) for mine, theirs in sorted(found)[:1])


def _asked(seen: Seen) -> str:
    listed: Any = seen.listed
    if listed.request is not None:
        return str(listed.request.place)
    if listed.source:
        return f"named by {listed.source}"
    return "always the same" if listed.constants else f"{listed.records} of the records above"


def _is_one_of(value: Any, wanted: tuple[Any, ...]) -> bool:
    """Whether a value of JSON is one of some; True is not 1 there."""
    return any(value == one and isinstance(value, bool) == isinstance(one, bool) for one in wanted)


def _is_objects(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(one, dict) for one in value)


def _is_key(value: Any) -> bool:
    return isinstance(value, str | int) and not isinstance(value, bool) and value != ""


def _texts(found: Any) -> set[str]:
    values = found if isinstance(found, list) else [found]
    return {str(one) for one in values if one not in (None, "") and not isinstance(one, dict | list)}


def _meet(one: list[set[str]], other: list[set[str]]) -> bool:
    return all(mine & theirs for mine, theirs in zip(one, other, strict=True))
