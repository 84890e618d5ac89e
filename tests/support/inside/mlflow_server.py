"""Fills an MLflow and serves it: `python mlflow_server.py DATABASE` and what `mlflow server` takes.

It goes through MLflow's own stores: over the API each of some hundred calls waits for the disk.
"""

from __future__ import annotations

import json
import os
import sys
from typing import Any

import sqlalchemy
from mlflow.entities import Metric, Param, RunTag
from mlflow.entities.model_registry import RegisteredModelTag
from mlflow.store.model_registry.sqlalchemy_store import SqlAlchemyStore as Registry
from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore as Tracking

MODELS = 62


def fill(database: str) -> None:
    """Make models: some with a description, some with tags, some with versions, most of which a run has made."""
    registry, tracking = Registry(database), Tracking(database, "artifacts")
    experiment = tracking.create_experiment("churn")
    for number in range(MODELS):
        name = f"model {number:02}.churn" if number % 5 == 0 else f"model-{number:02}"
        tags = [RegisteredModelTag("team", f"team {number}"), RegisteredModelTag("stage", "")] if number % 3 else []
        description = f"Model of *number* {number}, größer als <1> €." if number % 4 else None
        registry.create_registered_model(name, tags, description)
        for version in range(number % 3):
            made = run(tracking, experiment, number, version) if number % 7 else None
            registry.create_model_version(name, f"s3://models/{number}/{version}", made)


def run(tracking: Any, experiment: str, number: int, version: int) -> str:
    """A run with parameters and metrics, and with the signature of the model that it logged; returns its id."""
    id = str(tracking.create_run(experiment, "trainer", number, [], f"run {number}").info.run_id)
    kinds = ["double", "string", "long", "boolean"]
    inputs = [{"type": kinds[one % 4], "name": f"feature {one}", "required": True} for one in range(number % 6)]
    logged = {"run_id": id, "artifact_path": "model", "signature": {"inputs": json.dumps(inputs), "outputs": None}}
    params = [Param("max_depth", str(number)), Param("learning rate", f"0.{version + 1}")]
    tags = [RunTag("mlflow.log-model.history", json.dumps([logged]))] if number % 4 else []
    tracking.log_batch(id, [Metric("auc", number / 100, 1, 0)], params, tags)
    return id


def unsafe(connection: Any, _record: Any) -> None:
    """SQLite does not wait for the disk: what a power cut takes, the next test makes anew."""
    connection.execute("pragma synchronous = off")


if __name__ == "__main__":
    sqlalchemy.event.listen(sqlalchemy.engine.Engine, "connect", unsafe)
    fill(sys.argv[1])
    os.execv(sys.executable, [sys.executable, "-m", "mlflow", "server", *sys.argv[2:]])
