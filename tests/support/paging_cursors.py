"""Rows for the paging of real APIs by a cursor, as their documentation has it: each is read to its end."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.support.paging_apis import ALL, api, django, spring_hal
from tests.support.paging_servers import Asked, Page, Reply, Row, record


def kubernetes(page: Page) -> Any:
    rest = {"continue": page.cursor, "remainingItemCount": page.of - page.end} if page.more else {}
    return {"kind": "List", "apiVersion": "v1", "metadata": {"resourceVersion": "9", **rest}, "items": page.records}


def google(page: Page) -> Any:
    """What is empty is left out: the list, and the token of the last page."""
    found = {"items": page.records} if page.records else {}
    return {"kind": "list"} | found | ({"nextPageToken": page.cursor} if page.more else {})


def sparse(asked: Asked) -> Reply:
    """As Slack, DynamoDB and Databricks may: a page without records that leads to another one."""
    pages = {"": ALL[:4], "c1": (), "c2": (), "c3": ALL[4:]}
    follows = {"": "c1", "c1": "c2", "c2": "c3", "c3": ""}
    at = asked.position or ""
    return Reply({"items": [record(name) for name in pages[at]], "next_cursor": follows[at]})


def sparse_google(asked: Asked) -> Reply:
    reply = sparse(asked).body
    found = {"items": reply["items"]} if reply["items"] else {}
    return Reply(found | ({"nextPageToken": reply["next_cursor"]} if reply["next_cursor"] else {}))


def cursors(field: str, **more: str) -> dict[str, Any]:
    return {"next_field": field, **more}


def after_the_last(field: str) -> Callable[[Page], Any]:
    """A cursor on each page that has records, so on the last one, too: as in GraphQL's pageInfo, Facebook, Zendesk."""
    top, _, key = field.partition(".")
    return lambda page: {
        "data": page.records,
        top: {key: f"c{page.end}" if page.records else None, "has_more": page.more, "hasNextPage": page.more},
    }


CURSORS: list[Row] = [
    api("Spring HAL by its links", ("cursor",), spring_hal, answers=cursors("_links.next.href")),
    api("Django REST framework by its links", ("cursor",), django, answers=cursors("next"), core=True),
    api(
        "Slack",
        ("cursor",),
        lambda page: {"ok": True, "channels": page.records, "response_metadata": {"next_cursor": page.cursor or ""}},
        answers=cursors("response_metadata.next_cursor"),
        core=True,
    ),
    Row("empty pages on the way", ("cursor",), sparse, ALL, core=True),
    api("Google", ("cursor",), google, answers=cursors("nextPageToken", page_parameter="pageToken"), core=True),
    Row("Google, empty pages on the way", ("cursor",), sparse_google, ALL, answers=cursors("nextPageToken")),
    api(
        "Kubernetes",
        ("cursor",),
        kubernetes,
        answers=cursors("metadata.continue", page_parameter="continue"),
        core=True,
    ),
    api(
        "OData",
        ("cursor",),
        lambda page: (
            {"@odata.context": "$metadata#x", "@odata.count": page.of, "value": page.records}
            | ({"@odata.nextLink": page.link} if page.more else {})
        ),
        answers=cursors("@odata.nextLink"),
        core=True,
    ),
    api(
        "JSON:API by its links",
        ("cursor",),
        lambda page: {"data": page.records, "links": {"self": "/x", "next": page.link}, "meta": {"total": page.of}},
        answers=cursors("links.next"),
    ),
    api(
        "HubSpot",
        ("cursor",),
        lambda page: (
            {"results": page.records}
            | ({"paging": {"next": {"after": page.cursor, "link": page.link}}} if page.more else {})
        ),
        answers=cursors("paging.next.after"),
    ),
    api(
        "Salesforce",
        ("cursor",),
        lambda page: (
            {"totalSize": page.of, "done": not page.more, "records": page.records}
            | ({"nextRecordsUrl": page.link} if page.more else {})
        ),
        answers=cursors("nextRecordsUrl"),
    ),
    api(
        "Kong",
        ("cursor",),
        lambda page: (
            {"data": page.records, "next": "/x?offset=y" if page.more else None}
            | ({"offset": page.cursor} if page.more else {})
        ),
        answers=cursors("offset", page_parameter="offset", size_parameter="size"),
    ),
    api(
        "MLflow",
        ("cursor",),
        lambda page: {"registered_models": page.records} | ({"next_page_token": page.cursor} if page.more else {}),
        answers=cursors("next_page_token"),
    ),
    api("MLflow without a model", ("cursor",), lambda _: {}, held=(), answers=cursors("next_page_token")),
    api(
        "Bitbucket Server by its cursor, a number",
        ("cursor",),
        lambda page: {
            "values": page.records,
            "isLastPage": not page.more,
            "nextPageStart": page.end if page.more else None,
        },
        answers=cursors("nextPageStart"),
    ),
    *(
        api(f"{name}, a cursor on the last page, too", ("cursor",), after_the_last(field), answers=cursors(field))
        for name, field in {
            "Zendesk": "meta.after_cursor",
            "GraphQL": "pageInfo.endCursor",
            "Facebook": "paging.after",
        }.items()
    ),
    api(
        "S3",
        ("cursor",),
        lambda page: (
            {"KeyCount": len(page.records), "MaxKeys": 1000, "IsTruncated": page.more, "Contents": page.records}
            | ({"NextContinuationToken": page.cursor} if page.more else {})
        ),
        answers=cursors("NextContinuationToken"),
    ),
]
