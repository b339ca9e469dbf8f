"""The one ordered list of what every RPC passes through, from the outside in."""

from __future__ import annotations

from services.chassis.rpc.interceptors.access import AccessLayer
from services.chassis.rpc.interceptors.deadline import DeadlineLayer
from services.chassis.rpc.interceptors.layer import Layer
from services.chassis.rpc.interceptors.refusing import RefusingLayer
from services.chassis.rpc.interceptors.subject import SubjectLayer
from services.chassis.rpc.interceptors.tracing import TracingLayer
from services.chassis.rpc.interceptors.validation import ValidationLayer
from services.chassis.security.tokens import Tokens
from services.chassis.telemetry import Telemetry


def layers(telemetry: Telemetry, tokens: Tokens, outages: tuple[type[BaseException], ...]) -> list[Layer]:
    """Tracing sees every outcome; refusing stands around all that may refuse."""
    return [
        TracingLayer(telemetry),
        RefusingLayer(outages),
        DeadlineLayer(),
        SubjectLayer(tokens),
        AccessLayer(),
        ValidationLayer(),
    ]
