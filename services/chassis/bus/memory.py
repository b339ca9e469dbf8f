"""The bus inside one process, with RabbitMQ's manners: routing by type, a bound on what is in flight, retry, burial,
redelivery of what was never acknowledged. It forgets everything when the process ends."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence

from services.chassis.bus.port import Consumption, Delivery, Envelope, Queue, Unroutable
from services.chassis.bus.topology import DELIVERY_LIMIT, RETRY_DELAY_SECONDS


class _Waiting:
    """One queue: what waits, what is put off, what is buried."""

    def __init__(self, queue: Queue) -> None:
        self.queue = queue
        self.ready: deque[MemoryDelivery] = deque()
        self.put_off: set[asyncio.TimerHandle] = set()
        self.dead: list[tuple[Envelope, str]] = []
        self.more = asyncio.Event()

    def add(self, delivery: MemoryDelivery) -> None:
        self.ready.append(delivery)
        self.more.set()


class MemoryDelivery:
    """One delivery; `returned` counts how often its consumer vanished."""

    def __init__(self, waiting: _Waiting, envelope: Envelope, attempt: int, returned: int, delay: float) -> None:
        self._waiting = waiting
        self._delay = delay
        self._returned = returned
        self.envelope = envelope
        self.attempt = attempt
        self.redelivered = returned > 0
        self.settled = asyncio.Event()

    async def acknowledge(self) -> None:
        self.settled.set()

    async def put_off(self, reason: str) -> None:
        self.settled.set()
        again = MemoryDelivery(self._waiting, self.envelope, self.attempt + 1, 0, self._delay)
        pending = self._waiting.put_off

        def due() -> None:
            pending.discard(timer)
            self._waiting.add(again)

        timer = asyncio.get_running_loop().call_later(self._delay, due)
        pending.add(timer)

    async def bury(self, reason: str) -> None:
        self.settled.set()
        self._waiting.dead.append((self.envelope, reason))

    async def give_back(self) -> None:
        self.settled.set()
        if self._returned >= DELIVERY_LIMIT:
            self._waiting.dead.append((self.envelope, "delivery_limit"))
            return
        self._waiting.add(MemoryDelivery(self._waiting, self.envelope, self.attempt, self._returned + 1, self._delay))


class _Pump:
    """Hands a queue's deliveries to one consumer, at most `at_once` unsettled at a time."""

    def __init__(self, waiting: _Waiting, at_once: int, handle: Callable[[Delivery], Awaitable[None]]) -> None:
        self._waiting, self._handle = waiting, handle
        self._slots = asyncio.Semaphore(at_once)
        self._tasks: set[asyncio.Task[None]] = set()
        self._pump = asyncio.create_task(self._run())

    async def _run(self) -> None:
        while True:
            await self._slots.acquire()
            while not self._waiting.ready:
                self._waiting.more.clear()
                await self._waiting.more.wait()
            task = asyncio.create_task(self._one(self._waiting.ready.popleft()))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _one(self, delivery: MemoryDelivery) -> None:
        try:
            await self._handle(delivery)
            await delivery.settled.wait()
        finally:
            self._slots.release()

    async def cancel(self) -> None:
        self._pump.cancel()
        await asyncio.gather(self._pump, return_exceptions=True)


class MemoryBus:
    """The bus inside one process."""

    durable = False

    def __init__(self, retry_delay_seconds: float = RETRY_DELAY_SECONDS) -> None:
        self._retry_delay = retry_delay_seconds
        self._queues: dict[str, _Waiting] = {}
        self._pumps: list[_Pump] = []

    async def start(self) -> None:
        """Nothing to connect to."""

    async def stop(self) -> None:
        for pump in self._pumps:
            await pump.cancel()
        for waiting in self._queues.values():
            for timer in waiting.put_off:
                timer.cancel()

    async def ready(self) -> list[str]:
        return []

    async def publish(self, envelopes: Sequence[Envelope]) -> list[Exception | None]:
        return [self._route(envelope) for envelope in envelopes]

    def _route(self, envelope: Envelope) -> Exception | None:
        takers = [waiting for waiting in self._queues.values() if envelope.type in waiting.queue.types]
        for waiting in takers:
            waiting.add(MemoryDelivery(waiting, envelope, 1, 0, self._retry_delay))
        return None if takers else Unroutable(envelope.type)

    async def consume(self, queue: Queue, at_once: int, handle: Callable[[Delivery], Awaitable[None]]) -> Consumption:
        waiting = self._queues.setdefault(queue.name, _Waiting(queue))
        pump = _Pump(waiting, at_once, handle)
        self._pumps.append(pump)
        return pump

    async def depth(self, queue_name: str) -> int:
        suffix = next((one for one in (".retry", ".dead") if queue_name.endswith(one)), "")
        waiting = self._queues.get(queue_name.removesuffix(suffix))
        if waiting is None:
            return 0
        return {"": len(waiting.ready), ".retry": len(waiting.put_off), ".dead": len(waiting.dead)}[suffix]
