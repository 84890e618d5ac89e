"""A real MLflow tracking server for tests: with models, versions and runs that a user may only read, and a login."""

from __future__ import annotations

import base64
import json
import secrets
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from tests.support import served
from tests.support.openmetadata import RecordingServer
from tests.support.served import INSIDE, Served, ask

Json = dict[str, Any]

NAME = "mlflow"

API = "/api/2.0/mlflow"

# The tag of a run that says what its models take, as JSON in JSON.
SIGNATURES = "mlflow.log-model.history"

# What OpenMetadata calls the types of features.
FEATURE_TYPES = {"double": "numerical", "long": "numerical", "string": "categorical", "boolean": "categorical"}


@dataclass(frozen=True)
class Mlflow:
    """A running server. `user` may only read, the administrator may do everything."""

    served: Served
    admin_password: str = field(repr=False)
    password: str = field(repr=False)
    user: str = "openmetadata"

    @property
    def url(self) -> str:
        return self.served.url

    def call(self, path: str, body: Json | None = None, **query: Any) -> Json:
        """What the API answers the administrator: to a GET, or with a body to a POST."""
        login = base64.b64encode(f"admin:{self.admin_password}".encode()).decode()
        url = f"{self.url}{API}{path}?{urlencode(query)}"
        return dict(ask(url, body, {"Authorization": f"Basic {login}"}))

    def models(self) -> list[Json]:
        """All registered models as the server lists them, on one page."""
        return list(self.call("/registered-models/search", max_results=1000).get("registered_models", []))

    def log(self) -> str:
        """What the server has written so far, each request among it."""
        return self.served.log

    def rows(self, statement: str) -> list[Any]:
        """What a query finds in the server's own database."""
        with closing(sqlite3.connect(f"file:{self.served.home / 'models.db'}?mode=ro", uri=True)) as connection:
            return connection.execute(statement).fetchall()


def install(cache: Path) -> str | None:
    """Make the server's environment below `cache`, or find it there. Returns what is missing as one line, or None."""
    return served.install(cache, NAME)


def packages(cache: Path) -> Path:
    """Where the environment that `install` made has its packages, MLflow's own client among them."""
    (found,) = served.python(cache, NAME).parent.parent.glob("lib/python*/site-packages")
    return found


@contextmanager
def server(cache: Path) -> Iterator[Mlflow]:
    """A server with models, their versions and the runs that made them. RuntimeError if it does not start."""
    passwords = {"admin_password": secrets.token_urlsafe(12), "password": secrets.token_urlsafe(12)}

    def environment(home: Path) -> dict[str, str]:
        """Its users are in a file here."""
        settings = {
            "default_permission": "READ",
            "database_uri": f"sqlite:///{home / 'users.db'}",
            "admin_username": "admin",
            "authorization_function": "mlflow.server.auth:authenticate_request_basic_auth",
            # a password is hashed for a fifth of a second, else with every request
            "auth_cache_ttl_seconds": "3600",
        }
        users = home / "auth.ini"
        lines = "".join(f"{key} = {value}\n" for key, value in settings.items())
        users.write_text(f"[mlflow]\n{lines}", encoding="utf-8")
        return {
            "MLFLOW_AUTH_CONFIG_PATH": str(users),
            "MLFLOW_AUTH_ADMIN_PASSWORD": passwords["admin_password"],
            "MLFLOW_FLASK_SERVER_SECRET_KEY": secrets.token_urlsafe(12),
            "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
            "MLFLOW_DISABLE_TELEMETRY": "true",
        }

    def command(home: Path, port: int) -> list[str]:
        database = f"sqlite:///{home / 'models.db'}"
        start = [str(served.python(cache, NAME)), str(INSIDE / "mlflow_server.py"), database]
        options = ["--app-name=basic-auth", "--host=127.0.0.1", f"--port={port}", "--workers=1"]
        stores = [f"--backend-store-uri={database}", f"--artifacts-destination={home / 'artifacts'}"]
        return [*start, *options, *stores]

    def answers(running: Served) -> None:
        Mlflow(running, **passwords).models()

    with served.running(NAME, command, answers, environment) as running:
        mlflow = Mlflow(running, **passwords)
        mlflow.call("/users/create", {"username": mlflow.user, "password": mlflow.password})
        yield mlflow


def expected(mlflow: Mlflow) -> dict[str, Json]:
    """What OpenMetadata should have of each model and its latest version, by its name, in the form of `arrived`."""
    # The latest version comes last, and takes the place of the others.
    versions = {
        name: (source, run)
        for name, source, run in mlflow.rows("select name, source, run_id from model_versions order by version")
    }
    params: dict[str, dict[str, str]] = {}
    for run, key, value in mlflow.rows("select run_uuid, key, value from params"):
        params.setdefault(run, {})[key] = value
    logged = {
        run: json.loads(json.loads(value)[-1]["signature"]["inputs"])
        for run, value in mlflow.rows(f"select run_uuid, value from tags where key = '{SIGNATURES}'")
    }
    found = {}
    for name, description in mlflow.rows("select name, description from registered_models"):
        source, run = versions.get(name, (None, None))
        found[name] = {
            "displayName": name,
            "description": description or None,
            "algorithm": "mlmodel",
            "storage": source,
            "hyperParameters": params.get(run, {}),
            "features": {one["name"]: FEATURE_TYPES[one["type"]] for one in logged.get(run, [])},
        }
    return found


def arrived(server: RecordingServer) -> dict[str, Json]:
    """What OpenMetadata has of each model, by its name."""
    return {
        entity["name"]: {
            **{name: entity.get(name) for name in ("displayName", "description", "algorithm")},
            "storage": (entity.get("mlStore") or {}).get("storage"),
            "hyperParameters": {one["name"]: one.get("value") for one in entity.get("mlHyperParameters") or []},
            "features": {one["name"]: one.get("dataType") for one in entity.get("mlFeatures") or []},
        }
        for entity in server.entities("mlmodels")
    }
