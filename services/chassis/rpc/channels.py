"""Channels to other services: credentials, deadline, trace and metrics go with every call by themselves."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import grpc
from opentelemetry.trace import Span, SpanKind, StatusCode

from services.chassis.rpc import deadlines
from services.chassis.rpc.server import MESSAGE_LIMIT
from services.chassis.telemetry import SECONDS, Telemetry, carrier_of

CALL_SECONDS = 20.0
"""Longest unary call where the caller says nothing."""
_OPTIONS = [
    ("grpc.max_receive_message_length", MESSAGE_LIMIT),
    ("grpc.max_send_message_length", MESSAGE_LIMIT),
    ("grpc.initial_reconnect_backoff_ms", 200),
    ("grpc.min_reconnect_backoff_ms", 200),
    # gRPC's own ceiling is two minutes: a store that is back would look down for as long.
    ("grpc.max_reconnect_backoff_ms", 1000),
    ("grpc.keepalive_time_ms", 30_000),
    ("grpc.keepalive_timeout_ms", 10_000),
    ("grpc.service_config", '{"loadBalancingConfig": [{"round_robin": {}}]}'),
]


def dial(
    address: str,
    telemetry: Telemetry,
    token: Callable[[], str] | None = None,
    *,
    wait_for_ready: bool = False,
) -> grpc.aio.Channel:
    """A channel to `HOST:PORT`, `dns:///HOST:PORT` or `unix:PATH`.

    `token` gives the access token to send; without it, what the caller puts into the metadata goes. `wait_for_ready`
    waits for the other side to come up, within the deadline, instead of failing at once.
    """
    outgoing = _Outgoing(telemetry, token, wait_for_ready)
    kinds = (_UnaryUnary, _UnaryStream, _StreamUnary)
    return grpc.aio.insecure_channel(address, options=_OPTIONS, interceptors=[kind(outgoing) for kind in kinds])


class _Outgoing:
    """What is done to every call that leaves."""

    def __init__(self, telemetry: Telemetry, token: Callable[[], str] | None, wait_for_ready: bool) -> None:
        self._tracer, self._token, self._wait = telemetry.tracer, token, wait_for_ready
        self._duration = telemetry.meter.create_histogram(
            "rpc.client.duration",
            unit="s",
            description="Duration of RPCs made",
            explicit_bucket_boundaries_advisory=SECONDS,
        )

    def prepare(self, details: Any, *, streaming: bool) -> tuple[Any, Span]:
        service, _, name = _path_of(details).strip("/").partition("/")
        span = self._tracer.start_span(
            f"{service}/{name}",
            kind=SpanKind.CLIENT,
            attributes={"rpc.system": "grpc", "rpc.service": service, "rpc.method": name},
        )
        prepared = grpc.aio.ClientCallDetails(
            method=details.method,
            timeout=self._timeout(details.timeout, streaming),
            metadata=self._metadata(details.metadata, span),
            credentials=details.credentials,
            wait_for_ready=details.wait_for_ready if details.wait_for_ready is not None else self._wait,
        )
        return prepared, span

    def _timeout(self, wanted: float | None, streaming: bool) -> float | None:
        if wanted is None and streaming:
            return None
        return deadlines.allowed(CALL_SECONDS if wanted is None else wanted)

    def _metadata(self, given: Any, span: Span) -> grpc.aio.Metadata:
        from opentelemetry.trace import set_span_in_context

        metadata = grpc.aio.Metadata(*(given or ()))
        for key, value in carrier_of(set_span_in_context(span)).items():
            metadata[key] = value
        if self._token is not None and metadata.get("authorization") is None:
            metadata["authorization"] = f"Bearer {self._token()}"
        return metadata

    def finish_with(self, call: Any, span: Span, began: float, method: str) -> Any:
        """Ends the span when the call is done, however it ends."""

        def done(finished: Any) -> None:
            code = _code_of(finished)
            span.set_attribute("rpc.grpc.status_code", code)
            if code:
                span.set_status(StatusCode.ERROR)
            span.end()
            attributes: dict[str, str | int] = {
                "rpc.system": "grpc",
                "rpc.method": method,
                "rpc.grpc.status_code": code,
            }
            self._duration.record(time.perf_counter() - began, attributes)

        call.add_done_callback(done)
        return call


def _path_of(details: Any) -> str:
    path: str = details.method if isinstance(details.method, str) else details.method.decode()
    return path


def _code_of(call: Any) -> int:
    status = getattr(getattr(call, "_cython_call", None), "_status", None)
    return int(status.code()) if status is not None else 0


class _Intercepting:
    def __init__(self, outgoing: _Outgoing) -> None:
        self._outgoing = outgoing

    async def _go(self, continuation: Any, details: Any, request: Any, *, streaming: bool) -> Any:
        began = time.perf_counter()
        prepared, span = self._outgoing.prepare(details, streaming=streaming)
        try:
            call = await continuation(prepared, request)
        except BaseException:
            span.set_status(StatusCode.ERROR)
            span.end()
            raise
        return self._outgoing.finish_with(call, span, began, _path_of(details).rpartition("/")[2])


class _UnaryUnary(_Intercepting, grpc.aio.UnaryUnaryClientInterceptor):
    async def intercept_unary_unary(self, continuation: Any, details: Any, request: Any) -> Any:
        return await self._go(continuation, details, request, streaming=False)


class _UnaryStream(_Intercepting, grpc.aio.UnaryStreamClientInterceptor):
    async def intercept_unary_stream(self, continuation: Any, details: Any, request: Any) -> Any:
        return await self._go(continuation, details, request, streaming=True)


class _StreamUnary(_Intercepting, grpc.aio.StreamUnaryClientInterceptor):
    async def intercept_stream_unary(self, continuation: Any, details: Any, requests: Any) -> Any:
        return await self._go(continuation, details, requests, streaming=False)
