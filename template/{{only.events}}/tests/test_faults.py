"""What goes wrong, and what is too much: the process is killed half-way, and many large events come at once."""

from __future__ import annotations

import http.client
import json
import os
import resource
import signal
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from package import MANIFEST
from receiving import PACKAGE, PATIENCE, SERVER, id_of, sample, send, send_all, serving, wait_until_handled

PERFORMANCE = MANIFEST["performance"]

# The least that OpenMetadata waits for an answer, whatever its alert says, in seconds.
PATIENCE_OF_THE_SERVER = 10.0

# Each number of events is sent once.
LOADS: dict[int, Load] = {}

# Bytes of what the system counts memory in: kilobytes, but on macOS.
UNIT = 1 if sys.platform == "darwin" else 1024


@dataclass(frozen=True)
class Load:
    """Events that were sent: how many, the seconds until all were handled, and the longest that an answer took."""

    events: int
    seconds: float
    answer: float

    @property
    def each(self) -> float:
        """Seconds an event."""
        return self.seconds / self.events


@pytest.fixture
def load(config: dict[str, Any]) -> Callable[[int], Load]:
    """Sends a number of events, each of an entity with many columns."""

    def loading(events: int) -> Load:
        if events not in LOADS:
            bodies = [sample(number % 20, columns=PERFORMANCE["width"]) for number in range(events)]
            with serving(config) as url:
                started = time.perf_counter()
                answers = send_all(url, bodies)
                wait_until_handled(url)
                LOADS[events] = Load(events, time.perf_counter() - started, max(answers))
        return LOADS[events]

    return loading


@contextmanager
def process(config: Path) -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    """The command in a process of its own, and its URL; it is ended with the block."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-W", "ignore", "-m", PACKAGE, "--config", str(config), "serve", "--port", str(port)]
    log = config.with_suffix(".log")
    with log.open("ab") as output:
        environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
        running = subprocess.Popen(command, stdout=output, stderr=output, env=environment)
    try:
        until = time.monotonic() + PATIENCE
        while True:
            try:
                httpx.get(f"http://127.0.0.1:{port}/health")
                break
            except httpx.TransportError:
                assert running.poll() is None and time.monotonic() < until, log.read_text()
                time.sleep(0.05)
        yield running, f"http://127.0.0.1:{port}"
    finally:
        running.terminate()
        running.wait(30)


def peak() -> float:
    """The most memory that this process has had so far, in MiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * UNIT / 2**20


def is_open(client: socket.socket) -> bool:
    """Send a byte; whether the other side still takes it."""
    client.setblocking(False)
    try:
        client.send(b"a")
        return client.recv(1000) != b""
    except BlockingIOError:
        return True
    except OSError:
        return False


def test_nothing_is_lost_when_the_process_is_killed(
    config: dict[str, Any], arrived: Callable[[str], list[str]], tmp_path: Path
) -> None:
    file = tmp_path / "receiver.yaml"
    file.write_text(json.dumps(config))
    bodies = [sample(number % 10) for number in range(120)]
    with process(file) as (running, url):
        for body in bodies[:60]:
            assert send(url, body).status_code == 202
        running.send_signal(signal.SIGKILL)
        running.wait(30)
    with process(file) as (_, url):
        for body in bodies[60:]:
            assert send(url, body).status_code == 202
        wait_until_handled(url)
    for handler in config["handlers"]:
        order = arrived(handler)
        assert Counter(order) == Counter(map(id_of, bodies))
        for entity in range(10):
            of_entity = [id_of(body) for body in bodies[entity::10]]
            assert [one for one in order if one in of_entity] == of_entity


@pytest.mark.parametrize(
    "head",
    [
        b"",
        b"GET /health HTTP/1.1\r\nHost: ",
        b"GET /health HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\n",
        b"POST /events HTTP/1.1\r\nHost: a\r\nX-OM-Signature: sha256=\r\nContent-Length: 1000\r\n\r\n",
    ],
    ids=["nothing", "head", "body that nobody reads", "body"],
)
def test_client_that_keeps_the_receiver_waiting_is_left(
    head: bytes, config: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """At once where there are too many, otherwise after its time, though it sends a byte now and then."""
    for name, value in (("MOST", 20), ("HEAD", 0.5), ("WHOLE", 1.0)):
        monkeypatch.setattr(SERVER, name, value)
    with serving(config) as url, ExitStack() as opened:
        clients = []
        for _ in range(60):
            client = socket.create_connection(("127.0.0.1", int(url.rpartition(":")[2])))
            clients.append(opened.enter_context(client))
            client.sendall(head)
        assert [httpx.get(f"{url}/health").status_code for _ in range(3)] == [200] * 3
        assert send(url, sample()).status_code == 202
        until = time.monotonic() + 10
        while clients:
            assert time.monotonic() < until, f"{len(clients)} are still there"
            clients = [client for client in clients if is_open(client)]
            time.sleep(0.05)


def test_of_too_many_clients_those_that_wait_longest_are_left(
    config: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(SERVER, "MOST", 20)
    with serving(config) as url, ExitStack() as opened:
        address = ("127.0.0.1", int(url.rpartition(":")[2]))
        clients = [opened.enter_context(socket.create_connection(address)) for _ in range(60)]
        assert httpx.get(f"{url}/health").status_code == 200
        time.sleep(0.2)
        assert [is_open(client) for client in clients] == [False] * 41 + [True] * 19


def test_client_that_asks_in_time_is_kept(config: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(SERVER, "WHOLE", 1.0)
    with serving(config) as url, ExitStack() as opened:
        client = http.client.HTTPConnection(url.removeprefix("http://"))
        opened.callback(client.close)
        client.connect()
        connected = client.sock
        for _ in range(4):
            client.request("GET", "/health")
            assert client.getresponse().read()
            time.sleep(0.4)
        assert client.sock is connected


def test_many_events_are_taken_within_their_limits(
    load: Callable[[int], Load], record_property: Callable[[str, Any], None]
) -> None:
    load(1)
    before = peak()
    many = load(PERFORMANCE["rows"])
    memory = peak() - before
    record_property("seconds", round(many.seconds, 3))
    record_property("memory", round(memory, 1))
    record_property("longest_answer", round(many.answer, 3))
    assert memory <= PERFORMANCE["memory"]
    assert many.seconds <= PERFORMANCE["seconds"]
    assert many.answer <= PATIENCE_OF_THE_SERVER


def test_many_events_take_no_longer_each(
    load: Callable[[int], Load], record_property: Callable[[str, Any], None]
) -> None:
    few, many = load(PERFORMANCE["rows"] // 10), load(PERFORMANCE["rows"])
    ratio = many.each / few.each
    record_property("ratio", round(ratio, 3))
    assert ratio <= PERFORMANCE["ratio"]
