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

# Longest scheme, name of a package, and prefix and parameter of an API, for which every emitted line does; and so for
# fields of an API, and how many keys they have.
MAX_WORD = 60
MAX_PATH = 50
MAX_KEYS = 5

# Longest requirement and image, which OpenMetadata's files have on one line, and longest URL that all browsers open.
MAX_LINE = 250
MAX_URL = 2000

# Longest answer to each question, a list with all its items; LONGEST to one that is not named.
LONGEST = 1_000
MOST = {
    **dict.fromkeys(("name", "type_name"), MAX_NAME),
    "display_name": 100,
    "description": 512,  # as long as PyPI takes it
    **dict.fromkeys(("scheme", "api_prefix", "page_parameter", "size_parameter", "api_key_name"), MAX_WORD),
    **dict.fromkeys(("next_field", "records_path", "count_field", "more_field"), MAX_PATH),
    **dict.fromkeys(("sdk_package", "docker_image"), MAX_LINE),
    "docs_url": MAX_URL,
    **dict.fromkeys(("api_endpoints", "options"), 20_000),
    **dict.fromkeys(("docs_notes", "topology", "api"), 200_000),
}

# How much of a refused answer its refusal shows.
SHOWN = 60

# The number of the first page where nothing else was answered.
FIRST_PAGE = 1

# Records a page where nothing else was answered.
PAGE_SIZE = 100

_NAME = re.compile(r"[a-z][a-z0-9_]*")
_TYPE = re.compile(r"[A-Z][A-Za-z0-9]*")
_SCHEME = re.compile(r"[a-z][a-z0-9_]*(\+[a-z0-9_]+)?")

# Between host and path of an API, a query parameter (with the brackets of JSON:API), and keys of a JSON object.
_PREFIX = re.compile(r"(/[\w.~-]+)+", re.ASCII)
_PARAMETER = re.compile(r"[\w.$\[\]-]+", re.ASCII)
# A header's name (RFC 9110, section 5.6.2), and a parameter's that is the same in every address (RFC 3986, 2.3).
_KEY_NAMES = {"header": re.compile(r"[\w!#$%&'*+.^`|~-]+", re.ASCII), "query": re.compile(r"[\w.~-]+", re.ASCII)}
_FIELD = re.compile(r"[\w$@-]+(\.[\w$@-]+)*", re.ASCII)

# Headers that say how a request is sent, and are no place for a key.
_HEADERS_OF_HTTP = ("host", "connection", "content-length", "transfer-encoding", "te", "trailer", "upgrade", "expect")

# What Windows opens a device for, whatever the ending behind it.
_DEVICES = ("con", "prn", "aux", "nul", *(f"{kind}{number}" for kind in ("com", "lpt") for number in range(1, 10)))

# Characters that some language of the files can't hold, and those that show what stands around them in another order.
_UNFIT = re.compile(
    "[\\x00-\\x08\\x0b\\x0c\\x0e-\\x1f\\x7f-\\x9f\\ud800-\\udfff\\ufdd0-\\ufdef\\ufeff"
    + "".join(chr(plane << 16 | last) for plane in range(17) for last in (0xFFFE, 0xFFFF))
    + "\\u202a-\\u202e\\u2066-\\u2069]"
)

# What a requirement is made of, beyond which a marker may compare with any text.
_REQUIREMENT = re.compile(r"\w[\w .,;:<>=!~()\[\]'\"+*-]*(?<! )", re.ASCII)

# Names and types whose constants and classes would take the names of those that the emitted modules import.
_RESERVED_NAMES = ("aws", "network")
_RESERVED_TYPES = (
    *("AWS", "Base", "Feature", "Lineage", "MultiDB", "NoMetadataConfiguration", "QueryParser", "Tracked", "Usage"),
    *("Workflow", "ApiService", "DashboardService", "DatabaseService", "DriveService", "MessagingService"),
    *("MlModelService", "PipelineService", "SearchService", "StorageService"),
)

# The grammar of github.com/distribution/reference: [host[:port]/]path[:tag][@digest].
_IMAGE_PART = r"[a-z0-9]+(?:(?:\.|_{1,2}|-+)[a-z0-9]+)*"
_IMAGE = re.compile(
    r"(?:[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?(?::\d+)?/)?"
    rf"{_IMAGE_PART}(?:/{_IMAGE_PART})*"
    r"(?::\w[\w.-]{0,127})?(?:@[A-Za-z][\w+.-]*:[0-9a-fA-F]{32,})?",
    re.ASCII,
)


def length_fault(text: str, most: int) -> str:
    """Refuses a text of more than `most` characters."""
    return f"give at most {most} characters: {_cut(text)} is too long" if len(text) > most else ""


def answer_fault(name: str, answer: Any) -> str:
    """Refuses an answer to a question that is longer than any that could be taken, before anything looks into it."""
    most, given = MOST.get(name, LONGEST), _length(answer)
    if given <= most:
        return ""
    what = _cut(answer) if isinstance(answer, str) else f"a {type(answer).__name__} of {given} characters"
    return f"give at most {most} characters: {what} is too long"


def _length(answer: Any) -> int:
    if isinstance(answer, dict):
        answer = [*answer, *answer.values()]
    return sum(map(_length, answer)) + len(answer) if isinstance(answer, list) else len(str(answer))


def _cut(text: str) -> str:
    """A text in quotes, on one line, and of a long one its beginning."""
    return repr(text if len(text) <= SHOWN else f"{text[:SHOWN]}…")


def name_fault(name: str) -> str:
    """Refuses what is not snake case, a trailing or doubled underscore, Python's keywords and long names."""
    if not _NAME.fullmatch(name):
        return f"give small letters, digits and underscores, such as my_db: {_cut(name)} is not snake case"
    if name.endswith("_") or "__" in name:
        return f"give words joined by single underscores, such as my_db: {_cut(name)} has one too many"
    if keyword.iskeyword(name):
        return f"give another name, such as {name}_db: {_cut(name)} is a word of Python's own"
    if name in _DEVICES:
        return f"give another name, such as {name}_db: {_cut(name)} is a device of Windows, which has no such files"
    if name in _RESERVED_NAMES:
        return f"give another name, such as {name}_db: the framework has constants named after {name!r}"
    return length_fault(name, MAX_NAME)


def type_name_fault(type_name: str) -> str:
    """Refuses what can't be a class name and, in small letters, a module, and names that the framework has taken."""
    if not _TYPE.fullmatch(type_name):
        return f"give letters and digits that start with a capital, such as MyDb: {_cut(type_name)} can't be a class"
    if keyword.iskeyword(type_name) or keyword.iskeyword(type_name.lower()):
        return f"give another type, such as {type_name}Db: {_cut(type_name)} is a word of Python's own"
    if type_name.lower() in _DEVICES:
        return f"give another type, such as {type_name}Db: {_cut(type_name)} is a device of Windows"
    if fault := length_fault(type_name, MAX_NAME):
        return fault
    if type_name.lower().startswith("custom"):
        return f"give another type: the framework takes {type_name!r}, like all that start so, for a Custom connector"
    if type_name in _RESERVED_TYPES:
        return f"give another type, such as {type_name}Db: the framework has classes named after {type_name!r}"
    return ""


def taken_fault(type_name: str, destination: str, answers_file: str, service_type: str, schema_file: str) -> str:
    """Refuses a type that the checkout already has, unless this template made that connector.

    A connector of ours has its answers file at the root of the checkout, or the note of the command's run that was
    stopped while it made it, and that the next one takes back.
    """
    root = Path(destination)
    if (root / answers_file).exists() or (root / f"{answers_file}.unfinished").exists():
        return ""
    places = [
        f"ingestion/src/metadata/ingestion/source/{service_type}/{type_name.lower()}",
        f"openmetadata-spec/src/main/resources/json/schema/entity/services/connections/{service_type}/{schema_file}",
    ]
    for place in places:
        if (root / place).exists():
            return (
                f"give another name or type_name: this checkout already has a {type_name} connector, "
                f"which this template did not make ({place}); delete it if a run that was stopped has left it"
            )
    return ""


def scheme_fault(scheme: str, connection_type: str) -> str:
    """Refuses what `sqlalchemy.make_url` could not parse, and a scheme without SQLAlchemy."""
    if connection_type != "sqlalchemy":
        return f"leave scheme out: it belongs to sqlalchemy, not to {connection_type}" if scheme else ""
    if not _SCHEME.fullmatch(scheme):
        return f"give dialect or dialect+driver, such as postgresql+psycopg2: {_cut(scheme)} is not a SQLAlchemy scheme"
    return length_fault(scheme, MAX_WORD)


def port_fault(port: str, belongs_to: str = "", owner: Any = True) -> str:
    """Refuses what is not a port from 1 to 65535, and a port without `owner`, the answer that it belongs to."""
    if not port:
        return ""
    if not re.fullmatch(r"[1-9][0-9]{0,4}", port) or int(port) > 65535:
        return f"give a whole number from 1 to 65535: {_cut(port)} is not a port"
    return "" if owner else f"leave this port out, or give what it belongs to: {belongs_to}"


def text_fault(text: str) -> str:
    """Refuses characters that can't be carried into every file, and those that would hide what stands there."""
    if not (unfit := _UNFIT.search(text)):
        return ""
    character, number = f"U+{ord(unfit[0]):04X}", unfit.start() + 1
    return f"leave out {character}, which is character {number}: some files can't hold it, or don't show it"


def line_fault(text: str, most: int) -> str:
    """Refuses a text in which nothing can be seen, one of several lines, and one of more than `most` characters.

    The text is in the connection schema, of which OpenMetadata's build makes comments of Java (jsonschema2pojo): there
    it could be code, since Java looks for `\\u` before it looks for comments.
    """
    if not any(character.isprintable() and not character.isspace() for character in text):
        return "give at least one letter"
    if text.splitlines() != [text]:
        return "give a single line"
    if "\\u" in text:
        return "leave out \\u: OpenMetadata's build has the text in Java, which reads a character of code in it"
    return text_fault(text) or length_fault(text, most)


def url_fault(url: str) -> str:
    """Refuses what is not the address of a web page."""
    if not url:
        return ""
    wrong = f"give a URL that starts with https:// or http://: {_cut(url)} is none"
    if re.search(r"[\s<>\"\\^`{|}]", url) or not url.isprintable():
        return wrong
    try:
        parts = urlsplit(url)
        parts.port  # noqa: B018 - raises for a port out of range
    except ValueError:
        return wrong
    return length_fault(url, MAX_URL) if parts.scheme in ("http", "https") and parts.hostname else wrong


def image_fault(image: str, has_address: bool) -> str:
    """Refuses what is not a container image reference, and any where no container can be connected to."""
    if image and not has_address:
        return "leave this image out: only a source with a host and a port can be reached in a container"
    if not image or _IMAGE.fullmatch(image):
        return length_fault(image, MAX_LINE)
    return (
        "give [registry/]name[:tag], such as clickhouse/clickhouse-server:24.8: "
        f"{_cut(image)} is not an image reference"
    )


def requirement_fault(requirement: str, connection_type: str) -> str:
    """Refuses what is not a requirement that PyPI can meet (PEP 508): a URL can't be a dependency there."""
    if not requirement:
        return "give the PyPI name of its SDK, such as boto3" if connection_type == "sdk_client" else ""
    if fault := length_fault(requirement, MAX_LINE):
        return fault
    from packaging.requirements import InvalidRequirement, Requirement

    try:
        package = Requirement(requirement)
    except InvalidRequirement:
        package = None
    if package and not package.url and _REQUIREMENT.fullmatch(requirement):
        return length_fault(package.name, MAX_WORD)
    return f"give a PyPI name, such as looker-sdk or boto3>=1.34: {_cut(requirement)} is not a requirement"


def auth_types_fault(auth_types: list[str], can_log_in: bool) -> str:
    """Refuses no auth type at all where the source has a login."""
    return "choose at least one auth type" if can_log_in and not auth_types else ""


def api_key_name_fault(name: str, place: str, usual: str) -> str:
    """Refuses what can't be the name of a header or a parameter, and any where no key is sent (no `usual` one)."""
    if not usual:
        return "leave api_key_name out: it belongs to api_key among auth_types, over rest_api" if name else ""
    if place == "header" and name.lower() in _HEADERS_OF_HTTP:
        return f"give the header that the key is sent in, such as {usual}: {name} is HTTP's own"
    if _KEY_NAMES[place].fullmatch(name):
        return length_fault(name, MAX_WORD)
    what = "a header" if place == "header" else "a query parameter"
    return f"give the name of {what}, such as {usual}: {_cut(name)} is none"


def handlers_fault(handlers: list[str]) -> str:
    """Refuses an event receiver that does nothing with an event."""
    return "" if handlers else "choose at least one handler"


def namespace_fault(namespace: str, connection_type: str) -> str:
    """Refuses a namespace without SQLAlchemy: an API says by itself what stands above a table."""
    if namespace and connection_type != "sqlalchemy":
        return f"leave namespace out: it belongs to sqlalchemy, not to {connection_type}"
    return ""


def prefix_fault(prefix: str, connection_type: str) -> str:
    """Refuses what can't stand between a host and the path of a resource."""
    if prefix and connection_type != "rest_api":
        return f"leave api_prefix out: it belongs to rest_api, not to {connection_type}"
    if not prefix or _PREFIX.fullmatch(prefix):
        return length_fault(prefix, MAX_WORD)
    return f"give a path that starts with / and does not end with it, such as /api/v1: {_cut(prefix)} is none"


def records_path_fault(path: str, connection_type: str) -> str:
    """Refuses what is not a path of keys in a JSON object."""
    if path and connection_type != "rest_api":
        return f"leave records_path out: it belongs to rest_api, not to {connection_type}"
    return field_fault(path, "data.items") if path else ""


def field_fault(path: str, usual: str) -> str:
    """Refuses what is not a path of keys in a JSON object."""
    if path.count(".") >= MAX_KEYS:
        return f"give at most {MAX_KEYS} keys: {_cut(path)} has more"
    if _FIELD.fullmatch(path):
        return length_fault(path, MAX_PATH)
    return f"give keys joined by dots, such as {usual}: {_cut(path)} is no field"


def page_parameter_fault(parameter: str, pagination: str, usual: str) -> str:
    """Refuses what can't be the name of a query parameter, and any where the pagination has none (no `usual` one)."""
    if not usual:
        return f"leave page_parameter out: pagination {pagination} has none" if parameter else ""
    return parameter_fault(parameter, usual)


def size_parameter_fault(parameter: str, pagination: str, usual: str) -> str:
    """Refuses what can't be the name of a query parameter, and any where the pagination has none (no `usual` one)."""
    if not usual:
        return f"leave size_parameter out: pagination {pagination} has none" if parameter else ""
    return parameter_fault(parameter, usual) if parameter else ""


def parameter_fault(parameter: str, usual: str) -> str:
    """Refuses what can't be the name of a query parameter."""
    if _PARAMETER.fullmatch(parameter):
        return length_fault(parameter, MAX_WORD)
    return f"give the name of a query parameter, such as {usual}: {_cut(parameter)} is none"


def next_field_fault(path: str, pagination: str, usual: str) -> str:
    """Refuses what is not a path of keys in a JSON object, and any where the pagination has none (no `usual` one)."""
    if not usual:
        return f"leave next_field out: pagination {pagination} has none" if path else ""
    return field_fault(path, usual)


def first_page_fault(number: int, pagination: str) -> str:
    """Refuses a first page that has neither the number 0 nor 1, and one where pages have no numbers."""
    if pagination != "page" and number != FIRST_PAGE:
        return f"leave first_page out: pagination {pagination} has no numbers of pages"
    return "" if number in (0, 1) else f"give 0 or 1: {number} is no number of a first page"


def paging_field_fault(path: str, connection_type: str, usual: str) -> str:
    """Refuses what is not a path of keys in a JSON object; `none` is one, too."""
    if path and connection_type != "rest_api":
        return f"leave this out: it belongs to rest_api, not to {connection_type}"
    return field_fault(path, usual) if path else ""


def page_size_fault(size: int, size_parameter: str) -> str:
    """Refuses a page without records, one that no API hands out, and a size that there is no parameter for."""
    if not 1 <= size <= 100_000:
        return f"give a number from 1 to 100000: {size} is no size of a page"
    return (
        ""
        if size_parameter or size == PAGE_SIZE
        else "leave page_size out, or give the size_parameter that asks for it"
    )


def no_custom_fault(instead: str, title: str) -> str:
    """Refuses a package for services that no Custom type of OpenMetadata's is for."""
    return f"choose {instead}: OpenMetadata has no Custom type that a package for {title} services could run as"


def sdk_guess(name: str) -> str:
    """What the SDK of a source is called on PyPI, most likely."""
    return f"{name.replace('_', '-')}-sdk"


_PACKAGE = "a distribution of its own, for a stock OpenMetadata"


class Choices:
    """The choices of questions that the catalog decides, as YAML for Copier, and their defaults."""

    page_size = PAGE_SIZE
    most = MOST

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog

    def kinds(self) -> str:
        return _choices({name: (facts["title"], "") for name, facts in self._catalog.kinds.items()})

    def noun(self, kind: str) -> str:
        """What a kind is called in a sentence."""
        return self._catalog.kinds[kind]["noun"]

    def taken_name_fault(self, name: str, kind: str) -> str:
        """Refuses a name whose module would take the place of one of the framework's own."""
        taken = name in self._catalog.kinds[kind].get("taken", ())
        return f"give another name, such as my_{name}: the framework has a {kind} {_cut(name)}" if taken else ""

    def has_source(self, kind: str) -> bool:
        """Whether a kind reads a service of OpenMetadata's."""
        return self._catalog.kinds[kind].get("source", False)

    def variants(self, kind: str) -> str:
        """What a kind can be, by its question."""
        return _choices({name: (facts["title"], "") for name, facts in self._catalog.kinds[kind]["variants"].items()})

    def service_types(self, kind: str) -> str:
        if not self.has_source(kind):
            return _NOTHING
        choices = {}
        for name, facts in self._catalog.services.items():
            title = facts["title"]
            fault = no_custom_fault("another", title)
            possible = kind == "connector" or "custom" in facts
            choices[name] = (f"{title} service", "" if possible else fault)
        return _choices(choices)

    def placements(self, kind: str, service_type: str) -> str:
        if kind != "connector":
            return _choices({"package": (_PACKAGE, "")})
        title = self._catalog.services[service_type]["title"]
        fault = no_custom_fault("contrib", title)
        return _choices(
            {
                "package": (_PACKAGE, "" if self._has_custom(service_type) else fault),
                "contrib": ("inside an OpenMetadata checkout, to be contributed", ""),
            }
        )

    def placement(self, kind: str, service_type: str, destination: str) -> str:
        """`contrib` for a connector inside an OpenMetadata checkout, and where nothing else is possible."""
        if kind != "connector":
            return "package"
        in_checkout = (Path(destination) / "openmetadata-spec").is_dir()
        return "contrib" if in_checkout or not self._has_custom(service_type) else "package"

    def connection_types(self, kind: str, service_type: str) -> str:
        if not self.has_source(kind):
            return _NOTHING
        if kind == "topology":
            return _choices({"rest_api": (self._catalog.connections["rest_api"]["title"], "")})
        families = self._catalog.services[service_type]["connections"]
        known = [name for name, facts in self._catalog.connections.items() if facts["family"] in families]
        return _choices(
            {
                name: (
                    facts["title"],
                    ""
                    if name in known
                    else f"choose {_alternatives(known)} for {service_type}: {name} is for databases",
                )
                for name, facts in self._catalog.connections.items()
            }
        )

    def paginations(self, connection_type: str) -> str:
        fault = f"leave pagination out: it belongs to rest_api, not to {connection_type}"
        return _choices(
            {
                name: (facts["title"], "" if name == "none" or connection_type == "rest_api" else fault)
                for name, facts in self._catalog.pagination.items()
            }
        )

    def pages(self, pagination: str, name: str) -> str:
        """The usual name of a parameter or field of a pagination; empty where it has none."""
        return self._catalog.pagination[pagination].get(name, "")

    def namespaces(self, service_type: str, scheme: str) -> str:
        """What may stand above a table; nothing to choose from without a scheme."""
        known = self._catalog.services[service_type].get("namespaces", {}) if scheme else {}
        dialect = self._catalog.dialect(scheme)
        only = dialect.get("namespace")
        return _choices(
            {
                name: (
                    facts["title"],
                    "" if only in (None, name) else f"choose {only}: {dialect['title']} has that",
                )
                for name, facts in known.items()
            }
        )

    def key_places(self, connection_type: str, auth_types: list[str]) -> str:
        fault = "leave api_key_in out: it belongs to api_key among auth_types, over rest_api"
        placed = self.places_key(connection_type, auth_types)
        return _choices(
            {
                "header": ("a header of each request", ""),
                "query": ("a query parameter of each request", "" if placed else fault),
            }
        )

    def places_key(self, connection_type: str, auth_types: list[str]) -> bool:
        """Whether the author has to say where requests carry a key."""
        known = self._catalog.auth
        ways = [known[name]["connections"].get(connection_type, {}) for name in auth_types if name in known]
        return any(way.get("placed", False) for way in ways)

    def key_name(self, connection_type: str, auth_types: list[str], place: str) -> str:
        """What the header or the parameter of a key is usually called; empty where none is sent."""
        if not self.places_key(connection_type, auth_types):
            return ""
        return "api_key" if place == "query" else "X-API-Key"

    def auth_types(self, connection_type: str, scheme: str) -> str:
        dialect = self._catalog.dialect(scheme)
        choices = {}
        for name, facts in self._catalog.auth.items():
            if not self.can_log_in(scheme):
                login = f"signs in with {dialect['login']}" if "login" in dialect else "has no login"
                fault = f"leave auth_types empty: {dialect['title']} {login}"
            elif name not in dialect.get("auth", [name]):
                fault = f"leave {name} out: {dialect['title']} can't be signed in to with it"
            elif connection_type not in facts["connections"]:
                fault = f"leave {name} out: {connection_type} can't sign in with it"
            else:
                fault = ""
            choices[name] = (self._catalog.sign_in(name, connection_type)["title"], fault)
        return _choices(choices)

    def capabilities(self, service_type: str, connection_type: str, scheme: str) -> str:
        """Those that can be had first, and those that are nothing for this service type last, without their titles."""
        if not connection_type:
            return _choices({})
        dialect = self._catalog.dialect(scheme)
        had, refused, foreign = {}, {}, {}
        for name, capability in self._catalog.capabilities.items():
            facts = self._catalog.capability(name, service_type, connection_type)
            if facts is None:
                fault = f"leave {name} out: it is not for {service_type} over {connection_type}"
                foreign[name] = ("", fault)
                continue
            title, needs = str(facts.get("title", capability["title"])), facts.get("needs")
            if needs and not facts.get("optional") and not self._catalog.has(needs, scheme):
                lacks = facts.get("lacks", f"{{title}} has no {needs.replace('_', ' ')}")
                fault = f"leave {name} out: {lacks.format(title=dialect['title'], scheme=scheme)}"
                refused[name] = (title, fault)
            else:
                had[name] = (title, "")
        return _choices(had | refused | foreign)

    def usual_capabilities(self, service_type: str, connection_type: str) -> str:
        """`metadata`, and what a source of this kind gives without being asked for more."""
        if not connection_type:
            return "[]"
        found = (self._catalog.capability(name, service_type, connection_type) for name in self._catalog.capabilities)
        return json.dumps([facts["name"] for facts in found if facts and facts.get("default")])

    def can_log_in(self, scheme: str) -> bool:
        """Whether the source has users; an embedded database has none."""
        return "login" not in self._catalog.dialect(scheme).get("drop_parts", ())

    def has_address(self, scheme: str) -> bool:
        """Whether the source is reached at a host and a port; a file and a cloud's account are not."""
        dialect = self._catalog.dialect(scheme)
        return "address" not in dialect.get("drop_parts", ()) and "host" not in dialect

    def connection_type(self, kind: str, service_type: str) -> str:
        """The default connection type of a connector for a service type."""
        if not self.has_source(kind):
            return ""
        return "rest_api" if kind == "topology" else self._catalog.services[service_type]["default_connection"]

    def scheme(self, name: str) -> str:
        """The default scheme of a connector's name: a known dialect's, else the name itself."""
        dialect = self._catalog.dialect_named(name)
        return dialect["scheme"] if dialect else name

    def misnamed_fault(self, scheme: str) -> str:
        """Refuses a database's name in place of its SQLAlchemy dialect's."""
        backend = scheme.partition("+")[0]
        dialect = self._catalog.dialect_named(backend)
        if dialect and backend not in dialect["backends"]:
            return f"give {dialect['scheme']}: SQLAlchemy has no dialect {backend!r}"
        return ""

    def knows(self, name: str) -> bool:
        """Whether a connector of this name has a scheme that is more than a guess."""
        return self._catalog.dialect_named(name) is not None

    def port(self, scheme: str) -> int | str:
        """The default port of a scheme, empty where there is none."""
        return self._catalog.driver(scheme).get("port") or self._catalog.dialect(scheme).get("port", "")

    def driver(self, scheme: str) -> str:
        """The PyPI requirement of a scheme's driver, empty where it is not known or not needed."""
        return self._catalog.driver(scheme).get("requirement", "")

    def namespace(self, scheme: str) -> str:
        """The default of what stands above a table; empty without a scheme."""
        return self._catalog.dialect(scheme).get("namespace", "schema.table") if scheme else ""

    def auth_type(self, connection_type: str, scheme: str) -> str:
        """The default auth type, in brackets; none where the source has no login."""
        if not connection_type or not self.can_log_in(scheme):
            return "[]"
        auth = ((name, facts["connections"].get(connection_type, {})) for name, facts in self._catalog.auth.items())
        return json.dumps([next(name for name, here in auth if here.get("default"))])

    def _has_custom(self, service_type: str) -> bool:
        return "custom" in self._catalog.services[service_type]


def accepted(choices: str) -> list[str]:
    """The values of a question's choices that are not refused."""
    return [choice["value"] for _, choice in json.loads(choices) if not choice["validator"]]


def _choices(choices: dict[str, tuple[str, str]]) -> str:
    """Copier's extended choices: label, value and the reason for a refusal, as JSON (which is YAML)."""
    width = max(map(len, choices), default=0)
    return json.dumps(
        [
            [f"{name:<{width}}  {title}", {"value": name, "validator": _inert(fault)}]
            for name, (title, fault) in choices.items()
        ]
    )


def _inert(fault: str) -> str:
    """A reason that holds an answer, as Jinja leaves it: Copier renders the parts of choices once more."""
    return fault.replace("{", "{{ '{' }}")


def _alternatives(names: list[str]) -> str:
    return " or ".join(names)


# What a question that is not asked of this kind can be answered with.
_NOTHING = _choices({"": ("nothing", "")})


class AnswersExtension(Extension):
    """Adds the faults and `sdk_guess` as filters, and `choices` as a global."""

    def __init__(self, environment: Environment) -> None:
        super().__init__(environment)
        for function in (
            name_fault,
            type_name_fault,
            taken_fault,
            scheme_fault,
            port_fault,
            text_fault,
            length_fault,
            line_fault,
            url_fault,
            image_fault,
            requirement_fault,
            auth_types_fault,
            api_key_name_fault,
            handlers_fault,
            namespace_fault,
            prefix_fault,
            records_path_fault,
            page_parameter_fault,
            size_parameter_fault,
            next_field_fault,
            first_page_fault,
            paging_field_fault,
            page_size_fault,
            sdk_guess,
        ):
            environment.filters[function.__name__] = function
        catalog: Catalog = environment.catalog  # type: ignore[attr-defined]  # CatalogExtension adds it
        environment.globals["choices"] = Choices(catalog)
        environment.extend(answer_fault=answer_fault)
