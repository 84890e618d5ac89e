"""The published schemas of `api` and `options`, and the readers of these answers, take and refuse the same."""

from __future__ import annotations

import copy
import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft7Validator

from docs.schemas import modeline
from extensions.api_requests import PAGING
from extensions.catalog import Catalog
from tests.conftest import ROOT
from tests.support.render import Renderer

CATALOG = Catalog(ROOT / "catalog")
API = Draft7Validator(json.loads((ROOT / "docs/api.schema.json").read_text(encoding="utf-8")))
OPTIONS = Draft7Validator(json.loads((ROOT / "docs/options.schema.json").read_text(encoding="utf-8")))

README = (ROOT / "README.md").read_text(encoding="utf-8")

Json = Any
Place = tuple[str | int, ...]

EXAMPLES = {
    path.stem: answers
    for path in sorted((ROOT / "examples").glob("*.yml"))
    if (answers := yaml.safe_load(path.read_text(encoding="utf-8"))).get("api")
}

# Each key of a map, in what it may be beside.
WHOLE: Json = {
    "headers": {"X-Tenant": "{options.tenant}"},
    "query": {"version": "2", "deep": True},
    "login": {
        "request": "POST /login",
        "query": {"a": "b"},
        "headers": {"X-A": "b"},
        "json": {"user": "{auth.username}", "password": "{auth.password}"},
        "token": "access_token",
        "lifetime": "expires_in",
    },
    "authorization": {"header": "X-Auth", "prefix": "Token"},
    "requests_per_minute": 600,
    "paging": {"by": "page", "first": 0, "size": 50, "parameter": "p", "size_parameter": "n", "in": "query"},
    "resources": {
        "pipelines": {
            "request": "GET /pipelines",
            "query": {"kind": "etl"},
            "headers": {"X-B": "c"},
            "paging": {"by": "cursor", "size": 10, "next": "meta.next", "count": "meta.total", "more": "meta.more"},
            "records": "items",
            "key_field": "name",
            "where": {"active": True, "owner.id": [1, None, "x"]},
            "detail": [
                {"request": "GET /pipelines/{pipeline.id}", "record": "result", "into": "full"},
                {"request": "POST /more", "form": {"id": "{pipeline.id}"}},
            ],
            "fields": {
                "name": "title",
                "sourceUrl": "{options.hostPort}/p/{id}",
                "owners": {"value": "owner", "json": ["a", "b"], "map": {"a": "b"}, "default": "c"},
                "inputs": {"value": "inputs", "fields": {"table": "name", "database": "db"}},
            },
            "optional": False,
        },
        "tasks": {"records": "tasks", "where": {"a": 1}, "key_field": "name", "fields": {"name": "id"}},
        "runs": {
            "request": "POST /graphql",
            "graphql": "query { runs }",
            "variables": {"id": "{pipeline.id}"},
            "paging": "none",
            "fields": {"status": {"value": "s", "map": {"OK": "Success"}}, "startTime": {"value": "t", "time": "iso"}},
        },
        "task_runs": {"request": "GET /task_runs", "join": {"run": "id"}},
    },
}  # fmt: skip

# Lists that are made of other things, for the service type that has levels above its lists.
LEVELS: Json = {
    "resources": {
        "databases": {"from": "tables", "key": "path[0]"},
        "schemas": {"from": "tables", "key": "path[1]"},
        "tables": {"request": "POST /tables", "json": {"all": True}, "paging": {"by": "offset", "in": "json"}},
        "columns": {"records": "columns", "fields": {"name": "n", "children": {"value": "c", "fields": {"name": "n"}}}},
    }
}
CONSTANT: Json = {
    "resources": {
        "schemas": {"records": [{"name": "default", "title": "Default"}]},
        "tables": {"request": "GET /tables", "paging": "link_header", "records": {"name": "names", "id": "ids[]"}},
    }
}
SDK: Json = {
    "sdk": {"module": "some.sdk", "client": [{"connect": {"url": "{options.hostPort}"}}, "admin"], "async": True},
    "paging": "none",
    "resources": {
        "containers": {
            "call": "admin.list_containers",
            "arguments": {"limit": "{size}", "token": "{cursor}"},
            "paging": {"by": "cursor", "size": 10, "next": "token"},
            "records": "items",
            "detail": [{"call": "get", "arguments": ["{container.name}", 1], "record": "all", "into": "full"}],
            "fields": {"name": "title"},
        },
        "objects": {
            "call": [{"open": ["{container.name}"]}, {"pages": {"of": 1}}, "all"],
            "contents": {"call": "get", "arguments": {"key": "{object.key}"}, "bytes": "Body"},
        },
    },
}
MAPS = {
    "sdk": ("storage", SDK),
    "whole": ("pipeline", WHOLE),
    "levels": ("database", LEVELS),
    "constant": ("database", CONSTANT),
} | {name: (answers["service_type"], yaml.safe_load(answers["api"])) for name, answers in EXAMPLES.items()}


@pytest.fixture(scope="module")
def faults(template: Path) -> Iterator[Any]:
    """The environment's filters: what refuses answers."""
    yield Renderer(template)._environment.filters


def refusal(filters: Any, service: str, value: Json, over: str = "") -> str:
    """What the reader of maps says of one; empty if it takes it."""
    # JSON is YAML, and written faster.
    over = over or ("sdk_client" if isinstance(value, dict) and "sdk" in value else "rest_api")
    said: str = filters["api_fault"](
        json.dumps(value), service, over, "connector", ["basic", "token"], "{tenant: {}, database: {}}"
    )
    return said


def test_what_is_missing_is_a_line(faults: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "jmespath", None)
    said = refusal(faults, "dashboard", {"resources": {"dashboards": {"request": "GET /x", "records": "missing"}}})
    assert re.fullmatch(r"line 1, resources.dashboards.records: jmespath is missing beside Copier: .*", said)
    assert f"`{re.findall(r'^uv tool install copier.*$', README, re.MULTILINE)[0]}`" in said


def options_refusal(filters: Any, value: Json) -> str:
    said: str = filters["options_fault"](json.dumps(value), "my_db", "connector", "pipeline", "rest_api", ["token"])
    return said


def places(value: Json, here: Place = ()) -> Iterator[Place]:
    """Where each value in another stands."""
    yield here
    entries = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in entries:
        yield from places(item, (*here, key))


def at(value: Json, place: Place) -> Json:
    for key in place:
        value = value[key]
    return value


def replaced(whole: Json, place: Place, value: Json) -> Json:
    changed = {"": copy.deepcopy(whole)}
    at(changed, ("", *place)[:-1])[("", *place)[-1]] = value
    return changed[""]


def without(whole: Json, place: Place) -> Json:
    changed = copy.deepcopy(whole)
    del at(changed, place[:-1])[place[-1]]
    return changed


OPTION: Json = {
    "tenant": {"required": True, "title": "Tenant", "description": "One.", "example": "acme"},
    "region": {"choices": ["eu", "us"], "default": "eu"},
    "apiSecret": {"secret": True, "required": True},
    "page_limit": {"type": "integer", "default": 100, "example": 5},
    "rate": {"type": "number", "default": 1.5},
    "deep": {"type": "boolean", "default": False},
    "plain": None,
    "empty": {},
}

# What is right somewhere else, of each key that lists may have.
ELSEWHERE: Json = {
    key: value
    for _, whole in (MAPS["whole"], MAPS["levels"], MAPS["constant"], MAPS["sdk"])
    for listed in whole["resources"].values()
    for key, value in listed.items()
    if key not in ("fields", "join")
} | {"form": {"a": 1}, "json": {"a": 1}}
ELSEWHERE_OPTIONS = {key: value for option in OPTION.values() for key, value in (option or {}).items()}

# What no key may be, whatever it is for; values of requests may be anything.
WRONG: tuple[Json, ...] = ({}, [], "", "two\nlines", "x" * 600, -1, 10**12, 1.5, True, None, {"zz": 1}, [1], [{}])
FREE = ("arguments", "query", "json", "form", "variables", "where", "map", "join", "headers")


# What is almost right, or right of another.
ALMOST: dict[str, tuple[Json, ...]] = {
    "request": ("DELETE /x", "get /x", "GET x", "GET /x?a=b", "GET /x#a", "GET /x y", "GET /", "POST /x"),
    "paging": ("page", "pages", *({"by": way, "next": "a", "first": 0, "size": 2} for way in PAGING)),
    "by": tuple(PAGING),
    "header": ("X Y",),
    "time": ("hours", "%Y"),
    "lifetime": (0, 1, 31_536_001),
    "type": ("string", "url", "text"),
}


def mutants(whole: Json, free: tuple[str, ...] = FREE) -> Iterator[tuple[str, Json]]:
    """Maps that are like a whole one but for a value, a key that is not there, or one too many."""
    for place in places(whole):
        name = "/".join(map(str, place))
        if any(key in free for key in place[:-1]):
            continue
        for value in (*WRONG, *ALMOST.get(str(place[-1]) if place else "", ())):
            yield f"{name} = {value!r:.20}", replaced(whole, place, value)
        if isinstance(at(whole, place), dict) and not (place and place[-1] in free):
            yield f"{name} + zz", replaced(whole, place, at(whole, place) | {"zz": 1})
            for key in at(whole, place):
                yield f"{name} - {key}", without(whole, (*place, key))
        if place[:-1] == ("resources",) or (whole is OPTION and len(place) == 1 and isinstance(at(whole, place), dict)):
            elsewhere = ELSEWHERE_OPTIONS if whole is OPTION else ELSEWHERE
            for key in elsewhere.keys() - at(whole, place).keys():
                yield f"{name} + {key}", replaced(whole, place, at(whole, place) | {key: elsewhere[key]})
        if place and place[-1] in ("detail", "records") and isinstance(at(whole, place), list):
            yield f"{name} * 51", replaced(whole, place, at(whole, place)[:1] * 51)


@pytest.mark.parametrize("name", MAPS)
def test_maps_are_valid(name: str, faults: Any) -> None:
    service, value = MAPS[name]
    assert [error.message for error in API.iter_errors(value)] == []
    assert refusal(faults, service, value) == ""


def test_examples_name_the_schema() -> None:
    assert {name: answers["api"].splitlines()[0] for name, answers in EXAMPLES.items()} == dict.fromkeys(
        EXAMPLES, modeline(ROOT)
    )


# What only the reader can know: that each list is said to belong to its parent, what an expression or a placeholder
# means, and how the parts of a map need each other.
BEYOND = re.compile(
    r", without which|JMESPath|say what belongs|say which|say where"
    r"|placeholder|leave \{|\{size\}|without accents|close each brace|in query|in json|size_parameter, too"
    r"|has request$|has call and arguments$|belongs to SDKs|asks an API over HTTP|calls an SDK|by name, such as"
    r"|nothing in it|keys joined by dots|ask for all|give a request|leave default out"
    r"|, too, whose records|give request: nothing is below"
)


@pytest.mark.parametrize("name", ["whole", "levels", "constant", "sdk"])
def test_what_one_refuses_the_other_does(name: str, faults: Any) -> None:
    service, whole = MAPS[name]
    wrong = {}
    for what, value in mutants(whole):
        said = refusal(faults, service, value, "sdk_client" if name == "sdk" else "rest_api")
        valid = API.is_valid(value)
        if valid != (said == "") and not (valid and BEYOND.search(said)):
            wrong[what] = said or next(API.iter_errors(value)).message[:200]
    assert wrong == {}


def test_what_one_refuses_of_options_the_other_does(faults: Any) -> None:
    assert OPTIONS.is_valid(OPTION)
    assert options_refusal(faults, OPTION) == ""
    wrong = {}
    for what, value in mutants(OPTION, ()):
        said, valid = options_refusal(faults, value), OPTIONS.is_valid(value)
        if valid != (said == "") and not (
            valid and re.search("called as a secret|nothing can be seen|(default|example): .* is unknown", said)
        ):
            wrong[what] = said or next(OPTIONS.iter_errors(value)).message[:200]
    assert wrong == {}


def schema_at(place: Place) -> Json:
    """The schema of what stands at a place, by its `properties`."""
    found = API.schema
    for key in place:
        found = resolved(found)
        found = found["items"] if isinstance(key, int) else found["properties"][key]
    return resolved(found)


def resolved(schema: Json) -> Json:
    """What has the properties or items: behind references, and of two forms the object or the list."""
    while "properties" not in schema and "items" not in schema:
        if "$ref" in schema:
            schema = at(API.schema, tuple(schema["$ref"].removeprefix("#/").split("/")))
        elif "else" in schema:
            form = schema["else"] if schema["if"] == {"type": "string"} else schema["then"]
            schema = form
        else:
            (schema,) = [one for one in schema["allOf"] if "if" not in one]
    return schema


def test_each_key_that_is_read_is_in_the_schema(faults: Any) -> None:
    read: dict[str, set[str]] = {}
    written: dict[str, set[str]] = {}
    for name in ("whole", "levels", "sdk"):
        service, whole = MAPS[name]
        over = "sdk_client" if name == "sdk" else "rest_api"
        for place in places(whole):
            if not isinstance(at(whole, place), dict) or {*FREE, "client", "call", "records"} & set(place):
                continue
            if place == ("resources",):
                continue
            said = refusal(faults, service, replaced(whole, place, {"qqqqqqqq": 1}), over)
            keys = set(re.findall(r"\w+", said.partition("give one of ")[2]))
            # Lists and details are alike; over an SDK each has calls in place of requests.
            here = "/".join(map(str, place))
            kind = "list" if place[:-1] == ("resources",) else "detail" if "detail" in place else here
            read.setdefault(kind, set()).update(keys)
            properties = set(schema_at(place)["properties"])
            # Two service types may have lists of the same name.
            written.setdefault(kind, set()).update(properties & keys if place[-1:] == ("fields",) else properties)
    assert written == read
    assert len(read) > 15


def test_each_field_of_the_catalog_is_in_the_schema() -> None:
    wanted: dict[str, set[str]] = {}
    for service, facts in CATALOG.services.items():
        for name in facts["resources"]:
            wanted.setdefault(name, set()).update(CATALOG.fields_of(service, name))
    lists = schema_at(("resources",))["properties"]
    assert set(lists) == set(wanted)
    assert {name: set(schema_at(("resources", name, "fields"))["properties"]) for name in lists} == wanted
    nested = {
        name: set(API.schema["definitions"][f"objects_{name}"]["properties"]) for name in CATALOG.fields["nested"]
    }
    assert nested == {name: set(fields) for name, fields in CATALOG.fields["nested"].items()}


def test_each_key_is_explained() -> None:
    lists = API.schema["definitions"]["keys"]["properties"]
    for holder in (lists, API.schema["properties"], OPTIONS.schema["additionalProperties"]["properties"]):
        assert [key for key, schema in holder.items() if not {"description", "$ref"} & schema.keys()] == []
