"""A SERVER span and a duration for every RPC, with OpenTelemetry's semantic conventions for RPC."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from opentelemetry.trace import SpanKind, StatusCode

from services.chassis.refusals import Code
from services.chassis.rpc.interceptors.layer import AdmitsAll, Call
from services.chassis.telemetry import SECONDS, Telemetry, context_from

_FAULTS = {Code.INTERNAL, Code.UNAVAILABLE, Code.DEADLINE_EXCEEDED}
"""Codes that are the server's fault and mark its span as an error; a refusal is an answer."""


class TracingLayer(AdmitsAll):
    """Outermost: sees how everything within ended."""

    def __init__(self, telemetry: Telemetry) -> None:
        self._tracer = telemetry.tracer
        self._duration = telemetry.meter.create_histogram(
            "rpc.server.duration",
            unit="s",
            description="Duration of RPCs served",
            explicit_bucket_boundaries_advisory=SECONDS,
        )

    @asynccontextmanager
    async def around(self, call: Call) -> AsyncIterator[None]:
        attributes = {
            "rpc.system": "grpc",
            "rpc.service": call.method.containing_service.full_name,
            "rpc.method": call.method.name,
        }
        began = time.perf_counter()
        with self._tracer.start_as_current_span(
            call.full_name,
            context=context_from(call.metadata),
            kind=SpanKind.SERVER,
            attributes=attributes,
            record_exception=False,
            set_status_on_exception=False,
        ) as span:
            try:
                yield
            finally:
                code = 0 if call.code is None else int(call.code)
                span.set_attribute("rpc.grpc.status_code", code)
                if call.code in _FAULTS:
                    span.set_status(StatusCode.ERROR, call.code.name)
                self._duration.record(time.perf_counter() - began, {**attributes, "rpc.grpc.status_code": code})
