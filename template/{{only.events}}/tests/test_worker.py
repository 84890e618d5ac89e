"""The worker: attempts that do not work are made again, some are given up, and none is lost."""

from __future__ import annotations

import importlib
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from receiving import PACKAGE, id_of, sample

QUEUE = importlib.import_module(f"{PACKAGE}.queue")
BASE = importlib.import_module(f"{PACKAGE}.handlers.base")
WORKER = importlib.import_module(f"{PACKAGE}.worker")
METRICS = importlib.import_module(f"{PACKAGE}.metrics")
PERFORMANCE = importlib.import_module(f"{PACKAGE}.settings").Performance

LIMITS = {"retrySeconds": 0.01, "maxAttempts": 3}


class Plan:
    """A handler that raises what is planned, one for each attempt, and notes what it was given."""

    def __init__(self, *errors: Exception) -> None:
        self.errors = list(errors)
        self.seen: list[tuple[str, int, bool]] = []

    def handle(self, event: Any, delivery: Any) -> None:
        self.seen.append((str(event.id.root), delivery.attempts, delivery.in_doubt))
        if self.errors:
            raise self.errors.pop(0)

    def close(self) -> None:
        """Nothing is open."""


@pytest.fixture
def queue(tmp_path: Path) -> Iterator[Any]:
    queue = QUEUE.Queue(tmp_path / "queue.db")
    yield queue
    queue.close()


@pytest.fixture
def work(queue: Any) -> Callable[..., None]:
    """Work through the queue with a handler called `plan`, until nothing is left but what is dead."""

    def run(plan: Any, **limits: Any) -> None:
        handlers = {"plan": plan}
        metrics = METRICS.Metrics()
        worker = WORKER.Worker(queue, lambda event: ["plan"], handlers, PERFORMANCE(**(LIMITS | limits)), metrics)
        worker.start()
        until = time.monotonic() + 20
        while sum(number for state, number in queue.depth().items() if state != "dead"):
            assert time.monotonic() < until, queue.depth()
            time.sleep(0.005)
        worker.stop(10)

    return run


def put(queue: Any, *bodies: bytes) -> None:
    for body in bodies:
        queue.put(id_of(body), "table/a", body, ["plan"])


def test_attempt_that_does_not_work_is_made_again(queue: Any, work: Callable[..., None]) -> None:
    body = sample()
    put(queue, body)
    plan = Plan(BASE.TryAgainError("not now"), ValueError("a bug"))
    work(plan)
    assert plan.seen == [(id_of(body), 1, False), (id_of(body), 2, False), (id_of(body), 3, False)]
    assert queue.dead() == []


def test_event_is_dead_after_the_last_attempt(queue: Any, work: Callable[..., None]) -> None:
    first, second = sample(), sample()
    put(queue, first, second)
    plan = Plan(*(BASE.TryAgainError("not now") for _ in range(3)))
    work(plan)
    (dead,) = queue.dead()
    assert (dead.event_id, dead.attempts, dead.reason) == (id_of(first), 3, "not now, the last of 3 times")
    assert plan.seen[-1][0] == id_of(second)


def test_what_never_works_is_dead_at_once(queue: Any, work: Callable[..., None]) -> None:
    put(queue, sample())
    plan = Plan(BASE.GiveUpError("no"))
    work(plan)
    assert [(dead.attempts, dead.reason) for dead in queue.dead()] == [(1, "no")]


def test_bug_is_named_by_its_place_and_not_by_what_it_says(queue: Any, work: Callable[..., None]) -> None:
    put(queue, sample())
    work(Plan(ValueError("a secret")), maxAttempts=1)
    (reason,) = (dead.reason for dead in queue.dead())
    assert reason.startswith("ValueError in test_worker.py, line ")
    assert "secret" not in reason


def test_wait_is_what_the_other_side_asks_for_within_its_limit(queue: Any, work: Callable[..., None]) -> None:
    put(queue, sample())
    started = time.monotonic()
    work(Plan(BASE.TryAgainError("busy", after=0.3)))
    assert time.monotonic() - started >= 0.3
    put(queue, sample())
    started = time.monotonic()
    work(Plan(BASE.TryAgainError("busy", after=60.0)), maxRetrySeconds=0.1)
    assert time.monotonic() - started < 10


def test_event_that_ends_the_process_each_time_is_dead(queue: Any, work: Callable[..., None]) -> None:
    put(queue, sample())
    for _ in range(3):
        queue.take()
        queue.recover(["plan"])
    plan = Plan()
    work(plan)
    assert plan.seen == []
    assert [dead.reason for dead in queue.dead()] == ["the process ended in each attempt"]


def test_dead_event_is_handled_when_it_is_requeued(queue: Any, work: Callable[..., None]) -> None:
    body = sample()
    put(queue, body)
    work(Plan(BASE.GiveUpError("no")))
    assert queue.requeue() == 1
    plan = Plan()
    work(plan)
    assert plan.seen == [(id_of(body), 1, True)]
    assert queue.dead() == []


def test_body_that_was_not_understood_is_read_again_when_it_is_requeued(queue: Any, work: Callable[..., None]) -> None:
    body, other = sample(), b'{"id": "1"}'
    for one in (body, other):
        queue.put(id_of(one), id_of(one), one, [QUEUE.UNREAD], "it is of another release")
    queue.requeue()
    plan = Plan()
    work(plan)
    assert plan.seen == [(id_of(body), 1, False)]
    assert [(dead.event_id, dead.handler) for dead in queue.dead()] == [("1", QUEUE.UNREAD)]


def test_events_of_different_entities_are_handled_at_the_same_time(queue: Any, work: Callable[..., None]) -> None:
    both = threading.Barrier(2, timeout=10)

    class Meeting(Plan):
        def handle(self, event: Any, delivery: Any) -> None:
            both.wait()

    for number in range(2):
        body = sample(number)
        queue.put(id_of(body), f"table/{number}", body, ["plan"])
    work(Meeting(), concurrency=2)
    assert queue.dead() == []


def test_what_was_done_is_written_down_when_the_disk_is_well_again(
    queue: Any, work: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    body = sample()
    put(queue, body)
    take, left = queue.take, [QUEUE.sqlite3.OperationalError("database or disk is full")]

    def failing(finished: Any = None, *, more: bool = True) -> Any:
        if finished and left:
            raise left.pop()
        return take(finished, more=more)

    monkeypatch.setattr(queue, "take", failing)
    plan = Plan()
    work(plan)
    assert (left, plan.seen) == ([], [(id_of(body), 1, False)])
