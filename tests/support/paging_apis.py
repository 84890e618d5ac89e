"""Rows for the paging of real APIs by numbers or links, as documented, and for servers in general.

Each is read to its end, and nothing is said, where the row says nothing else.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

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

ALL = names(HELD)
DJANGO_404 = Reply({"detail": "Invalid page."}, 404)


def unasked(page: Page) -> Reply | None:
    """What a client that was told where the list ends does not ask for."""
    return Reply({"error": "no such page"}, 500) if page.start > 0 else None


def api(
    name: str,
    kinds: tuple[str, ...],
    body: Callable[[Page], Any] = plain,
    *,
    expects: Expect = Expect.COMPLETE,
    says: tuple[str, ...] = (),
    core: bool = False,
    answers: dict[str, Any] | None = None,
    **server: Any,
) -> Row:
    """A row whose server is an `Api`, which takes what is left of the arguments."""
    made = Api(body, **server)
    return Row(name, kinds, made, made.held, expects, says, answers or {}, core=core)


def refused(status: int, *, before_alone: bool = False) -> Callable[[Page], Reply | None]:
    """An error for pages after the last one, too, or for those before the first one alone."""
    return lambda page: Reply({"error": "no such page"}, status) if page.start < 0 or not before_alone else None


def spring(page: Page) -> Any:
    return {
        "content": page.records,
        "pageable": {"pageNumber": page.number, "pageSize": page.size, "offset": page.start, "paged": True},
        "number": page.number,
        "size": page.size,
        "numberOfElements": len(page.records),
        "totalElements": page.of,
        "totalPages": page.pages,
        "first": page.number == 0,
        "last": not page.more,
        "empty": not page.records,
    }


def spring_hal(page: Page) -> Any:
    """An empty page has no `_embedded` at all."""
    links = {"self": {"href": "/x"}} | ({"next": {"href": page.link}} if page.more else {})
    counts = {"size": page.size, "totalElements": page.of, "totalPages": page.pages, "number": page.number}
    embedded = {"_embedded": {"records": page.records}} if page.records else {}
    return embedded | {"_links": links, "page": counts}


def elasticsearch(value: Callable[[Page], int], relation: str = "eq") -> Callable[[Page], Any]:
    return lambda page: {
        "took": 3,
        "timed_out": False,
        "_shards": {"total": 1, "successful": 1, "skipped": 0, "failed": 0},
        "hits": {
            "total": {"value": value(page), "relation": relation},
            "max_score": 1.0,
            "hits": [{"_index": "i", "_id": one["id"], **one} for one in page.records],
        },
    }


def django(page: Page) -> Any:
    before = page.asked.link(page=page.number - 1) if page.start else None
    return {"count": page.of, "next": page.link, "previous": before, "results": page.records}


def scim(page: Page) -> Any:
    return {
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:ListResponse"],
        "totalResults": page.of,
        "itemsPerPage": len(page.records),
        "startIndex": page.start + 1,
        "Resources": page.records,
    }


def scim_from_one(asked: Asked) -> Reply:
    """RFC 7644: startIndex counts from 1, and what is less is 1."""
    start = max(int(asked.position or 1), 1) - 1
    found = [record(name) for name in ALL[start : start + asked.size]]
    return Reply(scim(Page(asked, found, start, asked.size, HELD, 1)))


def gitlab(page: Page) -> dict[str, str]:
    return {
        "X-Total": str(page.of),
        "X-Total-Pages": str(page.pages),
        "X-Per-Page": str(page.size),
        "X-Page": str(page.number),
        "X-Next-Page": str(page.number + 1) if page.more else "",
        "X-Prev-Page": str(page.number - 1) if page.start else "",
    }


def github_link(page: Page) -> dict[str, str]:
    """All relations in one header; parameters of a link may come in any order, and without quotes."""
    parts = [f'<{page.asked.link(after=0)}>; rel="first"', f"<{page.asked.link(after=8)}>; title=end; rel=last"]
    if page.more:
        parts.insert(1, f'<{page.link}>; type="application/json"; rel="next"')
    return {"Link": ", ".join(parts)}


def rare_link(page: Page) -> dict[str, str]:
    """What RFC 8288 allows and few servers send: several relations, any case, a comma and quotes within a text."""
    return {"Link": f'<{page.link}>; title="a, \\"b\\" rel=prev"; REL="Next last"'} if page.more else {}


APIS: list[Row] = [
    # By the number of a page.
    api("Spring Data", ("page",), spring, first=0, answers={"first_page": 0}, core=True),
    api("Spring Data, the size capped", ("page",), spring, first=0, most=3, answers={"first_page": 0}, core=True),
    api(
        "Spring Data, `last` declared",
        ("page",),
        spring,
        first=0,
        answers={"first_page": 0, "more_field": "last"},
        beyond=unasked,
    ),
    api(
        "Spring Data, its count declared",
        ("page",),
        spring,
        first=0,
        answers={"first_page": 0, "count_field": "totalElements"},
        beyond=unasked,
    ),
    api("Spring HAL", ("page",), spring_hal, first=0, answers={"first_page": 0, "records_path": "_embedded.records"}),
    api(
        "Spring HAL, its count declared",
        ("page",),
        spring_hal,
        first=0,
        answers={"first_page": 0, "records_path": "_embedded.records", "count_field": "page.totalElements"},
    ),
    api("Django REST framework", ("page",), django, beyond=lambda _: DJANGO_404, core=True),
    api("Django REST framework, capped", ("page",), django, most=3, beyond=lambda _: DJANGO_404),
    api("Django REST framework, LimitOffset", ("offset",), django),
    api("GitLab", ("page", "link_header"), lambda page: page.records, headers=gitlab, core=True),
    api("GitHub", ("link_header",), lambda page: page.records, headers=github_link, core=True),
    api("a Link in a rare form", ("link_header",), headers=rare_link, expects=Expect.SAFE),
    api(
        "GitHub, search",
        ("link_header", "page"),
        lambda page: {"total_count": page.of, "incomplete_results": False, "items": page.records},
    ),
    api("a bare list", ("page", "offset", "link_header", "none"), lambda page: page.records),
    api(
        "Tableau, counts as texts",
        ("page",),
        lambda page: {
            "pagination": {"pageNumber": str(page.number), "pageSize": str(page.size), "totalAvailable": str(page.of)},
            "items": page.records,
        },
    ),
    api(
        "JSON:API by number",
        ("page",),
        lambda page: {
            "data": [{"type": "records", **one, "attributes": {"name": one["name"]}} for one in page.records],
            "links": {"self": "/x", "first": "/x", "last": "/x", "next": page.link},
            "meta": {"totalPages": page.pages, "total": page.of},
        },
        answers={"page_parameter": "page[number]", "size_parameter": "page[size]"},
    ),
    # By the number of records to leave out.
    api(
        "Elasticsearch",
        ("offset",),
        elasticsearch(lambda page: page.of),
        answers={"page_parameter": "from", "size_parameter": "size", "records_path": "hits.hits"},
        core=True,
    ),
    api(
        "Elasticsearch, a lower bound",
        ("offset",),
        elasticsearch(lambda _: 6, "gte"),
        answers={"records_path": "hits.hits"},
    ),
    Row("SCIM, from 1", ("offset",), scim_from_one, ALL, Expect.SAFE, (), {"page_parameter": "startIndex"}),
    api("SCIM", ("offset",), scim),
    api(
        "Jira",
        ("offset",),
        lambda page: {
            "startAt": page.start,
            "maxResults": page.size,
            "total": page.of,
            "isLast": not page.more,
            "values": page.records,
        },
        most=3,
        answers={"page_parameter": "startAt", "size_parameter": "maxResults"},
        core=True,
    ),
    api(
        "Jira, isLast declared",
        ("offset",),
        lambda page: {"startAt": page.start, "maxResults": page.size, "isLast": not page.more, "values": page.records},
        answers={"more_field": "isLast"},
        beyond=unasked,
    ),
    api(
        "Confluence, whose size is that of the page",
        ("offset",),
        lambda page: {
            "results": page.records,
            "start": page.start,
            "limit": page.size,
            "size": len(page.records),
            "_links": {"base": "https://wiki.example.com"} | ({"next": "/rest/api/x?start=4"} if page.more else {}),
        },
    ),
    api(
        "Bitbucket Server",
        ("offset",),
        lambda page: {
            "size": len(page.records),
            "limit": page.size,
            "isLastPage": not page.more,
            "values": page.records,
            "start": page.start,
            "nextPageStart": page.end if page.more else None,
        },
        answers={"page_parameter": "start"},
    ),
    api(
        "Superset",
        NUMBERED,
        lambda page: {
            "count": page.of,
            "ids": [one["id"] for one in page.records],
            "list_columns": ["id", "name"],
            "list_title": "List",
            "result": page.records,
        },
        core=True,
    ),
    api("Airflow", ("offset",), lambda page: {"dags": page.records, "total_entries": page.of}, most=3),
    api(
        "dbt Cloud",
        ("offset",),
        lambda page: {
            "status": {"code": 200, "is_success": True},
            "data": page.records,
            "extra": {
                "filters": {"limit": page.size, "offset": page.start},
                "pagination": {"count": len(page.records), "total_count": page.of},
            },
        },
    ),
    api(
        "Solr",
        ("offset",),
        lambda page: {
            "responseHeader": {"status": 0, "QTime": 1},
            "response": {"numFound": page.of, "start": page.start, "numFoundExact": True, "docs": page.records},
        },
        answers={"page_parameter": "start", "size_parameter": "rows", "records_path": "response.docs"},
    ),
    api(
        "Azure DevOps, whose count is that of the page",
        ("offset",),
        lambda page: {"count": len(page.records), "value": page.records},
        answers={"page_parameter": "$skip", "size_parameter": "$top"},
        core=True,
    ),
    api(
        "Metabase",
        ("offset",),
        lambda page: {"data": page.records, "total": page.of, "limit": page.size, "offset": page.start},
    ),
    api("Looker", ("offset",), lambda page: page.records, headers=lambda page: {"X-Total-Count": str(page.of)}),
    # Servers in general.
    api("no counts", EVERY, core=True),
    api("no counts, the last page full", PAGED, held=names(8), core=True),
    api("one record", EVERY, held=names(1)),
    api("nothing", EVERY, held=()),
    api("a total of nothing", EVERY, saying(total=lambda page: page.of), held=()),
    api("the size capped", PAGED, held=names(12), most=2, core=True),
    api("the size capped beside a total", PAGED, saying(total=lambda page: page.of), held=names(12), most=3, core=True),
    api("pages larger than asked", PAGED, saying(total=lambda page: page.of), least=6),
    api(
        "page 0 is the first page",
        ("page",),
        lambda page: page.records,
        beyond=lambda page: Reply([record(name) for name in ALL[:4]]) if page.start < 0 else None,
    ),
    *(
        api(
            f"page 0 is {status}",
            ("page",),
            beyond=refused(status, before_alone=True),
            core=status == 500,
        )
        for status in (400, 404, 422, 500)
    ),
    api("has_more", (*PAGED, "none"), saying(has_more=lambda page: page.more), core=True),
    api(
        "has_more, declared",
        NUMBERED,
        saying(has_more=lambda page: page.more),
        answers={"more_field": "has_more"},
        beyond=unasked,
        core=True,
    ),
    api(
        "has_more in an object, declared",
        NUMBERED,
        saying(x=lambda page: {"y": page.more}),
        answers={"more_field": "x.y"},
        beyond=unasked,
    ),
    api(
        "a total, declared",
        NUMBERED,
        saying(total=lambda page: page.of),
        answers={"count_field": "total"},
        beyond=unasked,
        core=True,
    ),
    api(
        "a count of another name, declared",
        PAGED,
        saying(info=lambda page: {"found": page.of}),
        answers={"count_field": "info.found"},
    ),
    api(
        "a total as a text, declared",
        NUMBERED,
        saying(total=lambda page: str(page.of)),
        answers={"count_field": "total"},
        beyond=unasked,
    ),
    api(
        "a total that lies, declared as none",
        PAGED,
        saying(total=lambda _: 60),
        answers={"count_field": "none"},
        core=True,
    ),
]
