"""A real gateway on a real port before a real gRPC server."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import grpc
import httpx2
import uvicorn
from starlette.applications import Starlette

from services.gateway.app import build_app
from services.gateway.contract import Contract
from tests.contract.fake_mesh import FakeMesh, register


@dataclass
class Gateway:
    """A running gateway."""

    app: Starlette
    client: httpx2.AsyncClient
    host: str
    server: uvicorn.Server
    not_ready: list[str] = field(default_factory=list)


class PassesOn(grpc.aio.StreamUnaryClientInterceptor):
    """An interceptor like those of the mesh's channels: grpc.aio makes other call objects where there is one."""

    async def intercept_stream_unary(self, continuation: Any, details: Any, requests: Any) -> Any:
        return await continuation(details, requests)


@asynccontextmanager
async def serving(
    contract: Contract, mesh: FakeMesh, folder: Path, *interceptors: grpc.aio.ClientInterceptor
) -> AsyncIterator[Gateway]:
    async with _mesh_server(mesh, folder) as address, _running(contract, address, interceptors) as running:
        yield running


@asynccontextmanager
async def _mesh_server(mesh: FakeMesh, folder: Path) -> AsyncIterator[str]:
    address = f"unix:{folder}/mesh.sock"
    # A small, fixed window, so that a test can see whether anybody but gRPC buffers.
    server = grpc.aio.server(options=[("grpc.http2.bdp_probe", 0), ("grpc.http2.lookahead_bytes", 65536)])
    register(server, mesh)
    server.add_insecure_port(address)
    await server.start()
    try:
        yield address
    finally:
        await server.stop(None)


@asynccontextmanager
async def _running(
    contract: Contract, address: str, interceptors: Sequence[grpc.aio.ClientInterceptor]
) -> AsyncIterator[Gateway]:
    channel = grpc.aio.insecure_channel(address, interceptors=interceptors or [PassesOn()])
    not_ready: list[str] = []

    async def readiness() -> list[str]:
        return not_ready

    app = build_app(
        contract,
        {"store": channel, "scorer": channel},
        readiness=readiness,
        metrics=lambda: (b"up 1\n", "text/plain; version=0.0.4"),
        timeout_seconds=5.0,
    )
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
    listener.bind(("127.0.0.1", 0))
    listener.listen()
    host = f"127.0.0.1:{listener.getsockname()[1]}"
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning", lifespan="off", timeout_graceful_shutdown=2))
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    await eventually(lambda: server.started)
    async with httpx2.AsyncClient(base_url=f"http://{host}", timeout=10) as client:
        yield Gateway(app, client, host, server, not_ready)
    server.should_exit = True
    await serving
    await channel.close()


async def eventually(condition: Callable[[], bool], seconds: float = 5.0) -> None:
    """Waits until something is so that announces itself to nobody."""
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.005)
