"""Traces and metrics. Spans leave by OTLP when the standard OTEL_* variables name an endpoint; metrics are read at
`/metrics` in Prometheus' format. The object is handed to whoever measures; there is no global."""

from __future__ import annotations

import os
from collections.abc import Sequence

from opentelemetry import metrics, trace
from opentelemetry.context import Context
from opentelemetry.exporter.prometheus import PrometheusMetricReader
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator
from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    GCCollector,
    PlatformCollector,
    ProcessCollector,
    generate_latest,
)

SCOPE = "candor"
SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)
"""Bounds of a histogram of durations; the SDK's own are made for milliseconds."""
_W3C = TraceContextTextMapPropagator()


class Telemetry:
    """Tracer and meter of one process."""

    def __init__(self, service_name: str, processors: Sequence[SpanProcessor] | None = None) -> None:
        resource = Resource.create({"service.name": os.environ.get("OTEL_SERVICE_NAME", service_name)})
        used = _from_environment() if processors is None else processors
        # Where nobody takes spans, none are recorded; ids are still made and passed on, for the logs.
        self.tracer_provider = TracerProvider(resource=resource, sampler=None if used else ALWAYS_OFF)
        for processor in used:
            self.tracer_provider.add_span_processor(processor)
        self._registry = CollectorRegistry()
        for collector in (ProcessCollector, PlatformCollector, GCCollector):
            collector(registry=self._registry)
        reader = PrometheusMetricReader(registry=self._registry)
        self.meter_provider = MeterProvider(resource=resource, metric_readers=[reader])
        self.tracer: trace.Tracer = self.tracer_provider.get_tracer(SCOPE)
        self.meter: metrics.Meter = self.meter_provider.get_meter(SCOPE)

    def exposition(self) -> tuple[bytes, str]:
        """All metrics in Prometheus' text format, and its content type."""
        return generate_latest(self._registry), CONTENT_TYPE_LATEST

    def close(self) -> None:
        """Sends what is still held back."""
        self.tracer_provider.shutdown()
        self.meter_provider.shutdown()


def _from_environment() -> list[SpanProcessor]:
    """The OTLP exporter, where OTEL_* names an endpoint (OpenTelemetry's environment variable specification)."""
    endpoint = os.environ.get("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT") or os.environ.get("OTEL_EXPORTER_OTLP_ENDPOINT")
    if not endpoint or os.environ.get("OTEL_TRACES_EXPORTER") == "none":
        return []
    from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter

    return [BatchSpanProcessor(OTLPSpanExporter())]


def carrier_of(context: Context | None = None) -> dict[str, str]:
    """`traceparent` (and `tracestate`) of the current span, as W3C Trace Context headers."""
    carrier: dict[str, str] = {}
    _W3C.inject(carrier, context)
    return carrier


def context_from(carrier: dict[str, str]) -> Context:
    """The context that W3C Trace Context headers describe; an empty one where they do not."""
    return _W3C.extract(carrier, Context())
