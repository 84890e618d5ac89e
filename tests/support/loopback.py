"""A server on loopback for APIs that tests play: started and stopped here, so that each only has its answers."""

from __future__ import annotations

import json
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from types import TracebackType
from typing import Any, ClassVar, Self


class Request(BaseHTTPRequestHandler):
    """A request as the standard library has it: `command`, `path`, `headers`. `content` is its body."""

    protocol_version = "HTTP/1.1"
    wbufsize = -1
    disable_nagle_algorithm = True  # else each answer waits 40 ms for an acknowledgement

    def content(self) -> bytes:
        return self.rfile.read(int(self.headers.get("Content-Length") or 0))

    def send(self, status: int, body: Any, headers: Mapping[str, str] | None = None) -> None:
        """Answer with bytes as they are, or with anything else as JSON."""
        payload = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(status)
        usual = {"Content-Type": "application/json", "Content-Length": str(len(payload))}
        for name, value in (usual | dict(headers or {})).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(payload)

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""


class Server:
    """Answers on loopback inside a `with` block, each request of `methods` through `handle`, in a thread of its own."""

    methods: ClassVar[tuple[str, ...]] = ("GET",)

    def handle(self, request: Request) -> None:
        """Answer a request, with `request.send`."""
        raise NotImplementedError

    def __enter__(self) -> Self:
        def answer(request: Request) -> None:
            self.handle(request)

        handler = type("Handler", (Request,), {f"do_{method}": answer for method in self.methods})
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._server.daemon_threads = True
        Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()

    @property
    def port(self) -> int:
        return self._server.server_port

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"
