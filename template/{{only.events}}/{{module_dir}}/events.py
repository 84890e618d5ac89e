"""What is received: change events, in the model of the release that is installed."""

from __future__ import annotations

import json
from typing import Any

from metadata.generated.schema.type.changeEvent import ChangeEvent
from pydantic import ValidationError


class NoEventError(ValueError):
    """A body is no change event of the installed release. The message is one line, without values of the body."""


def loaded(body: bytes) -> dict[str, Any]:
    """The JSON object in a body. Raises NoEventError."""
    try:
        found = json.loads(body)
        # An escape may stand for half a character, which no file and no database takes.
        json.dumps(found, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        raise NoEventError("it holds half a character") from None
    except (ValueError, RecursionError):
        raise NoEventError("it is not JSON") from None
    if not isinstance(found, dict):
        raise NoEventError("it is not a JSON object")
    return found


def is_test(found: dict[str, Any]) -> bool:
    """Whether it is what the server sends when somebody tests a destination: a message alone."""
    return set(found) == {"message"}


def understood(found: dict[str, Any]) -> ChangeEvent:
    """The change event that an object is. Raises NoEventError."""
    try:
        return ChangeEvent.model_validate(found)
    except ValidationError as error:
        fault = error.errors(include_url=False, include_input=False, include_context=False)[0]
        place = ".".join(map(str, fault["loc"]))
        raise NoEventError(f"it is no ChangeEvent of this release: {place}: {fault['msg']}") from None


def identity(event: ChangeEvent) -> str:
    """The id of an event, which is the same whenever it is sent again."""
    return str(event.id.root)


def entity(event: ChangeEvent) -> str:
    """The entity that changed, as events are kept in order by."""
    return f"{event.entityType}/{event.entityId.root}"
