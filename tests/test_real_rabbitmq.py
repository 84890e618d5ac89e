"""The real `metadata ingest` on a real RabbitMQ, through its management API and without an edit by hand."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.conftest import ROOT, by_day, need
from tests.support import systems
from tests.support.certification import assert_certified_with
from tests.support.connector import Connector, Deploy
from tests.support.openmetadata import IngestRun, RecordingServer
from tests.support.python import Warm
from tests.support.rabbitmq import Broker, rabbitmq

# One broker serves both placements.
pytestmark = [pytest.mark.framework, pytest.mark.real, pytest.mark.xdist_group("rabbitmq")]

ANSWERS = yaml.safe_load((ROOT / "examples/rabbitmq.yml").read_text())

# Names as people give them, and the properties of the API.
QUEUES: dict[str, dict[str, Any]] = {f"orders-{number:02}": {"durable": number % 2 == 0} for number in range(1, 16)} | {
    "billing.invoices.created": {"durable": True},
    "billing/refunds": {"durable": True, "auto_delete": True},
    "a name with spaces": {"durable": False},
    "naïve größe 注文": {"durable": True},
    "100% & more?": {"durable": True},
    "mail.outgoing": {"durable": True, "arguments": {"x-message-ttl": 60_000, "x-max-length-bytes": 1_048_576}},
    "short-lived": {"durable": True, "arguments": {"x-message-ttl": 1, "x-expires": 3_600_000}},
    "bounded": {"durable": True, "arguments": {"x-max-length": 10, "x-overflow": "reject-publish"}},
    "quorum": {"durable": True, "arguments": {"x-queue-type": "quorum"}},
    "events": {"durable": True, "arguments": {"x-queue-type": "stream", "x-max-age": "7D"}},
}

# OpenMetadata's separator is kept as the framework writes it, and of two queues by one name there is one.
RENAMED = {"audit::2026": "audit__reserved__colon__2026"}
TWICE = "orders-01"


class Case:
    """The connector of the example, a broker with queues, and a server to ingest into."""

    def __init__(self, broker: Broker, connector: Connector, server: RecordingServer) -> None:
        self.broker = broker
        self.connector = connector
        self.server = server

    def ingest(self, password: str) -> IngestRun:
        """Run the workflow that was scaffolded, with the address of the broker."""
        self.server.forget()
        workflow = self.connector.pointed(self.server, hostPort=self.broker.url)
        return self.connector.ingest(workflow, password=password)


@pytest.fixture(scope="module")
def broker() -> Iterator[Broker]:
    if systems.missing("rabbitmq"):
        need(systems.install("rabbitmq"))
    with rabbitmq() as started:
        for name, properties in QUEUES.items():
            started.declare(name, **properties)
        for name in RENAMED:
            started.declare(name)
        started.add_host("second")
        started.declare(TWICE, "second")
        yield started


@pytest.fixture(scope="module", params=by_day(["package", "contrib"], ["package"]))
def case(
    request: pytest.FixtureRequest,
    broker: Broker,
    deploy: Deploy,
    schemas: Path,
    warm: Warm,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Case]:
    connector = deploy(ANSWERS, request.param, tmp_path_factory.mktemp(f"rabbitmq_{request.param}"))
    with connector.server(schemas, warm) as server:
        yield Case(broker, connector, server)


def as_topic(queue: dict[str, Any]) -> dict[str, Any]:
    """What OpenMetadata is to be told of a queue, as the broker lists it."""
    own = {key: queue[key] for key in ("type", "durable", "auto_delete", "exclusive", "vhost")}
    arguments = queue["arguments"]
    topic = {
        "name": RENAMED.get(queue["name"], queue["name"]),
        "displayName": queue["name"],
        "partitions": 1,
        "retentionTime": arguments.get("x-message-ttl"),
        "retentionSize": arguments.get("x-max-length-bytes"),
        "topicConfig": own | arguments,
    }
    if "x-max-age" in arguments:
        assert arguments["x-max-age"] == "7D"
        topic["retentionTime"] = 7 * 24 * 60 * 60 * 1000
    if "members" in queue:
        topic["replicationFactor"] = len(queue["members"])
    return {key: value for key, value in topic.items() if value is not None}


def test_what_arrives_is_what_the_broker_lists(case: Case) -> None:
    run = case.ingest(case.broker.password)
    assert run.returncode == 0, run.output[-5000:]
    assert case.server.faults == []
    listed = case.broker.queues()
    assert len(listed) == len(QUEUES) + len(RENAMED) + 1
    assert len(listed) > 2 * ANSWERS["page_size"]
    expected = [as_topic(queue) for queue in listed if queue["vhost"] == "/"]
    sent = case.server.created("topics")
    assert sorted(topic["name"] for topic in sent) == sorted(topic["name"] for topic in expected)
    added = ("service", "sourceHash")  # by the framework
    by_name = {topic["name"]: {key: topic[key] for key in topic if key not in added} for topic in sent}
    assert by_name == {topic["name"]: topic for topic in expected}

    assert "ERROR" not in run.output, run.output[-3000:]
    assert case.broker.password not in run.output
    for name, kept in RENAMED.items():
        assert f"Warning: {name}: OpenMetadata can't keep this name, and has the topic as {kept}" in run.output
    assert f"Warning: {TWICE}: Left out: another Topic of this name was read before" in run.output
    assert "Warnings: 2" in run.output


@pytest.mark.parametrize("case", ["package"], indirect=True, scope="module")
def test_package_is_certified_with_the_broker(case: Case, forked: Path, tmp_path: Path) -> None:
    workflow = case.connector.pointed(case.server, hostPort=case.broker.url)
    assert_certified_with(case.connector, forked, workflow, tmp_path, password=case.broker.password)


def test_wrong_password_is_explained(case: Case) -> None:
    run = case.ingest("wrong-password")
    assert run.returncode != 0
    for words in ("CheckAccess: ", "401", "Sign-in refused", "Check the credentials in authType", "GetTopics: Skipped"):
        assert words in run.output, run.output[-3000:]
    assert "wrong-password" not in run.output
    assert case.server.writes == []
