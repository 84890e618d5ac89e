"""Options of the source: from where `env:` and `file:` say, and which auth type they are for."""

from __future__ import annotations

import difflib
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from scaffold_connector.arguments import Wrong
from scaffold_connector.probing.secrets import Secrets
from scaffold_connector.probing.source import Facts, Source


@dataclass(frozen=True)
class Settled:
    """Complete options: the `address` of the source, the auth type `way` with its `credentials`, and `own` ones."""

    address: str
    way: Facts
    credentials: Mapping[str, str]
    own: Mapping[str, Any]


def pairs(given: Sequence[str]) -> dict[str, str]:
    """Options of the command line, NAME=VALUE each. Raises `Wrong`."""
    found: dict[str, str] = {}
    for one in given:
        name, equals, value = one.partition("=")
        if not equals or not name:
            raise Wrong("give --option NAME=VALUE, such as --option hostPort=http://localhost:8088")
        if name in found:
            raise Wrong(f"give --option {name} once")
        found[name] = value
    return found


def settle(source: Source, given: Mapping[str, str], secrets: Secrets, spoken: bool) -> Settled:
    """The options as they are used. Raises `Wrong` with every fault.

    On the command line secrets may not be `spoken`: the shell keeps what is typed, and other users see it.
    """
    auth = {name: facts for way in source.ways for name, facts in way["options"].items()}
    hidden = {name for name, facts in auth.items() if facts.get("secret")}
    hidden |= {name for name, facts in source.own.items() if facts["secret"]}
    known = ["hostPort", *(["authType"] if len(source.ways) > 1 else []), *auth, *source.own]
    faults, values = [], {}
    for name, value in given.items():
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(known)}"
            faults.append(f"there is no option {name}: {hint}")
        elif name in hidden and spoken and not value.startswith(("env:", "file:")):
            faults.append(
                f"{name} is a secret: give --option {name}=env:VARIABLE or {name}=file:/PATH, "
                "since shells keep what is typed"
            )
        else:
            try:
                values[name] = resolved(value)
            except ValueError as error:
                faults.append(f"{name}: {error}")
        if name in hidden:
            secrets.add(values.get(name, ""))
    if faults:
        raise Wrong(*faults)
    way = _way(source, values)
    missing = [name for name, facts in way["options"].items() if facts.get("required") and not values.get(name)]
    missing += [name for name, facts in source.own.items() if facts["required"] and name not in values]
    missing = [*([] if values.get("hostPort") else ["hostPort"]), *missing]
    if missing:
        raise Wrong(*(f"give --option {name}={_example(name, name in hidden)}" for name in missing))
    address = _address(values["hostPort"])
    own = {name: _typed(name, facts, values) for name, facts in source.own.items()}
    credentials = {name: values[name] for name in way["options"] if name in values}
    return Settled(address, way, credentials, own)


def resolved(value: str) -> str:
    """A text from where env:NAME or file:PATH says, and any other as it is, as packages read their options."""
    kind, _, rest = value.partition(":")
    if kind == "env":
        if not rest.isidentifier():
            raise ValueError("env: takes the name of an environment variable")
        if rest not in os.environ:
            raise ValueError(f"the environment variable {rest} is not set")
        return os.environ[rest]
    if kind == "file":
        if not Path(rest).is_absolute():
            raise ValueError("file: takes an absolute path")
        try:
            return Path(rest).read_text(encoding="utf-8").rstrip("\n")
        except OSError as error:
            raise ValueError(f"{rest} can't be read: {error.strerror}") from None
        except UnicodeDecodeError:
            raise ValueError(f"{rest} is not a UTF-8 text file") from None
    return value


def _way(source: Source, values: Mapping[str, str]) -> Facts:
    """The auth type that was named, else the first whose required options are there, else the first of all."""
    named = values.get("authType")
    if named is not None and named not in [way["name"] for way in source.ways]:
        raise Wrong(f"authType is one of {', '.join(way['name'] for way in source.ways)}")
    for way in source.ways:
        complete = all(values.get(name) for name, facts in way["options"].items() if facts.get("required"))
        if named == way["name"] or (named is None and complete):
            return way
    return source.ways[0]


def _address(text: str) -> str:
    try:
        parts = urlsplit(text)
        wrong = parts.scheme not in ("http", "https") or not parts.hostname or (parts.port or 1) < 1
    except ValueError:
        wrong = True
    if wrong:
        raise Wrong("hostPort: give the address of the source, such as http://localhost:8088")
    if "@" in parts.netloc:
        raise Wrong("hostPort: leave user and password out of the address: they are options of their own")
    if parts.query or parts.fragment:
        raise Wrong("hostPort: leave out what is behind ? or # in the address")
    return text.rstrip("/")


def _typed(name: str, facts: Facts, values: Mapping[str, str]) -> Any:
    """The value of an option of the author's own. Raises `Wrong`."""
    if name not in values:
        return facts.get("default")
    value = values[name]
    if "enum" in facts and value not in facts["enum"]:
        raise Wrong(f"{name} is one of {', '.join(facts['enum'])}")
    try:
        if facts["type"] == "boolean":
            return {"true": True, "false": False}[value.lower()]
        return {"integer": int, "number": float}.get(facts["type"], str)(value)
    except (ValueError, KeyError):
        wanted = {"boolean": "true or false", "integer": "a whole number"}.get(facts["type"], "a number")
        raise Wrong(f"{name}: give {wanted}") from None


def _example(name: str, secret: bool) -> str:
    variable = "".join(f"_{letter}" if letter.isupper() else letter for letter in name).upper()
    return f"env:{variable}" if secret else "http://…" if name == "hostPort" else "…"
