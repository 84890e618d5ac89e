"""Pipelines and ML models with all that can be asked for, of an API whose tables OpenMetadata knows."""

from __future__ import annotations

from base64 import b64encode
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from extensions.answers import Choices, accepted
from extensions.catalog import Catalog
from tests.conftest import ROOT
from tests.support.api import Api
from tests.support.connector import Connector, Deploy
from tests.support.openmetadata import RecordingServer
from tests.support.python import Warm

pytestmark = pytest.mark.framework

Json = dict[str, Any]

AUTHORIZATION = "Basic " + b64encode(b"openmetadata:s3cret").decode()
CHOICES = Choices(Catalog(ROOT / "catalog"))

# What OpenMetadata knows: the columns of tables below service, database and schema.
TABLES = {
    "warehouse.shop.sales.orders": {"id": "BIGINT", "buyer": "VARCHAR", "total": "DECIMAL"},
    "warehouse.shop.sales.buyers": {"name": "VARCHAR", "since": "DATE"},
    "warehouse.shop.sales.report": {"buyer": "VARCHAR", "since": "DATE", "total": "DECIMAL"},
    "warehouse.shop.stock.items": {"id": "BIGINT", "price": "DECIMAL"},
    # The same names once more, in a service that no workflow here names.
    "archive.shop.sales.orders": {"id": "BIGINT"},
    "archive.shop.sales.report": {"id": "BIGINT"},
}
ORDERS, BUYERS, REPORT, ITEMS = list(TABLES)[:4]


def answers(service_type: str, endpoints: str) -> Json:
    """All that a connector of this type can do, over the API in tests/support/api.py, whose records have no owners."""
    able = accepted(CHOICES.capabilities(service_type, "rest_api", ""))
    return {
        "name": f"some_{service_type}",
        "service_type": service_type,
        "connection_type": "rest_api",
        "auth_types": ["basic"],
        "capabilities": [capability for capability in able if capability != "owners"],
        "api_endpoints": endpoints,
        "api_prefix": "/api",
        "pagination": "page",
    }


def ingest(connector: Connector, server: RecordingServer, api: Api, lineage: Json, **settings: Any) -> None:
    """Run the workflow that was scaffolded; it ends well, sends nothing wrong, and looks for no table twice."""
    before = len(server.requests)
    workflow = connector.pointed(server, hostPort=api.url)
    config = workflow["source"]["sourceConfig"]["config"]
    # The names to edit are in the workflow already.
    assert config["lineageInformation"].keys() == lineage.keys()
    config |= {"lineageInformation": lineage} | settings
    run = connector.ingest(workflow, password="s3cret")
    assert run.returncode == 0, run.output[-5000:]
    assert server.faults == []
    for alarm in ("s3cret", " ERROR ", " - Warning: "):
        assert alarm not in run.output, run.output[-5000:]
    searched = [one for one in server.requests[before:] if one.path == "/v1/search/fieldQuery"]
    assert set(Counter(one.query["fieldValue"] for one in searched).values()) == {1}


NOW = datetime.now(UTC).replace(microsecond=0)


def ago(hours: int) -> str:
    return (NOW - timedelta(hours=hours)).isoformat()


def stamp(hours: int) -> int:
    return round((NOW - timedelta(hours=hours)).timestamp() * 1000)


INSERT = """
INSERT INTO sales.report
SELECT b.name AS buyer, b.since, sum(o.total) AS total
FROM shop.sales.orders AS o JOIN sales.buyers AS b ON b.name = o.buyer GROUP BY b.name, b.since
"""

# Jobs in an API's own words: their steps, runs and the runs of steps are listed by paths below them.
JOBS: dict[str, list[Json]] = {
    "jobs": [
        {"job_id": "report", "job_name": "Report", "labels": ["daily"]},
        {"job_id": "copy", "sources": ["Sales.Orders"], "targets": [{"schema": "stock", "table": "items"}, "nowhere"]},
        {"job_id": "check"},
        {"job_id": "other", "inputs": {"type": "object", "properties": {}}, "outputs": ["archive.shop.sales.report"]},
    ],
    "steps": [
        {"job_id": "report", "step_id": "fill", "query": INSERT},
        {"job_id": "report", "step_id": "tell", "depends_on": ["fill"]},
        {"job_id": "copy", "step_id": "pick", "query": "SELECT id, total FROM sales.orders", "writes": "stock.items"},
        {"job_id": "check", "step_id": "look", "name": "Look", "inlets": {"database": "shop", "table": "sales.buyers"}},
        {"job_id": "check", "step_id": "note", "output_tables": "sales.report, perhaps"},
        {"job_id": "check", "step_id": "write", "output_tables": ["warehouse.shop.sales.report"]},
    ],
    "runs": [
        {"job_id": "report", "run_id": "4", "status": "queued", "created_at": ago(1)},
        {"job_id": "report", "run_id": "3", "status": "FAILED", "start_time": ago(2), "end_time": ago(1)},
        {"job_id": "report", "run_id": "2", "status": "success", "start_time": ago(4), "end_time": ago(3)},
        {"job_id": "report", "run_id": "1", "status": "success", "start_time": ago(200), "end_time": ago(199)},
        {
            "job_id": "check",
            "run_id": "5",
            "status": "running",
            "start_time": ago(1),
            "steps": [
                {"step_id": "look", "state": "done", "started_at": ago(1), "logs": "all is well"},
                {"name": "write", "state": {"life_cycle_state": "PENDING"}},
            ],
        },
    ],
    "step_runs": [
        {"job_id": "report", "run_id": "3", "id": "31", "step_id": "fill", "status": "failed", "start_time": ago(2)},
        {"job_id": "report", "run_id": "3", "id": "32", "step_id": "fill", "status": "ok", "log_url": "/logs/32"},
        {"job_id": "report", "run_id": "3", "id": "33", "step_id": "gone", "status": "ok"},
        {"job_id": "report", "run_id": "2", "id": "21", "step_id": "tell", "status": "skipped", "end_time": ago(3)},
        {"job_id": "report", "run_id": "1", "id": "11", "step_id": "fill", "status": "ok"},
    ],
}
PLACES = {
    "/api/jobs": "jobs",
    "/api/jobs/{job}/steps": "steps",
    "/api/jobs/{job}/runs": "runs",
    "/api/jobs/{job}/runs/{run}/steps": "step_runs",
}

# What these records say of tables, with the columns as far as they say it.
FLOWS: dict[tuple[str, str], set[tuple[str, str]]] = {
    (ORDERS, REPORT): {("total", "total")},
    (BUYERS, REPORT): {("name", "buyer"), ("since", "since")},
    (ORDERS, ITEMS): {("id", "id")},
    (BUYERS, "some_pipeline.check"): set(),
    ("some_pipeline.check", REPORT): set(),
}


def states(url: str) -> dict[str, dict[int, tuple[str, set[tuple[Any, ...]]]]]:
    """What they say of runs, by their times: how they went, and how each step did, from when to when, with its log."""
    return {
        "some_pipeline.report": {
            stamp(2): (
                "Failed",
                {
                    ("fill", "31", "Failed", stamp(2), None, None),
                    ("fill", "32", "Successful", None, None, f"{url}/logs/32"),
                },
            ),
            stamp(4): ("Successful", {("tell", "21", "Skipped", None, stamp(3), None)}),
        },
        "some_pipeline.check": {
            stamp(1): (
                "Pending",
                {
                    ("look", "look", "Successful", stamp(1), None, None),
                    ("write", None, "Pending", None, None, None),
                },
            ),
        },
    }


def arrived_states(server: RecordingServer) -> dict[str, dict[int, tuple[str, set[tuple[Any, ...]]]]]:
    fields = ("name", "taskId", "executionStatus", "startTime", "endTime", "logLink")
    found = {
        pipeline["fullyQualifiedName"]: {
            status["timestamp"]: (
                status["executionStatus"],
                {tuple(task.get(field) for field in fields) for task in status["taskStatus"]},
            )
            for status in server.statuses(pipeline["fullyQualifiedName"])
        }
        for pipeline in server.entities("pipelines")
    }
    return {name: statuses for name, statuses in found.items() if statuses}


def test_pipelines_arrive_with_lineage_and_the_runs_of_tasks(
    deploy: Deploy, schemas: Path, warm: Warm, tmp_path: Path
) -> None:
    endpoints = "GET /jobs, GET /jobs/{id}/steps, GET /jobs/{id}/runs, GET /jobs/{id}/runs/{run}/steps"
    connector = deploy(answers("pipeline", endpoints), "package", tmp_path)
    lineage = {"dbServiceNames": ["warehouse"]}
    with Api(JOBS, PLACES, AUTHORIZATION) as api, connector.server(schemas, warm) as server:
        server.know_tables(TABLES)
        ingest(connector, server, api, lineage)
        assert server.column_edges() == FLOWS
        details = {(upstream, downstream): details for upstream, downstream, details in server.edges()}
        assert {one["source"] for one in details.values()} == {"PipelineLineage"}
        made_by = {
            ends: server.store.find(one["pipeline"]["id"]) for ends, one in details.items() if one.get("pipeline")
        }
        assert {ends: pipeline and pipeline["fullyQualifiedName"] for ends, pipeline in made_by.items()} == {
            (ORDERS, REPORT): "some_pipeline.report",
            (BUYERS, REPORT): "some_pipeline.report",
            (ORDERS, ITEMS): "some_pipeline.copy",
        }
        assert arrived_states(server) == states(api.url)
        # Neither the steps of runs that are not sent nor those that a run holds are asked for.
        asked = [target.partition("?")[0] for target in api.asked]
        assert {path for path in asked if "/runs/" in path} == {f"/api/jobs/report/runs/{run}/steps" for run in (2, 3)}

        # An edge that the pipeline had before is gone after a run that may override, and all others are as they were.
        stale = {"source": "PipelineLineage", "pipeline": details[ORDERS, REPORT]["pipeline"]}
        ends = [{"type": "table", "id": (server.store.find(name) or {})["id"]} for name in (ITEMS, REPORT)]
        edge = {"fromEntity": ends[0], "toEntity": ends[1], "lineageDetails": stale}
        server.put("lineage", edge=edge)
        ingest(connector, server, api, lineage, overrideLineage=True)
        assert server.column_edges() == FLOWS
        assert arrived_states(server) == states(api.url)


MODELS: list[Json] = [
    {
        "name": "churn",
        "features": [
            {"name": "spent", "type": "double", "source": {"table": "sales.orders", "column": "TOTAL"}},
            {"name": "since", "type": "string", "table": "sales.buyers"},
            {"name": "luck", "type": "float", "table": "sales.luck"},
        ],
        "hyper_parameters": {"depth": 6, "loss": "log"},
        "store": "s3://models/churn",
        "training_data": [{"dataset": {"name": "shop.sales.buyers"}}],
    },
    {
        "name": "price",
        "latest_versions": [
            {"version": "1", "source": "s3://models/price/1", "tags": {"dataset": "sales.report"}},
            {"version": "2", "source": "s3://models/price/2", "tags": {"dataset": "stock.items"}},
        ],
        "tags": [{"key": "team", "value": "sales.orders"}],
    },
    {"name": "taste", "training_dataset": "nowhere.at.all"},
]


def test_models_arrive_with_what_they_were_trained_with(
    deploy: Deploy, schemas: Path, warm: Warm, tmp_path: Path
) -> None:
    connector = deploy(answers("mlmodel", "GET /registered-models"), "package", tmp_path)
    trained: dict[tuple[str, str], set[tuple[str, str]]] = {
        (ORDERS, "some_mlmodel.churn"): set(),
        (BUYERS, "some_mlmodel.churn"): set(),
        (ITEMS, "some_mlmodel.price"): set(),
    }
    with (
        Api({"models": MODELS}, {"/api/registered-models": "models"}, AUTHORIZATION) as api,
        connector.server(schemas, warm) as server,
    ):
        server.know_tables(TABLES)
        for _ in ("first", "again"):
            ingest(connector, server, api, {"dbServicePrefixes": ["warehouse.shop"]})
            assert server.column_edges() == trained
        models = {model["name"]: model for model in server.entities("mlmodels")}
    assert {name: (model.get("mlStore") or {}).get("storage") for name, model in models.items()} == {
        "churn": "s3://models/churn",
        "price": "s3://models/price/2",
        "taste": None,
    }
    churn = models["churn"]
    assert {one["name"]: one["value"] for one in churn["mlHyperParameters"]} == {"depth": "6", "loss": "log"}
    sources = {
        feature["name"]: [
            ((server.store.find(one["dataSource"]["id"]) or {})["fullyQualifiedName"], one["name"], one["dataType"])
            for one in feature.get("featureSources") or []
        ]
        for feature in churn["mlFeatures"]
    }
    assert sources == {"spent": [(ORDERS, "total", "number")], "since": [(BUYERS, "since", "date")], "luck": []}
