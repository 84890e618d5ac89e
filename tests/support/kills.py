"""Runs of Copier, of the command and of the registration that are killed at a given moment.

Each is a fork of one process that has imported them all, and leads a process group of its own. `python -m
tests.support.kills` serves: a line of JSON on stdin is a job, and a line of JSON on stdout is what became of it.
"""

from __future__ import annotations

import ctypes
import json
import os
import resource
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

ROOT = Path(__file__).resolve().parent.parent.parent

# Of Linux's prctl: children whose parent was killed become children of this process.
_SUBREAPER = 36


# What a test's property with the counts of its kills is called.
PROPERTY = "kills"


def summary(properties: Iterable[tuple[str, Any]]) -> list[str]:
    """A line on all kills: of what they were, and what they have hit. `properties` are those of the tests."""
    found: dict[str, Counter[str]] = {}
    for name, value in properties:
        if name == PROPERTY:
            what, hits = value
            found.setdefault(what, Counter()).update(hits)
    each = [f"{what} {_hits(hits)}" for what, hits in sorted(found.items())]
    return [f"killed {_hits(sum(found.values(), Counter()))}: {'; '.join(each)}"] if found else []


def _hits(hits: Counter[str]) -> str:
    found = [f"{hits[hit]} {hit}" for hit in ("before", "while", "after")]
    others = [f"{hits[hit]} {hit}" for hit in sorted(hits) if hit not in ("kills", "before", "while", "after")]
    return f"{hits['kills']} times ({', '.join(found + [other for other in others if not other.startswith('0 ')])})"


@dataclass(frozen=True)
class Ended:
    """How a run ended: its exit code (negative for a signal), how long it took, and what it printed."""

    code: int
    seconds: float
    said: str


class Killer:
    """The serving process, alive inside a `with` block. What is killed leaves its temporary files in `scratch`."""

    def __init__(self, scratch: Path) -> None:
        self._scratch = scratch

    def __enter__(self) -> Self:
        command = [sys.executable, "-m", "tests.support.kills"]
        environment = os.environ | {"TMPDIR": str(self._scratch)}
        pipe = subprocess.PIPE
        self._process = subprocess.Popen(command, cwd=ROOT, env=environment, stdin=pipe, stdout=pipe, text=True)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.communicate()

    def run(
        self,
        what: str,
        *arguments: str,
        cwd: Path,
        after: float | None = None,
        group: bool = False,
        largest: int | None = None,
    ) -> Ended:
        """Run `command`, `copier` or `register` with arguments, in a folder, until nothing of it runs any more.

        `after` so many seconds it is killed, with `group` all that it has started, too. With `largest` it is killed in
        the middle of the first file that gets longer, in bytes.
        """
        job = {"what": what, "arguments": arguments, "cwd": str(cwd), "after": after, "group": group}
        assert self._process.stdin and self._process.stdout
        self._process.stdin.write(json.dumps(job | {"largest": largest}) + "\n")
        self._process.stdin.flush()
        return Ended(**json.loads(self._process.stdout.readline()))


def serve() -> None:
    from copier._cli import CopierApp

    from scaffold_connector import answers, check, make, outcome, report, update  # noqa: F401  # imported once
    from scaffold_connector.__main__ import main
    from tasks import register

    def copier(arguments: list[str]) -> int:
        _, code = CopierApp.run(["copier", *arguments], exit=False)
        return code

    runs: dict[str, Callable[[list[str]], int]] = {"copier": copier, "command": main, "register": register.main}
    ctypes.CDLL(None).prctl(_SUBREAPER, 1, 0, 0, 0)
    for line in sys.stdin:
        job = json.loads(line)
        with tempfile.TemporaryFile() as output:
            started = time.monotonic()
            child = os.fork()
            if not child:
                _run(runs[job["what"]], job, output.fileno())
            with suppress(OSError):  # it has done so itself, or has ended
                os.setpgid(child, child)
            if job["after"] is not None:
                time.sleep(max(0.0, started + job["after"] - time.monotonic()))
                (os.killpg if job["group"] else os.kill)(child, signal.SIGKILL)
            code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
            seconds = time.monotonic() - started
            _wait_for_orphans()
            output.seek(0)
            said = output.read().decode(errors="replace")
        print(json.dumps({"code": code, "seconds": seconds, "said": said}), flush=True)


def _run(run: Callable[[list[str]], int], job: dict[str, Any], output: int) -> None:
    os.setpgid(0, 0)
    os.chdir(job["cwd"])
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(output, 1)
    os.dup2(output, 2)
    sys.dont_write_bytecode = True
    if job["largest"]:
        os.environ["GIT_TEMPLATE_DIR"] = ""  # of which some files are longer
        signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
        resource.setrlimit(resource.RLIMIT_FSIZE, (job["largest"], job["largest"]))
    code = 1
    try:
        code = run(job["arguments"])
    except BaseException as error:
        print(f"{type(error).__name__}: {error}", file=sys.stderr)
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def _wait_for_orphans() -> None:
    try:
        while True:
            os.waitpid(-1, 0)
    except ChildProcessError:
        return


if __name__ == "__main__":
    serve()
