"""Server streams as WebSocket, on the same path: one JSON text for each message."""

from __future__ import annotations

import logging
from contextlib import aclosing

from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState

from services.gateway.calls import STREAM_SECONDS, Calls, StreamCall, messages_of
from services.gateway.contract import Contract, Kind
from services.gateway.exchange import Exchange, open_exchange, request_id_of
from services.gateway.problems import FAULT, Problem, Refused
from services.gateway.streaming import Ending, StreamRegistry, until_gone
from services.gateway.transcoding import as_json, build_request

_log = logging.getLogger(__name__)
_FINISHED, _GOING_AWAY, _REFUSED, _FAULT = 1000, 1001, 1008, 1011


class Sockets:
    """Serves one stream as WebSocket. It closes with 1000 at the stream's end and 1001 when the gateway closes.

    A refusal is a last message with the problem's JSON, and 1008 with the problem's reason (1011 when it is ours).
    The handshake is accepted all the same: a browser cannot read the answer to a refused one.
    """

    def __init__(self, contract: Contract, calls: Calls, registry: StreamRegistry) -> None:
        self._contract = contract
        self._calls = calls
        self._registry = registry

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serves one WebSocket from handshake to close."""
        socket = WebSocket(scope, receive, send)
        try:
            await socket.accept(headers=[(b"x-request-id", request_id_of(scope).encode())])
            await self._serve(socket, scope, receive)
        except Refused as refused:
            await self._refuse(socket, refused.problem)
        except WebSocketDisconnect:
            return
        except Exception:
            _log.exception("fault", extra={"path": scope["path"], "request_id": request_id_of(scope)})
            await self._refuse(socket, FAULT)

    async def _serve(self, socket: WebSocket, scope: Scope, receive: Receive) -> None:
        exchange = open_exchange(self._contract, scope)
        if exchange.route.rpc.kind is not Kind.STREAM:
            raise Refused(Problem(404, "ROUTE_NOT_FOUND", "There is no stream at this path."))
        call = self._calls.stream(exchange, build_request(exchange), STREAM_SECONDS)
        try:
            ending = await self._registry.serve(_write(socket, exchange, call), until_gone(receive))
        finally:
            call.cancel()
        if ending is not Ending.GONE:
            await socket.close(_FINISHED if ending is Ending.FINISHED else _GOING_AWAY)

    async def _refuse(self, socket: WebSocket, problem: Problem) -> None:
        if socket.application_state is not WebSocketState.CONNECTED:
            return
        try:
            await socket.send_text(problem.as_json(request_id_of(socket.scope)))
            # A close reason has at most 123 bytes; reasons are short and ASCII.
            await socket.close(_REFUSED if problem.status < 500 else _FAULT, problem.reason[:123])
        except WebSocketDisconnect:
            return


async def _write(socket: WebSocket, exchange: Exchange, call: StreamCall) -> None:
    async with aclosing(messages_of(call, exchange)) as messages:
        async for message in messages:
            await socket.send_text(as_json(exchange.route, message).decode("utf-8"))
