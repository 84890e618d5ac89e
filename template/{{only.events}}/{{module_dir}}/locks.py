"""Files that one process, and one part of it, writes to at a time."""

from __future__ import annotations

import fcntl
from typing import IO


def locked(file: IO[bytes]) -> bool:
    """Lock an open file until it is closed, or the process ends, however that happens; False where somebody else has.

    It is the file that is locked, whatever name it was opened by: links to it are locked, too. Raises OSError.
    """
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
