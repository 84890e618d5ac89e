"""Endpoints of the answers become the paths of a client; sample records are what such a client reads."""

from __future__ import annotations

import pytest

from extensions.catalog import Catalog
from extensions.endpoints import matches
from extensions.resources import Resource, resources, sample_records
from tests.conftest import ROOT

SERVICES = Catalog(ROOT / "catalog").services


def matched(service_type: str, answer: str, prefix: str = "") -> dict[str, Resource]:
    known = SERVICES[service_type]["resources"]
    return resources(known, matches(answer, known, prefix))


@pytest.mark.parametrize(
    ("service_type", "endpoint", "resource", "path"),
    [
        ("dashboard", "GET /dashboards", "dashboards", "/dashboards"),
        ("dashboard", "/dashboards", "dashboards", "/dashboards"),
        ("dashboard", "get /v2/boards/", "dashboards", "/v2/boards"),
        ("dashboard", "GET /dashboards/{id}/charts", "charts", "/dashboards/{dashboard}/charts"),
        ("dashboard", "GET /dashboards/:id/tiles", "charts", "/dashboards/{dashboard}/tiles"),
        ("dashboard", "GET /charts?dashboard=<uid>", "charts", "/charts?dashboard={dashboard}"),
        ("dashboard", "GET /data-sets", "data_models", "/data-sets"),
        ("dashboard", "GET /savedQueries", "data_models", "/savedQueries"),
        (
            "mlmodel",
            "GET /api/2.0/mlflow/registered-models/search",
            "models",
            "/api/2.0/mlflow/registered-models/search",
        ),
        ("messaging", "GET /api/queues", "topics", "/api/queues"),
        ("search", "GET /_cat/indices", "indexes", "/_cat/indices"),
        ("search", "GET /indexes/search", "indexes", "/indexes/search"),
        ("search", "GET /<index>/_search", "documents", "/{index}/_search"),
        ("messaging", "GET /schemas?latestOnly=true", "schemas", "/schemas?latestOnly=true"),
        (
            "messaging",
            "GET /subjects/{topic}-value/versions/latest",
            "schemas",
            "/subjects/{topic}-value/versions/latest",
        ),
        (
            "database",
            "GET /catalogs/{c}/schemas/{s}/tables",
            "tables",
            "/catalogs/{database}/schemas/{schema}/tables",
        ),
        ("database", "GET /schemas/{s}/tables", "tables", "/schemas/{schema}/tables"),
        ("pipeline", "GET /jobs/{id}/steps", "tasks", "/jobs/{pipeline}/steps"),
        ("pipeline", "GET /runs/{id}/steps", "task_runs", "/runs/{run}/steps"),
        (
            "pipeline",
            "GET /dags/{d}/dagRuns/{r}/taskInstances",
            "task_runs",
            "/dags/{pipeline}/dagRuns/{run}/taskInstances",
        ),
        ("pipeline", "GET /task-runs", "task_runs", "/task-runs"),
        ("dashboard", "GET /api/v1/dashboard/", "dashboards", "/api/v1/dashboard"),
        ("dashboard", "GET /dashboard/{id}/chart/", "charts", "/dashboard/{dashboard}/chart"),
        ("dashboard", "GET /data-model", "data_models", "/data-model"),
        ("dashboard", "GET /dashboard/list?all=1", "dashboards", "/dashboard/list?all=1"),
        ("database", "GET /catalog/{c}/schema/{s}/table", "tables", "/catalog/{database}/schema/{schema}/table"),
        ("search", "GET /_cat/index", "indexes", "/_cat/index"),
        ("search", "GET /{index}/_mapping", "fields", "/{index}/_mapping"),
        ("pipeline", "GET /run/{id}/step", "task_runs", "/run/{run}/step"),
    ],
)
def test_endpoint_belongs_to_the_resource_of_its_last_noun(
    service_type: str, endpoint: str, resource: str, path: str
) -> None:
    found = matched(service_type, endpoint)[resource]
    assert (found.path, found.answered, found.optional) == (path, True, False)


def test_prefix_is_not_part_of_a_path() -> None:
    assert matched("messaging", "GET /api/queues", "/api")["topics"].path == "/queues"


def test_endpoint_with_a_placeholder_at_its_end_shows_one() -> None:
    dashboards = matched("dashboard", "GET /boards/{id}, GET /boards")["dashboards"]
    assert (dashboards.path, dashboards.detail) == ("/boards", "/boards/{dashboard}")


@pytest.mark.parametrize(
    ("endpoint", "single"),
    [
        ("GET /topics/{id}/schemas", False),
        ("GET /topics/{id}/schema", True),
        ("GET /schema/{topic}", True),
        ("GET /subjects/{id}-value/versions/latest", True),
        ("GET /schemas/{id}/versions", False),
        ("", False),
    ],
)
def test_noun_of_one_thing_shows_the_one_of_a_parent(endpoint: str, single: bool) -> None:
    assert matched("messaging", endpoint)["schemas"].single is single


def test_resource_without_an_endpoint_has_the_usual_path() -> None:
    charts = matched("dashboard", "GET /charts, GET /reports")["data_models"]
    assert (charts.path, charts.answered, charts.optional) == ("/data_models", False, True)


def test_usual_path_of_children_is_below_that_of_their_parents() -> None:
    assert matched("dashboard", "GET /v2/boards?all=1")["charts"].path == "/v2/boards/{dashboard}/charts"
    assert matched("database", "GET /schemas")["columns"].path == "/schemas/{schema}/tables/{table}/columns"


@pytest.mark.parametrize(
    ("service_type", "endpoint", "resource", "words"),
    [
        ("pipeline", "GET /jobs", "pipelines", ("pipeline", "job")),
        ("pipeline", "GET /pipelines", "pipelines", ("pipeline",)),
        ("pipeline", "", "pipelines", ("pipeline",)),
        ("dashboard", "GET /queries", "data_models", ("datamodel", "query")),
        ("search", "GET /indices", "indexes", ("index",)),
        ("search", "GET /indexes", "indexes", ("index",)),
    ],
)
def test_words_are_those_of_the_source_too(
    service_type: str, endpoint: str, resource: str, words: tuple[str, ...]
) -> None:
    assert matched(service_type, endpoint)[resource].words == words


def test_sample_records_refer_to_siblings() -> None:
    records = sample_records(matched("pipeline", ""), {})
    pipeline_of = {task["id"]: task["pipeline_id"] for task in records["tasks"]}
    assert all(pipeline_of[run["task_id"]] == run["pipeline_id"] for run in records["task_runs"])
    assert {run["task_id"] for run in records["task_runs"]} == set(pipeline_of)


@pytest.mark.parametrize("service_type", SERVICES)
def test_sample_records_have_parents_and_names_of_their_own(service_type: str) -> None:
    listed = matched(service_type, "")
    records = sample_records(listed, {})
    for name, resource in listed.items():
        ids = [record["id"] for record in records[name]]
        assert len(ids) == len(set(ids)) >= 5
        if resource.parents:
            parents = {record["id"] for record in records[resource.parent_name]}
            assert {record[f"{resource.parent}_id"] for record in records[name]} == parents


@pytest.mark.parametrize(
    ("answer", "contents"),
    [
        ("", "/containers/{container}/objects/{object}"),
        ("GET /buckets, GET /buckets/{b}/files", "/buckets/{container}/files/{object}"),
        ("GET /blobs?kind=file", "/blobs/{object}"),
        ("GET /b/{b}/blobs/{key}?alt=media", "/b/{container}/blobs/{object}?alt=media"),
    ],
)
def test_contents_are_where_one_is_shown(answer: str, contents: str) -> None:
    objects = matched("storage", answer)["objects"]
    assert (objects.contents, objects.detail) == (contents, "")
