"""Dashboards with all that can be asked for: lineage, views, data models, of an API whose tables OpenMetadata knows."""

from __future__ import annotations

from base64 import b64encode
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from tests.support.api import Api
from tests.support.connector import Deploy
from tests.support.openmetadata import RecordingServer
from tests.support.python import Warm

pytestmark = pytest.mark.framework

AUTHORIZATION = "Basic " + b64encode(b"openmetadata:s3cret").decode()
ANSWERS: dict[str, Any] = {
    "name": "some_bi",
    "service_type": "dashboard",
    "connection_type": "rest_api",
    "auth_types": ["basic"],
    "capabilities": ["lineage", "usage", "data_models", "projects", "tags"],
    "api_endpoints": "GET /dashboards, GET /dashboards/{id}/charts, GET /datasets",
    "pagination": "page",
}
PATHS = {"/dashboards": "dashboards", "/dashboards/{dashboard}/charts": "charts", "/datasets": "datasets"}

# What OpenMetadata knows: the columns of tables below service, database and schema, with their types.
TABLES = {
    "warehouse.shop.sales.orders": {"id": "INT", "buyer_id": "INT", "total": "INT"},
    "warehouse.shop.sales.buyers": {"id": "INT", "name": "INT"},
    "warehouse.shop.stock.items": {"id": "INT", "price": "INT"},
    # The same names once more, where no prefix leads to.
    "archive.shop.sales.orders": {"id": "INT", "total": "INT"},
}

REVENUE = """
WITH big AS (SELECT o.id, o.buyer_id, o.total * 2 AS twice FROM sales.orders AS o WHERE o.total > 100)
SELECT big.id AS number, b.name, big.twice FROM big JOIN sales.buyers AS b ON b.id = big.buyer_id
"""
STOCK = "SELECT price FROM shop.stock.items JOIN sales.unknown USING (id)"

RECORDS: dict[str, list[dict[str, Any]]] = {
    "datasets": [
        {"id": "m1", "name": "revenue", "sql": REVENUE, "columns": ["number", "name", "Twice"], "project": "Shop"},
        {"id": "m2", "name": "items", "table_name": "items", "schema": "stock", "columns": [{"name": "price"}]},
        {"id": "m3", "name": "nobody's", "table_name": "unknown", "schema": "sales", "columns": []},
    ],
    "dashboards": [
        {"id": "d1", "title": "Sales", "view_count": 40, "project": {"name": "Shop"}, "tags": ["gold"]},
        {"id": "d2", "title": "Stock", "view_count": "7", "datasets": ["items"]},
        {"id": "d3", "title": "New", "view_count": 0},
    ],
    "charts": [
        {"id": "c1", "name": "Revenue", "dashboard_id": "d1", "dataset_id": "m1", "type": "pie"},
        {"id": "c2", "name": "Prices", "dashboard_id": "d1", "query": {"query": STOCK}, "viz_type": "big_number_total"},
        {
            "id": "c3",
            "name": "Orders",
            "dashboard_id": "d2",
            "tables": ["warehouse.shop.sales.orders"],
            "type": "dist_bar",
        },
        {"id": "c4", "name": "None", "dashboard_id": "d3", "query": "what happened?", "chart_type": "box_plot"},
    ],
}

# What these records say, with the columns as far as they say it.
MODEL = "some_bi.model"
EDGES = {
    ("warehouse.shop.sales.orders", f"{MODEL}.m1"): {("id", "number"), ("total", "Twice")},
    ("warehouse.shop.sales.buyers", f"{MODEL}.m1"): {("name", "name")},
    ("warehouse.shop.stock.items", f"{MODEL}.m2"): {("price", "price")},
    (f"{MODEL}.m1", "some_bi.c1"): set(),
    (f"{MODEL}.m1", "some_bi.d1"): set(),
    ("warehouse.shop.stock.items", "some_bi.c2"): set(),
    ("warehouse.shop.stock.items", "some_bi.d1"): set(),
    (f"{MODEL}.m2", "some_bi.d2"): set(),
    ("warehouse.shop.sales.orders", "some_bi.c3"): set(),
    ("warehouse.shop.sales.orders", "some_bi.d2"): set(),
}


def views(server: RecordingServer) -> dict[str, int]:
    """The views that OpenMetadata has counted, on all days."""
    return {name: sum(days.values()) for name, days in server.usage().items()}


def test_lineage_and_views_are_what_the_records_say_and_arrive_once(
    deploy: Deploy, schemas: Path, warm: Warm, tmp_path: Path
) -> None:
    connector = deploy(ANSWERS, "package", tmp_path)
    records = deepcopy(RECORDS)
    with Api(records, PATHS, AUTHORIZATION) as api, connector.server(schemas, warm) as server:
        server.know_tables(TABLES)
        workflow = connector.pointed(server, hostPort=api.url)
        lineage = workflow["source"]["sourceConfig"]["config"]["lineageInformation"]
        lineage["dbServicePrefixes"].append("warehouse.shop")

        def run() -> list[str]:
            """Run it, and return what was asked of OpenMetadata's search."""
            before = len(server.requests)
            done = connector.ingest(workflow, password="s3cret")
            assert done.returncode == 0, done.output[-5000:]
            assert server.faults == []
            assert " ERROR " not in done.output, done.output[-5000:]
            searches = [one.query for one in server.requests[before:] if one.path == "/v1/search/fieldQuery"]
            return [query["fieldValue"] for query in searches if query["index"] == "table_search_index"]

        searched = run()
        assert server.column_edges() == EDGES
        assert len(searched) == len(set(searched)) == 4
        assert views(server) == {"some_bi.d1": 40, "some_bi.d2": 7}
        models = {one["name"]: one for one in server.entities("dashboard/datamodels")}
        assert {name: [column["name"] for column in model["columns"]] for name, model in models.items()} == {
            "m1": ["number", "name", "Twice"],
            "m2": ["price"],
            "m3": [],
        }
        assert models["m1"]["project"] == "Shop"
        kinds = {one["name"]: one["chartType"] for one in server.entities("charts")}
        assert kinds == {"c1": "Pie", "c2": "Line", "c3": "Bar", "c4": "BoxPlot"}
        dashboards = {one["name"]: one for one in server.entities("dashboards")}
        held = {name: {model["name"] for model in one["dataModels"]} for name, one in dashboards.items()}
        assert held == {"d1": {"m1"}, "d2": {"m2"}, "d3": set()}

        records["dashboards"][1]["view_count"] = 9
        # An edge of an earlier run is gone after one that may override, and no edge of this run with it.
        stale = "lineage/table/name/archive.shop.sales.orders/dashboard/name/some_bi.d1"
        server.put(stale, source="DashboardLineage")
        workflow["source"]["sourceConfig"]["config"]["overrideLineage"] = True
        run()
        assert server.column_edges() == EDGES
        assert views(server) == {"some_bi.d1": 40, "some_bi.d2": 9}


def test_recording_server_forgets_the_edges_of_one_source_into_an_entity(schemas: Path) -> None:
    server = RecordingServer(schemas)
    server.know_tables(TABLES)
    names = list(TABLES)
    for origin, source in ((names[1], "QueryLineage"), (names[2], "ViewLineage"), (names[3], "QueryLineage")):
        server.put(f"lineage/table/name/{origin}/table/name/{names[0]}", source=source)
    assert server.handle("DELETE", f"/api/v1/lineage/table/name/{names[0]}/type/QueryLineage", b"").status == 200
    assert [(origin, target) for origin, target, _ in server.edges()] == [(names[2], names[0])]
    assert server.handle("DELETE", "/api/v1/lineage/table/name/none/type/QueryLineage", b"").status == 404
