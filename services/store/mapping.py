"""Objects of the domain as messages of the contract."""

from __future__ import annotations

from datetime import datetime

from candor.evaluations.v1 import evaluation_pb2
from candor.identity.v1 import account_pb2
from candor.jobs.v1 import job_pb2
from candor.resumes.v1 import resume_pb2
from google.protobuf.timestamp_pb2 import Timestamp

from services.store.domain.accounts import Account
from services.store.domain.evaluations import Evaluation, State
from services.store.domain.jobs import Job
from services.store.domain.resumes import Resume


def stamp(at: datetime | None) -> Timestamp | None:
    """A time of the domain as the contract has it."""
    if at is None:
        return None
    stamped = Timestamp()
    stamped.FromDatetime(at)
    return stamped


def account_message(account: Account) -> account_pb2.Account:
    return account_pb2.Account(
        account_id=account.account_id,
        email=account.email,
        display_name=account.display_name,
        role=account.role,
        create_time=stamp(account.create_time),
    )


def job_message(job: Job) -> job_pb2.Job:
    return job_pb2.Job(
        job_id=job.job_id,
        title=job.title,
        description=job.description,
        state=job_pb2.Job.State.ValueType(int(job.state)),
        rubric=job.rubric,
        rubric_failure=job.rubric_failure,
        unlisted=job.unlisted,
        account_id=job.account_id,
        create_time=stamp(job.create_time),
        update_time=stamp(job.update_time),
    )


def resume_message(resume: Resume) -> resume_pb2.Resume:
    return resume_pb2.Resume(
        resume_id=resume.resume_id,
        file_name=resume.file_name,
        media_type=resume.reading.media_type,
        size_bytes=resume.size_bytes,
        sha256=resume.sha256,
        state=resume_pb2.Resume.State.ValueType(int(resume.state)),
        unreadable=resume.unreadable,
        page_count=resume.page_count,
        hidden_spans=resume.reading.hidden_spans,
        warnings=resume.reading.warnings,
        account_id=resume.account_id,
        create_time=stamp(resume.create_time),
        parse_time=stamp(resume.parse_time),
    )


def evaluation_message(evaluation: Evaluation, resume: Resume | None) -> evaluation_pb2.Evaluation:
    """`resume` is None where the CV's row was not looked up: then the message names its id only."""
    message = evaluation_pb2.Evaluation(
        evaluation_id=evaluation.evaluation_id,
        job_id=evaluation.job_id,
        resume=_evaluated(evaluation, resume),
        state=evaluation_pb2.Evaluation.State.ValueType(int(evaluation.state)),
        rubric_version=evaluation.rubric_version,
        model=evaluation.model,
        account_id=evaluation.account_id,
        create_time=stamp(evaluation.create_time),
        finish_time=stamp(evaluation.finish_time),
    )
    if evaluation.failure_reason:
        message.failure.reason = evaluation.failure_reason
        message.failure.message = evaluation.failure_message
    result = evaluation.result
    if result is not None:
        message.overall_score, message.coverage, message.bucket = result.overall_score, result.coverage, result.bucket
        message.dimensions.extend(result.dimensions)
        message.criteria.extend(result.criteria)
        message.matches.extend(result.matches)
        message.gaps.extend(result.gaps)
        message.rationale = result.rationale
    return message


def _evaluated(evaluation: Evaluation, resume: Resume | None) -> evaluation_pb2.EvaluatedResume:
    seen = evaluation_pb2.EvaluatedResume(resume_id=evaluation.resume_id, sha256=evaluation.file_sha256)
    if resume is not None:
        seen.file_name = resume.file_name
        seen.hidden_spans.extend(resume.reading.hidden_spans)
        seen.warnings.extend(resume.reading.warnings)
    return seen


def progress_message(counts: dict[State, int]) -> evaluation_pb2.Progress:
    return evaluation_pb2.Progress(
        total=sum(counts.values()),
        pending=counts.get(State.PENDING, 0),
        running=counts.get(State.QUEUED, 0) + counts.get(State.RUNNING, 0),
        succeeded=counts.get(State.SUCCEEDED, 0),
        failed=counts.get(State.FAILED, 0),
        cancelled=counts.get(State.CANCELLED, 0),
    )
