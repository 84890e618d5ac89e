"""The real `metadata ingest` on a real S3 server, through boto3, whose calls an API map says: nothing is edited."""

from __future__ import annotations

import ast
import csv
import io
import json
import socket
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.conftest import NIGHTLY, ROOT, need
from tests.support import moto
from tests.support.connector import Connector, Deploy, assert_passed
from tests.support.openmetadata import IngestRun, RecordingServer
from tests.support.python import Warm

pytestmark = [pytest.mark.framework, pytest.mark.real]

Json = dict[str, Any]

EXAMPLE = ROOT / "examples/s3.yml"

SECRET = "the-secret-of-the-key"

DAY = {"name": "day", "dataType": "INT"}

# One with nothing in it, one of many pages, one whose name holds dots.
BUCKETS = {f"bucket-{number:02}": [number * 10, number] for number in range(1, 25)} | {
    "empty": [],
    "many-pages": list(range(10 * moto.PAGE + 1)),
    "logs.of.the.shop": [1024, 2048],
}

# A bucket that says what its files hold, and what every column of them is.
SHOP = "files-of-the-shop"
ENTRIES = [
    {"dataPath": "orders", "structureFormat": "csv"},
    {"dataPath": "clicks", "structureFormat": "json", "isPartitioned": True, "partitionColumns": [DAY]},
    {"dataPath": "visits/*.jsonl"},
]
FILES = {
    "openmetadata.json": json.dumps({"entries": ENTRIES}),
    "orders/2026/first.csv": "id,customer,price,is_paid\n1,Ann,2.5,True\n2,Bob,10.25,False\n",
    "orders/2026/second.csv": "id,customer,price,is_paid\n3,Cem,7.75,True\n",
    "clicks/day=1/a.json": json.dumps([{"id": 1, "page": "home", "where": {"x": 1, "y": 2}}] * 3),
    "visits/a.jsonl": json.dumps({"visitor": "Ann", "seconds": 2.5}) + "\n",
    "notes.txt": "nothing of the manifest's",
}
# Whatever OpenMetadata calls the type of a value.
TYPES = {int: "INT", float: "FLOAT", bool: "BOOLEAN", str: "STRING", dict: "JSON"}

CASES = pytest.mark.parametrize(
    "case",
    [
        pytest.param("package", id="package", marks=pytest.mark.xdist_group("s3-package")),
        pytest.param("contrib", id="contrib", marks=[pytest.mark.xdist_group("s3-contrib"), NIGHTLY]),
    ],
    indirect=True,
    scope="module",
)


class Case:
    """The connector of the example, with a store to read and a server to ingest into."""

    def __init__(self, store: moto.Store, connector: Connector, server: RecordingServer) -> None:
        self.store = store
        self.connector = connector
        self.server = server

    def ingest(self, url: str) -> IngestRun:
        """Run the workflow that was scaffolded, with the address of a store."""
        self.server.forget()
        workflow = self.connector.pointed(self.server, hostPort=url)
        return self.connector.ingest(workflow, aws_secret_access_key=SECRET)

    def ingest_well(self) -> None:
        """Run it on the store: it ends well, what it sends is valid, and its log holds no secret and no false alarm."""
        run = self.ingest(self.store.url)
        assert run.returncode == 0, run.output[-5000:]
        assert self.server.faults == []
        assert "ERROR" not in run.output, run.output[-3000:]
        assert SECRET not in run.output

    def arrived(self) -> dict[str, tuple[float, float, str]]:
        """Count of objects, size and path of each container that the server holds."""
        return {
            entity["name"]: (entity["numberOfObjects"], entity["size"], entity["fullPath"])
            for entity in self.server.entities("containers")
            if not entity.get("parent")
        }

    def structured(self) -> dict[str, Json]:
        """The containers below the one with the manifest, by name."""
        below = [entity for entity in self.server.entities("containers") if entity.get("parent")]
        assert {entity["parent"]["fullyQualifiedName"] for entity in below} == {f"object_store.{SHOP}"}
        return {entity["name"]: entity for entity in below}


@pytest.fixture(scope="module")
def case(
    request: pytest.FixtureRequest,
    deploy: Deploy,
    schemas: Path,
    warm: Warm,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Case]:
    need(moto.missing())
    answers = yaml.safe_load(EXAMPLE.read_text())
    connector = deploy(answers, request.param, tmp_path_factory.mktemp(f"s3_{request.param}"))
    with ExitStack() as stack:
        store = stack.enter_context(moto.s3())
        server = stack.enter_context(connector.server(schemas, warm))
        yield Case(store, connector, server)


def expected(store: moto.Store) -> dict[str, tuple[float, float, str]]:
    """What the store itself lists, as `Case.arrived` has it."""
    return {name: (len(sizes), sum(sizes), f"s3://{name}") for name, sizes in store.list_buckets().items()}


@pytest.fixture(scope="module")
def ingested(case: Case, warm: Warm) -> Case:
    """The case after an ingestion of all buckets."""
    installed = warm.run_script(ROOT, "import importlib.util; print(int(bool(importlib.util.find_spec('pandas'))))")
    need(None if installed else "pandas, which reads files, is missing beside the framework: run `make test`")
    case.store.fill(BUCKETS)
    case.store.put(SHOP, {key: text.encode() for key, text in FILES.items()})
    case.ingest_well()
    return case


def columns_of(name: str) -> dict[str, str]:
    """The columns of the first file of an entry with their types, by Python's own readers."""
    text = next(text for key, text in FILES.items() if key.startswith(f"{name}/"))
    if name == "orders":
        row = {column: literal(value) for column, value in next(csv.DictReader(io.StringIO(text))).items()}
    else:
        row = json.loads(text) if name == "visits" else json.loads(text)[0]
    return {column: TYPES[type(value)] for column, value in row.items()}


def literal(text: str) -> object:
    try:
        return ast.literal_eval(text)
    except ValueError:
        return text


@CASES
def test_columns_that_arrive_are_those_of_the_files(ingested: Case) -> None:
    found = ingested.structured()
    assert {
        name: {column["name"]: column["dataType"] for column in entity["dataModel"]["columns"]}
        for name, entity in found.items()
    } == {
        "orders": columns_of("orders"),
        "clicks": {"day": "INT"} | columns_of("clicks"),
        "visits": columns_of("visits"),
    }
    where = found["clicks"]["dataModel"]["columns"][-1]
    assert {child["name"]: child["dataType"] for child in where["children"]} == {"x": "INT", "y": "INT"}
    assert [name for name, entity in found.items() if entity["dataModel"]["isPartitioned"]] == ["clicks"]
    orders = [text for key, text in FILES.items() if key.startswith("orders/")]
    assert found["orders"]["numberOfObjects"] == len(orders)
    assert found["orders"]["size"] == sum(map(len, orders))
    assert found["orders"]["fullPath"] == f"s3://{SHOP}/orders"
    assert {name: entity["fileFormats"] for name, entity in found.items()} == {
        "orders": ["csv"],
        "clicks": ["json"],
        "visits": ["json"],
    }


@CASES
def test_what_arrives_is_what_the_store_has(ingested: Case) -> None:
    case = ingested
    assert len(BUCKETS) >= 25
    assert set(case.arrived()) == {*BUCKETS, SHOP}
    assert case.arrived() == expected(case.store)
    case.store.client.delete_bucket(Bucket="empty")
    case.ingest_well()
    assert case.server.deleted == ["object_store.empty"]
    assert case.arrived() == expected(case.store)
    assert len(case.structured()) == len(ENTRIES)


@CASES
def test_endpoint_where_nothing_listens_is_said(case: Case) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        refused = case.ingest(f"http://127.0.0.1:{closed.getsockname()[1]}")
    assert refused.returncode != 0
    for words in ("CheckAccess: ", "No connection", "Check the host and port of hostPort", "ListBuckets: Skipped"):
        assert words in refused.output, refused.output[-3000:]
    assert case.server.writes == []
    assert SECRET not in refused.output


@CASES
def test_emitted_tests_pass(case: Case, warm: Warm) -> None:
    assert_passed(case.connector.run_tests(warm))
