"""Reading a request's body piece by piece: no faster than it is consumed, no slower than the client may be."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from starlette.requests import ClientDisconnect
from starlette.types import Message, Receive

from services.gateway.problems import Problem, Refused

IDLE_SECONDS = 30.0
"""Longest wait for the next piece of a body."""
JSON_LIMIT = 2 * 1024 * 1024
"""Largest JSON body, in bytes."""


class Intake:
    """The body of one request. `ended` once its last piece was read."""

    def __init__(self, receive: Receive, idle_seconds: float = IDLE_SECONDS) -> None:
        self._receive = receive
        self._idle_seconds = idle_seconds
        self._stopped = asyncio.Event()
        self.ended = False

    async def pieces(self) -> AsyncIterator[bytes]:
        """The body's pieces as they come; they end early once `stop` was called.

        Raises:
            Refused: 408, nothing came for too long.
            ClientDisconnect: nobody is there any more.
        """
        while not self.ended:
            event = await self._next_unless_stopped()
            if event is None:
                return
            if event.get("body"):
                yield event["body"]

    def stop(self) -> None:
        """Reads no further; a reader that waits for the next piece sees the end."""
        self._stopped.set()

    async def whole(self, limit: int = JSON_LIMIT) -> bytes:
        """The body at once.

        Raises:
            Refused: 413, more than `limit` bytes; 408 as `pieces`.
            ClientDisconnect: as `pieces`.
        """
        collected = bytearray()
        while not self.ended:
            collected += (await self._next()).get("body", b"")
            if len(collected) > limit:
                raise Refused(Problem(413, "BODY_TOO_LARGE", f"The body may have {limit} bytes."))
        return bytes(collected)

    async def discard(self, seconds: float) -> None:
        """Throws away what still comes, for some time."""
        self._stopped.clear()
        try:
            async with asyncio.timeout(seconds):
                async for _ in self.pieces():
                    pass
        except (TimeoutError, Refused, ClientDisconnect):
            return

    async def _next_unless_stopped(self) -> Message | None:
        event = asyncio.ensure_future(self._next())
        stopped = asyncio.ensure_future(self._stopped.wait())
        try:
            await asyncio.wait((event, stopped), return_when=asyncio.FIRST_COMPLETED)
            return event.result() if event.done() else None
        finally:
            event.cancel()
            stopped.cancel()

    async def _next(self) -> Message:
        try:
            async with asyncio.timeout(self._idle_seconds):
                event = await self._receive()
        except TimeoutError:
            detail = f"Nothing came for {self._idle_seconds:g} seconds."
            raise Refused(Problem(408, "REQUEST_TOO_SLOW", detail)) from None
        self.ended = event["type"] == "http.disconnect" or not event.get("more_body", False)
        if event["type"] == "http.disconnect":
            raise ClientDisconnect
        return event
