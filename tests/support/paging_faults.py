"""Rows for servers that contradict themselves or what a connector was told of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.support.paging_apis import ALL, elasticsearch, refused, spring
from tests.support.paging_cursors import cursors, kubernetes
from tests.support.paging_servers import (
    EVERY,
    HELD,
    LINKED,
    NUMBERED,
    PAGED,
    SIZE,
    Api,
    Asked,
    Expect,
    Page,
    Reply,
    Row,
    names,
    plain,
    record,
    saying,
)

COMPLETE, FAILURE, GAP = Expect.COMPLETE, Expect.FAILURE, Expect.GAP
LOUD, SAFE = Expect.LOUD, Expect.SAFE
MORE = names(60)
EMPTY = Reply({"items": []})


def listed(found: tuple[str, ...], **more: Any) -> Reply:
    return Reply({"items": [record(name) for name in found], **more})


def same(found: tuple[str, ...], **more: Any) -> Callable[[Asked], Reply]:
    """A server that answers each request for the list alike."""
    return lambda _: listed(found, **more)


def ends_early(body: Callable[[Page], Any], **more: Any) -> Api:
    """A server that holds eight records, and says what `body` says of them."""
    return Api(body, held=names(8), **more)


def row(name: str, kinds: tuple[str, ...], server: Any, expects: Expect, *says: str, **more: Any) -> Row:
    held = more.pop("holds", None) or getattr(server, "held", ALL)
    return Row(name, kinds, server, held, expects, says, **more)


def total(value: Any) -> Callable[[Page], Any]:
    return saying(total=lambda _: value)


def clamped(counted: bool, held: int = HELD) -> Callable[[Asked], Reply]:
    """A page after the last one is the last one again."""

    def server(asked: Asked) -> Reply:
        body = saying(total=lambda page: page.of) if counted else plain
        last = (held - 1) // SIZE
        found = [record(name) for name in names(held)[last * SIZE :]]
        again = Reply(body(Page(asked, found, last * SIZE, SIZE, held, 1)))
        return Api(body, held=names(held), beyond=lambda page: again if page.start > 0 else None)(asked)

    return server


def window(asked: Asked) -> Reply:
    """Elasticsearch past its window of results: 400, and a total that is only a lower bound."""
    if int(asked.position or 0) >= 2 * SIZE:
        return Reply({"error": {"type": "illegal_argument_exception"}, "status": 400}, 400)
    return Api(elasticsearch(lambda _: 2 * SIZE, "gte"), held=MORE)(asked)


def stuck(cursor: Callable[[Asked], str]) -> Callable[[Asked], Reply]:
    return lambda asked: listed(ALL[:4] if asked.position is None else ALL[4:8], next_cursor=cursor(asked))


def other_cursor(page: Page) -> Any:
    return {"items": page.records, "nextPageToken": page.cursor}


def also(said: Any) -> Callable[[Page], Any]:
    return lambda page: {**plain(page), **said}


def always(given: dict[str, str]) -> Callable[[Page], dict[str, str]]:
    return lambda _: given


def headers(**given: Callable[[Page], Any]) -> Callable[[Page], dict[str, str]]:
    return lambda page: {name.replace("_", "-"): str(value(page)) for name, value in given.items()}


FAULTS: list[Row] = [
    # The number of the first page.
    row("numbered from 0, asked from 1", ("page",), Api(spring, first=0), FAILURE, "10", "first_page", core=True),
    row(
        "numbered from 0, all on page 0",
        ("page",),
        Api(spring, first=0, held=names(3)),
        FAILURE,
        "3",
        "first_page",
        core=True,
    ),
    row("numbered from 0, no counts", ("page",), Api(first=0), FAILURE, "first_page", core=True),
    row("numbered from 0, no counts, one page", ("page",), Api(first=0, held=names(3)), FAILURE, "first_page"),
    row(
        "numbered from 1, asked from 0",
        ("page",),
        Api(lambda page: plain(page) | {"total": page.of}, beyond=lambda page: Reply({}, 404)),
        LOUD,
        answers={"first_page": 0},
    ),
    row(
        "numbered from 0 beside the length of the page",
        ("page",),
        Api(saying(total=lambda page: len(page.records)), first=0),
        FAILURE,
        "first_page",
    ),
    row(
        "numbered from 1, asked from 0, no counts",
        ("page",),
        Api(),
        LOUD,
        "first_page",
        answers={"first_page": 0},
        core=True,
    ),
    # Parameters that the server does not know.
    row(
        "ignores the page, beside a count",
        ("page",),
        same(MORE[:4], count=60),
        FAILURE,
        "4",
        "60",
        "page",
        holds=MORE,
        core=True,
    ),
    row(
        "ignores the offset, beside a count",
        ("offset",),
        same(MORE[:4], count=60),
        FAILURE,
        "4",
        "60",
        "offset",
        holds=MORE,
        core=True,
    ),
    row("ignores the page", ("page",), same(MORE[:4]), FAILURE, "page", holds=MORE, core=True),
    row("ignores the offset", ("offset",), same(MORE[:4]), FAILURE, "offset", holds=MORE, core=True),
    row("ignores both, its pages short", NUMBERED, same(MORE[:3], count=60), FAILURE, "3", "60", holds=MORE),
    row("ignores both, all of it on a page", NUMBERED, same(ALL, count=10), SAFE, holds=ALL),
    row("the same page beside its own length", NUMBERED, same(MORE[:4], total=4), LOUD, holds=MORE),
    row(
        "the same records beside a count",
        LINKED,
        Api(saying(total=lambda _: 10), records=lambda _: names(4) * 2),
        FAILURE,
        "4",
        "10",
    ),
    row(
        "another parameter pages",
        ("offset",),
        lambda asked: Api(total(10))(asked) if asked.position in (None, "0") else EMPTY,
        FAILURE,
        "4",
        "10",
    ),
    row("offset for a page", ("page",), lambda asked: listed(ALL[int(asked.position or 0) :][: asked.size]), LOUD),
    row(
        "a full page and no Link", ("link_header",), Api(held=MORE, linked=False), Expect.GAP, reads=MORE[:4], core=True
    ),
    row(
        "a full page and no Link, X-Total",
        ("link_header",),
        Api(held=MORE, linked=False, headers=headers(X_Total=lambda page: page.of)),
        FAILURE,
        "4",
        "60",
    ),
    row("a full page and no cursor", ("cursor",), same(MORE[:4]), GAP, holds=MORE, reads=MORE[:4], core=True),
    # Counts that do not hold.
    row("an empty page beside a total", PAGED, ends_early(total(10)), FAILURE, "8", "10", core=True),
    row("an empty second page beside a total", PAGED, Api(total(10), held=names(4)), FAILURE, "4", "10", core=True),
    row("a total as a text", PAGED, ends_early(total("10")), FAILURE, "8", "10", core=True),
    row("a total with a relation", PAGED, ends_early(total({"value": 10, "relation": "eq"})), FAILURE, "8", "10"),
    row(
        "Elasticsearch, fewer than its total",
        ("offset",),
        ends_early(elasticsearch(lambda _: 10)),
        FAILURE,
        "8",
        "10",
        answers={"records_path": "hits.hits"},
        core=True,
    ),
    *(
        row(f"fewer than {name}", PAGED, ends_early(also(said)), FAILURE, "8", "10")
        for name, said in {
            "meta.total": {"meta": {"total": 10}},
            "page.total_count": {"page": {"total_count": 10}},
            "pagination.total": {"pagination": {"total": "10"}},
            "totalElements": {"totalElements": 10},
            "@odata.count": {"@odata.count": 10},
            "totalResults": {"totalResults": 10},
        }.items()
    ),
    row(
        "fewer than the total beside the list",
        PAGED,
        ends_early(lambda page: {"data": {"items": page.records, "total": 10}, "next_cursor": page.cursor}),
        FAILURE,
        "8",
        "10",
    ),
    row(
        "fewer than the declared count",
        PAGED,
        ends_early(saying(info=lambda _: {"found": 10})),
        FAILURE,
        "8",
        "10",
        answers={"count_field": "info.found"},
        core=True,
    ),
    row(
        "a declared count that is not there",
        NUMBERED,
        Api(),
        LOUD,
        "count_field",
        answers={"count_field": "info.found"},
    ),
    row("fewer pages than totalPages", NUMBERED, Api(saying(totalPages=lambda _: 5)), FAILURE, "5", core=True),
    *(
        row(
            f"fewer than {name}",
            EVERY[:4],
            ends_early(plain, headers=always({name: "10"})),
            FAILURE,
            "8",
            "10",
            core=name == "X-Total-Count",
        )
        for name in ("X-Total-Count", "X-Total")
    ),
    row(
        "remaining items and no cursor",
        ("cursor",),
        Api(lambda page: {**kubernetes(page), "metadata": {"remainingItemCount": 6}}),
        LOUD,
        answers=cursors("metadata.continue"),
    ),
    # Flags that do not hold.
    row(
        "has_more beside an empty page", NUMBERED, ends_early(saying(has_more=lambda _: True)), FAILURE, "8", core=True
    ),
    row(
        "has_more beside no cursor",
        ("cursor",),
        Api(lambda page: {"items": page.records, "has_more": True}),
        FAILURE,
        "next_field",
    ),
    row("has_more beside no Link", ("link_header",), Api(saying(has_more=lambda _: True), linked=False), FAILURE),
    row(
        "a declared has_more beside an empty page",
        NUMBERED,
        ends_early(saying(has_more=lambda _: True)),
        FAILURE,
        "8",
        answers={"more_field": "has_more"},
        core=True,
    ),
    row(
        "a declared isLast beside an empty page",
        NUMBERED,
        ends_early(saying(isLast=lambda _: False)),
        FAILURE,
        "8",
        answers={"more_field": "isLast"},
    ),
    row("has_more is false too early", NUMBERED, Api(saying(has_more=lambda _: False)), SAFE),
    row(
        "has_more is false beside a declared count",
        NUMBERED,
        Api(lambda page: plain(page) | {"has_more": False, "total": 10}),
        SAFE,
        answers={"count_field": "total"},
    ),
    row(
        "declared has_more is false beside a greater total",
        NUMBERED,
        Api(lambda page: plain(page) | {"has_more": False, "total": 10}),
        SAFE,
        answers={"more_field": "has_more"},
    ),
    row("a declared flag that is not there", NUMBERED, Api(), SAFE, answers={"more_field": "has_more"}),
    # Cursors.
    row("another field has the cursor", ("cursor",), Api(other_cursor), FAILURE, "next_field", core=True),
    row(
        "another field has the cursor of a short page",
        ("cursor",),
        Api(other_cursor, most=3),
        FAILURE,
        "next_field",
        core=True,
    ),
    row(
        "another field has the link",
        ("cursor",),
        Api(lambda page: {"items": page.records, "links": {"next": page.link}}),
        FAILURE,
        "next_field",
    ),
    row(
        "Stripe, whose cursor is no field",
        ("cursor",),
        Api(lambda page: {"object": "list", "url": "/x", "has_more": page.more, "data": page.records}),
        FAILURE,
        "next_field",
    ),
    row("the same cursor", ("cursor",), stuck(lambda _: "c4"), FAILURE, core=True),
    row("two cursors by turns", ("cursor",), stuck(lambda asked: "b" if asked.position == "a" else "a"), LOUD),
    row("a cursor that the server ignores", ("cursor",), same(ALL[:4], next_cursor="c4"), FAILURE),
    row(
        "the same Link",
        ("link_header",),
        lambda asked: Reply(
            [record(name) for name in ALL[:4]], headers={"Link": f'<{asked.base}{asked.path}?after=4>; rel="next"'}
        ),
        FAILURE,
    ),
    # After the last page.
    *(
        row(
            f"{status} after the last page, beside a total",
            NUMBERED,
            Api(saying(total=lambda page: page.of), beyond=refused(status)),
            COMPLETE,
            core=status == 404,
        )
        for status in (404, 400, 416)
    ),
    *(
        row(
            f"{status} after the last page",
            NUMBERED,
            Api(beyond=refused(status)),
            SAFE,
        )
        for status in (404, 400, 416)
    ),
    *(
        row(
            f"{status} after the last page, fewer than the total",
            NUMBERED,
            ends_early(total(10), beyond=refused(status)),
            FAILURE,
        )
        for status in (404, 400, 416)
    ),
    row(
        "Elasticsearch past its window",
        ("offset",),
        window,
        LOUD,
        holds=MORE,
        answers={"records_path": "hits.hits"},
        core=True,
    ),
    row("the last page again, beside a total", ("page",), clamped(counted=True), COMPLETE, core=True),
    row("the last page again", ("page",), clamped(counted=False), SAFE),
    # An API that ignores its parameters and counts its page answers the same: it has to be declared.
    row("the only page again, beside a total", ("page",), clamped(counted=True, held=3), SAFE, holds=names(3)),
    row("the only page again", ("page",), clamped(counted=False, held=3), SAFE, holds=names(3)),
]
