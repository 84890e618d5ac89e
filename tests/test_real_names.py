"""Names that OpenMetadata can't take, and databases that can't be entered: said, and the rest of the source is read."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.conftest import need
from tests.support import systems
from tests.support.connector import Deploy
from tests.support.openmetadata import IngestRun, RecordingServer
from tests.support.python import Warm

pytestmark = [pytest.mark.framework, pytest.mark.real, pytest.mark.xdist_group("own-postgres")]

NAMES = """
create schema a_first; create table a_first.one (id integer);
create schema "b""quoted"; create table "b""quoted".two (id integer);
create schema c_last; create table c_last.three (id integer);
grant usage on schema a_first, "b""quoted", c_last to reader;
grant select on all tables in schema a_first, "b""quoted", c_last to reader;
"""


@pytest.fixture(scope="module")
def outcome(
    deploy: Deploy, schemas: Path, warm: Warm, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[IngestRun, RecordingServer]]:
    """What came of reading all databases, one with names that can't be taken and one that can't be entered."""
    if systems.missing("postgres"):
        need(systems.install("postgres"))
    scratch = tmp_path_factory.mktemp("names")
    answers = {"name": "names", "scheme": "postgresql+psycopg2", "capabilities": []}
    connector = deploy(answers, "package", scratch)
    with systems.postgres() as system, connector.server(schemas, warm) as server:
        with closing(system.connect("postgres", admin=True)) as connection:
            connection.autocommit = True
            connection.cursor().execute("create database closed")
            connection.cursor().execute("revoke connect on database closed from public")
        with closing(system.connect("Archive", admin=True)) as connection:
            connection.cursor().execute(NAMES)
            connection.commit()
        options = {"hostPort": f"{system.host}:{system.port}", "username": system.user, "ingestAllDatabases": "true"}
        made = connector.pointed(server, database="shop", **options)
        yield connector.ingest(made, password=system.password), server


def test_schemas_behind_a_bad_name_are_read(outcome: tuple[IngestRun, RecordingServer]) -> None:
    run, server = outcome
    found = {entity["fullyQualifiedName"] for entity in server.entities("tables")}
    assert {"names.Archive.a_first.one", "names.Archive.c_last.three"} <= found, run.output[-3000:]
    assert not [name for name in found if "two" in name]
    assert 'b"quoted' in run.output


def test_database_that_can_not_be_entered_is_a_failure_and_not_sent(
    outcome: tuple[IngestRun, RecordingServer],
) -> None:
    run, server = outcome
    assert "Workflow finished with failures" in run.output
    assert "Database closed could not be connected to" in run.output
    assert {entity["name"] for entity in server.entities("databases")} == {"shop", "Archive", "postgres"}
