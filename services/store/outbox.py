"""Events leave by the outbox: written in the transaction of what they tell, published afterwards until confirmed."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from google.protobuf.message import Message
from opentelemetry.trace import SpanKind, set_span_in_context
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection

from services.chassis.bus.port import Bus, Envelope
from services.chassis.logging import logger
from services.chassis.telemetry import Telemetry, carrier_of, context_from
from services.store.database import Pool
from services.store.tables import outbox
from services.store.watching import OUTBOX, Watcher

_log = logger(__name__)
BATCH = 200
"""Rows a round: enough to fill the broker's pipe, few enough that the row locks are short."""
POLL_SECONDS = 1.0
"""Behind a lost notification, and after a round that could not publish everything."""


def as_row(event: Message) -> dict[str, object]:
    """An outbox row; it carries the trace of the request that the event comes from."""
    return {
        "message_id": uuid.uuid4().hex,
        "type": event.DESCRIPTOR.full_name,
        "body": event.SerializeToString(),
        "headers": carrier_of(),
    }


class OutboxRelay:
    """Moves rows from the outbox to the bus. Any number may run: each takes rows that no other has."""

    def __init__(self, pool: Pool, bus: Bus, watcher: Watcher, telemetry: Telemetry) -> None:
        self._pool, self._bus, self._watcher, self._telemetry = pool, bus, watcher, telemetry
        self._task: asyncio.Task[None] | None = None
        self._published = telemetry.meter.create_counter(
            "candor.outbox.published", description="Events published from the outbox"
        )

    async def start(self) -> None:
        self._task = asyncio.create_task(self._run())

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def ready(self) -> list[str]:
        return []

    async def _run(self) -> None:
        while True:
            with self._watcher.next_change(OUTBOX) as wake:
                try:
                    stuck = await self._drain()
                except (SQLAlchemyError, OSError) as error:
                    _log.warning("outbox round failed", error=str(error))
                    stuck = True
                if stuck:
                    await asyncio.sleep(POLL_SECONDS)
                else:
                    await wake.within(POLL_SECONDS)

    async def _drain(self) -> bool:
        """Goes through the outbox once, from its beginning; answers whether some could not be published. Those do not
        hold up what stands behind them."""
        after, stuck = 0, False
        while True:
            rows, failed = await self._round(after)
            stuck = stuck or failed > 0
            if len(rows) < BATCH:
                return stuck
            after = rows[-1].outbox_id

    async def _round(self, after: int) -> tuple[Sequence[sa.Row[Any]], int]:
        async with self._pool.engine.begin() as connection:
            query = sa.select(outbox).where(outbox.c.outbox_id > after).order_by(outbox.c.outbox_id).limit(BATCH)
            rows = (await connection.execute(query.with_for_update(skip_locked=True))).all()
            if not rows:
                return rows, 0
            failures = await self._bus.publish([self._envelope(row) for row in rows])
            done = [row.outbox_id for row, failure in zip(rows, failures, strict=True) if failure is None]
            await self._mark(connection, done)
        failed = len(rows) - len(done)
        if failed:
            causes = {f"{type(one).__name__}: {one}" for one in failures if one is not None}
            _log.warning("events wait in the outbox", events=failed, causes=sorted(causes)[:3])
        self._published.add(len(done))
        return rows, failed

    async def _mark(self, connection: AsyncConnection, done: list[int]) -> None:
        """A published row is a deleted one: the table holds what is still to be said, and stays small."""
        if done:
            await connection.execute(sa.delete(outbox).where(outbox.c.outbox_id.in_(done)))

    def _envelope(self, row: sa.Row[Any]) -> Envelope:
        attributes = {
            "messaging.system": "rabbitmq" if self._bus.durable else "memory",
            "messaging.operation.type": "send",
            "messaging.destination.name": row.type,
            "messaging.message.id": row.message_id,
        }
        span = self._telemetry.tracer.start_span(
            f"send {row.type}", context=context_from(row.headers), kind=SpanKind.PRODUCER, attributes=attributes
        )
        headers = carrier_of(set_span_in_context(span))
        span.end()
        return Envelope(row.message_id, row.type, row.body, headers)
