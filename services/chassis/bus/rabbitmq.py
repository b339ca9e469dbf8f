"""The bus on RabbitMQ: quorum queues, publisher confirms, and separate connections for publishing and consuming, since
an alarm of the broker blocks the publishing one."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

import aio_pika
from aio_pika.abc import (
    AbstractChannel,
    AbstractExchange,
    AbstractIncomingMessage,
    AbstractRobustChannel,
    AbstractRobustConnection,
    AbstractRobustQueue,
)
from aio_pika.exceptions import PublishError

from services.chassis.bus.port import BrokerLost, Consumption, Delivery, Envelope, Queue, Unroutable
from services.chassis.bus.topology import (
    ATTEMPT_HEADER,
    EXCHANGE,
    REASON_HEADER,
    RETRY_DELAY_SECONDS,
    dead_arguments,
    dead_name,
    queue_arguments,
    retry_arguments,
    retry_name,
)
from services.chassis.logging import logger
from services.chassis.settings import SettingsRefused

_log = logger(__name__)
PUBLISH_TIMEOUT = 5.0
"""A blocked broker never answers a publish; behind this its outcome is unknown."""
_HEARTBEAT = "10"
"""Seconds. RabbitMQ suggests 5 to 20 for finding a dead peer soon without false alarms."""


class RabbitBus:
    """RabbitMQ 3.10 and later."""

    durable = True

    def __init__(self, url: str, retry_delay_seconds: float = RETRY_DELAY_SECONDS) -> None:
        self._url = _with_heartbeat(url)
        self._retry_delay = retry_delay_seconds
        self._out: AbstractRobustConnection | None = None
        self._in: AbstractRobustConnection | None = None
        self._publishing: AbstractRobustChannel | None = None
        self._exchange: AbstractExchange | None = None

    async def start(self) -> None:
        self._out = await self._connected()
        self._in = await self._connected()
        # Without on_return_raises an unroutable message is confirmed like any other, and gone.
        channel = await self._out.channel(publisher_confirms=True, on_return_raises=True)
        assert isinstance(channel, AbstractRobustChannel)
        self._publishing = channel
        self._exchange = await _declare_exchange(channel)

    async def _connected(self) -> AbstractRobustConnection:
        try:
            return await aio_pika.connect_robust(self._url, reconnect_interval=1, timeout=10)
        except (OSError, TimeoutError, aio_pika.exceptions.AMQPError) as error:
            host = urlsplit(self._url).netloc.rpartition("@")[2]
            raise SettingsRefused(
                f"CANDOR_BUS_URL: no RabbitMQ lets us in at {host} ({type(error).__name__}). Is it running, and are "
                "user, password and virtual host right?"
            ) from None

    async def stop(self) -> None:
        for connection in (self._in, self._out):
            if connection is not None:
                await connection.close()

    async def ready(self) -> list[str]:
        up = self._out is not None and self._out.connected.is_set() and self._in is not None
        return [] if up else ["the message broker cannot be reached"]

    async def publish(self, envelopes: Sequence[Envelope]) -> list[Exception | None]:
        assert self._exchange is not None
        exchange = self._exchange
        return list(await asyncio.gather(*(_confirmed(exchange, one.type, _message(one)) for one in envelopes)))

    async def republish(self, queue_name: str, envelope: Envelope, headers: dict[str, str | int]) -> None:
        """Puts an envelope straight into a queue by name, and returns once it is confirmed there.

        Raises:
            BrokerLost, Unroutable: it may not be there.
        """
        assert self._publishing is not None
        message = _message(envelope)
        message.headers.update(headers)
        failure = await _confirmed(self._publishing.default_exchange, queue_name, message)
        if failure is not None:
            raise failure

    async def consume(self, queue: Queue, at_once: int, handle: Callable[[Delivery], Awaitable[None]]) -> Consumption:
        assert self._in is not None
        channel = await self._in.channel()
        await channel.set_qos(prefetch_count=at_once)
        declared = await self._declare(channel, queue)

        async def deliver(message: AbstractIncomingMessage) -> None:
            await handle(RabbitDelivery(self, queue.name, message))

        tag = await declared.consume(deliver)
        return _RabbitConsumption(declared, tag)

    async def _declare(self, channel: AbstractChannel, queue: Queue) -> AbstractRobustQueue:
        exchange = await _declare_exchange(channel)
        await channel.declare_queue(dead_name(queue.name), durable=True, arguments=dead_arguments())
        waiting = retry_arguments(queue.name, self._retry_delay)
        await channel.declare_queue(retry_name(queue.name), durable=True, arguments=waiting)
        declared = await channel.declare_queue(queue.name, durable=True, arguments=queue_arguments(queue.name))
        for type_name in queue.types:
            await declared.bind(exchange, routing_key=type_name)
        assert isinstance(declared, AbstractRobustQueue)
        return declared

    async def depth(self, queue_name: str) -> int:
        assert self._in is not None
        channel = await self._in.channel()
        try:
            declared = await channel.declare_queue(queue_name, passive=True)
            return declared.declaration_result.message_count or 0
        except aio_pika.exceptions.ChannelNotFoundEntity:
            return 0
        finally:
            await channel.close()


class RabbitDelivery:
    """One delivery from RabbitMQ. Settling it on a connection that is gone changes nothing: it comes again."""

    def __init__(self, bus: RabbitBus, queue_name: str, message: AbstractIncomingMessage) -> None:
        self._bus, self._queue_name, self._message = bus, queue_name, message
        headers = {name: value for name, value in message.headers.items() if isinstance(value, str)}
        self.envelope = Envelope(message.message_id or "", message.type or "", message.body, headers)
        counted = message.headers.get(ATTEMPT_HEADER, 1)
        self.attempt = counted if isinstance(counted, int) else 1
        self.redelivered = bool(message.redelivered)

    async def acknowledge(self) -> None:
        await _settle(self._message.ack())

    async def put_off(self, reason: str) -> None:
        await self._move(retry_name(self._queue_name), reason, self.attempt + 1)

    async def bury(self, reason: str) -> None:
        await self._move(dead_name(self._queue_name), reason, self.attempt)

    async def give_back(self) -> None:
        await _settle(self._message.nack(requeue=True))

    async def _move(self, queue_name: str, reason: str, attempt: int) -> None:
        # Confirmed there first, acknowledged here afterwards: between the two it may stand in both, never in neither.
        headers: dict[str, str | int] = {ATTEMPT_HEADER: attempt, REASON_HEADER: reason[:1000]}
        try:
            await self._bus.republish(queue_name, self.envelope, headers)
        except (BrokerLost, Unroutable):
            await _settle(self._message.reject(requeue=True))
            return
        await self.acknowledge()


class _RabbitConsumption:
    def __init__(self, queue: AbstractRobustQueue, tag: str) -> None:
        self._queue, self._tag = queue, tag

    async def cancel(self) -> None:
        await _settle(self._queue.cancel(self._tag))


async def _declare_exchange(channel: AbstractChannel) -> AbstractExchange:
    return await channel.declare_exchange(EXCHANGE, aio_pika.ExchangeType.TOPIC, durable=True)


def _message(envelope: Envelope) -> aio_pika.Message:
    return aio_pika.Message(
        envelope.body,
        message_id=envelope.message_id,
        type=envelope.type,
        content_type="application/x-protobuf",
        delivery_mode=aio_pika.DeliveryMode.PERSISTENT,
        headers=dict(envelope.headers),
    )


async def _confirmed(exchange: AbstractExchange, routing_key: str, message: aio_pika.Message) -> Exception | None:
    try:
        await exchange.publish(message, routing_key, mandatory=True, timeout=PUBLISH_TIMEOUT)
    except PublishError:
        return Unroutable(routing_key)
    except asyncio.CancelledError:
        # aio-pika lets its own cancellation out when a heartbeat drops the connection; ours must pass, its must not.
        task = asyncio.current_task()
        if task is not None and task.cancelling():
            raise
        return BrokerLost("the connection broke while publishing")
    except (TimeoutError, ConnectionError, aio_pika.exceptions.AMQPError, RuntimeError) as error:
        return BrokerLost(f"{type(error).__name__}: {error}")
    return None


async def _settle(settling: Awaitable[object]) -> None:
    try:
        await settling
    except asyncio.CancelledError:
        task = asyncio.current_task()
        if task is not None and task.cancelling():
            raise
        _log.info("connection lost before a delivery was settled; it will come again")
    except (aio_pika.exceptions.AMQPError, ConnectionError, RuntimeError) as error:
        _log.info("a delivery could not be settled; it will come again", error=str(error))


def _with_heartbeat(url: str) -> str:
    parts = urlsplit(url)
    query = {"heartbeat": _HEARTBEAT, **dict(parse_qsl(parts.query))}
    return urlunsplit(parts._replace(query=urlencode(query)))
