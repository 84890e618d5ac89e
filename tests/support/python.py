"""The framework's interpreter: what it is started with, and scripts that run in it with emitted code on their path."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

STARTUP = Path(__file__).resolve().parent / "startup"

# Runs in the framework's interpreter: a line of JSON is a job, answered with a line that holds its exit code.
# A job that takes too long is ended by its alarm, with -14.
SERVE = """
import gc, json, os, signal, sys, traceback, warnings
with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import metadata
gc.freeze()  # what is imported stays: no fork has to go over it again
for line in sys.stdin:
    job = json.loads(line)
    child = os.fork()
    if child:
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
        continue
    signal.alarm(job["timeout"])
    for descriptor, stream in enumerate((os.devnull, job["stdout"], job["stderr"])):
        os.dup2(os.open(stream, os.O_RDWR | os.O_CREAT | os.O_APPEND), descriptor)
    os.chdir(job["cwd"])
    os.environ.update(job["environment"])
    os.environ["PYTHONPATH"] = os.pathsep.join(job["pythonpath"])
    sys.path[1:1] = job["pythonpath"]
    sys.argv[1:] = job["arguments"]
    code = 0
    try:
        exec(compile(job["script"], "<script>", "exec"), {"__name__": "__main__"})
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
        if isinstance(end.code, str):
            print(end.code, file=sys.stderr)
    except BaseException:
        traceback.print_exc()
        code = 1
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)
"""


def environment(pythonpath: Iterable[Path] = (), **more: str) -> dict[str, str]:
    """This process's environment for an interpreter of the framework: `pythonpath` is imported from first."""
    before = os.environ.get("PYTHONPATH")
    search = [*map(str, pythonpath), str(STARTUP), *([before] if before else [])]
    return {**os.environ, "NO_PROXY": "127.0.0.1,localhost", "PYTHONPATH": os.pathsep.join(search), **more}


def run_script(framework: Path, pythonpath: Path, script: str, *arguments: str) -> Any:
    """What the script prints on its last line, as JSON. AssertionError, with its own words, where it fails."""
    done = subprocess.run(
        [str(framework), "-W", "ignore", "-c", script, *arguments],
        env=environment([pythonpath]),
        capture_output=True,
        text=True,
        timeout=300,
    )
    return last_line(done)


def last_line(done: subprocess.CompletedProcess[str]) -> Any:
    """What a script printed on its last line, as JSON. AssertionError, with its own words, where it failed."""
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout.splitlines()[-1])


class Warm:
    """An interpreter that has imported the installed framework once, alive inside a `with` block.

    Each script runs in a fork of it: a process of its own, that saves the seconds of the import and sees nothing of
    the scripts before it. An `overlay` replaces what is imported, so it has to be given from the start.
    """

    def __init__(self, framework: Path, overlay: Path | None = None) -> None:
        self._framework = framework
        self._overlay = [overlay] if overlay else []
        self._process: subprocess.Popen[str] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the interpreter; the next script starts another."""
        if self._process:
            self._process.communicate()
            self._process = None

    def run(
        self,
        script: str,
        *arguments: str,
        pythonpath: Iterable[Path] = (),
        cwd: Path | None = None,
        timeout: int = 180,
        env: Mapping[str, str] | None = None,
        together: bool = False,
    ) -> subprocess.CompletedProcess[str]:
        """Run a script, as `python -c script arguments` would; RuntimeError if the interpreter itself has ended.

        `env` is added to the environment. `together` has both streams in `stdout`, in the order in which they were
        written.
        """
        if self._process is None:
            command = [str(self._framework), "-c", SERVE]
            pipe = subprocess.PIPE
            self._process = subprocess.Popen(
                command, env=environment(self._overlay), stdin=pipe, stdout=pipe, text=True
            )
        assert self._process.stdin and self._process.stdout
        with tempfile.TemporaryDirectory(prefix="warm-") as home:
            stdout, stderr = Path(home, "stdout"), Path(home, "stderr")
            stderr.touch()
            job = {
                "script": script,
                "arguments": arguments,
                "pythonpath": [str(path) for path in pythonpath],
                "cwd": str(cwd or home),
                "stdout": str(stdout),
                "stderr": str(stdout if together else stderr),
                "environment": dict(env or {}),
                "timeout": timeout,
            }
            self._process.stdin.write(json.dumps(job) + "\n")
            self._process.stdin.flush()
            code = self._process.stdout.readline()
            if not code:
                raise RuntimeError("the warm interpreter has ended")
            streams = (stream.read_text(encoding="utf-8", errors="replace") for stream in (stdout, stderr))
            return subprocess.CompletedProcess([script, *arguments], int(code), *streams)

    def run_script(self, pythonpath: Path, script: str, *arguments: str) -> Any:
        """What the script prints on its last line, as JSON. AssertionError, with its own words, where it fails."""
        return last_line(self.run(script, *arguments, pythonpath=[pythonpath]))
