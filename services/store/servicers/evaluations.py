"""Evaluations for those who ask: create, read, follow, call off, rank."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import Any

from candor.evaluations.v1 import evaluation_pb2, evaluations_service_pb2
from candor.evaluations.v1.evaluations_events_pb2 import EvaluationRequestedEvent
from candor.evaluations.v1.record_pb2 import EvaluationRecord

from services.chassis.clock import Clock
from services.chassis.ids import new_id
from services.chassis.security.subject import current_subject
from services.store.domain.evaluations import (
    RESUME_UNREADABLE,
    RUBRIC_NOT_DRAFTED,
    Evaluation,
    RecordNotFound,
    State,
)
from services.store.domain.jobs import Job
from services.store.domain.resumes import Resume, ResumeNotFound, ResumeState
from services.store.mapping import evaluation_message, job_message, progress_message
from services.store.repositories.pages import PageRequest
from services.store.servicers.jobs import ask_for_rubric, posted
from services.store.servicers.judging import JudgingServicer
from services.store.servicers.requests import key_of
from services.store.servicers.resumes import LOOK_AGAIN_SECONDS
from services.store.tables import evaluations as table
from services.store.unit_of_work import UnitOfWork, Units
from services.store.watching import Watcher


class EvaluationsServicer(JudgingServicer):
    """The recruiter's half of EvaluationsService; the scorer's half is the base."""

    def __init__(self, units: Units, watcher: Watcher, clock: Clock) -> None:
        super().__init__(units, clock)
        self._watcher = watcher

    async def CreateEvaluation(
        self, request: evaluations_service_pb2.CreateEvaluationRequest, context: Any
    ) -> evaluation_pb2.Evaluation:
        async def create(unit: UnitOfWork) -> evaluation_pb2.Evaluation:
            if request.WhichOneof("target") == "job_id":
                job = await unit.jobs.get(request.job_id, lock="share")
            else:
                job = await self._unlisted(unit, request.inline_job)
            resume = await unit.resumes.get(request.resume_id)
            await unit.evaluations.supersede(job.job_id, [resume.resume_id])
            return evaluation_message(self._asked(unit, job, resume), resume)

        key = key_of("CreateEvaluation", request, request.request_id)
        return (await self._units.once(key, evaluation_pb2.Evaluation, create))[0]

    async def BatchCreateEvaluations(
        self, request: evaluations_service_pb2.BatchCreateEvaluationsRequest, context: Any
    ) -> evaluations_service_pb2.BatchCreateEvaluationsResponse:
        async def create(unit: UnitOfWork) -> evaluations_service_pb2.BatchCreateEvaluationsResponse:
            job = await unit.jobs.get(request.job_id, lock="share")
            resumes = await unit.resumes.many(request.resume_ids, lock=True)
            for resume_id in request.resume_ids:
                if resume_id not in resumes:
                    raise ResumeNotFound(resume_id=resume_id)
            await unit.evaluations.supersede(job.job_id, request.resume_ids)
            ordered = [resumes[resume_id] for resume_id in request.resume_ids]
            asked = [evaluation_message(self._asked(unit, job, resume), resume) for resume in ordered]
            return evaluations_service_pb2.BatchCreateEvaluationsResponse(evaluations=asked)

        key = key_of("BatchCreateEvaluations", request, request.request_id)
        answer = evaluations_service_pb2.BatchCreateEvaluationsResponse
        return (await self._units.once(key, answer, create))[0]

    async def GetEvaluation(
        self, request: evaluations_service_pb2.GetEvaluationRequest, context: Any
    ) -> evaluation_pb2.Evaluation:
        return await self._shown(request.evaluation_id)

    async def ListEvaluations(
        self, request: evaluations_service_pb2.ListEvaluationsRequest, context: Any
    ) -> evaluations_service_pb2.ListEvaluationsResponse:
        filters = (request.job_id, request.resume_id, request.state)
        wanted = PageRequest.of(request.page_size, request.page_token, "evaluations", *filters)
        columns = (table.c.job_id, table.c.resume_id, table.c.state)
        conditions = [column == value for column, value in zip(columns, filters, strict=True) if value]
        async with self._units.begin() as unit:
            page = await unit.evaluations.page(wanted, *conditions)
            found = await _with_resumes(unit, page.items)
        return evaluations_service_pb2.ListEvaluationsResponse(evaluations=found, next_page_token=page.next_token)

    async def WatchEvaluation(
        self, request: evaluations_service_pb2.WatchEvaluationRequest, context: Any
    ) -> AsyncIterator[evaluation_pb2.Evaluation]:
        shown = None
        while True:
            with self._watcher.next_change(request.evaluation_id) as wake:
                evaluation = await self._shown(request.evaluation_id)
                if evaluation.state != shown:
                    shown = evaluation.state
                    yield evaluation
                if evaluation.state >= int(State.SUCCEEDED) or self._watcher.stopping:
                    return
                await wake.within(LOOK_AGAIN_SECONDS)

    async def CancelEvaluation(
        self, request: evaluations_service_pb2.CancelEvaluationRequest, context: Any
    ) -> evaluation_pb2.Evaluation:
        async with self._units.begin() as unit:
            evaluation = await unit.evaluations.get(request.evaluation_id)
            evaluation.cancel(self._clock.now())
            return (await _with_resumes(unit, [evaluation]))[0]

    async def GetEvaluationRecord(
        self, request: evaluations_service_pb2.GetEvaluationRecordRequest, context: Any
    ) -> EvaluationRecord:
        async with self._units.begin() as unit:
            evaluation = await unit.evaluations.get(request.evaluation_id, lock="none")
            record = await unit.evaluations.record(evaluation.evaluation_id)
        if record is None:
            raise RecordNotFound(evaluation_id=request.evaluation_id)
        return record

    async def GetRanking(
        self, request: evaluations_service_pb2.GetRankingRequest, context: Any
    ) -> evaluation_pb2.Ranking:
        wanted = PageRequest.of(request.page_size, request.page_token, "ranking", request.job_id)
        async with self._units.begin() as unit:
            job = await unit.jobs.get(request.job_id, lock="none")
            page = await unit.evaluations.ranked(job.job_id, wanted)
            counts = await unit.evaluations.counts(job.job_id)
            return evaluation_pb2.Ranking(
                job=job_message(job),
                rubric=job.rubric,
                evaluations=await _with_resumes(unit, page.items),
                unreadable=await _unreadable(unit, job.job_id),
                progress=progress_message(counts),
                next_page_token=page.next_token,
            )

    async def _shown(self, evaluation_id: str) -> evaluation_pb2.Evaluation:
        async with self._units.begin() as unit:
            evaluation = await unit.evaluations.get(evaluation_id, lock="none")
            return (await _with_resumes(unit, [evaluation]))[0]

    async def _unlisted(
        self, unit: UnitOfWork, inline: evaluations_service_pb2.CreateEvaluationRequest.InlineJob
    ) -> Job:
        account_id = current_subject().account_id
        known = await unit.jobs.unlisted_with(account_id, inline.title, inline.description)
        if known is not None:
            return known
        job = posted(unit, self._clock, inline.title, inline.description, unlisted=True)
        ask_for_rubric(unit, job, self._clock)
        return job

    def _asked(self, unit: UnitOfWork, job: Job, resume: Resume) -> Evaluation:
        """A new evaluation, as far on its way as CV and rubric allow."""
        job.require_open()
        now = self._clock.now()
        evaluation = unit.evaluations.add(
            Evaluation(
                evaluation_id=new_id("eva"),
                # Whoever asks, the evaluation is the job owner's: it takes its place in their ranking.
                account_id=job.account_id,
                job_id=job.job_id,
                resume_id=resume.resume_id,
                file_sha256=resume.sha256,
                state=State.PENDING,
                rubric_version=job.rubric_version,
                attempt=0,
                lease_until=None,
                superseded=False,
                result=None,
                model=None,
                failure_reason="",
                failure_message="",
                create_time=now,
                announce_time=None,
                finish_time=None,
            )
        )
        if resume.unreadable is not None:
            evaluation.fail_for(RESUME_UNREADABLE, resume.unreadable.reason, now)
        elif job.rubric is None and job.rubric_failure:
            evaluation.fail_for(RUBRIC_NOT_DRAFTED, job.rubric_failure, now)
        elif job.rubric is not None and resume.state is ResumeState.PARSED:
            evaluation.queue(job.rubric_version, now)
            unit.announce(EvaluationRequestedEvent(evaluation_id=evaluation.evaluation_id))
        return evaluation


async def _with_resumes(unit: UnitOfWork, found: Sequence[Evaluation]) -> list[evaluation_pb2.Evaluation]:
    resumes = await unit.resumes.many([one.resume_id for one in found])
    return [evaluation_message(one, resumes.get(one.resume_id)) for one in found]


async def _unreadable(unit: UnitOfWork, job_id: str) -> list[evaluation_pb2.UnreadableResume]:
    identifiers = await unit.evaluations.unreadable_resumes(job_id)
    resumes = await unit.resumes.many(identifiers)
    return [
        evaluation_pb2.UnreadableResume(
            resume_id=resume.resume_id,
            file_name=resume.file_name,
            code=resume.unreadable.code,
            reason=resume.unreadable.reason,
        )
        for resume in (resumes[identifier] for identifier in identifiers if identifier in resumes)
        if resume.unreadable is not None
    ]
