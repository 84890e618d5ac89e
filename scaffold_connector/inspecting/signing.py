"""How an API wants to be signed in to: from its security schemes, and from a request that gives a token."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from scaffold_connector.inspecting.operations import Api, Operation
from scaffold_connector.inspecting.paging import fits, jmespath
from scaffold_connector.inspecting.vocabulary import Facts
from scaffold_connector.words import plain


@dataclass
class SignIn:
    """The answers about signing in, `login` and `authorization` of the map, where each is from, and doubts."""

    answers: dict[str, Any] = field(default_factory=dict)
    login: dict[str, Any] = field(default_factory=dict)
    authorization: dict[str, str] = field(default_factory=dict)
    source: str = ""
    doubts: list[str] = field(default_factory=list)


def sign_in(api: Api, facts: Facts, used: list[Operation]) -> SignIn:
    """How the operations that are used want to be signed in to."""
    schemes = api.schemes
    named = _named(used) or ([] if any(one.security == [] for one in used) else list(schemes))
    kinds = {name: kind for name in named if isinstance(about := schemes.get(name), dict) and (kind := _kind(about))}
    others = [name for name in named if name not in kinds and fits(name)]
    found = SignIn()
    logins = [name for name, kind in kinds.items() if kind in ("token", "password")]
    login = _login(api, facts) if logins or not kinds else None
    if login is None:
        login = next((_grant(schemes[name], name) for name in logins if kinds[name] == "password"), None)
    if login:
        found = login
        found.answers["auth_types"] = ["basic"]
    else:
        for kind in ("oauth", "token", "password", "api_key", "basic"):
            if name := next((name for name in kinds if kinds[name] == kind), ""):
                found.answers["auth_types"] = ["token" if kind == "password" else kind]
                found.source = f"security scheme {_cut(name)}"
                if kind == "api_key":
                    found.answers["api_key_in"] = str(schemes[name]["in"])
                    found.answers["api_key_name"] = str(schemes[name]["name"])
                break
    if not found.answers:
        found.answers["auth_types"] = ["none"]
        found.doubts.append(
            f"the document wants {', '.join(map(_cut, others))}, which no auth type is"
            if others
            else "the document says nothing of signing in"
        )
    elif rest := [name for name in kinds if _cut(name) not in found.source]:
        found.doubts.append(f"the document also has {', '.join(map(_cut, rest[:5]))}") if not login else None
    return found


def _named(used: list[Operation]) -> list[str]:
    """The schemes that the operations name, each once."""
    found: dict[str, None] = {}
    for one in used:
        for way in one.security if isinstance(one.security, list) else ():
            if isinstance(way, dict):
                found |= {name: None for name in way if isinstance(name, str)}
    return list(found)


def _kind(about: Facts) -> str:
    """What a security scheme is among the auth types; `password` is OAuth's grant of that name. Empty for none."""
    kind, scheme = about.get("type"), str(about.get("scheme", "")).lower()
    flows: Facts = about["flows"] if isinstance(about.get("flows"), dict) else {str(about.get("flow")): about}
    if kind == "basic" or (kind == "http" and scheme == "basic"):
        return "basic"
    if kind == "http" and scheme == "bearer":
        return "token"
    if kind == "apiKey" and about.get("in") in ("header", "query"):
        name = about.get("name")
        pattern = r"[\w!#$%&'*+.^`|~-]{1,60}" if about["in"] == "header" else r"[\w.~-]{1,60}"
        return "api_key" if isinstance(name, str) and re.fullmatch(pattern, name, re.ASCII) else ""
    if kind == "oauth2" and ("clientCredentials" in flows or "application" in flows):
        return "oauth"
    return "password" if kind == "oauth2" and "password" in flows else ""


def _login(api: Api, facts: Facts) -> SignIn | None:
    """A request that takes user name and password, and answers with a token."""
    known = facts["login"]
    for one in api.operations:
        last = [part for part in one.path.split("/") if part][-1:]
        if (
            one.method != "POST"
            or one.places
            or one.fault
            or one.body is None
            or not last
            or last[0].lower() not in known["paths"]
        ):
            continue
        body = {plain(name): name for name in reversed(api.schemas.shape(one.body).properties) if fits(name)}
        user = next((body[name] for name in known["username"] if name in body), "")
        password = next((body[name] for name in known["password"] if name in body), "")
        token = _in_answer(api, one, known["token"])
        if not user or not password or not token:
            continue
        found = SignIn(source=one.place)
        values: dict[str, Any] = {user: "{auth.username}", password: "{auth.password}"}
        shape = api.schemas.shape(one.body)
        for name, schema in shape.properties.items():
            about = api.schemas.shape(schema)
            raw = api.schemas.resolved(schema)
            value = (
                about.default if about.default is not None else raw.get("example") if isinstance(raw, dict) else None
            )
            if name in values or not fits(name) or not about.enum or value not in about.enum:
                continue
            if isinstance(value, str) and len(value) <= 60:
                values[name] = re.sub(r"([{}])", r"\1\1", value)
                found.doubts.append(f"{name} is one of {', '.join(str(one)[:20] for one in about.enum[:5])}")
        found.login = {"request": one.place, ("form" if one.form else "json"): values, "token": token}
        if lifetime := _in_answer(api, one, known["lifetime"], {"integer", "number"}):
            found.login["lifetime"] = lifetime
        return found
    return None


def _in_answer(api: Api, one: Operation, names: list[str], kinds: set[str] | None = None) -> str:
    """The JMESPath of a text in an answer: at the top, or in one of its objects."""
    wanted = kinds or {"string"}
    shape = api.schemas.shape(one.answer)
    places: list[tuple[tuple[str, ...], Facts]] = [((), shape.properties)]
    places += [
        ((name,), api.schemas.shape(inner).properties)
        for name, inner in list(shape.properties.items())[:20]
        if fits(name)
    ]
    for above, held in places:
        asked = {
            plain(name): name for name in reversed(held) if fits(name) and api.schemas.shape(held[name]).types & wanted
        }
        if found := next((asked[name] for name in names if name in asked), ""):
            return jmespath(*above, found)
    return ""


def _grant(about: Facts, name: str) -> SignIn | None:
    """OAuth's grant by user name and password (RFC 6749, section 4.3), where its address is on the server itself."""
    flows: Facts = about["flows"] if isinstance(about.get("flows"), dict) else {"password": about}
    flow = flows.get("password")
    address = str(flow.get("tokenUrl") or "") if isinstance(flow, dict) else ""
    try:
        parts = urlsplit(address)
    except ValueError:
        return None
    path = "/" + parts.path.lstrip("/")
    if parts.netloc or not re.fullmatch(r"/[A-Za-z0-9._~/-]{1,100}", path):
        return None
    found = SignIn(source=f"security scheme {_cut(name)}, tokenUrl")
    form = {"grant_type": "password", "username": "{auth.username}", "password": "{auth.password}"}
    found.login = {"request": f"POST {path}", "form": form, "token": "access_token"}
    found.doubts.append("the document has no such operation: body and answer are those of OAuth's password grant")
    return found


def _cut(text: str) -> str:
    return "".join(one for one in text if one.isprintable())[:40]
