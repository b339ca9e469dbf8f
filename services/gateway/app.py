"""The gateway as an ASGI application: everything under /api comes from the contract; beside it stand the pages that
a platform asks for."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import grpc
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.types import Receive, Scope, Send

from services.gateway.answers import Envelope, answer_unread, problem_response
from services.gateway.calls import Calls
from services.gateway.contract import Contract, Kind
from services.gateway.documentation import documentation_routes
from services.gateway.downloads import Downloads
from services.gateway.exchange import Exchange, find_route, open_exchange, raw_path_of, request_id_of
from services.gateway.intake import Intake
from services.gateway.openapi import build_openapi
from services.gateway.problems import Problem, Refused
from services.gateway.sockets import Sockets
from services.gateway.streaming import EventStream, StreamRegistry
from services.gateway.transcoding import as_json, build_request, is_empty
from services.gateway.uploads import Uploads

Readiness = Callable[[], Awaitable[list[str]]]
Metrics = Callable[[], tuple[bytes, str]]
_API = "/api/{path:path}"


def build_app(
    contract: Contract,
    channels: Mapping[str, grpc.aio.Channel],
    *,
    readiness: Readiness,
    metrics: Metrics,
    timeout_seconds: float = 30.0,
) -> Starlette:
    """Makes the application.

    `channels` are keyed by the contract's `served_by`; `readiness` answers why the gateway cannot serve now, empty
    when it can; `metrics` answers a body and its content type; a unary call may take `timeout_seconds`.

    Raises:
        ContractError: a route of the contract has no channel.
    """
    calls = Calls(contract, channels, timeout_seconds)
    streams = StreamRegistry()
    routes = [
        Route("/", _home),
        *_platform_routes(readiness, metrics),
        *documentation_routes(build_openapi(contract, _own_version())),
        Route(_API, ContractRoutes(contract, calls, streams)),
        WebSocketRoute(_API, Sockets(contract, calls, streams)),
    ]
    app = Starlette(routes=routes, middleware=[Middleware(Envelope)], exception_handlers={HTTPException: _unrouted})
    # A slash too many is another path: guessing would hide a caller's mistake behind a redirect.
    app.router.redirect_slashes = False
    app.state.streams = streams
    return app


async def shutdown_streams(app: Starlette) -> None:
    """Ends all open event streams and WebSockets. To be called before uvicorn drains."""
    await app.state.streams.shutdown()


def span_name(contract: Contract) -> Callable[[Scope], tuple[str, dict[str, Any]]]:
    """Names a request's span by its route: `POST /api/v1/jobs/{job_id}:close`, with the attribute `http.route`.

    What it answers is OpenTelemetryMiddleware's `default_span_details`; its attributes go before the middleware's own.
    """

    def details(scope: Scope) -> tuple[str, dict[str, Any]]:
        verb = "GET" if scope["type"] == "websocket" else scope["method"]
        # The middleware records the query as it is, and a WebSocket's has the access token in it.
        hidden = {"url.query": "access_token=REDACTED"} if b"access_token" in scope.get("query_string", b"") else {}
        try:
            template = find_route(contract, scope, verb).route.template.text
        except Refused:
            # A name holds no free text, or there would be one for every path that somebody tries.
            return f"{verb} {_known(scope['path'])}".strip(), hidden
        return f"{verb} {template}", {"http.route": template, **hidden}

    return details


class ContractRoutes:
    """Serves every HTTP route of the contract."""

    def __init__(self, contract: Contract, calls: Calls, streams: StreamRegistry) -> None:
        self._contract = contract
        self._calls = calls
        self._serve = {
            Kind.UNARY: self._serve_unary,
            Kind.UPLOAD: Uploads(calls).serve,
            Kind.DOWNLOAD: Downloads(calls).serve,
            Kind.STREAM: EventStream(calls, streams).serve,
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serves one request.

        Raises:
            Refused: whatever the request is refused for; Envelope answers it.
        """
        allowed = self._contract.table.allowed(raw_path_of(scope)) if scope["method"] == "OPTIONS" else ()
        if allowed:
            await Response(status_code=204, headers={"allow": ", ".join(allowed)})(scope, receive, send)
            return
        exchange = open_exchange(self._contract, scope)
        await self._serve[exchange.route.rpc.kind](exchange, scope, receive, send)

    async def _serve_unary(self, exchange: Exchange, scope: Scope, receive: Receive, send: Send) -> None:
        intake = Intake(receive)
        try:
            body = await intake.whole() if _has_body(exchange) else b""
            answer = await self._calls.unary(exchange, build_request(exchange, body))
            response = Response(status_code=204) if is_empty(exchange.route) else _json(as_json(exchange.route, answer))
        except Refused as refused:
            response = problem_response(refused.problem, exchange.request_id)
        if not _has_body(exchange):
            await response(scope, receive, send)
        else:
            await answer_unread(response, scope, intake, send)


def _has_body(exchange: Exchange) -> bool:
    headers = exchange.headers
    return headers.get("content-length", "0") != "0" or "transfer-encoding" in headers


def _json(body: bytes) -> Response:
    return Response(body, media_type="application/json")


def _platform_routes(readiness: Readiness, metrics: Metrics) -> list[Route]:
    async def healthz(_: Request) -> Response:
        return PlainTextResponse("ok\n")

    async def readyz(_: Request) -> Response:
        reasons = await readiness()
        return JSONResponse({"ready": not reasons, "reasons": reasons}, 503 if reasons else 200)

    async def exposition(_: Request) -> Response:
        body, content_type = metrics()
        return Response(body, headers={"content-type": content_type})

    return [Route("/healthz", healthz), Route("/readyz", readyz), Route("/metrics", exposition)]


async def _home(_: Request) -> Response:
    return RedirectResponse("/api/docs")


async def _unrouted(request: Request, error: Exception) -> Response:
    """What Starlette's own router refuses: 404, and 405 with Allow."""
    status = error.status_code if isinstance(error, HTTPException) else 500
    headers = dict(error.headers or {}) if isinstance(error, HTTPException) else {}
    if status == 405:
        problem = Problem(405, "METHOD_NOT_ALLOWED", f"This path takes no {request.method}.", extra_headers=headers)
    else:
        problem = Problem(404, "ROUTE_NOT_FOUND", "There is nothing at this path.")
    return problem_response(problem, request_id_of(request.scope))


def _known(path: str) -> str:
    return path if path in ("/", "/healthz", "/readyz", "/metrics") else ""


def _own_version() -> str:
    try:
        return version("candor")
    except PackageNotFoundError:
        return "0"
