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

# Root of the identifiers of OpenMetadata's JSON Schemas, and of their Java classes.
_SCHEMA_ROOT = "https://open-metadata.org/schema/"
_JAVA_ROOT = "org.openmetadata.schema.services.connections"

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
    service_type = connector.answers["service_type"]
    enums = {f"{camel}Type": (_TYPE, type_name)}
    if scheme := connector.answers["scheme"]:
        enums[f"{camel}Scheme"] = (_SCHEME, scheme)
    definitions = {
        name: {"description": text, "type": "string", "enum": [value], "default": value}
        for name, (text, value) in enums.items()
    }
    definitions |= {
        definition["name"]: _definition(connector, definition)
        for definition in (auth.get("definition") for auth in connector.auth)
        if definition
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
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": f"{type_name}Connection",
        "description": connector.answers["description"],
        "type": "object",
        "javaType": f"{_JAVA_ROOT}.{service_type}.{type_name}Connection",
        "definitions": definitions,
        "properties": properties,
        "additionalProperties": False,
        "required": connector.required,
    }


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
        value = connector.example(name)
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
    if "format" in facts:
        result["format"] = facts["format"]
    if facts.get("mask"):
        result["mask"] = True
    if name == "authType":
        result["oneOf"] = [_auth_choice(connector, auth) for auth in connector.auth]
    default = connector.default(name)
    if default is not None:
        result["default"] = default
    if name == "hostPort" and default is not None:
        result["examples"] = [default]
    return result


def _auth_choice(connector: Connector, auth: Json) -> Json:
    if "definition" in auth:
        return {"$ref": f"#/definitions/{auth['definition']['name']}"}
    choice = {"title": auth["label"]} if "label" in auth else {}
    return choice | {"$ref": _refer(connector, auth["reference"])}


def _definition(connector: Connector, facts: Json) -> Json:
    package = f"{_JAVA_ROOT}.{connector.answers['service_type']}.{connector.answers['module']}"
    return {
        "title": facts["title"],
        "description": facts["description"],
        "type": "object",
        "javaType": f"{package}.{facts['name']}",
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
        for function in (connection_schema, test_connection, sample):
            environment.filters[function.__name__] = function
        environment.filters["schema_json"] = to_json
