"""One call, one transaction. Objects got from the unit are written back when it ends; events leave with it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import TypeVar

import sqlalchemy as sa
from google.protobuf.message import Message
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from services.chassis.refusals import FieldViolation, Invalid
from services.chassis.security.subject import Subject, current_subject
from services.store.database import Pool
from services.store.outbox import as_row
from services.store.repositories.accounts import AccountRepository
from services.store.repositories.evaluations import EvaluationRepository
from services.store.repositories.jobs import JobRepository
from services.store.repositories.resumes import ResumeRepository
from services.store.tables import outbox, requests

M = TypeVar("M", bound=Message)


class RequestIdReused(Invalid):
    """The same request_id came before with another request."""

    sentence = "The request id {request_id} was used before for another request. Use a new one."


class TextNotStorable(Invalid):
    """PostgreSQL's text holds every character but NUL."""

    sentence = "A text of the request holds a character that cannot be kept (NUL). Remove it."


@dataclass(frozen=True)
class RequestKey:
    """What makes a create safe to repeat: whose, which method, which id, and a hash of what was asked."""

    method: str
    request_id: str
    fingerprint: str


class UnitOfWork:
    """The repositories within one transaction, and the events that leave when it is committed."""

    def __init__(self, connection: AsyncConnection, subject: Subject) -> None:
        self._connection, self.subject = connection, subject
        self.accounts = AccountRepository(connection, subject)
        self.jobs = JobRepository(connection, subject)
        self.resumes = ResumeRepository(connection, subject)
        self.evaluations = EvaluationRepository(connection, subject)
        self._events: list[Message] = []

    def announce(self, event: Message) -> None:
        """Tells the mesh, once this unit is committed."""
        self._events.append(event)

    async def earlier_response(self, key: RequestKey) -> bytes | None:
        """The first answer to this create, or None where this is the first. A second caller waits here for the first.

        Raises:
            RequestIdReused: it was another request.
        """
        mine = {"account_id": self.subject.account_id, "method": key.method, "request_id": key.request_id}
        row = insert(requests).values(**mine, fingerprint=key.fingerprint).on_conflict_do_nothing()
        if (await self._connection.execute(row.returning(requests.c.request_id))).first() is not None:
            return None
        earlier = (await self._connection.execute(sa.select(requests).filter_by(**mine))).one()
        if earlier.fingerprint != key.fingerprint:
            violation = FieldViolation("request_id", "was used for another request")
            raise RequestIdReused(request_id=key.request_id, fields=[violation])
        response: bytes = earlier.response
        return response

    async def keep_response(self, key: RequestKey, response: Message) -> None:
        """Keeps the first answer to a create for whoever repeats it."""
        mine = {"account_id": self.subject.account_id, "method": key.method, "request_id": key.request_id}
        update = sa.update(requests).filter_by(**mine).values(response=response.SerializeToString())
        await self._connection.execute(update)

    async def forget_requests(self, older_than: timedelta) -> None:
        """Request ids are good for a while only."""
        await self._connection.execute(sa.delete(requests).where(requests.c.create_time < sa.func.now() - older_than))

    async def flush(self) -> None:
        """Writes what changed, and the events. The database wakes whoever watches, by triggers (0001)."""
        for repository in (self.accounts, self.jobs, self.resumes, self.evaluations):
            await repository.flush()
        if self._events:
            await self._connection.execute(sa.insert(outbox), [as_row(event) for event in self._events])


class Units:
    """Begins units of work."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    @asynccontextmanager
    async def begin(self, subject: Subject | None = None) -> AsyncIterator[UnitOfWork]:
        """A unit for the current caller; committed at the end, rolled back by an exception."""
        try:
            async with self._pool.engine.connect() as connection:
                unit = UnitOfWork(connection, subject or current_subject())
                yield unit
                await unit.flush()
                await connection.commit()
        except sa.exc.DataError:
            raise TextNotStorable from None

    async def once(
        self, key: RequestKey, answer: type[M], create: Callable[[UnitOfWork], Awaitable[M]]
    ) -> tuple[M, bool]:
        """Runs `create` in a unit, once for each request id; a repeat gets the first answer.

        Returns:
            The answer, and whether it was made now.
        """
        async with self.begin() as unit:
            if not key.request_id:
                return await create(unit), True
            earlier = await unit.earlier_response(key)
            if earlier is not None:
                return answer.FromString(earlier), False
            response = await create(unit)
            await unit.keep_response(key, response)
            return response, True
