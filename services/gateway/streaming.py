"""Server streams as Server-Sent Events, and the register by which open streams end before the server drains."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Coroutine
from contextlib import aclosing
from enum import Enum
from typing import Any

from google.protobuf.message import Message
from starlette.types import Receive, Scope, Send

from services.gateway.calls import STREAM_SECONDS, Calls, StreamCall, messages_of
from services.gateway.exchange import Exchange
from services.gateway.problems import CLOSING, Refused
from services.gateway.transcoding import as_json, build_request

KEEP_ALIVE_SECONDS = 15.0
"""Proxies cut a silent connection after 30 to 60 seconds."""


class Ending(Enum):
    """Why a stream ended."""

    FINISHED = "finished"
    GONE = "the client is gone"
    CLOSING = "the gateway closes"


class StreamRegistry:
    """The open streams of a gateway."""

    def __init__(self) -> None:
        self._closing = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()
        self._open = 0

    @property
    def open_streams(self) -> int:
        """How many are served right now."""
        return self._open

    async def shutdown(self, seconds: float = 5.0) -> None:
        """Ends all streams and waits for that, for some time. New ones are refused from then on.

        To be called before uvicorn drains: it waits for its connections, and these would never end by themselves.
        """
        self._closing.set()
        try:
            async with asyncio.timeout(seconds):
                await self._idle.wait()
        except TimeoutError:
            return

    async def serve(self, work: Coroutine[Any, Any, None], gone: Coroutine[Any, Any, None]) -> Ending:
        """Runs `work` until it ends, `gone` returns or the gateway closes. Work is cancelled in the latter cases.

        Raises:
            Exception: whatever work raised.
        """
        self._open += 1
        self._idle.clear()
        working = asyncio.ensure_future(work)
        leaving = asyncio.ensure_future(gone)
        closing = asyncio.ensure_future(self._closing.wait())
        tasks: tuple[asyncio.Future[Any], ...] = (working, leaving, closing)
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            if working.done():
                working.result()
                return Ending.FINISHED
            return Ending.GONE if leaving.done() else Ending.CLOSING
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            self._open -= 1
            if not self._open:
                self._idle.set()


class EventStream:
    """Serves one stream as Server-Sent Events: `id` counts from 1, `data` is the message's JSON.

    A failure before the first message is an ordinary problem; a later one is an `error` event, and the end.
    """

    def __init__(self, calls: Calls, registry: StreamRegistry, keep_alive_seconds: float = KEEP_ALIVE_SECONDS) -> None:
        self._calls = calls
        self._registry = registry
        self._keep_alive_seconds = keep_alive_seconds

    async def serve(self, exchange: Exchange, scope: Scope, receive: Receive, send: Send) -> None:
        """Serves a GET.

        Raises:
            Refused: the call failed before its first message, or the gateway closes.
        """
        call = self._calls.stream(exchange, build_request(exchange), STREAM_SECONDS)
        feed = _Feed(send)
        try:
            ending = await self._registry.serve(self._write(exchange, call, feed), until_gone(receive))
        finally:
            call.cancel()
        if ending is Ending.CLOSING:
            if not feed.started:
                raise Refused(CLOSING)
            await feed.end()

    async def _write(self, exchange: Exchange, call: StreamCall, feed: _Feed) -> None:
        count = 0
        async with aclosing(ticking(messages_of(call, exchange), self._keep_alive_seconds)) as messages:
            try:
                async for message in messages:
                    await feed.start()
                    if exchange.head:
                        break
                    if message is None:
                        await feed.write(b": keep-alive\n\n")
                        continue
                    count += 1
                    await feed.write(b"id: %d\ndata: %b\n\n" % (count, as_json(exchange.route, message)))
            except Refused as refused:
                if not feed.started:
                    raise
                problem = refused.problem.as_json(exchange.request_id).encode()
                await feed.write(b"event: error\ndata: %b\n\n" % problem)
        await feed.start()
        await feed.end()


class _Feed:
    """The body of an event stream."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self.started = False

    async def start(self) -> None:
        if self.started:
            return
        self.started = True
        headers = [
            (b"content-type", b"text/event-stream; charset=utf-8"),
            # nginx would collect events until its buffer is full.
            (b"x-accel-buffering", b"no"),
        ]
        await self._send({"type": "http.response.start", "status": 200, "headers": headers})

    async def write(self, event: bytes) -> None:
        await self._send({"type": "http.response.body", "body": event, "more_body": True})

    async def end(self) -> None:
        await self._send({"type": "http.response.body", "body": b"", "more_body": False})


async def until_gone(receive: Receive) -> None:
    """Returns when the client of a request or a WebSocket is gone; what it still sends is ignored."""
    while (await receive())["type"] not in ("http.disconnect", "websocket.disconnect"):
        pass


async def ticking(messages: AsyncIterator[Message], seconds: float) -> AsyncGenerator[Message | None]:
    """The messages, and None whenever none came for some time. The wait for the next one is never interrupted,
    because grpc.aio ends a call whose read is cancelled."""
    waiting: asyncio.Task[tuple[Message] | None] | None = None
    try:
        while True:
            waiting = asyncio.create_task(_next(messages))
            while not (await asyncio.wait((waiting,), timeout=seconds))[0]:
                yield None
            found = waiting.result()
            if found is None:
                return
            yield found[0]
    finally:
        if waiting is not None:
            waiting.cancel()


async def _next(messages: AsyncIterator[Message]) -> tuple[Message] | None:
    try:
        return (await anext(messages),)
    except StopAsyncIteration:
        return None
