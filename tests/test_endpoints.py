"""Each endpoint of an answer is honoured, or refused in a line that says what to give."""

from __future__ import annotations

import re
from itertools import product
from pathlib import Path

import pytest

from extensions.catalog import Catalog
from extensions.endpoints import commented, fault, matches, singular
from tests.conftest import ROOT
from tests.support.render import Interview

SERVICES = Catalog(ROOT / "catalog").services
CLIENTS = {name: facts["resources"] for name, facts in SERVICES.items() if "resources" in facts}


def refusal(answer: str, service_type: str = "dashboard", connection_type: str = "rest_api") -> str:
    """Why an answer is refused; empty where it is not."""
    family = "sqlalchemy" if connection_type == "sqlalchemy" else "client"
    return fault(answer, SERVICES[service_type], family, connection_type)


@pytest.mark.parametrize(
    ("answer", "endpoints"),
    [
        ("GET /a, GET /b; /c\nget /d", ["GET /a", "GET /b", "/c", "get /d"]),
        ("GET /a \u2014 List a, b and /or c", ["GET /a"]),
        ("GET /a\u2014List a", ["GET /a"]),
        ("GET /a \u2013 List a", ["GET /a"]),
        ("GET /a - List a; with b", ["GET /a"]),
        ("GET /a -- List a", ["GET /a"]),
        ("GET /a # List a\r\nGET /b", ["GET /a", "GET /b"]),
        ("GET /a - one, GET /b - two, POST b", ["GET /a", "GET /b", "POST b"]),
        ("GET /a - see, https://x.example/b", ["GET /a", "https://x.example/b"]),
        ("GET /a-b/c#d", ["GET /a-b/c#d"]),
        ("- GET /a\n* GET /b\n\u2022 GET /c\n\u2014 GET /d", ["GET /a", "GET /b", "GET /c", "GET /d"]),
        ("# GET /a, GET /b", []),
        (" ,;\n", []),
    ],
)
def test_text_behind_a_dash_is_a_comment(answer: str, endpoints: list[str]) -> None:
    assert [text for text, _ in commented(answer)] == endpoints


def test_comment_is_kept_for_people() -> None:
    assert commented("GET /a \u2014 List a, b, GET /c") == [("GET /a", "GET /a \u2014 List a, b"), ("GET /c", "GET /c")]


NOUNS = (
    "dashboards (dashboards, boards, reports, workbooks, documents), charts (charts, cards, tiles, widgets, panels, "
)


@pytest.mark.parametrize(
    ("answer", "line"),
    [
        (
            "dashboards",
            "give GET and a path, such as GET /dashboards, and all else behind a dash: 'dashboards' is no endpoint",
        ),
        ("GET dashboards", "'GET dashboards' is no endpoint"),
        ("GET /dashboards (all of them)", "'GET /dashboards (all of them)' is no endpoint"),
        ("see the documentation", "'see the documentation' is no endpoint"),
        ("N/A", "'N/A' is no endpoint"),
        ('GET /dashboards")', "is no endpoint"),
        ("GET /dashboards, #", "'#' is no endpoint"),
        (
            "https://x.example/api/dashboards",
            "give GET /api/dashboards: of a URL only the path is an endpoint, its host belongs in hostPort",
        ),
        ("GET https://u:s3cret@x.example:8080/boards/?key=s3cret#a", "give GET /boards: of a URL only the path"),
        ("https://x.example", "give GET /dashboards: of a URL only the path"),
        ("POST /dashboards", "leave 'POST /dashboards' out: a connector only reads, with GET"),
        ("query /dashboards", "leave 'query /dashboards' out"),
        ("GET /foo", f"give endpoints of what is read: 'GET /foo' names none of {NOUNS}"),
        ("GET /x \u2014 List x", f"'GET /x' names none of {NOUNS}"),
        ("GET /service/rest/components", "names none of"),
        ("GET /dashboard/favourites", "names none of"),
        ("GET /dashboards/{id", "give each placeholder as one name in braces, such as {id}: 'GET /dashboards/{id' has"),
        (
            "GET /workspaces/{id}/dashboards",
            "out: dashboards are listed all at once, and its path has more placeholders",
        ),
        ("GET /a/{a}/b/{b}/charts", "out: charts are listed only below dashboards, and its path has more placeholders"),
        ("GET /dashboards/{id}/permissions", "out: it is about one of the dashboards, and lists nothing that is read"),
        ("GET /charts/{id}/data", "leave 'GET /charts/{id}/data' out: it is about one of the charts"),
        ("GET /dashboards\nGET /reports", "leave 'GET /reports' out: 'GET /dashboards' lists the dashboards already"),
        ("GET /dashboards, GET /dashboards", "'GET /dashboards' lists the dashboards already"),
        (
            "GET /boards/{id}, /reports/{id}",
            "leave '/reports/{id}' out: 'GET /boards/{id}' shows one of the dashboards",
        ),
        ("GET /dashboards/" + "a" * 90, "give at most 100 characters for an endpoint"),
        ("# nothing yet", "give endpoints, or leave api_endpoints empty: it has none"),
    ],
)
def test_endpoint_that_cannot_be_honoured_is_refused(answer: str, line: str) -> None:
    said = refusal(answer)
    assert line in said and "s3cret" not in said
    assert len(said.splitlines()) == 1 and len(said) < 450


@pytest.mark.parametrize(
    ("service_type", "connection_type", "answer", "line"),
    [
        (
            "messaging",
            "rest_api",
            "GET /messages",
            "give the path below one of the topics, such as GET /topics/{topic}/mess",
        ),
        ("database", "rest_api", "GET /databases/{id}", "give the endpoint that lists the databases, too"),
        (
            "database",
            "sqlalchemy",
            "GET /tables",
            "leave api_endpoints out: it belongs to rest_api and sdk_client, not to",
        ),
        (
            "dashboard",
            "sdk_client",
            "GET /boards/{id}",
            "leave 'GET /boards/{id}' out: an SDK gives each of the dashboards",
        ),
    ],
)
def test_endpoint_that_this_client_does_not_ask_for_is_refused(
    service_type: str, connection_type: str, answer: str, line: str
) -> None:
    assert line in refusal(answer, service_type, connection_type)


@pytest.mark.parametrize("service_type", CLIENTS)
def test_every_refusal_of_a_service_type_is_short(service_type: str) -> None:
    assert len(refusal("GET /" + "x" * 90, service_type)) < 500


@pytest.mark.parametrize("service_type", CLIENTS)
def test_endpoint_of_a_capability_asks_for_it(service_type: str, interview: Interview) -> None:
    known = CLIENTS[service_type]
    for name, facts in known.items():
        if "capability" not in facts:
            continue
        below = f"/{known[facts['parents'][-1]]['nouns'][0]}/{{id}}" if "parents" in facts else ""
        endpoint, capability = f"GET {below}/{facts['nouns'][0]}", facts["capability"]
        assert [match.resource for match in matches(endpoint, known)] == [name]
        answers = {"name": "my_source", "service_type": service_type, "connection_type": "rest_api"}
        answers["api_endpoints"] = endpoint
        assert capability in interview.answered(answers)["capabilities"]
        assert capability in interview.answered(answers | {"capabilities": [capability]})["capabilities"]
        with pytest.raises(ValueError, match=re.escape(f"choose {capability}, too, or leave {endpoint!r} out of")):
            interview.answered(answers | {"capabilities": ["metadata"]})


@pytest.mark.parametrize("service_type", CLIENTS)
def test_singular_of_each_noun_is_the_same_resource(service_type: str) -> None:
    known = CLIENTS[service_type]
    for facts, ending in product(known.values(), ["", "/", "/list"]):
        for noun in facts["nouns"]:
            above = "".join(f"/{singular(known[parent]['nouns'][0])}/{{id}}" for parent in facts.get("parents", ()))
            one = matches(f"GET {above}/{singular(noun)}{ending}", known)
            assert [match.resource for match in one] == [
                match.resource for match in matches(f"GET {above}/{noun}{ending}", known)
            ]


# Facts of the example profiles of OpenMetadata's skill for building connectors: the lines of `api_endpoints`, by
# method and path, and what becomes of each line by itself; their capabilities are the metadata alone.
PROFILES = [
    ("dashboard", "rest_api", "GET /api/v1/dashboard/", ""),
    ("dashboard", "rest_api", "GET /api/v1/dashboard/{id}", ""),
    ("dashboard", "rest_api", "GET /api/v1/chart/", ""),
    ("dashboard", "rest_api", "GET /api/v1/chart/{id}", ""),
    ("dashboard", "rest_api", "GET /api/v1/dataset/", "choose data_models, too, or leave"),
    ("dashboard", "rest_api", "POST /api/v1/security/login", "out: a connector only reads, with GET"),
    ("pipeline", "sdk_client", "GET /api/flows", ""),
    ("pipeline", "sdk_client", "GET /api/flow_runs", "choose pipeline_status, too, or leave"),
    ("pipeline", "sdk_client", "GET /api/task_runs", "choose pipeline_status, too, or leave"),
    ("pipeline", "sdk_client", "POST /api/flows/filter", "out: a connector only reads, with GET"),
    ("pipeline", "sdk_client", "POST /api/flow_runs/filter", "out: a connector only reads, with GET"),
    (
        "database",
        "sqlalchemy",
        "N/A",
        "leave api_endpoints out: it belongs to rest_api and sdk_client, not to sqlalchemy",
    ),
]


@pytest.mark.parametrize(("service_type", "connection_type", "line", "decision"), PROFILES)
def test_lines_of_the_profiles_are_honoured_or_refused(
    service_type: str, connection_type: str, line: str, decision: str, interview: Interview
) -> None:
    answers = {"service_type": service_type, "connection_type": connection_type, "capabilities": ["metadata"]}
    answers |= {"name": "some_source", "api_endpoints": f"{line} \u2014 what it is for, in words"}
    if decision:
        with pytest.raises(ValueError, match=decision):
            interview.answered(answers)
    else:
        client = next(text for path, text in interview.made(interview.answered(answers)).items() if "client.py" in path)
        path = line.removeprefix("GET ").rstrip("/")
        assert connection_type == "sdk_client" or path.partition("{")[0] in client


def test_lines_of_a_profile_are_honoured_together(interview: Interview) -> None:
    lines = [line for service, _, line, decision in PROFILES if service == "dashboard" and not decision.endswith("GET")]
    answers = {"name": "superset", "service_type": "dashboard", "capabilities": ["data_models"]}
    context = interview.answered(
        answers | {"api_endpoints": "\n".join(f"{line} \u2014 one, or more" for line in lines)}
    )
    files = interview.made(context)
    client = next(text for path, text in files.items() if path.endswith("/client.py"))
    for path in ("/api/v1/dashboard", "/api/v1/chart", "/api/v1/dataset"):
        assert f'"{path}"' in client
    for item in ("dashboard", "chart"):
        assert f"/api/v1/{item}/{{" in client
    assert "`GET /api/v1/dashboard/ \u2014 one, or more`" in files["CONNECTOR_CONTEXT.md"]


@pytest.fixture(scope="module")
def interview(template: Path) -> Interview:
    return Interview(template)
