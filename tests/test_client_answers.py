"""What an emitted client makes of the answers that APIs give: where the list is, and where a link leads."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Scaffold
from tests.support.python import Warm

pytestmark = pytest.mark.framework

ANSWERS = {
    "name": "probe",
    "service_type": "dashboard",
    "connection_type": "rest_api",
    "placement": "package",
    "auth_types": ["token"],
    "api_prefix": "/api/v1",
}

# Runs in the framework's interpreter: calls a function of the client, or a method of a client, with each argument list.
CALL = """
import json, sys
from openmetadata_probe import client
from openmetadata_probe.settings import ProbeSettings
settings = ProbeSettings.from_options({"hostPort": sys.argv[1], "token": "t"})
results = []
for name, arguments in json.loads(sys.argv[2]):
    function = getattr(client, name, None) or getattr(client.ProbeClient(settings), name)
    try:
        results.append(function(*arguments))
    except ValueError as error:
        results.append(f"ValueError: {error}")
print(json.dumps(results))
"""

# The items of an answer, and the answer.
LISTS: list[tuple[Any, Any]] = [
    ([{"id": 1}], [{"id": 1}]),
    ([], {}),
    ([], {"data": {"items": []}}),
    ([{"id": 1}], {"items": [{"id": 1}], "columns": ["id", "name", "url"]}),
    ([], {"items": [], "warnings": ["slow"]}),
    ([], {"results": [], "links": [{"rel": "next"}]}),
    ([{"id": 1}], {"meta": {"facets": [{"a": 1}, {"b": 2}]}, "data": {"dashboards": [{"id": 1}]}}),
    ([{"id": 1}], {"Dashboards": [{"id": 1}], "messages": []}),
    ([{"id": 1}], {"boardList": [{"id": 1}], "ids": [1, 2, 3]}),
    (["a", "b"], {"names": ["a", "b"]}),
    (None, {"error": "no such thing"}),
]

# Where a link on a page of /dashboards leads.
LINKS = {
    "https://bi.example.com/base/api/v1/dashboards?p=2": ["/dashboards", {"p": ["2"]}],
    "http://bi.example.com/base/api/v1/dashboards?p=2&p=3": ["/dashboards", {"p": ["2", "3"]}],
    "https://bi.example.com:443/base/api/v1/dashboards?p=2": ["/dashboards", {"p": ["2"]}],
    "/base/api/v1/dashboards?p=2&of=": ["/dashboards", {"p": ["2"], "of": [""]}],
    "?p=2": ["/dashboards", {"p": ["2"]}],
    "https://elsewhere.example.com/api/v1/dashboards?p=2": (
        "ValueError: the next page of /dashboards is on another server, elsewhere.example.com"
    ),
}


@pytest.fixture(scope="module")
def call(scaffold: Scaffold, warm: Warm, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Call a function of the client of a pagination, with each of some lists of arguments."""
    packages: dict[str, Path] = {}

    def run(pagination: str, calls: list[tuple[str, list[Any]]]) -> list[Any]:
        if pagination not in packages:
            into = tmp_path_factory.mktemp(pagination) / "out"
            packages[pagination] = scaffold(into, **ANSWERS, pagination=pagination)
        source = packages[pagination] / "src"
        return warm.run_script(source, CALL, "https://bi.example.com/base", json.dumps(calls))

    return run


def test_list_is_found_in_an_answer(call: Any) -> None:
    found = call("cursor", [("list_in", [body]) for _, body in LISTS])
    assert found == [items for items, _ in LISTS]


def test_key_that_is_there_twice_with_two_values_is_refused(call: Any) -> None:
    pairs = [[["a", 1], ["a", 1]], [["a", [1]], ["b", 2], ["a", []]]]
    assert call("page", [("distinct", [each]) for each in pairs]) == [
        {"a": 1},
        "ValueError: the key a is there twice, with different values",
    ]


def test_link_to_the_next_page_stays_on_the_server(call: Any) -> None:
    paths = call("cursor", [("_target_of", [link, "/dashboards"]) for link in LINKS])
    assert dict(zip(LINKS, paths, strict=True)) == LINKS
