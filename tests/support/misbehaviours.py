"""What a hostile server plays, as a table: each with what a client reads all the same, and what it says of the rest."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from typing import Any

from tests.support.hostile import (
    DASHBOARDS,
    GRANTED,
    MIB,
    RESET,
    SIGNATURE,
    Asked,
    Pieces,
    Play,
    answer,
    anywhere,
    at,
    bomb,
    charts_of_the_second,
    dripping,
    endless,
    large,
    listed,
    second_page,
    token_endpoint,
)

ALL = ("d1", "d2", "d3", "d4")
FIRST_PAGE = ("d1", "d2")
BUT_SECOND = ("d1", "d3", "d4")
NOTHING: tuple[str, ...] = ()

PAGED = ("page", "offset", "cursor", "link_header")
LINKED = ("cursor", "link_header")
LISTED = "/dashboards"
CHARTS = "/dashboards/d2/charts"


@dataclass(frozen=True)
class Misbehaviour:
    """What is played, the dashboards that are read all the same, and words of what is said of the rest, if not all is.

    `gap` is whether something may be there that was not read; `asks` bounds the requests in all.
    """

    name: str
    play: Play
    arrives: tuple[str, ...] = ALL
    says: tuple[str, ...] = ()
    auth: str = "token"
    paginations: tuple[str, ...] = ("page",)
    gap: bool = True
    asks: int = 40


def text(body: bytes, status: int = 200, **headers: object) -> bytes:
    return answer(status, body, **headers)


def value(body: Any, **headers: object) -> bytes:
    return answer(200, json.dumps(body).encode(), **headers)


def busy(retry_after: str | None, status: int = 429) -> bytes:
    return answer(status, b"{}", retry_after=retry_after)


def moved(location: str, status: int = 302) -> bytes:
    return answer(status, b"", location=location)


LOGIN = answer(200, b"<!doctype html><html><form>Sign in</form></html>", content_type="text/html")
UNFINISHED = b'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n{"items": [{"id": "d3"'
CHUNKED = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"

RETRY_AFTER = {
    "nothing": None,
    "no time": "0",
    "a day": "86400",
    "less than nothing": "-5",
    "a time long ago": "Wed, 21 Oct 2015 07:28:00 GMT",
    "a time far off": "Wed, 21 Oct 2099 07:28:00 GMT",
    "a year that is none": "Fri, 31 Dec 99999 23:59:59 GMT",
    "garbage": "soon",
    "a number of 5000 digits": "9" * 5000,
}

# Answers in place of the second page that are read as no list, and what is said of each.
NO_LIST: dict[str, tuple[bytes, str]] = {
    "nothing": (text(b""), "JSON"),
    "no content": (b"HTTP/1.1 204 No Content\r\n\r\n", "JSON"),
    "a text": (text(b"busy, come back", content_type="text/plain"), "JSON"),
    "half an object": (text(b'{"items": [{"id": "d3"}, {"id'), "JSON"),
    "no text at all": (text(b"\xff\xfe\x00\xd8" * 50), "JSON"),
    "a number": (value(5), "no list"),
    "a word": (value("ok"), "no list"),
    "an error with status 200": (value({"error": "boom", "code": 7}), "no list"),
    "a list in a list that has no end": (text(b'{"items": ' + b"[" * MIB), "recursion"),
    "a number of 5000 digits": (text(b'{"items": [], "total": ' + b"9" * 5000 + b"}"), "digits"),
    "a web page": (LOGIN, "HTML"),
    "a web page as plain text": (text(b"<html>Sign in</html>", content_type="text/plain"), "HTML"),
}


def new_cursors(records: Any) -> Play:
    """A list without an end: each page leads to one more."""
    numbers = count(1)

    def play(asked: Asked) -> Pieces | None:
        if asked.path != LISTED:
            return None
        found = records(asked) if callable(records) else records
        pagination = "link_header" if "signature" in asked.query or "per_page" in asked.query else "cursor"
        return [listed(found, asked, pagination, str(1000 + next(numbers)))]

    return play


def pages_of(records: Any) -> Play:
    """A list without an end, by the number of the page."""
    return at(lambda asked: asked.path == LISTED, lambda asked: [value({"items": records(asked)})])


def stamped(asked: Asked) -> list[dict[str, Any]]:
    return [record | {"seen_at": random.random()} for record in DASHBOARDS[:2]]


def fresh(asked: Asked) -> list[dict[str, Any]]:
    return [{"id": f"n{random.random()}", "name": "new"} for _ in range(2)]


def trickled_chunk(_asked: Asked) -> Pieces:
    yield CHUNKED
    yield from dripping(b"FFFFF\r\n")


def continued(_asked: Asked) -> Iterator[bytes | float]:
    while True:
        yield b"HTTP/1.1 100 Continue\r\n\r\n"
        yield 0.05


def silence(_asked: Asked) -> Pieces:
    return [30.0]


def broken_gzip(_asked: Asked) -> Pieces:
    return [answer(200, b"this is no gzip", content_encoding="gzip")]


def expired_token(asked: Asked) -> Pieces | None:
    """A token of OAuth is good for three requests."""
    if asked.method == "POST" or asked.path != LISTED:
        return None
    return (
        [answer(401, b"{}")]
        if asked.headers.get("authorization") == f"Bearer {GRANTED}-1" and asked.page == 2
        else None
    )


TABLE: list[Misbehaviour] = [
    # Too busy.
    *(
        Misbehaviour(f"429 once, Retry-After {name}", at(second_page, busy(wait), times=1))
        for name, wait in RETRY_AFTER.items()
    ),
    *(
        Misbehaviour(f"429 for ever, Retry-After {name}", at(second_page, busy(wait)), FIRST_PAGE, ("429", LISTED))
        for name, wait in RETRY_AFTER.items()
        if name in ("nothing", "a day", "garbage")
    ),
    Misbehaviour("503 once, Retry-After garbage", at(second_page, busy("soon", 503), times=1)),
    Misbehaviour("500 once", at(second_page, text(b"oops", 500), times=1), paginations=(*PAGED, "none")),
    Misbehaviour("500 for ever", at(second_page, text(b"oops", 500)), FIRST_PAGE, ("500", LISTED), paginations=PAGED),
    Misbehaviour("500 for one parent", at(charts_of_the_second, text(b"oops", 500)), BUT_SECOND, ("500", CHARTS)),
    Misbehaviour("500 for everything", at(anywhere, text(b"oops", 500)), NOTHING, ("500", LISTED)),
    Misbehaviour("status 999", at(second_page, text(b"oops", 999)), FIRST_PAGE, ("JSON", LISTED)),
    Misbehaviour("304 without a question", at(second_page, text(b"", 304)), FIRST_PAGE, (LISTED,)),
    # Broken off.
    Misbehaviour("reset once", at(second_page, lambda _: [RESET], times=1)),
    Misbehaviour("reset for ever", at(second_page, lambda _: [RESET]), FIRST_PAGE, (LISTED,), paginations=PAGED),
    Misbehaviour("reset for one parent", at(charts_of_the_second, lambda _: [RESET]), BUT_SECOND, (CHARTS,)),
    Misbehaviour("hung up once", at(second_page, lambda _: [], times=1)),
    Misbehaviour("hung up for ever", at(second_page, lambda _: []), FIRST_PAGE, (LISTED,)),
    Misbehaviour("reset within a body", at(second_page, lambda _: [UNFINISHED, 0.05, RESET]), FIRST_PAGE, (LISTED,)),
    Misbehaviour("truncated body", at(second_page, UNFINISHED), FIRST_PAGE, (LISTED,), paginations=PAGED),
    Misbehaviour("truncated chunk", at(second_page, CHUNKED + b'FF\r\n{"items": ['), FIRST_PAGE, (LISTED,)),
    Misbehaviour("broken length of a chunk", at(second_page, CHUNKED + b"ZZ\r\n{}"), FIRST_PAGE, (LISTED,)),
    Misbehaviour("no HTTP", at(second_page, b"SSH-2.0-OpenSSH_9.2\r\n"), FIRST_PAGE, (LISTED,)),
    Misbehaviour("no gzip under that name", at(second_page, broken_gzip), FIRST_PAGE, (LISTED,)),
    Misbehaviour(
        "too many headers", at(second_page, b"HTTP/1.1 200 OK\r\n" + b"A: b\r\n" * 200), FIRST_PAGE, (LISTED,)
    ),
    # Slow.
    Misbehaviour("no answer", at(second_page, silence), FIRST_PAGE, (LISTED, "timed out")),
    Misbehaviour("dripping status", at(second_page, lambda _: dripping(b"HTTP/1.1 200 ")), FIRST_PAGE, (LISTED,)),
    Misbehaviour(
        "dripping headers", at(second_page, lambda _: dripping(b"HTTP/1.1 200 OK\r\nX: ")), FIRST_PAGE, (LISTED,)
    ),
    Misbehaviour("dripping body", at(second_page, lambda _: dripping(UNFINISHED)), FIRST_PAGE, (LISTED,)),
    Misbehaviour(
        "dripping body without a length",
        at(second_page, lambda _: dripping(b"HTTP/1.0 200 OK\r\n\r\n[")),
        FIRST_PAGE,
        (LISTED,),
    ),
    Misbehaviour("dripping chunk", at(second_page, trickled_chunk), FIRST_PAGE, (LISTED,)),
    Misbehaviour(
        "dripping error",
        at(second_page, lambda _: dripping(answer(503, content_length=1000))),
        FIRST_PAGE,
        (LISTED,),
    ),
    Misbehaviour("100 Continue for ever", at(second_page, continued), FIRST_PAGE, (LISTED,)),
    Misbehaviour(
        "dripping for one parent", at(charts_of_the_second, lambda _: dripping(UNFINISHED)), BUT_SECOND, (CHARTS,)
    ),
    Misbehaviour("dripping for everything", at(anywhere, lambda _: dripping(UNFINISHED)), NOTHING, (LISTED,)),
    # No list.
    *(
        Misbehaviour(f"{name} for a list", at(second_page, body), FIRST_PAGE, (LISTED, words))
        for name, (body, words) in NO_LIST.items()
    ),
    Misbehaviour("a web page for one parent", at(charts_of_the_second, LOGIN), BUT_SECOND, (CHARTS, "HTML")),
    Misbehaviour("half an object for one parent", at(charts_of_the_second, text(b"{")), BUT_SECOND, (CHARTS, "JSON")),
    # Redirects.
    Misbehaviour(
        "redirect to itself", at(second_page, lambda asked: [moved("?page=2&cursor=2")]), FIRST_PAGE, (LISTED,)
    ),
    Misbehaviour(
        "redirect to one more for ever",
        at(
            lambda asked: second_page(asked) or asked.path.startswith("/more"),
            lambda asked: [moved(f"/more{asked.path}")],
        ),
        FIRST_PAGE,
        (LISTED, "redirects"),
    ),
    Misbehaviour("redirect to a file", at(second_page, moved("file:///etc/passwd")), FIRST_PAGE, (LISTED,)),
    Misbehaviour(
        "redirect to no address",
        at(second_page, moved(f"http://?signature={SIGNATURE}")),
        FIRST_PAGE,
        (LISTED,),
    ),
    Misbehaviour(
        "redirect to another scheme",
        at(second_page, moved(f"ftp://127.0.0.1/x?signature={SIGNATURE}")),
        FIRST_PAGE,
        (LISTED,),
    ),
    Misbehaviour(
        "redirect to a closed port",
        at(second_page, moved(f"http://127.0.0.1:9/x?signature={SIGNATURE}")),
        FIRST_PAGE,
        ("port=9", LISTED),
    ),
    # Lists without an end.
    Misbehaviour(
        "new cursors, the same records", new_cursors(DASHBOARDS[:2]), FIRST_PAGE, (LISTED,), paginations=LINKED
    ),
    Misbehaviour(
        "new cursors, records with a time",
        new_cursors(stamped),
        FIRST_PAGE,
        (LISTED, "MAX_PAGES"),
        paginations=LINKED,
        asks=110,
    ),
    Misbehaviour("new cursors, empty pages", new_cursors([]), NOTHING, (LISTED,), paginations=LINKED),
    Misbehaviour(
        "the same cursor for ever",
        lambda asked: [listed(DASHBOARDS[:2], asked, "cursor", "1")] if asked.path == LISTED else None,
        FIRST_PAGE,
        (LISTED,),
        paginations=("cursor",),
    ),
    Misbehaviour(
        "the same page for ever", pages_of(lambda _: DASHBOARDS[:2]), FIRST_PAGE, (LISTED,), paginations=("offset",)
    ),
    Misbehaviour(
        "two pages by turns",
        pages_of(lambda asked: DASHBOARDS[:2] if asked.page % 2 else DASHBOARDS[2:]),
        ALL,
        (LISTED,),
        paginations=("page", "offset"),
    ),
    Misbehaviour(
        "the same records with a time",
        pages_of(stamped),
        FIRST_PAGE,
        (LISTED, "MAX_PAGES"),
        paginations=("page", "offset"),
        asks=110,
    ),
    Misbehaviour(
        "ever new records",
        pages_of(fresh),
        NOTHING,
        (LISTED, "MAX_PAGES"),
        paginations=("page", "offset"),
        asks=110,
    ),
    Misbehaviour(
        "a link to another server",
        at(second_page, lambda asked: [value({"items": [], "next_cursor": "https://elsewhere.example.com/x?y=1"})]),
        FIRST_PAGE,
        ("elsewhere.example.com",),
        paginations=("cursor",),
    ),
    Misbehaviour(
        "a cursor that is an object",
        at(second_page, lambda asked: [value({"items": DASHBOARDS[2:], "next_cursor": {"page": 3}})]),
        ALL,
        (LISTED,),
        paginations=("cursor",),
    ),
    # Identities.
    Misbehaviour(
        "the same identity twice",
        at(second_page, value({"items": [DASHBOARDS[0], *DASHBOARDS[2:]]})),
        ALL,
        ("1 again",),
    ),
    Misbehaviour(
        "records without an identity",
        at(second_page, value({"items": [{"colour": "red"}, *DASHBOARDS[2:]]})),
        ALL,
        ("without a name",),
    ),
    Misbehaviour(
        "records that are null and numbers",
        at(second_page, value({"items": [None, 7, [], *DASHBOARDS[2:]]})),
        ALL,
        ("without a name",),
    ),
    # Large.
    Misbehaviour("50 MiB", at(second_page, large(200, 50)), FIRST_PAGE, (LISTED, "MiB"), paginations=PAGED),
    Misbehaviour("50 MiB for one parent", at(charts_of_the_second, large(200, 50)), BUT_SECOND, (CHARTS, "MiB")),
    Misbehaviour(
        "a body without an end",
        at(second_page, lambda _: endless(b"HTTP/1.1 200 OK\r\n\r\n[", b"1," * MIB)),
        FIRST_PAGE,
        (LISTED, "MiB"),
    ),
    Misbehaviour(
        "a chunk without an end",
        at(second_page, lambda _: endless(CHUNKED + b"FFFFFFFFFFFF\r\n[", b"1," * MIB)),
        FIRST_PAGE,
        (LISTED, "MiB"),
    ),
    Misbehaviour("gzip of 200 MiB", at(second_page, bomb(200)), FIRST_PAGE, (LISTED, "MiB")),
    Misbehaviour("gzip in gzip", at(second_page, bomb(200, layers=2)), FIRST_PAGE, (LISTED, "MiB")),
    Misbehaviour("50 MiB of an error", at(second_page, large(404, 50)), FIRST_PAGE, (LISTED,)),
    Misbehaviour("50 MiB of a busy server", at(second_page, large(503, 50)), FIRST_PAGE, (LISTED,)),
    Misbehaviour(
        "an error without an end",
        at(second_page, lambda _: endless(b"HTTP/1.1 503 Busy\r\n\r\n", b"1," * MIB)),
        FIRST_PAGE,
        (LISTED,),
    ),
    Misbehaviour("50 MiB of a redirect", at(second_page, large(302, 50, location="/elsewhere")), FIRST_PAGE, (LISTED,)),
    # Signed in no longer.
    Misbehaviour("token expired half-way", at(second_page, text(b"{}", 401)), FIRST_PAGE, ("401", "Sign-in refused")),
    Misbehaviour(
        "token refused for children",
        at(lambda asked: "charts" in asked.path, text(b"{}", 401)),
        NOTHING,
        ("401", "Sign-in refused"),
        asks=8,
    ),
    Misbehaviour("OAuth token expired half-way", expired_token, auth="oauth"),
    Misbehaviour(
        "OAuth token refused for ever",
        at(second_page, text(b"{}", 401)),
        FIRST_PAGE,
        ("401", "Sign-in refused"),
        auth="oauth",
        asks=12,
    ),
    *(
        Misbehaviour(f"token endpoint: {name}", at(token_endpoint, body), NOTHING, says, auth="oauth", asks=10)
        for name, body, says in [
            ("refused", text(b"{}", 401), ("401", "/token")),
            ("500", text(b"{}", 500), ("500", "/token")),
            ("a web page", LOGIN, ("/token",)),
            ("a list", value([]), ("/token",)),
            ("no token", value({"error": "invalid_scope"}), ("invalid_scope",)),
            ("a token that is no text", value({"access_token": {"a": 1}}), ("/token",)),
        ]
    ),
    *(
        Misbehaviour(f"token endpoint: lasts {lasts!r}", at(token_endpoint, body), auth="oauth")
        for lasts, body in [
            (lasts, value({"access_token": f"{GRANTED}-1", "expires_in": lasts}))
            for lasts in ("soon", -5, float("nan"), {"a": 1})
        ]
    ),
    Misbehaviour(
        "token endpoint: dripping",
        at(token_endpoint, lambda _: dripping(UNFINISHED)),
        NOTHING,
        (LISTED, "timed out"),
        auth="oauth",
    ),
    Misbehaviour("token endpoint: 50 MiB", at(token_endpoint, large(200, 50)), NOTHING, ("/token",), auth="oauth"),
]


def of_sdk(name: str, arrives: tuple[str, ...], *says: str, gap: bool = True) -> Misbehaviour:
    """What misbehaving_sdk.py plays under that name; no server is asked."""
    return Misbehaviour(name, lambda _: None, arrives, says, paginations=("sdk",), gap=gap, asks=0)


OF_SDKS: list[Misbehaviour] = [
    of_sdk("raises half-way", FIRST_PAGE, "list_dashboards()", "boom", "after 2"),
    of_sdk("raises at once", NOTHING, "list_dashboards()", "boom"),
    of_sdk("raises for one parent", BUT_SECOND, "list_charts(d2)", "boom"),
    of_sdk("the same records for ever", FIRST_PAGE, "list_dashboards()", "more than 40 records"),
    of_sdk("ever new records", NOTHING, "list_dashboards()", "more than 40 records"),
    of_sdk("the same identity twice", ALL, "d1", gap=False),
    of_sdk("records without an identity", ALL, "without a name"),
    of_sdk("null for a list", NOTHING, "list_dashboards()"),
    of_sdk("an object that can't be read", FIRST_PAGE, "list_dashboards()", "no fields"),
]
