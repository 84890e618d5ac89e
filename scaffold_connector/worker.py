"""Copier's worker as the command uses it: what became of each file, and one line for whatever goes wrong.

Of Copier this uses more than `run_copy` and `run_update`, which stop at the first fault, print, and say nothing of
files; see docs/decisions/0017-a-thin-command.md.
"""

from __future__ import annotations

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

if TYPE_CHECKING:
    from copier._main import Worker

# Where the template says what the command tells of a connector.
SUMMARY = "partials/summary.json.jinja"


class Failed(Exception):
    """It could not be done: one line."""


def worker(
    files: dict[str, str], updated: Path | None = None, before: dict[str, bytes] | None = None, **options: Any
) -> Worker:
    """A worker that trusts its template and notes into `files` what became of each: written, kept, or in conflict.

    Making a connector never overwrites: a file that is there stays, and is in conflict where it is another. In an
    update of `updated` Copier is left to do its work, and what it renders there is kept, until Git knows better. It
    renders the old version first, in another folder: `before` is what it has there.
    """
    from copier._main import Worker as Base

    class Recorder(Base):
        def _render_allowed(self, dst_relpath: Path, is_dir: bool = False, *args: Any, **options: Any) -> bool:
            if is_dir or updated:
                if not is_dir and self.dst_path == updated:
                    files[dst_relpath.as_posix()] = "kept"
                elif not is_dir and not files and before is not None:
                    before[dst_relpath.as_posix()] = options.get("expected_contents", b"")
                return super()._render_allowed(dst_relpath, is_dir, *args, **options)
            place = self.subproject.local_abspath / dst_relpath
            there = place.exists() or place.is_symlink()
            same = place.is_file() and place.read_bytes() == options["expected_contents"]
            files[dst_relpath.as_posix()] = "kept" if same else "conflict" if there else "written"
            return not there

    return Recorder(unsafe=True, quiet=True, **options)


def fetch(worker: Worker, url: str) -> None:
    """Have the template on disk, and its extensions loaded. Raises `Failed` for all that can go wrong with it."""
    from copier.errors import CopierError, DirtyLocalWarning
    from plumbum import ProcessExecutionError

    need_git()
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
        lines = [line for line in str(error.stderr).splitlines() if line.strip()]
        said = next((line for line in lines if line.startswith(("fatal:", "error:"))), lines[-1] if lines else "")
        raise Failed(f"{url}: can't be fetched: {said.removeprefix('fatal: ')}") from error
    except (CopierError, ModuleNotFoundError) as error:
        if missing := re.search(r"No module named '(\w+)", str(error)):
            package = missing[1].replace("_", "-")
            raise Failed(f"{package} is missing beside this command: install it there") from error
        raise Failed(one_line(error)) from error
    except ValueError as error:
        raise Failed(f"{url}: is neither a folder nor a Git repository") from error
    except OSError as error:
        raise Failed(f"{url}: can't be fetched: {one_line(error)}") from error
    if any(issubclass(warning.category, DirtyLocalWarning) for warning in warned):
        print(f"{url}: has changes that are not committed: what is made of them can't be updated", file=sys.stderr)


def give(worker: Worker, given: answers.Answers) -> None:
    """Give the worker its answers. Raises `Wrong` with every fault that they have."""
    from copier import Phase

    faults = given.faults + answers.known(given, worker.template.questions_data)
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
    except (CopierError, ProcessExecutionError) as error:
        raise Failed(one_line(error)) from error
    except OSError as error:
        raise Failed(f"{error.filename or root}: can't be written: {error.strerror}") from error
    return None


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
