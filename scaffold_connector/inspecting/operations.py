"""The operations of a document, the same for OpenAPI 3.0, 3.1 and Swagger 2."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from scaffold_connector.arguments import Wrong
from scaffold_connector.inspecting.schemas import Schemas

Json = dict[str, Any]

METHODS = ("get", "post", "put", "patch", "delete", "head", "options", "trace")

# What a path of a map may be made of beside its placeholders, and how long it may be.
_PATH = re.compile(r"/(?:[A-Za-z0-9._~:/@!$&'()*+,;=%-]|\{[^{}/]+\})*", re.ASCII)
LONGEST_PATH = 150


@dataclass(frozen=True)
class Parameter:
    """A parameter: `place` is query, path, header or cookie; `nested` says that its value is an object as a text."""

    name: str
    place: str
    schema: Any
    required: bool
    description: str
    nested: bool = False


@dataclass
class Operation:
    """One method at one path. `body` and `answer` are schemas; `form` says that the body is sent as a form."""

    method: str
    path: str
    about: str = ""
    tags: tuple[str, ...] = ()
    parameters: tuple[Parameter, ...] = ()
    body: Any = None
    form: bool = False
    answer: Any = None
    security: Any = None
    fault: str = ""

    @property
    def place(self) -> str:
        return f"{self.method} {self.path}"

    @property
    def places(self) -> list[str]:
        """The names of the placeholders in its path."""
        return re.findall(r"\{([^{}/]+)\}", self.path)

    def query(self) -> list[Parameter]:
        return [one for one in self.parameters if one.place == "query"]


@dataclass
class Api:
    """A document that was read: what it says of itself, and its operations."""

    raw: Json
    version: str
    schemas: Schemas
    prefix: str
    port: str
    operations: list[Operation] = field(default_factory=list)

    @property
    def info(self) -> Json:
        return _object(self.raw.get("info"))

    @property
    def schemes(self) -> Json:
        """The security schemes by their names."""
        held = self.raw.get("securityDefinitions") if self.version == "2" else None
        held = held if held is not None else _object(self.raw.get("components")).get("securitySchemes")
        return {str(name): self.schemas.resolved(one) for name, one in _object(held).items()}


def read(raw: Any, shown: str) -> Api:
    """The operations of a parsed document. Raises `Wrong` where it is no OpenAPI document."""
    if not isinstance(raw, dict):
        raise Wrong(f"{shown}: is no OpenAPI document: it is no object")
    said = str(raw.get("openapi") or raw.get("swagger") or "")
    if not re.match(r"(2|3\.[01])\b", said):
        known = f"it says {said[:20]!r}" if said else "it has neither `openapi` nor `swagger`"
        raise Wrong(f"{shown}: give an OpenAPI 3.0, 3.1 or Swagger 2 document: {known}")
    if not isinstance(raw.get("paths"), dict):
        raise Wrong(f"{shown}: has no `paths`, so there is nothing to read")
    version = "2" if said.startswith("2") else "3"
    schemas = Schemas(raw)
    prefix, port = _server(raw, version)
    api = Api(raw, version, schemas, prefix, port)
    api.operations = list(_operations(api))
    return api


def _server(raw: Json, version: str) -> tuple[str, str]:
    """What every path begins with, and the port of the first server, where it is said."""
    if version == "2":
        base, host = raw.get("basePath"), raw.get("host")
        address = f"http://{host if isinstance(host, str) else ''}{base if isinstance(base, str) else ''}"
    else:
        servers = raw.get("servers")
        first = servers[0] if isinstance(servers, list) and servers and isinstance(servers[0], dict) else {}
        address = str(first.get("url") or "")
        for name, about in list(_object(first.get("variables")).items())[:20]:
            address = address.replace(f"{{{name}}}", str(_object(about).get("default", "")))
    try:
        parts = urlsplit(address)
        prefix, port = parts.path.rstrip("/"), str(parts.port or "")
    except ValueError:
        return "", ""
    return (prefix if _PATH.fullmatch(prefix or "/") and "{" not in prefix else ""), port


def _operations(api: Api) -> Iterator[Operation]:
    for path, item in api.raw["paths"].items():
        item = api.schemas.resolved(item)
        if not isinstance(item, dict) or not isinstance(path, str):
            continue
        shared = item.get("parameters")
        for method in METHODS:
            if isinstance(about := item.get(method), dict):
                yield _operation(api, method.upper(), path, about, shared)


def _operation(api: Api, method: str, path: str, about: Json, shared: Any) -> Operation:
    whole = api.prefix + path if path.startswith("/") else path
    one = Operation(method, whole)
    if not _PATH.fullmatch(whole) or len(whole) > LONGEST_PATH:
        one.fault = "its path can't be asked for"
    texts = [about.get("summary"), about.get("description")]
    one.about = " ".join(text for text in texts if isinstance(text, str))[:2000]
    one.tags = tuple(tag for tag in about.get("tags") or () if isinstance(tag, str)) if _is_list(about, "tags") else ()
    one.security = about.get("security", api.raw.get("security"))
    if method not in ("GET", "POST"):
        return one
    listed = [
        *(shared if isinstance(shared, list) else ()),
        *(about["parameters"] if _is_list(about, "parameters") else ()),
    ]
    found: dict[tuple[str, str], Parameter] = {}
    for raw in listed[:300]:
        raw = api.schemas.resolved(raw)
        if not isinstance(raw, dict) or not isinstance(raw.get("name"), str):
            continue
        place = str(raw.get("in"))
        if api.version == "2" and place in ("body", "formData"):
            _add_body(one, raw, place)
            continue
        content = _json_in(raw.get("content"))
        schema = content if content is not None else raw.get("schema", raw if api.version == "2" else {})
        text = raw.get("description")
        found[raw["name"], place] = Parameter(
            raw["name"],
            place,
            schema,
            raw.get("required") is True,
            text if isinstance(text, str) else "",
            content is not None,
        )
    one.parameters = tuple(found.values())
    if api.version == "3":
        content = _object(api.schemas.resolved(about.get("requestBody"))).get("content")
        one.body = _json_in(content)
        if one.body is None and (form := _form_in(content)) is not None:
            one.body, one.form = form, True
    one.answer = _answer(api, about)
    return one


def _add_body(one: Operation, raw: Json, place: str) -> None:
    if place == "body":
        one.body = raw.get("schema")
        return
    if not one.form:
        one.body, one.form = {"type": "object", "properties": {}}, True
    one.body["properties"][raw["name"]] = raw


def _answer(api: Api, about: Json) -> Any:
    """The schema of the JSON that a request which went well is answered with."""
    responses = _object(about.get("responses"))
    for status in ("200", 200, "201", 201, "2XX", "default"):
        if status in responses:
            response = _object(api.schemas.resolved(responses[status]))
            schema = response.get("schema") if api.version == "2" else _json_in(response.get("content"))
            if schema is not None:
                return schema
    return None


def _json_in(content: Any) -> Any:
    """The schema of the JSON among some media types; None where there is none."""
    for kind, about in _object(content).items():
        if (
            isinstance(kind, str)
            and re.match(r"application/([\w.+-]*\+)?json\b|\*/\*", kind)
            and isinstance(about, dict)
        ):
            return about.get("schema", {})
    return None


def _form_in(content: Any) -> Any:
    about = _object(content).get("application/x-www-form-urlencoded")
    return about.get("schema", {}) if isinstance(about, dict) else None


def _object(value: Any) -> Json:
    return value if isinstance(value, dict) else {}


def _is_list(about: Json, key: str) -> bool:
    return isinstance(about.get(key), list)
