"""What operators ask a service that has no HTTP of its own: /metrics, /healthz, /readyz."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Awaitable, Callable, Iterable
from socketserver import ThreadingMixIn
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from services.chassis.logging import logger
from services.chassis.telemetry import Telemetry

_log = logger(__name__)


class OperationsServer:
    """A component that answers on `HOST:PORT`, in a thread of its own, so that a busy event loop shows in `/healthz`
    as a time-out and not as silence. An empty address: nothing is served."""

    def __init__(self, listen: str, telemetry: Telemetry, readiness: Callable[[], Awaitable[list[str]]]) -> None:
        self._listen, self._telemetry, self._readiness = listen, telemetry, readiness
        self._server: WSGIServer | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    async def start(self) -> None:
        if not self._listen:
            return
        self._loop = asyncio.get_running_loop()
        host, _, port = self._listen.rpartition(":")
        self._server = make_server(host or "0.0.0.0", int(port), self._answer, _ThreadingServer, _Quiet)  # noqa: S104
        threading.Thread(target=self._server.serve_forever, name="operations", daemon=True).start()
        _log.info("serving operations", listen=self._listen)

    async def stop(self) -> None:
        if self._server is not None:
            await asyncio.to_thread(self._server.shutdown)
            self._server.server_close()

    async def ready(self) -> list[str]:
        return []

    def _answer(self, environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        status, kind, body = self._page(environ.get("PATH_INFO", ""))
        start(status, [("Content-Type", kind), ("Content-Length", str(len(body)))])
        return [body]

    def _page(self, path: str) -> tuple[str, str, bytes]:
        match path:
            case "/metrics":
                body, kind = self._telemetry.exposition()
                return "200 OK", kind, body
            case "/healthz":
                alive = self._ask(_nothing()) is not None
                return ("200 OK" if alive else "503 Service Unavailable"), "application/json", b"{}"
            case "/readyz":
                reasons = self._ask(self._readiness())
                reasons = ["the event loop does not answer"] if reasons is None else reasons
                body = json.dumps({"ready": not reasons, "reasons": reasons}).encode()
                return ("503 Service Unavailable" if reasons else "200 OK"), "application/json", body
            case _:
                return "404 Not Found", "application/json", b"{}"

    def _ask(self, question: Awaitable[list[str]]) -> list[str] | None:
        """Runs a question on the event loop; None where it does not answer in time."""
        assert self._loop is not None

        async def asked() -> list[str]:
            return await question

        try:
            return asyncio.run_coroutine_threadsafe(asked(), self._loop).result(timeout=3)
        except TimeoutError:
            return None


async def _nothing() -> list[str]:
    return []


class _ThreadingServer(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class _Quiet(WSGIRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        """Probes come every few seconds; the log is for what happens."""
