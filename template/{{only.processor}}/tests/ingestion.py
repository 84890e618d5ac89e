"""Runs the command of the package on a file of SQLite, into the stand-in for OpenMetadata."""

from __future__ import annotations

import importlib
import json
import re
import sqlite3
from pathlib import Path
from typing import Any

import yaml

from openmetadata import OpenMetadataServer
from package import MANIFEST, ROOT
from running import Run, run

# The metadata workflow as it is shipped.
WORKFLOW = yaml.safe_load((ROOT / "workflows/metadata.yaml").read_text(encoding="utf-8"))

MAIN = importlib.import_module(f"{MANIFEST['plugin']['package']}.__main__")

# What the sample holds.
SAMPLE = """
CREATE TABLE crm_customers (
    id INTEGER PRIMARY KEY, custName TEXT, email TEXT DEFAULT 'nobody@example.com', card_number TEXT, remark TEXT
);
CREATE TABLE sales_orders (
    order_id INTEGER PRIMARY KEY, customer_id INTEGER REFERENCES crm_customers (id), total NUMERIC
);
CREATE VIEW vip_customers AS SELECT id, email FROM crm_customers WHERE email = 'alice@example.com';
INSERT INTO crm_customers VALUES
    (1, 'Alice', 'alice@example.com', '4111 1111 1111 1111', 'call 4012888888881881 first'),
    (2, 'Bob', NULL, NULL, 'likes tea');
INSERT INTO sales_orders VALUES (1, 1, 9.5), (2, 2, 12);
"""

# What a new OpenMetadata has of its own.
CLASSIFICATIONS = {"PII": ("Sensitive", "NonSensitive"), "Tier": ("Tier1", "Tier2")}
SQLITE = "SQLite.testConnectionDefinition"
STEPS = ("CheckAccess", "GetSchemas", "GetTables", "GetViews")

# A line of the summary of a step: what is counted, and how many.
COUNT = re.compile(r"(Processed records|Updated records|Warnings|Errors): (\d+)")


def fill(database: Path, script: str = SAMPLE) -> Path:
    """Make a file of SQLite by a script of SQL."""
    database.unlink(missing_ok=True)
    connection = sqlite3.connect(database)
    connection.executescript(script)
    connection.close()
    return database


def wide(rows: int, width: int) -> str:
    """A script that makes `rows` tables of `width` columns."""
    columns = ", ".join(f"email_{number} TEXT DEFAULT 'user{number}@example.com'" for number in range(width))
    return "\n".join(f"CREATE TABLE crm_{number} ({columns});" for number in range(rows))


def put(server: OpenMetadataServer, path: str, **body: Any) -> None:
    """Have the server know something before a run."""
    status, answer = server.answer("PUT", f"/api/v1/{path}", json.dumps(body).encode())
    assert status == 200, answer


def equipped(server: OpenMetadataServer) -> OpenMetadataServer:
    """The server with what a new OpenMetadata has of its own."""
    server.collections["/services/testConnectionDefinitions"].entities[SQLITE] = {
        "id": "6bb1b1ba-16c6-4f1c-9f5c-4f9a4a4e6a4e",
        "name": "SQLite",
        "fullyQualifiedName": SQLITE,
        "description": "SQLite",
        "steps": [{"name": step, "description": step, "mandatory": step == "CheckAccess"} for step in STEPS],
    }
    for classification, tags in CLASSIFICATIONS.items():
        put(server, "classifications", name=classification, description=classification, mutuallyExclusive=True)
        for tag in tags:
            put(server, "tags", name=tag, description=tag, classification=classification)
    return server


def workflow(
    config: dict[str, Any], database: Path, server: OpenMetadataServer, level: str, shipped: dict[str, Any]
) -> dict[str, Any]:
    """A shipped workflow with a `config` of the processor, a file of SQLite and a server."""
    place = {"hostPort": server.url, "securityConfig": {"jwtToken": "token"}}
    settings = shipped["workflowConfig"]
    known = settings["openMetadataServerConfig"]
    connection = shipped["source"]["serviceConnection"]["config"] | {"databaseMode": str(database)}
    return shipped | {
        "source": shipped["source"] | {"serviceConnection": {"config": connection}},
        "processor": shipped["processor"] | {"config": config},
        "workflowConfig": settings | {"loggerLevel": level, "openMetadataServerConfig": known | place},
    }


def ingest(config: dict[str, Any], database: Path, server: OpenMetadataServer, level: str = "INFO") -> Run:
    """Run the shipped workflow with a `config` of the processor."""
    return run(MAIN.main, "ingest", workflow(config, database, server, level, WORKFLOW))


def summary(output: str) -> dict[str, dict[str, int]]:
    """What the summary of a run counted, by step."""
    _, *parts = re.split(r"Workflow (.+) Summary:", output)
    return {
        step: {name: int(number) for name, number in COUNT.findall(counts)}
        for step, counts in zip(parts[::2], parts[1::2], strict=True)
    }
