"""An API on loopback that takes a key in a header or a query parameter, with links and redirects of its own."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from tests.support.loopback import Request, Server

PAGE = 20


@dataclass(frozen=True)
class Asked:
    """A request as it came in: each value of each parameter, and the headers by their names in small letters."""

    path: str
    query: dict[str, list[str]]
    headers: dict[str, str]

    @property
    def whole(self) -> str:
        return f"{self.path} {self.query} {self.headers}"


class KeyServer(Server):
    """Lists 60 dashboards below /dashboards, in pages that a Link header leads through, for whoever gives the key.

    The links repeat the query as it came, so also a key in it. `moved` is a status and where /dashboards has moved to;
    `faults` are answered first, each once, and break the connection with status 0.
    """

    def __init__(self, key: str, header: str = "", parameter: str = "") -> None:
        self.key, self.header, self.parameter = key, header.lower(), parameter
        self.asked: list[Asked] = []
        self.moved: tuple[int, str] | None = None
        self.faults: list[tuple[int, dict[str, str], bytes]] = []

    def handle(self, request: Request) -> None:
        parts = urlsplit(request.path)
        headers = {name.lower(): value for name, value in request.headers.items()}
        asked = Asked(parts.path, parse_qs(parts.query, keep_blank_values=True), headers)
        self.asked.append(asked)
        status, headers, body = self.answer(asked)
        if status == 0:  # the connection breaks
            request.close_connection = True
            return
        request.send(status, body, headers)

    def sent(self) -> list[list[str]]:
        """The keys in each request, wherever they were."""
        named = self.header or "x-api-key"
        return [
            asked.query.get(self.parameter or "api_key", [])
            + ([asked.headers[named]] if named in asked.headers else [])
            for asked in self.asked
        ]

    def answer(self, asked: Asked) -> tuple[int, dict[str, str], bytes]:
        if self.faults:
            return self.faults.pop(0)
        if self.moved and asked.path == "/dashboards":
            return self.moved[0], {"Location": self.moved[1]}, b"{}"
        if self.sent()[-1] != ([self.key] if self.key else []):
            return 401, {}, b'{"message": "give the key, and give it once"}'
        start = int(asked.query.get("after", ["0"])[0])
        query = asked.query | {"after": [str(start + PAGE)]}
        link = {"Link": f'<{asked.path}?{urlencode(query, doseq=True)}>; rel="next"'} if start + PAGE < 60 else {}
        records: list[dict[str, Any]] = [{"id": number, "charts": []} for number in range(start, start + PAGE)]
        return 200, link, json.dumps({"items": records}).encode()
