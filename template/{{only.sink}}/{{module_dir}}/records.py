"""What is delivered: each record as an envelope, with a key by which a receiver knows it again."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from metadata.generated.schema.api.lineage.addLineage import AddLineageRequest
from metadata.ingestion.models.delete_entity import DeleteEntity
from metadata.ingestion.ometa.utils import model_str
from metadata.utils.fqn import quote_name
from metadata.utils.logger import get_log_name
from pydantic import BaseModel
from pydantic_core import to_jsonable_python
from typing_extensions import Self

# The field of a record that names what it stands in, the innermost first.
PARENTS = (
    "databaseSchema",
    "database",
    "apiCollection",
    "spreadsheet",
    "directory",
    "parent",
    "classification",
    "glossary",
    "service",
)


@dataclass(frozen=True)
class Envelope:
    """A record as it is delivered: `type` is its class, `name` what it is about, `content` the record as JSON."""

    type: str
    name: str
    content: Any

    @classmethod
    def of(cls, record: Any) -> Self:
        """The envelope of a record of the framework. Raises ValueError for one that JSON has no words for."""
        envelope = cls(type(record).__name__, name_of(record), content_of(record))
        _ = envelope.line  # what can't be written is found now
        return envelope

    @classmethod
    def read(cls, line: bytes) -> Self:
        """The envelope that a line is of. Raises ValueError."""
        data = json.loads(line)
        if not isinstance(data, dict) or not isinstance(data.get("type"), str) or not isinstance(data.get("name"), str):
            raise ValueError("is no envelope: type and name are missing")
        return cls(data["type"], data["name"], data.get("record"))

    @cached_property
    def key(self) -> str:
        """SHA-256, in hex, of type, name and content as one JSON array: the same each time for the same record."""
        text = json.dumps([self.type, self.name, self.content], sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()

    @cached_property
    def line(self) -> bytes:
        """The envelope as JSON in UTF-8, on one line without its end."""
        data = {"key": self.key, "type": self.type, "name": self.name, "record": self.content}
        return json.dumps(data, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()


def batch_key(envelopes: Iterable[Envelope]) -> str:
    """SHA-256, in hex, of the keys of envelopes, one a line: the same each time for the same batch."""
    return hashlib.sha256("".join(f"{envelope.key}\n" for envelope in envelopes).encode()).hexdigest()


def content_of(record: Any) -> Any:
    """A record as JSON has it, by the names of OpenMetadata's schemas: what was set of it, with secrets masked.

    Raises ValueError.
    """
    settings: dict[str, Any] = {"exclude_none": True, "by_alias": True, "serialize_as_any": True, "fallback": _named}
    settings["context"] = {"mask_secrets": True}
    if isinstance(record, BaseModel):
        return record.model_dump(mode="json", exclude_unset=True, warnings=False, **settings)
    return to_jsonable_python(record, inf_nan_mode="strings", **settings)


def name_of(record: Any) -> str:
    """What a record is about: a fully qualified name where it has one, else what the framework calls it in its log."""
    if isinstance(record, DeleteEntity):
        record = record.entity
    if isinstance(record, AddLineageRequest):
        ends = (record.edge.fromEntity, record.edge.toEntity)
        return " -> ".join(model_str(end.fullyQualifiedName or end.id) for end in ends)
    if name := getattr(record, "fullyQualifiedName", None):
        return model_str(name)
    if name := getattr(record, "name", None):
        parent = next((value for field in PARENTS if (value := getattr(record, field, None))), None)
        own = _quoted(model_str(name))
        return f"{model_str(parent)}.{own}" if parent else own
    return get_log_name(record) or type(record).__name__


def _quoted(name: str) -> str:
    """A name as a part of a fully qualified one; as it is where OpenMetadata would not have it."""
    try:
        return quote_name(name)
    except ValueError:
        return name


def _named(value: Any) -> str:
    """What stands in JSON for a class, which some records hold: its name."""
    if isinstance(value, type):
        return value.__name__
    raise ValueError(f"JSON has no words for a {type(value).__name__}")
