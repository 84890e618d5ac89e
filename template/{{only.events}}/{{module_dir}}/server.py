"""How it is served: by uvicorn, which sets no limit of its own to how long a client may take to ask."""

from __future__ import annotations

import asyncio

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from .app import Receiver, create_app

# Seconds from the beginning of a connection, or from the answer before, until the head of a request is there.
HEAD = 5.0

# Seconds from then until it is answered, and the answer is read. `answerSeconds` is at most 10.
WHOLE = 20.0

# Connections at the same time: about half of the descriptors that a process usually may have.
MOST = 500

# Connections that wait to be accepted: as many are accepted at a time, before the oldest is closed.
BACKLOG = 128


class Connection(H11Protocol):
    """A connection that is closed where the client takes too long, and of too many the one that keeps us waiting longest.

    A byte now and then does not make the time longer.
    """

    _timer: asyncio.TimerHandle | None = None
    _since = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self._allow(HEAD)
        # One that was closed in this turn of the loop is still among them.
        there = [one for one in self.connections if not one.transport.is_closing()]
        if len(there) > MOST:
            slow = [one for one in there if one._waits_for_client]
            min(slow, key=lambda one: one._since).transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        if self._timer:
            self._timer.cancel()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        before = self.cycle
        super().data_received(data)
        if self.cycle is not before:
            self._allow(WHOLE)

    def on_response_complete(self) -> None:
        super().on_response_complete()
        # The next request may have been there already.
        self._allow(HEAD if self.cycle.response_complete else WHOLE)

    @property
    def _waits_for_client(self) -> bool:
        """Whether the rest of a request, or the next one, has yet to come."""
        return self.cycle is None or self.cycle.response_complete or self.cycle.more_body

    def _allow(self, seconds: float) -> None:
        if self._timer:
            self._timer.cancel()
        self._since = self.loop.time()
        self._timer = self.loop.call_later(seconds, self.transport.abort)


def server(receiver: Receiver, host: str, port: int) -> uvicorn.Server:
    """What serves a receiver at an address; `run` returns when the process is asked to end."""
    return uvicorn.Server(
        uvicorn.Config(
            create_app(receiver),
            host=host,
            port=port,
            http=Connection,
            ws="none",
            backlog=BACKLOG,
            log_config=None,
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=10,
        )
    )
