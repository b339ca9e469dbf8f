"""One queue, one handler. Everything that is the same for every consumer stands here: decoding, tracing, counting,
another attempt after a failure, burial behind the last one, handing back at shutdown."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from google.protobuf.message import DecodeError, Message
from opentelemetry.trace import SpanKind, StatusCode

from services.chassis.bus.port import Bus, Consumption, Delivery, Queue
from services.chassis.bus.topology import ATTEMPTS
from services.chassis.logging import logger
from services.chassis.telemetry import Telemetry, context_from

_log = logger(__name__)
M = TypeVar("M", bound=Message)


@dataclass(frozen=True)
class Turn:
    """What a handler may know of its delivery."""

    attempt: int
    """Counts from 1."""
    last: bool
    """No other attempt follows: end it properly or see it buried."""
    redelivered: bool
    """Whoever had it before is gone."""


class Consumer(Generic[M]):
    """A component that feeds one event type from one queue to one handler, `at_once` at a time.

    The handler returns: done. It raises: another attempt after the retry delay, and burial behind the last.
    A handler runs in a task of its own, so that a lost connection does not cancel what it has paid for.
    """

    def __init__(
        self,
        bus: Bus,
        name: str,
        event: type[M],
        handle: Callable[[M, Turn], Awaitable[None]],
        telemetry: Telemetry,
        *,
        at_once: int,
        attempts: int = ATTEMPTS,
        grace_seconds: float = 90.0,
    ) -> None:
        self._bus, self._event, self._handle = bus, event, handle
        self._queue = Queue(name, (event.DESCRIPTOR.full_name,))
        self._telemetry, self._at_once = telemetry, at_once
        self._attempts, self._grace = attempts, grace_seconds
        self._consumption: Consumption | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._outcomes = telemetry.meter.create_counter(
            "candor.consumer.deliveries", description="Deliveries by queue and outcome"
        )

    async def start(self) -> None:
        self._consumption = await self._bus.consume(self._queue, self._at_once, self._take)

    async def stop(self) -> None:
        """No new deliveries; what runs may finish within the grace; the rest is given back."""
        if self._consumption is not None:
            await self._consumption.cancel()
        if self._tasks:
            _, late = await asyncio.wait(self._tasks, timeout=self._grace)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)

    async def ready(self) -> list[str]:
        return []

    async def _take(self, delivery: Delivery) -> None:
        task = asyncio.create_task(self._work(delivery))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _work(self, delivery: Delivery) -> None:
        try:
            outcome = await self._traced(delivery)
        except asyncio.CancelledError:
            await delivery.give_back()
            outcome = "given_back"
        self._outcomes.add(1, {"queue": self._queue.name, "outcome": outcome})

    async def _traced(self, delivery: Delivery) -> str:
        envelope = delivery.envelope
        attributes = {
            "messaging.system": "rabbitmq" if self._bus.durable else "memory",
            "messaging.operation.type": "process",
            "messaging.destination.name": self._queue.name,
            "messaging.message.id": envelope.message_id,
            "candor.delivery.attempt": delivery.attempt,
        }
        with self._telemetry.tracer.start_as_current_span(
            f"process {self._queue.name}",
            context=context_from(envelope.headers),
            kind=SpanKind.CONSUMER,
            attributes=attributes,
            record_exception=False,
        ) as span:
            outcome = await self._attempt(delivery)
            if outcome not in ("done",):
                span.set_status(StatusCode.ERROR, outcome)
            return outcome

    async def _attempt(self, delivery: Delivery) -> str:
        last = delivery.attempt >= self._attempts
        try:
            event = self._event.FromString(delivery.envelope.body)
            await self._handle(event, Turn(delivery.attempt, last, delivery.redelivered))
        except DecodeError:
            await delivery.bury(f"not a {self._event.DESCRIPTOR.full_name}")
            return "buried"
        except Exception as error:
            _log.warning("delivery failed", queue=self._queue.name, attempt=delivery.attempt, last=last, exc_info=error)
            reason = f"{type(error).__name__}: {error}"
            await (delivery.bury(reason) if last else delivery.put_off(reason))
            return "buried" if last else "put_off"
        await delivery.acknowledge()
        return "done"
