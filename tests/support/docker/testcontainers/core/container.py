"""Stands in for testcontainers where there is no Docker: a container is a server that runs on this machine already.

The variable CONTAINERS holds the servers by image, as JSON: `kind` (a key of KINDS), `port`, and the `admin` and
`password` that make what the image would. They make it a second after the container is started, so that there is
something to wait for. The calls are those of testcontainers 4, as far as emitted tests use them.
"""

from __future__ import annotations

import json
import os
import shlex
from base64 import b64encode
from collections.abc import Callable
from threading import Timer
from typing import Any, NamedTuple, Self
from urllib.request import Request, urlopen

import psycopg2
import pymysql

Server = dict[str, Any]
Variables = dict[str, str]

START_SECONDS = 1.0


class Result(NamedTuple):
    exit_code: int
    output: bytes


class DockerContainer:
    def __init__(self, image: str) -> None:
        self._server: Server = json.loads(os.environ["CONTAINERS"])[image]
        self._variables: Variables = {}
        self._ports: set[int] = set()

    def with_env(self, key: str, value: str) -> Self:
        self._variables[key] = value
        return self

    def with_exposed_ports(self, *ports: int) -> Self:
        self._ports |= set(ports)
        return self

    def __enter__(self) -> Self:
        Timer(START_SECONDS, KINDS[self._server["kind"]], [self._server, self._variables]).start()
        return self

    def __exit__(self, *_error: object) -> None:
        """Nothing ends here: the server is not ours."""

    def get_container_host_ip(self) -> str:
        return "localhost"

    def get_exposed_port(self, port: int) -> int:
        if self._ports != {port} or port != self._server["inside"]:
            raise ConnectionError(f"nothing listens on {port}, or it is not exposed")
        return int(self._server["port"])

    def exec(self, command: list[str]) -> Result:
        """What the shell of RabbitMQ's image says to the one command that is known here."""
        match [*command[:2], *shlex.split(command[2])]:
            case ["sh", "-c", "rabbitmqadmin", "declare", "queue", queue]:
                _ask(self._server, f"queues/%2F/{queue.removeprefix('name=')}", {})
                return Result(0, b"queue declared\n")
        return Result(127, b"not found\n")


def _postgres(server: Server, variables: Variables) -> None:
    """What the image of PostgreSQL makes. KeyError without a password, with which it does not start either."""
    password = variables["POSTGRES_PASSWORD"]
    user = variables.get("POSTGRES_USER", "postgres")
    connection = psycopg2.connect(
        host="127.0.0.1",
        port=server["port"],
        user=server["admin"],
        password=server["password"],
        dbname="postgres",
    )
    connection.autocommit = True
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", (user,))
        if not cursor.fetchone():
            cursor.execute(f'CREATE ROLE "{user}" SUPERUSER LOGIN PASSWORD %s', (password,))
        cursor.execute(f'CREATE DATABASE "{variables.get("POSTGRES_DB", user)}" OWNER "{user}"')
    connection.close()


def _mysql(server: Server, variables: Variables) -> None:
    """What the images of MySQL and MariaDB make. AssertionError without a word on root's password."""
    assert any(name.endswith("_ROOT_PASSWORD") for name in variables)
    user, database = variables["MYSQL_USER"], variables["MYSQL_DATABASE"]
    connection = pymysql.connect(
        host="127.0.0.1", port=server["port"], user=server["admin"], password=server["password"]
    )
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE DATABASE `{database}`")
        cursor.execute("CREATE USER %s@'%%' IDENTIFIED BY %s", (user, variables["MYSQL_PASSWORD"]))
        cursor.execute(f"GRANT ALL ON `{database}`.* TO %s@'%%'", (user,))
    connection.close()


def _rabbitmq(server: Server, variables: Variables) -> None:
    """What the image of RabbitMQ makes."""
    user = variables["RABBITMQ_DEFAULT_USER"]
    _ask(server, f"users/{user}", {"password": variables["RABBITMQ_DEFAULT_PASS"], "tags": "administrator"})
    _ask(server, f"permissions/%2F/{user}", {"configure": ".*", "write": ".*", "read": ".*"})


def _ask(server: Server, path: str, body: dict[str, str]) -> None:
    login = b64encode(f"{server['admin']}:{server['password']}".encode()).decode()
    headers = {"Authorization": f"Basic {login}", "Content-Type": "application/json"}
    url = f"http://127.0.0.1:{server['port']}/api/{path}"
    urlopen(Request(url, json.dumps(body).encode(), headers, method="PUT"), timeout=10).close()


KINDS: dict[str, Callable[[Server, Variables], None]] = {
    "postgres": _postgres,
    "mysql": _mysql,
    "rabbitmq": _rabbitmq,
}
