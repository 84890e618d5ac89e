"""What the JSON Schemas of YAML answers are put together from."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from extensions import api_requests

Facts = dict[str, Any]

# Draft 7 is what YAML language servers read best.
DRAFT = "http://json-schema.org/draft-07/schema#"


def text(most: int, description: str, *examples: str, least: int = 1) -> Facts:
    """A text of one line."""
    said = {"type": "string", "minLength": least, "maxLength": most, "pattern": r"^[^\u0000-\u001f\u007f]*$"}
    return {"description": description} | said | ({"examples": list(examples)} if examples else {})


def whole(least: int, most: int, description: str, *examples: int) -> Facts:
    """A whole number."""
    shown = {"examples": list(examples)} if examples else {}
    return {"description": description, "type": "integer", "minimum": least, "maximum": most} | shown


def expression(description: str, *examples: str) -> Facts:
    return text(api_requests.MAX_EXPRESSION, f"{description} JMESPath.", *examples)


def keys(description: str, *examples: str) -> Facts:
    return text(api_requests.MAX_EXPRESSION, description, *examples)


def listed(values: Facts, description: str, *examples: Facts) -> Facts:
    """An object with values of any names, one at least."""
    shown = {"examples": list(examples)} if examples else {}
    return {"description": description, "type": "object", "minProperties": 1, "additionalProperties": values} | shown


def closed(description: str, properties: Facts, needed: Iterable[str] = (), **more: Any) -> Facts:
    """An object with these keys and no others, one at least."""
    required = {"required": list(needed)} if needed else {"minProperties": 1}
    said = {"description": description, "type": "object", "additionalProperties": False}
    return said | required | {"properties": properties} | more


def flat(description: str, *examples: Facts) -> Facts:
    """What is sent as a query or a form."""
    one = {"type": ["string", "number", "boolean"]}
    return listed({"anyOf": [one, {"type": "array", "items": one}]}, description, *examples)


def refused(because: str) -> Facts:
    """What nothing is: a key that does not belong here. Editors show the reason."""
    return {"not": {}, "errorMessage": f"leave it out: {because}"}


def without(names: Iterable[str], because: str) -> Facts:
    return {"properties": {name: refused(because) for name in names}}


def ref(name: str) -> Facts:
    return {"$ref": f"#/definitions/{name}"}
