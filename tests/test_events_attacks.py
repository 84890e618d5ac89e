"""Attacks on an event receiver that runs: shared files, files that are damaged, clients that keep it waiting."""

from __future__ import annotations

import http.client
import json
import os
import shutil
import socket
import sqlite3
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.conftest import Scaffold
from tests.support import events
from tests.support.python import Warm, environment

PACKAGE = "openmetadata_change_log"

# As many as a process may usually have descriptors, less what it needs itself.
CONNECTIONS = 1005

HEAD = b"POST /events HTTP/1.1\r\nHost: a\r\n"

pytestmark = [pytest.mark.framework, pytest.mark.xdist_group("events")]


@pytest.fixture(scope="module")
def pythonpath(scaffold: Scaffold, cache: Path, tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """A package, and what it needs beside the framework."""
    root = scaffold(tmp_path_factory.mktemp("attacked") / "out", kind="events", name="change_log", handlers=["file"])
    return [root / "src", events.libraries(cache)]


@pytest.fixture(scope="module")
def sent(warm: Warm) -> list[events.Sent]:
    """Events of some entities."""
    made = warm.run_script([], f"import sys; sys.argv[1:] = ['8', '5']\n{events.MAKE}")
    return [events.Sent(body.encode()) for body in made]


@pytest.fixture
def receiver(forked: Path, pythonpath: list[Path], tmp_path: Path) -> Iterator[events.Receiver]:
    """A receiver that writes each event to `log.jsonl`; it is not served yet."""
    receiver = events.Receiver(forked, PACKAGE, pythonpath, configured(tmp_path / "receiver.yaml"))
    yield receiver
    receiver.__exit__()


def configured(path: Path, queue: str = "queue.db", **files: str) -> Path:
    handlers = {name: {"type": "file", "path": file} for name, file in (files or {"log": "log.jsonl"}).items()}
    path.write_text(yaml.safe_dump({"queueFile": queue, "handlers": handlers, "performance": {"retrySeconds": 0.05}}))
    return path


def refused(receiver: events.Receiver, config: Path, *command: str) -> str:
    """The line that a command ends with, and nothing else."""
    done = subprocess.run(
        [str(receiver.framework), "-W", "ignore", "-m", PACKAGE, "--config", str(config), *command],
        cwd=config.parent,
        env=environment(receiver.pythonpath, OPENMETADATA_WEBHOOK_SECRET=events.SECRET),
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert (done.returncode, done.stdout) == (1, ""), done.stderr
    (line,) = done.stderr.splitlines()
    return line


def lines(path: Path) -> list[dict[str, Any]]:
    """The events in a file; each line is whole."""
    *found, last = path.read_bytes().split(b"\n")
    assert last == b""
    return [json.loads(line) for line in found]


def files(folder: Path) -> dict[str, bytes]:
    """What is in a folder, but for the index that SQLite makes anew."""
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.suffix not in (".log", ".db-shm")}


def test_file_and_queue_are_those_of_one_handler_of_one_process(
    receiver: events.Receiver, sent: list[events.Sent], tmp_path: Path
) -> None:
    (tmp_path / "again.jsonl").symlink_to("log.jsonl")
    (tmp_path / "again.db").symlink_to("queue.db")
    other = tmp_path / "other.yaml"
    for name in ("log.jsonl", str(tmp_path / "log.jsonl"), "again.jsonl"):
        line = refused(receiver, configured(other, log="log.jsonl", twin=name), "serve", "--port", "0")
        assert line.startswith(
            f"config.handlers.twin: {name} can't be written: another handler or process writes to it"
        )
    receiver.start()
    os.link(tmp_path / "log.jsonl", tmp_path / "hard.jsonl")
    line = refused(receiver, configured(other, "other.db", log="hard.jsonl"), "serve", "--port", "0")
    assert "another handler or process writes to it" in line
    line = refused(receiver, configured(other, "again.db", log="other.jsonl"), "serve", "--port", "0")
    assert line == "again.db: another process serves the queue: end it first"
    for event in sent:
        assert receiver.send(event.body)[0] == 202
    receiver.wait_until_handled()
    assert events.in_order([event["id"] for event in lines(tmp_path / "log.jsonl")], sent, lambda event: True) == []


def test_line_that_a_kill_cut_off_gets_its_rest_behind_what_somebody_else_left(
    receiver: events.Receiver, sent: list[events.Sent], tmp_path: Path
) -> None:
    log = tmp_path / "log.jsonl"
    log.write_bytes(b"notes of mine\nwithout an end")
    receiver.start()
    for event in sent[:5]:
        receiver.send(event.body)
    receiver.wait_until_handled()
    before = log.read_bytes()
    assert before.startswith(b"notes of mine\nwithout an end\n{")
    receiver.kill()
    # As it is left where the process ends while it writes two events, and has begun the second.
    cut = [json.dumps(event.facts, ensure_ascii=False, separators=(",", ":")).encode() for event in sent[5:15:5]]
    with closing(sqlite3.connect(tmp_path / "queue.db")) as connection:
        for event in sent[5:15:5]:
            made = connection.execute(
                "INSERT INTO events (id, received, body) VALUES (?, 0, ?)", (event.id, event.body)
            )
            running = "INSERT INTO deliveries (number, handler, entity, state, due) VALUES (?, 'log', ?, 'running', 0)"
            connection.execute(running, (made.lastrowid, event.id))
        connection.commit()
    with log.open("ab") as file:
        file.write(cut[1][:100])
    receiver.start()
    receiver.wait_until_handled()
    assert log.read_bytes() == before + cut[1] + b"\n" + cut[0] + b"\n"


@pytest.mark.parametrize("name", ["queue.db", "queue.db-wal", "queue.db.owner", "receiver.yaml"])
def test_file_that_is_damaged_is_a_line_and_is_left_as_it_is(
    name: str, receiver: events.Receiver, sent: list[events.Sent], tmp_path: Path
) -> None:
    receiver.start()
    for event in sent[:20]:
        receiver.send(event.body)
    receiver.kill()
    if name == "queue.db":
        # What is in the log would be read in its place.
        with closing(sqlite3.connect(tmp_path / name)) as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    damaged = tmp_path / name
    whole = damaged.read_bytes() or b"\0" * 200
    # The log in its middle, where SQLite would leave out all that follows.
    place = len(whole) // 2 if name.endswith("-wal") else 0
    damaged.write_bytes(whole[:place] + b"\xff" * 100 + whole[place + 100 :])
    before = files(tmp_path)
    for command in (["serve", "--port", "0"], ["dead"]):
        line = refused(receiver, receiver.config, *command)
        assert name in line
        assert {file: contents for file, contents in files(tmp_path).items() if file in before} == before


def test_log_of_a_database_that_is_gone_is_kept(
    receiver: events.Receiver, sent: list[events.Sent], tmp_path: Path
) -> None:
    """SQLite would delete it."""
    receiver.start()
    receiver.send(sent[0].body)
    receiver.kill()
    shutil.move(tmp_path / "queue.db", tmp_path / "away")
    before = files(tmp_path)
    assert refused(receiver, receiver.config, "serve", "--port", "0") == (
        f"{tmp_path}/queue.db: is gone, but queue.db-wal is there: put it back, or move queue.db-wal away"
    )
    assert files(tmp_path) == before
    shutil.move(tmp_path / "away", tmp_path / "queue.db")
    receiver.start()
    assert receiver.send(sent[0].body) == (200, {"result": "duplicate"})


@pytest.mark.parametrize("head", [b"", HEAD, HEAD + b"X-OM-Signature: sha256=\r\nContent-Length: 9000\r\n\r\n"])
def test_health_is_answered_while_a_thousand_clients_keep_it_waiting(
    head: bytes, receiver: events.Receiver, sent: list[events.Sent]
) -> None:
    """Each sends a byte now and then, in the head or in the body, or nothing; all are left within seconds."""
    receiver.start()
    with ExitStack() as opened:
        clients = []
        for _ in range(CONNECTIONS):
            client = opened.enter_context(socket.create_connection(("127.0.0.1", receiver.port)))
            client.sendall(head)
            client.setblocking(False)
            clients.append(client)
        started = time.monotonic()
        while clients:
            assert (health := status(receiver.port)) == 200, health
            assert time.monotonic() - started < 40, f"{len(clients)} are still there"
            clients = [client for client in clients if is_open(client, b"a" if head else b"")]
            time.sleep(0.5)
            # An event comes through as well.
            assert receiver.send(sent[0].body)[0] in (200, 202)


def status(port: int) -> int:
    """The status of /health, which a probe waits 5 s for at most."""
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=5)) as connection:
        connection.request("GET", "/health")
        return connection.getresponse().status


def is_open(client: socket.socket, byte: bytes) -> bool:
    try:
        if byte:
            client.send(byte)
        return client.recv(1000) != b""
    except BlockingIOError:
        return True
    except OSError:
        return False
