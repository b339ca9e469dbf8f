"""LISTEN/NOTIFY as something to wait on: one connection of the process listens for everybody."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Callable

import psycopg

from services.chassis.logging import logger

_log = logger(__name__)
CHANNEL = "candor_changes"
OUTBOX = "outbox"
"""What is notified when rows were added to the outbox. Otherwise it is the id of what changed."""


class Wake:
    """One wait for one change, counted from when it was made."""

    def __init__(self, forget: Callable[[Wake], None]) -> None:
        self._event = asyncio.Event()
        self._forget = forget

    def ring(self) -> None:
        self._event.set()

    async def within(self, seconds: float) -> bool:
        """Waits for the change, at most so long; answers whether it came."""
        try:
            async with asyncio.timeout(seconds):
                await self._event.wait()
            return True
        except TimeoutError:
            return False

    def __enter__(self) -> Wake:
        return self

    def __exit__(self, *_: object) -> None:
        self._forget(self)


class Watcher:
    """A component that listens, and reconnects where the connection is lost: waits are bounded, so a change that was
    missed meanwhile is seen late, not never."""

    def __init__(self, dsn: Callable[[], str]) -> None:
        self._dsn = dsn
        self._waits: defaultdict[str, set[Wake]] = defaultdict(set)
        self._task: asyncio.Task[None] | None = None
        self._stopping = False

    async def start(self) -> None:
        connected = asyncio.Event()
        self._task = asyncio.create_task(self._run(connected))
        await connected.wait()

    async def stop(self) -> None:
        self._stopping = True
        for waits in self._waits.values():
            for wake in waits:
                wake.ring()
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def ready(self) -> list[str]:
        return []

    @property
    def stopping(self) -> bool:
        """Streams that follow a change end now."""
        return self._stopping

    def next_change(self, key: str) -> Wake:
        """A wait for the next change of `key`, as a context. Enter it before looking at the state, so that no change
        falls in between."""

        def forget(wake: Wake) -> None:
            self._waits[key].discard(wake)
            if not self._waits[key]:
                del self._waits[key]

        wake = Wake(forget)
        self._waits[key].add(wake)
        return wake

    async def _run(self, connected: asyncio.Event) -> None:
        while True:
            try:
                async with await psycopg.AsyncConnection.connect(self._dsn(), autocommit=True) as connection:
                    await connection.execute(f"LISTEN {CHANNEL}")
                    connected.set()
                    async for notice in connection.notifies():
                        for wake in list(self._waits.get(notice.payload, ())):
                            wake.ring()
            except psycopg.Error as error:
                _log.warning("listening connection lost", error=str(error))
                await asyncio.sleep(1.0)
