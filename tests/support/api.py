"""A JSON API on loopback with known records: page by page, slow where asked, and strict about the credentials."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from tests.support.loopback import Request, Server

Json = dict[str, Any]


@dataclass
class Api(Server):
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

    def handle(self, request: Request) -> None:
        time.sleep(self.delay)
        request.send(*self.answer(request.path, request.headers.get("Authorization", "")))

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
