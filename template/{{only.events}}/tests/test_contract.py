"""The contract: what holds for every event, whatever the handlers are."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from package import ROOT
from receiving import SETTINGS, id_of, sample, send, serving, signature, wait_until_handled

# What is committed, built or written of a package.
FOLDERS = ("certification", "config", "deploy", "dist", "docs", "src", "tests")

Arrived = Callable[[str], list[str]]


def test_signed_events_arrive_at_the_handlers_that_are_selected(
    config: dict[str, Any], arrived: Arrived, record_property: Callable[[str, Any], None]
) -> None:
    kinds = [("table", "entityCreated"), ("table", "entityUpdated"), ("topic", "entityUpdated")]
    bodies = [sample(number, *kinds[number % 3]) for number in range(12)]
    with serving(config) as url:
        assert {send(url, body).status_code for body in bodies} == {202}
        wait_until_handled(url)
    for handler in config["handlers"]:
        chosen = bodies if handler.endswith("_all") else bodies[1::3]
        assert sorted(arrived(handler)) == sorted(map(id_of, chosen))
        record_property(handler, len(chosen))


@pytest.mark.parametrize("fault", ["no header", "another secret", "another body", "hexadecimal"])
def test_forged_event_is_refused(fault: str, config: dict[str, Any], arrived: Arrived) -> None:
    body = sample()
    headers = {
        "no header": {},
        "another secret": {"X-OM-Signature": signature(body, "guessed")},
        "another body": {"X-OM-Signature": signature(sample())},
        "hexadecimal": {"X-OM-Signature": f"sha256={'0' * 64}"},
    }[fault]
    with serving(config) as url:
        assert httpx.post(f"{url}/events", content=body, headers=headers).status_code == 401
        # What is signed comes through after it.
        right = sample()
        assert send(url, right).status_code == 202
        wait_until_handled(url)
    for handler in config["handlers"]:
        assert arrived(handler) == [id_of(right)]


def test_replayed_event_is_not_handled_again(config: dict[str, Any], arrived: Arrived) -> None:
    body = sample()
    for _ in range(2):
        # Also by a process that was started since.
        with serving(config) as url:
            answers = [send(url, body) for _ in range(3)]
            wait_until_handled(url)
        assert answers[-1].status_code == 200
        assert answers[-1].json() == {"result": "duplicate"}
    for handler in config["handlers"]:
        assert arrived(handler) == [id_of(body)]


def test_events_of_an_entity_are_handled_in_order(config: dict[str, Any], arrived: Arrived) -> None:
    bodies = [sample(number % 4) for number in range(60)]
    with serving(config) as url:
        for body in bodies:
            send(url, body)
        wait_until_handled(url)
    for handler in config["handlers"]:
        order = arrived(handler)
        for entity in range(4):
            of_entity = [id_of(body) for body in bodies[entity::4]]
            assert [one for one in order if one in of_entity] == of_entity


def test_planted_secrets_are_nowhere(
    config: dict[str, Any], planted: dict[str, str], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """In no line of the log, in no representation, no answer and no metric, not in the queue, and in no file."""
    config["performance"] |= {"maxAttempts": 2}
    settings = SETTINGS.from_config(config)
    places = {"a representation of the settings": f"{settings!r} {settings}"}
    logging.getLogger("httpx").setLevel(logging.WARNING)
    with caplog.at_level(logging.DEBUG), serving(config) as url:
        answers = [send(url, sample(), secret) for secret in (*planted.values(), "forged")]
        wait_until_handled(url)
        answers += [httpx.get(f"{url}/{path}") for path in ("health", "metrics", "events", "nowhere")]
    places["the log"] = caplog.text
    places["an answer"] = json.dumps([[answer.text, dict(answer.headers)] for answer in answers])
    kept = [path for path in tmp_path.rglob("*") if path.is_file()]
    carried = [path for folder in FOLDERS for path in (ROOT / folder).rglob("*") if path.is_file()]
    for path in kept + carried:
        places[path.name] = path.read_bytes().decode("utf-8", errors="replace")
    leaks = [(name, place) for name, secret in planted.items() for place, text in places.items() if secret in text]
    assert leaks == []
