"""The receiver on loopback, and in front of it an OpenMetadata that sends signed events."""

from __future__ import annotations

import base64
import hashlib
import hmac
import importlib
import json
import threading
import time
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import httpx
from metadata.generated.schema.type.changeEvent import ChangeEvent

from package import MANIFEST

PACKAGE = MANIFEST["plugin"]["package"]
SETTINGS = getattr(importlib.import_module(f"{PACKAGE}.settings"), MANIFEST["plugin"]["settings"])
APP = importlib.import_module(f"{PACKAGE}.app")
SERVER = importlib.import_module(f"{PACKAGE}.server")

SECRET = "the-secret-of-the-tests"

# Seconds after which a test does not wait any more.
PATIENCE = 60.0


def sample(entity: int = 0, entity_type: str = "table", event_type: str = "entityUpdated", columns: int = 1) -> bytes:
    """A new event of one of some entities, as the server sends it: the table in it has a number of columns."""
    named = f"shop.public.{entity_type}_{entity}"
    content = {"name": f"{entity_type}_{entity}", "columns": [{"name": f"column_{i}"} for i in range(columns)]}
    event = ChangeEvent(
        id=str(uuid.uuid4()),
        eventType=event_type,
        entityType=entity_type,
        entityId=str(uuid.uuid5(uuid.NAMESPACE_URL, named)),
        entityFullyQualifiedName=named,
        userName="admin",
        timestamp=int(time.time() * 1000),
        entity=json.dumps(content),
    )
    return event.model_dump_json(exclude_none=True).encode()


def id_of(body: bytes) -> str:
    return json.loads(body)["id"]


def signature(body: bytes, secret: str = SECRET) -> str:
    """X-OM-Signature of a body."""
    code = hmac.new(secret.encode(), body, hashlib.sha256).digest()
    return f"sha256={base64.b64encode(code).decode()}"


def send(url: str, body: bytes, secret: str = SECRET, method: str = "POST") -> httpx.Response:
    """Send a body as OpenMetadata would."""
    headers = {"Content-Type": "application/json", "X-OM-Signature": signature(body, secret)}
    return httpx.request(method, f"{url}/events", content=body, headers=headers, timeout=30)


def send_all(url: str, bodies: list[bytes], most: int = 8) -> list[float]:
    """Send bodies, a number of them at a time; the seconds that each answer took. Each has to be 202."""
    seconds: list[float] = []
    statuses: list[int] = []
    left = iter(bodies)
    lock = threading.Lock()

    def run(client: httpx.Client) -> None:
        while True:
            with lock:
                body = next(left, None)
            if body is None:
                return
            started = time.perf_counter()
            answer = client.post(f"{url}/events", content=body, headers={"X-OM-Signature": signature(body)})
            seconds.append(time.perf_counter() - started)
            statuses.append(answer.status_code)

    # One for all: it takes longer to make one than to send many events.
    with httpx.Client(timeout=30) as client:
        threads = [threading.Thread(target=run, args=(client,)) for _ in range(most)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert statuses == [202] * len(bodies)
    return seconds


def wait_until_handled(url: str) -> None:
    """Wait until nothing is left in the queue but what is dead."""
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        deliveries = httpx.get(f"{url}/health").json()["deliveries"]
        if sum(number for state, number in deliveries.items() if state != "dead") == 0:
            return
        time.sleep(0.01)
    raise TimeoutError(f"after {PATIENCE} s there is still something in the queue: {deliveries}")


@contextmanager
def serving(config: Mapping[str, Any]) -> Iterator[str]:
    """The receiver on loopback, in this process, while the block runs; its URL."""
    server = SERVER.server(APP.Receiver(SETTINGS.from_config(config)), "127.0.0.1", 0)
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        until = time.monotonic() + PATIENCE
        while not server.started:
            assert thread.is_alive() and time.monotonic() < until, "the receiver did not start"
            time.sleep(0.01)
        host, port = server.servers[0].sockets[0].getsockname()[:2]
        yield f"http://{host}:{port}"
    finally:
        server.should_exit = True
        thread.join()
