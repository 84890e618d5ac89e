"""Real servers from PyPI for tests: each in an environment of its own, as its lock says, on a free port of loopback."""

from __future__ import annotations

import fcntl
import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

LOCKS = Path(__file__).resolve().parent.parent / "locks"

# Scripts that run inside the environment of a server, and not in that of the tests.
INSIDE = Path(__file__).resolve().parent / "inside"

# A first start makes tables and fills them; on a busy machine that takes a while.
START_SECONDS = 120.0


@dataclass(frozen=True)
class Served:
    """A running server, and the folder that it has for itself."""

    url: str
    home: Path

    @property
    def log(self) -> str:
        """What the server has written so far."""
        return (self.home / "log").read_text(encoding="utf-8", errors="replace")


@dataclass(frozen=True)
class Reader:
    """A running server with a login, and who may read it."""

    served: Served
    user: str = "openmetadata"
    password: str = field(default_factory=lambda: secrets.token_urlsafe(12), repr=False)

    @property
    def url(self) -> str:
        return self.served.url


def install(cache: Path, name: str) -> str | None:
    """Make a server's environment below `cache`, or find it there. Returns what is missing as one line, or None."""
    home = _home(cache, name)
    ready = home / "ready"
    lock = LOCKS / f"{name}.txt"
    wanted = lock.read_text(encoding="utf-8")
    home.mkdir(parents=True, exist_ok=True)
    # one at a time: each process of a parallel test run may come here
    with (home / "lock").open("w") as waiting:
        fcntl.flock(waiting, fcntl.LOCK_EX)
        if ready.exists() and ready.read_text(encoding="utf-8") == wanted:
            return None
        pip = ["uv", "pip", "install", "--quiet", "--no-deps", "--require-hashes", "--python", str(home / "venv")]
        for command in (
            ["uv", "venv", "--quiet", "--clear", "--python", sys.executable, str(home / "venv")],
            [*pip, "--requirements", str(lock)],
        ):
            try:
                done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=600)
            except (OSError, subprocess.TimeoutExpired) as error:
                return f"{name} needs an environment of its own: {error}"
            if done.returncode != 0:
                return f"{name} needs {lock.name}: {' '.join(done.stderr.split())[-400:]}"
        ready.write_text(wanted, encoding="utf-8")
    return None


def python(cache: Path, name: str) -> Path:
    """The interpreter of an environment that `install` has made."""
    return _home(cache, name) / "venv/bin/python"


@contextmanager
def running(
    name: str,
    command: Callable[[Path, int], list[str]],
    answers: Callable[[Served], object],
    environment: Callable[[Path], Mapping[str, str]] = lambda home: {},
) -> Iterator[Served]:
    """Run a server while the block runs. RuntimeError if it does not start.

    `command` and `environment` get a new folder, the former a free port, too. `answers` is handed the server, and
    raises OSError as long as it does not answer. The developer's own settings of the server are left out.
    """
    with tempfile.TemporaryDirectory(prefix=f"{name}-") as folder:
        log = ""
        # another process may take a free port before the server does
        for _ in range(3):
            home = Path(folder) / "home"
            shutil.rmtree(home, ignore_errors=True)
            home.mkdir()
            port = free_port()
            own = {key: value for key, value in os.environ.items() if not key.lstrip("_").startswith(name.upper())}
            # Its thousands of modules are compiled once: the environment is the server's own.
            own.pop("PYTHONDONTWRITEBYTECODE", None)
            with (home / "log").open("wb") as output:
                process = subprocess.Popen(
                    command(home, port),
                    cwd=home,
                    env=own | dict(environment(home)),
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=output,
                    # a group of its own: a server may start others
                    start_new_session=True,
                )
            served = Served(f"http://127.0.0.1:{port}", home)
            try:
                if _answers(process, answers, served):
                    yield served
                    return
                log = served.log
            finally:
                _stop(process)
        raise RuntimeError(f"{name} did not start:\n{log[-2000:]}")


def ask(url: str, body: Any = None, headers: Mapping[str, str] | None = None) -> Any:
    """What a server answers, as JSON: to a GET, or with a body to a POST. OSError where it refuses."""
    request = urllib.request.Request(url, data=None if body is None else json.dumps(body).encode())
    for header, value in {"Content-Type": "application/json", **(headers or {})}.items():
        request.add_header(header, value)
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.load(answer)


def free_port() -> int:
    """A port of loopback that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _answers(process: subprocess.Popen[bytes], answers: Callable[[Served], object], served: Served) -> bool:
    """Whether a server answers before it ends or START_SECONDS are over."""
    until = time.monotonic() + START_SECONDS
    while process.poll() is None and time.monotonic() < until:
        with suppress(OSError):
            answers(served)
            return True
        time.sleep(0.1)
    return False


def _stop(process: subprocess.Popen[bytes]) -> None:
    """End the server and all that it started."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGTERM)
    with suppress(subprocess.TimeoutExpired):
        process.wait(timeout=20)
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _home(cache: Path, name: str) -> Path:
    return cache / f"{name}-{sys.version_info.major}.{sys.version_info.minor}"
