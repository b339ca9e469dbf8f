"""The port to the message bus. Two promises: `publish` returns only when every envelope is where its consumers will
find it, and a delivery that is neither acknowledged nor buried comes again."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol


@dataclass(frozen=True)
class Envelope:
    """One event on its way: `type` is the full name of the protobuf message in `body`, and its routing key."""

    message_id: str
    type: str
    body: bytes
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Queue:
    """A consumer's queue, named `<service>.<verb-noun>`, and the event types that it takes."""

    name: str
    types: tuple[str, ...]


class BrokerLost(Exception):
    """The connection to the broker is gone, or it did not answer in time: what was sent may or may not have arrived."""


class Unroutable(Exception):
    """No queue takes this type of event yet."""


class Delivery(Protocol):
    """One event handed to a consumer. Exactly one of the four methods is called."""

    envelope: Envelope
    attempt: int
    """Counts from 1; a delivery that was put off counts on."""
    redelivered: bool
    """Whoever had it before is gone."""

    async def acknowledge(self) -> None:
        """Done with it."""

    async def put_off(self, reason: str) -> None:
        """Failed; to come again after the queue's retry delay, counted."""

    async def bury(self, reason: str) -> None:
        """Failed for good: kept in the queue's `.dead` with the reason."""

    async def give_back(self) -> None:
        """Not begun, or not to be finished here: another consumer's turn, uncounted."""


class Consumption(Protocol):
    """A running subscription."""

    async def cancel(self) -> None:
        """No more deliveries from now on; those handed over stay with the consumer."""


class Bus(Protocol):
    """A message bus."""

    durable: bool
    """Whether what was published outlives this process."""

    async def start(self) -> None:
        """Connects."""

    async def stop(self) -> None:
        """Disconnects; what is unacknowledged comes again elsewhere."""

    async def ready(self) -> list[str]:
        """Why it cannot serve now; empty when it can."""

    async def publish(self, envelopes: Sequence[Envelope]) -> list[Exception | None]:
        """Publishes all; answers for each None once confirmed, or the Unroutable or BrokerLost that stopped it."""

    async def consume(self, queue: Queue, at_once: int, handle: Callable[[Delivery], Awaitable[None]]) -> Consumption:
        """Declares the queue with its `.retry` and `.dead`, and hands over at most `at_once` deliveries at a time."""

    async def depth(self, queue_name: str) -> int:
        """How many messages wait in a queue, by name (`….retry` and `….dead` too); 0 where there is none."""
