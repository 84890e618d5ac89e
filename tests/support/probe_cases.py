"""What may be wrong with the answers for the API of probed.py, or with that API, and what a probe has to say of it."""

from __future__ import annotations

from scaffold_connector.probing.report import DOUBT, WRONG
from tests.support.mapped_server import Reply
from tests.support.probed import Case, slow

HTML = Reply(b"<!doctype html><title>Sign in</title>", headers={"Content-Type": "text/html"})

CASES = [
    # ---- Pages
    Case(
        "pages from 0",
        ("dashboards", "paging", WRONG),
        ("page 0 has", "first: 0 fits"),
        {"first": 0},
        {},
        ("first: 0",),
    ),
    Case(
        "pages from 1",
        ("dashboards", "paging", WRONG),
        ("pages 0 and 1 are the same", "first: 1 fits"),
        {},
        {"by: page, size": "by: page, first: 0, size"},
        ("first: 1",),
    ),
    Case(
        "another page parameter",
        ("dashboards", "paging", WRONG),
        ("page is ignored", "parameter: pageNumber"),
        {"parameter": "pageNumber"},
        {},
        ("parameter: pageNumber",),
    ),
    Case(
        "another offset parameter",
        ("dashboards", "paging", WRONG),
        ("offset is ignored", "parameter: skip"),
        {"by": "offset", "parameter": "skip"},
        {"by: page, size: 10, parameter: page": "by: offset, size: 10"},
        ("parameter: skip",),
    ),
    Case(
        "another cursor parameter",
        ("dashboards", "paging", WRONG),
        ("cursor is ignored", "pageToken fits"),
        {"by": "cursor", "parameter": "pageToken", "next": "nextPageToken"},
        {"by: page, size: 10, parameter: page": "by: cursor, size: 10, next: nextPageToken"},
        ("parameter: pageToken",),
    ),
    Case(
        "the cursor is elsewhere",
        ("dashboards", "paging", WRONG),
        ("nothing leads on at next", "next: meta.next_cursor fits"),
        {"by": "cursor", "next": "meta.next_cursor"},
        {"by: page, size: 10, parameter: page": "by: cursor, size: 10, next: next"},
        ("next: meta.next_cursor",),
    ),
    Case(
        "links for pages",
        ("dashboards", "paging", WRONG),
        ("the list goes on", "by: cursor, next: next"),
        {"by": "offset", "links": "offset", "size": "page_size"},
        {"by: page, size: 10, parameter: page, size_parameter: page_size, count: count": "by: none, count: count"},
        ("by: cursor", "next: next"),
    ),
    Case(
        "a Link header",
        ("dashboards", "paging", WRONG),
        ("the list goes on", "by: link_header fits"),
        {"by": "link"},
        {"by: page, size: 10, parameter: page, size_parameter: page_size, count: count": "by: none, count: count"},
        ("by: link_header",),
    ),
    Case(
        "pages that nobody asks for",
        ("dashboards", "paging", WRONG),
        ("count is 37, and the page has 5", "by: page, parameter: page"),
        {},
        {"by: page, size: 10, parameter: page, size_parameter: page_size, count: count": "by: none, count: count"},
        ("by: page",),
    ),
    Case(
        "smaller pages than asked for",
        ("dashboards", "paging", DOUBT),
        ("4 records, then 4 others, where 10 were asked for",),
        {"most": 4},
        {},
        ("size: 4",),
    ),
    Case(
        "no count at its place",
        ("dashboards", "count", WRONG),
        ("no number at count", "page.totalElements has one"),
        {"names": {"count": "page.totalElements"}},
        {},
        ("count: page.totalElements",),
    ),
    Case("a list without an end", ("dashboards", "last page", WRONG), ("it has no end",), {"endless": True}),
    # ---- Records
    Case(
        "records elsewhere",
        ("dashboards", "records", WRONG),
        ("no list at results", "the only list is at data"),
        {"names": {"records": "data"}},
        {},
        ("records: data",),
    ),
    Case(
        "records at the top",
        ("dashboards", "records", WRONG),
        ("no list at results", "the only list is at @"),
        {"bare": True, "by": "none"},
        {"{by: page, size: 10, parameter: page, size_parameter: page_size, count: count}": "none"},
        ("records: '@'",),
    ),
    Case(
        "conditions that nothing has",
        ("dashboards", "where", WRONG),
        ("status: no record has this key",),
        {},
        {"state: live": "status: live"},
    ),
    Case(
        "conditions that nothing fits",
        ("dashboards", "where", WRONG),
        ("0 of 20 fit",),
        {},
        {"state: live": "state: alive"},
    ),
    Case(
        "another key of the parent",
        ("charts", "join", WRONG),
        ("no record has this",),
        {},
        {"join: {board_id: id}": "join: {dashboard_id: id}"},
    ),
    # ---- Fields
    Case(
        "a field of another name",
        ("dashboards", "displayName", WRONG),
        ("dashboard_title: no record has this key", "title is probably meant"),
        {},
        {"displayName: title": "displayName: dashboard_title"},
        ("displayName: title ",),
    ),
    Case(
        "a field in another case",
        ("charts", "displayName", WRONG),
        ("Label: no record has this key; label is probably meant",),
        {},
        {"displayName: label": "displayName: Label"},
        ("displayName: label",),
    ),
    Case(
        "a name that is no name",
        ("charts", "name", DOUBT),
        ("have the name of another one",),
        {},
        {"name: id\n      displayName: label": "name: kind\n      displayName: label"},
    ),
    Case(
        "values without an entry",
        ("charts", "chartType", DOUBT),
        ("map has no entry for 1 value",),
        {},
        {", pie: Pie": ""},
    ),
    Case(
        "functions that do not fit",
        ("dashboards", "displayName", WRONG),
        ("can't be read in",),
        {},
        {"displayName: title": "displayName: join('-', id)"},
    ),
    # ---- Details
    Case(
        "a detail in an object",
        ("dashboards", "detail", WRONG),
        ("nothing at item", "objects at board"),
        {},
        {"record: board": "record: item"},
        ("record: board",),
    ),
    Case(
        "no detail",
        ("dashboards", "detail", WRONG),
        ("404",),
        {},
        {"GET /boards/{dashboard.id}": "GET /board/{dashboard.id}"},
    ),
    # ---- Answers
    Case(
        "no such list",
        ("charts", "answers", WRONG),
        ("404", "the path is another one"),
        {},
        {"GET /tiles": "GET /cards"},
    ),
    Case(
        "forbidden",
        ("charts", "answers", WRONG),
        ("403: no tiles for you", "may not read"),
        {"answers": {"GET /tiles": Reply({"message": "no tiles for you"}, 403)}},
    ),
    Case(
        "a login page",
        ("charts", "answers", WRONG),
        ("200: answers with an HTML page",),
        {"answers": {"GET /tiles": HTML}},
    ),
    Case(
        "a huge answer",
        ("charts", "answers", WRONG),
        ("has more than 32 MB",),
        {"answers": {"GET /tiles": Reply(b'"' + b"x" * (33 * 1024**2) + b'"')}},
    ),
    Case(
        "too slow", ("charts", "answers", WRONG), ("has no answer in 1 s",), {"answers": {"GET /tiles": slow(1.5, {})}}
    ),
    Case(
        "another host",
        ("charts", "answers", WRONG),
        ("leads to another host, elsewhere.example.com",),
        {"answers": {"GET /tiles": Reply({}, 302, {"Location": "https://elsewhere.example.com/?t=1"})}},
    ),
    # ---- Times
    Case(
        "times in seconds",
        ("runs", "startTime", WRONG),
        ("are no times in iso; seconds fits",),
        {"started": lambda n: 1_767_225_600 + n},
        {},
        ("time: seconds",),
        True,
    ),
    Case(
        "times in milliseconds",
        ("runs", "startTime", WRONG),
        ("milliseconds fits",),
        {"started": lambda n: 1_767_225_600_000 + n},
        {"time: iso": "time: seconds"},
        ("time: milliseconds",),
        True,
    ),
    Case(
        "times in a format",
        ("runs", "startTime", WRONG),
        ("%d.%m.%Y %H:%M fits",),
        {"started": lambda n: f"{n + 20}.01.2026 10:00"},
        {},
        ("time: '%d.%m.%Y %H:%M'",),
        True,
    ),
]
