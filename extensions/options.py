"""Reads the options of the author's own that were answered, and refuses what could not be one.

They are YAML: the name of each, and what it is. An option becomes one more property of the connection, by facts like
those in catalog/connections: nothing of the answer is kept as text, so no part of it reaches a file unquoted.
"""

from __future__ import annotations

import json
import keyword
import re
import sys
from typing import TYPE_CHECKING, Any

from jinja2.ext import Extension

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from jinja2 import Environment

    from extensions.catalog import Catalog
    from extensions.declarations import Spot

Facts = dict[str, Any]

# Longest name, title, description and value that every emitted line has room for.
MAX_NAME = 30
MAX_TITLE = 60
MAX_DESCRIPTION = 512
MAX_VALUE = 60

# Whole numbers that Java has in 32 bits, as OpenMetadata's server reads them.
INTEGERS = range(-(2**31), 2**31)
NUMBERS = sys.float_info.max

# Names of properties that have to be secrets: those of tasks/validate.py.
SECRET_NAMES = ("password", "secret", "token", "jwt", "privatekey", "passphrase", "apikey", "accesskey")

KEYS = ("type", "title", "description", "secret", "choices", "required", "default", "example")

# By type: what the schema says of it, what a model of pydantic has it as, and what README.md says of its values.
_TYPES: dict[str, Facts] = {
    "string": {"schema": {"type": "string"}, "model": {"annotation": "str"}},
    "integer": {"schema": {"type": "integer"}, "model": {"annotation": "int"}, "values": "A whole number."},
    "number": {
        "schema": {"type": "number"},
        "model": {"annotation": "FiniteFloat", "module": "pydantic"},
        "values": "A number.",
    },
    "boolean": {"schema": {"type": "boolean"}, "model": {"annotation": "bool"}, "values": "`true` or `false`."},
    "url": {
        "schema": {"type": "string", "format": "uri"},
        "model": {"annotation": "AnyUrl", "module": "pydantic"},
        "values": "A URL.",
    },
}
_SECRET: Facts = {
    "schema": {"type": "string", "format": "password"},
    "model": {"annotation": "CustomSecretStr", "module": "metadata.ingestion.models.custom_pydantic"},
}

_CHOICES: Facts = {"schema": {"type": "string"}, "model": {"annotation": "Literal", "module": "typing"}}

# What samples have of an option without an example.
_USUAL = {"integer": 1, "number": 1.0, "boolean": True, "url": "https://example.com"}

_NAME = re.compile(r"[a-z][a-z0-9]*(?:(?:_[a-z0-9]+)+|(?:[A-Z][A-Za-z0-9]*)?)")

# What pydantic's AnyUrl takes as it is written: without a user, whose password would be there, too.
_LABEL = "[A-Za-z0-9](?:[A-Za-z0-9_-]*[A-Za-z0-9])?"
_BYTE = "(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])"
URL = re.compile(
    rf"[a-z][a-z0-9+.-]*://(?:(?:{_LABEL}\.)*[A-Za-z](?:[A-Za-z0-9-]*[A-Za-z0-9])?|(?:{_BYTE}\.){{3}}{_BYTE})"
    r"(?::(?:[0-9]{1,4}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5]))?"
    r"(?:[/?#][\w.~:/?#\[\]@!&'()*+,;=%-]*)?",
    re.ASCII,
)

# Names of pydantic's models, and of what is called in the body of an emitted one.
_TAKEN = ("bool", "classmethod", "construct", "copy", "dict", "float", "int", "json", "schema", "str", "validate")


class Options:
    """Reads answers. `environment` has load_declaration, and as filters the functions of naming.py and answers.py."""

    def __init__(self, environment: Any, acronyms: frozenset[str]) -> None:
        self._load: Callable[[str, str], Spot] = environment.load_declaration
        self._refusal: type[ValueError] = environment.declaration_error
        self._filters: Mapping[str, Callable[..., str]] = environment.filters
        self._acronyms = acronyms
        # Each rendered file asks for the same.
        self._known: dict[str, dict[str, Facts]] = {"": {}}

    def read(self, text: str) -> dict[str, Facts]:
        """The options of an answer by their names in it, each as facts of a property. Raises DeclarationError.

        Beside those, each has `property`, its name in the connection; `kind`, the type that was answered; `secret`;
        `sample`, a value for samples; `model`, its annotation and the module of that; `strict`, whether there are
        texts that it can't be; `values`, Markdown on what can be given; and where it was answered, `example`.
        """
        if text not in self._known:
            self._known = {"": {}, text: {spot.name: facts for spot, facts in self._read(text)}}
        return self._known[text]

    def fault(self, text: str, taken: Mapping[str, str]) -> str:
        """Refuses an answer by its first fault; `taken` are properties that there are, each with what it is."""
        there = {known.lower(): f"{known} is {what} already" for known, what in taken.items()}
        try:
            for spot, facts in self._read(text):
                if said := there.get(facts["property"].lower()):
                    spot.fail(f"give another name, such as {_other(spot.name)}: {said}")
        except self._refusal as refusal:
            return str(refusal)
        return ""

    def _read(self, text: str) -> list[tuple[Spot, Facts]]:
        whole = self._load(text, "the answer options")
        found: list[tuple[Spot, Facts]] = []
        seen: dict[str, str] = {}
        for name in whole.keys("tenant: {required: true}"):
            spot = whole.below(name)
            _check_name(name, spot)
            facts = self._option(name, spot)
            if (twin := seen.setdefault(facts["property"].lower(), name)) != name:
                spot.fail(f"this is too much like {twin}: give one of them another name")
            found.append((spot, facts))
        return found

    def _option(self, name: str, spot: Spot) -> Facts:
        given = spot.entries(KEYS, example="{required: true}") if spot.value not in (None, {}) else {}
        secret, required = (
            "secret" in given and given["secret"].flag(),
            "required" in given and given["required"].flag(),
        )
        choices = self._choices(given["choices"]) if "choices" in given else []
        kind = given["type"].word(_TYPES) if "type" in given else "string"
        _check_together(given, kind, secret, required)
        property_ = self._filters["camel"](name) if "_" in name else name
        if property_.lower().endswith(SECRET_NAMES) and not secret and _TYPES[kind]["schema"]["type"] == "string":
            spot.fail("this is called as a secret: give secret: true, or another name")
        title = self._line(given["title"], MAX_TITLE) if "title" in given else self._title(name)
        whole = _SECRET if secret else _CHOICES if choices else _TYPES[kind]
        facts: Facts = {
            "property": property_,
            "title": title,
            "description": self._line(given["description"], MAX_DESCRIPTION) if "description" in given else f"{title}.",
            "kind": kind,
            "secret": secret,
            "required": required,
            "model": whole["model"],
            "strict": kind != "string" or bool(choices),
        }
        facts |= whole["schema"] | ({"enum": choices} if choices else {})
        facts |= {key: self._value(given[key], kind, choices) for key in ("default", "example") if key in given}
        facts["values"] = self._values(whole.get("values", ""), facts)
        usual = choices[0] if choices else _USUAL.get(kind, f"my-{name.replace('_', '-')}")
        return facts | {"sample": facts.get("example", usual)}

    def _line(self, spot: Spot, most: int) -> str:
        """A text of one line."""
        if not isinstance(spot.value, str):
            spot.fail(f"give a text, in quotes where YAML reads something else: {spot.value!r:.60} is none")
        if fault := self._filters["line_fault"](spot.value, most):
            spot.fail(fault)
        return str(spot.value)

    def _text(self, spot: Spot) -> str:
        """A text as a value, which a workflow has as it is written."""
        text = self._line(spot, MAX_VALUE)
        if len(self._filters["py_string"](text)) > MAX_VALUE + 2:
            spot.fail(f"give a shorter text: with its escapes, {text!r:.60} is too long")
        if "$" in text:
            spot.fail("leave out $, which begins a variable in a workflow")
        if text.startswith(("env:", "file:", "secret:")):
            spot.fail(f"leave out {text.partition(':')[0]}:, which says in a workflow where a value is")
        if text != text.strip():
            spot.fail(f"leave out the blanks around {text!r}")
        return text

    def _choices(self, spot: Spot) -> list[str]:
        found: list[str] = []
        for one in spot.items():
            text = self._text(one)
            if text in found:
                one.fail(f"{text!r} is there twice: leave one out")
            found.append(text)
        if len(found) < 2:
            spot.fail("give two or more choices, such as [eu, us]")
        return found

    def _value(self, spot: Spot, kind: str, choices: list[str]) -> Any:
        if kind == "boolean":
            return spot.flag()
        if kind == "integer":
            return spot.number(INTEGERS[0], INTEGERS[-1])
        if kind == "number":
            if type(spot.value) not in (int, float) or not abs(spot.value) <= NUMBERS:
                spot.fail(f"give a number: {spot.value!r:.60} is none")
            return float(spot.value)
        text = self._text(spot)
        if choices and text not in choices:
            spot.unknown(text, choices)
        if kind == "url" and not URL.fullmatch(text):
            spot.fail(f"give a URL, such as https://example.com: {text!r} is none")
        return text

    def _values(self, kinds: str, facts: Facts) -> str:
        """What can be given for an option, in Markdown."""
        code = self._filters["code_span"]
        if "enum" in facts:
            return f"One of {', '.join(map(code, facts['enum']))}."
        example = facts.get("example")
        written = example if isinstance(example, str) else json.dumps(example)
        return " ".join(filter(None, [kinds, f"Such as {code(written)}." if "example" in facts else ""]))

    def _title(self, name: str) -> str:
        words = self._filters["snake"](name).split("_")
        return " ".join(word.upper() if word in self._acronyms else word.capitalize() for word in words)


def _check_name(name: str, spot: Spot) -> None:
    if not _NAME.fullmatch(name) or len(name) > MAX_NAME:
        spot.fail(
            f"give a name of at most {MAX_NAME} characters, such as page_limit or pageLimit: {name!r:.60} is none"
        )
    if keyword.iskeyword(name) or name in _TAKEN:
        spot.fail(f"give another name, such as {_other(name)}: {name!r} is a word of Python's or pydantic's")
    if name.startswith("supports"):
        spot.fail(f"give another name, such as {_other(name)}: what begins with supports is not in the form")


def _check_together(given: Mapping[str, Spot], kind: str, secret: bool, required: bool) -> None:
    """Refuses keys that can't be beside each other."""
    for key, there in (("secret", secret), ("choices", "choices" in given)):
        if there and kind != "string":
            given["type"].fail(f"leave type out: what has {key} is a string, not {kind}")
    if secret and "choices" in given:
        given["choices"].fail("leave choices out: a secret is none of a few known texts")
    for key in ("default", "example"):
        if secret and key in given:
            given[key].fail(f"leave {key} out: a secret has none, since it would be in files that people share")
    if required and "default" in given:
        given["default"].fail("leave out required or default: what has a default need not be given")


def _other(name: str) -> str:
    """Another name, in the same casing."""
    return f"my_{name}" if name.islower() else f"my{name[0].upper()}{name[1:]}"


def taken(
    catalog: Catalog, name: str, kind: str, service_type: str, connection_type: str, auth_types: list[str]
) -> dict[str, str]:
    """The names that a connection may have of its own, whichever capabilities are asked for, with what each is.

    `name` is that of the connector.
    """
    own = dict.fromkeys(("type", "scheme", "connectionOptions", "connectionArguments"), "a property of the connection")
    for facts in (catalog.connections.get(connection_type, {}), catalog.services.get(service_type, {})):
        own |= dict.fromkeys(facts.get("properties", {}), "a property of the connection")
    if kind == "topology":
        own["threads"] = "a property of the connection"
    certificates = catalog.release["targets"]["sslConfig"]["shape"]["oneOf"][0]["properties"]
    own |= dict.fromkeys(certificates, "an option of sslConfig")
    for auth in auth_types:
        if connection_type in catalog.auth.get(auth, {}).get("connections", {}):
            own |= dict.fromkeys(catalog.sign_in(auth, connection_type)["options"], f"an option of auth type {auth}")
    if name == "openmetadata":
        # Its variable would be that of the server's token.
        own["jwtToken"] = "what the workflows sign in to the server with"
    return own


class OptionsExtension(Extension):
    """Adds `options_fault` as a filter, and `environment.read_options`."""

    def __init__(self, environment: Environment) -> None:
        super().__init__(environment)
        catalog: Catalog = environment.catalog  # type: ignore[attr-defined]  # CatalogExtension adds it
        options = Options(environment, catalog.acronyms)

        def options_fault(text: str, *connector: Any) -> str:
            """Refuses options that could not be, by their first fault; `connector` is what `taken` asks."""
            return options.fault(text, taken(catalog, *connector)) if text else ""

        environment.filters["options_fault"] = options_fault
        environment.extend(read_options=options.read)
