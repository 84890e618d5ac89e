"""The contract: what every run of the metadata workflow holds to.

The source is a small database, or with `pytest --source workflows/metadata.yaml` the real one that a workflow names.
"""

from __future__ import annotations

import importlib
import json
import logging
import secrets
import sqlite3
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from metadata.generated.schema.api.services.createDatabaseService import CreateDatabaseServiceRequest
from metadata.generated.schema.entity.services.databaseService import DatabaseService
from metadata.generated.schema.type.entityReference import EntityReference
from metadata.ingestion.models.barrier import Barrier
from metadata.ingestion.models.delete_entity import DeleteEntity

from delivery import SINK, NoMetadata, deliver, ingest, killed, names, tables
from openmetadata import OpenMetadataServer
from package import MANIFEST
from receiver import Receiver
from running import files

PLUGIN = MANIFEST["plugin"]
SETTINGS = importlib.import_module(f"{PLUGIN['package']}.settings")


def test_what_the_source_has_arrives(
    source: dict[str, Any],
    workflow: Path | None,
    database: Path,
    server: OpenMetadataServer,
    receiver: Receiver,
    config: dict[str, Any],
    record_property: Callable[[str, Any], None],
) -> None:
    run = ingest(source, server, config)
    assert run.status == 0, run.output[-3000:]
    assert server.refused == []
    arrived = receiver.envelopes()
    record_property("records", len(arrived))
    assert arrived
    keys = [envelope["key"] for envelope in arrived]
    assert len(set(keys)) == len(keys)
    if workflow:
        return
    found = {
        envelope["record"]["name"]: [column["name"] for column in envelope["record"]["columns"]]
        for envelope in arrived
        if envelope["type"] == "CreateTableRequest"
    }
    with closing(sqlite3.connect(database)) as connection:
        known = [name for (name,) in connection.execute("SELECT name FROM sqlite_master")]
        assert found == {
            name: [column for (column,) in connection.execute("SELECT name FROM pragma_table_info(?)", (name,))]
            for name in known
        }


def test_second_run_brings_no_new_key(
    source: dict[str, Any], server: OpenMetadataServer, receiver: Receiver, config: dict[str, Any]
) -> None:
    assert ingest(source, server, config).status == 0
    first = receiver.envelopes()
    assert ingest(source, server, config).status == 0
    # In any order: a topic has one for each of its partitions.
    second = Counter(one["key"] for one in receiver.envelopes()) - Counter(one["key"] for one in first)
    # OpenMetadata knows the service by now, so the framework does not ask for it again.
    again = [envelope["key"] for envelope in first if not envelope["type"].endswith("ServiceRequest")]
    assert second == Counter(again)


def test_service_is_registered_without_its_connection(
    sample_source: dict[str, Any], server: OpenMetadataServer, config: dict[str, Any]
) -> None:
    """The framework goes on only when OpenMetadata knows the service; nothing else is written there."""
    assert ingest(sample_source, server, config).status == 0
    (service,) = server.collections["/services/databaseServices"].entities.values()
    assert service["name"] == sample_source["serviceName"]
    assert "connection" not in service
    assert not server.collections["/tables"].entities


def test_service_that_is_known_stays_as_it_is(
    sample_source: dict[str, Any], server: OpenMetadataServer, config: dict[str, Any]
) -> None:
    known = {"name": sample_source["serviceName"], "serviceType": "SQLite", "description": "As it was."}
    server.answer("PUT", "/api/v1/services/databaseServices", json.dumps(known).encode())
    assert ingest(sample_source, server, config).status == 0
    (service,) = server.collections["/services/databaseServices"].entities.values()
    assert service["description"] == "As it was."


def test_service_is_registered_although_it_is_not_selected(
    sample_source: dict[str, Any], server: OpenMetadataServer, receiver: Receiver, config: dict[str, Any]
) -> None:
    config["selection"] = {"includes": [r".*\.customer$"]}
    run = ingest(sample_source, server, config)
    assert run.status == 0, run.output[-3000:]
    assert [envelope["name"].rpartition(".")[2] for envelope in receiver.envelopes()] == ["customer"]


def test_service_that_cannot_be_registered_is_delivered_all_the_same(
    receiver: Receiver, config: dict[str, Any]
) -> None:
    service = CreateDatabaseServiceRequest(name="shop", serviceType="Mysql", connection=None)
    (failure,) = deliver(config, [service]).failures
    assert failure.error.startswith("shop could not be registered in OpenMetadata: ")
    assert [envelope["name"] for envelope in receiver.envelopes()] == ["shop"]


def test_name_that_openmetadata_would_not_have_is_taken_as_it_is(receiver: Receiver, config: dict[str, Any]) -> None:
    odd = EntityReference.model_construct(name='a"b.c')
    assert deliver(config, [odd]).failures == []
    assert [envelope["name"] for envelope in receiver.envelopes()] == ['a"b.c']


def test_only_what_is_selected_is_delivered(receiver: Receiver, config: dict[str, Any]) -> None:
    selection = {"includes": [r"shop\.main\.public\.table_[12]"], "excludes": [".*table_2"]}
    status = deliver(config | {"selection": selection}, tables(3))
    assert [envelope["name"] for envelope in receiver.envelopes()] == names(1)
    assert [list(one) for one in status.filtered] == [[name] for name in names(3)[1:]]


def test_barrier_has_all_before_it_delivered(receiver: Receiver, config: dict[str, Any]) -> None:
    instance = SINK.create(config, NoMetadata())
    for record in [*tables(2), Barrier("now")]:
        instance.run(record)
    assert instance.status.record_count == 2
    instance.close()
    assert len(receiver.envelopes()) == 2


def test_key_is_of_type_name_and_content(receiver: Receiver, config: dict[str, Any]) -> None:
    (table,) = tables(1)
    changed = table.model_copy(update={"description": "Changed."})
    deliver(config, [table, table, changed])
    keys = {(envelope["key"], envelope["record"].get("description")) for envelope in receiver.envelopes()}
    assert len(receiver.envelopes()) == 3
    assert len(keys) == 2


def test_deletion_is_a_record_without_secrets(receiver: Receiver, config: dict[str, Any]) -> None:
    planted = secrets.token_hex(16)
    connection = {"config": {"type": "Mysql", "username": "u", "hostPort": "h:1", "authType": {"password": planted}}}
    identity = "00000000-0000-0000-0000-000000000000"
    service = DatabaseService(id=identity, name="shop", serviceType="Mysql", connection=connection)
    deliver(config, [DeleteEntity(entity=service)])
    (envelope,) = receiver.envelopes()
    assert (envelope["type"], envelope["name"]) == ("DeleteEntity", "shop")
    assert envelope["record"]["entity"]["connection"]["config"]["authType"] == {"password": "**********"}


def test_framework_may_say_whose_words_win(receiver: Receiver, config: dict[str, Any]) -> None:
    assert deliver(config | {"override_metadata": True}, tables(1)).failures == []


def test_record_that_json_has_no_words_for_is_set_aside(receiver: Receiver, config: dict[str, Any]) -> None:
    odd = EntityReference.model_construct(id=object(), fullyQualifiedName="odd")
    status = deliver(config, [odd, *tables(1)])
    assert [envelope["name"] for envelope in receiver.envelopes()] == names(1)
    assert [failure.name for failure in status.failures] == ["EntityReference [odd]"]


def test_planted_secrets_are_nowhere(
    source: dict[str, Any],
    workflow: Path | None,
    server: OpenMetadataServer,
    receiver: Receiver,
    config: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """In no line of the log, also of a run that fails, in no representation, in no file, and in nothing delivered."""
    planted = {option: secrets.token_hex(16) for option in receiver.SECRETS}
    for option, value in planted.items():
        monkeypatch.setenv(f"PLANTED_{option.upper()}", value)
        config[option] = f"env:PLANTED_{option.upper()}"
    planted["the source"] = secrets.token_hex(16)
    login = {"type": "Mysql", "username": "u", "hostPort": "h:1", "authType": {"password": planted["the source"]}}
    service = CreateDatabaseServiceRequest(name="planted", serviceType="Mysql", connection={"config": login})
    settings = getattr(SETTINGS, PLUGIN["settings"]).from_config(config)
    places = {"a representation of the settings": f"{settings!r} {settings}"}
    places["the log"] = ingest(source, server, config, level="DEBUG").output
    aside = {**config, "registerServices": False}
    with caplog.at_level(logging.DEBUG, logger="metadata"):
        deliver(aside, [service])
    places["the log of a record with a secret"] = caplog.text
    with receiver.away():
        places["the log of a run that fails"] = ingest(source, server, config, level="DEBUG").output
        places["what is said of failures"] = repr(deliver(aside, [service]).failures)
        # What is under way is in the spool.
        killed(aside, [service])
    places["what was delivered"] = repr(receiver.envelopes())
    places["what was sent to OpenMetadata"] = b"\n".join(server.bodies).decode()
    for path in (path for path in tmp_path.rglob("*") if path.is_file()):
        places[path.name] = path.read_text(encoding="utf-8", errors="replace")
    places |= files()
    leaks = [(name, place) for name, secret in planted.items() for place, text in places.items() if secret in text]
    assert leaks == []
