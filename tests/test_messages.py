"""Schemas of messages, fields of indexes and samples of both, from an API into OpenMetadata by the real command."""

from __future__ import annotations

import json
import subprocess
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import need
from tests.support.api import Api
from tests.support.connector import Connector, Deploy
from tests.support.openmetadata import IngestRun, RecordingServer
from tests.support.python import Warm

pytestmark = pytest.mark.framework

# A field: its name, its type, how that is shown, and the fields in it.
Tree = tuple[str, str, str | None, list["Tree"]]

AUTHORIZATION = "Basic " + b64encode(b"openmetadata:s3cret").decode()
EVERYTHING: dict[str, dict[str, Any]] = {
    "messaging": {
        "capabilities": ["message_schema", "sample_data"],
        "api_endpoints": "GET /topics, GET /schemas?deleted=false, GET /topics/{id}/messages",
    },
    "search": {"capabilities": ["fields", "sample_data"], "api_endpoints": "GET /indexes"},
}

AVRO = """{"type": "record", "name": "Order", "namespace": "shop", "doc": "What was ordered.", "fields": [
    {"name": "id", "type": "long", "doc": "Its number."},
    {"name": "note", "type": ["null", "string"], "default": null},
    {"name": "state", "type": {"type": "enum", "name": "State", "symbols": ["OPEN", "PAID"]}},
    {"name": "lines", "type": {"type": "array", "items": {"type": "record", "name": "Line", "fields": [
        {"name": "sku", "type": "string"}, {"name": "price", "type": "double"}]}}},
    {"name": "labels", "type": {"type": "map", "values": "string"}}
]}"""
PROTOBUF = """// What is paid.
syntax = "proto3";
package shop;
import "google/protobuf/timestamp.proto";
message Payment {
  string id = 1;
  repeated Part parts = 2;
  oneof way { Card card = 3; string iban = 4; }
  State state = 5;
  google.protobuf.Timestamp paid_at = 6;
  enum State { OPEN = 0; DONE = 1; }
  message Card { bytes token = 1; }
}
message Part { double amount = 1; }
"""
# Each node holds two others: read without a look at what is above them, there would be no end.
ENDLESS = 'syntax = "proto3";\nmessage Node { bool leaf = 1; Node left = 2; Node right = 3; }'
JSON_SCHEMA = """{"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "Customer", "type": "object",
    "properties": {
        "email": {"type": "string", "description": "Where letters go."},
        "age": {"type": ["null", "integer"]},
        "tags": {"type": "array", "items": {"type": "string"}},
        "address": {"type": "object", "properties": {"city": {"type": "string"}, "floor": {"type": "number"}}}
    }}"""
BROKEN = '{"type": "record", "name": "Torn", "fields": [{"name": "id", "type": "no such type"}]}'
XSD = '<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema"/>'

# Of each topic: the kind and the text of its schema, and the fields that the schema has, read by hand.
SCHEMAS: dict[str, tuple[str, str, list[Tree]]] = {
    "orders": (
        "Avro",
        AVRO,
        [
            (
                "Order",
                "RECORD",
                None,
                [
                    ("id", "LONG", "long", []),
                    ("note", "UNION", "UNION<null,string>", []),
                    ("state", "ENUM", "enum", []),
                    (
                        "lines",
                        "ARRAY",
                        "ARRAY<record>",
                        [
                            (
                                "Line",
                                "RECORD",
                                None,
                                [("sku", "STRING", "string", []), ("price", "DOUBLE", "double", [])],
                            )
                        ],
                    ),
                    ("labels", "MAP", "map", []),
                ],
            )
        ],
    ),
    "shop.payments": (
        "Protobuf",
        PROTOBUF,
        [
            (
                "Payment",
                "RECORD",
                None,
                [
                    ("id", "STRING", None, []),
                    ("parts", "RECORD", None, [("amount", "DOUBLE", None, [])]),
                    ("card", "RECORD", None, [("token", "BYTES", None, [])]),
                    ("iban", "STRING", None, []),
                    ("state", "ENUM", None, []),
                    ("paid_at", "RECORD", None, [("seconds", "INT", None, []), ("nanos", "INT", None, [])]),
                ],
            )
        ],
    ),
    "trees": (
        "Protobuf",
        ENDLESS,
        [
            (
                "Node",
                "RECORD",
                None,
                [("leaf", "BOOLEAN", None, []), ("left", "RECORD", None, []), ("right", "RECORD", None, [])],
            )
        ],
    ),
    "customers": (
        "JSON",
        JSON_SCHEMA,
        [
            (
                "Customer",
                "RECORD",
                None,
                [
                    ("email", "STRING", None, []),
                    ("age", "INT", None, []),
                    ("tags", "ARRAY", "ARRAY<STRING>", []),
                    ("address", "RECORD", None, [("city", "STRING", None, []), ("floor", "FLOAT", None, [])]),
                ],
            )
        ],
    ),
    "torn": ("Avro", BROKEN, []),
    "invoices": ("Other", XSD, []),
}

# What the API has: topics, one of them with its schema, and the schemas of the others as a registry lists them.
BROKER: dict[str, list[dict[str, Any]]] = {
    "topics": [
        {"id": "t1", "name": "orders"},
        {"id": "t2", "name": "shop.payments"},
        {"id": "t3", "name": "trees"},
        {"id": "t4", "name": "customers", "value_schema": {"schema": JSON_SCHEMA, "type": "JSON"}},
        {"id": "t5", "name": "torn"},
        {"id": "t6", "name": "invoices"},
        {"id": "t7", "name": "bare"},
    ],
    "schemas": [
        {"subject": "orders-value", "version": 10, "id": 3, "schema": AVRO},
        {"subject": "orders-value", "version": 9, "id": 2, "schema": BROKEN},
        {"subject": "orders-key", "version": 11, "id": 1, "schema": '{"type": "record", "name": "Key", "fields": []}'},
        {"subject": "shop.payments-value", "version": 1, "id": 4, "schemaType": "PROTOBUF", "schema": PROTOBUF},
        {"subject": "trees-value", "version": 1, "id": 5, "schemaType": "PROTOBUF", "schema": ENDLESS},
        {"subject": "customers-value", "version": 1, "id": 6, "schema": AVRO},
        {"subject": "torn-value", "version": 1, "id": 7, "schema": BROKEN},
        {"subject": "invoices-value", "version": 1, "id": 8, "schemaType": "XSD", "schema": XSD},
    ],
    "messages": [
        *({"topic_id": "t1", "offset": offset, "value": f"order {offset}, größer"} for offset in range(12)),
        {"topic_id": "t2", "offset": 0, "payload": {"id": "p1", "parts": [{"amount": 1.5}]}},
        {"topic_id": "t4", "offset": 0, "body": "\x00\x01\x02"},
        {"topic_id": "t4", "offset": 1, "body": "y" * 50_000},
    ],
}
SAMPLES = {
    "orders": [f"order {offset}, größer" for offset in range(10)],
    "shop.payments": ['{"id": "p1", "parts": [{"amount": 1.5}]}'],
    "customers": [b64encode(b"\x00\x01\x02").decode(), "y" * 10_000 + "…"],
}

# Indexes: one with its mapping, one whose fields are a list of their own, one without any.
FINDER: dict[str, list[dict[str, Any]]] = {
    "indexes": [
        {
            "id": "i1",
            "name": "products",
            "mappings": {
                "properties": {
                    "sku": {"type": "keyword"},
                    "price": {"type": "half_float"},
                    "maker": {"properties": {"name": {"type": "text"}, "place": {"type": "geo_point"}}},
                }
            },
        },
        {"id": "i2", "name": "visits"},
        {"id": "i3", "name": "empty"},
    ],
    "fields": [
        {"index_id": "i2", "name": "at", "type": "date"},
        {"index_id": "i2", "name": "pages", "type": "Collection(Edm.String)"},
        {"index_id": "i2", "name": "count", "type": "Edm.Int64"},
    ],
    "documents": [
        *({"index_id": "i1", "_id": str(number), "_source": {"sku": f"sku {number}"}} for number in range(6)),
        {"index_id": "i2", "at": "2026-01-01"},
    ],
}
FIELDS: dict[str, list[Tree]] = {
    "products": [
        ("sku", "KEYWORD", "keyword", []),
        ("price", "HALF_FLOAT", "half_float", []),
        ("maker", "OBJECT", None, [("name", "TEXT", "text", []), ("place", "GEO_POINT", "geo_point", [])]),
    ],
    "visits": [
        ("at", "DATE", "date", []),
        ("pages", "ARRAY", "Collection(Edm.String)", []),
        ("count", "LONG", "Edm.Int64", []),
    ],
    "empty": [],
}


@dataclass
class Case:
    """A connector with all capabilities of its service type, the API that it reads, and a server to send to."""

    connector: Connector
    api: Api
    server: RecordingServer

    def ingest(self, **settings: Any) -> IngestRun:
        """Run the workflow that was scaffolded, with these settings of it changed."""
        workflow = self.connector.pointed(self.server, hostPort=self.api.url)
        workflow["source"]["sourceConfig"]["config"] |= settings
        run = self.connector.ingest(workflow, password="s3cret")
        assert run.returncode == 0, run.output[-5000:]
        assert self.server.faults == []
        assert " ERROR " not in run.output, run.output[-5000:]
        return run

    def samples(self, collection: str) -> list[tuple[str, list[str]]]:
        """What was sent as samples, by the name of its entity, in order."""
        names = {entity["id"]: entity["name"] for entity in self.server.entities(collection)}
        return [
            (names[request.path.split("/")[3]], request.body["messages"])
            for request in self.server.requests
            if request.method == "PUT" and request.path.endswith("/sampleData")
        ]


@contextmanager
def case(
    service_type: str,
    records: dict[str, list[dict[str, Any]]],
    paths: dict[str, str],
    deploy: Deploy,
    schemas: Path,
    warm: Warm,
    scratch: Path,
) -> Iterator[Case]:
    answers = {"name": f"all_{service_type}", "service_type": service_type, "connection_type": "rest_api"}
    answers |= {"auth_types": ["basic"], "pagination": "page"}
    connector = deploy(answers | EVERYTHING[service_type], "package", scratch)
    with Api(records, paths, AUTHORIZATION) as api, connector.server(schemas, warm) as server:
        yield Case(connector, api, server)


@pytest.fixture(scope="module")
def parsers(framework: Path) -> None:
    """The parsers of Avro and Protobuf beside the framework, which does not bring them."""
    found = subprocess.run([str(framework), "-c", "import avro.schema, grpc_tools.protoc"], capture_output=True)
    need("avro or grpcio-tools is missing beside the framework: run `make test`" if found.returncode else None)


@pytest.fixture(scope="module")
def broker(
    parsers: None, deploy: Deploy, schemas: Path, warm: Warm, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Case, IngestRun]]:
    """The topics of the API, read once."""
    paths = {"/topics": "topics", "/schemas": "schemas", "/topics/{topic}/messages": "messages"}
    scratch = tmp_path_factory.mktemp("broker")
    with case("messaging", BROKER, paths, deploy, schemas, warm, scratch) as made:
        yield made, made.ingest()


@pytest.fixture(scope="module")
def finder(deploy: Deploy, schemas: Path, warm: Warm, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Case]:
    """The indexes of the API, read once."""
    below = {f"/indexes/{{index}}/{name}": name for name in ("fields", "documents")}
    paths = {"/indexes": "indexes"} | below
    scratch = tmp_path_factory.mktemp("finder")
    with case("search", FINDER, paths, deploy, schemas, warm, scratch) as made:
        made.ingest(sampleSize=4)
        yield made


def tree(field: dict[str, Any]) -> Tree:
    children = [tree(child) for child in field.get("children") or []]
    return field["name"], field["dataType"], field.get("dataTypeDisplay"), children


@pytest.mark.xdist_group("messages")
def test_schemas_arrive_with_their_fields(broker: tuple[Case, IngestRun]) -> None:
    topics = {topic["name"]: topic.get("messageSchema") for topic in broker[0].server.created("topics")}
    assert topics.pop("bare") is None
    found = {
        name: (schema["schemaType"], schema["schemaText"], [tree(field) for field in schema["schemaFields"]])
        for name, schema in topics.items()
    }
    assert found == SCHEMAS


@pytest.mark.xdist_group("messages")
def test_schema_that_is_none_is_told_of(broker: tuple[Case, IngestRun]) -> None:
    warnings = [line.partition(" - Warning: ")[2] for line in broker[1].output.splitlines() if " - Warning: " in line]
    assert warnings == ["torn: Its Avro schema can't be parsed, and comes without its fields"]


@pytest.mark.xdist_group("messages")
def test_descriptions_of_a_schema_arrive(broker: tuple[Case, IngestRun]) -> None:
    orders = next(topic for topic in broker[0].server.created("topics") if topic["name"] == "orders")
    (order,) = orders["messageSchema"]["schemaFields"]
    assert (order["description"], order["children"][0]["description"]) == ("What was ordered.", "Its number.")


@pytest.mark.xdist_group("messages")
def test_messages_arrive_as_samples_of_their_topic(broker: tuple[Case, IngestRun]) -> None:
    assert dict(broker[0].samples("topics")[: len(SAMPLES)]) == SAMPLES


@pytest.mark.xdist_group("messages")
def test_source_is_asked_as_little_as_it_can_be(broker: tuple[Case, IngestRun]) -> None:
    asked = broker[0].api.asked
    assert len([target for target in asked if target.startswith("/topics/t7/messages")]) == 1
    # The fourth page is the last of the one list of schemas for all topics.
    assert len([target for target in asked if target.startswith("/schemas?") and "page=4" in target]) == 1


@pytest.mark.xdist_group("messages")
def test_second_run_adds_nothing_and_reads_no_messages_where_none_are_wanted(broker: tuple[Case, IngestRun]) -> None:
    made, _ = broker
    before = made.server.entities("topics")
    made.api.asked.clear()
    made.ingest(generateSampleData=False)
    assert made.server.entities("topics") == before
    assert made.server.deleted == []
    # The test of the connection looks for the first topic that has any.
    assert {target.partition("?")[0] for target in made.api.asked if "/messages" in target} == {"/topics/t1/messages"}


@pytest.mark.xdist_group("indexes")
def test_indexes_arrive_with_their_fields(finder: Case) -> None:
    indexes = finder.server.created("searchIndexes")
    assert {index["name"]: [tree(field) for field in index["fields"]] for index in indexes} == FIELDS


@pytest.mark.xdist_group("indexes")
def test_documents_arrive_as_samples_of_their_index(finder: Case) -> None:
    found = {name: [json.loads(text) for text in texts] for name, texts in finder.samples("searchIndexes")}
    documents = FINDER["documents"]
    assert found == {"products": documents[:4], "visits": documents[6:]}
