"""What a handler is: options that are read from the configuration, and what is done with an event."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Protocol

from metadata.generated.schema.type.changeEvent import ChangeEvent
from metadata.generated.schema.type.filterPattern import FilterPattern
from pydantic import Field

from ..options import Selection, Settings, is_selected
from ..queue import Delivery


class HandlerOptions(Settings):
    """What every handler has: which events it is to have, by regular expressions that match the beginning of a name."""

    entityTypes: Annotated[Selection, Field(description="Types of entities, such as `table`; all if left out")] = (
        FilterPattern()
    )
    eventTypes: Annotated[Selection, Field(description="Types of events, such as `entityUpdated`; all if left out")] = (
        FilterPattern()
    )

    def selects(self, event: ChangeEvent) -> bool:
        """Whether the handler is to have an event."""
        return is_selected(self.entityTypes, event.entityType) and is_selected(self.eventTypes, event.eventType.value)

    def open(self) -> Handler:
        """The handler. Raises HandlerError where it can't be had."""
        raise NotImplementedError

    def opened(self, begun: Sequence[bytes]) -> Handler:
        """The handler, after what a process that was killed left half done: `begun` are the bodies it was at."""
        return self.open()


class Handler(Protocol):
    """What is done with the events that are selected, by several threads at a time; one at a time of each entity.

    An attempt that did not work raises TryAgainError or GiveUpError; any other exception is tried again, too. A
    delivery that is `in_doubt` may have been handled before: the process ended in the middle of it.
    """

    def handle(self, event: ChangeEvent, delivery: Delivery) -> None: ...

    def close(self) -> None: ...


class HandlerError(RuntimeError):
    """A handler can't be opened. The message is one line without secrets: what is wrong, and what to do."""


class TryAgainError(Exception):
    """It did not work now. The message is one line without secrets; `after` is what the other side asks to wait, in seconds."""

    def __init__(self, reason: str, after: float = 0.0) -> None:
        super().__init__(reason)
        self.after = after


class GiveUpError(Exception):
    """It will never work. The message is one line without secrets."""
