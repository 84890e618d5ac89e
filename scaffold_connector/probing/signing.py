"""Signing in, by what the catalog says that an auth type sends, or by the login of a map."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import requests
from requests.auth import AuthBase, HTTPBasicAuth

from scaffold_connector.probing.expressions import found_at
from scaffold_connector.probing.filling import Filler
from scaffold_connector.probing.options import Settled
from scaffold_connector.probing.report import OK, Line
from scaffold_connector.probing.secrets import Secrets
from scaffold_connector.probing.source import Source
from scaffold_connector.probing.wire import Nobody, Wire


class Refused(Exception):
    """Nobody could be signed in: a line that says why."""


class InHeader(AuthBase):
    """Puts a token or a key into a header of each request."""

    def __init__(self, header: str, prefix: str, secret: str) -> None:
        if not (secret.isascii() and secret.isprintable()):
            raise Refused("the secret has a line break, or another character that no header carries")
        self._header, self._value = header, f"{prefix} {secret}" if prefix else secret

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers[self._header] = self._value
        return request


class InQuery(AuthBase):
    """Puts a key into the query of each request."""

    def __init__(self, name: str, secret: str) -> None:
        self._name, self._secret = name, secret

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        parts = urlsplit(str(request.url))
        kept = [pair for pair in parse_qsl(parts.query, keep_blank_values=True) if pair[0] != self._name]
        request.url = parts._replace(query=urlencode([*kept, (self._name, self._secret)])).geturl()
        return request


def sign_in(source: Source, options: Settled, wire: Wire, filler: Filler, secrets: Secrets) -> list[Line]:
    """Have the wire sign its requests; gives the lines that say how. Raises `Refused`."""
    login = source.api.login
    credentials = options.credentials
    sent = {one.expression for one in login.request.placeholders if one.of == "auth"} if login else set()
    if login and sent <= options.way["options"].keys():
        token, said = _logged_in(source, wire, filler, secrets)
        wire.auth = InHeader(*source.api.authorization, token)
        return [Line("login", OK, said)]
    sends = options.way.get("sends", "")
    if sends not in _SENDS:
        raise Refused(f"a probe can't sign in by {options.way['name']}: give another auth type, or probe with a token")
    wire.auth = _SENDS[sends](source, credentials, wire, secrets)
    return [Line("token", OK, "issued for the client")] if sends == "grant" else []


def _logged_in(source: Source, wire: Wire, filler: Filler, secrets: Secrets) -> tuple[str, str]:
    """A token of the login, and what is said of it."""
    login: Any = source.api.login
    asked = filler.filled(login.request)
    answer = wire.ask(asked.method, asked.path, Nobody(), **asked.sent)
    if answer.fault:
        raise Refused(f"{login.request.place}: {answer.fault}")
    token = found_at(answer.body, login.token)
    if not isinstance(token, str) or not token:
        keys = ", ".join(map(str, list(answer.body)[:8])) if isinstance(answer.body, dict) else "no object"
        raise Refused(f"{login.request.place}: there is no token at {login.token}; the answer has {keys}")
    secrets.add(token)
    lifetime = found_at(answer.body, login.lifetime) if isinstance(login.lifetime, str) else login.lifetime
    if isinstance(login.lifetime, str) and not isinstance(lifetime, int | float):
        return token, f"{login.request.place}: a token, but no number of seconds at {login.lifetime}"
    return token, f"{login.request.place}: a token at {login.token}"


def _bearer(source: Source, credentials: Mapping[str, str], wire: Wire, secrets: Secrets) -> AuthBase:
    return InHeader(*source.api.authorization, next(iter(credentials.values())))


def _basic(source: Source, credentials: Mapping[str, str], wire: Wire, secrets: Secrets) -> AuthBase:
    user, password = credentials["username"], credentials["password"]
    secrets.add(f"{user}:{password}")
    return HTTPBasicAuth(user.encode(), password.encode())


def _key(source: Source, credentials: Mapping[str, str], wire: Wire, secrets: Secrets) -> AuthBase:
    (key,) = credentials.values()
    name = source.answers["api_key_name"]
    return InQuery(name, key) if source.answers["api_key_in"] == "query" else InHeader(name, "", key)


def _grant(source: Source, credentials: Mapping[str, str], wire: Wire, secrets: Secrets) -> AuthBase:
    """A token of OAuth client credentials. They go to the token endpoint, and nowhere that it leads to."""
    form = {"grant_type": "client_credentials"}
    form |= {"scope": credentials["scope"]} if credentials.get("scope") else {}
    client = HTTPBasicAuth(credentials["clientId"].encode(), credentials["clientSecret"].encode())
    secrets.add(f"{credentials['clientId']}:{credentials['clientSecret']}")
    endpoint = credentials["tokenEndpoint"]
    if urlsplit(endpoint).scheme not in ("http", "https"):
        raise Refused("tokenEndpoint is no address")
    answer = wire.send("POST", endpoint, client, here=False, data=form)
    token = answer.body.get("access_token") if isinstance(answer.body, dict) else None
    if answer.fault or not isinstance(token, str):
        raise Refused(f"the token endpoint gives no access_token: {answer.fault or 'the answer has none'}")
    secrets.add(token)
    return InHeader(*source.api.authorization, token)


def _nothing(source: Source, credentials: Mapping[str, str], wire: Wire, secrets: Secrets) -> AuthBase:
    return Nobody()


_SENDS: dict[str, Callable[[Source, Mapping[str, str], Wire, Secrets], AuthBase]] = {
    "bearer": _bearer,
    "basic": _basic,
    "key": _key,
    "grant": _grant,
    "nothing": _nothing,
}
