"""The mesh as the gateway sees it: the contract's own servicers, with answers that a test decides."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any, NoReturn

import grpc
from candor.access.v1 import access_pb2
from candor.evaluations.v1 import evaluation_pb2, evaluations_service_pb2, evaluations_service_pb2_grpc
from candor.identity.v1 import account_pb2, identity_service_pb2, identity_service_pb2_grpc
from candor.jobs.v1 import job_pb2, jobs_service_pb2, jobs_service_pb2_grpc
from candor.resumes.v1 import resume_pb2, resumes_service_pb2, resumes_service_pb2_grpc
from google.protobuf.any_pb2 import Any as Packed
from google.protobuf.duration_pb2 import Duration
from google.protobuf.empty_pb2 import Empty
from google.protobuf.message import Message
from google.rpc.error_details_pb2 import BadRequest, ErrorInfo, RetryInfo
from google.rpc.status_pb2 import Status
from grpc_status.rpc_status import to_status

JOB_ID = "job_" + "0" * 32
RESUME_ID = "res_" + "0" * 32
EVALUATION_ID = "eva_" + "0" * 32
FILE_LIMIT = 10 * 1024 * 1024

Context = grpc.aio.ServicerContext[Any, Any]
EvaluationState = evaluation_pb2.Evaluation.State
Stream = Callable[[Context], AsyncIterator[evaluation_pb2.Evaluation]]


class FakeMesh:
    """What the servicers saw, and what they are to answer."""

    def __init__(self) -> None:
        self.forget()

    def forget(self) -> None:
        self.requests: list[Message] = []
        self.metadata: dict[str, str] = {}
        self.seconds_left: float | None = None
        self.refusal: tuple[grpc.StatusCode, str, Sequence[Message]] | None = None
        self.failure: Exception | None = None
        self.stream: Stream = finished
        self.file = b"%PDF-1.7 content"
        self.file_name = "cv.pdf"
        self.media_type = "application/pdf"
        self.breaks_off = False
        self.received_bytes = 0
        self.largest_chunk = 0
        self.upload_cancelled = asyncio.Event()
        self.stream_cancelled = asyncio.Event()
        self.slow_reading = 0.0

    async def saw(self, request: Message, context: Context) -> None:
        self.requests.append(request)
        self.metadata = {key: str(value) for key, value in context.invocation_metadata() or ()}
        self.seconds_left = context.time_remaining()
        if self.failure is not None:
            raise self.failure
        if self.refusal is not None:
            await refuse(context, *self.refusal)


async def refuse(context: Context, code: grpc.StatusCode, sentence: str, details: Sequence[Message]) -> NoReturn:
    packed = []
    for detail in details:
        each = Packed()
        each.Pack(detail)
        packed.append(each)
    await context.abort_with_status(to_status(Status(code=code.value[0], message=sentence, details=packed)))
    raise AssertionError


def reason(name: str) -> ErrorInfo:
    return ErrorInfo(reason=name, domain="candor")


def retry_after(seconds: float) -> RetryInfo:
    delay = Duration()
    delay.FromMilliseconds(int(seconds * 1000))
    return RetryInfo(retry_delay=delay)


def violation(field: str, sentence: str) -> BadRequest:
    return BadRequest(field_violations=[BadRequest.FieldViolation(field=field, description=sentence)])


def evaluation(state: EvaluationState.ValueType) -> evaluation_pb2.Evaluation:
    return evaluation_pb2.Evaluation(evaluation_id=EVALUATION_ID, state=state)


async def finished(_: Context) -> AsyncIterator[evaluation_pb2.Evaluation]:
    yield evaluation(EvaluationState.STATE_RUNNING)
    yield evaluation(EvaluationState.STATE_SUCCEEDED)


class Jobs(jobs_service_pb2_grpc.JobsServiceServicer):
    def __init__(self, mesh: FakeMesh) -> None:
        self._mesh = mesh

    async def CreateJob(self, request: jobs_service_pb2.CreateJobRequest, context: Context) -> job_pb2.Job:
        await self._mesh.saw(request, context)
        return job_pb2.Job(job_id=JOB_ID, title=request.job.title, state=job_pb2.Job.STATE_OPEN)

    async def GetJob(self, request: jobs_service_pb2.GetJobRequest, context: Context) -> job_pb2.Job:
        await self._mesh.saw(request, context)
        if request.job_id != JOB_ID:
            await refuse(context, grpc.StatusCode.NOT_FOUND, "There is no such job.", [reason("JOB_NOT_FOUND")])
        return job_pb2.Job(job_id=JOB_ID, title="Nurse", description="Łódź")

    async def ListJobs(
        self, request: jobs_service_pb2.ListJobsRequest, context: Context
    ) -> jobs_service_pb2.ListJobsResponse:
        await self._mesh.saw(request, context)
        return jobs_service_pb2.ListJobsResponse(jobs=[job_pb2.Job(job_id=JOB_ID)])

    async def UpdateJob(self, request: jobs_service_pb2.UpdateJobRequest, context: Context) -> job_pb2.Job:
        await self._mesh.saw(request, context)
        return request.job

    async def CloseJob(self, request: jobs_service_pb2.CloseJobRequest, context: Context) -> job_pb2.Job:
        await self._mesh.saw(request, context)
        return job_pb2.Job(job_id=request.job_id, state=job_pb2.Job.STATE_CLOSED)

    async def DeleteJob(self, request: jobs_service_pb2.DeleteJobRequest, context: Context) -> Empty:
        await self._mesh.saw(request, context)
        return Empty()


class Resumes(resumes_service_pb2_grpc.ResumesServiceServicer):
    def __init__(self, mesh: FakeMesh) -> None:
        self._mesh = mesh

    async def UploadResume(
        self, requests: AsyncIterator[resumes_service_pb2.UploadResumeRequest], context: Context
    ) -> resume_pb2.Resume:
        mesh = self._mesh
        header = resumes_service_pb2.UploadResumeRequest.Header()
        try:
            async for message in requests:
                if message.HasField("header"):
                    header = message.header
                    await mesh.saw(header, context)
                    continue
                await asyncio.sleep(mesh.slow_reading)
                mesh.received_bytes += len(message.chunk)
                mesh.largest_chunk = max(mesh.largest_chunk, len(message.chunk))
                if mesh.received_bytes > FILE_LIMIT:
                    sentence = "The file is larger than 10 MiB."
                    await refuse(context, grpc.StatusCode.RESOURCE_EXHAUSTED, sentence, [reason("FILE_TOO_LARGE")])
            # A cancelled call looks like the end of its messages first; the cancellation follows some turns of the
            # loop later (grpc.aio 1.85), when a servicer is at its database.
            await asyncio.sleep(0.02)
        except asyncio.CancelledError:
            mesh.upload_cancelled.set()
            raise
        return resume_pb2.Resume(resume_id=RESUME_ID, file_name=header.file_name, size_bytes=mesh.received_bytes)

    async def DownloadResume(
        self, request: resumes_service_pb2.DownloadResumeRequest, context: Context
    ) -> AsyncIterator[resumes_service_pb2.DownloadResumeResponse]:
        mesh = self._mesh
        await mesh.saw(request, context)
        header = resumes_service_pb2.DownloadResumeResponse.Header(
            file_name=mesh.file_name, media_type=mesh.media_type, size_bytes=len(mesh.file)
        )
        yield resumes_service_pb2.DownloadResumeResponse(header=header)
        for start in range(0, len(mesh.file), 65536):
            yield resumes_service_pb2.DownloadResumeResponse(chunk=mesh.file[start : start + 65536])
            if mesh.breaks_off:
                await refuse(context, grpc.StatusCode.INTERNAL, "the disk at 10.0.0.7 is gone", [])


class Evaluations(evaluations_service_pb2_grpc.EvaluationsServiceServicer):
    def __init__(self, mesh: FakeMesh) -> None:
        self._mesh = mesh

    async def WatchEvaluation(
        self, request: evaluations_service_pb2.WatchEvaluationRequest, context: Context
    ) -> AsyncIterator[evaluation_pb2.Evaluation]:
        await self._mesh.saw(request, context)
        try:
            async for each in self._mesh.stream(context):
                yield each
        except (asyncio.CancelledError, GeneratorExit):
            self._mesh.stream_cancelled.set()
            raise


class Identity(identity_service_pb2_grpc.IdentityServiceServicer):
    def __init__(self, mesh: FakeMesh) -> None:
        self._mesh = mesh

    async def GetMe(self, request: identity_service_pb2.GetMeRequest, context: Context) -> account_pb2.Account:
        await self._mesh.saw(request, context)
        return account_pb2.Account(role=access_pb2.ROLE_RECRUITER)


def register(server: grpc.aio.Server, mesh: FakeMesh) -> None:
    jobs_service_pb2_grpc.add_JobsServiceServicer_to_server(Jobs(mesh), server)
    resumes_service_pb2_grpc.add_ResumesServiceServicer_to_server(Resumes(mesh), server)
    evaluations_service_pb2_grpc.add_EvaluationsServiceServicer_to_server(Evaluations(mesh), server)
    identity_service_pb2_grpc.add_IdentityServiceServicer_to_server(Identity(mesh), server)
