"""What OpenMetadata's integration tests share, written anew: tests copy it to ingestion/tests/integration/conftest.py.

Names, scopes and what each fixture gives are those of that file (open-metadata/OpenMetadata, ingestion/tests/
integration/conftest.py, as of commit 7c88b85e); where it has had several scopes, the narrowest, which what is emitted
then has to do with. The server is the one at OPENMETADATA_URL. It runs in the framework's interpreter. Services come
back with their secrets masked, as they do from a real server.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from metadata.generated.schema.entity.services.connections.metadata.openMetadataConnection import (
    OpenMetadataConnection,
)
from metadata.generated.schema.entity.services.databaseService import DatabaseService
from metadata.ingestion.ometa.ometa_api import OpenMetadata
from metadata.workflow.ingestion import IngestionWorkflow
from pydantic import BaseModel, SecretStr

MASK = "*********"


def mask(model: BaseModel) -> None:
    """Replace the secrets in a model, and in the models that it holds."""
    for name, value in model:
        if isinstance(value, SecretStr):
            setattr(model, name, type(value)(MASK))
        elif isinstance(value, BaseModel):
            mask(value)


class Masking(OpenMetadata):  # type: ignore[misc]  # the framework is not installed where types are checked
    """A client to which the server shows no secret."""

    def create_or_update(self, data: Any) -> Any:
        made = super().create_or_update(data)
        mask(made)
        return made


@pytest.fixture(scope="session")
def metadata() -> OpenMetadata:
    return Masking(
        OpenMetadataConnection(
            hostPort=os.environ["OPENMETADATA_URL"],
            authProvider="openmetadata",
            securityConfig={"jwtToken": "not-a-token"},
        )
    )


@pytest.fixture(scope="session")
def sink_config() -> dict[str, Any]:
    return {"type": "metadata-rest", "config": {}}


@pytest.fixture(scope="session")
def workflow_config(metadata: OpenMetadata) -> dict[str, Any]:
    return {"loggerLevel": "DEBUG", "openMetadataServerConfig": metadata.config.model_dump()}


# Of a module at that commit, of each test before (031a02ee).
@pytest.fixture
def run_workflow() -> Callable[..., IngestionWorkflow]:
    def run(kind: type[IngestionWorkflow], config: dict[str, Any], raise_from_status: bool = True) -> IngestionWorkflow:
        workflow = kind.create(config)
        workflow.execute()
        if raise_from_status:
            workflow.print_status()
            workflow.raise_from_status()
        return workflow

    return run


@pytest.fixture(scope="module")
def create_service_request() -> Any:
    raise NotImplementedError("a connector's own conftest.py has it")


@pytest.fixture(scope="module")
def unmask_password(create_service_request: Any) -> Callable[[DatabaseService], DatabaseService]:
    def unmask(service: DatabaseService) -> DatabaseService:
        own, known = service.connection.config, create_service_request.connection.config
        if hasattr(own, "authType"):
            own.authType.password = known.authType.password
        else:
            own.password = known.password
        return service

    return unmask


@pytest.fixture(scope="module")
def db_service(
    metadata: OpenMetadata,
    create_service_request: Any,
    unmask_password: Callable[[DatabaseService], DatabaseService],
) -> Iterator[DatabaseService]:
    service = metadata.create_or_update(data=create_service_request)
    name = service.fullyQualifiedName.root
    yield unmask_password(service)
    if left := metadata.get_by_name(DatabaseService, name):
        metadata.delete(entity=DatabaseService, entity_id=left.id, recursive=True, hard_delete=True)


@pytest.fixture(scope="module")
def ingestion_config(
    db_service: DatabaseService, workflow_config: dict[str, Any], sink_config: dict[str, Any]
) -> dict[str, Any]:
    return {
        "source": {
            "type": db_service.connection.config.type.value.lower(),
            "serviceName": db_service.fullyQualifiedName.root,
            "sourceConfig": {"config": {"type": "DatabaseMetadata"}},
            "serviceConnection": db_service.connection.model_dump(),
        },
        "sink": sink_config,
        "workflowConfig": workflow_config,
    }
