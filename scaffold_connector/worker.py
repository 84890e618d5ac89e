"""Copier's worker as the command uses it: what became of each file, and one line for whatever goes wrong.

Of Copier this uses more than `run_copy` and `run_update`, which stop at the first fault, print, and say nothing of
files; see docs/decisions/0017-a-thin-command.md.
"""

from __future__ import annotations

import errno
import os
import re
import shutil
import sys
import tempfile
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scaffold_connector import answers, check
from scaffold_connector.arguments import Wrong
from scaffold_connector.template import shown

if TYPE_CHECKING:
    from copier._main import Worker
    from plumbum import ProcessExecutionError

    from scaffold_connector.unfinished import Note

# Where the template says what the command tells of a connector.
SUMMARY = "partials/summary.json.jinja"


class Failed(Exception):
    """It could not be done: one line."""


def worker(
    files: dict[str, str],
    note: Note | None = None,
    updated: Path | None = None,
    before: dict[str, bytes] | None = None,
    **options: Any,
) -> Worker:
    """A worker that trusts its template and notes into `files` what became of each: written, kept, or in conflict.

    Making a connector never overwrites: a file that is there stays, and is in conflict where it is another. In an
    update of `updated` Copier is left to do its work, and what it renders there is kept, until Git knows better. It
    renders the old version first, in another folder: `before` is what it has there. Files are written by `note`, all or
    nothing; Copier would write them where they are.
    """
    from copier._main import Worker as Base

    class Recorder(Base):
        def _render_allowed(
            self,
            dst_relpath: Path,
            is_dir: bool = False,
            is_symlink: bool = False,
            expected_contents: Any = b"",
            expected_mode: Any = None,
        ) -> bool:
            place, name = self.subproject.local_abspath / dst_relpath, dst_relpath.as_posix()
            if not updated:
                there = place.exists() or place.is_symlink()
                if not is_dir:
                    same = place.is_file() and place.read_bytes() == expected_contents
                    files[name] = "kept" if same else "conflict" if there else "written"
                if note and not there:
                    note.make_folder(place) if is_dir else note.make(place, expected_contents, expected_mode)
                return False
            if not is_dir and self.dst_path == updated:
                files[name] = "kept"
            elif not is_dir and not files and before is not None:
                before[name] = expected_contents
            allowed = super()._render_allowed(dst_relpath, is_dir, is_symlink, expected_contents, expected_mode)
            if is_dir or not allowed or not note or self.dst_path != updated:
                return allowed
            note.write(place, expected_contents, expected_mode)
            self._sync_git_index_executable_bit(dst_relpath, expected_mode)
            return False

    return Recorder(unsafe=True, quiet=True, **options)


def fetch(worker: Worker, url: str) -> None:
    """Have the template on disk, and its extensions loaded. Raises `Failed` for all that can go wrong with it."""
    from copier.errors import CopierError, DirtyLocalWarning
    from plumbum import ProcessExecutionError

    need_git()
    secret, url = url, shown(url)
    try:
        with captured(), warnings.catch_warnings(record=True) as warned:
            warnings.simplefilter("always", DirtyLocalWarning)
            folder = worker.template.local_abspath
            if not (folder / "copier.yml").is_file():
                raise Failed(f"{url}: is no template, it has no copier.yml")
            if not (folder / SUMMARY).is_file():
                raise Failed(f"{url}: has no {SUMMARY} at this version; an earlier one can be had with Copier itself")
            _ = worker.jinja_env
    except ProcessExecutionError as error:
        raise Failed(f"{url}: can't be fetched: {_said(error).replace(secret, url)}") from None
    except (CopierError, ModuleNotFoundError) as error:
        if missing := re.search(r"No module named '(\w+)", str(error)):
            package = missing[1].replace("_", "-")
            raise Failed(f"{package} is missing beside this command: install it there") from error
        raise Failed(one_line(error).replace(secret, url)) from error
    except ValueError as error:
        raise Failed(f"{url}: is neither a folder nor a Git repository") from error
    except OSError as error:
        raise Failed(f"{url}: can't be fetched: {one_line(error)}") from error
    if any(issubclass(warning.category, DirtyLocalWarning) for warning in warned):
        print(f"{url}: has changes that are not committed: what is made of them can't be updated", file=sys.stderr)
    if url != secret:
        print(f"{url}: is recorded so, without credentials: an update asks Git's credential helper", file=sys.stderr)


def _said(error: ProcessExecutionError) -> str:
    """The line in which Git says why it failed."""
    lines = [line for line in str(error.stderr).splitlines() if line.strip()]
    said = next((line for line in lines if line.startswith(("fatal:", "error:"))), lines[-1] if lines else "")
    return said.removeprefix("fatal: ")


def give(worker: Worker, given: answers.Answers) -> None:
    """Give the worker its answers. Raises `Wrong` with every fault that they have."""
    from copier import Phase

    faults = given.faults + answers.known(given, worker.template.questions_data)
    faults += answers.too_long(given, getattr(worker.jinja_env, "answer_fault", lambda name, answer: ""))
    broken = set(given.places) - set(given.values)
    worker.data = given.values
    with Phase.use(Phase.PROMPT):
        faults += check.faults(worker, given.place, broken)
    if faults:
        raise Wrong(*sorted(faults, key=_line))


def _line(fault: str) -> int:
    """The line of an answers file that a fault is about; those of flags come first."""
    number = re.match(r".*?:(\d+): ", fault)
    return int(number[1]) if number else 0


def run(work: Callable[[], None], root: Path) -> str | None:
    """Do it, below `root`; gives a line where a task found a fault. Raises `Failed` for what else goes wrong."""
    from copier.errors import CopierError, TaskError
    from plumbum import ProcessExecutionError

    try:
        work()
    except TaskError as error:
        return one_line(error)
    except ProcessExecutionError as error:
        raise Failed(f"{root}: Git failed: {_said(error)}") from error
    except CopierError as error:
        raise Failed(one_line(error)) from error
    except OSError as error:
        raise unwritten(error, root) from error
    return None


# What to do about a file that can't be written.
_REMEDIES = {
    errno.ENOSPC: "; make room, and run it again",
    errno.EDQUOT: "; make room, and run it again",
    errno.EACCES: "; make it writable, or take another folder",
    errno.EPERM: "; make it writable, or take another folder",
    errno.EROFS: "; make it writable, or take another folder",
}


def unwritten(error: OSError, root: Path) -> Failed:
    """What to say of a file below `root` that can't be written."""
    place = error.filename if isinstance(error.filename, str) else root
    return Failed(f"{place}: can't be written: {error.strerror}{_REMEDIES.get(error.errno or 0, '')}")


@contextmanager
def captured() -> Iterator[dict[str, list[str]]]:
    """Keep what Copier, Git and the tasks print off the terminal; the lines, `out` and `err`, are there afterwards."""
    said: dict[str, list[str]] = {"out": [], "err": []}
    streams = {"out": sys.stdout, "err": sys.stderr}
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        kept = [("out", 1, os.dup(1), out), ("err", 2, os.dup(2), err)]
        try:
            for name, number, _, file in kept:
                streams[name].flush()
                os.dup2(file.fileno(), number)
            yield said
        finally:
            for name, number, saved, file in kept:
                streams[name].flush()
                os.dup2(saved, number)
                os.close(saved)
                file.seek(0)
                lines = file.read().decode("utf-8", "replace").splitlines()
                said[name] = [line for line in map(str.strip, lines) if line]


def need_git() -> None:
    if shutil.which("git") is None:
        raise Failed("git is missing: install it, the template is fetched with it")


def one_line(error: BaseException) -> str:
    return " ".join(str(error).split()) or type(error).__name__
