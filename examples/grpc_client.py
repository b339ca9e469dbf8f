"""Screens one CV over gRPC: `python -m examples.grpc_client ADDRESS TOKEN CV`.

ADDRESS is the store's (CANDOR_STORE_ADDRESS); TOKEN an access token, for instance from `POST /api/v1/sessions`."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import grpc
from candor.evaluations.v1.evaluations_service_pb2 import CreateEvaluationRequest, WatchEvaluationRequest
from candor.evaluations.v1.evaluations_service_pb2_grpc import EvaluationsServiceStub
from candor.jobs.v1.job_pb2 import Job
from candor.jobs.v1.jobs_service_pb2 import CreateJobRequest
from candor.jobs.v1.jobs_service_pb2_grpc import JobsServiceStub
from candor.resumes.v1.resumes_service_pb2 import UploadResumeRequest
from candor.resumes.v1.resumes_service_pb2_grpc import ResumesServiceStub

DESCRIPTION = Path(__file__).parent / "jobs" / "platform-engineer.md"


async def main(address: str, token: str, cv: Path) -> None:
    """Posts the job, uploads the CV, asks for the evaluation and follows it to its end."""
    who = (("authorization", f"Bearer {token}"),)
    async with grpc.aio.insecure_channel(address) as channel:
        posting = Job(title="Platform Engineer", description=DESCRIPTION.read_text())
        job = await JobsServiceStub(channel).CreateJob(CreateJobRequest(job=posting), metadata=who, timeout=10)
        resume = await ResumesServiceStub(channel).UploadResume(_upload(cv), metadata=who, timeout=60)
        evaluations = EvaluationsServiceStub(channel)
        asked = CreateEvaluationRequest(job_id=job.job_id, resume_id=resume.resume_id)
        evaluation = await evaluations.CreateEvaluation(asked, metadata=who, timeout=10)
        follow = WatchEvaluationRequest(evaluation_id=evaluation.evaluation_id)
        async for evaluation in evaluations.WatchEvaluation(follow, metadata=who, timeout=300):
            print(evaluation.State.Name(evaluation.state))
        print(f"{evaluation.overall_score:.1f} by {evaluation.model.provider}/{evaluation.model.name}")
        print("\n".join(evaluation.matches))


async def _upload(path: Path) -> AsyncIterator[UploadResumeRequest]:
    yield UploadResumeRequest(header=UploadResumeRequest.Header(file_name=path.name))
    with path.open("rb") as file:
        while chunk := file.read(64 * 1024):
            yield UploadResumeRequest(chunk=chunk)
    yield UploadResumeRequest(end=UploadResumeRequest.End())


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2], Path(sys.argv[3])))
