"""A server that misbehaves, on bare sockets, and the table of what it plays.

A `Play` gives the pieces of an answer: bytes are sent, a number is slept for in seconds, RESET breaks the connection
off. To what it answers None, the server answers as it should: four dashboards in pages of two, a chart for each.
"""

from __future__ import annotations

import gzip
import json
import socket
import struct
import time
import zlib
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from threading import Thread
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qsl, urlsplit

Json = dict[str, Any]

# What a client is given. Nothing of it may be in a log or an error.
TOKEN = "s3cret-token"
CLIENT_SECRET = "s3cret-client"
QUERY_SECRET = "s3cret-query"
# What the server hands out, and is as secret: granted tokens, and the signature of a link.
GRANTED = "s3cret-granted"
SIGNATURE = "s3cret-signature"

PAGE = 2
MIB = 1024 * 1024
DASHBOARDS: list[Json] = [{"id": f"d{number}", "name": f"Dashboard {number}"} for number in (1, 2, 3, 4)]

RESET = object()
Pieces = Iterable[bytes | float | object]


@dataclass(frozen=True)
class Asked:
    """A request as it came in. `number` says the how manieth it is for its path and query, from 1."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    number: int

    @property
    def page(self) -> int:
        """Which page of a list is asked for, from 1, however that is said."""
        if "offset" in self.query:
            return -(-int(self.query["offset"]) // PAGE) + 1
        said = self.query.get("page") or self.query.get("cursor") or "1"
        return int(said) if said.isdigit() else 1


Play = Callable[[Asked], Pieces | None]


class HostileServer:
    """Listens on loopback inside a `with` block; lists come in pages by `pagination`. `asked` has each request."""

    def __init__(self, play: Play, pagination: str = "page") -> None:
        self.asked: list[Asked] = []
        self.play = play
        self._pagination = pagination
        self._counts: Counter[str] = Counter()
        self._open = True

    def __enter__(self) -> Self:
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._socket.getsockname()[1])
        Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._open = False
        self._socket.shutdown(socket.SHUT_RDWR)  # close() alone leaves the thread in accept()
        self._socket.close()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def _accept(self) -> None:
        while self._open:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            with connection, connection.makefile("rb") as stream:
                if asked := self._read(stream):
                    pieces = self.play(asked)
                    self._send(connection, [honest(asked, self._pagination)] if pieces is None else pieces)
        except OSError:
            pass  # the client has hung up

    def _send(self, connection: socket.socket, pieces: Pieces) -> None:
        for piece in pieces:
            if not self._open:
                return
            if piece is RESET:
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            elif isinstance(piece, bytes):
                connection.sendall(piece)
            elif isinstance(piece, int | float):
                time.sleep(piece)

    def _read(self, stream: Any) -> Asked | None:
        line = stream.readline().decode("latin-1").split()
        if len(line) != 3:
            return None
        headers = {}
        while ":" in (header := stream.readline().decode("latin-1").strip()):
            name, _, value = header.partition(":")
            headers[name.lower()] = value.strip()
        stream.read(int(headers.get("content-length", 0)))
        self._counts[line[1]] += 1
        parts = urlsplit(line[1])
        asked = Asked(line[0], parts.path, dict(parse_qsl(parts.query)), headers, self._counts[line[1]])
        self.asked.append(asked)
        return asked


def answer(status: int, body: bytes = b"", **headers: object) -> bytes:
    """An answer in whole. A header of the name `content_length` is sent as Content-Length, and so on."""
    given = {"content_type": "application/json", "content_length": len(body), "connection": "close"} | headers
    lines = [f"{name.replace('_', '-').title()}: {value}" for name, value in given.items() if value is not None]
    return "\r\n".join([f"HTTP/1.1 {status} Some words", *lines, "", ""]).encode("latin-1") + body


def listed(records: Any, asked: Asked, pagination: str, more: str | None = None) -> bytes:
    """A page of a list that says which one is next: `more`, a cursor or the number of a page."""
    body: Json = {"items": records}
    headers = {}
    if more and pagination == "cursor":
        body["next_cursor"] = more
    if more and pagination == "link_header":
        headers["link"] = f'<{asked.path}?page={more}&signature={SIGNATURE}>; rel="next"'
    return answer(200, json.dumps(body).encode(), **headers)


def honest(asked: Asked, pagination: str) -> bytes:
    """What a server without a fault answers."""
    if asked.method == "POST":
        return answer(200, json.dumps({"access_token": f"{GRANTED}-{asked.number}", "expires_in": 3600}).encode())
    parts = asked.path.strip("/").split("/")
    if parts[0] == "dashboards" and len(parts) == 1:
        start = (asked.page - 1) * PAGE if pagination != "none" else 0
        page = DASHBOARDS[start : start + PAGE] if pagination != "none" else DASHBOARDS
        more = str(asked.page + 1) if pagination != "none" and start + PAGE < len(DASHBOARDS) else None
        return listed(page, asked, pagination, more)
    if parts[0] == "dashboards" and parts[2:] == ["charts"]:
        number = parts[1].removeprefix("d")
        page = [{"id": f"c{number}", "name": f"Chart {number}"}] if asked.page == 1 else []
        return listed(page, asked, pagination)
    return answer(404, b"{}")


# Which requests a misbehaviour is for.
Where = Callable[[Asked], bool]


def second_page(asked: Asked) -> bool:
    return asked.path == "/dashboards" and asked.page == 2


def charts_of_the_second(asked: Asked) -> bool:
    return asked.path == "/dashboards/d2/charts"


def anywhere(asked: Asked) -> bool:
    return asked.method == "GET"


def token_endpoint(asked: Asked) -> bool:
    return asked.method == "POST"


def at(where: Where, pieces: Callable[[Asked], Pieces] | bytes, times: int | None = None) -> Play:
    """Play there, each time or only the first `times`."""

    def play(asked: Asked) -> Pieces | None:
        if not where(asked) or (times is not None and asked.number > times):
            return None
        return [pieces] if isinstance(pieces, bytes) else pieces(asked)

    return play


def dripping(text: bytes, every: float = 0.05) -> Pieces:
    """A text without an end, a byte at a time: each comes before a timeout of the socket."""
    yield text
    while True:
        yield every
        yield b" "


def endless(head: bytes, piece: bytes) -> Pieces:
    yield head
    while True:
        yield piece


def large(status: int, mebibytes: int, **headers: object) -> Callable[[Asked], Pieces]:
    """A list of so many MiB."""

    def pieces(_asked: Asked) -> Pieces:
        yield answer(status, b"", content_length=mebibytes * MIB, **headers)
        yield b'{"items": ["'
        filler = b"x" * MIB
        for _ in range(mebibytes):
            yield filler

    return pieces


def bomb(mebibytes: int, layers: int = 1) -> bytes:
    """A list that is small on its way and has so many MiB once it is inflated."""
    compressor = zlib.compressobj(9, wbits=31)
    filler = b" " * MIB
    packed = b"".join([compressor.compress(filler) for _ in range(mebibytes)])
    packed += compressor.compress(b'{"items": []}') + compressor.flush()
    for _ in range(layers - 1):
        packed = gzip.compress(packed, 9)
    return answer(200, packed, content_encoding=", ".join(["gzip"] * layers))
