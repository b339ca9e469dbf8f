"""A mesh inside the test's process: real gRPC, real PostgreSQL, a bus of choice; and what tests ask of it."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

from candor.access.v1.access_pb2 import Role
from candor.evaluations.v1.evaluation_pb2 import Evaluation, Ranking
from candor.evaluations.v1.evaluations_service_pb2 import (
    BatchCreateEvaluationsRequest,
    GetEvaluationRequest,
    GetRankingRequest,
)
from candor.evaluations.v1.evaluations_service_pb2_grpc import EvaluationsServiceStub
from candor.evaluations.v1.scoring_service_pb2_grpc import ScoringServiceStub
from candor.identity.v1.identity_service_pb2_grpc import IdentityServiceStub
from candor.jobs.v1.job_pb2 import Job
from candor.jobs.v1.jobs_service_pb2 import CreateJobRequest
from candor.jobs.v1.jobs_service_pb2_grpc import JobsServiceStub
from candor.parsing.v1.parsing_service_pb2_grpc import ParsingServiceStub
from candor.resumes.v1.resume_pb2 import Resume
from candor.resumes.v1.resumes_service_pb2 import GetResumeRequest, UploadResumeRequest
from candor.resumes.v1.resumes_service_pb2_grpc import ResumesServiceStub
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from services.chassis.clock import SystemClock
from services.chassis.rpc.channels import dial
from services.chassis.runtime import Defaults, Process
from services.chassis.security.subject import Subject
from services.chassis.security.tokens import Tokens, create_key, load_key
from services.chassis.telemetry import Telemetry
from services.targets import assemble

QUEUES = (
    "parser.parse-resume",
    "scorer.score-resume",
    "scorer.draft-rubric",
    "store.erase-file",
    "tests.take-event",
    "tests.survive-restart",
)
ADMIN = Subject("acc_" + "a" * 32, Role.ROLE_ADMIN)
RECRUITER = Subject("acc_" + "b" * 32, Role.ROLE_RECRUITER)
OTHER_RECRUITER = Subject("acc_" + "c" * 32, Role.ROLE_RECRUITER)
CANDIDATE = Subject("acc_" + "d" * 32, Role.ROLE_CANDIDATE)
SERVICE = Subject("svc_tests", Role.ROLE_SERVICE)

_TERMINAL = {Evaluation.STATE_SUCCEEDED, Evaluation.STATE_FAILED, Evaluation.STATE_CANCELLED}


class Client:
    """Stubs with one caller's credentials."""

    def __init__(self, store: Any, parser: Any, scorer: Any) -> None:
        self.identity = IdentityServiceStub(store)
        self.jobs = JobsServiceStub(store)
        self.resumes = ResumesServiceStub(store)
        self.evaluations = EvaluationsServiceStub(store)
        self.parsing = ParsingServiceStub(parser)
        self.scoring = ScoringServiceStub(scorer)

    async def post_job(self, description: str = "We need Python and PostgreSQL.", **fields: Any) -> Job:
        job = Job(title=fields.pop("title", "Engineer"), description=description, **fields)
        return await self.jobs.CreateJob(CreateJobRequest(job=job))

    async def upload(
        self, content: bytes = b"Five years of Python.", file_name: str = "cv.txt", **header: Any
    ) -> Resume:
        return await self.resumes.UploadResume(upload_of(content, file_name, **header))

    async def parsed(self, resume_id: str) -> Resume:
        """The CV once it has been read."""
        async with asyncio.timeout(30):
            while True:
                resume = await self.resumes.GetResume(GetResumeRequest(resume_id=resume_id))
                if resume.state != Resume.STATE_UPLOADED:
                    return resume
                await asyncio.sleep(0.02)

    async def ask_for(self, job_id: str, resume_ids: Sequence[str]) -> list[Evaluation]:
        request = BatchCreateEvaluationsRequest(job_id=job_id, resume_ids=resume_ids)
        return list((await self.evaluations.BatchCreateEvaluations(request)).evaluations)

    async def ended(self, evaluation_id: str, seconds: float = 60.0) -> Evaluation:
        """The evaluation once it has ended."""
        async with asyncio.timeout(seconds):
            while True:
                found = await self.evaluations.GetEvaluation(GetEvaluationRequest(evaluation_id=evaluation_id))
                if found.state in _TERMINAL:
                    return found
                await asyncio.sleep(0.02)

    async def ranking(self, job_id: str) -> Ranking:
        return await self.evaluations.GetRanking(GetRankingRequest(job_id=job_id, page_size=100))


class RunningMesh:
    """A started mesh: clients by caller, and the spans it has made."""

    def __init__(
        self, process: Process, addresses: dict[str, str], tokens: Tokens, spans: InMemorySpanExporter
    ) -> None:
        self.process, self.addresses, self.tokens, self._spans = process, addresses, tokens, spans
        self._channels: list[Any] = []

    def client(self, subject: Subject | None = ADMIN) -> Client:
        """A client for a caller; None: nobody is signed in."""
        token = None if subject is None else self.tokens.issue(subject, timedelta(hours=1))[0]
        speak = None if token is None else (lambda: token)
        names = ("store", "parser", "scorer")
        made = [dial(self.addresses[name], Telemetry("tests", []), speak) for name in names]
        self._channels += made
        return Client(*made)

    def spans(self) -> Sequence[ReadableSpan]:
        return self._spans.get_finished_spans()

    async def close(self) -> None:
        for channel in self._channels:
            await channel.close()


@asynccontextmanager
async def running_mesh(
    folder: Path,
    *,
    services: Iterable[str] = ("store", "parser", "scorer"),
    telemetry: Telemetry | None = None,
    **defaults: Any,
) -> AsyncIterator[RunningMesh]:
    """Starts services in this process; `defaults` are settings, `http_listen` among them."""
    create_key(folder / "key.pem")
    spans = InMemorySpanExporter()
    own = telemetry is None
    telemetry = telemetry or Telemetry("candor", [SimpleSpanProcessor(spans)])
    with tempfile.TemporaryDirectory(prefix="candor-t-") as sockets:
        addresses = {name: f"unix:{sockets}/{name}.sock" for name in ("store", "parser", "scorer")}
        shared = {
            "data_dir": folder,
            "signing_key_file": folder / "key.pem",
            "metrics_listen": "",
            "grace_seconds": 5.0,
            "parser_at_once": 2,
            **{f"{name}_address": address for name, address in addresses.items()},
            **defaults,
        }
        listens = {name: {"grpc_listen": address} for name, address in addresses.items()}
        process = Process(telemetry, alone=False, defaults=Defaults(shared, listens))
        tokens = Tokens(load_key(folder / "key.pem"), SystemClock())
        component = assemble(list(services), process)
        mesh = RunningMesh(process, addresses, tokens, spans)
        try:
            await component.start()
            yield mesh
        finally:
            await mesh.close()
            await component.stop()
            if own:
                telemetry.close()


async def upload_of(content: bytes, file_name: str, **header: Any) -> AsyncIterator[UploadResumeRequest]:
    """The messages of an upload."""
    yield UploadResumeRequest(header=UploadResumeRequest.Header(file_name=file_name, **header))
    for start in range(0, len(content), 64 * 1024):
        yield UploadResumeRequest(chunk=content[start : start + 64 * 1024])
    yield UploadResumeRequest(end=UploadResumeRequest.End())
