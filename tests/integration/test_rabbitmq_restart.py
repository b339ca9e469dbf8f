"""What only a real broker can show: it dies and comes back."""

from __future__ import annotations

import asyncio
import uuid

from candor.evaluations.v1.evaluations_events_pb2 import EvaluationRequestedEvent

from services.chassis.bus.consumer import Consumer, Turn
from services.chassis.bus.port import BrokerLost, Envelope
from services.chassis.bus.rabbitmq import RabbitBus
from services.chassis.telemetry import Telemetry
from tests.servers.rabbitmq import RabbitNode


async def test_events_confirmed_before_a_broker_is_killed_are_delivered_after_it_is_back(
    own_rabbitmq: RabbitNode,
) -> None:
    taken: set[str] = set()

    async def take(event: EvaluationRequestedEvent, _: Turn) -> None:
        taken.add(event.evaluation_id)

    bus = RabbitBus(own_rabbitmq.url)
    await bus.start()
    consumer = Consumer(bus, "tests.survive-restart", EvaluationRequestedEvent, take, Telemetry("tests", []), at_once=8)
    await consumer.start()
    await consumer.stop()
    # A quorum queue is on the broker's books on disk only some seconds after it was declared: 3.10.8 killed after 0.1 s
    # had forgotten how to start it, killed after 6 s it had not. Ours are declared once, at the first start.
    await asyncio.sleep(6)
    assert await bus.publish([_envelope(number) for number in range(50)]) == [None] * 50
    await asyncio.to_thread(own_rabbitmq.kill)
    [answer] = await bus.publish([_envelope(99)])
    assert isinstance(answer, BrokerLost)
    await asyncio.to_thread(own_rabbitmq.start)
    async with asyncio.timeout(20):
        while (await bus.publish([_envelope(100)])) != [None]:
            await asyncio.sleep(0.2)
    again = Consumer(bus, "tests.survive-restart", EvaluationRequestedEvent, take, Telemetry("tests", []), at_once=8)
    await again.start()
    async with asyncio.timeout(20):
        while not {f"eva_{number}" for number in (*range(50), 100)} <= taken:
            await asyncio.sleep(0.1)
    await again.stop()
    await bus.stop()


def _envelope(number: int) -> Envelope:
    event = EvaluationRequestedEvent(evaluation_id=f"eva_{number}")
    return Envelope(uuid.uuid4().hex, event.DESCRIPTOR.full_name, event.SerializeToString())
