"""How a probe signs in, by each auth type and by a login, and that nothing of it is shown."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import pytest

from extensions.catalog import Catalog
from scaffold_connector.probing import probe_source, signing
from scaffold_connector.probing.report import NOT_ASKED, OK, WRONG
from scaffold_connector.probing.show import as_json, as_text
from tests.conftest import ROOT
from tests.support.mapped_server import Reply
from tests.support.probed import MAP, Boards, Probes, playing, written


@cache
def probes(template: Path) -> Probes:
    return Probes(template)


@pytest.mark.parametrize(
    ("auth", "answers", "given", "header"),
    [
        ("basic", {}, {"username": "ann", "password": "pass-w0rd"}, ("Authorization", "Basic YW5uOnBhc3MtdzByZA==")),
        ("jwt", {}, {"jwt": "aa.bb.cc"}, ("Authorization", "Bearer aa.bb.cc")),
        ("api_key", {"api_key_in": "header", "api_key_name": "X-Key"}, {"apiKey": "k-123456"}, ("X-Key", "k-123456")),
        ("none", {}, {}, ("Authorization", None)),
        (
            "oauth",
            {},
            {"clientId": "me", "clientSecret": "cl-secret", "tokenEndpoint": "{}/token", "scope": "read"},
            ("Authorization", "Bearer issued-token"),
        ),
    ],
)
def test_each_auth_type_signs_in(
    auth: str, answers: dict[str, str], given: dict[str, str], header: Any, template: Path, tmp_path: Path
) -> None:
    seen: list[Any] = []

    class Signed(Boards):
        def allows(self, asked: Any) -> bool:
            seen.append(asked)
            return asked.path == ("token",) or asked.headers.get(header[0]) == header[1]

    grants = {"grant_type": "client_credentials", "scope": "read"}
    boards = Signed(
        answers={"POST /token": lambda asked: {"access_token": "issued-token"} if asked.form == grants else {}}
    )
    (file := tmp_path / "a.yml").write_text(written(MAP, auth_types=[auth], **answers))
    with playing(boards) as server:
        options = {name: value.format(server.address("api")) for name, value in given.items()}
        source = probes(template).source(probes(template).answers(file.read_text()))
        report = probe_source(source, file, {"hostPort": server.address("api"), **options})
    assert report.verdict == OK, as_text(report, 100)
    assert report.requests == len(seen)
    if auth == "oauth":
        assert seen[0].headers["Authorization"] == "Basic bWU6Y2wtc2VjcmV0"
    secrets = [
        value for name, value in options.items() if name not in ("username", "clientId", "tokenEndpoint", "scope")
    ]
    assert [secret for secret in secrets if secret in as_json(report) + as_text(report, 80)] == []


@pytest.mark.parametrize("auth", Catalog(ROOT / "catalog").auth)
def test_an_auth_type_that_a_probe_lacks_is_refused_in_a_line(auth: str, template: Path, tmp_path: Path) -> None:
    facts = Catalog(ROOT / "catalog").auth[auth]["connections"].get("rest_api", {})
    if "sends" in facts:
        assert facts["sends"] in signing._SENDS
        return
    (file := tmp_path / "a.yml").write_text(written(MAP, auth_types=[auth]))
    source = probes(template).source(probes(template).answers(file.read_text()))
    given = dict.fromkeys(facts["options"], "x")
    report = probe_source(source, file, {"hostPort": "http://127.0.0.1:9", **given})
    assert (report.verdict, report.requests) == (WRONG, 0)
    assert report.sign_in[0].says == f"a probe can't sign in by {auth}: give another auth type, or probe with a token"


def test_a_token_of_a_login_is_not_shown(template: Path, tmp_path: Path) -> None:
    login = 'login:\n  request: POST /login\n  json: {token: "{auth.token}"}\n  token: token\n'
    said = Reply({"message": "not for planted-issued"}, 403)
    boards = Boards(answers={"POST /login": {"token": "planted-issued"}, "GET /tiles": said})

    def allows(asked: Any) -> bool:
        return asked.method == "POST" or asked.headers["Authorization"] == "Bearer planted-issued"

    boards.allows = allows  # type: ignore[method-assign]
    (file := tmp_path / "a.yml").write_text(written(login + MAP))
    with playing(boards) as server:
        report = probes(template).probe(file, server.address("api"))
    assert [one.verdict for one in report.lists] == [OK, WRONG]
    assert "403: not for (hidden)" in as_json(report)
    assert "planted" not in as_json(report) + as_text(report, 80) + repr(report)


def test_a_login_without_a_token_stops_the_probe(template: Path, tmp_path: Path) -> None:
    login = 'login:\n  request: POST /login\n  json: {token: "{auth.token}"}\n  token: data.token\n'
    boards = Boards(answers={"POST /login": {"token": "planted-issued"}})
    boards.allows = lambda asked: True  # type: ignore[method-assign]
    (file := tmp_path / "a.yml").write_text(written(login + MAP))
    with playing(boards) as server:
        report = probes(template).probe(file, server.address("api"))
    assert report.sign_in[0].says == "POST /login: there is no token at data.token; the answer has token"
    assert report.requests == 1
    assert {one.name: one.verdict for one in report.lists} == {"dashboards": NOT_ASKED, "charts": NOT_ASKED}
    assert "planted" not in as_json(report)
