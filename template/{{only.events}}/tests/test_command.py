"""The command: it says in a line what is wrong, lists what is dead and puts it back, and tries a receiver."""

from __future__ import annotations

import importlib
import json
from pathlib import Path
from typing import Any

import pytest

from receiving import PACKAGE, id_of, sample, send, serving

MAIN = importlib.import_module(f"{PACKAGE}.__main__").main
QUEUE = importlib.import_module(f"{PACKAGE}.queue")


@pytest.fixture
def file(config: dict[str, Any], tmp_path: Path) -> str:
    """The configuration of the tests as a file."""
    path = tmp_path / "receiver.yaml"
    path.write_text(json.dumps(config))
    return str(path)


def test_wrong_option_is_a_line_and_an_exit_status(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert MAIN(["--config", str(tmp_path / "nowhere.yaml"), "serve"]) == 1
    assert capsys.readouterr().err == f"{tmp_path}/nowhere.yaml can't be read: No such file or directory\n"


def test_queue_of_another_process_is_a_line_and_an_exit_status(
    file: str, config: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    with serving(config):
        assert MAIN(["--config", file, "serve", "--port", "0"]) == 1
    assert "another process serves the queue: end it first" in capsys.readouterr().err


def test_dead_events_are_listed_and_requeued(
    file: str, config: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    known = id_of(sample())
    with serving(config) as url:
        send(url, json.dumps({"id": known}).encode())
    assert MAIN(["--config", file, "dead"]) == 0
    (line,) = capsys.readouterr().out.splitlines()
    assert line.startswith(f"{known}  ")
    assert line.endswith("it is no ChangeEvent of this release: eventType: Field required")
    assert MAIN(["--config", file, "dead", "--requeue", "unknown"]) == 1
    assert MAIN(["--config", file, "dead", "--requeue", known]) == 0
    assert MAIN(["--config", file, "dead", "--requeue-all"]) == 0
    assert capsys.readouterr().out.splitlines() == ["0 back in line", "1 back in line", "0 back in line"]


def test_receiver_is_tried(file: str, config: dict[str, Any], capsys: pytest.CaptureFixture[str]) -> None:
    with serving(config) as url:
        assert MAIN(["--config", file, "try", "--url", f"{url}/events"]) == 0
        assert send(url, sample()).json() == {"result": "queued"}
    assert capsys.readouterr().out.endswith(': 202 {"result":"queued"}\n')


def test_receiver_that_is_not_there_is_said(file: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert MAIN(["--config", file, "try", "--url", "http://127.0.0.1:9/events", "--wait", "0.1"]) == 1
    assert capsys.readouterr().err.startswith("http://127.0.0.1:9/events: no answer: ")


def test_dead_event_is_not_sent_again_by_a_replay(config: dict[str, Any]) -> None:
    body = sample()
    queue = QUEUE.Queue(Path(config["queueFile"]))
    queue.put(id_of(body), "table/a", body, ["gone"], "it is dead")
    queue.close()
    with serving(config) as url:
        assert send(url, body).json() == {"result": "duplicate"}
