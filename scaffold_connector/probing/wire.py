"""Requests to the source: as many as are allowed, each within a time and a size, and none to another host."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from concurrent.futures import TimeoutError as TooSlow
from dataclasses import dataclass, field
from threading import Thread
from typing import Any
from urllib.parse import urljoin, urlsplit

import requests
from requests.auth import AuthBase

from scaffold_connector.probing.secrets import Secrets

# Bytes of an answer, unpacked: what an emitted client takes, too.
MAX_BYTES = 32 * 1024 * 1024
CHUNK = 64 * 1024

# How a busy server answers, and the seconds that it is left alone for at most before it is asked once more.
BUSY = (429, 503)
PAUSE = 10.0

# Redirects on the same host that are followed for one request.
REDIRECTS = 3


class Spent(Exception):
    """As many requests as are allowed have been sent."""


@dataclass(frozen=True)
class Answer:
    """What came of a request: its `body` as JSON, or a `fault` in words, which may repeat what the source said.

    `status` is 0 where nothing was answered.
    """

    status: int = 0
    body: Any = None
    fault: str = ""
    links: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)


class Nobody(AuthBase):
    """Signs nobody in. Without it, requests would look into .netrc."""

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        return request


class Wire:
    """Sends requests to `address`. `limit` counts each of them, also a login and a redirect that is followed."""

    def __init__(self, address: str, limit: int, timeout: float, secrets: Secrets) -> None:
        self.address = address.rstrip("/")
        self.sent = 0
        self.auth: AuthBase = Nobody()
        self._limit = limit
        self._timeout = timeout
        self._secrets = secrets
        self._session = requests.Session()

    @property
    def left(self) -> int:
        return self._limit - self.sent

    def close(self) -> None:
        self._session.close()

    def ask(self, method: str, path: str, auth: AuthBase | None = None, **sent: Any) -> Answer:
        """The answer to GET or POST. `path` is below the address, or an address itself. Raises `Spent`."""
        url = path if "://" in path else f"{self.address}/{path.lstrip('/')}"
        return self.send(method, url, auth or self.auth, here=True, **sent)

    def send(self, method: str, url: str, auth: AuthBase, here: bool, **sent: Any) -> Answer:
        """The same for any address; one that has to be `here` is on the source's own host."""
        if method not in ("GET", "POST"):
            raise ValueError(f"{method} is not sent: a probe only reads")
        waited = False
        for _ in range(REDIRECTS + 1):
            if here and _host(url) != _host(self.address):
                return Answer(fault=f"leads to another host, {urlsplit(url).hostname}, which is not asked")
            answer, target = self._once(method, url, auth, sent)
            if answer.status in BUSY and not waited:
                time.sleep(_pause(answer.headers.get("Retry-After", "")))
                waited = True
                answer, target = self._once(method, url, auth, sent)
            if not target:
                return answer
            if method != "GET" or not here:
                return Answer(answer.status, fault=f"{answer.status}: is redirected, which only a GET follows")
            url, sent = urljoin(url, target), {name: value for name, value in sent.items() if name != "params"}
        return Answer(answer.status, fault=f"is redirected more than {REDIRECTS} times")

    def _once(self, method: str, url: str, auth: AuthBase, sent: dict[str, Any]) -> tuple[Answer, str]:
        """An answer, and where it redirects to."""
        if self.left <= 0:
            raise Spent
        self.sent += 1
        try:
            return self._in_time(lambda: self._load(method, url, auth, sent))
        except TooSlow:
            return Answer(fault=f"has no answer in {self._timeout:g} s"), ""
        except (requests.RequestException, OSError, ValueError) as error:
            return Answer(fault=_said(error)), ""

    def _in_time(self, work: Callable[[], tuple[Answer, str]]) -> tuple[Answer, str]:
        """What the work gives. It has a thread of its own: an answer that drips is in time with each of its parts."""
        done: Future[tuple[Answer, str]] = Future()

        def run() -> None:
            try:
                done.set_result(work())
            except BaseException as error:
                done.set_exception(error)

        Thread(target=run, daemon=True).start()
        return done.result(self._timeout)

    def _load(self, method: str, url: str, auth: AuthBase, sent: dict[str, Any]) -> tuple[Answer, str]:
        headers = {"Accept": "application/json", **sent.get("headers", {})}
        options: dict[str, Any] = sent | {"headers": headers}
        # Later than the deadline, which says what is meant.
        timeout = (10.0 if self._timeout > 10 else self._timeout + 5, self._timeout + 5)
        with self._session.request(
            method, url, auth=auth, timeout=timeout, allow_redirects=False, stream=True, **options
        ) as response:
            if response.is_redirect:
                return Answer(response.status_code), response.headers["Location"]
            content = bytearray()
            for part in response.iter_content(CHUNK):
                content += part
                if len(content) > MAX_BYTES:
                    return Answer(response.status_code, fault=f"has more than {MAX_BYTES // 1024**2} MB"), ""
            return self._answer(response, bytes(content)), ""

    def _answer(self, response: requests.Response, content: bytes) -> Answer:
        status, headers = response.status_code, response.headers
        try:
            body = json.loads(content) if content.strip() else None
        except (ValueError, RecursionError):
            is_html = "html" in headers.get("Content-Type", "") or content.lstrip()[:1] == b"<"
            what = "an HTML page, as of a login or a proxy" if is_html else "no JSON"
            return Answer(status, fault=f"{status}: answers with {what}", headers=headers)
        if status >= 400:
            said = self._secrets.hide(message_in(body))[:80]
            return Answer(status, body, f"{status}{f': {said}' if said else ''}", headers=headers)
        links = {name: link["url"] for name, link in response.links.items()}
        return Answer(status, body, "", links, headers)


def message_in(body: Any) -> str:
    """What an answer says of an error, as far as it is a text at a usual place."""
    while isinstance(body, dict):
        body = next((body[key] for key in ("message", "error", "detail", "msg", "title") if body.get(key)), None)
    return " ".join(body.split()) if isinstance(body, str) else ""


def _pause(said: str) -> float:
    """Seconds to wait, as Retry-After says it."""
    return min(float(said), PAUSE) if said.isdigit() else 1.0


def _host(url: str) -> tuple[str, str | None, int | None]:
    parts = urlsplit(url)
    port = parts.port or {"http": 80, "https": 443}.get(parts.scheme)
    return parts.scheme, parts.hostname, port


def _said(error: Exception) -> str:
    """What went wrong, without what it was asked with: the words of requests repeat the whole address."""
    for kind, said in (
        (requests.exceptions.SSLError, "its certificate is refused"),
        (requests.exceptions.ConnectTimeout, "does not answer"),
        (requests.exceptions.Timeout, "has no answer in time"),
        (requests.exceptions.InvalidURL, "is no address"),
        (requests.exceptions.ConnectionError, "can't be reached"),
    ):
        if isinstance(error, kind):
            return said
    return f"can't be read: {type(error).__name__}"
