"""Stands behind everything that was to happen by an event: what has waited too long is sent on its way again."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from candor.access.v1.access_pb2 import Role
from candor.evaluations.v1.evaluations_events_pb2 import EvaluationRequestedEvent
from candor.resumes.v1.resumes_events_pb2 import ResumeUploadedEvent
from sqlalchemy.exc import SQLAlchemyError

from services.chassis.clock import Clock
from services.chassis.logging import logger
from services.chassis.security.subject import Subject
from services.store.domain.evaluations import Evaluation
from services.store.servicers.jobs import ask_for_rubric
from services.store.unit_of_work import UnitOfWork, Units

_log = logger(__name__)
EVERY_SECONDS = 15.0
FORGOTTEN_AFTER = timedelta(minutes=15)
"""An event whose consumer has not acted for as long is told again. Longer than a full queue usually takes: a second
telling is harmless, but not free."""
REQUEST_IDS_KEPT = timedelta(days=7)
"""How long a create may be repeated under its request_id."""
_SWEEPER = Subject("svc_store", Role.ROLE_SERVICE)


class Sweeper:
    """A component that looks around every 15 seconds, and once at start. On a bus that has forgotten everything
    (`afresh`) whatever is open is told again at start, and what somebody had claimed is claimed by nobody."""

    def __init__(self, units: Units, clock: Clock, *, afresh: bool) -> None:
        self._units, self._clock, self._afresh = units, clock, afresh
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        await self._sweep(timedelta(0) if self._afresh else FORGOTTEN_AFTER, afresh=self._afresh)
        self._task = asyncio.create_task(self._run())

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def ready(self) -> list[str]:
        return []

    async def _run(self) -> None:
        while True:
            await asyncio.sleep(EVERY_SECONDS)
            try:
                await self._sweep(FORGOTTEN_AFTER, afresh=False)
            except (SQLAlchemyError, OSError) as error:
                _log.warning("sweep failed", error=str(error))

    async def _sweep(self, age: timedelta, *, afresh: bool) -> None:
        async with self._units.begin(_SWEEPER) as unit:
            abandoned = await (unit.evaluations.running() if afresh else unit.evaluations.abandoned())
            for evaluation in abandoned:
                evaluation.release(evaluation.attempt, self._clock.now())
            forgotten = await unit.evaluations.queued_for(age)
            for evaluation in {one.evaluation_id: one for one in (*abandoned, *forgotten)}.values():
                self._send_again(unit, evaluation)
            for resume in await unit.resumes.unread_for(age):
                resume.announce_time = self._clock.now()
                unit.announce(ResumeUploadedEvent(resume_id=resume.resume_id))
            for job in await unit.jobs.undrafted_for(age):
                ask_for_rubric(unit, job, self._clock)
            await unit.forget_requests(REQUEST_IDS_KEPT)

    def _send_again(self, unit: UnitOfWork, evaluation: Evaluation) -> None:
        evaluation.announce_time = self._clock.now()
        unit.announce(EvaluationRequestedEvent(evaluation_id=evaluation.evaluation_id))
