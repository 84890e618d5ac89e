"""`scaffold-connector inspect`: what it makes of OpenAPI documents, real, small, large and hostile ones."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar

import pytest
import yaml

from docs.terminals import pictures
from scaffold_connector import answers
from scaffold_connector.__main__ import main
from scaffold_connector.arguments import Wrong
from scaffold_connector.inspecting import Inspection, inspect
from scaffold_connector.inspecting.inferring import named
from scaffold_connector.inspecting.vocabulary import Vocabulary
from tests.conftest import NIGHTLY, ROOT, need
from tests.support import chroma, documents, served, superset
from tests.support.openapi import dashboards, document, kubernetes, large, operation, query, record, several
from tests.support.render import Interview

Json = dict[str, Any]


@pytest.fixture(scope="module")
def interview(template: Path) -> Interview:
    return Interview(template)


@pytest.fixture
def inspected(tmp_path: Path) -> Any:
    """Inspects a document that is an object, or a text."""

    def run(raw: Any, **more: Any) -> Inspection:
        file = tmp_path / "openapi.json"
        file.write_text(raw if isinstance(raw, str) else json.dumps(raw), encoding="utf-8")
        return inspect(file, **more)

    return run


def api(found: Inspection) -> Json:
    """The map that was inferred."""
    read: Json = yaml.safe_load(found.answers["api"])
    return read


def accepted(found: Inspection, interview: Interview, tmp_path: Path) -> Json:
    """The whole answers, as the template takes the written file. Raises where it refuses one."""
    file = tmp_path / "written.yml"
    file.write_text(found.text(), encoding="utf-8")
    read = answers.read(file, "written.yml")
    assert read.faults == []
    context = interview.answered(dict(read.values))
    assert interview.made(context)
    for line in str(context["api"]).splitlines():
        assert len(line) < 400
    return context


# ---- Real documents --------------------------------------------------------------------------------------------------


def airflow_document(cache: Path) -> Path:
    """The document that Airflow's own package has of its API."""
    need(served.install(cache, "airflow_openapi"))
    home = served.python(cache, "airflow_openapi").parent.parent
    (found,) = home.glob("lib/python*/site-packages/airflow/api_fastapi/core_api/openapi/v2-rest-api-generated.yaml")
    return found


def test_airflow(cache: Path, interview: Interview, tmp_path: Path) -> None:
    found = inspect(airflow_document(cache))
    assert found.service_type == "pipeline"
    lists = api(found)["resources"]
    asked = {name: one["request"] for name, one in lists.items()}
    assert asked == {
        "pipelines": "GET /api/v2/dags",
        "tasks": "GET /api/v2/dags/{pipeline.dag_id}/tasks",
        "runs": "GET /api/v2/dags/{pipeline.dag_id}/dagRuns",
        "task_runs": "GET /api/v2/dags/{pipeline.dag_id}/dagRuns/{run.dag_run_id}/taskInstances",
    }
    assert {name: one["records"] for name, one in lists.items()} == {
        "pipelines": "dags",
        "tasks": "tasks",
        "runs": "dag_runs",
        "task_runs": "task_instances",
    }
    pages = {"by": "offset", "size": 50, "parameter": "offset", "size_parameter": "limit", "count": "total_entries"}
    assert [one["paging"] for one in lists.values()] == [pages, "none", pages, pages]
    assert lists["pipelines"]["fields"]["name"] == "dag_id"
    assert lists["tasks"]["fields"]["downstreamTasks"] == "downstream_task_ids"
    assert lists["runs"]["fields"]["startTime"] == {"value": "start_date", "time": "iso"}
    assert lists["task_runs"]["fields"]["task"] == "task_id"
    assert found.answers["auth_types"] == ["basic"]
    assert api(found)["login"]["request"] == "POST /auth/token"
    assert any(said.startswith("login: ") for said in found.doubts)
    context = accepted(found, interview, tmp_path)
    assert {"pipeline_status", "owners", "tags"} <= set(context["capabilities"])


def test_superset(cache: Path, interview: Interview, tmp_path: Path) -> None:
    """What `examples/superset.yml` says of lists, paging, login and columns is inferred, but for four answers."""
    need(superset.install(cache))
    file = tmp_path / "openapi.json"
    file.write_text(documents.of_superset(cache, tmp_path), encoding="utf-8")
    found = inspect(file)
    assert found.service_type == "dashboard"
    mine, wanted = api(found), yaml.safe_load(yaml.safe_load((ROOT / "examples/superset.yml").read_text())["api"])
    assert mine["login"] == wanted["login"]
    ours, theirs = mine["resources"], wanted["resources"]
    assert ours.keys() == theirs.keys()
    for name, one in ours.items():
        assert (one["request"], one["query"], one["records"]) == tuple(
            theirs[name][key] for key in ("request", "query", "records")
        )
        assert one["paging"] == {"by": "page", "first": 0, "size": 100, "count": "count"}
    assert ours["charts"]["join"] == theirs["charts"]["join"]
    assert ours["data_models"]["detail"]["request"] == theirs["data_models"]["detail"]["request"]
    assert (
        ours["data_models"]["fields"]["columns"]["fields"].items()
        <= {**theirs["data_models"]["fields"]["columns"]["fields"]}.items()
    )
    differ = {
        f"{name}.{key}"
        for name, one in theirs.items()
        for key, value in one["fields"].items()
        if key != "columns" and ours[name]["fields"].get(key) != value
    } | {f"{name}.where" for name, one in theirs.items() if "where" in one}
    # What the document does not say: e-mail addresses, drafts, and what OpenMetadata calls the kinds of charts.
    assert differ == {"dashboards.owners", "dashboards.where", "charts.chartType"}
    accepted(found, interview, tmp_path)


def test_chroma_over_its_address(cache: Path, interview: Interview, tmp_path: Path) -> None:
    need(chroma.install(cache))
    with chroma.server(cache) as system:
        found = inspect(f"{system.url}/openapi.json")
    assert found.service_type == "search"
    assert list(yaml.safe_load(found.answers["options"])) == ["tenant", "database"]
    (indexes,) = api(found)["resources"].values()
    assert indexes["request"] == "GET /api/v2/tenants/{options.tenant}/databases/{options.database}/collections"
    assert indexes["paging"] == {"by": "offset", "size": 100, "parameter": "offset", "size_parameter": "limit"}
    assert found.answers["api_key_name"] == "x-chroma-token"
    accepted(found, interview, tmp_path)


def test_kubernetes_is_no_data_system(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "swagger.json"
    file.write_text(json.dumps(kubernetes()))
    assert main(["inspect", str(file), "--write", str(tmp_path / "out.yml")]) == 1
    said = capsys.readouterr()
    assert said.out == "" and len(said.err.splitlines()) == 1
    assert "no data system" in said.err
    assert not (tmp_path / "out.yml").exists()


# ---- Paging ----------------------------------------------------------------------------------------------------------

TOTAL = {"total": {"type": "integer"}}
TEXT = {"type": "string"}


@pytest.mark.parametrize(
    ("parameters", "beside", "paging", "doubts"),
    [
        (
            [query("page", minimum=0), query("per_page", maximum=50)],
            {"meta": {"type": "object", "properties": TOTAL}},
            {
                "by": "page",
                "first": 0,
                "size": 50,
                "parameter": "page",
                "size_parameter": "per_page",
                "count": "meta.total",
            },
            0,
        ),
        (
            [query("page", description="Numbered from 1."), query("pageSize", default=20)],
            TOTAL,
            {"by": "page", "first": 1, "size": 20, "parameter": "page", "size_parameter": "pageSize", "count": "total"},
            0,
        ),
        ([query("page")], {}, {"by": "page", "first": 1, "parameter": "page"}, 1),
        (
            [query("skip"), query("take", maximum=1000)],
            {"hasMore": {"type": "boolean"}},
            {"by": "offset", "size": 100, "parameter": "skip", "size_parameter": "take", "more": "hasMore"},
            0,
        ),
        (
            [query("pageToken"), query("maxResults")],
            {"nextPageToken": TEXT},
            {
                "by": "cursor",
                "size": 100,
                "parameter": "pageToken",
                "size_parameter": "maxResults",
                "next": "nextPageToken",
            },
            1,
        ),
        (
            [query("after")],
            {"paging": {"type": "object", "properties": {"next-cursor": TEXT}}},
            {"by": "cursor", "parameter": "after", "next": 'paging."next-cursor"'},
            0,
        ),
        ([], {}, "none", 1),
    ],
)
def test_paging(
    parameters: list[Json], beside: Json, paging: Any, doubts: int, inspected: Any, interview: Interview, tmp_path: Path
) -> None:
    for parameter in parameters:
        if text := parameter["schema"].pop("description", None):
            parameter["description"] = text
    found = inspected(dashboards(*parameters, **beside))
    assert api(found)["resources"]["dashboards"]["paging"] == paging
    assert len([said for said in found.doubts if said.startswith("dashboards: ")]) == doubts
    assert found.text().count("CHECK:") == len(found.doubts)
    accepted(found, interview, tmp_path)


def test_cursor_that_no_answer_gives_is_refused_until_a_person_says_it(
    inspected: Any, interview: Interview, tmp_path: Path
) -> None:
    """It is not taken for a list without pages, of which only the first would be read."""
    found = inspected(dashboards(query("cursor")))
    assert api(found)["resources"]["dashboards"]["paging"] == {"by": "cursor", "parameter": "cursor"}
    said = "give next: cursor asks for the next page, but where an answer has it is not said"
    assert f"dashboards: {said}" in found.doubts
    with pytest.raises(Exception, match="give next"):
        accepted(found, interview, tmp_path)


def test_list_by_post_is_paged_in_its_body(inspected: Any, interview: Interview, tmp_path: Path) -> None:
    body = {
        "content": {
            "application/json": {
                "schema": {"properties": {"offset": {"type": "integer"}, "limit": {"type": "integer", "maximum": 200}}}
            }
        }
    }
    listed = operation(several(record("id", "name"), "hits", **TOTAL), requestBody=body)
    found = inspected(document({"/dashboards/search": {"post": listed}}))
    one = api(found)["resources"]["dashboards"]
    assert one["request"] == "POST /dashboards/search"
    assert one["paging"]["in"] == "json" and one["paging"]["size"] == 100
    accepted(found, interview, tmp_path)


# ---- What belongs to what, and shapes of schemas ---------------------------------------------------------------------


def test_levels_are_filled_from_those_above(inspected: Any, interview: Interview, tmp_path: Path) -> None:
    column = record("column_name", "data_type", nullable={"type": "boolean"})
    found = inspected(
        document(
            {
                "/catalogs": {"get": operation(several(record("name")))},
                "/catalogs/{catalog_name}/schemas": {"get": operation(several(record("name")))},
                "/catalogs/{catalog_name}/schemas/{schema}/tables": {"get": operation(several(record("name", "type")))},
                "/catalogs/{catalog_name}/schemas/{schema}/tables/{table}": {
                    "get": operation(record("name", "type", columns={"type": "array", "items": column}))
                },
            }
        )
    )
    assert found.service_type == "database"
    lists = api(found)["resources"]
    assert lists["tables"]["request"] == "GET /catalogs/{database.name}/schemas/{schema.name}/tables"
    assert lists["tables"]["detail"]["request"].endswith("/tables/{table.name}")
    assert lists["tables"]["fields"]["columns"]["fields"] == {
        "name": "column_name",
        "dataType": "data_type",
        "nullable": "nullable",
    }
    accepted(found, interview, tmp_path)


def test_flat_list_names_its_levels(inspected: Any, interview: Interview, tmp_path: Path) -> None:
    found = inspected(document({"/tables": {"get": operation(several(record("name", "schema", "database")))}}))
    lists = api(found)["resources"]
    assert lists["schemas"] == {"from": "tables", "key": "schema"}
    assert lists["databases"] == {"from": "tables", "key": "database"}
    accepted(found, interview, tmp_path)


def test_null_alternatives_and_cycles(inspected: Any, interview: Interview, tmp_path: Path) -> None:
    schemas = {
        "Node": {"allOf": [{"$ref": "#/components/schemas/Base"}, {"$ref": "#/components/schemas/Node"}]},
        "Base": {
            "type": ["object", "null"],
            "properties": {
                "id": {"type": ["integer", "null"]},
                "title": {"anyOf": [{"type": "string"}, {"type": "null"}]},
                "owner": {"oneOf": [{"type": "null"}, {"$ref": "#/components/schemas/Person"}]},
                "children": {"type": "array", "items": {"$ref": "#/components/schemas/Node"}},
            },
        },
        "Person": {"properties": {"email": {"type": "string"}, "boss": {"$ref": "#/components/schemas/Person"}}},
        "Round": {"$ref": "#/components/schemas/Round"},
    }
    paths = {
        "/dashboards": {
            "get": operation(
                several({"$ref": "#/components/schemas/Node"}, more={"$ref": "#/components/schemas/Round"})
            )
        }
    }
    found = inspected(document(paths, components={"schemas": schemas}) | {"openapi": "3.1.0"})
    assert api(found)["resources"]["dashboards"]["fields"] == {
        "name": "id",
        "displayName": "title",
        "owners": "owner.email",
    }
    accepted(found, interview, tmp_path)


def test_prefix_port_and_what_it_is_called(inspected: Any, interview: Interview, tmp_path: Path) -> None:
    raw = dashboards() | {
        "servers": [{"url": "http://bi.example.com:8080/api/{v}", "variables": {"v": {"default": "v2"}}}],
        "info": {"title": "The Größe BI REST API v2", "description": "Boards *for all*. More of it.", "version": "2"},
        "externalDocs": {"url": "https://docs.example.com/api"},
    }
    found = inspected(raw)
    assert api(found)["resources"]["dashboards"]["request"] == "GET /api/v2/dashboards"
    wanted = {
        "name": "grosse_bi",
        "display_name": "Größe BI",
        "description": "Boards for all.",
        "default_port": "8080",
        "docs_url": "https://docs.example.com/api",
    }
    assert {name: found.answers[name] for name in wanted} == wanted | {"name": named("Größe BI")}
    accepted(found, interview, tmp_path)


# ---- Signing in ------------------------------------------------------------------------------------------------------

OAUTH = {
    "type": "oauth2",
    "flows": {"clientCredentials": {"tokenUrl": "https://login.example.com/token", "scopes": {}}},
}


@pytest.mark.parametrize(
    ("scheme", "wanted"),
    [
        ({"type": "http", "scheme": "basic"}, {"auth_types": ["basic"]}),
        ({"type": "http", "scheme": "Bearer"}, {"auth_types": ["token"]}),
        (
            {"type": "apiKey", "in": "query", "name": "key"},
            {"auth_types": ["api_key"], "api_key_in": "query", "api_key_name": "key"},
        ),
        (OAUTH, {"auth_types": ["oauth"]}),
        ({"type": "apiKey", "in": "cookie", "name": "sid"}, {"auth_types": ["none"]}),
        (None, {"auth_types": ["none"]}),
    ],
)
def test_sign_in(scheme: Json | None, wanted: Json, inspected: Any, interview: Interview, tmp_path: Path) -> None:
    raw = dashboards()
    if scheme:
        raw |= {"components": {"securitySchemes": {"one": scheme}}, "security": [{"one": []}]}
    found = inspected(raw)
    assert {name: found.answers[name] for name in wanted} == wanted
    is_doubtful = any(said.startswith("auth_types: ") for said in found.doubts)
    assert is_doubtful == (wanted["auth_types"] == ["none"])
    accepted(found, interview, tmp_path)


@pytest.mark.parametrize(
    ("scheme", "wanted"),
    [
        ({"type": "basic"}, ["basic"]),
        ({"type": "apiKey", "in": "header", "name": "X-Key"}, ["api_key"]),
        ({"type": "oauth2", "flow": "application", "tokenUrl": "https://login.example.com/token"}, ["oauth"]),
    ],
)
def test_swagger_2(scheme: Json, wanted: list[str], inspected: Any, interview: Interview, tmp_path: Path) -> None:
    listed = {"parameters": [{"name": "offset", "in": "query", "type": "integer"}]}
    listed |= {"responses": {"200": {"schema": several({"$ref": "#/definitions/Topic"}, **TOTAL)}}}
    found = inspected(
        {
            "swagger": "2.0",
            "info": {"title": "Broker", "version": "1"},
            "host": "localhost:9000",
            "basePath": "/v1",
            "paths": {"/topics": {"get": listed}},
            "definitions": {"Topic": record("name", numPartitions={"type": "integer"})},
            "securityDefinitions": {"one": scheme},
            "security": [{"one": []}],
        }
    )
    assert found.service_type == "messaging" and found.answers["auth_types"] == wanted
    assert found.answers["default_port"] == "9000"
    topics = api(found)["resources"]["topics"]
    assert topics["request"] == "GET /v1/topics" and topics["paging"]["count"] == "total"
    assert topics["fields"] == {"name": "name", "partitions": "numPartitions"}
    accepted(found, interview, tmp_path)


def test_login(inspected: Any, interview: Interview, tmp_path: Path) -> None:
    raw = dashboards() | {"components": {"securitySchemes": {"jwt": {"type": "http", "scheme": "bearer"}}}}
    body = {"content": {"application/json": {"schema": record("userName", "password")}}}
    answer = {"type": "object", "properties": {"data": record("token", expires_in={"type": "integer"})}}
    raw["paths"]["/auth/login"] = {"post": operation(answer, requestBody=body)}
    found = inspected(raw)
    assert api(found)["login"] == {
        "request": "POST /auth/login",
        "json": {"userName": "{auth.username}", "password": "{auth.password}"},
        "token": "data.token",
        "lifetime": "data.expires_in",
    }
    accepted(found, interview, tmp_path)


# ---- Service type api ------------------------------------------------------------------------------------------------


def test_api_of_the_document_itself(inspected: Any, interview: Interview, tmp_path: Path) -> None:
    """As FastAPI writes it: no list of anything, and yet its paths are collections, and their methods endpoints."""
    raw = document(
        {
            "/quote/{symbol}": {"get": operation({"type": "number"}), "delete": operation({})},
            "/health": {"get": operation({"type": "string"})},
        }
    )
    assert inspected(raw).service_type == ""
    found = inspected(raw, service_type="api")
    lists = api(found)["resources"]
    assert lists["collections"]["request"] == "GET /openapi.json" and lists["collections"]["records"] == "paths"
    assert lists["collections"]["key_field"] == "name" and lists["endpoints"]["key_field"] == "requestMethod"
    assert any(said.startswith("api: ") for said in found.doubts)
    accepted(found, interview, tmp_path)


# ---- Large ones ------------------------------------------------------------------------------------------------------


def seconds(file: Path) -> float:
    """The processor's time for the whole command."""
    before = os.times()
    subprocess.run(
        [sys.executable, "-m", "scaffold_connector", "inspect", str(file), "--write", os.devnull, "--force"],
        check=True,
        cwd=ROOT,
        capture_output=True,
    )
    after = os.times()
    return after.children_user + after.children_system - before.children_user - before.children_system


@pytest.mark.parametrize(
    ("operations", "size", "as_yaml", "most"),
    [
        (5000, 5_000_000, False, 3),
        pytest.param(5000, 5_000_000, True, 6, marks=NIGHTLY),
        pytest.param(8000, 20_000_000, False, 10, marks=NIGHTLY),
    ],
)
def test_large_documents(operations: int, size: int, as_yaml: bool, most: float, tmp_path: Path) -> None:
    file = tmp_path / "openapi"
    raw = large(operations, size)
    text = yaml.dump(raw, Dumper=yaml.CSafeDumper, width=10**9) if as_yaml else json.dumps(raw)
    assert len(text) > size * 0.8
    file.write_text(text, encoding="utf-8")
    assert seconds(file) < most


# ---- Hostile ones ----------------------------------------------------------------------------------------------------

CODE = '"""); import os; os.system("true") #{{ 7*7 }}{% raw %}\u202e\\u000a*/ $(id)'


def test_names_that_are_code_are_inert(inspected: Any, interview: Interview, tmp_path: Path) -> None:
    raw = document(
        {
            "/dashboards": {
                "get": operation(
                    several(
                        record("id", "name", CODE, "owner`x", "tags\n- a"),
                        CODE,
                        data={"type": "array", "items": record("id", "title")},
                    ),
                    query("page: #'", description=CODE),
                    query(CODE),
                    summary=CODE,
                )
            },
            f"/{CODE}": {"get": operation(several(record("id")))},
            "/dashboards/{a b'\"}/charts": {"get": operation(several(record("id")))},
        },
        externalDocs={"url": f"https://x/{CODE}"},
        components={"securitySchemes": {CODE: {"type": "apiKey", "in": "header", "name": CODE}}},
        servers=[{"url": f"https://x/{CODE}"}],
    ) | {"info": {"title": CODE, "description": CODE, "version": "1"}}
    found = inspected(raw)
    context = accepted(found, interview, tmp_path)
    assert api(found)["resources"]["dashboards"]["paging"]["parameter"] == "page: #'"
    assert context["name"].isidentifier()
    for text in interview.made(context).values():
        assert "os.system" not in text.replace('os.system("true")', "") or "import os; os.system" not in text


@pytest.mark.parametrize(
    "title", ["", "   ", "123", "class", "match", "aws", "API", "日本語", "a" * 500, "☃\u0000", "nul"]
)
def test_any_title_gives_a_name(title: str, inspected: Any, interview: Interview, tmp_path: Path) -> None:
    found = inspected(dashboards() | {"info": {"title": title, "version": "1"}})
    accepted(found, interview, tmp_path)


WRONG: list[Any] = [None, [], 7, "text", {"a": []}, [[]], True]


@pytest.mark.parametrize("wrong", WRONG)
@pytest.mark.parametrize(
    "place",
    ["info", "paths", "servers", "components", "security", "get", "responses", "schema", "properties", "parameters"],
)
def test_wrong_types_are_no_crash(place: str, wrong: Any, inspected: Any) -> None:
    raw = dashboards(query("page")) | {"components": {"securitySchemes": {"a": {"type": "http", "scheme": "basic"}}}}
    get = raw["paths"]["/dashboards"]["get"]
    media = get["responses"]["200"]["content"]["application/json"]
    {
        "get": raw["paths"]["/dashboards"],
        "responses": get,
        "parameters": get,
        "schema": media,
        "properties": media["schema"],
    }.get(place, raw)[place] = wrong
    try:
        found = inspected(raw)
    except Wrong:
        return
    assert found.text() if found.service_type else found.reasons


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[" * 100_000, "nested too deeply"),
        ('{"a":' * 100_000 + "1" + "}" * 100_000, "nested too deeply"),
        ("{a: " * 100_000 + "1" + "}" * 100_000, "nested too deeply"),
        ("- " * 100_000 + "a", "nested too deeply"),
        ("? " * 100_000 + "a", "nested too deeply"),
        ("a: !!python/object/apply:os.system [id]", "is neither JSON nor YAML"),
        ("a: &a {b: 1}\nc: {<<: *a}", "merge key"),
        ("? [a, b]\n: 1\n", "is neither JSON nor YAML"),
        ("openapi: 4.0.0\npaths: {}", "give an OpenAPI 3.0, 3.1 or Swagger 2 document"),
        ("- 1", "it is no object"),
        ("", "it is no object"),
        ("openapi: 3.0.0", "has no `paths`"),
        ("a: [", "is neither JSON nor YAML"),
    ],
)
def test_what_is_no_document_is_refused_in_a_line(text: str, said: str, inspected: Any) -> None:
    with pytest.raises(Wrong) as refusal:
        inspected(text)
    assert said in str(refusal.value) and len(refusal.value.lines) == 1


def test_aliases_that_stand_for_billions_are_inert(inspected: Any) -> None:
    levels = [f"l{n}: &l{n} {{allOf: [{', '.join([f'*l{n - 1}'] * 9)}]}}" for n in range(1, 30)]
    text = "\n".join(
        [
            "openapi: 3.0.0",
            "l0: &l0 {type: object, properties: {id: {type: string}}}",
            *levels,
            "round: &round {allOf: [*round]}",
            "paths: {/dashboards: {get: {responses: {'200': {content: {application/json: {schema: "
            "{type: array, items: *l29, properties: {x: *round}}}}}}}}}",
        ]
    )
    begun = time.process_time()
    assert inspected(text).service_type == "dashboard"
    assert time.process_time() - begun < 2


class Handler(BaseHTTPRequestHandler):
    """Serves one document, and redirects."""

    asked: ClassVar[list[str]] = []
    body: ClassVar[bytes] = b""
    target: ClassVar[str] = ""

    def do_GET(self) -> None:
        self.asked.append(self.path)
        if self.path == "/elsewhere":
            self.send_response(302)
            self.send_header("Location", self.target)
            self.end_headers()
            return
        self.send_response(200)
        self.end_headers()
        self.wfile.write(self.body)

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def server() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as running:
        thread = threading.Thread(target=running.serve_forever, daemon=True)
        thread.start()
        Handler.asked.clear()
        yield f"http://127.0.0.1:{running.server_port}"
        running.shutdown()
        thread.join()


def test_references_are_never_followed_out(
    inspected: Any, server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret = tmp_path / "secret.json"
    secret.write_text(json.dumps(record("id", "stolen_title")))
    opened: list[str] = []
    real = Path.open

    def watch(self: Path, *arguments: Any, **named: Any) -> Any:
        opened.append(self.name)
        return real(self, *arguments, **named)

    monkeypatch.setattr(Path, "open", watch)
    # A path of the document's own folder, one by its address, one of the server, and pointers into others.
    outside = [secret.as_uri(), "secret.json", "file:///etc/passwd", f"{server}/x.json#/a", "//127.0.0.1/x", "../../x#"]
    for reference in outside:
        raw = document(
            {"/dashboards": {"get": operation(several({"$ref": reference}))}, "/charts": {"$ref": reference}}
        )
        found = inspected(raw)
        assert "stolen" not in found.text()
        assert any("outside of the document" in said for said in found.unmapped), reference
    assert Handler.asked == []
    assert "secret.json" not in opened and "passwd" not in opened


def test_only_the_host_that_was_given_is_asked(server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    Handler.body = json.dumps(dashboards()).encode()
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    assert inspect(f"{server}/openapi.json").service_type == "dashboard"
    Handler.target = "/openapi.json"
    assert inspect(f"{server}/elsewhere").service_type == "dashboard"
    Handler.asked.clear()
    for target in (server.replace("127.0.0.1", "localhost") + "/x", "file:///etc/passwd", "http://127.0.0.1:1/x"):
        Handler.target = target
        with pytest.raises(Wrong, match=r"leads to another server|answers 302"):
            inspect(f"{server}/elsewhere")
    assert Handler.asked == ["/elsewhere"] * 3
    for address in ("ftp://127.0.0.1/x", "file:///etc/passwd"):
        with pytest.raises(Wrong, match=r"http:// or https://"):
            inspect(address)
    with pytest.raises(Wrong, match="leave user and password out") as refusal:
        inspect(server.replace("//", "//bob:s3cret@"))
    assert "s3cret" not in str(refusal.value)


def test_a_body_without_an_end_is_broken_off(server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("scaffold_connector.inspecting.documents.LARGEST", 1_000_000)
    Handler.body = b"[" + b" " * 3_000_000
    read: list[int] = []
    monkeypatch.setattr("scaffold_connector.inspecting.documents.parse", lambda raw, shown: read.append(len(raw)))
    with pytest.raises(Wrong):
        inspect(server)
    assert 1_000_000 < read[0] < 1_200_000


# ---- The command -----------------------------------------------------------------------------------------------------


def test_command_writes_once_and_says_what_is_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("openapi.json").write_text(json.dumps(dashboards(query("page"))))
    assert main(["inspect", "openapi.json"]) == 0
    said = capsys.readouterr().out
    assert "scaffold-connector probe example.answers.yml" in said
    assert all(len(line) <= 80 for line in said.splitlines())
    before = Path("example.answers.yml").read_text()
    assert main(["inspect", "openapi.json", "--name", "example"]) == 2
    assert "exists already" in capsys.readouterr().err
    assert main(["inspect", "openapi.json", "--force", "--format", "json"]) == 0
    assert json.loads(capsys.readouterr().out)["answers"]["service_type"] == "dashboard"
    assert main(["inspect", "openapi.json", "--write", "-"]) == 0
    assert capsys.readouterr().out == before == Path("example.answers.yml").read_text()
    assert main(["inspect", "openapi.json", "--service-type", "dashbord"]) == 2
    assert main(["inspect", "nothing.json"]) == 2
    assert main(["inspect", "openapi.json", "--service-type", "search", "--write", "-"]) == 1


def test_pictures_show_what_is_said_now() -> None:
    stale = [path.name for path, text in pictures().items() if not path.exists() or path.read_text() != text]
    assert stale == [], "run python docs/terminals.py"


def test_help_names_inspect(capsys: pytest.CaptureFixture[str]) -> None:
    for words in (["--help"], ["inspect", "--help"]):
        with pytest.raises(SystemExit):
            main(words)
        assert "scaffold-connector inspect" in capsys.readouterr().out


def test_vocabulary_knows_only_fields_that_there_are() -> None:
    vocabulary = Vocabulary()
    known = {name for one in vocabulary.services for each in vocabulary.resources(one).values() for name in each.fields}
    known |= {name for fields in vocabulary.fields["nested"].values() for name in fields}
    assert vocabulary.words["properties"].keys() <= known
