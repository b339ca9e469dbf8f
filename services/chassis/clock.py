"""Time as a dependency, so that tests can turn it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """Tells the time."""

    def now(self) -> datetime:
        """The time now, aware, in UTC."""


class SystemClock:
    """The machine's clock. What two processes must agree on (leases) is timed by the database instead."""

    def now(self) -> datetime:
        return datetime.now(UTC)
