"""A real Chroma for tests: its server with collections and their records, in a tenant and a database of their own."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from tests.support import served
from tests.support.openmetadata import RecordingServer
from tests.support.served import Served, ask

Json = dict[str, Any]

NAME = "chroma"

# How many records of a collection a test asks for: more than a page has.
SAMPLES = 40

COLLECTIONS = 62

# Records of the first collection: more than fit on a page.
RECORDS = 60

# The server is a compiled module, which the Python client of the release would only start.
START = "import sys, chromadb_rust_bindings; chromadb_rust_bindings.cli(['chroma', *sys.argv[1:]])"

# What OpenMetadata calls the types of values, as `examples/chroma.yml` says.
FIELD_TYPES = {str: "TEXT", int: "DOUBLE", float: "DOUBLE", bool: "BOOLEAN"}


@dataclass(frozen=True)
class Chroma:
    """A running Chroma, whose collections are in a tenant and a database."""

    served: Served
    tenant: str = "acme & co"
    database: str = "library"

    @property
    def url(self) -> str:
        return self.served.url

    def collections(self) -> dict[str, Json]:
        """The id and the metadata of each collection in Chroma's own database, by its name."""
        found: dict[str, Json] = {
            name: {"id": id, "metadata": {}}
            for id, name in self._rows(
                "select c.id, c.name from collections c join databases d on d.id = c.database_id"
                " where d.tenant_id = ? and d.name = ?",
                self.tenant,
                self.database,
            )
        }
        names = {one["id"]: name for name, one in found.items()}
        for id, key, *values in self._rows(
            "select collection_id, key, str_value, int_value, float_value, bool_value from collection_metadata"
        ):
            if id in names:
                found[names[id]]["metadata"][key] = _value(*values)
        return found

    def records(self) -> dict[str, dict[str, Json]]:
        """The document and the metadata of each record in Chroma's own database, by collection and id."""
        names = {one["id"]: name for name, one in self.collections().items()}
        found: dict[str, dict[str, Json]] = {name: {} for name in names.values()}
        rows = self._rows(
            "select s.collection, e.embedding_id, m.key, m.string_value, m.int_value, m.float_value, m.bool_value"
            " from embeddings e join segments s on s.id = e.segment_id left join embedding_metadata m on m.id = e.id"
            " order by e.id"
        )
        for collection, id, key, *values in rows:
            if collection not in names:
                continue
            record = found[names[collection]].setdefault(id, {"document": None, "metadata": {}})
            if key == "chroma:document":
                record["document"] = values[0]
            elif key:
                record["metadata"][key] = _value(*values)
        return found

    def _rows(self, statement: str, *values: str) -> list[Any]:
        path = self.served.home / "data/chroma.sqlite3"
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
            return connection.execute(statement, values).fetchall()


def _value(text: str | None, number: int | None, fraction: float | None, flag: int | None) -> Any:
    """The value of the one column that has it."""
    return bool(flag) if flag is not None else next((one for one in (text, number, fraction) if one is not None), None)


def install(cache: Path) -> str | None:
    """Make Chroma's environment below `cache`, or find it there. Returns what is missing as one line, or None."""
    return served.install(cache, NAME)


@contextmanager
def server(cache: Path) -> Iterator[Chroma]:
    """A Chroma with collections and records. RuntimeError if it does not start."""

    def command(home: Path, port: int) -> list[str]:
        run = ["run", "--host", "127.0.0.1", "--port", str(port), "--path", str(home / "data")]
        return [str(served.python(cache, NAME)), "-c", START, *run]

    def answers(running: Served) -> None:
        ask(f"{running.url}/api/v2/heartbeat")

    with served.running(NAME, command, answers) as running:
        _fill(running.url)
        yield Chroma(running)


def _fill(url: str) -> None:
    """Make a tenant and its database with collections, of which every fifth has records; and one more elsewhere."""
    ask(f"{url}/api/v2/tenants/default_tenant/databases/default_database/collections", {"name": "elsewhere"})
    ask(f"{url}/api/v2/tenants", {"name": Chroma.tenant})
    tenant = f"{url}/api/v2/tenants/{quote(Chroma.tenant, safe='')}/databases"
    ask(tenant, {"name": Chroma.database})
    collections = f"{tenant}/{Chroma.database}/collections"
    for number in range(COLLECTIONS):
        body: Json = {"name": f"collection_{number:02}"}
        if number % 3:
            body["metadata"] = {"topic": f"topic {number}", "rank": number}
            if number % 4:
                body["metadata"]["description"] = f"Texts of *part* {number}, größer als <1> €."
        made = ask(collections, body)
        if number % 5 == 0 and number != 5:
            _add(f"{collections}/{made['id']}/add", RECORDS if number == 0 else 3, told=number != 10)


def _add(place: str, count: int, told: bool) -> None:
    """Records with a vector; all but those of one collection are told about, and some have no document."""
    numbers = range(count)
    metadata = [{"title": f"Text {n}: ä", "page": n, "score": n / 4, "draft": n % 2 == 0} for n in numbers]
    ask(
        place,
        {
            "ids": [f"record {n}" for n in numbers],
            "embeddings": [[n, 0.5, 1.0] for n in numbers],
            "documents": [f"Body of text {n}" if n % 3 else None for n in numbers],
            **({"metadatas": metadata} if told else {}),
        },
    )


def expected(system: Chroma) -> dict[str, Json]:
    """What OpenMetadata should have of each collection, by its name, in the form of `arrived`."""
    records = system.records()
    return {
        name: {
            "displayName": name,
            "description": one["metadata"].get("description"),
            "fields": {
                key: FIELD_TYPES[type(value)]
                for record in list(records[name].values())[:1]
                for key, value in record["metadata"].items()
            },
        }
        for name, one in system.collections().items()
    }


def expected_samples(system: Chroma) -> dict[str, list[Json]]:
    """The first records of each collection that has some, in their order."""
    return {
        name: [{"id": id} | {key: value or None for key, value in one.items()} for id, one in records.items()][:SAMPLES]
        for name, records in system.records().items()
        if records
    }


def arrived_samples(server: RecordingServer) -> dict[str, list[Json]]:
    """The sample rows that OpenMetadata has of each search index, by its name."""
    names = {one["id"]: one["name"] for one in server.entities("searchIndexes")}
    return {
        names[request.path.split("/")[-2]]: [json.loads(row) for row in request.body["messages"]]
        for request in server.requests
        if request.method == "PUT" and request.path.endswith("/sampleData")
    }


def arrived(server: RecordingServer) -> dict[str, Json]:
    """What OpenMetadata has of each search index, by its name."""
    return {
        entity["name"]: {
            "displayName": entity.get("displayName"),
            "description": entity.get("description"),
            "fields": {one["name"]: one["dataType"] for one in entity.get("fields") or []},
        }
        for entity in server.entities("searchIndexes")
    }
