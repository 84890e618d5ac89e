"""The source that the tests read, the server that it is sent to, and the processor in between."""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from metadata.generated.schema.api.data.createTable import CreateTableRequest
from metadata.generated.schema.entity.services.connections.metadata.openMetadataConnection import OpenMetadataConnection
from metadata.ingestion.api.steps import Processor
from metadata.ingestion.ometa.ometa_api import OpenMetadata
from metadata.utils.importer import import_processor_class
from metadata.utils.source_hash import generate_source_hash

from ingestion import WORKFLOW, equipped, fill
from openmetadata import OpenMetadataServer


@pytest.fixture
def server() -> Iterator[OpenMetadataServer]:
    with OpenMetadataServer() as server:
        yield equipped(server)


@pytest.fixture
def config() -> dict[str, Any]:
    """The `config` of the processor in the shipped workflow."""
    return deepcopy(WORKFLOW["processor"]["config"])


@pytest.fixture
def database(tmp_path: Path) -> Path:
    """The sample, a file of SQLite."""
    return fill(tmp_path / "shop.db")


@pytest.fixture
def client(server: OpenMetadataServer) -> Iterator[OpenMetadata]:
    """The framework's client of the server."""
    connection = {"hostPort": server.url, "authProvider": "openmetadata", "securityConfig": {"jwtToken": "token"}}
    client = OpenMetadata(OpenMetadataConnection.model_validate(connection))
    yield client
    client.close()


@pytest.fixture
def processor(config: dict[str, Any], client: OpenMetadata) -> Processor:
    """The step as the framework finds and makes it."""
    return import_processor_class(WORKFLOW["processor"]["type"]).create(config, client)


@pytest.fixture
def table() -> CreateTableRequest:
    """A record as sources hand it on."""
    record = CreateTableRequest.model_validate(
        {
            "name": "crm_customers",
            "databaseSchema": "shop.files.main",
            "description": "Ask anna@example.com.",
            "columns": [
                {"name": "id", "dataType": "INT"},
                {"name": "contact", "dataType": "STRUCT", "children": [{"name": "email", "dataType": "STRING"}]},
            ],
        }
    )
    return record.model_copy(update={"sourceHash": generate_source_hash(record)})
