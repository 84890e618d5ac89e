"""What dbt leaves of a project with two models: the files, as its own parser takes them."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

Json = dict[str, Any]

PROJECT = "shop"
PRODUCTS, CHECK = f"model.{PROJECT}.products", f"model.{PROJECT}.price_check"
NOT_NULL, UNIQUE = f"test.{PROJECT}.sku_not_null", f"test.{PROJECT}.price_unique"
SQL = {
    PRODUCTS: "select sku, unit_price from shop.sales.order_archive",
    CHECK: "select unit_price as price from shop.stock.products",
}


def missing(framework: Path) -> str | None:
    """What the framework lacks to read the files of dbt, as one line."""
    done = subprocess.run(
        [str(framework), "-c", "import collate_dbt_artifacts_parser"], capture_output=True, check=False
    )
    return "collate-dbt-artifacts-parser is missing beside the framework" if done.returncode else None


def write(folder: Path) -> dict[str, str]:
    """Write the files of the project; gives the `dbtConfigSource` that names them."""
    folder.mkdir()
    contents = {"manifest": _manifest(), "catalog": _catalog(), "run_results": _run_results()}
    for name, content in contents.items():
        (folder / f"{name}.json").write_text(json.dumps(content), encoding="utf-8")
    return {
        "dbtManifestFilePath": str(folder / "manifest.json"),
        "dbtCatalogFilePath": str(folder / "catalog.json"),
        "dbtRunResultsFilePath": str(folder / "run_results.json"),
    }


def _metadata(artifact: str, version: int) -> Json:
    return {
        "dbt_schema_version": f"https://schemas.getdbt.com/dbt/{artifact}/v{version}.json",
        "dbt_version": "1.9.0",
        "generated_at": "2026-01-02T03:04:05.250000Z",
        "invocation_id": "5e1f",
        "env": {},
    }


def _node(identity: str, **more: Any) -> Json:
    kind, project, name = identity.split(".")
    return {
        "unique_id": identity,
        "resource_type": kind,
        "package_name": project,
        "name": name,
        "alias": name,
        "database": "shop",
        "schema": "stock",
        "fqn": [project, name],
        "path": f"{name}.sql",
        "original_file_path": f"models/{name}.sql",
        "checksum": {"name": "sha256", "checksum": "0"},
        "language": "sql",
        **more,
    }


def _model(identity: str, description: str, columns: dict[str, str], reads: list[str], **more: Any) -> Json:
    return _node(
        identity,
        description=description,
        columns={name: {"name": name, "description": text} for name, text in columns.items()},
        depends_on={"macros": [], "nodes": reads},
        raw_code=SQL[identity],
        compiled_code=SQL[identity],
        compiled=True,
        **more,
    )


def _test(identity: str, kind: str, column: str, model: str) -> Json:
    return _node(
        identity,
        column_name=column,
        attached_node=model,
        depends_on={"macros": [], "nodes": [model]},
        test_metadata={"name": kind, "kwargs": {"column_name": column}},
        raw_code="",
        compiled_code="select 1",
        compiled=True,
    )


def _manifest() -> Json:
    nodes = {
        PRODUCTS: _model(PRODUCTS, "What can be ordered today", {"sku": "Number on the shelf"}, [], tags=["shelf"]),
        CHECK: _model(CHECK, "Prices, looked at again", {}, [PRODUCTS], alias="Price Check"),
        NOT_NULL: _test(NOT_NULL, "not_null", "sku", PRODUCTS),
        UNIQUE: _test(UNIQUE, "unique", "price", CHECK),
    }
    empty = ("sources", "macros", "docs", "exposures", "metrics", "groups", "selectors", "disabled", "saved_queries")
    return {
        "metadata": _metadata("manifest", 12) | {"project_name": PROJECT, "adapter_type": "postgres"},
        "nodes": nodes,
        "parent_map": {identity: node["depends_on"]["nodes"] for identity, node in nodes.items()},
        "child_map": {},
        "group_map": {},
        **{name: {} for name in (*empty, "semantic_models", "unit_tests")},
    }


def _catalog() -> Json:
    def table(name: str, columns: list[str]) -> Json:
        return {
            "metadata": {"type": "BASE TABLE", "database": "shop", "schema": "stock", "name": name, "owner": "admin"},
            "columns": {
                column: {"type": "text", "index": place, "name": column}
                for place, column in enumerate(columns, start=1)
            },
            "stats": {},
        }

    return {
        "metadata": _metadata("catalog", 1),
        "nodes": {PRODUCTS: table("products", ["sku", "unit_price"]), CHECK: table("Price Check", ["price"])},
        "sources": {},
        "errors": None,
    }


def _run_results() -> Json:
    def result(identity: str, status: str, failures: int) -> Json:
        moment = {"started_at": "2026-01-02T03:04:05.250000Z", "completed_at": "2026-01-02T03:04:06.500000Z"}
        return {
            "unique_id": identity,
            "status": status,
            "timing": [{"name": "compile", **moment}, {"name": "execute", **moment}],
            "thread_id": "Thread-1",
            "execution_time": 0.1,
            "adapter_response": {},
            "message": None,
            "failures": failures,
            "compiled": True,
            "compiled_code": "select 1",
            "relation_name": None,
        }

    return {
        "metadata": _metadata("run-results", 6),
        "results": [result(NOT_NULL, "pass", 0), result(UNIQUE, "fail", 1)],
        "elapsed_time": 0.2,
        "args": {},
    }
