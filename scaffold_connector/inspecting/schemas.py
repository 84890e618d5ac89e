"""Schemas of an OpenAPI document as far as they say what records have: references resolved, alternatives merged.

`referencing` looks references up, in a registry that has the document alone and nothing to retrieve others with. So a
`$ref` to a file or to another host finds nothing: it is noted, and what it stands for is unknown.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

# How many references in a row, how many levels of allOf, and how many properties are looked at.
MOST_HOPS = 30
MOST_LEVELS = 12
MOST_PROPERTIES = 1000

Json = dict[str, Any]


@dataclass
class Shape:
    """What a schema says: the `types` it allows, `properties` of an object, `items` of a list. These are schemas."""

    types: set[str] = field(default_factory=set)
    properties: dict[str, Any] = field(default_factory=dict)
    items: Any = None
    values: Any = None
    format: str = ""
    enum: tuple[Any, ...] = ()
    description: str = ""
    default: Any = None
    minimum: Any = None
    maximum: Any = None

    @property
    def is_list(self) -> bool:
        return "array" in self.types or self.items is not None

    @property
    def is_object(self) -> bool:
        return bool(self.properties) or "object" in self.types


class Schemas:
    """Resolves and reads the schemas of one document. `unfollowed` are the references that lead out or nowhere."""

    def __init__(self, document: Json) -> None:
        from referencing import Registry, Specification

        resource: Any = Specification.OPAQUE.create_resource(document)
        self._resolver: Any = Registry().with_resource("", resource).resolver()
        self._found: dict[str, Any] = {}
        self._shapes: dict[int, tuple[Any, Shape]] = {}
        self.unfollowed: dict[str, str] = {}

    def resolved(self, node: Any) -> Any:
        """What a node is, or what its `$ref` stands for; an empty object where that can't be had."""
        for _ in range(MOST_HOPS):
            if not isinstance(node, dict):
                return node if node is not None else {}
            reference = node.get("$ref")
            if not isinstance(reference, str):
                return node
            node = self._at(reference)
        self.unfollowed[str(reference)[:100]] = "goes round in a circle"
        return {}

    def _at(self, reference: str) -> Any:
        if reference not in self._found:
            self._found[reference] = self._looked_up(reference)
        return self._found[reference]

    def _looked_up(self, reference: str) -> Any:
        if not reference.startswith("#"):
            self.unfollowed[reference[:100]] = "is outside of the document, which is never followed"
            return {}
        try:
            return self._resolver.lookup(reference).contents
        except Exception:  # whatever a pointer that fits nothing raises
            self.unfollowed[reference[:100]] = "leads to nothing"
            return {}

    def shape(self, schema: Any) -> Shape:
        """What a schema says, with its `allOf`, `oneOf` and `anyOf`."""
        schema = self.resolved(schema)
        if not isinstance(schema, dict):
            return Shape()
        # By identity: the schema is kept with its shape, so that no other gets its number.
        if id(schema) not in self._shapes:
            shape = Shape()
            self._merge(schema, shape, 0, set())
            self._shapes[id(schema)] = (schema, shape)
        return self._shapes[id(schema)][1]

    def _merge(self, schema: Json, shape: Shape, level: int, seen: set[int]) -> None:
        if level > MOST_LEVELS or id(schema) in seen:
            return
        seen.add(id(schema))
        kinds = schema.get("type")
        kinds = kinds if isinstance(kinds, list) else [kinds]
        shape.types |= {kind for kind in kinds if isinstance(kind, str) and kind != "null"}
        if isinstance(properties := schema.get("properties"), dict):
            for name, one in properties.items():
                if isinstance(name, str) and len(shape.properties) < MOST_PROPERTIES:
                    shape.properties.setdefault(name, one)
        if isinstance(schema.get("items"), dict) and shape.items is None:
            shape.items = schema["items"]
        if isinstance(schema.get("additionalProperties"), dict) and shape.values is None:
            shape.values = schema["additionalProperties"]
        if isinstance(schema.get("enum"), list) and not shape.enum:
            shape.enum = tuple(schema["enum"][:100])
        shape.format = shape.format or _text(schema.get("format"))
        shape.description = shape.description or _text(schema.get("description"))
        for name in ("default", "minimum", "maximum"):
            if getattr(shape, name) is None:
                setattr(shape, name, schema.get(name))
        for word in ("allOf", "oneOf", "anyOf"):
            for part in schema[word] if isinstance(schema.get(word), list) else ():
                part = self.resolved(part)
                if isinstance(part, dict):
                    self._merge(part, shape, level + 1, seen)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""
