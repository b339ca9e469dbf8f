"""Calls to the mesh, made from the contract alone: no stubs."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Coroutine, Mapping
from typing import Any

import grpc
from google.protobuf.message import Message

from services.gateway.contract import Contract, ContractError, Rpc
from services.gateway.exchange import Exchange
from services.gateway.problems import UNREACHABLE, Refused, from_rpc

TRANSFER_SECONDS = 600.0
"""Longest upload or download: 10 MiB over a slow line."""
STREAM_SECONDS = 3600.0
"""Longest a watcher is served before it has to come back."""

StreamCall = grpc.aio.UnaryStreamCall[Message, Message]


class Calls:
    """One multicallable per routed RPC. Every call has a deadline, and no call retries."""

    def __init__(self, contract: Contract, channels: Mapping[str, grpc.aio.Channel], timeout_seconds: float) -> None:
        """Takes the channels by the `served_by` of the contract.

        Raises:
            ContractError: a routed RPC is served by somebody to whom there is no channel.
        """
        self._timeout = timeout_seconds
        self._unary: dict[str, grpc.aio.UnaryUnaryMultiCallable[Message, Message]] = {}
        self._stream: dict[str, grpc.aio.UnaryStreamMultiCallable[Message, Message]] = {}
        self._upload: dict[str, grpc.aio.StreamUnaryMultiCallable[Message, Message]] = {}
        for rpc in {route.rpc.path: route.rpc for route in contract.routes}.values():
            if rpc.served_by not in channels:
                raise ContractError(f"{rpc.path} is served by {rpc.served_by!r}, to which there is no channel")
            self._prepare(rpc, channels[rpc.served_by])

    def _prepare(self, rpc: Rpc, channel: grpc.aio.Channel) -> None:
        write, read = rpc.request.SerializeToString, rpc.response.FromString
        if rpc.client_streaming:
            self._upload[rpc.path] = channel.stream_unary(
                rpc.path, request_serializer=write, response_deserializer=read
            )
        elif rpc.server_streaming:
            self._stream[rpc.path] = channel.unary_stream(
                rpc.path, request_serializer=write, response_deserializer=read
            )
        else:
            self._unary[rpc.path] = channel.unary_unary(rpc.path, request_serializer=write, response_deserializer=read)

    async def unary(self, exchange: Exchange, request: Message) -> Message:
        """Calls a unary RPC.

        Raises:
            Refused: the call failed.
        """
        method = self._unary[exchange.route.rpc.path]
        try:
            return await method(request, timeout=self._timeout, metadata=exchange.metadata())
        except grpc.aio.AioRpcError as error:
            raise Refused(from_rpc(error, exchange.route)) from error
        except asyncio.CancelledError:
            raise_if_cancelled()
            raise Refused(UNREACHABLE) from None

    async def upload(self, exchange: Exchange, messages: AsyncIterator[Message]) -> Message:
        """Calls a client-streaming RPC. Answers, or fails, as soon as the server does: perhaps before the last message.

        The messages go in as an iterator, because with `call.write()` an interceptor that waits for the status never
        lets the first message out.

        Raises:
            Refused: the call failed. One whose iterator failed ends the same way; the caller knows the cause.
        """
        method = self._upload[exchange.route.rpc.path]
        call = method(messages, timeout=TRANSFER_SECONDS, metadata=exchange.metadata())
        first = _FirstStatus()
        call.add_done_callback(first.note)
        try:
            return await call
        except grpc.aio.AioRpcError as error:
            raise Refused(from_rpc(first.instead_of(error), exchange.route)) from error
        except asyncio.CancelledError:
            raise_if_cancelled()
            raise Refused(UNREACHABLE) from None
        finally:
            call.cancel()

    def stream(self, exchange: Exchange, request: Message, seconds: float) -> StreamCall:
        """Begins a server-streaming RPC; whoever takes the call cancels it when done."""
        method = self._stream[exchange.route.rpc.path]
        return method(request, timeout=seconds, metadata=exchange.metadata())


class _FirstStatus:
    """The status that a call had first. When a server refuses while a message is on its way to it, that write fails,
    and grpc.aio puts INTERNAL before or in the place of the server's status (grpc#36066): in every second refused
    upload, measured with 1.85.1. Of the first status and the last one, one is the server's."""

    def __init__(self) -> None:
        self._failure: grpc.aio.AioRpcError | None = None

    def note(self, call: grpc.aio.StreamUnaryCall[Message, Message]) -> None:
        """Done callback: it runs within the first change of the status."""
        code = _settled(call.code())
        if code not in (None, grpc.StatusCode.OK):
            trailing = _settled(call.trailing_metadata()) or grpc.aio.Metadata()
            self._failure = grpc.aio.AioRpcError(code, grpc.aio.Metadata(), trailing, _settled(call.details()))

    def instead_of(self, error: grpc.aio.AioRpcError) -> grpc.aio.AioRpcError:
        """What the server said, given what the call ended with."""
        return self._failure or error if error.code() is grpc.StatusCode.INTERNAL else error


def _settled(coroutine: Coroutine[Any, Any, Any]) -> Any | None:
    """The result of a coroutine that has nothing to wait for any more; None if it would wait."""
    try:
        coroutine.send(None)
    except StopIteration as done:
        return done.value
    coroutine.close()
    return None


async def messages_of(call: StreamCall, exchange: Exchange) -> AsyncGenerator[Message]:
    """The messages of a stream.

    Raises:
        Refused: the call failed, now or midway.
    """
    try:
        async for message in call:
            yield message
    except grpc.aio.AioRpcError as error:
        raise Refused(from_rpc(error, exchange.route)) from error
    except asyncio.CancelledError:
        raise_if_cancelled()
        raise Refused(UNREACHABLE) from None


def raise_if_cancelled() -> None:
    """Re-raises a cancellation that is meant for this task. grpc.aio raises the same when only the *call* was ended."""
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError
