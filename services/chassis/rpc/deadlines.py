"""The time that is left for the request being served. It shrinks hop by hop; Python's gRPC does not pass it on."""

from __future__ import annotations

import time
from contextvars import ContextVar

MARGIN_SECONDS = 0.05
"""Kept back for the way home, so that a caller sees our answer and not its own time-out."""

_ends_at: ContextVar[float | None] = ContextVar("deadline", default=None)


def begin(seconds: float) -> None:
    """Sets the deadline of the current task."""
    _ends_at.set(time.monotonic() + seconds)


def allowed(wanted: float) -> float:
    """`wanted` seconds, or what the request being served has left, if that is less."""
    ends_at = _ends_at.get()
    return wanted if ends_at is None else max(0.0, min(wanted, ends_at - time.monotonic() - MARGIN_SECONDS))
