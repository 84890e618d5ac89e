"""The answers: what OpenMetadata is told of each request, and what becomes of it."""

from __future__ import annotations

import importlib
import json
import socket
import sqlite3
import time
from pathlib import Path
from typing import Any

import httpx
import pytest

from receiving import PACKAGE, SECRET, id_of, sample, send, serving, signature

QUEUE = importlib.import_module(f"{PACKAGE}.queue")


def dead(config: dict[str, Any]) -> list[tuple[str, str]]:
    """The ids and reasons of what was given up."""
    with sqlite3.connect(config["queueFile"]) as connection:
        query = "SELECT id, reason FROM deliveries JOIN events USING (number) WHERE state = 'dead'"
        return connection.execute(query).fetchall()


def test_test_of_the_destination_is_answered(config: dict[str, Any]) -> None:
    with serving(config) as url:
        answer = send(url, b'{"message": "This is a test message"}')
    assert (answer.status_code, answer.json(), dead(config)) == (200, {"result": "test"}, [])


@pytest.mark.parametrize("method", ["POST", "PUT"])
def test_event_is_queued_by_both_methods(method: str, config: dict[str, Any]) -> None:
    with serving(config) as url:
        answer = send(url, sample(), method=method)
    assert (answer.status_code, answer.json()) == (202, {"result": "queued"})


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"<event/>", "it is not JSON"),
        (b"[" * 100_000, "it is not JSON"),
        (b"[]", "it is not a JSON object"),
        (b'{"id": "\\ud800"}', "it holds half a character"),
        (b'{"eventType": "userLogin"}', "it is no ChangeEvent of this release: id: Field required"),
    ],
    ids=["XML", "nested", "a list", "half a character", "a field is missing"],
)
def test_what_is_no_event_is_kept_as_dead(body: bytes, reason: str, config: dict[str, Any]) -> None:
    """OpenMetadata would not send it again."""
    with serving(config) as url:
        assert [send(url, body).json()["result"] for _ in range(2)] == ["dead", "duplicate"]
    ((_, said),) = dead(config)
    assert said == reason


def test_event_of_another_release_is_kept_as_dead(config: dict[str, Any]) -> None:
    body = json.dumps(json.loads(sample()) | {"inventedLater": True}).encode()
    with serving(config) as url:
        assert send(url, body).json() == {"result": "dead"}
    assert dead(config) == [
        (id_of(body), "it is no ChangeEvent of this release: inventedLater: Extra inputs are not permitted")
    ]


def test_event_that_is_older_than_ids_are_remembered_is_kept_as_dead(config: dict[str, Any]) -> None:
    old = int((time.time() - 31 * 86400) * 1000)
    body = json.dumps(json.loads(sample()) | {"timestamp": old}).encode()
    with serving(config) as url:
        assert send(url, body).json() == {"result": "dead"}
    assert dead(config) == [(id_of(body), "it is from before the time that ids are remembered for")]


def test_event_that_no_handler_is_to_have_is_ignored(config: dict[str, Any]) -> None:
    with serving(config | {"selection": {"excludes": ["shop\\.public"]}}) as url:
        assert send(url, sample()).json() == {"result": "ignored"}


def test_event_without_a_name_is_selected_unless_names_are_asked_for(config: dict[str, Any]) -> None:
    event = {key: value for key, value in json.loads(sample()).items() if key != "entityFullyQualifiedName"}
    with serving(config | {"selection": {"excludes": ["bank\\."]}}) as url:
        assert send(url, json.dumps(event).encode()).json() == {"result": "queued"}
    with serving(config | {"selection": {"includes": ["shop\\."]}}) as url:
        assert send(url, json.dumps(event | {"id": id_of(sample())}).encode()).json() == {"result": "ignored"}


def test_event_that_is_too_large_is_refused(config: dict[str, Any]) -> None:
    config["performance"] |= {"maxBodyBytes": 2000}
    with serving(config) as url:
        assert send(url, sample()).status_code == 202
        assert send(url, sample(columns=200)).status_code == 413


def test_previous_secret_is_taken_while_the_key_is_changed(
    config: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENMETADATA_WEBHOOK_SECRET", "the new one")
    monkeypatch.setenv("PREVIOUS", SECRET)
    with serving(config | {"previousSecret": "env:PREVIOUS"}) as url:
        assert [send(url, sample(), secret).status_code for secret in (SECRET, "the new one")] == [202, 202]
    with serving(config) as url:
        assert [send(url, sample(), secret).status_code for secret in (SECRET, "the new one")] == [401, 202]


def test_signature_that_is_there_twice_is_refused(config: dict[str, Any]) -> None:
    body = sample()
    twice = [("X-OM-Signature", signature(body)), ("X-OM-Signature", signature(body))]
    with serving(config) as url:
        assert httpx.post(f"{url}/events", content=body, headers=twice).status_code == 401


def test_address_that_sends_too_fast_has_to_wait(config: dict[str, Any]) -> None:
    config["performance"] |= {"requestsPerSecond": 5}
    started = time.monotonic()
    with serving(config) as url:
        assert {send(url, sample()).status_code for _ in range(10)} == {202}
    assert time.monotonic() - started >= 0.9


def test_answer_comes_within_the_time_that_the_server_waits(config: dict[str, Any]) -> None:
    config["performance"] |= {"requestsPerSecond": 1, "answerSeconds": 0.2}
    with serving(config) as url:
        answers = [send(url, sample()) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [202, 503]
    assert answers[1].elapsed.total_seconds() < 1


def test_body_that_ends_early_is_no_error(config: dict[str, Any], caplog: pytest.LogCaptureFixture) -> None:
    body = sample()
    with serving(config) as url:
        host, port = url.removeprefix("http://").split(":")
        with socket.create_connection((host, int(port))) as connection:
            head = f"POST /events HTTP/1.1\r\nHost: {host}\r\nContent-Length: {len(body)}\r\n"
            head += f"X-OM-Signature: {signature(body)}\r\n\r\n"
            connection.sendall(head.encode() + body[:10])
        assert send(url, body).status_code == 202
    assert [record.getMessage() for record in caplog.records if record.levelname == "ERROR"] == []


def test_full_queue_is_said(config: dict[str, Any]) -> None:
    queue = QUEUE.Queue(Path(config["queueFile"]))
    queue.put("1", "table/a", b"{}", [next(iter(config["handlers"]))])
    queue.close()
    with sqlite3.connect(config["queueFile"]) as connection:
        connection.execute("UPDATE deliveries SET due = due + 3600")
    config["performance"] |= {"maxWaiting": 1}
    with serving(config) as url:
        answer = send(url, sample())
    assert (answer.status_code, answer.json()) == (503, {"result": "the queue is full"})


def test_health_says_that_it_is_well(config: dict[str, Any]) -> None:
    with serving(config) as url:
        answer = httpx.get(f"{url}/health")
    assert (answer.status_code, answer.json()["status"]) == (200, "ok")


def test_metrics_count_what_happened(config: dict[str, Any]) -> None:
    body = sample()
    with serving(config) as url:
        for secret in (SECRET, SECRET, "forged"):
            send(url, body, secret)
        lines = httpx.get(f"{url}/metrics").text.splitlines()
    assert "openmetadata_events_received_total 1.0" in lines
    assert "openmetadata_events_duplicates_total 1.0" in lines
    assert 'openmetadata_events_refused_total{status="401"} 1.0' in lines
    assert "openmetadata_events_answer_seconds_count 3.0" in lines
