"""The queue: what was taken from OpenMetadata and has not been handled yet, in a SQLite file that outlives the process.

An event is there once, by its id. For each handler that is to have it there is a delivery, which is gone when it is
done. The deliveries of an entity to a handler stand in line: only the first is `ready`, those behind it are
`behind` until it is done or dead.
"""

from __future__ import annotations

import math
import sqlite3
import threading
import time
from collections.abc import Collection, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .locks import locked
from .whole import QueueError, beside, expect_whole

SCHEMA = """
CREATE TABLE IF NOT EXISTS events (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    received REAL NOT NULL,
    body BLOB
);
CREATE TABLE IF NOT EXISTS deliveries (
    number INTEGER NOT NULL REFERENCES events,
    handler TEXT NOT NULL,
    entity TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('ready', 'behind', 'running', 'dead')),
    due REAL NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0,
    in_doubt INTEGER NOT NULL DEFAULT 0,
    reason TEXT NOT NULL DEFAULT '',
    PRIMARY KEY (number, handler)
);
CREATE INDEX IF NOT EXISTS deliveries_by_state ON deliveries (state, due, number);
CREATE INDEX IF NOT EXISTS deliveries_in_line ON deliveries (handler, entity, state, number);
"""

STATES = ("ready", "behind", "running", "dead")

# In place of a handler, for a body that could not be understood: requeued, it is read again.
UNREAD = ""

# Seconds that a write waits for another process's, such as `dead --requeue`.
BUSY = 5.0


@dataclass(frozen=True)
class Delivery:
    """An event that a handler is to have: `attempts` counts this one, and `in_doubt` says that the process ended in one."""

    number: int
    event_id: str
    handler: str
    body: bytes
    attempts: int
    in_doubt: bool


@dataclass(frozen=True)
class Finished:
    """How an attempt ended: done, to be made again in `retry_in` seconds, or never to be made again."""

    delivery: Delivery
    reason: str = ""
    retry_in: float | None = None


@dataclass(frozen=True)
class Dead:
    """A delivery that was given up: of which event to which handler, when it was received, after how many attempts, why."""

    event_id: str
    handler: str
    received: float
    attempts: int
    reason: str


class Queue:
    """A queue in a file, which is made where there is none. One process serves it; others may list and requeue.

    Raises QueueError where another process serves it, or a file is damaged or somebody else's: that is left as it is.
    """

    def __init__(self, path: Path, *, serve: bool = False) -> None:
        # SQLite follows links, and so do the names of the files beside it.
        self._path = path.resolve()
        self._lock = threading.Lock()
        with ExitStack() as opened:
            try:
                self._path.parent.mkdir(parents=True, exist_ok=True)
                owner = opened.enter_context(beside(self._path, ".owner").open("ab"))
                is_alone = locked(owner)
                if serve and not is_alone:
                    raise QueueError(f"{path}: another process serves the queue: end it first")
                if is_alone:
                    expect_whole(self._path)
                self._connection = opened.enter_context(closing(self._connect()))
                if not serve:
                    owner.close()
            except (OSError, ValueError, sqlite3.Error) as error:
                raise QueueError(f"{path}: can't be opened: {error}; give queueFile a place to write to") from error
            self._opened = opened.pop_all()

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self._path, timeout=BUSY, isolation_level=None, check_same_thread=False)
        connection.execute("PRAGMA journal_mode = WAL")
        # An answer says that the event is on the disk, also when the power fails.
        connection.execute("PRAGMA synchronous = FULL")
        connection.executescript(SCHEMA)
        return connection

    def close(self) -> None:
        with self._lock:
            self._opened.close()

    def begun(self, handler: str) -> list[bytes]:
        """The bodies of the events that a handler was at when the process before this one ended, until `recover`."""
        query = "SELECT body FROM deliveries JOIN events USING (number) WHERE state = 'running' AND handler = ?"
        return [body for (body,) in self._read(query, handler)]

    def recover(self, handlers: Collection[str]) -> int:
        """Make ready what the process before this one was at when it ended, and give up what no handler is there for.

        Returns how many deliveries are in doubt: nobody knows whether they were done.
        """
        known = [*handlers, UNREAD]
        holes = ", ".join("?" * len(known))
        with self._transaction() as connection:
            gone = f"""
                UPDATE deliveries SET state = 'dead', reason = 'there is no handler of this name any more'
                WHERE state != 'dead' AND handler NOT IN ({holes})
            """
            connection.execute(gone, known)
            found = connection.execute("UPDATE deliveries SET state = 'ready', in_doubt = 1 WHERE state = 'running'")
            return found.rowcount

    def put(self, event_id: str, entity: str, body: bytes, handlers: Collection[str], dead: str = "") -> bool:
        """Keep an event for its handlers, or with a reason as `dead`; False where it is there or was.

        It is on the disk when this returns. An event without handlers is only remembered.
        """
        now = time.time()
        with self._transaction() as connection:
            insert = "INSERT OR IGNORE INTO events (id, received, body) VALUES (?, ?, ?)"
            made = connection.execute(insert, (event_id, now, body if handlers else None))
            if not made.rowcount:
                return False
            self._deliver(made.lastrowid or 0, entity, handlers, dead, now)
        return True

    def read_again(self, delivery: Delivery, entity: str, handlers: Collection[str]) -> None:
        """Put an event that is now understood in line for its handlers."""
        with self._transaction():
            self._deliver(delivery.number, entity, handlers, "", time.time())
            self._settle(Finished(delivery))

    def take(self, finished: Finished | None = None, *, more: bool = True) -> Delivery | None:
        """Write down how an attempt ended, and hand out the next delivery that is due, in one step; None without one."""
        if not finished and not (more and self.due_in() <= 0):
            return None
        with self._transaction() as connection:
            if finished:
                self._settle(finished)
            if not more:
                return None
            query = """
                SELECT number, id, handler, body, attempts, in_doubt FROM deliveries JOIN events USING (number)
                WHERE state = 'ready' AND due <= ? ORDER BY due, number LIMIT 1
            """
            row = connection.execute(query, (time.time(),)).fetchone()
            if not row:
                return None
            number, event_id, handler, body, attempts, in_doubt = row
            start = "UPDATE deliveries SET state = 'running', attempts = attempts + 1 WHERE number = ? AND handler = ?"
            connection.execute(start, (number, handler))
            return Delivery(number, event_id, handler, body, attempts + 1, bool(in_doubt))

    def due_in(self) -> float:
        """Seconds until the next delivery is due; infinite where none is."""
        ((due,),) = self._read("SELECT min(due) FROM deliveries WHERE state = 'ready'")
        return math.inf if due is None else due - time.time()

    def depth(self) -> dict[str, int]:
        """How many deliveries there are in each of STATES."""
        rows = self._read("SELECT state, count(*) FROM deliveries GROUP BY state")
        return dict.fromkeys(STATES, 0) | dict(rows)

    def oldest(self) -> float:
        """Seconds that the event which waits longest has been there; 0 where none waits."""
        query = """
            SELECT min(received) FROM events WHERE number =
            (SELECT min(number) FROM deliveries WHERE state IN ('ready', 'behind', 'running'))
        """
        ((received,),) = self._read(query)
        return max(0.0, time.time() - received) if received else 0.0

    def dead(self) -> list[Dead]:
        """What was given up, the oldest first."""
        query = """
            SELECT id, handler, received, attempts, reason FROM deliveries JOIN events USING (number)
            WHERE state = 'dead' ORDER BY number, handler
        """
        return [Dead(*row) for row in self._read(query)]

    def requeue(self, event_id: str | None = None) -> int:
        """Put what is dead of an event, or of all, back in line, before what came after it; returns how many it was."""
        query = """
            SELECT number, handler, entity FROM deliveries JOIN events USING (number)
            WHERE state = 'dead' AND (id = ?1 OR ?1 IS NULL)
        """
        with self._transaction() as connection:
            rows = connection.execute(query, (event_id,)).fetchall()
            for number, handler, entity in rows:
                back = """
                    UPDATE deliveries SET state = 'behind', due = ?, attempts = 0, in_doubt = 1, reason = ''
                    WHERE number = ? AND handler = ?
                """
                connection.execute(back, (time.time(), number, handler))
                self._move_up(handler, entity)
        return len(rows)

    def forget(self, before: float) -> int:
        """Forget the events that were received before a time and have no delivery left; returns how many it was."""
        query = """
            DELETE FROM events WHERE received < ?
            AND NOT EXISTS (SELECT 1 FROM deliveries WHERE deliveries.number = events.number)
        """
        with self._transaction() as connection:
            return connection.execute(query, (before,)).rowcount

    def _deliver(self, number: int, entity: str, handlers: Collection[str], dead: str, now: float) -> None:
        insert = "INSERT INTO deliveries (number, handler, entity, state, due, reason) VALUES (?, ?, ?, ?, ?, ?)"
        for handler in handlers:
            state = "dead" if dead else "behind"
            self._connection.execute(insert, (number, handler, entity, state, now, dead))
            self._move_up(handler, entity)

    def _settle(self, finished: Finished) -> None:
        delivery = finished.delivery
        key = (delivery.number, delivery.handler)
        select = "SELECT entity FROM deliveries WHERE number = ? AND handler = ?"
        ((entity,),) = self._connection.execute(select, key).fetchall()
        if finished.retry_in is not None:
            again = "UPDATE deliveries SET state = 'ready', due = ?, reason = ? WHERE number = ? AND handler = ?"
            self._connection.execute(again, (time.time() + finished.retry_in, finished.reason, *key))
            return
        if finished.reason:
            end = "UPDATE deliveries SET state = 'dead', reason = ? WHERE number = ? AND handler = ?"
            self._connection.execute(end, (finished.reason, *key))
        else:
            self._connection.execute("DELETE FROM deliveries WHERE number = ? AND handler = ?", key)
            # Of an event that is done everywhere, only the id is needed.
            forget = """
                UPDATE events SET body = NULL WHERE number = ?1
                AND NOT EXISTS (SELECT 1 FROM deliveries WHERE number = ?1)
            """
            self._connection.execute(forget, (delivery.number,))
        self._move_up(delivery.handler, entity)

    def _move_up(self, handler: str, entity: str) -> None:
        """Make the first in a line ready, unless one of the line is already."""
        move = """
            UPDATE deliveries SET state = 'ready' WHERE handler = ?1 AND number =
            (SELECT min(number) FROM deliveries WHERE handler = ?1 AND entity = ?2 AND state = 'behind')
            AND NOT EXISTS (
                SELECT 1 FROM deliveries WHERE handler = ?1 AND entity = ?2 AND state IN ('ready', 'running')
            )
        """
        self._connection.execute(move, (handler, entity))

    def _read(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        with self._lock:
            return self._connection.execute(query, values).fetchall()

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        """All that is written in the block, or nothing."""
        with self._lock:
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield self._connection
                self._connection.execute("COMMIT")
            except BaseException:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                raise
