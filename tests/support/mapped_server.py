"""What answers for small servers that play APIs: what is asked, what is replied, and one port for all of them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock, Thread
from types import TracebackType
from typing import Any, ClassVar, Self
from urllib.parse import parse_qsl, unquote, urlsplit

Json = dict[str, Any]

# So many objects the longest list of each API has.
HELD = 67


@dataclass(frozen=True)
class Asked:
    """A request: `path` is below the API's own address `base`, its parts unquoted; `form` is a body of that kind."""

    method: str
    path: tuple[str, ...]
    query: Mapping[str, str]
    headers: Message
    body: Any
    form: Mapping[str, str]
    base: str

    @property
    def line(self) -> str:
        return f"{self.method} /{'/'.join(self.path)}"

    def number(self, name: str, default: int) -> int:
        return int(self.query.get(name, default))


@dataclass(frozen=True)
class Reply:
    """An answer that is more than a body of JSON."""

    body: Any = None
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


NOT_FOUND = Reply({"message": "not found"}, 404)


def things(prefix: str, count: int = HELD) -> list[Json]:
    return [{"id": f"{prefix}{number}", "name": f"{prefix} number {number}"} for number in range(count)]


class Mapped:
    """An API. `says` are words of the line with which reading has to fail; empty where all has to arrive."""

    map: ClassVar[str]
    show: ClassVar[Mapping[str, str]]
    service_type: ClassVar[str] = "dashboard"
    auth: ClassVar[tuple[str, ...]] = ("token",)
    options: ClassVar[Json] = {"token": "s3cr3t-token"}
    answers: ClassVar[Json] = {}
    says: ClassVar[tuple[str, ...]] = ()
    # All that can be read has to arrive, even though reading fails.
    arrives: ClassVar[bool] = False

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.lock = Lock()

    def truth(self) -> Json:
        """The rows of each resource in `show`."""
        raise NotImplementedError

    def allows(self, asked: Asked) -> bool:
        return asked.headers.get("Authorization") == f"Bearer {self.options['token']}"

    def answer(self, asked: Asked) -> Any:
        """What to send as JSON, or a Reply."""
        raise NotImplementedError

    def reply(self, asked: Asked) -> Reply:
        with self.lock:
            self.asked.append(asked.line)
            if not self.allows(asked):
                return Reply({"message": "sign in first"}, 401)
            answer = self.answer(asked)
        return answer if isinstance(answer, Reply) else Reply(answer)


class Apis:
    """Serves APIs on loopback, inside a `with` block: `address(name)` is what a connector is told."""

    def __init__(self, apis: Mapping[str, Mapped]) -> None:
        self.apis = apis

    def __enter__(self) -> Self:
        apis = self.apis

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def do_GET(self) -> None:
                url = urlsplit(self.path)
                name, *path = [unquote(part) for part in url.path.strip("/").split("/")]
                content = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
                form = "x-www-form-urlencoded" in self.headers.get("Content-Type", "")
                reply = apis[name].reply(
                    Asked(
                        method=self.command,
                        path=tuple(path),
                        query=dict(parse_qsl(url.query, keep_blank_values=True)),
                        headers=self.headers,
                        body=json.loads(content) if content and not form else None,
                        form=dict(parse_qsl(content)) if form else {},
                        base=f"http://{self.headers['Host']}/{name}",
                    )
                )
                sent = reply.body if isinstance(reply.body, bytes) else json.dumps(reply.body).encode()
                self.send_response(reply.status)
                for header, value in {"Content-Type": "application/json", **reply.headers}.items():
                    self.send_header(header, value)
                self.send_header("Content-Length", str(len(sent)))
                self.end_headers()
                self.wfile.write(sent)

            do_POST = do_GET

            def log_message(self, *_: Any) -> None:
                """Nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()

    def address(self, name: str) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}/{name}"
