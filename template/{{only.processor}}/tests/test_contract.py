"""The contract: what every run through the processor holds to."""

from __future__ import annotations

import importlib
import secrets
from pathlib import Path
from typing import Any

import pytest
from metadata.generated.schema.api.data.createTable import CreateTableRequest
from metadata.generated.schema.api.services.createDatabaseService import CreateDatabaseServiceRequest
from metadata.generated.schema.entity.data.table import Table
from metadata.ingestion.api.steps import Processor
from metadata.ingestion.models.barrier import Barrier
from metadata.ingestion.models.delete_entity import DeleteEntity
from metadata.utils.source_hash import generate_source_hash

from ingestion import MAIN, WORKFLOW, ingest, summary, workflow
from openmetadata import OpenMetadataServer
from package import MANIFEST
from running import files, run

PLUGIN = MANIFEST["plugin"]


def test_what_arrives_is_valid(config: dict[str, Any], database: Path, server: OpenMetadataServer) -> None:
    done = ingest(config, database, server)
    assert done.status == 0, done.output[-3000:]
    assert server.refused == []
    assert {request: server.sent(request) for request in MANIFEST["entities"]} == MANIFEST["entities"]


def test_summary_counts_what_was_done(config: dict[str, Any], database: Path, server: OpenMetadataServer) -> None:
    done = ingest(config, database, server)
    counts = summary(done.output)
    source, own = counts["SQLite"], counts[PLUGIN["type"]]
    # A foreign key is a patch, which the source counts as an update.
    assert (source["Updated records"], own["Processed records"]) == (1, source["Processed records"] + 1)
    assert 1 <= own["Updated records"] <= source["Processed records"]
    assert (own["Warnings"], own["Errors"]) == (0, 0)


def test_second_run_adds_nothing(config: dict[str, Any], database: Path, server: OpenMetadataServer) -> None:
    assert ingest(config, database, server).status == 0
    before = server.state()
    assert ingest(config, database, server).status == 0
    after = server.state()
    assert sorted(after.keys() ^ before.keys()) == []
    assert [name for name in after if after[name] != before[name]] == []
    assert server.deleted == []


def test_planted_secrets_are_nowhere(config: dict[str, Any], database: Path, server: OpenMetadataServer) -> None:
    """In no line of the log, also of a run that does not begin, in no representation, in nothing that is sent, in no file."""
    planted = {name: secrets.token_hex(16) for name in ("token", "password")}
    prepared = workflow(config, database, server, "DEBUG", WORKFLOW)
    prepared["workflowConfig"]["openMetadataServerConfig"]["securityConfig"]["jwtToken"] = planted["token"]
    prepared["source"]["serviceConnection"]["config"]["password"] = planted["password"]
    settings = importlib.import_module(f"{PLUGIN['package']}.settings")
    read = getattr(settings, PLUGIN["settings"]).from_config(config)
    done = run(MAIN.main, "ingest", prepared)
    assert done.status == 0, done.output[-3000:]
    broken = prepared | {"processor": prepared["processor"] | {"config": {"bacthSize": planted["token"]}}}
    stopped = run(MAIN.main, "ingest", broken)
    assert stopped.status == 1
    places = {"the log": done.output, "the log of a run that does not begin": stopped.output}
    places["a representation of the settings"] = f"{read!r} {read}"
    # The framework itself keeps the connection of the service in OpenMetadata, password and all.
    places["what was sent"] = b"\n".join(body for body in server.bodies if b"databaseMode" not in body).decode()
    places |= files()
    leaks = [(name, place) for name, secret in planted.items() for place, text in places.items() if secret in text]
    assert leaks == []


def test_change_is_in_the_hash_of_the_record(processor: Processor, table: CreateTableRequest) -> None:
    """Else the server would take the record for one that it has already."""
    changed = processor.run(table)
    assert changed is not table
    assert changed.sourceHash == generate_source_hash(changed)
    assert changed.sourceHash != table.sourceHash


def test_record_itself_is_left_alone(processor: Processor, table: CreateTableRequest) -> None:
    """The source may go on using it."""
    before = table.model_dump_json()
    assert processor.run(table).model_dump_json() != before
    assert table.model_dump_json() == before


@pytest.mark.parametrize(
    "record",
    [
        Barrier(reason="flush"),
        CreateDatabaseServiceRequest(name="crm_shop", serviceType="SQLite"),
        DeleteEntity(
            entity=Table(
                id="6bb1b1ba-16c6-4f1c-9f5c-4f9a4a4e6a4e",
                name="crm_customers",
                fullyQualifiedName="shop.files.main.crm_customers",
                description="Ask anna@example.com.",
                columns=[],
            )
        ),
    ],
    ids=lambda record: type(record).__name__,
)
def test_record_that_is_unknown_passes_as_it_is(processor: Processor, record: Any) -> None:
    assert processor.run(record) is record
    assert processor.status.updated_records == []
    assert processor.status.failures == []
