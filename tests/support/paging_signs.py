"""Rows for fields that only look like those of paging, lists that change, and signs beside a list that is all there."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from tests.support.paging_apis import ALL, api
from tests.support.paging_faults import headers, row, total
from tests.support.paging_servers import (
    EVERY,
    HELD,
    NUMBERED,
    PAGED,
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

COMPLETE, FAILURE, LOUD, SAFE = Expect.COMPLETE, Expect.FAILURE, Expect.LOUD, Expect.SAFE
MORE = names(60)


def decoys(page: Page) -> Any:
    return plain(page) | {
        "_shards": {"total": 1, "count": 2, "next": "x"},
        "quota": {"total": 2000, "has_more": True, "remaining": 7},
        "schedule": {"next": "2030-01-01T00:00:00Z", "count": 99},
        "size": 100,
        "limit": 1000,
        "took": 5,
    }


def own_fields(page: Page) -> Any:
    """Records that have fields such as paging has."""
    found = [one | {"total": 99, "next": "x", "has_more": True, "count": 5} for one in page.records]
    return plain(page) | {"items": found}


def twice(first: str, second: str) -> Callable[[Asked], Reply]:
    """The list twice in one object: JSON leaves open which one counts."""

    def server(asked: Asked) -> Reply:
        reply = Api()(asked)
        page = reply.body
        full, rest = json.dumps(page["items"]), {key: value for key, value in page.items() if key != "items"}
        keys = [f'"items": {full if which == "full" else "[]"}' for which in (first, second)]
        keys += [f"{json.dumps(key)}: {json.dumps(value)}" for key, value in rest.items()]
        return Reply(f"{{{', '.join(keys)}}}".encode(), headers=reply.headers)

    return server


def changed(before: tuple[str, ...], after: tuple[str, ...], counted: bool) -> Api:
    """A list that changes once its first page has been handed out."""
    body = saying(total=lambda page: page.of) if counted else plain
    first = {"page": "1", "offset": "0"}

    def records(asked: Asked) -> tuple[str, ...]:
        return after if {None, first[asked.kind]} & set(asked.seen) else before

    return Api(body, records=records)


def unstable(counted: bool) -> Callable[[Asked], Reply]:
    """An order that differs from request to request: r03 and r04 come twice, r07 and r08 never."""

    def server(asked: Asked) -> Reply:
        order = names(4) + names(4, 2) + names(2, 8)
        body = saying(total=lambda page: page.of) if counted else plain
        return Api(body, held=order)(asked)

    return server


# What says, beside a list that came all at once, that there is more, and which pagination has to be answered.
MORE_SIGNS: dict[str, tuple[Any, dict[str, str], tuple[str, ...]]] = {
    "total": ({"total": 120}, {}, ("10", "120", "pagination")),
    "count": ({"count": 120}, {}, ("10", "120", "pagination")),
    "totalElements": ({"totalElements": 120}, {}, ("10", "120", "pagination")),
    "total in meta": ({"meta": {"total": 120}}, {}, ("10", "120", "pagination")),
    "total as a text": ({"total": "120"}, {}, ("10", "120", "pagination")),
    "totalPages": ({"page": 1, "totalPages": 12}, {}, ("12", "pagination")),
    "next": ({"next": "/x?cursor=a"}, {}, ("pagination", "cursor")),
    "next in links": ({"links": {"next": "/x?cursor=a"}}, {}, ("pagination", "cursor")),
    "next in _links": ({"_links": {"next": {"href": "/x?cursor=a"}}}, {}, ("pagination", "cursor")),
    "@odata.nextLink": ({"@odata.nextLink": "https://x.example/y?$skip=10"}, {}, ("pagination", "cursor")),
    "nextPageToken": ({"nextPageToken": "x"}, {}, ("pagination", "cursor")),
    "next_cursor in response_metadata": ({"response_metadata": {"next_cursor": "x"}}, {}, ("pagination", "cursor")),
    "continue in metadata": ({"metadata": {"continue": "x"}}, {}, ("pagination", "cursor")),
    "after in paging": ({"paging": {"next": {"after": "x"}}}, {}, ("pagination", "cursor")),
    "has_more": ({"has_more": True}, {}, ("pagination",)),
    "hasNextPage in pageInfo": ({"pageInfo": {"hasNextPage": True}}, {}, ("pagination",)),
    "isLast": ({"isLast": False}, {}, ("pagination",)),
    "last": ({"last": False}, {}, ("pagination",)),
    "IsTruncated": ({"IsTruncated": True}, {}, ("pagination",)),
    "Link": ({}, {"Link": '</x?page=2>; rel="next"'}, ("pagination", "link_header")),
    "Link, no quotes": ({}, {"Link": "</x?page=1>; rel=prev, </x?page=3>; rel=next"}, ("pagination", "link_header")),
    "X-Total-Count": ({}, {"X-Total-Count": "120"}, ("10", "120", "pagination")),
    "X-Total": ({}, {"X-Total": "120"}, ("10", "120", "pagination")),
    "X-Next-Page": ({}, {"X-Next-Page": "2"}, ("pagination",)),
}
CORE_SIGNS = ("total", "next", "has_more", "nextPageToken", "Link", "X-Total-Count")

# What says that there is no more.
END_SIGNS: dict[str, tuple[Any, dict[str, str]]] = {
    "next is null": ({"next": None, "previous": None}, {}),
    "next is empty": ({"response_metadata": {"next_cursor": ""}}, {}),
    "has_more is false": ({"has_more": False}, {}),
    "isLast": ({"isLast": True, "startAt": 0, "maxResults": 50, "total": HELD}, {}),
    "total": ({"total": HELD}, {}),
    "count in meta": ({"meta": {"count": HELD, "page": 1, "pages": 1, "per_page": 100}}, {}),
    "totalPages": ({"number": 0, "size": 20, "totalElements": HELD, "totalPages": 1, "first": True, "last": True}, {}),
    "Link without next": ({}, {"Link": '</x?page=1>; rel="first", </x?page=1>; rel="last"'}),
    "X-Total-Count": ({}, {"X-Total-Count": str(HELD)}),
    "X-Next-Page": ({}, {"X-Next-Page": "", "X-Page": "1", "X-Total-Pages": "1"}),
    "counts of something else": ({"_shards": {"total": 11}, "quota": {"total": 500}, "schedule": {"next": "x"}}, {}),
}

# What some servers say where they do not know how many there are.
UNKNOWN_TOTALS: tuple[Any, ...] = (0, -1, None, True, "many", {})


def at_once(said: dict[str, Any], given: dict[str, str]) -> Callable[[Asked], Reply]:
    return lambda _: Reply({"items": [record(one) for one in ALL], **said}, headers=given)


SIGNS: list[Row] = [
    # Fields that only look so.
    row("counts of something else", PAGED, Api(decoys), COMPLETE, core=True),
    row("records with fields such as paging has", EVERY, Api(own_fields), COMPLETE, core=True),
    row(
        "a total that is the length of the page",
        PAGED,
        Api(saying(total=lambda page: len(page.records))),
        COMPLETE,
        core=True,
    ),
    row(
        "a header that is the length of the page",
        PAGED,
        Api(headers=headers(X_Total_Count=lambda page: len(page.records))),
        COMPLETE,
    ),
    row("a total that is capped", PAGED, Api(total(4)), COMPLETE, core=True),
    row(
        "a total that is what remains", PAGED, Api(saying(total=lambda page: page.of - page.start)), COMPLETE, core=True
    ),
    row(
        "a total that is what remains after the page",
        PAGED,
        Api(saying(total=lambda page: page.of - page.end)),
        COMPLETE,
    ),
    *(row(f"a total of {value!r}", PAGED, Api(total(value)), COMPLETE) for value in UNKNOWN_TOTALS),
    row("a total as a text that holds", PAGED, Api(saying(total=lambda page: str(page.of))), COMPLETE),
    row(
        "a total with a relation that holds",
        PAGED,
        Api(saying(total=lambda page: {"value": page.of, "relation": "eq"})),
        COMPLETE,
    ),
    row(
        "pages that hold",
        NUMBERED,
        Api(lambda page: plain(page) | {"page": page.number, "pages": page.pages, "per_page": page.size}),
        COMPLETE,
    ),
    # The same key twice.
    row("the list twice, the last one empty", EVERY, twice("full", "empty"), FAILURE, "items", core=True),
    row("the list twice, the first one empty", EVERY, twice("empty", "full"), FAILURE, "items"),
    row("the list twice, alike", EVERY, twice("full", "full"), COMPLETE),
    # What changes in the meantime.
    *(
        row(
            f"{name}{', counted' if counted else ''}",
            NUMBERED,
            changed(ALL, after, counted),
            expects,
            holds=holds,
            reads=reads,
            core=counted,
        )
        for counted in (False, True)
        for name, after, expects, holds, reads in [
            ("a record added in front", ("new", *ALL), SAFE, ALL, None),
            ("a record added at the end", (*ALL, "new"), SAFE, ALL, None),
            ("a page added in front", (*(f"n{number}" for number in range(4)), *ALL), SAFE, ALL, None),
            ("a record removed behind", ALL[:-1], SAFE, ALL[:-1], None),
            (
                "a record removed in front",
                ALL[1:],
                LOUD if counted else Expect.UNKNOWABLE,
                ALL,
                tuple(name for name in ALL if name != "r05"),
            ),
        ]
    ),
    row("an unstable order, beside a count", NUMBERED, unstable(counted=True), LOUD, core=True),
    row("an unstable order", NUMBERED, unstable(counted=False), LOUD, core=True),
    # All at once.
    *(
        Row(
            f"all at once, beside {name}",
            ("none",),
            at_once(said, given),
            MORE,
            FAILURE,
            says,
            core=name in CORE_SIGNS,
        )
        for name, (said, given, says) in MORE_SIGNS.items()
    ),
    *(
        Row(
            f"all at once, {name}",
            ("none",),
            at_once(said, given),
            ALL,
            core=name in ("next is null", "total"),
        )
        for name, (said, given) in END_SIGNS.items()
    ),
    api("all at once, a total that is capped", ("none",), total(4), expects=SAFE),
]
