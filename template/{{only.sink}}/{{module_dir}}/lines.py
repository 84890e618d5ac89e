"""Files of JSON Lines that outlive a kill: appended to line by line, and mended where the last line is torn."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

# How much of a file is looked at at once for the end of its last whole line, in bytes.
BLOCK = 1 << 16


class LineFile:
    """A file that lines are appended to; it is made where there is none.

    A line is in the file, whatever becomes of the process, once `append` has returned, and on the disk once `sync` has.
    What a kill left behind the last whole line is cut off. `size` is in bytes. All methods raise OSError.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o666)
        self.size = _whole(self._file)
        os.ftruncate(self._file, self.size)

    def append(self, lines: Iterable[bytes]) -> None:
        """Write lines, given without their ends: all of them, or none where it raises OSError."""
        data = b"".join(line + b"\n" for line in lines)
        written = 0
        try:
            while written < len(data):
                written += os.write(self._file, data[written:])
        except OSError:
            os.ftruncate(self._file, self.size)
            raise
        self.size += len(data)

    def sync(self) -> None:
        """Have all that was appended on the disk."""
        os.fsync(self._file)

    def clear(self) -> None:
        """Take all lines out."""
        os.ftruncate(self._file, 0)
        self.size = 0

    def lines(self) -> Iterator[bytes]:
        """The lines from the beginning, without their ends."""
        with self.path.open("rb") as file:
            for line in file:
                yield line.rstrip(b"\n")

    def close(self) -> None:
        os.close(self._file)


def sync_folder(folder: Path) -> None:
    """Have the names of the files in a folder on the disk."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _whole(file: int) -> int:
    """The number of bytes up to the end of the last whole line."""
    end = os.fstat(file).st_size
    while end:
        start = max(0, end - BLOCK)
        if (last := os.pread(file, end - start, start).rfind(b"\n")) >= 0:
            return start + last + 1
        end = start
    return 0
