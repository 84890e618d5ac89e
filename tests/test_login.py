"""A login that exchanges credentials for a token: once for all threads, and anew when the token ends."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.support.loopback import Request, Server
from tests.support.python import Warm
from tests.support.render import EMPTY, Answers, Renderer

pytestmark = pytest.mark.framework

PASSWORD = "h1dden+ &"

LOGINS: dict[str, str] = {
    "json": """
  json: {username: "{auth.username}", password: "{auth.password}", provider: db}
  token: access_token""",
    "form": """
  form: {username: "{auth.username}", password: "{auth.password}"}
  token: access_token
  lifetime: 1""",
    "query": """
  query: {user: "{auth.username}", key: "{auth.password}"}
  token: data[0].token""",
    "headers": """
  headers: {X-User: "{auth.username}", X-Password: "{auth.password}"}
  token: access_token
  lifetime: expires""",
}
RESOURCES = "resources:\n  dashboards: {request: GET /dashboards, paging: none, records: result}\n"


def answers(kind: str, authorization: str) -> Answers:
    login = f"login:\n  request: {'GET' if kind == 'query' else 'POST'} /login{LOGINS[kind]}\n"
    return EMPTY | {
        "name": "probe",
        "type_name": "Probe",
        "service_type": "dashboard",
        "connection_type": "rest_api",
        "auth_types": ["basic"],
        "api": login + authorization + RESOURCES,
    }


# Runs in the framework's interpreter: so many threads read at once, and what came of it, with all that was logged.
RUN = """
import io, json, logging, sys, time, traceback
from concurrent.futures import ThreadPoolExecutor
from openmetadata_probe import client
from openmetadata_probe.settings import ProbeSettings
client.RETRIES = client.RETRIES.new(backoff_factor=0)
url, password, threads, rounds, pause = json.loads(sys.argv[1])
log = io.StringIO()
logging.basicConfig(stream=log, level="DEBUG", force=True)
options = {"hostPort": url, "username": "me", "password": password}
connection = ProbeSettings.from_options(options)
reader = client.ProbeClient(connection)
def read(number):
    try:
        return [record["id"] for record in reader.dashboards()]
    except Exception as error:
        traceback.print_exc(file=log)
        return str(error)
results = []
for _ in range(rounds):
    with ThreadPoolExecutor(threads) as pool:
        results += pool.map(read, range(threads))
    time.sleep(pause)
print(json.dumps([results, log.getvalue()]))
"""


class LoginServer(Server):
    """Gives token-1, token-2, … for the password at /login, and dashboards for the last of them, `lasts` times.

    `grant` is what the login answers, with the token in place of TOKEN.
    """

    methods = ("GET", "POST")

    def __init__(self, grant: str = '{"access_token": "TOKEN"}', status: int = 200, lasts: int = 1000) -> None:
        self.grant, self.status, self.lasts = grant, status, lasts
        self.logins: list[tuple[str, str, dict[str, str], str]] = []
        self.tokens: list[str | None] = []
        self.left = 0
        self.header = "Authorization"
        self.moved = ""

    def handle(self, request: Request) -> None:
        if request.command == "POST" or request.path.startswith("/login"):
            self._log_in(request)
            return
        sent = request.headers.get(self.header)
        self.tokens.append(sent)
        if self.moved:
            request.send(302, {}, {"Location": self.moved})
            return
        good = (sent or "").removeprefix("Bearer ") == f"token-{len(self.logins)}" and self.left > 0
        self.left -= good
        request.send(200 if good else 401, {"result": [{"id": 1, "title": "one"}]} if good else {})

    def _log_in(self, request: Request) -> None:
        self.logins.append((request.command, request.path, dict(request.headers.items()), request.content().decode()))
        time.sleep(0.1)  # others ask meanwhile
        self.left = self.lasts
        request.send(self.status, self.grant.replace("TOKEN", f"token-{len(self.logins)}").encode())


Read = Callable[..., list[Any]]


@pytest.fixture(scope="module")
def renderer(template: Path) -> Renderer:
    return Renderer(template)


@pytest.fixture(scope="module")
def package(renderer: Renderer, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str, str], Path]:
    """The sources of a package with a login and what is said of the header of its token, rendered once."""
    made: dict[tuple[str, str], Path] = {}

    def get(kind: str, authorization: str) -> Path:
        if (kind, authorization) not in made:
            root = made[kind, authorization] = tmp_path_factory.mktemp("probe") / "src"
            for path, text in renderer.files(answers(kind, authorization)).items():
                (root.parent / path).parent.mkdir(parents=True, exist_ok=True)
                (root.parent / path).write_text(text)
        return made[kind, authorization]

    return get


@pytest.fixture
def read(warm: Warm, package: Callable[[str, str], Path]) -> Read:
    """What the dashboards of a server are for a login; neither the password nor a token is ever logged."""

    def get(
        server: LoginServer | str,
        kind: str = "json",
        threads: int = 1,
        rounds: int = 1,
        pause: float = 0,
        authorization: str = "",
    ) -> list[Any]:
        url = server if isinstance(server, str) else server.url
        given = json.dumps([url, PASSWORD, threads, rounds, pause])
        results, log = warm.run_script(package(kind, authorization), RUN, given)
        assert not [secret for secret in ("h1dden", "token-") if secret in log], log[-3000:]
        return list(results)

    return get


@pytest.mark.parametrize("kind", LOGINS)
def test_credentials_are_sent_as_they_are_declared(kind: str, read: Read) -> None:
    grants = {"query": '{"data": [{"token": "TOKEN"}]}'}
    with LoginServer(grants.get(kind, '{"access_token": "TOKEN", "expires": 900}')) as server:
        assert read(server, kind) == [[1]]
    ((method, path, headers, body),) = server.logins
    sent = {
        "json": ("POST", "/login", json.dumps({"username": "me", "password": PASSWORD, "provider": "db"})),
        "form": ("POST", "/login", "username=me&password=h1dden%2B+%26"),
        "query": ("GET", "/login?user=me&key=h1dden%2B+%26", ""),
        "headers": ("POST", "/login", ""),
    }
    assert (method, path, body) == sent[kind]
    assert headers.get("X-Password") == (PASSWORD if kind == "headers" else None)
    assert server.tokens == ["Bearer token-1"]


def test_many_threads_log_in_once(read: Read) -> None:
    with LoginServer() as server:
        assert read(server, threads=8, rounds=2) == [[1]] * 16
    assert len(server.logins) == 1


def test_token_that_ends_half_way_is_had_anew_once_for_all_threads(read: Read) -> None:
    with LoginServer(lasts=12) as server:
        assert read(server, threads=4, rounds=5) == [[1]] * 20
    assert len(server.logins) == 2


def test_token_is_had_anew_after_its_lifetime(read: Read) -> None:
    with LoginServer() as server:
        assert read(server, "form", rounds=2, pause=0.9) == [[1]] * 2
    assert server.tokens == ["Bearer token-1", "Bearer token-2"]


@pytest.mark.parametrize(("expires", "logins"), [("900", 1), ("0.4", 2), ('"soon"', 1), ("-1", 1), ("null", 1)])
def test_lifetime_is_that_of_the_answer(expires: str, logins: int, read: Read) -> None:
    with LoginServer(f'{{"access_token": "TOKEN", "expires": {expires}}}') as server:
        assert read(server, "headers", rounds=2, pause=0.5) == [[1]] * 2
    assert len(server.logins) == logins


@pytest.mark.parametrize(
    ("grant", "status", "said"),
    [
        ('{"message": "wrong: h1dden"}', 401, "status 401"),
        ("{}", 403, "status 403"),
        ("{}", 302, "status 302"),
        ('{"status": "ok"}', 200, "no token from"),
        ('{"access_token": {"h1dden": 1}}', 200, "no token from"),
        ('{"access_token": ""}', 200, "no token from"),
        ("[]", 200, "no token from"),
        ("<html>h1dden</html>", 200, "no token from"),
    ],
)
def test_login_that_fails_is_an_error_and_is_not_repeated(grant: str, status: int, said: str, read: Read) -> None:
    with LoginServer(grant, status) as server:
        results = read(server, threads=3, rounds=2)
    assert [result for result in results if said not in result] == []
    assert len(server.logins) == 1
    assert server.tokens == []


@pytest.mark.parametrize("kind", ["json", "query"])
def test_login_that_nobody_answers_is_an_error(kind: str, read: Read) -> None:
    (result,) = read("http://127.0.0.1:9", kind)
    assert "Transport failure on GET http://127.0.0.1:9/dashboards" in result
    assert "h1dden" not in result


def test_token_that_is_always_refused_is_had_anew_once(read: Read) -> None:
    with LoginServer(lasts=0) as server:
        results = read(server, rounds=3)
    assert all("401" in result for result in results)
    assert len(server.logins) == 2


@pytest.mark.parametrize(
    ("header", "prefix"), [("X-Auth-Token", ""), ("X-Session", "Session"), ("Authorization", "Token")]
)
def test_token_is_sent_in_its_header_and_to_no_other_server(header: str, prefix: str, read: Read) -> None:
    with LoginServer() as server, LoginServer() as other:
        server.header = other.header = header
        server.moved = f"{other.url}/dashboards"
        read(server, authorization=f"authorization: {{header: {header}, prefix: '{prefix}'}}\n")
    assert set(server.tokens) == {f"{prefix} token-1".strip()}
    assert other.tokens
    assert set(other.tokens) == {None}
