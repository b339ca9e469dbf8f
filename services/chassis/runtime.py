"""What a process runs on: shared parts are made once (`Process`); components start, await a signal and stop (`run`)."""

from __future__ import annotations

import asyncio
import gc
import signal
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

import uvloop

from services.chassis.bus import open_bus
from services.chassis.bus.port import Bus
from services.chassis.clock import Clock, SystemClock
from services.chassis.component import Assembly, Component
from services.chassis.logging import logger
from services.chassis.settings import Settings, SettingsRefused
from services.chassis.telemetry import Telemetry

_log = logger(__name__)


S = TypeVar("S", bound=Settings)
T = TypeVar("T")


@dataclass(frozen=True)
class Defaults:
    """What stands in for what the environment does not say: for every service, and for single ones by name."""

    shared: Mapping[str, Any] = field(default_factory=dict)
    by_service: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)


class Process:
    """What the services of one process share."""

    def __init__(
        self,
        telemetry: Telemetry,
        *,
        alone: bool,
        defaults: Defaults | None = None,
        clock: Clock | None = None,
    ) -> None:
        self.telemetry = telemetry
        self._defaults = defaults or Defaults()
        self.clock = clock or SystemClock()
        self._alone = alone
        self._buses: dict[str, Bus] = {}

    def load(self, settings: type[S], service: str) -> S:
        """The settings of one service.

        Raises:
            SettingsRefused: a value is of the wrong form.
        """
        return settings.load(**{**self._defaults.shared, **self._defaults.by_service.get(service, {})})

    def bus(self, url: str) -> Bus:
        """The bus behind a URL; the same object for the same URL.

        Raises:
            SettingsRefused: `memory://` in a process that holds one service only: nobody else would hear it.
        """
        if self._alone and url.startswith("memory:"):
            raise SettingsRefused(
                "CANDOR_BUS_URL is memory://, which ends at this process, but this process runs one service only. "
                "Name a RabbitMQ (amqp://USER:PASSWORD@HOST:5672/), or run everything in one process: candor serve all"
            )
        if url not in self._buses:
            self._buses[url] = open_bus(url)
        return self._buses[url]

    def with_shared(self, services: list[Component]) -> Assembly:
        """The services behind the parts that they share."""
        return Assembly([*self._buses.values(), *services])


async def run(component: Component, started: Callable[[], None] = lambda: None) -> None:
    """Starts the component, waits for SIGTERM or SIGINT, stops it. A second signal stops at once."""
    asked = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, asked.set)
    try:
        await component.start()
        _settle_memory()
        started()
        await asked.wait()
        _log.info("stopping")
    finally:
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.remove_signal_handler(number)
        await component.stop()


def _settle_memory() -> None:
    """What start-up has made stays for good: the garbage collector need not walk through it again and again. With the
    model client's types loaded that is some 400,000 objects at every full collection."""
    gc.collect()
    gc.freeze()
    # A message makes some thousand objects that die young: collecting after every 700 of them finds next to nothing.
    gc.set_threshold(20_000, 20, 50)


def run_on_loop(main: Callable[[], Coroutine[Any, Any, T]]) -> T:
    """Runs `main` to its end on uvloop, which carries about twice as many messages as asyncio's own loop."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(main())
