"""Real database servers for tests: started on loopback, filled with a small shop, removed afterwards.

Each runs from a data directory of its own on a free port, listens on 127.0.0.1 only and asks for
passwords. A server that is not installed is reported by `missing` and can be installed with `install`.
"""

from __future__ import annotations

import fcntl
import importlib.util
import os
import secrets
import shutil
import signal
import socket
import sqlite3
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

SEED = Path(__file__).parent / "seed"

# Where distributions put server programs that are not for everyday use.
PROGRAM_FOLDERS = ("/usr/lib/postgresql/*/bin", "/usr/sbin", "/usr/local/sbin")

START_SECONDS = 30.0


@dataclass(frozen=True)
class _Needs:
    """What a system takes: server programs, the Python driver's module, the Debian packages."""

    programs: tuple[str, ...]
    driver: str
    package: str


NEEDS = {
    "postgres": _Needs(("initdb", "postgres"), "psycopg2", "postgresql"),
    "mariadb": _Needs(("mariadb-install-db", "mariadbd"), "pymysql", "mariadb-server"),
    "sqlite": _Needs((), "sqlite3", ""),
    "rabbitmq": _Needs(("rabbitmq-server", "epmd"), "http.client", "rabbitmq-server"),
    "node": _Needs(("node", "npm"), "json", "nodejs npm"),
    "sandbox": _Needs(("bwrap",), "json", "bubblewrap"),
    "java": _Needs(("java", "javac", "mvn"), "json", "default-jdk-headless maven"),
}


@dataclass(frozen=True)
class System:
    """A running database with the sample shop in it, and how to reach it.

    `user` may only read, `admin` may do everything. `databases` are the names that a connection is
    opened on; for SQLite that is the one file, in `path`, and there are no users.
    """

    name: str
    databases: tuple[str, ...]
    host: str = ""
    port: int = 0
    user: str = ""
    password: str = field(default="", repr=False)
    admin: str = ""
    admin_password: str = field(default="", repr=False)
    path: Path | None = None

    def connect(self, database: str | None = None, *, admin: bool = False) -> Any:
        """An open DB-API connection to `database` (the first one if not said), as reader or as admin."""
        user, password = (self.admin, self.admin_password) if admin else (self.user, self.password)
        if self.name == "postgres":
            return _postgres_connection(self.port, user, password, database or self.databases[0])
        if self.name == "mariadb":
            return _mariadb_connection(self.port, user, password, database)
        return sqlite3.connect(str(self.path))

    def url(self, database: str | None = None) -> str:
        """The SQLAlchemy URL of `database` for the reader, password included."""
        if self.path is not None:
            return f"sqlite:///{self.path}"
        scheme = {"postgres": "postgresql+psycopg2", "mariadb": "mysql+pymysql"}[self.name]
        login = f"{quote(self.user, safe='')}:{quote(self.password, safe='')}"
        tail = database or (self.databases[0] if self.name == "postgres" else "")
        return f"{scheme}://{login}@{self.host}:{self.port}/{quote(tail, safe='')}"


def program(name: str) -> str | None:
    """The path of a server program, in PATH or where Debian hides it; the newest version if there are several."""
    if found := shutil.which(name):
        return found
    for folder in PROGRAM_FOLDERS:
        places = sorted(Path("/").glob(f"{folder[1:]}/{name}"), key=lambda path: (len(str(path)), str(path)))
        if places:
            return str(places[-1])
    return None


def missing(system_name: str) -> str | None:
    """What is not installed that `system_name` (a key of NEEDS) needs, as one line; None if nothing."""
    needs = NEEDS[system_name]
    absent = [f"program {name}" for name in needs.programs if program(name) is None]
    if importlib.util.find_spec(needs.driver) is None:
        absent.append(f"Python module {needs.driver}")
    return f"{system_name} needs {', '.join(absent)}" if absent else None


def install(system_name: str) -> str | None:
    """Install the server with apt-get where we are root and have one. Returns what `missing` says afterwards."""
    needs = NEEDS[system_name]
    lacks_program = any(program(name) is None for name in needs.programs)
    apt = shutil.which("apt-get")
    if lacks_program and apt and os.geteuid() == 0:
        environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        # one at a time: apt-get gives up where another one is at work, in a parallel test process say
        with (Path(tempfile.gettempdir()) / "connector-template-apt.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            for arguments in (["update"], ["install", "-y", "--no-install-recommends", *needs.package.split()]):
                # what went wrong shows in what is still missing
                subprocess.run([apt, *arguments], env=environment, capture_output=True, check=False)
    return missing(system_name)


@contextmanager
def postgres(*, query_log: bool = False) -> Iterator[System]:
    """PostgreSQL with the databases `shop` (schemas sales and stock) and `Archive` (schema public).

    With `query_log`, `shop` has the view public.pg_stat_statements, of which `reader` sees what
    PostgreSQL shows to everyone. RuntimeError if it is not installed or does not start.
    """
    require("postgres")
    with temporary_home("postgres") as (home, owner):
        admin_password = new_password()
        secret = home / "secret"
        write_owned(secret, admin_password + "\n", owner)
        data = home / "data"
        _run(
            [
                required_program("initdb"),
                "--pgdata",
                str(data),
                "--username",
                "admin",
                "--pwfile",
                str(secret),
                "--auth",
                "scram-sha-256",
                "--encoding",
                "UTF8",
                "--locale",
                "C",
                "--no-sync",
            ],
            owner,
            home,
        )
        secret.unlink()

        def command(port: int) -> list[str]:
            settings = {
                "listen_addresses": "127.0.0.1",
                "port": str(port),
                "unix_socket_directories": "",
                # nothing here has to survive a power cut
                "fsync": "off",
            }
            if query_log:
                settings["shared_preload_libraries"] = "pg_stat_statements"
            return [
                required_program("postgres"),
                "-D",
                str(data),
                *(f"--{key}={value}" for key, value in settings.items()),
            ]

        def connected(port: int) -> None:
            _postgres_connection(port, "admin", admin_password, "postgres").close()

        # SIGINT is PostgreSQL's fast shutdown: it does not wait for clients to leave.
        with running(command, connected, owner, home, signal.SIGINT) as port:
            system = System(
                "postgres",
                ("shop", "Archive"),
                "127.0.0.1",
                port,
                "reader",
                new_password(),
                "admin",
                admin_password,
            )
            with closing(_postgres_connection(port, "admin", admin_password, "postgres")) as connection:
                connection.autocommit = True
                with connection.cursor() as cursor:
                    cursor.execute("create role reader login password %s", (system.password,))
                    for name in system.databases:
                        cursor.execute(f'create database "{name}"')
            for name in system.databases:
                with closing(system.connect(name, admin=True)) as connection, connection.cursor() as cursor:
                    cursor.execute((SEED / f"postgres-{name.lower()}.sql").read_text(encoding="utf-8"))
                    if query_log and name == "shop":
                        cursor.execute("create schema public")
                        cursor.execute("grant usage on schema public to reader")
                        cursor.execute("create extension pg_stat_statements schema public")
                    connection.commit()
            yield system


@contextmanager
def mariadb(*, query_log: bool = False) -> Iterator[System]:
    """MariaDB with the schemas `Shop Sales` and `shop_stock`. RuntimeError if it is not installed or does not start.

    With `query_log`, it logs to the table mysql.general_log, which `reader` may not read.
    """
    require("mariadb")
    with temporary_home("mysql") as (home, owner):
        admin_password = new_password()
        data = home / "data"
        _run(
            [
                required_program("mariadb-install-db"),
                "--no-defaults",
                f"--datadir={data}",
                # a server that starts deletes the temporary tables that lie there, those of another one too
                f"--tmpdir={home}",
                "--skip-test-db",
                "--auth-root-authentication-method=normal",
                "--skip-name-resolve",
            ],
            owner,
            home,
        )
        # Carried out by the server before it listens, so that there is no moment without a password.
        first = home / "first.sql"
        statements = [
            # the account that owns the server's own views has no login; it stays
            "delete from mysql.global_priv where User <> 'mariadb.sys'",
            "flush privileges",
            f"create user admin@'127.0.0.1' identified by '{admin_password}'",
            "grant all on *.* to admin@'127.0.0.1' with grant option",
        ]
        write_owned(first, "".join(f"{statement};\n" for statement in statements), owner)

        def command(port: int) -> list[str]:
            return [
                required_program("mariadbd"),
                "--no-defaults",
                f"--datadir={data}",
                f"--tmpdir={home}",
                f"--socket={home / 'socket'}",
                f"--pid-file={home / 'pid'}",
                "--bind-address=127.0.0.1",
                f"--port={port}",
                f"--init-file={first}",
                "--skip-name-resolve",
                "--character-set-server=utf8mb4",
                # small and quick, and nothing here has to survive a power cut
                "--innodb-buffer-pool-size=32M",
                "--innodb-log-file-size=16M",
                "--innodb-flush-log-at-trx-commit=0",
                *(["--general-log", "--log-output=TABLE"] if query_log else []),
            ]

        def connected(port: int) -> None:
            _mariadb_connection(port, "admin", admin_password).close()

        with running(command, connected, owner, home, signal.SIGTERM) as port:
            system = System(
                "mariadb",
                ("Shop Sales", "shop_stock"),
                "127.0.0.1",
                port,
                "reader",
                new_password(),
                "admin",
                admin_password,
            )
            with closing(system.connect(admin=True)) as connection, connection.cursor() as cursor:
                cursor.execute("create user reader@'127.0.0.1' identified by %s", (system.password,))
                for statement in _statements(SEED / "mariadb.sql"):
                    cursor.execute(statement)
                connection.commit()
            yield system


@contextmanager
def sqlite(path: Path) -> Iterator[System]:
    """A new SQLite file at `path` with the shop in it, deleted on exit. FileExistsError if something is there."""
    path.touch(exist_ok=False)
    try:
        with closing(sqlite3.connect(str(path))) as connection:
            connection.executescript((SEED / "sqlite.sql").read_text(encoding="utf-8"))
        yield System("sqlite", ("main",), path=path)
    finally:
        path.unlink(missing_ok=True)


def require(system_name: str) -> None:
    if absent := missing(system_name):
        raise RuntimeError(absent)


def required_program(name: str) -> str:
    found = program(name)
    if found is None:
        raise RuntimeError(f"{name} is not installed")
    return found


def new_password() -> str:
    """A new password, with the characters that a URL must not hold as they are."""
    return f"{secrets.token_urlsafe(12)}@:/%+?#"


def _statements(path: Path) -> list[str]:
    """The statements of a seed file, which ends each with a semicolon at the end of a line."""
    return [text for part in path.read_text(encoding="utf-8").split(";\n") if (text := part.strip())]


def _postgres_connection(port: int, user: str, password: str, database: str) -> Any:
    # imported where it is used: a driver is needed only by who asks for its system
    import psycopg2

    return psycopg2.connect(host="127.0.0.1", port=port, user=user, password=password, dbname=database)


def _mariadb_connection(port: int, user: str, password: str, database: str | None = None) -> Any:
    # see above
    import pymysql

    return pymysql.connect(
        host="127.0.0.1", port=port, user=user, password=password, database=database, charset="utf8mb4"
    )


@contextmanager
def temporary_home(account: str) -> Iterator[tuple[Path, str | None]]:
    """A temporary directory and who to run the server as: `account` when we are root, else ourselves (None)."""
    owner = account if os.geteuid() == 0 else None
    home = Path(tempfile.mkdtemp(prefix=f"{account}-"))
    try:
        if owner:
            shutil.chown(home, owner, owner)
        yield home, owner
    finally:
        shutil.rmtree(home, ignore_errors=True)


def write_owned(path: Path, text: str, owner: str | None) -> None:
    path.touch(mode=0o600)
    path.write_text(text, encoding="utf-8")
    if owner:
        shutil.chown(path, owner, owner)


def account_arguments(owner: str | None) -> dict[str, Any]:
    """The arguments of subprocess that drop root's privileges."""
    return {"user": owner, "group": owner, "extra_groups": []} if owner else {}


def _run(command: Sequence[str], owner: str | None, home: Path) -> None:
    done = subprocess.run(
        command, cwd=home, capture_output=True, text=True, timeout=120, check=False, **account_arguments(owner)
    )
    if done.returncode != 0:
        raise RuntimeError(f"{Path(command[0]).name} failed:\n{(done.stdout + done.stderr)[-2000:]}")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def running(
    command: Callable[[int], Sequence[str]],
    connected: Callable[[int], None],
    owner: str | None,
    home: Path,
    stop: signal.Signals,
) -> Iterator[int]:
    """Run the server while the block runs; yields its port once a connection succeeds.

    Another process may take a free port before the server does, so a server that ends at once
    is tried again on another one.
    """
    log = home / "log"
    for _ in range(3):
        port = free_port()
        with log.open("ab") as output:
            process = subprocess.Popen(
                command(port),
                cwd=home,
                stdout=output,
                stderr=output,
                start_new_session=True,
                **account_arguments(owner),
            )
        try:
            if _await(process, connected, port):
                yield port
                return
        finally:
            end_process(process, stop)
    raise RuntimeError(f"{command(0)[0]} did not start:\n{log.read_text(errors='replace')[-2000:]}")


def _await(process: subprocess.Popen[bytes], connected: Callable[[int], None], port: int) -> bool:
    """Whether the server took a connection before it ended or START_SECONDS were over."""
    until = time.monotonic() + START_SECONDS
    while process.poll() is None and time.monotonic() < until:
        try:
            # nothing to wait for before the port is open, and drivers are slow to give up
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            connected(port)
        except Exception:
            time.sleep(0.05)
        else:
            return True
    return False


def end_process(process: subprocess.Popen[bytes], stop: signal.Signals) -> None:
    if process.poll() is None:
        process.send_signal(stop)
        try:
            process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
