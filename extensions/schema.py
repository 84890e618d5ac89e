"""Assembles the connection schema, the test-connection definition and sample settings.

The functions take a `Connector` (see connector.py) and return plain data in the
order in which it is written to JSON; `reference` builds the `$ref` pointers.
"""

from __future__ import annotations

import json
import posixpath
import re
from typing import TYPE_CHECKING, Any

from jinja2.ext import Extension

if TYPE_CHECKING:
    from jinja2 import Environment

    from extensions.connector import Connector

Json = dict[str, Any]

# Root of the identifiers of OpenMetadata's JSON Schemas, and what they say to be.
_SCHEMA_ROOT = "https://open-metadata.org/schema/"
_DRAFT = "http://json-schema.org/draft-07/schema#"

# What is said of the properties that have one value only.
_TYPE = "Which connector the service is read by."
_SCHEME = "Dialect and driver by which SQLAlchemy reads the source."


class ReferenceError(ValueError):
    """A `$ref` target is not one that references.yml lists."""


def reference(place: str, target: str, targets: Json) -> str:
    """The relative `$ref` from a schema's own place to a target of references.yml.

    `place` is the schema's path below the schema root
    (`entity/services/connections/database/myDbConnection.json`), `target` a key of
    `targets`. Raises `ReferenceError` for any other target.
    """
    if target not in targets:
        raise ReferenceError(f"catalog/references.yml has no target {target!r}; it lists {', '.join(targets)}")
    path, mark, fragment = targets[target]["pointer"].partition("#")
    relative = posixpath.relpath(path, posixpath.dirname(place))
    prefix = "" if relative.startswith("../") else "./"
    return f"{prefix}{relative}{mark}{fragment}"


def connection_schema(connector: Connector) -> Json:
    """The JSON Schema (draft-07) of the service connection, complete."""
    camel, type_name = connector.answers["camel"], connector.answers["type_name"]
    enums = {f"{camel}Type": (_TYPE, type_name)}
    if scheme := connector.answers["scheme"]:
        enums[f"{camel}Scheme"] = (_SCHEME, scheme)
    definitions = {
        name: {"description": text, "type": "string", "enum": [value], "default": value}
        for name, (text, value) in enums.items()
    }
    definitions |= {
        auth["model"]: _definition(auth)
        for auth in connector.auth
        if "definition" in auth and not connector.definition_file(auth["name"])
    }
    properties = _head(camel, type_name, scheme) | {
        name: _property(connector, name, facts) for name, facts in connector.properties.items()
    }
    properties |= {
        flag: {"title": _flag_title(flag), "$ref": _refer(connector, flag)}
        for capability in connector.capabilities
        for flag in capability.get("flags", ())
    }
    return {
        "$id": _SCHEMA_ROOT + connector.schema_place,
        "$schema": _DRAFT,
        "title": f"{type_name}Connection",
        "description": connector.answers["description"],
        "type": "object",
        "javaType": f"{connector.java_package}.{type_name}Connection",
        "definitions": definitions,
        "properties": properties,
        "additionalProperties": False,
        "required": connector.required,
    }


def definition_schema(connector: Connector, name: str) -> Json:
    """The JSON Schema of an auth type's own fields, as a file below the connection schema.

    Its title is the class that Python's generator makes of it, which would spell words in its own way.
    """
    (auth,) = (auth for auth in connector.auth if auth["name"] == name)
    head = {"$id": _SCHEMA_ROOT + connector.definition_place(auth["model"]), "$schema": _DRAFT}
    return head | _definition(auth) | {"title": auth["model"]}


def test_connection(connector: Connector) -> Json:
    """The test-connection definition: one step per check, the gate first."""
    title = connector.answers["display_name"]
    return {
        "name": connector.answers["type_name"],
        "displayName": f"{title} Test Connection",
        "description": f"Checks that {title} can be reached and that its metadata can be read.",
        "steps": [_step(name, facts, title) for name, facts in connector.steps.items()],
    }


def sample(connector: Connector) -> Json:
    """A valid configuration with the first auth type; its secrets are a workflow's environment variables."""
    result: Json = {"type": connector.answers["type_name"]}
    if connector.answers["scheme"]:
        result["scheme"] = connector.answers["scheme"]
    for name in connector.properties:
        value = connector.given(name, "${{{variable}}}")
        if name == "authType":
            value = connector.auth_settings(connector.auth[0], "${{{variable}}}")
        if value is not None:
            result[name] = value
    return result


def to_json(data: Json | list[Any], indent: int = 2) -> str:
    """JSON as OpenMetadata's files have it: non-ASCII text as it is, no trailing blanks."""
    return json.dumps(data, indent=indent, ensure_ascii=False)


def _head(camel: str, type_name: str, scheme: str) -> Json:
    head: Json = {
        "type": {
            "title": "Service Type",
            "description": _TYPE,
            "$ref": f"#/definitions/{camel}Type",
            "default": type_name,
        }
    }
    if scheme:
        head["scheme"] = {
            "title": "Connection Scheme",
            "description": _SCHEME,
            "$ref": f"#/definitions/{camel}Scheme",
            "default": scheme,
        }
    return head


def _property(connector: Connector, name: str, facts: Json) -> Json:
    result: Json = {"title": facts["title"]}
    if text := connector.described(name):
        result["description"] = text
    if "reference" in facts:
        result["$ref"] = _refer(connector, facts["reference"])
    if "type" in facts:
        result["type"] = facts["type"]
    for key in ("format", "enum"):
        if key in facts:
            result[key] = facts[key]
    if facts.get("mask"):
        result["mask"] = True
    if name == "authType":
        result["oneOf"] = [_auth_choice(connector, auth) for auth in connector.auth]
    default = connector.default(name)
    if default is not None:
        result["default"] = default
    if name == "hostPort" and default is not None:
        result["examples"] = [default]
    if "example" in facts:
        result["examples"] = [facts["example"]]
    return result


def _auth_choice(connector: Connector, auth: Json) -> Json:
    if connector.definition_file(auth["name"]):
        place = posixpath.relpath(connector.definition_place(auth["model"]), posixpath.dirname(connector.schema_place))
        return {"title": auth["definition"]["title"], "$ref": f"./{place}"}
    if "definition" in auth:
        return {"$ref": f"#/definitions/{auth['model']}"}
    choice = {"title": auth["label"]} if "label" in auth else {}
    return choice | {"$ref": _refer(connector, auth["reference"])}


def _definition(auth: Json) -> Json:
    facts = auth["definition"]
    return {
        "title": facts["title"],
        "description": facts["description"],
        "type": "object",
        "javaType": auth["java"],
        "properties": facts["properties"],
        "additionalProperties": False,
        "required": facts["required"],
    }


def _step(name: str, facts: Json, title: str) -> Json:
    gate = facts.get("gate", False)
    step = {
        "name": name,
        "description": facts["description"].format(title=title),
        "errorMessage": facts["error"].format(title=title),
        "mandatory": facts["mandatory"],
    }
    if gate:
        step["shortCircuit"] = True
    return step | {"category": "ConnectionGate" if gate else "Capability"}


def _flag_title(flag: str) -> str:
    words = re.sub(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", " ", flag.removeprefix("supports"))
    return f"Supports {words}"


def _refer(connector: Connector, target: str) -> str:
    return reference(connector.schema_place, target, connector.release["targets"])


class SchemaExtension(Extension):
    """Adds the assembly functions as Jinja filters on `connector`."""

    def __init__(self, environment: Environment) -> None:
        super().__init__(environment)
        for function in (connection_schema, definition_schema, test_connection, sample):
            environment.filters[function.__name__] = function
        environment.filters["schema_json"] = to_json
