"""A part of a process that starts, stops and can say whether it is ready."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol


class Component(Protocol):
    """What the runtime starts and stops. `stop` is called for whatever `start` was called for, once."""

    async def start(self) -> None:
        """Begins work; returns when others may rely on it."""

    async def stop(self) -> None:
        """Finishes or hands back what it holds."""

    async def ready(self) -> list[str]:
        """Why it cannot serve now, as sentences; empty when it can."""


class Assembly:
    """Components as one: started in order, stopped in reverse."""

    def __init__(self, parts: Sequence[Component]) -> None:
        self._parts = list(parts)
        self._started: list[Component] = []

    async def start(self) -> None:
        for part in self._parts:
            self._started.append(part)
            await part.start()

    async def stop(self) -> None:
        failures: list[Exception] = []
        while self._started:
            try:
                await self._started.pop().stop()
            except Exception as failure:
                failures.append(failure)
        if failures:
            raise failures[0]

    async def ready(self) -> list[str]:
        if len(self._started) < len(self._parts):
            return ["still starting"]
        return [reason for part in self._started for reason in await part.ready()]


class Together:
    """Components that stop at the same time: the time that each may take to finish is not added up."""

    def __init__(self, *parts: Component) -> None:
        self._parts = parts

    async def start(self) -> None:
        for part in self._parts:
            await part.start()

    async def stop(self) -> None:
        outcomes = await asyncio.gather(*(part.stop() for part in self._parts), return_exceptions=True)
        for outcome in outcomes:
            if isinstance(outcome, BaseException):
                raise outcome

    async def ready(self) -> list[str]:
        return [reason for part in self._parts for reason in await part.ready()]


class Closing:
    """A component of which only the end matters: what is to be closed, in this order."""

    def __init__(self, *closers: Callable[[], Awaitable[object]]) -> None:
        self._closers = closers

    async def start(self) -> None:
        """Nothing to begin."""

    async def stop(self) -> None:
        for close in self._closers:
            await close()

    async def ready(self) -> list[str]:
        return []
