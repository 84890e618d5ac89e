"""How the emitted completeness.py judges a list, without an API: what answers say of it, and what follows from that."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from types import ModuleType
from typing import Any

import pytest

from tests.conftest import ROOT

(FILE,) = ROOT.glob("template/*connector*/*module_dir*/*completeness.py*")
completeness: Any = ModuleType("completeness")
sys.modules["completeness"] = completeness  # dataclasses look for their module
exec(compile(FILE.read_text(encoding="utf-8"), FILE, "exec"), vars(completeness))

Sign, Signs = completeness.Sign, completeness.Signs


def signs(body: Any, values: Any = (), headers: dict[str, str] | None = None, **declared: str) -> Any:
    links = {"next": {}} if "Link" in (headers or {}) else {}
    return completeness.PagingFields(**declared).signs_of(body, values, headers or {}, links)


RECORDS: list[Any] = [{"id": 1}]

# What an answer says, and the answer.
SAID: list[tuple[dict[str, Any], Any]] = [
    ({"count": ("total", 3)}, {"total": 3, "items": RECORDS}),
    ({"count": ("total", 250)}, {"total": "250", "items": RECORDS}),
    ({"count": ("count", 60)}, {"total": 20, "count": 60, "items": RECORDS}),
    ({"count": ("total", 60)}, {"total": 60, "count": 20, "items": RECORDS}),
    ({"count": ("hits.total", 10)}, {"hits": {"total": {"value": 10, "relation": "eq"}, "hits": RECORDS}}),
    ({}, {"hits": {"total": {"value": 10000, "relation": "gte"}, "hits": RECORDS}}),
    ({"count": ("meta.pagination.total", 7)}, {"meta": {"pagination": {"total": 7}}, "data": RECORDS}),
    (
        {"count": ("page.totalElements", 9), "pages": ("page.totalPages", 3)},
        {"page": {"totalElements": 9, "totalPages": 3}},
    ),
    ({"count": ("@odata.count", 5), "more": ("@odata.nextLink", "there")}, {"@odata.count": 5, "@odata.nextLink": "x"}),
    ({"more": ("next", "there")}, {"next": "https://x.example/?key=hidden", "results": RECORDS}),
    ({"more": ("_links.next", "there")}, {"_links": {"next": {"href": "/x?page=2"}}, "items": RECORDS}),
    ({"more": ("response_metadata.next_cursor", "there")}, {"response_metadata": {"next_cursor": "a"}}),
    ({"more": ("metadata.remainingItemCount", 4)}, {"metadata": {"remainingItemCount": 4}, "items": RECORDS}),
    ({"more": ("has_more", True)}, {"has_more": True, "items": RECORDS}),
    ({"more": ("last", False)}, {"last": False, "content": RECORDS}),
    ({"more": ("incomplete_results", True)}, {"incomplete_results": True, "items": RECORDS}),
    ({"last": ("last", True)}, {"last": True, "content": RECORDS}),
    ({"last": ("next", None)}, {"next": None, "results": RECORDS}),
    ({"last": ("links.next", "empty")}, {"links": {"next": ""}, "results": RECORDS}),
    # The first of two pages of Airflow, which has a cursor only where it is asked for one.
    (
        {"count": ("total_entries", 2), "last": ("next_cursor", None)},
        {"dag_runs": RECORDS, "total_entries": 2, "next_cursor": None},
    ),
    # Objects that are about something else.
    ({}, {"_shards": {"total": 1}, "quota": {"total": 2}, "schedule": {"next": None}, "items": RECORDS}),
    ({}, {"items": RECORDS, "total": True, "count": -1, "next_page": ["x"], "has_more": "yes"}),
    ({}, RECORDS),
]


@pytest.mark.parametrize(("said", "body"), SAID)
def test_answer_says_of_its_list_what_its_fields_say(said: dict[str, Any], body: Any) -> None:
    assert signs(body, RECORDS) == Signs(**{name: Sign(*sign) for name, sign in said.items()})


def test_headers_say_how_many_records_there_are() -> None:
    assert signs([], headers={"X-Total-Count": "12", "X-Total-Pages": "3"}) == Signs(
        count=Sign("X-Total-Count", 12), pages=Sign("X-Total-Pages", 3)
    )
    assert signs([], headers={"Content-Range": "items 0-9/57"}).count == Sign("Content-Range", 57)
    assert signs([], headers={"Link": "next"}).more == Sign("Link", "next")
    assert signs([], headers={"X-Next-Page": "2"}).more == Sign("X-Next-Page", "there")
    assert signs([], headers={"X-Next-Page": ""}).last == Sign("X-Next-Page", "empty")


def test_declared_field_takes_the_place_of_the_others() -> None:
    body = {"total": 500, "meta": {"n": 7, "end": True}, "next": "x", "items": RECORDS}
    assert signs(body, RECORDS, count="meta.n").count == Sign("meta.n", 7)
    assert signs(body, RECORDS, count="none").count is None
    assert signs(body, RECORDS, more="none") == Signs(count=Sign("total", 500))
    assert signs({"meta": {"last": True}}, more="meta.last").last == Sign("meta.last", True)
    assert signs({"meta": {"last": False}}, more="meta.last").more == Sign("meta.last", False)


def test_declared_field_that_an_answer_lacks_leaves_the_others() -> None:
    body = {"total": 500, "next": "x", "items": RECORDS}
    assert signs(body, RECORDS, count="meta.totl", more="meta.nxt") == signs(body, RECORDS)


def read(
    pages: Iterable[tuple[int, int, dict[str, Any]]], size: int | None = 2, refused: int = 0, **options: Any
) -> str:
    """How the reading of pages ends: each with its first record, their number, and what its answer says."""
    fields = completeness.PagingFields(**options.pop("declared", {}))
    habits = options.pop("habits", completeness.Habits())
    reading = completeness.Reading("/x", fields, habits, "Check page.", size, 9, **options)
    try:
        for number, (start, count, said) in enumerate(pages):
            if reading.is_over:
                return f"over after {number} pages"
            records = [{"id": each} for each in range(start, start + count)]
            reading.add(records, Signs(**{name: Sign(*sign) for name, sign in said.items()}))
        if refused and not reading.ends_with(refused):
            return f"status {refused}"
        if not reading.is_over and not refused and not options.get("linked"):
            return "not over"
        reading.conclude()
    except (completeness.IncompleteList, completeness.DoubtfulList) as error:
        return f"{type(error).__name__}: {error}"
    return "whole"


def counted(*numbers: int) -> list[tuple[int, int, dict[str, Any]]]:
    """Pages of two records, and an empty one: of each, what `total` says."""
    return [
        (2 * page, 2 if page < len(numbers) - 1 else 0, {"count": ("total", number)})
        for page, number in enumerate(numbers)
    ]


MORE = {"more": ("has_more", True)}
LAST = {"last": ("next", None)}
CHANGED = "the list changed"

ENDINGS: dict[str, tuple[str, str]] = {
    "an empty page": (read([(0, 2, {}), (2, 0, {})]), "whole"),
    "a page that is not full": (read([(0, 1, {})]), "not over"),
    "a flag that was not declared": (read([(0, 1, LAST)]), "not over"),
    "a count that was not declared": (read([(0, 1, {"count": ("total", 1)})]), "not over"),
    "a declared flag": (read([(0, 2, LAST), (2, 2, {})], declared={"more": "next"}), "over after 1 pages"),
    "a declared count": (
        read([(0, 2, {"count": ("n", 3)}), (2, 1, {"count": ("n", 3)}), (3, 0, {})], declared={"count": "n"}),
        "over after 2 pages",
    ),
    "a declared count of the page": (
        read([(0, 1, {"count": ("n", 1)}), (1, 1, {"count": ("n", 1)}), (2, 0, {})], declared={"count": "n"}),
        "whole",
    ),
    "a count of the page": (read(counted(2, 2, 0)), "whole"),
    "a count that stopped": (read(counted(3, 3, 3)), "whole"),
    "a count of those that remain": (read(counted(4, 2, 0)), "whole"),
    "a count of more": (read(counted(9, 9, 9)), "IncompleteList: /x gave 4 records, but total is 9. Check page."),
    "a count that fell": (read(counted(5, 4, 4)), f"DoubtfulList: /x gave 4 records, but total is 5: {CHANGED}"),
    "a flag for more": (
        read([(0, 2, {}), (2, 0, MORE)]),
        "IncompleteList: /x gave 2 records, and says that more follow: has_more is True. Check page.",
    ),
    "more pages": (
        read([(0, 2, {"pages": ("total_pages", 3)}), (2, 0, {})]),
        "IncompleteList: /x gave 2 records on 1 pages, but total_pages is 3. Check page.",
    ),
    "a page of an empty list": (read([(0, 0, {"pages": ("page_count", 1)})]), "whole"),
    "the same page": (
        read([(0, 2, {}), (0, 2, {})]),
        "IncompleteList: /x gave 2 records on each of two pages, the same ones. Check page.",
    ),
    "the same page of an unknown size": (
        read([(0, 2, {}), (0, 2, {})], size=None),
        "IncompleteList: /x gave 2 records on each of two pages, the same ones. Check page.",
    ),
    "the same page that is not full": (
        read([(0, 1, {}), (0, 1, {})]),
        "DoubtfulList: /x gave 1 records on each of two pages, the same ones. Check page.",
    ),
    "the same page that is the last": (read([(0, 1, LAST), (0, 1, LAST)]), "whole"),
    "the last page again": (read([(0, 2, {}), (2, 1, {}), (2, 1, {})]), "whole"),
    "the last page again, full": (
        read([(0, 2, {}), (2, 2, {}), (2, 2, {})]),
        "DoubtfulList: /x gave 4 records and then its last page again: it may have more. Check page.",
    ),
    "a record again": (
        read([(0, 2, {}), (1, 2, {}), (3, 0, {})]),
        f"DoubtfulList: /x gave 3 records, and 1 again: {CHANGED}",
    ),
    "a refusal": (read([(0, 2, {})], refused=404), "whole"),
    "a refusal after a promise": (
        read([(0, 2, MORE)], refused=404),
        "IncompleteList: /x gave 2 records, and says that more follow: has_more is True. Check page.",
    ),
    "a refusal after all": (read([(0, 2, {"count": ("n", 3)}), (2, 1, {"count": ("n", 3)})], refused=400), "whole"),
    "a refusal after the only page": (read([(0, 1, {"count": ("total", 1)})], refused=400), "whole"),
    "a refusal after the only page of one": (read([(0, 1, {"pages": ("page_count", 1)})], refused=400), "whole"),
    "a refusal after a part": (read([(0, 2, {"count": ("total", 3)})], refused=400), "status 400"),
    "a bad request": (read([(0, 2, {})], refused=400), "status 400"),
    "a bad request for the first page": (read([], refused=404), "status 404"),
    "a full page without a link": (
        read([(0, 2, {})], linked=True),
        "DoubtfulList: /x gave 2 records, a full page that leads to no other one. Check page.",
    ),
    "a full page without a link, of an API that has links": (
        read([(0, 2, {})], linked=True, habits=completeness.Habits(leads_on=True)),
        "whole",
    ),
    "linked pages with the same records": (
        read([(0, 2, {}), (0, 2, {})], linked=True),
        "IncompleteList: /x gave 2 records, and then the same again: it has no end. Check page.",
    ),
    "the same page beside a count": (
        read([(0, 1, {"count": ("total", 9)}), (0, 1, {"count": ("total", 9)})]),
        "IncompleteList: /x gave 1 records on each of two pages, the same ones, but total is 9. Check page.",
    ),
    "a declared count that is never there": (
        read([(0, 2, {"count": ("total", 2)}), (2, 0, {})], declared={"count": "meta.totl"}),
        "DoubtfulList: /x gave 2 records, but no answer has the field meta.totl. Check the answer count_field.",
    ),
    "a declared flag that is never there": (
        read([(0, 2, {}), (2, 1, {}), (3, 0, {})], declared={"more": "has_mor"}),
        "DoubtfulList: /x gave 3 records, but no answer has the field has_mor. Check the answer more_field.",
    ),
    "too many pages": (
        read([(each, 1, {}) for each in range(10)]),
        "IncompleteList: /x has more than 9 pages: it has no end, or MAX_PAGES is too small",
    ),
}


@pytest.mark.parametrize("ending", ENDINGS)
def test_reading_ends_as_what_was_said_and_read_agree(ending: str) -> None:
    got, wanted = ENDINGS[ending]
    assert got.startswith(wanted)


def test_full_last_page_is_no_doubt_once_a_page_led_on() -> None:
    habits = completeness.Habits()
    reading = completeness.Reading("/x", completeness.PagingFields(), habits, "Check.", size=1, most=9, linked=True)
    reading.add([{"id": 1}], Signs())
    reading.follow("a")
    reading.add([{"id": 2}], Signs())
    reading.conclude()
    assert habits.leads_on


def test_link_that_leads_to_the_same_page_twice_is_no_end() -> None:
    reading = completeness.Reading("/x", completeness.PagingFields(), completeness.Habits(), "Check.", linked=True)
    reading.follow("a")
    reading.follow("b")
    with pytest.raises(completeness.IncompleteList, match="leads to the same page twice"):
        reading.follow("a")
