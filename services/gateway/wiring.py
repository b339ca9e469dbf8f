"""How the gateway is put together."""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import Iterator
from typing import Any

import grpc
import uvicorn
from grpc_health.v1 import health_pb2, health_pb2_grpc
from starlette.applications import Starlette
from starlette.types import ASGIApp

from services.chassis.component import Assembly, Closing, Component
from services.chassis.logging import logger
from services.chassis.rpc.channels import dial
from services.chassis.runtime import Process
from services.chassis.settings import SettingsRefused
from services.chassis.telemetry import Telemetry
from services.gateway.app import build_app, shutdown_streams, span_name
from services.gateway.contract import Contract, load_contract
from services.gateway.settings import GatewaySettings

_log = logger(__name__)
_UNTRACED = "/healthz,/readyz,/metrics"


def assemble(process: Process) -> Component:
    """The gateway; it holds no state and verifies no token: every service does that for itself."""
    settings = process.load(GatewaySettings, "gateway")
    telemetry = process.telemetry
    contract = load_contract()
    addresses = {
        "store": settings.store_address,
        "parser": settings.parser_address,
        "scorer": settings.scorer_address,
    }
    channels = {name: dial(address, telemetry) for name, address in addresses.items()}

    async def readiness() -> list[str]:
        return await _store_answers(channels["store"])

    app = build_app(
        contract,
        channels,
        readiness=readiness,
        metrics=telemetry.exposition,
        timeout_seconds=settings.http_call_seconds,
    )
    server = HttpServer(settings.http_listen, app, _traced(app, contract, telemetry), settings.grace_seconds)
    return Assembly([*(Closing(channel.close) for channel in channels.values()), server])


class HttpServer:
    """uvicorn as a component."""

    def __init__(self, listen: str, app: Starlette, served: ASGIApp, grace_seconds: float) -> None:
        host, _, port = listen.rpartition(":")
        if not host or not port.isdigit():
            raise SettingsRefused(f"CANDOR_HTTP_LISTEN is `{listen}`; expected HOST:PORT, for instance 127.0.0.1:8080")
        self._app = app
        config = uvicorn.Config(
            served,
            host=host,
            port=int(port),
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,
            timeout_graceful_shutdown=int(grace_seconds) or 1,
        )
        self._server = _Server(config)
        self._serving: asyncio.Task[None] | None = None

    async def start(self) -> None:
        self._serving = asyncio.create_task(self._server.serve())
        while not self._server.started:
            if self._serving.done():
                raise SettingsRefused(f"CANDOR_HTTP_LISTEN: cannot listen on {self.address}; is the port taken?")
            await asyncio.sleep(0.01)
        _log.info("serving HTTP", listen=self.address)

    async def stop(self) -> None:
        """Open streams end first: uvicorn would wait for them."""
        await shutdown_streams(self._app)
        self._server.should_exit = True
        if self._serving is not None:
            await self._serving

    async def ready(self) -> list[str]:
        return []

    @property
    def address(self) -> str:
        return f"{self._server.config.host}:{self._server.config.port}"


class _Server(uvicorn.Server):
    """Signals belong to the runtime, which stops everything in order."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def _traced(app: Starlette, contract: Contract, telemetry: Telemetry) -> ASGIApp:
    # The stable HTTP conventions; the instrumentation still defaults to the old names.
    os.environ.setdefault("OTEL_SEMCONV_STABILITY_OPT_IN", "http")
    from opentelemetry.instrumentation.asgi import OpenTelemetryMiddleware

    traced: ASGIApp = OpenTelemetryMiddleware(
        app,
        default_span_details=span_name(contract),
        exclude_spans=["send", "receive"],
        excluded_urls=_UNTRACED,
        tracer_provider=telemetry.tracer_provider,
        meter_provider=telemetry.meter_provider,
    )
    return traced


async def _store_answers(channel: grpc.aio.Channel) -> list[str]:
    try:
        stub: Any = health_pb2_grpc.HealthStub(channel)
        answer = await stub.Check(health_pb2.HealthCheckRequest(), timeout=2)
    except grpc.aio.AioRpcError as error:
        return [f"the store does not answer ({error.code().name})"]
    serving = answer.status == health_pb2.HealthCheckResponse.SERVING
    return [] if serving else ["the store is not serving"]
