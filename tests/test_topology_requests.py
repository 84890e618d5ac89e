"""Producers of topologies that say their requests: POST, paging in the body, logins. All that the API has is read."""

from __future__ import annotations

import json
import re
from pathlib import Path
from textwrap import dedent
from typing import Any, ClassVar

import pytest

from tests.conftest import ROOT
from tests.support import declarations
from tests.support.checks import PACKAGE_MODULES, check_texts
from tests.support.connector import Deploy, assert_passed
from tests.support.mapped_server import NOT_FOUND, Apis, Asked, Mapped, Reply, things
from tests.support.python import Warm
from tests.support.render import Interview

Json = dict[str, Any]

PARTS = re.compile(
    r"src/openmetadata_probe/(__init__|client|completeness|data_types|expressions|models|pace|settings)\.py"
)
RUN = (Path(__file__).parent / "support/mapped_run.py").read_text(encoding="utf-8")

TREE = """
nodes:
  root: {children: [vhost], post_process: [routing]}
  vhost: {producer: vhosts, threads: 2, stages: [{context: vhost}], children: [queue]}
  queue: {producer: queues, stages: [{type: Topic, fields: {name: id}}]}
post_process:
  routing:
    producer: edges
    from: {context: queue, field: source}
    to: {context: queue, field: target}
"""

SPELT = """
producers:
  vhosts: GET /vhosts?kind=all
  queues:
    request: POST /queues/search
    json: {vhost: "{vhost.name}", at: ["{page}", "{size}"]}
    paging: {by: page, first: 0, size: 10, count: data.total}
    records: data.items
    where: {state.kind: [used, kept]}
  edges: {request: GET /edges, query: {of: "{options.tenant}"}, paging: {by: cursor, next: next}, records: edges}
"""


class Signed(Mapped):
    """A login gives a token that is good for a few requests; each has a header of its own."""

    service_type = "messaging"
    auth = ("basic",)
    options: ClassVar[Json] = {"username": "ann", "password": "s3cr3t", "tenant": "blue"}
    show: ClassVar[Json] = {"vhosts": "name", "queues": "id", "edges": "source"}
    answers: ClassVar[Json] = {"options": "tenant: {required: true}"}
    map = """
        headers: {X-Tenant: "{options.tenant}"}
        query: {version: "2"}
        login: {request: POST /login, json: {user: "{auth.username}", secret: "{auth.password}"}, token: token}
        authorization: {header: X-Auth, prefix: Key}
        paging: {by: offset, size: 20, size_parameter: limit}
        """
    topology = SPELT + TREE

    def __init__(self) -> None:
        super().__init__()
        self.tokens, self.left = 0, 0

    def truth(self) -> Json:
        rows: Json = {"vhosts": [f"v{number} number" for number in range(45)]}
        rows["queues"] = [[vhost, f"{vhost[:3]}q{at}"] for vhost in rows["vhosts"] for at in range(13) if at % 5]
        rows["edges"] = [f"e{number}" for number in range(67)]
        return rows

    def allows(self, asked: Asked) -> bool:
        if asked.line == "POST /login":
            return True
        self.left -= 1
        fits = asked.headers["X-Auth"] == f"Key t{self.tokens}" and asked.headers["X-Tenant"] == "blue"
        return fits and asked.query["version"] == "2" and self.left >= 0

    def answer(self, asked: Asked) -> Any:
        if asked.line == "POST /login" and asked.body == {"user": "ann", "secret": "s3cr3t"}:
            self.tokens, self.left = self.tokens + 1, 20
            return {"token": f"t{self.tokens}"}
        return self.held(asked)

    def held(self, asked: Asked) -> Any:
        if asked.line == "GET /vhosts" and asked.query["kind"] == "all":
            start, limit = asked.number("offset", 0), asked.number("limit", 5)
            return [{"name": f"v{number} number"} for number in range(start, min(start + limit, 45))]
        if asked.line == "POST /queues/search":
            vhost, (number, size) = asked.body["vhost"], asked.body["at"]
            kinds = ("gone", "used", "kept", "used", "used")
            all_ = [{"id": f"{vhost[:3]}q{at}", "state": {"kind": kinds[at % 5]}} for at in range(13)]
            return {"data": {"total": 13, "items": all_[number * size : (number + 1) * size]}}
        if asked.line == "GET /edges" and asked.query["of"] == "blue":
            start = asked.number("cursor", 0)
            edges = [{"source": f"e{number}", "target": "t"} for number in range(67)]
            return {"edges": edges[start : start + 30], "next": start + 30 if start + 30 < 67 else None}
        return NOT_FOUND


class Short(Mapped):
    """Short answers are the paging and the records of producers without their own; paths are behind a prefix."""

    service_type = "messaging"
    show: ClassVar[Json] = {"vhosts": "name", "queues": "name", "edges": "source"}
    answers: ClassVar[Json] = {
        "api_prefix": "/api",
        "pagination": "page",
        "first_page": 0,
        "page_parameter": "p",
        "size_parameter": "per-page",
        "page_size": 25,
        "records_path": "page-of.list",
        "count_field": "total",
    }
    map = ""
    topology = (
        """
producers:
  vhosts: GET /vhosts
  queues: {reads: "GET /vhosts/{vhost.own-id}/queues", where: {type-of: a}}
  edges:
    request: POST /graph
    graphql: "query ($start: Int) {edges(start: $start) {source}}"
    variables: {start: "{offset}"}
    paging: {by: offset}
    records: data.edges[].node
"""
        + TREE
    )

    def truth(self) -> Json:
        vhosts = [one["name"] for one in things("v")]
        queues = [[vhost, f"q{at}"] for vhost in vhosts for at in range(0, 30, 2)]
        return {"vhosts": vhosts, "queues": queues, "edges": [f"e{number}" for number in range(67)]}

    def answer(self, asked: Asked) -> Any:
        if asked.line == "POST /api/graph":
            start = asked.body["variables"]["start"]
            held = [{"node": {"source": f"e{number}", "target": "t"}} for number in range(67)]
            return {"data": {"edges": held[start : start + 30]}}
        held = [one | {"own-id": f"i/{number}"} for number, one in enumerate(things("v"))]
        if asked.path[1:] != ("vhosts",):
            if asked.path[1] != "vhosts" or not asked.path[2].startswith("i/"):
                return NOT_FOUND
            held = [{"name": f"q{at}", "type-of": "ab"[at % 2]} for at in range(30)]
        start = asked.number("p", 9) * 25
        size = asked.number("per-page", 1)
        return {"page-of": {"list": held[start : start + size]}, "total": len(held)}


class Missing(Short):
    """Lists that are not there for some: the author says so."""

    answers: ClassVar[Json] = {}
    show: ClassVar[Json] = {"vhosts": "name", "queues": "name"}
    topology = (
        """
producers:
  vhosts: {request: GET /vhosts, key_field: name}
  queues: {request: "GET /{vhost}/queues", optional: true}
  edges: {request: GET /edges}
"""
        + TREE
    )

    def truth(self) -> Json:
        return {"vhosts": ["a", "b"], "queues": [["b", "q"]]}

    def answer(self, asked: Asked) -> Any:
        known: Json = {"GET /vhosts": {"a": {}, "b": {}}, "GET /b/queues": [{"name": "q"}]}
        return known.get(asked.line, Reply({}, 404))


APIS: list[Any] = [Signed, Short, Missing]


@pytest.fixture(scope="module")
def interview() -> Interview:
    return Interview(ROOT)


def answers_of(api: Any) -> Json:
    given = {"kind": "topology", "name": "probe", "type_name": "Probe", "service_type": api.service_type}
    given |= {"auth_types": [*api.auth], "topology": api.topology, **api.answers}
    return given | ({"api": dedent(api.map)} if api.map else {})


@pytest.fixture(scope="module")
def outcomes(interview: Interview, warm: Warm, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Json]:
    """What came of reading each API, by its name."""
    root = tmp_path_factory.mktemp("asked")
    apis = {api.__name__: api() for api in APIS}
    with Apis(apis) as served:
        jobs = []
        for name, api in apis.items():
            for path, text in interview.made(interview.answered(answers_of(api))).items():
                if PARTS.fullmatch(path):
                    (root / name / path).parent.mkdir(parents=True, exist_ok=True)
                    (root / name / path).write_text(text, encoding="utf-8")
            options: ClassVar[Json] = {"hostPort": served.address(name)} | api.options
            jobs.append({"name": name, "path": str(root / name / "src"), "show": api.show, "options": options})
        (root / "jobs.json").write_text(json.dumps(jobs), encoding="utf-8")
        found: dict[str, Json] = warm.run_script(root, RUN, str(root / "jobs.json"))
    return found


@pytest.mark.framework
@pytest.mark.parametrize("api", APIS, ids=lambda api: api.__name__)
def test_all_that_an_api_has_arrives(api: Any, outcomes: dict[str, Json]) -> None:
    assert outcomes[api.__name__]["errors"] == []
    assert outcomes[api.__name__]["rows"] == api().truth()


@pytest.mark.framework
@pytest.mark.parametrize("api", [Signed, *(pytest.param(api, marks=pytest.mark.nightly) for api in APIS[1:])])
def test_emitted_tests_pass(api: Any, deploy: Deploy, warm: Warm, tmp_path: Path) -> None:
    assert_passed(deploy(answers_of(api), "package", tmp_path).run_tests(warm))


def test_what_is_emitted_is_formatted(interview: Interview, tmp_path: Path) -> None:
    for api in APIS:
        made = interview.made(interview.answered(answers_of(api)))
        texts = {text: path for path, text in made.items()}
        check_texts(texts, tmp_path / api.__name__, {"openmetadata_probe", *PACKAGE_MODULES})


def test_threads_of_a_topology_are_its_own(interview: Interview) -> None:
    """Nothing is asked for ahead: that would be threads within threads."""
    made = interview.made(interview.answered(answers_of(Signed)))
    assert not any(
        re.search("reads?_ahead|concurrency", text) for path, text in made.items() if path.startswith("src/")
    )


# What is changed in SPELT into what, the answers beside it, and the line that it gives.
REFUSED: list[tuple[str, str, Json, str]] = [
    ("POST /queues", "PUT /queues", {}, "line 5, producers.queues.request: give GET or POST, which is all"),
    ("json:", "jsno:", {}, "line 6, producers.queues.jsno: 'jsno' is unknown; did you mean json?"),
    ("{vhost.name}", "{vhots.name}", {}, "line 6, producers.queues.json.vhost: placeholder 'vhots.name' is unknown"),
    ("{vhost.name}", "{queue.name}", {}, "line 15, nodes.queue: {queue} in POST /queues/search is no context"),
    ("{vhost.name}", "all", {}, "line 15, nodes.queue: POST /queues/search is the same for each vhost"),
    ("{vhost.name}", "{vhost.a[0].}", {}, "line 6, producers.queues.json.vhost: give JMESPath, such as data.items"),
    ("data.items\n", "data[\n", {}, "line 8, producers.queues.records: give JMESPath, such as data.items"),
    ("by: page,", "by: pages,", {}, "line 7, producers.queues.paging.by: 'pages' is unknown; did you mean page?"),
    ("{options.tenant}", "{options.tennant}", {}, "line 10, producers.edges.query.of: placeholder 'options.tennant'"),
    ("context: vhost}", "context: page}", {}, "line 14, nodes.vhost.stages[0]: give context another name: {page}"),
    ("kind=all", "offset=1", {"api": "paging: offset"}, "line 3, producers.vhosts: query has offset already"),
]


@pytest.mark.parametrize(("old", "new", "answers", "line"), REFUSED, ids=range(len(REFUSED)))
def test_refusal_says_the_line(old: str, new: str, answers: Json, line: str) -> None:
    text = SPELT + TREE
    assert text.count(old) >= 1
    beside = {"option_names": ("hostPort", "tenant"), "service_type": "messaging", "auth_types": ["token"]} | answers
    facts = declarations.CATALOG.services["messaging"]
    assert declarations.fault(text, facts, beside) == ""
    found = declarations.fault(text.replace(old, new), facts, beside)
    assert found.startswith(line)
    assert found.isprintable()


@pytest.mark.parametrize(
    ("answers", "line"),
    [
        ({"api": "resources: {topics: {request: GET /t}}"}, "leave resources out: the producers of the topology"),
        ({"api": "paging: page", "records_path": "items"}, "leave this out: the answer api says how lists are read"),
        ({"api": "paging: page", "pagination": "page"}, "leave this out: the answer api says how lists are read"),
        ({"api": "login: {request: POST /login, token: t}"}, "line 1, login: say where the credentials go"),
        ({"topology": Missing.topology.replace("{vhost}", "{vhost.length(a)}")}, "nodes.vhost: no sample record can"),
    ],
)
def test_wrong_answers_are_refused(answers: Json, line: str, interview: Interview) -> None:
    given = {"kind": "topology", "name": "probe", "service_type": "messaging", "topology": Missing.topology} | answers
    with pytest.raises(ValueError, match=re.escape(line)):
        interview.answered(given)
