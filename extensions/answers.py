"""What may be answered: the choices of a question, its default, and what is refused.

A *fault* is one line that says what to give instead, or the empty string; Copier
shows it in the prompt and as the last line of what it prints for an answer given by
flag or file. Choices are YAML for Copier, each with the reason where it is refused.
"""

from __future__ import annotations

import json
import keyword
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from jinja2.ext import Extension

if TYPE_CHECKING:
    from jinja2 import Environment

    from extensions.catalog import Catalog

# Longest name for which every emitted line and path stays within its limits.
MAX_NAME = 30

_NAME = re.compile(r"[a-z][a-z0-9_]*")
_TYPE = re.compile(r"[A-Z][A-Za-z0-9]*")
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9_]*(\+[A-Za-z0-9_]+)?")

# The grammar of github.com/distribution/reference: [host[:port]/]path[:tag][@digest].
_IMAGE_PART = r"[a-z0-9]+(?:(?:\.|_{1,2}|-+)[a-z0-9]+)*"
_IMAGE = re.compile(
    r"(?:[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?(?::\d+)?/)?"
    rf"{_IMAGE_PART}(?:/{_IMAGE_PART})*"
    r"(?::\w[\w.-]{0,127})?(?:@[A-Za-z][\w+.-]*:[0-9a-fA-F]{32,})?",
    re.ASCII,
)


def name_fault(name: str) -> str:
    """Faults of a connector's name."""
    if not _NAME.fullmatch(name):
        return f"{name!r} is not snake case: give small letters, digits and underscores, such as my_db"
    if name.endswith("_") or "__" in name:
        return f"{name!r} has an underscore too many: give words joined by single underscores, such as my_db"
    if keyword.iskeyword(name):
        return f"{name!r} is a word of Python's own: give another name, such as {name}_db"
    if len(name) > MAX_NAME:
        return f"{name!r} is too long: give at most {MAX_NAME} characters"
    return ""


def type_name_fault(type_name: str, placement: str) -> str:
    """Faults of a service type, which becomes a class name and, in small letters, a module."""
    if not _TYPE.fullmatch(type_name):
        return f"{type_name!r} can't be a class: give letters and digits that start with a capital, such as MyDb"
    if keyword.iskeyword(type_name) or keyword.iskeyword(type_name.lower()):
        return f"{type_name!r} is a word of Python's own: give another type, such as {type_name}Db"
    if len(type_name) > MAX_NAME:
        return f"{type_name!r} is too long: give at most {MAX_NAME} characters"
    if placement == "contrib" and type_name.lower().startswith("custom"):
        return f"the framework takes every type that starts with Custom for a Custom connector: rename {type_name!r}"
    return ""


def taken_fault(type_name: str, destination: str, answers_file: str, service_type: str, schema_file: str) -> str:
    """Whether a checkout already holds a connector of this type that is not this template's.

    A connector of ours has its answers file at the root of the checkout.
    """
    root = Path(destination)
    if (root / answers_file).exists():
        return ""
    places = [
        f"ingestion/src/metadata/ingestion/source/{service_type}/{type_name.lower()}",
        f"openmetadata-spec/src/main/resources/json/schema/entity/services/connections/{service_type}/{schema_file}",
    ]
    for place in places:
        if (root / place).exists():
            return (
                f"this checkout already has a {type_name} connector, which this template did not make ({place}): "
                "give another name or type_name"
            )
    return ""


def scheme_fault(scheme: str, connection_type: str) -> str:
    """Faults of a SQLAlchemy scheme: what `sqlalchemy.make_url` could not parse."""
    if connection_type != "sqlalchemy":
        return f"scheme belongs to connection_type sqlalchemy, not to {connection_type}: leave it out" if scheme else ""
    if not _SCHEME.fullmatch(scheme):
        return f"{scheme!r} is not a SQLAlchemy scheme: give dialect or dialect+driver, such as postgresql+psycopg2"
    return ""


def port_fault(port: Any, belongs_to: str = "", owner: Any = True) -> str:
    """Faults of a TCP port; `owner` is the answer that the port belongs to."""
    if port is None:
        return ""
    if isinstance(port, bool) or not isinstance(port, int) or not 1 <= port <= 65535:
        return f"{port!r} is not a port: give a whole number from 1 to 65535"
    return "" if owner else f"this port belongs to {belongs_to}: give that too, or leave the port out"


def line_fault(text: str) -> str:
    """Faults of a text that has to fit on one line."""
    if not text.strip():
        return "give at least one letter"
    return "give a single line" if len(text.splitlines()) > 1 else ""


def url_fault(url: str) -> str:
    """Faults of a web address; the empty string is none."""
    if not url:
        return ""
    wrong = f"{url!r} is not a URL: give one that starts with https:// or http://"
    if re.search(r"[\s<>\"\\^`{|}\x00-\x1f\x7f]", url):
        return wrong
    try:
        parts = urlsplit(url)
        parts.port  # noqa: B018 - raises for a port out of range
    except ValueError:
        return wrong
    return "" if parts.scheme in ("http", "https") and parts.hostname else wrong


def image_fault(image: str) -> str:
    """Faults of a container image reference; the empty string is none."""
    if not image or _IMAGE.fullmatch(image):
        return ""
    return f"{image!r} is not an image reference: give [registry/]name[:tag], such as clickhouse/clickhouse-server:24.8"


def requirement_fault(requirement: str) -> str:
    """Faults of a PyPI requirement (PEP 508); the empty string is none."""
    if not requirement:
        return ""
    from packaging.requirements import InvalidRequirement, Requirement

    try:
        Requirement(requirement)
    except InvalidRequirement:
        return f"{requirement!r} is not a PyPI requirement: give a name, such as looker-sdk, or boto3>=1.34"
    return ""


def auth_types_fault(auth_types: list[str], can_log_in: bool) -> str:
    """A source with a login needs at least one auth type."""
    return "choose at least one auth type" if can_log_in and not auth_types else ""


class Choices:
    """The choices of questions that the catalog decides, as YAML for Copier."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog

    def service_types(self) -> str:
        furnished = [name for name in self._catalog.services if self._connections(name)]
        return _choices(
            {
                name: (
                    f"{facts['title']} service",
                    "" if name in furnished else f"{name} is not furnished yet: choose {_alternatives(furnished)}",
                )
                for name, facts in self._catalog.services.items()
            }
        )

    def connection_types(self, service_type: str) -> str:
        known = self._catalog.services[service_type]["connections"]
        furnished = self._connections(service_type)
        choices = {}
        for name in ("sqlalchemy", "rest_api", "sdk_client"):
            if name not in known:
                fault = f"{name} is for databases: choose {_alternatives(list(known))} for a {service_type}"
            elif name not in furnished:
                fault = f"{name} is not furnished for {service_type} yet: choose {_alternatives(furnished)}"
            else:
                fault = ""
            choices[name] = (known.get(name, {}).get("title", "a SQLAlchemy dialect"), fault)
        return _choices(choices)

    def namespaces(self, service_type: str, scheme: str) -> str:
        dialect = self._catalog.dialect(scheme)
        only = dialect.get("namespace")
        return _choices(
            {
                name: (
                    facts["title"],
                    "" if only in (None, name) else f"{dialect['title']} has {only}: choose that",
                )
                for name, facts in self._catalog.services[service_type].get("namespaces", {}).items()
            }
        )

    def auth_types(self, service_type: str, scheme: str) -> str:
        dialect = self._catalog.dialect(scheme)
        choices = {}
        for name, facts in self._catalog.auth.items():
            if not self.can_log_in(scheme):
                fault = f"{dialect['title']} has no login: leave auth_types empty"
            elif service_type not in facts["services"]:
                fault = f"no {service_type} connector signs in with {name}"
            else:
                fault = ""
            choices[name] = (facts["title"], fault)
        return _choices(choices)

    def capabilities(self, service_type: str, connection_type: str, scheme: str) -> str:
        dialect = self._catalog.dialect(scheme)
        choices = {}
        for name, facts in self._catalog.capabilities.items():
            needs = facts.get("needs")
            if connection_type not in facts["allowed"].get(service_type, ()):
                fault = f"{name} is not for {service_type} over {connection_type}: leave it out"
            elif needs and needs not in dialect and needs not in dialect["statements"]:
                fault = f"{dialect['title']} has no {needs.replace('_', ' ')}: leave {name} out"
            else:
                fault = ""
            choices[name] = (facts["title"], fault)
        return _choices(choices)

    def can_log_in(self, scheme: str) -> bool:
        """Whether the source has users; an embedded database has none."""
        return "login" not in self._catalog.dialect(scheme).get("drop_parts", ())

    def connection_type(self, service_type: str) -> str:
        """The default connection type of a service type."""
        return self._catalog.services[service_type]["default_connection"]

    def scheme(self, name: str) -> str:
        """The default scheme of a connector's name: a known dialect's, else the name itself."""
        dialect = self._catalog.dialect_named(name)
        return dialect["scheme"] if dialect else name

    def port(self, scheme: str) -> int | None:
        return self._catalog.dialect(scheme).get("port")

    def driver(self, scheme: str) -> str:
        """The PyPI requirement of a scheme's driver, empty where it is not known or not needed."""
        drivers = self._catalog.dialect(scheme).get("drivers", {})
        return drivers.get(scheme.partition("+")[2]) or ""

    def namespace(self, scheme: str) -> str:
        return self._catalog.dialect(scheme).get("namespace", "schema.table")

    def auth_type(self, scheme: str) -> str:
        return "[basic]" if self.can_log_in(scheme) else "[]"

    def _connections(self, service_type: str) -> list[str]:
        """The connection types of a service type that have code."""
        connections = self._catalog.services[service_type]["connections"]
        return [name for name, facts in connections.items() if "source" in facts]


def default_placement(destination: str) -> str:
    """`contrib` inside an OpenMetadata checkout, `package` elsewhere."""
    return "contrib" if (Path(destination) / "openmetadata-spec").is_dir() else "package"


def _choices(choices: dict[str, tuple[str, str]]) -> str:
    """Copier's extended choices: label, value and the reason for a refusal, as JSON (which is YAML)."""
    width = max(map(len, choices), default=0)
    return json.dumps(
        [[f"{name:<{width}}  {title}", {"value": name, "validator": fault}] for name, (title, fault) in choices.items()]
    )


def _alternatives(names: list[str]) -> str:
    return " or ".join(names)


class AnswersExtension(Extension):
    """Adds the faults as filters, and `choices` and `default_placement` as globals."""

    def __init__(self, environment: Environment) -> None:
        super().__init__(environment)
        for function in (
            name_fault,
            type_name_fault,
            taken_fault,
            scheme_fault,
            port_fault,
            line_fault,
            url_fault,
            image_fault,
            requirement_fault,
            auth_types_fault,
        ):
            environment.filters[function.__name__] = function
        catalog: Catalog = environment.catalog  # type: ignore[attr-defined]  # CatalogExtension adds it
        environment.globals["choices"] = Choices(catalog)
        environment.globals["default_placement"] = default_placement
