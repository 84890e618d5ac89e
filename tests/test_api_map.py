"""The reader of API maps refuses in a line what it can't honour, and makes formatted Python of all that it takes."""

from __future__ import annotations

import ast
import json
import re
import subprocess
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from extensions.catalog import Catalog
from tests.conftest import NIGHTLY, ROOT
from tests.support.mapped_faults import FAULTS
from tests.support.mapped_more import HONEST
from tests.support.render import EMPTY, Renderer

CATALOG = Catalog(ROOT / "catalog")
SERVICES = [name for name, facts in CATALOG.services.items() if "custom" in facts]
LONGEST = 600
FIRST_PARTY = 'lint.isort.known-first-party = ["openmetadata_probe"]'

# Files that a map has a part in.
PARTS = re.compile(r"(client|expressions)\.py.*jinja")

# Texts that try to become code, or to end the literal that they stand in.
HOSTILE = (
    *("{__import__('os')}", "{{__import__('os')}}", "'+__import__('os')+'", '"+__import__("os")+"', '"""', "'''"),
    *("\\", '\\"', "\\N{DIGIT ONE}", "\\x7d", "a\nb", "\u2028", "é", "%s {0} {}", "{% raw %}", "{{ name }}", "{#", "#"),
    *("}", "}}", "{", "{{", "{page}{size}", "{size}}}", "say \"x\" and 'y'", "\\u007b", "x" * 190, "null", "true", "1"),
    *("\0", "\r", "\ud800", "each(", "part(a)", "partial(", "self._flat(", "@reads_ahead", "among="),
)


@cache
def renderer() -> Renderer:
    return Renderer(ROOT)


def fault_of(text: str, service_type: str = "dashboard", auth_types: tuple[str, ...] = ("basic",)) -> str:
    filters: dict[str, Callable[..., str]] = renderer()._environment.filters
    return filters["api_fault"](text, service_type, "rest_api", "connector", list(auth_types), "")


def rendered(text: str, service_type: str) -> dict[str, str]:
    """The files of a client, by their names."""
    resources = CATALOG.services[service_type]["resources"]
    capabilities = {"metadata", *(facts["capability"] for facts in resources.values() if "capability" in facts)}
    answers = {"name": "probe", "type_name": "Probe", "connection_type": "rest_api", "service_type": service_type}
    answers |= {"auth_types": ["basic"], "api": text, "capabilities": sorted(capabilities)}
    parts = [name for name in renderer().names() if PARTS.search(name)]
    files = renderer().files(EMPTY | answers, parts)
    return {Path(path).name: files[path] for path in files if path.startswith("src/")}


def assert_refused_in_a_line(said: str) -> None:
    assert said.isprintable() and "Traceback" not in said and len(said) < LONGEST, said
    assert said.startswith(("line ", "give the map of the API", "the map of the API", "unacceptable character")), said


def assert_formatted(folder: Path) -> None:
    for command in (["check", "--select", "F,I"], ["format", "--check"]):
        told = [*command, "--isolated", "--line-length", "120", "--config", FIRST_PARTY, str(folder)]
        done = subprocess.run(["ruff", *told, "--no-cache"], capture_output=True, text=True)
        assert done.returncode == 0, done.stdout[-3000:]


def calls(code: str) -> set[str]:
    """The names in a module that come from no text."""
    return {node.id for node in ast.walk(ast.parse(code)) if isinstance(node, ast.Name)}


# ---- Refusals, word for word ---------------------------------------------------------------------------------------

REFUSALS: list[list[str]] = json.loads((ROOT / "tests/support/api_map_refusals.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize(("text", "said"), REFUSALS, ids=range(len(REFUSALS)))
def test_a_map_is_refused_in_these_words(text: str, said: str) -> None:
    assert fault_of(text) == said


# ---- What is taken -------------------------------------------------------------------------------------------------

MAPS = [(dedent(api.map), api.service_type) for api in (*HONEST, *FAULTS)]


def test_clients_of_maps_are_formatted(tmp_path: Path) -> None:
    for number, (text, service_type) in enumerate(dict.fromkeys(MAPS)):
        for name, code in rendered(text, service_type).items():
            target = tmp_path / f"client_{number}" / name
            target.parent.mkdir(exist_ok=True)
            target.write_text(code, encoding="utf-8")
    assert_formatted(tmp_path)


def plain(value: Any) -> str:
    """A map as YAML: JSON is YAML, too."""
    return json.dumps(value)


SIGNS = st.text(st.sampled_from("{}\"'\\ab.[]%#\n\té\u2028 "), max_size=12)
TEXTS = st.one_of(st.sampled_from(HOSTILE), SIGNS, st.sampled_from(["a", "{page}", "{size}", "{options.hostPort}"]))
LITERALS = st.one_of(TEXTS, st.integers(-5, 5), st.booleans(), st.none(), st.floats(allow_nan=False))
EXPRESSIONS = st.one_of(
    st.sampled_from(
        ["items", "@", "a.b[].c", '"a b".c', "a[?b=='\"x'].c", "a || `[]`", "join(', ', a)", "a[0]", "[a, b]"]
    ),
    SIGNS,
)
VALUES = st.recursive(LITERALS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3))


def listing(name: str, resource: dict[str, Any], parents: list[str]) -> st.SearchStrategy[dict[str, Any]]:
    above = [f"{{{item}.id}}" for item in parents]
    holes = [*above, *(f'{{{item}.a."b-c"[0]}}' for item in parents), "{page}", "{size}", "{cursor}", "{offset}"]
    texts = st.one_of(TEXTS, st.lists(st.one_of(st.sampled_from(holes), TEXTS), min_size=1, max_size=3).map("".join))
    path = "/".join(["", name, *above])
    fields = CATALOG.fields_of(resource["service"], name)
    field = st.one_of(
        EXPRESSIONS,
        TEXTS,
        st.fixed_dictionaries(
            {"value": EXPRESSIONS},
            optional={
                "map": st.dictionaries(TEXTS, TEXTS, max_size=2),
                "default": TEXTS,
                "time": st.sampled_from(["seconds", "iso", "%Y-%m-%d", '%Y"%m', "%d'%m\\"]),
                "fields": st.just({"name": "a.b", "table": "c"}),
            },
        ),
    )
    paging = st.one_of(
        st.sampled_from(["none", "page", "offset", "link_header"]),
        st.fixed_dictionaries(
            {"by": st.sampled_from(["page", "offset", "cursor"])},
            optional={
                "size": st.integers(1, 200),
                "next": EXPRESSIONS,
                "count": st.sampled_from(["total", "a.b"]),
                "more": st.sampled_from(["more", "a.b"]),
                "first": st.integers(0, 1),
                "parameter": TEXTS,
                "size_parameter": TEXTS,
                "in": st.sampled_from(["query", "json", "variables"]),
            },
        ),
    )
    own = f"{{{resource['item']}.id}}"
    detail = st.fixed_dictionaries(
        {"request": st.sampled_from([f"GET /x/{own}", "POST /y"])},
        optional={
            "query": st.dictionaries(TEXTS, st.one_of(texts, st.just(own)), max_size=2),
            "record": EXPRESSIONS,
            "into": TEXTS,
        },
    )
    return st.fixed_dictionaries(
        {"request": st.sampled_from([f"GET {path}", f"POST {path}", f"GET {path}/{{page}}"])},
        optional={
            "query": st.dictionaries(TEXTS, st.one_of(texts, LITERALS), max_size=3),
            "headers": st.dictionaries(st.sampled_from(["X-A", "b"]), texts, max_size=2),
            "json": st.dictionaries(TEXTS, st.one_of(texts, VALUES), max_size=3),
            "form": st.dictionaries(TEXTS, texts, max_size=2),
            "graphql": st.one_of(TEXTS, st.just('query { a(b: "c") { d } }')),
            "variables": st.dictionaries(TEXTS, texts, max_size=2),
            "paging": paging,
            "records": EXPRESSIONS,
            "key_field": TEXTS,
            "where": st.dictionaries(EXPRESSIONS, st.one_of(LITERALS, st.lists(LITERALS, max_size=3)), max_size=2),
            "detail": st.one_of(detail, st.lists(detail, max_size=2)),
            "fields": st.dictionaries(st.sampled_from(sorted(fields)), field, max_size=4),
            "join": st.dictionaries(EXPRESSIONS, EXPRESSIONS, max_size=2),
            "optional": st.booleans(),
        },
    )


@st.composite
def maps(draw: st.DrawFn) -> tuple[str, str]:
    """A map that is nearly right, for a service type."""
    service_type = draw(st.sampled_from(SERVICES))
    known = CATALOG.services[service_type]["resources"]
    taken: dict[str, Any] = {}
    for name, facts in known.items():
        needed = not facts.get("optional") and "capability" not in facts
        if needed or draw(st.booleans()):
            parents = [known[parent]["item"] for parent in facts.get("parents", ())]
            # Most keys are left out: each may be refused.
            whole = draw(listing(name, facts | {"service": service_type}, parents))
            kept = draw(st.sets(st.sampled_from(sorted(whole)), max_size=3)) | {"request"}
            taken[name] = {key: value for key, value in whole.items() if key in kept}
    top: dict[str, Any] = {"resources": taken}
    if draw(st.booleans()):
        top["query"] = draw(st.dictionaries(TEXTS, TEXTS, max_size=2)) or {"a": "b"}
    if draw(st.integers(0, 3)) == 0:
        top["headers"] = {"X-A": draw(TEXTS)}
    return plain(top), service_type


@st.composite
def mutated(draw: st.DrawFn) -> tuple[str, str]:
    """A map of a real API with some characters, lines or words changed."""
    text, service_type = draw(st.sampled_from(MAPS))
    for _ in range(draw(st.integers(1, 3))):
        start = draw(st.integers(0, len(text)))
        end = min(len(text), start + draw(st.integers(0, 8)))
        text = text[:start] + draw(st.one_of(st.just(""), TEXTS)) + text[end:]
    return text, service_type


def check(text: str, service_type: str, folder: Path | None) -> bool:
    """Whether a map is taken; what is made of it is kept in a folder."""
    said = fault_of(text, service_type)
    if said:
        assert_refused_in_a_line(said)
        return False
    for name, code in rendered(text, service_type).items():
        assert "__import__" not in calls(code) and "os" not in calls(code)
        if folder:
            target = folder / f"client_{len(list(folder.iterdir()))}" / name
            target.parent.mkdir()
            target.write_text(code, encoding="utf-8")
    return True


def fuzz(folder: Path, examples: int, cases: Iterator[Any] | st.SearchStrategy[tuple[str, str]]) -> int:
    taken = 0

    # By day always the same ones: what is found at night becomes a test of its own.
    by_day = examples < 1000

    @settings(
        max_examples=examples, deadline=None, database=None, derandomize=by_day, suppress_health_check=list(HealthCheck)
    )
    @given(case=cases)
    def run(case: tuple[str, str]) -> None:
        nonlocal taken
        taken += check(*case, folder)

    run()
    assert_formatted(folder)
    return taken


@pytest.mark.parametrize("examples", [150, pytest.param(3000, marks=NIGHTLY)])
def test_random_maps_are_refused_or_make_formatted_python(examples: int, tmp_path: Path) -> None:
    assert fuzz(tmp_path, examples, maps())


@pytest.mark.parametrize("examples", [150, pytest.param(3000, marks=NIGHTLY)])
def test_mutated_maps_are_refused_or_make_formatted_python(examples: int, tmp_path: Path) -> None:
    assert fuzz(tmp_path, examples, mutated())


@pytest.mark.parametrize("text", [pytest.param(text, id=str(number)) for number, text in enumerate(HOSTILE)])
def test_texts_stay_texts(text: str) -> None:
    """In each place of a map: what is taken comes out as it was written."""
    doubled = text.replace("{", "{{").replace("}", "}}")
    request = {"request": "POST /x", "json": {text: doubled, "deep": [doubled]}, "query": {"q": f"{doubled}{{size}}"}}
    fields = {"name": {"value": "a", "map": {"a": text}, "default": text}}
    entry = request | {"paging": {"by": "page", "size": 5}, "fields": fields if text.isprintable() else {"name": "a"}}
    source = plain({"resources": {"dashboards": entry}})
    said = fault_of(source)
    assert not said or not text.isprintable() or len(text) > 100, said
    if not said:
        code = rendered(source, "dashboard")["client.py"]
        found = {node.value for node in ast.walk(ast.parse(code)) if isinstance(node, ast.Constant)}
        assert {text, f"{text}5"} <= found
        assert "__import__" not in calls(code)


@pytest.mark.parametrize(
    "literal",
    ['"""', "\\N", "\\x", '""" + __import__("os") + """', '"', "#", "{{ name }}", "${{ x }}", "</b>", "|"],
)
def test_expressions_stay_texts_in_each_file(literal: str) -> None:
    """Expressions stand in docstrings and documents, too."""
    expression = f"a || '{literal}'"
    path = {"records": expression, "fields": {"name": expression}, "where": {expression: 1}}
    lists = {
        "databases": {"from": "tables", "key": expression},
        "tables": {"request": "GET /t"} | path,
        "columns": {"records": expression},
    }
    assert_texts(plain({"resources": lists}), "database", expression)
    braced = expression if not set(literal) & set("{}") else "a"
    dashboards = {
        "request": "GET /d",
        "detail": {"request": f"POST /d/{{dashboard.{squeezed(braced)}}}"} | {"record": expression},
    }
    charts = {"request": f"GET /d/{{dashboard.{squeezed(braced)}}}/charts", "records": expression}
    assert_texts(plain({"resources": {"dashboards": dashboards, "charts": charts}}), "dashboard", expression)


def squeezed(expression: str) -> str:
    """An expression for a path, which has no blanks."""
    return "a" if set(expression[5:]) & set(" #?") else expression.replace(" ", "")


def assert_texts(source: str, service_type: str, expression: str) -> None:
    assert fault_of(source, service_type) == ""
    files = whole(source, service_type)
    for path, code in files.items():
        if path.endswith(".py"):
            assert "__import__" not in calls(code), path
    client = next(code for path, code in files.items() if path.endswith("/client.py"))
    assert expression in {node.value for node in ast.walk(ast.parse(client)) if isinstance(node, ast.Constant)}


def whole(text: str, service_type: str) -> dict[str, str]:
    """All files of a package."""
    answers = {"name": "probe", "type_name": "Probe", "connection_type": "rest_api", "service_type": service_type}
    return renderer().files(EMPTY | answers | {"api": text})


@pytest.mark.parametrize(
    "query", ['"""x"""', '\\"""', "a\\", 'a"', '{__import__("os")}', "\\N{DIGIT ONE}", "a\tb  \n  c", "é", "x" * 300]
)
def test_a_query_of_graphql_stays_as_it_is(query: str) -> None:
    source = plain({"resources": {"dashboards": {"request": "POST /x", "graphql": query}}})
    assert fault_of(source) == ""
    code = rendered(source, "dashboard")["client.py"]
    assert "__import__" not in calls(code)
    values = [node.value for node in ast.walk(ast.parse(code)) if isinstance(node, ast.Constant)]
    assert [value for value in values if isinstance(value, str) and value.strip() == query.strip()]


@pytest.mark.parametrize("sign", ["\0", "\r", "\f", "\ud800"], ids=ascii)
def test_control_characters_in_graphql_are_refused(sign: str) -> None:
    source = plain({"resources": {"dashboards": {"request": "POST /x", "graphql": f"a{sign}b"}}})
    assert fault_of(source).endswith("give a query of GraphQL without control characters")


def test_a_brace_behind_the_size_is_written_once() -> None:
    entry = {"request": "GET /x", "query": {"q": "{size}}}"}, "paging": {"by": "page", "size": 5}}
    code = rendered(plain({"resources": {"dashboards": entry}}), "dashboard")["client.py"]
    assert "5}" in {node.value for node in ast.walk(ast.parse(code)) if isinstance(node, ast.Constant)}


def test_a_key_with_control_characters_is_escaped_in_its_refusal() -> None:
    entry = {"request": "GET /x", "query": {"a\0\x1b": "{nothing}"}}
    assert "query.'a\\x00\\x1b': placeholder" in fault_of(plain({"resources": {"dashboards": entry}}))
