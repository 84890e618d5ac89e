"""The files of the queue, before it is opened: whether they are its own, and all that was in them can be read.

SQLite takes the first frame that is not whole for the end of the log, and writes over the rest. After a power failure that is
right: the last transaction had not been answered. Where others follow it, it is damage, and answered events are there.
"""

from __future__ import annotations

import sqlite3
import struct
from contextlib import closing
from pathlib import Path

# What the files of a queue end with: the database, what SQLite keeps beside it, and the lock of who serves it.
SUFFIXES = ("", "-wal", "-shm", "-journal", ".owner")

# What a queue has, whatever its version.
TABLES = {"events", "deliveries"}

# The first four bytes, without the bit that says in which byte order checksums are made.
MAGIC = 0x377F0682

HEADER, FRAME = 32, 24

DAMAGED = "is damaged, or no queue, and is left as it is: restore a backup, or move all of the queue's files away"


class QueueError(RuntimeError):
    """The queue can't be used. The message is one line: which file, what is wrong, what to do."""


def beside(path: Path, suffix: str) -> Path:
    """A file that belongs to the one of a queue."""
    return path.with_name(path.name + suffix)


def expect_whole(path: Path) -> None:
    """Raises QueueError unless a queue that no process serves can be opened, and lose nothing by it; or OSError.

    Nothing is written to it: SQLite would repair some faults by leaving out what it can't read.
    """
    log, owner = beside(path, "-wal"), beside(path, ".owner")
    if owner.stat().st_size:
        raise QueueError(f"{owner}: is not empty, as the receiver's is: see whose it is, and move it away")
    if not path.exists() or not path.stat().st_size:
        if log.exists() and log.stat().st_size:
            raise QueueError(f"{path}: is gone, but {log.name} is there: put it back, or move {log.name} away")
        return
    if path.stat().st_nlink > 1:
        raise QueueError(f"{path}: has a second name by a hard link, and SQLite can't keep them in step: remove one")
    if is_damaged(log):
        raise QueueError(f"{log}: {DAMAGED}")
    try:
        with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as connection:
            tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
            found = [said for (said,) in connection.execute("PRAGMA quick_check(1)")]
    except sqlite3.OperationalError:
        raise
    except sqlite3.DatabaseError as error:
        raise QueueError(f"{path}: {DAMAGED} ({error})") from error
    if found != ["ok"]:
        raise QueueError(f"{path}: {DAMAGED} ({' '.join(found[0].split())})")
    if tables and not tables >= TABLES:
        raise QueueError(f"{path}: is a database, but no queue: give queueFile another name")


def is_damaged(path: Path) -> bool:
    """Whether a log has a frame that is not whole, and is no beginning of a transaction that the power failed in.

    Raises OSError. A log that is empty, or not there, is not damaged.
    """
    log = path.read_bytes() if path.exists() else b""
    if not log:
        return False
    if len(log) < HEADER:
        return True
    magic, _, size, _, *salt = struct.unpack(">6I", log[:24])
    order = ">" if magic & 1 else "<"
    sums = _added(log[:24], (0, 0), order)
    if magic & ~1 != MAGIC or sums != struct.unpack(">2I", log[24:HEADER]):
        return True
    is_whole = True
    ends_after = 0
    for start in range(HEADER, len(log) - FRAME - size + 1, FRAME + size):
        _, pages, *salts, first, second = struct.unpack(">6I", log[start : start + FRAME])
        sums = _added(log[start : start + 8] + log[start + FRAME : start + FRAME + size], sums, order)
        if is_whole and (salts != salt or sums != (first, second)):
            is_whole = False
        if not is_whole and salts == salt:
            # Behind the end of a transaction, the next was only begun when that one was on the disk.
            if ends_after:
                return True
            ends_after = pages
    return False


def _added(data: bytes, sums: tuple[int, int], order: str) -> tuple[int, int]:
    """The checksum of a file, further by some bytes: 8 of them at a time."""
    first, second = sums
    words = struct.unpack(f"{order}{len(data) // 4}I", data)
    for even, odd in zip(words[::2], words[1::2], strict=True):
        first = (first + even + second) & 0xFFFFFFFF
        second = (second + odd + first) & 0xFFFFFFFF
    return first, second
