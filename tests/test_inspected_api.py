"""A FastAPI application without any list: its collections and endpoints are read from its own OpenAPI document."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from scaffold_connector.inspecting import inspect
from tests.conftest import need
from tests.support import airflow, served
from tests.support.connector import Deploy
from tests.support.python import Warm
from tests.support.served import INSIDE

pytestmark = [pytest.mark.framework, pytest.mark.real, pytest.mark.xdist_group("airflow")]

# Each path is a collection, each of its methods an endpoint: its name, what it is called, and its parameters.
APPLICATION: dict[str, dict[str, tuple[str | None, list[str]]]] = {
    "/quote": {"post": ("Quote a parcel", [])},
    "/zones/{zone}/price": {"get": ("Price", ["zone", "weight"])},
    "/quotes/{number}": {"get": ("Kept", ["number"]), "delete": ("Forget", ["number"])},
}


def test_paths_and_methods_arrive(cache: Path, deploy: Deploy, schemas: Path, warm: Warm, tmp_path: Path) -> None:
    need(airflow.install(cache))  # whose environment has FastAPI

    def command(home: Path, port: int) -> list[str]:
        return [str(served.python(cache, airflow.NAME)), str(INSIDE / "fastapi_app.py"), str(port)]

    with served.running("fastapi", command, lambda running: served.ask(f"{running.url}/openapi.json")) as running:
        found = inspect(f"{running.url}/openapi.json", service_type="api", name="tariffs")
        connector = deploy(yaml.safe_load(found.text()), "contrib", tmp_path)
        with connector.server(schemas, warm) as server:
            run = connector.ingest(connector.pointed(server, hostPort=running.url))
            assert run.returncode == 0, run.output[-5000:]
            assert server.faults == []
            collections = [entity["name"] for entity in server.entities("apiCollections")]
            endpoints: dict[str, dict[str, Any]] = {path: {} for path in APPLICATION}
            for entity in server.entities("apiEndpoints"):
                fields = [field["name"] for field in (entity.get("requestSchema") or {}).get("schemaFields") or ()]
                path = entity["fullyQualifiedName"].removeprefix("tariffs.").rpartition(".")[0].strip('"')
                endpoints.setdefault(path, {})[entity["name"]] = (entity.get("displayName"), fields)
    assert sorted(collections) == sorted(APPLICATION)
    assert endpoints == APPLICATION
