"""What goes back over HTTP: JSON, problems, and the headers that every answer has."""

from __future__ import annotations

import logging

from starlette.datastructures import MutableHeaders
from starlette.requests import ClientDisconnect
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from services.gateway.exchange import request_id_of
from services.gateway.intake import Intake
from services.gateway.problems import FAULT, Problem, Refused

_log = logging.getLogger(__name__)
_LINGER_SECONDS = 2.0
_ALWAYS = {"x-content-type-options": "nosniff", "referrer-policy": "no-referrer"}
_BY_DEFAULT = {
    # What the API answers is private, and never a page.
    "cache-control": "no-store",
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'; sandbox",
}


def problem_response(problem: Problem, request_id: str) -> Response:
    """The HTTP response of a problem."""
    return Response(problem.as_json(request_id), problem.status, problem.headers())


class Envelope:
    """ASGI middleware around everything: request id, security headers, and problems for what was refused or broke."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serves one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        outgoing = _Outgoing(send, request_id_of(scope))
        try:
            await self._app(scope, receive, outgoing)
        except ClientDisconnect:
            return
        except Refused as refused:
            await self._refuse(refused.problem, scope, receive, outgoing)
        except Exception:
            _log.exception("fault", extra={"path": scope["path"], "request_id": outgoing.request_id})
            await self._refuse(FAULT, scope, receive, outgoing)

    async def _refuse(self, problem: Problem, scope: Scope, receive: Receive, outgoing: _Outgoing) -> None:
        if outgoing.started:
            # The status is out already. Ending without the last chunk tells the client that the answer is cut short.
            _log.warning("answer cut short", extra={"path": scope["path"], "reason": problem.reason})
            return
        await problem_response(problem, outgoing.request_id)(scope, receive, outgoing)


class _Outgoing:
    """`send` that adds the headers of every answer."""

    def __init__(self, send: Send, request_id: str) -> None:
        self._send = send
        self.request_id = request_id
        self.started = False

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.started = True
            headers = MutableHeaders(scope=message)
            headers["x-request-id"] = self.request_id
            headers.update(_ALWAYS)
            for name, value in _BY_DEFAULT.items():
                headers.setdefault(name, value)
        await self._send(message)


async def answer_unread(response: Response, scope: Scope, intake: Intake, send: Send) -> None:
    """Answers a request whose body may not have been read to its end. If so, the connection is closed, but only after
    some time in which the rest is thrown away: closing on a client that still sends would take the answer from it."""
    if intake.ended:
        await response(scope, _nothing, send)
        return

    async def lingering(message: Message) -> None:
        if message["type"] == "http.response.body" and not message.get("more_body", False):
            await send({**message, "more_body": True})
            await intake.discard(_LINGER_SECONDS)
            message = {"type": "http.response.body", "body": b"", "more_body": False}
        await send(message)

    response.headers["connection"] = "close"
    await response(scope, _nothing, lingering)


async def _nothing() -> Message:
    return {"type": "http.disconnect"}
