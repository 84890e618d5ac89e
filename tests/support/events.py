"""An event receiver that runs as its users would run it, OpenMetadata in front of it, and a URL behind it."""

from __future__ import annotations

import base64
import hashlib
import hmac
import http.client
import json
import os
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Self

from tests.support.once import once
from tests.support.python import environment

ROOT = Path(__file__).resolve().parents[2]
LOCK = ROOT / "tests/locks/events.txt"

SECRET = "the-secret-of-the-real-run"

# Seconds that a receiver may take to start, and to work through what it has.
PATIENCE = 60.0

# Makes events with the model of the release: each of some entities is created, then changed, then deleted.
MAKE = """
import json, sys, time, uuid
from metadata.generated.schema.type.changeEvent import ChangeEvent
entities, changes = map(int, sys.argv[1:])
types = ("table", "topic", "dashboard", "pipeline", "glossaryTerm")
made = []
for number in range(entities):
    entity, entity_type = uuid.uuid4(), types[number % len(types)]
    for step in range(changes):
        event_type = "entityCreated" if step == 0 else "entityDeleted" if step == changes - 1 else "entityUpdated"
        content = {"id": str(entity), "name": f"n_{number}", "description": f"Zoë's {step} \\u2028"}
        event = ChangeEvent(
            id=str(uuid.uuid4()), eventType=event_type, entityType=entity_type, entityId=str(entity),
            entityFullyQualifiedName=f"shop.n_{number}", userName="admin", timestamp=int(time.time() * 1000),
            previousVersion=round(0.1 * (step + 1), 1), currentVersion=round(0.1 * (step + 2), 1),
            entity=json.dumps(content),
        )
        made.append(event.model_dump_json(exclude_none=True))
print(json.dumps(made))
"""


@dataclass(frozen=True)
class Sent:
    """An event as it is sent."""

    body: bytes

    @property
    def facts(self) -> dict[str, Any]:
        return dict(json.loads(self.body))

    @property
    def id(self) -> str:
        return str(self.facts["id"])


def libraries(cache: Path) -> Path:
    """A folder with what receivers need beside the framework, as it is locked."""
    digest = hashlib.sha256(LOCK.read_bytes()).hexdigest()[:12]

    def make(into: Path) -> None:
        pip = ["uv", "pip", "install", "--quiet", "--python", sys.executable, "--target", str(into)]
        subprocess.run([*pip, "--no-deps", "--require-hashes", "--requirements", str(LOCK)], check=True)

    return once(cache / f"events-{sys.version_info.major}.{sys.version_info.minor}-{digest}", make)


def signature(body: bytes, secret: str = SECRET) -> str:
    """X-OM-Signature, as the server's CommonUtil.calculateHMAC makes it."""
    return "sha256=" + base64.b64encode(hmac.new(secret.encode(), body, hashlib.sha256).digest()).decode()


@dataclass
class Receiver:
    """The command in a process of its own. `pythonpath` has the package and its libraries."""

    framework: Path
    package: str
    pythonpath: Sequence[Path]
    config: Path
    port: int = field(default_factory=lambda: _free_port())
    starts: int = 0

    def __post_init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self.log = self.config.with_suffix(".log")

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._process:
            self._process.terminate()
            self._process.wait(30)

    def start(self) -> None:
        """Start it, and wait until it answers."""
        command = [str(self.framework), "-W", "ignore", "-m", self.package]
        command += ["--config", str(self.config), "serve", "--port", str(self.port)]
        with self.log.open("ab") as log:
            env = environment(self.pythonpath, OPENMETADATA_WEBHOOK_SECRET=SECRET)
            self._process = subprocess.Popen(command, cwd=self.config.parent, env=env, stdout=log, stderr=log)
        self.starts += 1
        until = time.monotonic() + PATIENCE
        while True:
            try:
                self.get("/health")
                return
            except OSError:
                assert self._process.poll() is None and time.monotonic() < until, self.log.read_text()[-3000:]
                time.sleep(0.05)

    def kill(self) -> None:
        """End it as a machine that fails would."""
        assert self._process
        self._process.kill()
        self._process.wait(30)

    def get(self, path: str) -> str:
        with _connection(self.port) as connection:
            connection.request("GET", path)
            return connection.getresponse().read().decode()

    def send(self, body: bytes, **headers: str) -> tuple[int, dict[str, Any]]:
        """What a body is answered with; it is signed unless `headers` say otherwise."""
        with _connection(self.port) as connection:
            given = {"X-OM-Signature": signature(body)} | {
                key.replace("_", "-"): value for key, value in headers.items()
            }
            connection.request("POST", "/events", body, {key: value for key, value in given.items() if value})
            answer = connection.getresponse()
            return answer.status, json.loads(answer.read())

    def wait_until_handled(self) -> None:
        """Wait until nothing is left in the queue but what is dead."""
        until = time.monotonic() + PATIENCE
        while True:
            deliveries = json.loads(self.get("/health"))["deliveries"]
            if not sum(number for state, number in deliveries.items() if state != "dead"):
                return
            assert time.monotonic() < until, deliveries
            time.sleep(0.05)


@dataclass
class Load:
    """What a load was answered with: the statuses, the seconds of each answer, and how often nobody answered."""

    statuses: Counter[int] = field(default_factory=Counter)
    seconds: list[float] = field(default_factory=list)
    unanswered: int = 0

    def percentile(self, share: float) -> float:
        """The seconds that a share of the answers took at most."""
        return sorted(self.seconds)[int(share * (len(self.seconds) - 1))]


def send_all(receiver: Receiver, lines: Sequence[Sequence[Sent]], after: Callable[[int], None]) -> Load:
    """Send each line of events one after the other, all lines at the same time; what is not answered is sent again.

    `after` is told the number of answers each time there is one.
    """
    load, lock = Load(), threading.Lock()

    def run(line: Sequence[Sent]) -> None:
        for event in line:
            while True:
                started = time.perf_counter()
                try:
                    status, _ = receiver.send(event.body)
                    break
                except (OSError, http.client.HTTPException):
                    with lock:
                        load.unanswered += 1
                    time.sleep(0.1)
            with lock:
                load.statuses[status] += 1
                load.seconds.append(time.perf_counter() - started)
                answers = len(load.seconds)
            after(answers)

    threads = [threading.Thread(target=run, args=(line,)) for line in lines]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return load


class Target:
    """A URL on loopback that takes events, and drops those that come again with the same key.

    Some are answered 503 the first time. `taken` has the bodies by the path, in the order in which they were taken.
    """

    def __init__(self, refuse_every: int) -> None:
        self.taken: dict[str, dict[str, bytes]] = {}
        self.refused = 0
        self.repeated = 0
        self._seen: set[tuple[str, str]] = set()
        self._lock = threading.Lock()
        target = self

        class Answer(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                status = target.take(self.path, self.headers["Idempotency-Key"], body, refuse_every)
                self.send_response(status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                """Nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def take(self, path: str, key: str, body: bytes, refuse_every: int) -> int:
        """Take an event; the status of the answer."""
        with self._lock:
            is_new = (path, key) not in self._seen
            self._seen.add((path, key))
            if is_new and len(self._seen) % refuse_every == 0:
                self.refused += 1
                return 503
            if key in self.taken.setdefault(path, {}):
                self.repeated += 1
            else:
                self.taken[path][key] = body
            return 200

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


def in_order(arrived: Sequence[str], sent: Sequence[Sent], chosen: Callable[[Mapping[str, Any]], bool]) -> list[str]:
    """The entities whose events did not arrive once each and in their order, of those that were chosen."""
    due: dict[str, list[str]] = {}
    for event in sent:
        if chosen(event.facts):
            due.setdefault(event.facts["entityId"], []).append(event.id)
    entity_of = {event_id: entity for entity, ids in due.items() for event_id in ids}
    found: dict[str, list[str]] = {entity: [] for entity in due}
    for event_id in arrived:
        found.setdefault(entity_of.get(event_id, "not chosen"), []).append(event_id)
    return [entity for entity in found if found[entity] != due.get(entity)]


def summary(properties: Sequence[tuple[str, Any]]) -> Iterator[str]:
    """The line of a run's loads."""
    for value in (value for name, value in properties if name == "events"):
        yield (
            "{events} events sent {at_once} at a time in {seconds:.1f} s, with a kill between: answers in "
            "{median:.0f} ms, {p99:.0f} ms at the 99th percentile; "
            "{deliveries} deliveries, {refused} refused once, {repeated} repeated"
        ).format_map(value)


@contextmanager
def _connection(port: int) -> Iterator[http.client.HTTPConnection]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        yield connection
    finally:
        connection.close()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def shims(folder: Path, framework: Path, forked: Path, site: Path, found: Path, template: Path) -> dict[str, str]:
    """An environment in which a page's commands find `pip`, `python` and the command: an install goes to `site`."""
    command = f'"{sys.executable}" -m scaffold_connector --template "{template}"'
    programs = {
        "python": f'export PYTHONPATH="{site}:{found}"\nexec "{forked}" -W ignore "$@"',
        "pip": f'shift\nexec uv pip install --quiet --python "{framework}" --target "{site}" --no-deps "$@"',
        "scaffold-connector": f'export PYTHONPATH="{ROOT}"\nexec {command} "$@"',
    }
    folder.mkdir()
    for name, text in programs.items():
        (folder / name).write_text(f"#!/bin/sh\n{text}\n")
        (folder / name).chmod(0o755)
    path = os.pathsep.join([str(folder), str(Path(sys.executable).parent), os.environ["PATH"]])
    return {**os.environ, "PATH": path, "NO_PROXY": "127.0.0.1,localhost"}
