"""The way of a record to the receiver: it is on the disk from the moment it is taken until it is delivered.

`spool.jsonl` has the batch that is under way. A run that was killed leaves it there, and the next one delivers it before
anything else. What can't be delivered is added to `dead-letters.jsonl`.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timezone
from pathlib import Path
from typing import Protocol

from .lines import LineFile
from .options import SettingsError
from .records import Envelope

LOCK = ".lock"
SPOOL = "spool.jsonl"
DEAD_LETTERS = "dead-letters.jsonl"


@dataclass(frozen=True)
class Failure:
    """An envelope that was not delivered, or the line that was to be one, and why."""

    envelope: Envelope | bytes
    reason: str

    @property
    def about(self) -> str:
        """What was not delivered, in words."""
        known = self.envelope
        return f"{known.type} [{known.name}]" if isinstance(known, Envelope) else f"a line of {SPOOL}"


@dataclass
class Outcome:
    """What became of envelopes: how many were delivered, and which were not."""

    delivered: int = 0
    failures: list[Failure] = field(default_factory=list)

    def add(self, other: Outcome) -> None:
        self.delivered += other.delivered
        self.failures += other.failures


class Transport(Protocol):
    """What delivers."""

    def deliver(self, batch: list[Envelope]) -> list[Failure]:
        """Deliver envelopes in their order; returns those that were not taken, once it is sure of the others."""
        ...

    def close(self) -> None:
        """Give back what is held; all that was delivered is safe by now."""
        ...


class Outbox:
    """Takes envelopes, and delivers them in batches of so many records and so many bytes.

    One run at a time has a folder: a second one is refused. Raises SettingsError where the folder can't be used.
    """

    def __init__(self, folder: Path, records: int, size: int) -> None:
        self._records, self._size = records, size
        self._batch: list[Envelope] = []
        # Whether something has to stay in the spool, because it could be written nowhere else.
        self._stays = False
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._lock = os.open(folder / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            self._spool = LineFile(folder / SPOOL)
            self._dead = LineFile(folder / DEAD_LETTERS)
        except BlockingIOError:
            raise SettingsError(
                f"config.folder: another run uses {folder}: wait for it, or give each workflow its own"
            ) from None
        except OSError as error:
            raise SettingsError(f"config.folder: {folder} can't be used: {error.strerror}") from error

    @property
    def dead_letters(self) -> Path:
        """Where what could not be delivered is."""
        return self._dead.path

    def resend(self, transport: Transport) -> Outcome:
        """Deliver what an earlier run has left in the spool."""
        outcome = Outcome()
        for lines in _parts(self._spool.lines(), self._records):
            batch: list[Envelope] = []
            for line in lines:
                try:
                    batch.append(Envelope.read(line))
                except ValueError as error:
                    outcome.failures += self._set_aside([Failure(line, str(error))])
            outcome.add(self._deliver(batch, transport))
        self._forget()
        return outcome

    def take(self, envelope: Envelope, transport: Transport) -> Outcome:
        """Have an envelope delivered: now, or with those that come after it."""
        try:
            self._spool.append([envelope.line])
        except OSError as error:
            reason = f"{self._spool.path} can't be written: {error.strerror}"
            return Outcome(0, self._set_aside([Failure(envelope, reason)]))
        self._batch.append(envelope)
        if len(self._batch) >= self._records or self._spool.size >= self._size:
            return self.flush(transport)
        return Outcome()

    def flush(self, transport: Transport) -> Outcome:
        """Deliver all that was taken."""
        batch, self._batch = self._batch, []
        outcome = self._deliver(batch, transport)
        self._forget()
        return outcome

    def set_aside(self, envelope: Envelope, reason: str) -> Failure:
        """Make a dead letter of an envelope that nobody is to try to deliver."""
        return self._set_aside([Failure(envelope, reason)])[0]

    def close(self) -> None:
        self._spool.close()
        self._dead.close()
        os.close(self._lock)

    def _deliver(self, batch: list[Envelope], transport: Transport) -> Outcome:
        if not batch:
            return Outcome()
        try:
            failures = transport.deliver(batch)
        except Exception as error:
            # Whatever it was, the records are not delivered, and have to be somewhere.
            failures = [Failure(envelope, f"{type(error).__name__}: {error}") for envelope in batch]
        return Outcome(len(batch) - len(failures), self._set_aside(failures))

    def _set_aside(self, failures: list[Failure]) -> list[Failure]:
        """Write dead letters; the failures, each with where it is."""
        if not failures:
            return failures
        try:
            self._dead.append(map(_letter, failures))
            self._dead.sync()
        except OSError as error:
            self._stays = True
            place = f"{self._dead.path} can't be written: {error.strerror}"
        else:
            place = f"it is in {self._dead.path}"
        return [Failure(failure.envelope, f"{failure.reason}; {place}") for failure in failures]

    def _forget(self) -> None:
        if not self._stays:
            self._spool.clear()


def _letter(failure: Failure) -> bytes:
    """A dead letter: when, why and what, as JSON on one line without its end."""
    known = failure.envelope
    what = json.loads(known.line) if isinstance(known, Envelope) else known.decode(errors="replace")
    letter = {"at": datetime.now(timezone.utc).isoformat(timespec="seconds"), "reason": failure.reason}
    return json.dumps(letter | {"envelope": what}, ensure_ascii=False, separators=(",", ":")).encode()


def _parts(lines: Iterable[bytes], size: int) -> Iterator[list[bytes]]:
    """Lines in lists of at most so many."""
    part: list[bytes] = []
    for line in lines:
        part.append(line)
        if len(part) >= size:
            yield part
            part = []
    if part:
        yield part
