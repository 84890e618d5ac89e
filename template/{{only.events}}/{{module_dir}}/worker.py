"""Works through the queue: threads that each take a delivery, have it handled, and write down how that ended."""

from __future__ import annotations

import logging
import sqlite3
import threading
import time
import traceback
from collections.abc import Mapping
from pathlib import Path

from .events import NoEventError, entity, loaded, understood
from .handlers.base import GiveUpError, Handler, TryAgainError
from .metrics import Metrics
from .queue import UNREAD, Delivery, Finished, Queue
from .settings import Performance, Route

logger = logging.getLogger(__name__)

# Seconds after which an idle thread looks whether something is due, or was requeued.
IDLE = 1.0

# Seconds between two looks for events that need not be remembered any more.
TIDY = 3600.0

DAY = 86400.0


class Worker:
    """Hands the events of a queue to their handlers, in threads that live until `stop`."""

    def __init__(
        self, queue: Queue, route: Route, handlers: Mapping[str, Handler], limits: Performance, metrics: Metrics
    ) -> None:
        self._queue = queue
        self._route = route
        self._handlers = handlers
        self._limits = limits
        self._metrics = metrics
        self._news = threading.Condition()
        self._stopping = threading.Event()
        names = [f"worker-{number}" for number in range(1, limits.concurrency + 1)]
        self._threads = [threading.Thread(target=self._run, name=name, daemon=True) for name in names]
        self._threads.append(threading.Thread(target=self._tidy, name="tidy", daemon=True))

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def wake(self) -> None:
        """Say that there is something new in the queue."""
        with self._news:
            self._news.notify()

    def stop(self, seconds: float) -> None:
        """Let what is running come to its end, for some seconds at most; what is not done then is done after a restart."""
        self._stopping.set()
        with self._news:
            self._news.notify_all()
        until = time.monotonic() + seconds
        for thread in self._threads:
            thread.join(max(0.0, until - time.monotonic()))

    @property
    def is_alive(self) -> bool:
        return all(thread.is_alive() for thread in self._threads)

    def _run(self) -> None:
        finished: Finished | None = None
        while finished or not self._stopping.is_set():
            try:
                delivery = self._queue.take(finished, more=not self._stopping.is_set())
                finished = None
                idle = 0.0 if delivery else min(IDLE, self._queue.due_in())
            except sqlite3.Error as error:
                # Such as a full disk: what was done stays in mind until it can be written down.
                logger.error("The queue can't be written: %s", error)
                time.sleep(IDLE)
                continue
            if delivery:
                finished = self._attempt(delivery)
            elif idle > 0 and not self._stopping.is_set():
                with self._news:
                    self._news.wait(idle)

    def _tidy(self) -> None:
        while not self._stopping.wait(TIDY):
            try:
                self._queue.forget(time.time() - self._limits.rememberDays * DAY)
            except sqlite3.Error as error:
                logger.error("The queue can't be tidied: %s", error)

    def _attempt(self, delivery: Delivery) -> Finished | None:
        """How an attempt ended; None where that is written down already."""
        if delivery.attempts > self._limits.maxAttempts:
            return self._given_up(delivery, "the process ended in each attempt")
        try:
            event = understood(loaded(delivery.body))
            if delivery.handler == UNREAD:
                self._queue.read_again(delivery, entity(event), self._route(event))
                return None
            self._handlers[delivery.handler].handle(event, delivery)
        except (GiveUpError, NoEventError) as error:
            return self._given_up(delivery, str(error))
        except TryAgainError as error:
            return self._later(delivery, str(error), error.after)
        except Exception as error:
            # What it says may hold a secret; where it was raised does not.
            place = traceback.extract_tb(error.__traceback__)[-1]
            return self._later(delivery, f"{type(error).__name__} in {Path(place.filename).name}, line {place.lineno}")
        self._metrics.handled.labels(delivery.handler).inc()
        return Finished(delivery)

    def _later(self, delivery: Delivery, reason: str, after: float = 0.0) -> Finished:
        if delivery.attempts >= self._limits.maxAttempts:
            return self._given_up(delivery, f"{reason}, the last of {delivery.attempts} times")
        most = self._limits.maxRetrySeconds
        wait = min(most, max(after, self._limits.retrySeconds * 2 ** (delivery.attempts - 1)))
        self._metrics.retried.labels(delivery.handler).inc()
        logger.warning("Event %s: %s: %s; again in %.0f s", delivery.event_id, delivery.handler, reason, wait)
        return Finished(delivery, reason, wait)

    def _given_up(self, delivery: Delivery, reason: str) -> Finished:
        self._metrics.dead.labels(delivery.handler).inc()
        logger.error("Event %s: %s: %s; it is dead", delivery.event_id, delivery.handler or "not understood", reason)
        return Finished(delivery, reason)
