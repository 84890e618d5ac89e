"""What answers for small servers that play APIs: what is asked, what is replied, and one port for all of them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.message import Message
from threading import Lock
from typing import Any, ClassVar
from urllib.parse import parse_qsl, unquote, urlsplit

from tests.support.loopback import Request, Server

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


class Apis(Server):
    """Serves APIs on loopback, inside a `with` block: `address(name)` is what a connector is told."""

    methods = ("GET", "POST")

    def __init__(self, apis: Mapping[str, Mapped]) -> None:
        self.apis = apis

    def handle(self, request: Request) -> None:
        url = urlsplit(request.path)
        name, *path = [unquote(part) for part in url.path.strip("/").split("/")]
        content = request.content().decode()
        form = "x-www-form-urlencoded" in request.headers.get("Content-Type", "")
        reply = self.apis[name].reply(
            Asked(
                method=request.command,
                path=tuple(path),
                query=dict(parse_qsl(url.query, keep_blank_values=True)),
                headers=request.headers,
                body=json.loads(content) if content and not form else None,
                form=dict(parse_qsl(content)) if form else {},
                base=f"http://{request.headers['Host']}/{name}",
            )
        )
        request.send(reply.status, reply.body, reply.headers)

    def address(self, name: str) -> str:
        return f"{self.url}/{name}"
