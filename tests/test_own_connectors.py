"""Ours against the release's own connector: the same system is read by both, and compared field by field."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import need
from tests.support import systems
from tests.support.connector import Deploy
from tests.support.openmetadata import RecordingServer, ingest, workflow
from tests.support.own import Json, differences, recorded, unexplained
from tests.support.python import Warm

pytestmark = [pytest.mark.framework, pytest.mark.real, pytest.mark.xdist_group("own-postgres")]

COLLECTIONS = {
    "databases": "database",
    "databaseSchemas": "schema",
    "tables": "table",
    "storedProcedures": "procedure",
}

# Why the two differ, by what is found in a difference. A difference without a reason fails, and so does a reason
# without a difference.
REASONS = {
    r"museum\.information_schema": "ours leaves out what the server has of its own, by a filter that can be changed",
    r"^procedure .* storedProcedureCode\.code": "ours is the whole statement, of all overloads",
    r"^procedure .* storedProcedureCode\.language": "theirs has no language",
    r" schemaDefinition: ours 'CREATE VIEW works\.": "the same; ours quotes the name of the view",
    r" schemaDefinition: ours \"CREATE VIEW works\.": "the same; ours quotes the name of the view",
    r"columns\[\w+\]\.dataType: ours '(TEXT|VARCHAR)', theirs 'NULL'": "theirs knows no domains",
    r"columns\[name\]\.constraint: ours 'NOT_NULL'": "theirs does not see that a domain is NOT NULL",
    r"columns\[name\]\.dataLength: ours 120": "theirs has no length of a domain",
    r"tableConstraints\[FOREIGN_KEY\(quoted\)\]": "theirs loses a key to a table with quotes in its name",
    r"columns\[state\]\.dataType: ours 'ENUM'": "theirs has text in place of an enumeration",
    r"columns\[state\]\.dataLength: ours 1,": "an enumeration has no length",
    r"tablePartition\.columns\[.*\]\.interval: ours '(LIST|RANGE|HASH) ": "ours says how the table is partitioned",
    r" tags: ours .*row_level_policy\.only_shown.*PostgresPolicyTags": "the same tag, in a classification of ours",
}


@pytest.fixture(scope="module")
def system() -> Iterator[systems.System]:
    if systems.missing("postgres"):
        need(systems.install("postgres"))
    with systems.postgres() as running:
        with closing(running.connect("postgres", admin=True)) as connection:
            connection.autocommit = True
            connection.cursor().execute("create database museum")
        with closing(running.connect("museum", admin=True)) as connection:
            connection.cursor().execute((systems.SEED / "postgres-museum.sql").read_text(encoding="utf-8"))
            connection.commit()
        yield running


@pytest.fixture(scope="module")
def museum(
    system: systems.System, deploy: Deploy, schemas: Path, warm: Warm, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Json]:
    """What our connector records, by a word for the collection and the full name."""
    capabilities = ["lineage", "stored_procedures", "tags", "owners"]
    answers = {"name": "museum", "scheme": "postgresql+psycopg2", "capabilities": capabilities}
    connector = deploy(answers, "package", tmp_path_factory.mktemp("museum"))
    address = f"{system.host}:{system.port}"
    with connector.server(schemas, warm) as server:
        made = connector.pointed(server, hostPort=address, username="admin", database="museum")
        done = connector.ingest(made, password=system.admin_password)
        assert done.returncode == 0, done.output[-5000:]
        assert server.faults == []
        return recorded(server, COLLECTIONS)


def test_postgres_has_all_that_the_own_connector_sends(
    museum: dict[str, Json], system: systems.System, schemas: Path, framework: Path, warm: Warm
) -> None:
    connection = {
        "type": "Postgres",
        "username": "admin",
        "authType": {"password": system.admin_password},
        "hostPort": f"{system.host}:{system.port}",
        "database": "museum",
    }
    source = {
        "type": "postgres",
        "serviceName": "museum",
        "serviceConnection": {"config": connection},
        "sourceConfig": {"config": {"type": "DatabaseMetadata"}},
    }
    gate = {"name": "CheckAccess", "description": "Reach it.", "mandatory": True, "shortCircuit": True}
    definition = {"displayName": "Postgres Test Connection", "description": "Reach it.", "steps": [gate]}
    with RecordingServer(schemas, {"Postgres": definition}) as server:
        done = ingest(framework, workflow(server, source), env={"OPENMETADATA_JWT_TOKEN": "token"}, warm=warm)
        assert done.returncode == 0, done.output[-5000:]
        without, stale = unexplained(differences(museum, recorded(server, COLLECTIONS)), REASONS)
    assert without == []
    assert stale == []


# What is wrong in the own connector, too, or has nothing to be compared with.
RIGHT: dict[str, Json] = {
    "table museum.museum.works.pieces": {
        "columns[name].dataType": "VARCHAR",
        "columns[name].dataLength": 120,
        "columns[name].dataTypeDisplay": "works.title",
        "columns[number].dataType": "TEXT",
        "columns[number].constraint": "PRIMARY_KEY",
        "columns[state].dataType": "ENUM",
        "columns[changed].dataTypeDisplay": "timestamp(3) with time zone",
        "columns[grid].dataTypeDisplay": "integer[]",
    },
    "table museum.museum.works.guests": {"tableType": "Foreign", "description": "The guest book, a file"},
    "table museum.museum.works.visits": {"tableType": "Partitioned"},
    "table museum.museum.works.heavy": {
        "tableType": "MaterializedView",
        "description": "What a crane is needed for",
    },
    "schema museum.museum.works": {"description": "What the museum owns"},
    "procedure museum.museum.works.close_day": {"description": "Forgets the visits of a day"},
}


@pytest.mark.parametrize("entity", RIGHT)
def test_postgres_arrives_as_it_is(entity: str, museum: dict[str, Json]) -> None:
    found = museum[entity]
    assert {field: found.get(field) for field in RIGHT[entity]} == RIGHT[entity]


def test_foreign_key_to_a_table_with_quotes_in_its_name_arrives(museum: dict[str, Json]) -> None:
    loans = museum["table museum.museum.works.loans"]
    keys: list[Any] = [value for field, value in loans.items() if field.endswith(".referredColumns")]
    assert sorted(str(key) for key in keys) == [
        "['museum.museum.works.pieces.number']",
        "['museum.museum.works.quo__reserved__quote__ted.code']",
    ]


def test_partitions_are_no_tables(museum: dict[str, Json]) -> None:
    assert not [name for name in museum if "visits_2" in name or "tickets_" in name or "sales_" in name]
