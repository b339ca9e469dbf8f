"""Every call ends: by its caller's deadline, or by ours where it has none."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from services.chassis.rpc import deadlines
from services.chassis.rpc.interceptors.layer import AdmitsAll, Call

LONGEST_CALL_SECONDS = 60.0
"""For a unary call without a deadline. A stream without one lasts as long as its caller listens."""


class DeadlineLayer(AdmitsAll):
    """Passes the remaining time on to the calls made while serving this one."""

    @asynccontextmanager
    async def around(self, call: Call) -> AsyncIterator[None]:
        remaining = call.context.time_remaining()
        if remaining is None and not call.method.server_streaming:
            remaining = LONGEST_CALL_SECONDS
        if remaining is None:
            yield
            return
        deadlines.begin(remaining)
        async with asyncio.timeout(remaining):
            yield
