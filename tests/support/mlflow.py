"""A real MLflow tracking server for tests: from PyPI, in an environment of its own, on loopback, with a login."""

from __future__ import annotations

import base64
import fcntl
import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

Json = dict[str, Any]

LOCK = Path(__file__).resolve().parent.parent / "locks/mlflow.txt"

# A first start makes the tables of two databases; on a busy machine that takes a while.
START_SECONDS = 120.0

API = "/api/2.0/mlflow"


@dataclass(frozen=True)
class Mlflow:
    """A running server. `user` may only read, the administrator may do everything."""

    url: str
    log_file: Path
    admin_password: str = field(repr=False)
    user: str = "openmetadata"
    password: str = field(default_factory=lambda: secrets.token_urlsafe(12), repr=False)

    def call(self, path: str, body: Json | None = None, **query: Any) -> Json:
        """What the API answers the administrator: to a GET, or with a body to a POST."""
        request = urllib.request.Request(
            f"{self.url}{API}{path}?{urlencode(query)}", data=None if body is None else json.dumps(body).encode()
        )
        login = base64.b64encode(f"admin:{self.admin_password}".encode()).decode()
        request.add_header("Authorization", f"Basic {login}")
        request.add_header("Content-Type", "application/json")
        with urllib.request.urlopen(request, timeout=30) as answer:
            found: Json = json.load(answer)
        return found

    def models(self) -> list[Json]:
        """All registered models as the server lists them, on one page."""
        return list(self.call("/registered-models/search", max_results=1000).get("registered_models", []))

    def log(self) -> str:
        """What the server has written so far, each request among it."""
        return self.log_file.read_text(encoding="utf-8", errors="replace")


def install(cache: Path) -> str | None:
    """Make the server's environment below `cache`, or find it there. Returns what is missing as one line, or None."""
    home = _home(cache)
    ready = home / "ready"
    wanted = LOCK.read_text(encoding="utf-8")
    home.mkdir(parents=True, exist_ok=True)
    # one at a time: each process of a parallel test run may come here
    with (home / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if ready.exists() and ready.read_text() == wanted:
            return None
        pip = ["uv", "pip", "install", "--quiet", "--no-deps", "--require-hashes", "--python", str(home / "venv")]
        for command in (
            ["uv", "venv", "--quiet", "--clear", "--python", sys.executable, str(home / "venv")],
            [*pip, "--requirements", str(LOCK)],
        ):
            try:
                done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=600)
            except (OSError, subprocess.TimeoutExpired) as error:
                return f"mlflow needs an environment of its own: {error}"
            if done.returncode != 0:
                return f"mlflow needs {LOCK.name}: {' '.join(done.stderr.split())[-400:]}"
        ready.write_text(wanted)
    return None


@contextmanager
def server(cache: Path) -> Iterator[Mlflow]:
    """A new, empty server that `install` has made the environment of. RuntimeError if it does not start."""
    with tempfile.TemporaryDirectory(prefix="mlflow-") as folder:
        home = Path(folder)
        # another process may take a free port before the server does
        for _ in range(3):
            with _running(_home(cache) / "venv/bin/python", home, _free_port()) as mlflow:
                if mlflow:
                    mlflow.call("/users/create", {"username": mlflow.user, "password": mlflow.password})
                    yield mlflow
                    return
        raise RuntimeError(f"mlflow did not start:\n{(home / 'log').read_text(errors='replace')[-2000:]}")


@contextmanager
def _running(python: Path, home: Path, port: int) -> Iterator[Mlflow | None]:
    """Run the server while the block runs; None where it did not answer."""
    data = Path(tempfile.mkdtemp(dir=home))
    mlflow = Mlflow(f"http://127.0.0.1:{port}", home / "log", secrets.token_urlsafe(12))
    command = [str(python), "-m", "mlflow", "server", "--app-name=basic-auth", "--host=127.0.0.1", f"--port={port}"]
    command += ["--workers=1", f"--backend-store-uri=sqlite:///{data / 'models.db'}"]
    command += [f"--artifacts-destination={data / 'artifacts'}"]
    with mlflow.log_file.open("wb") as output:
        process = subprocess.Popen(
            command,
            cwd=data,
            env=_environment(data, mlflow),
            stdout=output,
            stderr=output,
            # a group of its own: the server is a process that starts others
            start_new_session=True,
        )
    try:
        yield mlflow if _answers(process, mlflow) else None
    finally:
        _stop(process)


def _environment(data: Path, mlflow: Mlflow) -> dict[str, str]:
    """The environment variables of the server: none of the developer's own MLflow, and its users in a file here."""
    users = data / "auth.ini"
    settings = {
        "default_permission": "READ",
        "database_uri": f"sqlite:///{data / 'users.db'}",
        "admin_username": "admin",
        "authorization_function": "mlflow.server.auth:authenticate_request_basic_auth",
        # a password is hashed for a fifth of a second, else with every request
        "auth_cache_ttl_seconds": "3600",
    }
    users.write_text("[mlflow]\n" + "".join(f"{key} = {value}\n" for key, value in settings.items()))
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("MLFLOW_", "_MLFLOW_"))}
    return inherited | {
        "MLFLOW_AUTH_CONFIG_PATH": str(users),
        "MLFLOW_AUTH_ADMIN_PASSWORD": mlflow.admin_password,
        "MLFLOW_FLASK_SERVER_SECRET_KEY": secrets.token_urlsafe(12),
        "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
        "MLFLOW_DISABLE_TELEMETRY": "true",
    }


def _answers(process: subprocess.Popen[bytes], mlflow: Mlflow) -> bool:
    """Whether the server answers its administrator before it ends or START_SECONDS are over."""
    until = time.monotonic() + START_SECONDS
    while process.poll() is None and time.monotonic() < until:
        with suppress(OSError):
            mlflow.models()
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


def _home(cache: Path) -> Path:
    return cache / f"mlflow-{sys.version_info.major}.{sys.version_info.minor}"


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
