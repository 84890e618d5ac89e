"""A real RabbitMQ for tests: started on loopback with the management plugin, removed afterwards.

It shares nothing with a broker of the machine: data, configuration, plugins, cookie, node name and
ports are its own, and so is the port mapper (epmd) that Erlang would else leave running.
"""

from __future__ import annotations

import json
import os
import secrets
import signal
import socket
import subprocess
import time
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import quote

from tests.support.systems import (
    START_SECONDS,
    account_arguments,
    end_process,
    free_port,
    new_password,
    require,
    required_program,
    running,
    temporary_home,
    write_owned,
)

Json = dict[str, Any]

# The user that emitted workflows name; here it may look at queues and at nothing else.
READER = "openmetadata"

ADMIN = "admin"

# Debian's rabbitmq-server is this script, which changes users and writes to /var/log; the real one stands beside it.
WRAPPER = "rabbitmq-script-wrapper"

CONFIG = """\
default_user = {admin}
default_pass = {password}
listeners.tcp = none
management.tcp.ip = 127.0.0.1
management.tcp.port = {port}
disk_free_limit.absolute = 1MB
"""


@dataclass(frozen=True)
class Broker:
    """A running RabbitMQ, and how to reach its management API."""

    port: int
    password: str = field(repr=False)
    admin_password: str = field(repr=False)
    user: str = READER

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def ask(self, method: str, path: str, body: Json | None = None) -> Any:
        """What the management API answers the admin; `path` is below /api. Raises RuntimeError if it refuses."""
        return _ask(self.port, self.admin_password, method, path, body)

    def add_host(self, vhost: str) -> None:
        """Make a virtual host that the reader may read."""
        self.ask("PUT", f"/vhosts/{_part(vhost)}")
        permissions = {"configure": "", "write": "", "read": ".*"}
        self.ask("PUT", f"/permissions/{_part(vhost)}/{self.user}", permissions)

    def declare(self, name: str, vhost: str = "/", **properties: Any) -> None:
        """Make a queue; `properties` are those of the API: durable, auto_delete, arguments."""
        self.ask("PUT", f"/queues/{_part(vhost)}/{_part(name)}", properties)

    def queues(self) -> list[Json]:
        """The queues of all virtual hosts, as the broker itself lists them: all at once, to the admin."""
        listed: list[Json] = self.ask("GET", "/queues")
        return listed


@contextmanager
def rabbitmq() -> Iterator[Broker]:
    """An empty RabbitMQ with a reader. RuntimeError if it is not installed or does not start."""
    require("rabbitmq")
    server = Path(required_program("rabbitmq-server")).resolve()
    if server.name == WRAPPER:
        server = server.with_name("rabbitmq-server")
    # A configuration file takes fewer characters than a request does.
    admin_password = secrets.token_urlsafe(12)
    with temporary_home("rabbitmq") as (home, owner), _epmd(home, owner) as epmd_port:
        plugins = home / "enabled_plugins"
        write_owned(plugins, "[rabbitmq_management].\n", owner)
        config = home / "rabbitmq.conf"

        def command(port: int) -> list[str]:
            write_owned(config, CONFIG.format(admin=ADMIN, password=admin_password, port=port), owner)
            environment = {
                "PATH": os.environ.get("PATH", os.defpath),
                "LANG": "C.UTF-8",
                # where Erlang keeps its cookie
                "HOME": str(home),
                "ERL_EPMD_ADDRESS": "127.0.0.1",
                "ERL_EPMD_PORT": str(epmd_port),
                "RABBITMQ_NODENAME": f"test{port}@localhost",
                "RABBITMQ_DIST_PORT": str(free_port()),
                "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "-kernel inet_dist_use_interface {127,0,0,1}",
                "RABBITMQ_MNESIA_BASE": str(home / "data"),
                "RABBITMQ_LOG_BASE": str(home / "logs"),
                "RABBITMQ_LOGS": "-",
                "RABBITMQ_ENABLED_PLUGINS_FILE": str(plugins),
                "RABBITMQ_CONFIG_FILE": str(config),
                # these are not there, which keeps it from reading those in /etc
                "RABBITMQ_CONFIG_FILES": str(home / "conf.d"),
                "RABBITMQ_ADVANCED_CONFIG_FILE": str(home / "advanced.config"),
                "RABBITMQ_CONF_ENV_FILE": str(home / "rabbitmq-env.conf"),
                # the script becomes the server, so that a signal to the one reaches the other
                "RUNNING_UNDER_SYSTEMD": "1",
            }
            return ["/usr/bin/env", "-i", *(f"{name}={value}" for name, value in environment.items()), str(server)]

        def connected(port: int) -> None:
            _ask(port, admin_password, "GET", "/overview")

        with running(command, connected, owner, home, signal.SIGTERM) as port:
            broker = Broker(port, new_password(), admin_password)
            broker.ask("PUT", f"/users/{broker.user}", {"password": broker.password, "tags": "management"})
            broker.add_host("/")
            yield broker


@contextmanager
def _epmd(home: Path, owner: str | None) -> Iterator[int]:
    """Erlang's port mapper on a port of its own while the block runs; yields the port."""
    port = free_port()
    command = [required_program("epmd"), "-address", "127.0.0.1", "-port", str(port)]
    process = subprocess.Popen(
        command,
        cwd=home,
        env={"PATH": os.defpath, "HOME": str(home)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
        **account_arguments(owner),
    )
    try:
        until = time.monotonic() + START_SECONDS
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                break
            except OSError as error:
                if process.poll() is not None or time.monotonic() > until:
                    raise RuntimeError("epmd did not start") from error
                time.sleep(0.05)
        yield port
    finally:
        end_process(process, signal.SIGTERM)


def _part(name: str) -> str:
    return quote(name, safe="")


def _ask(port: int, password: str, method: str, path: str, body: Json | None = None) -> Any:
    connection = HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        login = b64encode(f"{ADMIN}:{password}".encode()).decode()
        headers = {"Authorization": f"Basic {login}", "Content-Type": "application/json"}
        connection.request(method, f"/api{path}", json.dumps(body or {}) if method != "GET" else None, headers)
        response = connection.getresponse()
        text = response.read().decode()
    finally:
        connection.close()
    if response.status >= 300:
        raise RuntimeError(f"{method} /api{path} is answered with {response.status}: {text[:500]}")
    return json.loads(text) if text else None
