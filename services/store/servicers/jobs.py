"""Job postings: post, read, edit, close, delete, and the rubric that the scorer drafts."""

from __future__ import annotations

from typing import Any

from candor.access.v1.access_pb2 import Role
from candor.evaluations.v1.evaluations_events_pb2 import EvaluationRequestedEvent
from candor.jobs.v1 import job_pb2, jobs_service_pb2, jobs_service_pb2_grpc
from candor.jobs.v1.jobs_events_pb2 import RubricRequestedEvent
from google.protobuf.empty_pb2 import Empty

from services.chassis.clock import Clock
from services.chassis.ids import new_id
from services.chassis.refusals import FieldViolation
from services.store.domain.evaluations import RUBRIC_NOT_DRAFTED
from services.store.domain.jobs import Job, JobFieldNotEditable, JobState
from services.store.domain.resumes import ResumeState
from services.store.mapping import job_message
from services.store.repositories.pages import PageRequest
from services.store.servicers.requests import key_of
from services.store.tables import jobs as jobs_table
from services.store.unit_of_work import UnitOfWork, Units


class JobsServicer(jobs_service_pb2_grpc.JobsServiceServicer):
    def __init__(self, units: Units, clock: Clock) -> None:
        self._units, self._clock = units, clock

    async def CreateJob(self, request: jobs_service_pb2.CreateJobRequest, context: Any) -> job_pb2.Job:
        async def create(unit: UnitOfWork) -> job_pb2.Job:
            job = posted(unit, self._clock, request.job.title, request.job.description, unlisted=False)
            if request.job.HasField("rubric"):
                job.put_in_force(request.job.rubric, unit.subject.account_id, self._clock.now())
            else:
                ask_for_rubric(unit, job, self._clock)
            return job_message(job)

        key = key_of("CreateJob", request, request.request_id)
        return (await self._units.once(key, job_pb2.Job, create))[0]

    async def GetJob(self, request: jobs_service_pb2.GetJobRequest, context: Any) -> job_pb2.Job:
        async with self._units.begin() as unit:
            return job_message(await unit.jobs.get(request.job_id, lock="none"))

    async def ListJobs(
        self, request: jobs_service_pb2.ListJobsRequest, context: Any
    ) -> jobs_service_pb2.ListJobsResponse:
        wanted = PageRequest.of(request.page_size, request.page_token, "jobs", request.state)
        conditions = [~jobs_table.c.unlisted]
        if request.state:
            conditions.append(jobs_table.c.state == int(request.state))
        async with self._units.begin() as unit:
            page = await unit.jobs.page(wanted, *conditions)
        found = [job_message(job) for job in page.items]
        return jobs_service_pb2.ListJobsResponse(jobs=found, next_page_token=page.next_token)

    async def UpdateJob(self, request: jobs_service_pb2.UpdateJobRequest, context: Any) -> job_pb2.Job:
        async with self._units.begin() as unit:
            job = await unit.jobs.get(request.job.job_id)
            # A service says whose draft it brings; an account is the author of what it edits.
            drafted = request.job.rubric.author if unit.subject.role == Role.ROLE_SERVICE else ""
            for path in request.update_mask.paths or _given(request.job):
                self._change(job, path, request.job, drafted or unit.subject.account_id)
            await queue_waiting_for_job(unit, job, self._clock)
            return job_message(job)

    def _change(self, job: Job, path: str, new: job_pb2.Job, author: str) -> None:
        match path:
            case "title":
                job.retitle(new.title, self._clock.now())
            case "description":
                job.redescribe(new.description, self._clock.now())
            case "rubric":
                job.put_in_force(new.rubric, author, self._clock.now())
            case _:
                raise JobFieldNotEditable(path=path, fields=[FieldViolation("update_mask", f"`{path}` is fixed")])

    async def CloseJob(self, request: jobs_service_pb2.CloseJobRequest, context: Any) -> job_pb2.Job:
        async with self._units.begin() as unit:
            job = await unit.jobs.get(request.job_id)
            job.close(self._clock.now())
            return job_message(job)

    async def DeleteJob(self, request: jobs_service_pb2.DeleteJobRequest, context: Any) -> Empty:
        async with self._units.begin() as unit:
            job = await unit.jobs.get(request.job_id)
            await unit.jobs.remove(job.job_id)
            return Empty()

    async def RecordRubricDraft(self, request: jobs_service_pb2.RecordRubricDraftRequest, context: Any) -> job_pb2.Job:
        async with self._units.begin() as unit:
            job = await unit.jobs.get(request.job_id)
            if request.WhichOneof("outcome") == "failure":
                job.give_up_drafting(request.failure, self._clock.now())
            elif job.rubric is None:
                job.put_in_force(request.rubric, request.rubric.author, self._clock.now())
            await queue_waiting_for_job(unit, job, self._clock)
            return job_message(job)


def posted(unit: UnitOfWork, clock: Clock, title: str, description: str, *, unlisted: bool) -> Job:
    """A new posting of the caller's, without a rubric."""
    now = clock.now()
    return unit.jobs.add(
        Job(
            job_id=new_id("job"),
            account_id=unit.subject.account_id,
            title=title,
            description=description,
            state=JobState.OPEN,
            unlisted=unlisted,
            rubric=None,
            rubric_failure="",
            announce_time=None,
            create_time=now,
            update_time=now,
        )
    )


def ask_for_rubric(unit: UnitOfWork, job: Job, clock: Clock) -> None:
    """Has a rubric drafted in the background."""
    job.announce_time = clock.now()
    unit.announce(RubricRequestedEvent(job_id=job.job_id))


async def queue_waiting_for_job(unit: UnitOfWork, job: Job, clock: Clock) -> None:
    """What waited for this job's rubric goes on, or ends where there will be none."""
    if job.rubric is None and not job.rubric_failure:
        return
    waiting = await unit.evaluations.waiting_for_job(job.job_id)
    resumes = await unit.resumes.many([evaluation.resume_id for evaluation in waiting], lock=True) if waiting else {}
    for evaluation in waiting:
        if job.rubric is None:
            evaluation.fail_for(RUBRIC_NOT_DRAFTED, job.rubric_failure, clock.now())
        elif resumes[evaluation.resume_id].state is ResumeState.PARSED:
            evaluation.queue(job.rubric_version, clock.now())
            unit.announce(EvaluationRequestedEvent(evaluation_id=evaluation.evaluation_id))


def _given(job: job_pb2.Job) -> list[str]:
    """Without a mask: what the message has."""
    return [field.name for field, _ in job.ListFields() if field.name != "job_id"]
