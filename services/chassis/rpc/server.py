"""A gRPC server as a component: layers, health, reflection, graceful stop."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import grpc
from grpc_health.v1 import health, health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection

from services.chassis.logging import logger
from services.chassis.rpc.interceptors.layer import Layer
from services.chassis.rpc.pipeline import Pipeline

_log = logger(__name__)
MESSAGE_LIMIT = 16 * 1024 * 1024
"""Bytes in one message. A CV's text and spans take 8 MiB at most (the parser's cap); files are streamed."""
_OPTIONS = [
    ("grpc.max_receive_message_length", MESSAGE_LIMIT),
    ("grpc.max_send_message_length", MESSAGE_LIMIT),
    # Our channels ping every 30 s; a server's default answers that with GOAWAY.
    ("grpc.http2.min_recv_ping_interval_without_data_ms", 10_000),
    # New pods get their share: clients come back, and round_robin spreads them.
    ("grpc.max_connection_age_ms", 600_000),
    ("grpc.max_connection_age_grace_ms", 120_000),
    ("grpc.so_reuseport", 0),
]

Registration = Callable[[grpc.aio.Server], None]
"""Adds one servicer: `lambda server: add_JobsServiceServicer_to_server(servicer, server)`."""


class RpcServer:
    """Serves gRPC on `HOST:PORT` or `unix:PATH`. `services` are full names, for health and reflection."""

    def __init__(
        self,
        listen: str,
        layers: Sequence[Layer],
        registrations: Sequence[Registration],
        services: Sequence[str],
        *,
        drain_seconds: float = 10.0,
    ) -> None:
        self._listen, self._layers = listen, layers
        self._registrations, self._services = registrations, services
        self._drain = drain_seconds
        self._health = health.aio.HealthServicer()
        self._server: grpc.aio.Server | None = None
        self.port = 0

    async def start(self) -> None:
        self._server = grpc.aio.server(interceptors=[Pipeline(self._layers)], options=_OPTIONS)
        for register in self._registrations:
            register(self._server)
        health_pb2_grpc.add_HealthServicer_to_server(self._health, self._server)
        names = [*self._services, health_pb2.DESCRIPTOR.services_by_name["Health"].full_name]
        reflection.enable_server_reflection([*names, reflection.SERVICE_NAME], self._server)
        self.port = self._server.add_insecure_port(self._listen)
        await self._server.start()
        for name in ("", *names):
            await self._health.set(name, health_pb2.HealthCheckResponse.SERVING)
        _log.info("serving gRPC", listen=self._listen, services=list(self._services))

    async def withdraw(self) -> None:
        """Health says NOT_SERVING from now on; calls are still answered."""
        await self._health.enter_graceful_shutdown()

    async def stop(self) -> None:
        """No new calls; what runs may end within the drain time."""
        if self._server is not None:
            await self.withdraw()
            await self._server.stop(self._drain)

    async def ready(self) -> list[str]:
        return []
