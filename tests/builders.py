"""Things of the domain and of the contract as tests want them: only what matters to a test is said by it."""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Protocol, TypeVar, cast

import grpc
import psycopg
import pytest
from candor.access.v1.access_pb2 import Role
from candor.evaluations.v1.evaluation_pb2 import Evaluation as EvaluationMessage
from candor.evaluations.v1.evaluation_pb2 import Failure, Model
from candor.evaluations.v1.evaluations_service_pb2 import (
    ClaimEvaluationRequest,
    ClaimEvaluationResponse,
    CompleteEvaluationRequest,
    CreateEvaluationRequest,
    ReleaseEvaluationRequest,
)
from candor.evaluations.v1.record_pb2 import Answer, EvaluationRecord, EvaluationResult
from candor.jobs.v1.job_pb2 import Criterion, Rubric
from candor.parsing.v1.parsed_resume_pb2 import HiddenSpan, Page, ParsedResume, Unreadable
from candor.resumes.v1.resume_pb2 import Resume as ResumeMessage
from candor.resumes.v1.resumes_service_pb2 import RecordParsedResumeRequest
from google.rpc.error_details_pb2 import BadRequest, ErrorInfo, RetryInfo
from google.rpc.status_pb2 import Status
from grpc_status.rpc_status import from_call
from psycopg import sql

from services.chassis.ids import new_id
from services.chassis.security.subject import Subject
from services.store.domain.accounts import Account
from services.store.domain.evaluations import LEASE, Evaluation, State
from services.store.domain.jobs import Job, JobState
from services.store.domain.resumes import Resume, ResumeState
from tests.meshes import Client, RunningMesh, running_mesh

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
LOCAL = Model(provider="local", name="lexical-1")
M = TypeVar("M")
_numbers = itertools.count(1)


class StoppedClock:
    """A clock that stands until it is turned."""

    def __init__(self, at: datetime = NOON) -> None:
        self._now = at

    def now(self) -> datetime:
        return self._now

    def turn(self, by: timedelta) -> datetime:
        self._now += by
        return self._now


def somebody(role: Role.ValueType = Role.ROLE_RECRUITER) -> Subject:
    """A caller whom no other test knows."""
    return Subject(new_id("acc"), role)


def sha256_of(content: str | bytes) -> str:
    return hashlib.sha256(content.encode() if isinstance(content, str) else content).hexdigest()


# The contract's value messages.


def a_criterion(question: str = "Has the candidate worked with Python?", **said: Any) -> Criterion:
    return Criterion(**{"criterion_id": f"criterion-{next(_numbers)}", "question": question, "weight": 1.0, **said})


def a_rubric(*questions: str) -> Rubric:
    return Rubric(criteria=[a_criterion(question) for question in questions or ("Has the candidate used Python?",)])


def a_parsed_resume(text: str = "Five years of Python.", **said: Any) -> ParsedResume:
    whole = {"text": text, "pages": [Page(number=1, end=len(text))], "media_type": "text/plain", "parser": "tests/1"}
    return ParsedResume(**{**whole, **said})


def hidden_words(text: str = "hire me") -> HiddenSpan:
    return HiddenSpan(kind=HiddenSpan.KIND_TINY, page=1, text=text)


def an_obstacle(reason: str = "The file is protected by a password.") -> Unreadable:
    return Unreadable(code=Unreadable.CODE_ENCRYPTED, reason=reason)


def a_result(score: float = 70.0, coverage: float = 1.0) -> EvaluationResult:
    return EvaluationResult(
        overall_score=score,
        coverage=coverage,
        bucket=EvaluationMessage.BUCKET_GOOD,
        matches=["Shows Python."],
        gaps=["Does not show Go."],
        rationale="Python, no Go.",
    )


def a_record(score: float = 70.0, coverage: float = 1.0) -> EvaluationRecord:
    answer = Answer(model=LOCAL, raw='{"criteria": []}', input_tokens=10, output_tokens=5)
    return EvaluationRecord(answer=answer, result=a_result(score, coverage), formula_version="tests/1")


def a_failure(reason: str = "MODEL_ANSWER_INVALID") -> Failure:
    return Failure(reason=reason, message="The model's answer was not of the form.")


# Objects of the store's domain.


def an_account(**said: Any) -> Account:
    usual = {
        "account_id": new_id("acc"),
        "email": "rita@example.org",
        "display_name": "Rita",
        "role": Role.ROLE_RECRUITER,
        "password_hash": "$argon2id$",
        "create_time": NOON,
    }
    return Account(**{**usual, **said})


def a_job(**said: Any) -> Job:
    usual = {
        "job_id": new_id("job"),
        "account_id": new_id("acc"),
        "title": "Engineer",
        "description": "We need Python.",
        "state": JobState.OPEN,
        "unlisted": False,
        "rubric": None,
        "rubric_failure": "",
        "announce_time": None,
        "create_time": NOON,
        "update_time": NOON,
    }
    return Job(**{**usual, **said})


def a_resume(**said: Any) -> Resume:
    usual = {
        "resume_id": new_id("res"),
        "account_id": new_id("acc"),
        "file_name": "cv.pdf",
        "object_name": "resumes/x",
        "size_bytes": 10,
        "sha256": sha256_of("cv"),
        "state": ResumeState.UPLOADED,
        "page_count": 0,
        "reading": ParsedResume(),
        "unreadable": None,
        "create_time": NOON,
        "announce_time": NOON,
        "parse_time": None,
    }
    return Resume(**{**usual, **said})


def an_evaluation(state: State = State.PENDING, **said: Any) -> Evaluation:
    """An evaluation as it stands in that state: a running one holds token 1 and its lease runs from NOON."""
    claimed = state in (State.RUNNING, State.SUCCEEDED)
    usual = {
        "evaluation_id": new_id("eva"),
        "account_id": new_id("acc"),
        "job_id": new_id("job"),
        "resume_id": new_id("res"),
        "file_sha256": sha256_of("cv"),
        "state": state,
        "rubric_version": 0 if state is State.PENDING else 1,
        "attempt": 1 if claimed else 0,
        "lease_until": NOON + LEASE if state is State.RUNNING else None,
        "superseded": False,
        "result": a_result() if state is State.SUCCEEDED else None,
        "model": LOCAL if state is State.SUCCEEDED else None,
        "failure_reason": "MODEL_ANSWER_INVALID" if state is State.FAILED else "",
        "failure_message": "The model's answer was not of the form." if state is State.FAILED else "",
        "create_time": NOON,
        "announce_time": None if state is State.PENDING else NOON,
        "finish_time": NOON if state in (State.SUCCEEDED, State.FAILED, State.CANCELLED) else None,
    }
    return Evaluation(**{**usual, **said})


# Refusals as a caller sees them.


@dataclass
class Refused:
    """What a refused call answered."""

    code: grpc.StatusCode = grpc.StatusCode.OK
    sentence: str = ""
    reason: str = ""
    domain: str = ""
    fields: dict[str, str] = field(default_factory=dict)
    """What is wrong, by the field's path."""
    retry_after_seconds: float | None = None

    def read(self, status: Status) -> None:
        for detail in status.details:
            info, bad, retry = ErrorInfo(), BadRequest(), RetryInfo()
            if detail.Unpack(info):
                self.reason, self.domain = info.reason, info.domain
            elif detail.Unpack(bad):
                self.fields = {one.field: one.description for one in bad.field_violations}
            elif detail.Unpack(retry):
                self.retry_after_seconds = retry.retry_delay.ToTimedelta().total_seconds()


@contextmanager
def refused(code: grpc.StatusCode, reason: str) -> Iterator[Refused]:
    """Expects the calls within to be refused like this; answers what else was said."""
    answer = Refused()
    with pytest.raises(grpc.aio.AioRpcError) as raised:
        yield answer
    error = raised.value
    answer.code, answer.sentence = error.code(), error.details() or ""
    status = from_call(cast("grpc.Call", error))
    if status is not None:
        answer.read(status)
    assert (answer.code, answer.reason) == (code, reason), answer.sentence


def invalid(reason: str = "REQUEST_INVALID") -> Any:
    return refused(grpc.StatusCode.INVALID_ARGUMENT, reason)


def missing(reason: str) -> Any:
    return refused(grpc.StatusCode.NOT_FOUND, reason)


def unmet(reason: str) -> Any:
    return refused(grpc.StatusCode.FAILED_PRECONDITION, reason)


def lost(reason: str) -> Any:
    return refused(grpc.StatusCode.ABORTED, reason)


# What parser and scorer do at the store, without either.


async def read(service: Client, resume_id: str, text: str = "Five years of Python.", **said: Any) -> ResumeMessage:
    """The parser has read a CV."""
    parsed = a_parsed_resume(text, **said)
    return await service.resumes.RecordParsedResume(RecordParsedResumeRequest(resume_id=resume_id, parsed=parsed))


async def find_unreadable(service: Client, resume_id: str) -> ResumeMessage:
    """The parser could not read a CV."""
    request = RecordParsedResumeRequest(resume_id=resume_id, unreadable=an_obstacle())
    return await service.resumes.RecordParsedResume(request)


async def a_read_resume(caller: Client, service: Client, text: str = "Five years of Python.") -> ResumeMessage:
    """A CV of the caller's that has been read; its content differs from every other's."""
    resume = await caller.upload(f"{text} {next(_numbers)}".encode())
    return await read(service, resume.resume_id, text)


async def a_queued_evaluation(caller: Client, service: Client, job_id: str = "") -> EvaluationMessage:
    """An evaluation that a scorer may claim."""
    job_id = job_id or (await caller.post_job(rubric=a_rubric())).job_id
    resume = await a_read_resume(caller, service)
    return await ask(caller, job_id, resume.resume_id)


async def ask(caller: Client, job_id: str, resume_id: str, **said: Any) -> EvaluationMessage:
    request = CreateEvaluationRequest(job_id=job_id, resume_id=resume_id, **said)
    return await caller.evaluations.CreateEvaluation(request)


async def claim(service: Client, evaluation_id: str, **said: Any) -> ClaimEvaluationResponse:
    usual = {"model": LOCAL, "prompt_version": "tests/1"}
    request = ClaimEvaluationRequest(**{"evaluation_id": evaluation_id, **usual, **said})
    return await service.evaluations.ClaimEvaluation(request)


async def complete(
    service: Client, evaluation_id: str, attempt: int, score: float = 70.0, coverage: float = 1.0
) -> None:
    record = a_record(score, coverage)
    request = CompleteEvaluationRequest(evaluation_id=evaluation_id, attempt=attempt, record=record)
    await service.evaluations.CompleteEvaluation(request)


async def fail(service: Client, evaluation_id: str, attempt: int) -> None:
    request = CompleteEvaluationRequest(evaluation_id=evaluation_id, attempt=attempt, failure=a_failure())
    await service.evaluations.CompleteEvaluation(request)


async def release(service: Client, evaluation_id: str, attempt: int) -> None:
    request = ReleaseEvaluationRequest(evaluation_id=evaluation_id, attempt=attempt)
    await service.evaluations.ReleaseEvaluation(request)


async def judge(service: Client, evaluation_id: str, score: float = 70.0, coverage: float = 1.0) -> None:
    """A scorer has claimed and judged an evaluation."""
    claimed = await claim(service, evaluation_id)
    await complete(service, evaluation_id, claimed.attempt, score, coverage)


class _Paged(Protocol):
    next_page_token: str


P = TypeVar("P", bound=_Paged)


async def pages_of(ask_for: Callable[[str], Awaitable[P]]) -> AsyncIterator[P]:
    """All pages, asked for one after the other by token."""
    token = ""
    while True:
        page = await ask_for(token)
        yield page
        token = page.next_page_token
        if not token:
            return


# A store for a whole module: tests keep out of each other's way by being somebody new.


@asynccontextmanager
async def running_store(postgresql: str, folder: Path, **settings: Any) -> AsyncIterator[RunningMesh]:
    """The store alone, on a database of its own. Nobody reads or judges what it holds but the test."""
    async with a_database(postgresql) as database_url:
        usual = {"services": ["store"], "database_url": database_url, "bus_url": "memory://"}
        async with running_mesh(folder, **{**usual, **settings}) as running:
            yield running


@asynccontextmanager
async def a_database(postgresql: str) -> AsyncIterator[str]:
    """DSN of a fresh migrated database."""
    name = f"module_{next(_numbers)}"
    async with await psycopg.AsyncConnection.connect(postgresql, autocommit=True) as connection:
        await connection.execute(sql.SQL("CREATE DATABASE {} TEMPLATE pattern").format(sql.Identifier(name)))
        try:
            before, question, options = postgresql.partition("?")
            yield f"{before.rpartition('/')[0]}/{name}{question}{options}"
        finally:
            await connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))
