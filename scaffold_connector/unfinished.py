"""What a run has begun and not ended: noted beside the connector, so that the next run can take it back."""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

# What is begun, where it is no update.
MAKING = "make"

# Stands in the list for the digest of a folder.
_FOLDER = "-"


class Note:
    """A folder beside the answers file, from before the first change of a run until after its last.

    It lists what the run makes, each before it is there, and holds a file while that is written: under its own name a
    file is whole, or is not there. Git passes over the note. All methods raise OSError.
    """

    def __init__(self, root: Path, answers_file: str) -> None:
        self._root = root.absolute()
        self._folder = self._root / f"{answers_file}.unfinished"
        self._list = self._folder / "list"

    def begin(self, what: str) -> None:
        """Note what begins: `MAKING`, or the commit that an update starts from."""
        self.end()
        try:
            self._folder.mkdir()
            (self._folder / ".gitignore").write_text("*\n")
            self._list.write_text(f"{what}\n")
        except OSError:
            with suppress(OSError):
                self.end()
            raise

    def end(self) -> None:
        """Note that it is done, or taken back."""
        if not self._folder.is_symlink():
            self._list.unlink(missing_ok=True)
            shutil.rmtree(self._folder, ignore_errors=True)

    @property
    def begun(self) -> str:
        """What was begun and not ended; mostly nothing."""
        return next(iter(self._lines()), "")

    def make_folder(self, folder: Path) -> None:
        for missing in reversed([each for each in (folder, *folder.parents) if not each.exists()]):
            self._add(_FOLDER, missing)
            missing.mkdir(exist_ok=True)

    def make(self, file: Path, contents: bytes, mode: int) -> None:
        """Make a file that is not there."""
        self.make_folder(file.parent)
        self._add(_digest(contents), file)
        self.write(file, contents, mode)

    def write(self, file: Path, contents: bytes, mode: int) -> None:
        """Put contents in the place of a file, all or nothing."""
        scratch = self._folder / "file"
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            scratch.write_bytes(contents)
            with suppress(PermissionError):  # some file systems have no modes
                scratch.chmod(mode)
            scratch.replace(file)
        except OSError as error:
            scratch.unlink(missing_ok=True)
            error.filename, error.filename2 = str(file), None
            raise

    def take_back(self) -> None:
        """Take away what was made, but for files that were changed since and folders that hold more."""
        for line in reversed(self._lines()[1:]):
            digest, _, name = line.partition(" ")
            place = self._root / name
            if not self._is_ours(place):
                continue
            with suppress(OSError):  # it is not there yet, or holds more
                if digest == _FOLDER:
                    place.rmdir()
                elif not place.is_symlink() and _digest(place.read_bytes()) == digest:
                    place.unlink()
        self.end()

    def _is_ours(self, place: Path) -> bool:
        """Whether a place of the list may be one: a list can come with a repository, from anybody."""
        root = self._root.resolve()
        return place.resolve().is_relative_to(root) and ".git" not in place.resolve().relative_to(root).parts

    def _add(self, digest: str, place: Path) -> None:
        with self._list.open("a", encoding="utf-8") as stream:
            stream.write(f"{digest} {place.relative_to(self._root).as_posix()}\n")

    def _lines(self) -> list[str]:
        """The lines of the list, the last of which may be half."""
        if self._folder.is_symlink():
            return []
        try:
            return self._list.read_text(encoding="utf-8").splitlines()
        except (OSError, UnicodeDecodeError):
            return []


def _digest(contents: bytes) -> str:
    return hashlib.sha256(contents).hexdigest()


@contextmanager
def alone(root: Path) -> Iterator[None]:
    """One run at a time below `root`: the others wait. It is made if need be, and goes again if it stays empty.

    Raises OSError where it can't be made. Where folders can't be locked, as on Windows, nobody waits.
    """
    made = not root.is_dir()
    root.mkdir(parents=True, exist_ok=True)
    handle = None
    try:
        with suppress(ImportError, OSError):
            import fcntl

            handle = os.open(root, os.O_RDONLY)
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        if handle is not None:
            os.close(handle)
        if made:
            with suppress(OSError):  # it holds something
                root.rmdir()
