"""The JSON Schema of the answer `options`."""

from __future__ import annotations

from docs.schema_pieces import DRAFT, Facts, closed, listed, text, whole, without
from extensions import options


def of_options(address: str) -> Facts:
    """The schema of the answer `options`."""
    value = text(options.MAX_VALUE, "A value.")
    integer = whole(options.INTEGERS[0], options.INTEGERS[-1], "A whole number.")
    kinds: Facts = {
        "string": value,
        "url": value,
        "integer": integer,
        "number": {"type": "number"},
        "boolean": {"type": "boolean"},
    }
    properties = {
        "type": {"description": "What its values are. `string` if it is left out.", "enum": list(options._TYPES)},
        "title": text(
            options.MAX_TITLE, "What the form calls it. If it is left out, it follows from the name.", "Tenant"
        ),
        "description": text(options.MAX_DESCRIPTION, "A sentence or two for the form.", "The tenant to read."),
        "secret": {"description": "True for a password field.", "type": "boolean"},
        "choices": {
            "description": "The texts that can be given.",
            "type": "array",
            "minItems": 2,
            "uniqueItems": True,
            "items": value,
            "examples": [["eu", "us"]],
        },
        "required": {"description": "True where no connection can be made without it.", "type": "boolean"},
        "default": {"description": "What counts where it is not given."},
        "example": {"description": "A value for the documentation, the workflows and the tests."},
    }
    assert list(properties) == list(options.KEYS)
    rules: list[Facts] = [
        {
            "if": {"properties": {"type": {"const": kind}}, "required": ["type"]},
            "then": {"properties": {"default": shape, "example": shape}},
        }
        for kind, shape in kinds.items()
    ]
    rules.append({"if": {"not": {"required": ["type"]}}, "then": {"properties": {"default": value, "example": value}}})
    secret = {"properties": {"secret": {"const": True}}, "required": ["secret"]}
    of_text = {"type": {"const": "string"}}
    no = without(("choices", "default", "example"), "a secret has none")["properties"]
    rules.append({"if": secret, "then": {"properties": no | of_text}})
    rules.append({"if": {"required": ["choices"]}, "then": {"properties": of_text}})
    needed = {"properties": {"required": {"const": True}}, "required": ["required"]}
    rules.append({"if": needed, "then": without(["default"], "what has a default need not be given")})
    one = closed("What the option is.", properties, allOf=rules) | {"type": ["object", "null"]}
    del one["minProperties"]
    names = {"pattern": f"^(?:{options._NAME.pattern})$", "maxLength": options.MAX_NAME}
    head = {"$schema": DRAFT, "$id": address, "title": "Options of a connection's own"}
    return head | listed(one, "The answer `options`: the name of each, and what it is.") | {"propertyNames": names}
