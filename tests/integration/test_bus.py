"""The bus port's promises, kept by every adapter."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
from candor.evaluations.v1.evaluations_events_pb2 import EvaluationRequestedEvent
from candor.jobs.v1.jobs_events_pb2 import RubricRequestedEvent

from services.chassis.bus.consumer import Consumer, Turn
from services.chassis.bus.memory import MemoryBus
from services.chassis.bus.port import Bus, Envelope, Unroutable
from services.chassis.bus.rabbitmq import RabbitBus
from services.chassis.telemetry import Telemetry

QUEUE = "tests.take-event"
RETRY_DELAY = 0.3


@pytest.fixture(params=["memory", "rabbitmq"])
async def bus(request: pytest.FixtureRequest) -> AsyncIterator[Bus]:
    made: Bus
    if request.param == "memory":
        made = MemoryBus(RETRY_DELAY)
    else:
        made = RabbitBus(request.getfixturevalue("rabbitmq_url"), RETRY_DELAY)
    await made.start()
    yield made
    await made.stop()


def envelope(evaluation_id: str = "eva_1", **headers: str) -> Envelope:
    event = EvaluationRequestedEvent(evaluation_id=evaluation_id)
    return Envelope(uuid.uuid4().hex, event.DESCRIPTOR.full_name, event.SerializeToString(), headers)


class Taken:
    """A consumer under test: what it took, and how it behaves."""

    def __init__(
        self, bus: Bus, behave: Callable[[Turn], Awaitable[None]], *, at_once: int = 4, attempts: int = 3
    ) -> None:
        self.events: list[str] = []
        self.turns: list[Turn] = []
        self._behave = behave
        self.consumer = Consumer(
            bus,
            QUEUE,
            EvaluationRequestedEvent,
            self._take,
            Telemetry("tests", []),
            at_once=at_once,
            attempts=attempts,
            grace_seconds=0.5,
        )

    async def _take(self, event: EvaluationRequestedEvent, turn: Turn) -> None:
        self.events.append(event.evaluation_id)
        self.turns.append(turn)
        await self._behave(turn)


async def succeed(_: Turn) -> None:
    return


async def fail(_: Turn) -> None:
    raise ValueError("no luck")


async def until(condition: Callable[[], Awaitable[bool] | bool], seconds: float = 10.0) -> None:
    async with asyncio.timeout(seconds):
        while True:
            met = condition()
            if met is True or (not isinstance(met, bool) and await met):
                return
            await asyncio.sleep(0.02)


async def test_what_is_published_arrives_with_its_headers(bus: Bus) -> None:
    taken = Taken(bus, succeed)
    await taken.consumer.start()
    assert await bus.publish([envelope("eva_1"), envelope("eva_2")]) == [None, None]
    await until(lambda: len(taken.events) == 2)
    assert sorted(taken.events) == ["eva_1", "eva_2"]
    assert taken.turns[0] == Turn(attempt=1, last=False, redelivered=False)
    await taken.consumer.stop()


async def test_an_event_that_nobody_takes_is_reported_as_unroutable(bus: Bus) -> None:
    event = RubricRequestedEvent(job_id="job_1")
    lonely = Envelope("m1", event.DESCRIPTOR.full_name + "X", event.SerializeToString())
    assert [type(answer) for answer in await bus.publish([lonely])] == [Unroutable]


async def test_a_failed_delivery_comes_again_counted_and_is_buried_behind_the_last(bus: Bus) -> None:
    taken = Taken(bus, fail, attempts=3)
    await taken.consumer.start()
    await bus.publish([envelope()])
    await until(lambda: _is(bus.depth(f"{QUEUE}.dead"), 1))
    assert [turn.attempt for turn in taken.turns] == [1, 2, 3]
    assert [turn.last for turn in taken.turns] == [False, False, True]
    assert await bus.depth(QUEUE) == 0
    await taken.consumer.stop()


async def test_a_neighbour_of_a_failing_event_is_not_held_up(bus: Bus) -> None:
    async def fail_the_first(turn: Turn) -> None:
        if taken.events[-1] == "eva_bad":
            raise ValueError("no luck")

    taken = Taken(bus, fail_the_first, at_once=1)
    await taken.consumer.start()
    await bus.publish([envelope("eva_bad"), envelope("eva_good")])
    await until(lambda: "eva_good" in taken.events)
    await taken.consumer.stop()


async def test_bytes_that_are_no_event_are_buried_at_once(bus: Bus) -> None:
    taken = Taken(bus, succeed)
    await taken.consumer.start()
    rubbish = Envelope("m1", EvaluationRequestedEvent.DESCRIPTOR.full_name, b"\xff\xff\xff")
    await bus.publish([rubbish])
    await until(lambda: _is(bus.depth(f"{QUEUE}.dead"), 1))
    assert taken.events == []
    await taken.consumer.stop()


async def test_no_more_than_at_once_are_worked_on(bus: Bus) -> None:
    release, now, most = asyncio.Event(), 0, 0

    async def wait(_: Turn) -> None:
        nonlocal now, most
        now += 1
        most = max(most, now)
        await release.wait()
        now -= 1

    taken = Taken(bus, wait, at_once=2)
    await taken.consumer.start()
    await bus.publish([envelope(f"eva_{number}") for number in range(5)])
    await until(lambda: len(taken.events) == 2)
    await asyncio.sleep(0.2)
    assert len(taken.events) == 2
    release.set()
    await until(lambda: len(taken.events) == 5)
    assert most == 2
    await taken.consumer.stop()


async def test_what_is_unfinished_at_shutdown_goes_to_another_consumer_as_redelivered(bus: Bus) -> None:
    async def hang(_: Turn) -> None:
        await asyncio.sleep(60)

    first = Taken(bus, hang)
    await first.consumer.start()
    await bus.publish([envelope("eva_1")])
    await until(lambda: first.events == ["eva_1"])
    await first.consumer.stop()
    second = Taken(bus, succeed)
    await second.consumer.start()
    await until(lambda: second.events == ["eva_1"])
    assert second.turns == [Turn(attempt=1, last=False, redelivered=True)]
    await second.consumer.stop()


async def _is(answer: Awaitable[int], wanted: int) -> bool:
    return await answer == wanted
