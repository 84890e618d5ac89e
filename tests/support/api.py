"""A JSON API on loopback with known records: page by page, slow where asked, and strict about the credentials."""

from __future__ import annotations

import json
import re
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qsl, urlsplit

Json = dict[str, Any]


@dataclass
class Api:
    """Answers GET for the lists at `paths` (a pattern with `{item}` for the id of a parent, to a key of `records`).

    A list comes in pages of `size`, by `page` and `page_size`; `delay` is in seconds. Whoever does
    not send `authorization` gets 401.
    """

    records: dict[str, list[Json]]
    paths: dict[str, str]
    authorization: str
    size: int = 2
    delay: float = 0
    asked: list[str] = field(default_factory=list)

    def __enter__(self) -> Self:
        api = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True  # else each answer waits 40 ms for an acknowledgement

            def do_GET(self) -> None:
                time.sleep(api.delay)
                status, body = api.answer(self.path, self.headers.get("Authorization", ""))
                payload = json.dumps(body).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(payload)))
                self.end_headers()
                self.wfile.write(payload)

            def log_message(self, format: str, *args: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def answer(self, target: str, authorization: str) -> tuple[int, Any]:
        parts = urlsplit(target)
        self.asked.append(target)
        if authorization != self.authorization:
            return 401, {"message": "sign in first"}
        for path, name in self.paths.items():
            pattern = re.sub(r"\\\{(\w+)\\\}", r"(?P<\1_id>[^/]+)", re.escape(path))
            if found := re.fullmatch(pattern, parts.path):
                parents = found.groupdict().items()
                return 200, self._page([r for r in self.records[name] if parents <= r.items()], parts.query)
        return 404, {"message": "no such list"}

    def _page(self, records: list[Json], query: str) -> Json:
        asked = dict(parse_qsl(query))
        size = min(int(asked.get("page_size", self.size)), self.size)
        start = (int(asked.get("page", 1)) - 1) * size
        return {"total": len(records), "results": records[start : start + size]}
