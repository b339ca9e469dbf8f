"""What EvaluationsService promises, to those who ask and to those who judge."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Any

import grpc
import pytest
from candor.evaluations.v1.evaluation_pb2 import Evaluation, Progress, Ranking
from candor.evaluations.v1.evaluations_service_pb2 import (
    BatchCreateEvaluationsRequest,
    CancelEvaluationRequest,
    ClaimEvaluationRequest,
    CompleteEvaluationRequest,
    CreateEvaluationRequest,
    GetEvaluationRecordRequest,
    GetEvaluationRequest,
    GetRankingRequest,
    ListEvaluationsRequest,
    ListEvaluationsResponse,
    ReleaseEvaluationRequest,
    SaveAnswerRequest,
    WatchEvaluationRequest,
)
from candor.evaluations.v1.record_pb2 import Answer, EvaluationRecord
from candor.jobs.v1.jobs_service_pb2 import GetJobRequest, ListJobsRequest
from candor.resumes.v1.resumes_service_pb2 import GetResumeTextRequest

from services.chassis.ids import new_id
from services.chassis.rpc.channels import dial
from services.chassis.telemetry import Telemetry
from tests.builders import (
    LOCAL,
    a_queued_evaluation,
    a_read_resume,
    a_record,
    a_result,
    a_rubric,
    an_obstacle,
    ask,
    claim,
    complete,
    fail,
    find_unreadable,
    hidden_words,
    invalid,
    judge,
    lost,
    missing,
    pages_of,
    read,
    release,
    running_store,
    somebody,
    unmet,
)
from tests.meshes import ADMIN, SERVICE, Client, RunningMesh

Inline = CreateEvaluationRequest.InlineJob
ID = "a" * 32


@pytest.fixture(scope="module")
async def store(postgresql: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[RunningMesh]:
    async with running_store(postgresql, tmp_path_factory.mktemp("store")) as running:
        yield running


@pytest.fixture
def recruiter(store: RunningMesh) -> Client:
    return store.client(somebody())


@pytest.fixture
def other(store: RunningMesh) -> Client:
    return store.client(somebody())


@pytest.fixture
def service(store: RunningMesh) -> Client:
    return store.client(SERVICE)


async def evaluation_of(client: Client, evaluation_id: str) -> Evaluation:
    return await client.evaluations.GetEvaluation(GetEvaluationRequest(evaluation_id=evaluation_id))


async def record_of(client: Client, evaluation_id: str) -> EvaluationRecord:
    return await client.evaluations.GetEvaluationRecord(GetEvaluationRecordRequest(evaluation_id=evaluation_id))


async def cancel(client: Client, evaluation_id: str) -> Evaluation:
    return await client.evaluations.CancelEvaluation(CancelEvaluationRequest(evaluation_id=evaluation_id))


async def watched(client: Client, evaluation_id: str) -> list[int]:
    request = WatchEvaluationRequest(evaluation_id=evaluation_id)
    return [one.state async for one in client.evaluations.WatchEvaluation(request)]


async def listed(client: Client, **said: Any) -> list[str]:
    response = await client.evaluations.ListEvaluations(ListEvaluationsRequest(page_size=100, **said))
    return [one.evaluation_id for one in response.evaluations]


async def ask_inline(client: Client, resume_id: str, title: str = "Nurse", description: str = "Care.") -> Evaluation:
    inline = Inline(title=title, description=description)
    return await client.evaluations.CreateEvaluation(CreateEvaluationRequest(inline_job=inline, resume_id=resume_id))


async def a_job(client: Client) -> str:
    return (await client.post_job(rubric=a_rubric())).job_id


# CreateEvaluation


async def test_an_evaluation_of_a_read_cv_and_a_job_with_a_rubric_is_queued(
    store: RunningMesh, service: Client
) -> None:
    rita = somebody()
    recruiter = store.client(rita)
    job_id, resume = await a_job(recruiter), await recruiter.upload(b"CV", "ada.pdf")
    await read(service, resume.resume_id, hidden_spans=[hidden_words()], warnings=["blurred"])
    evaluation = await ask(recruiter, job_id, resume.resume_id)
    assert (evaluation.state, evaluation.rubric_version, evaluation.job_id) == (Evaluation.STATE_QUEUED, 1, job_id)
    assert evaluation.account_id == rita.account_id
    assert (evaluation.resume.file_name, evaluation.resume.sha256) == ("ada.pdf", resume.sha256)
    assert (list(evaluation.resume.hidden_spans), list(evaluation.resume.warnings)) == ([hidden_words()], ["blurred"])
    assert not evaluation.HasField("overall_score")
    assert await evaluation_of(recruiter, evaluation.evaluation_id) == evaluation


@pytest.mark.parametrize(
    ("request_", "field"),
    [
        (CreateEvaluationRequest(resume_id=f"res_{ID}"), "target"),
        (CreateEvaluationRequest(job_id="x", resume_id=f"res_{ID}"), "job_id"),
        (CreateEvaluationRequest(job_id=f"job_{ID}", resume_id="x"), "resume_id"),
        (CreateEvaluationRequest(job_id=f"job_{ID}", resume_id=f"res_{ID}", request_id="r" * 256), "request_id"),
        (CreateEvaluationRequest(inline_job=Inline(description="d"), resume_id=f"res_{ID}"), "inline_job.title"),
        (CreateEvaluationRequest(inline_job=Inline(title="t"), resume_id=f"res_{ID}"), "inline_job.description"),
        (
            CreateEvaluationRequest(inline_job=Inline(title="t" * 301, description="d"), resume_id=f"res_{ID}"),
            "inline_job.title",
        ),
    ],
)
async def test_a_question_that_is_not_valid_is_refused_by_field(
    recruiter: Client, request_: CreateEvaluationRequest, field: str
) -> None:
    with invalid() as refusal:
        await recruiter.evaluations.CreateEvaluation(request_)
    assert list(refusal.fields) == [field]


async def test_only_own_jobs_and_cvs_can_be_evaluated(recruiter: Client, other: Client) -> None:
    job_id, resume = await a_job(recruiter), await recruiter.upload()
    others_job, others_resume = await a_job(other), await other.upload()
    with missing("JOB_NOT_FOUND"):
        await ask(recruiter, others_job, resume.resume_id)
    with missing("RESUME_NOT_FOUND"):
        await ask(recruiter, job_id, others_resume.resume_id)
    with missing("JOB_NOT_FOUND"):
        await ask(recruiter, new_id("job"), resume.resume_id)


async def test_a_repeated_question_answers_the_first_evaluation(recruiter: Client, service: Client) -> None:
    job_id, resume = await a_job(recruiter), await a_read_resume(recruiter, service)
    first = await ask(recruiter, job_id, resume.resume_id, request_id="r-1")
    await judge(service, first.evaluation_id)
    assert await ask(recruiter, job_id, resume.resume_id, request_id="r-1") == first
    assert await listed(recruiter) == [first.evaluation_id]


async def test_another_question_under_the_same_request_id_is_refused(recruiter: Client) -> None:
    job_id, one, two = await a_job(recruiter), await recruiter.upload(), await recruiter.upload()
    first = await ask(recruiter, job_id, one.resume_id, request_id="r-1")
    with invalid("REQUEST_ID_REUSED"):
        await ask(recruiter, job_id, two.resume_id, request_id="r-1")
    assert await listed(recruiter) == [first.evaluation_id]


async def test_ten_questions_at_once_under_one_request_id_are_one_evaluation(recruiter: Client) -> None:
    job_id, resume = await a_job(recruiter), await recruiter.upload()
    answers = await asyncio.gather(*(ask(recruiter, job_id, resume.resume_id, request_id="r-1") for _ in range(10)))
    assert await listed(recruiter) == [answers[0].evaluation_id]
    assert len({one.evaluation_id for one in answers}) == 1


async def test_an_inline_job_is_an_unlisted_one(recruiter: Client, service: Client) -> None:
    resume = await a_read_resume(recruiter, service)
    evaluation = await ask_inline(recruiter, resume.resume_id, "Nurse", "We need a nurse.")
    assert evaluation.state == Evaluation.STATE_PENDING
    job = await recruiter.jobs.GetJob(GetJobRequest(job_id=evaluation.job_id))
    assert (job.title, job.description, job.unlisted) == ("Nurse", "We need a nurse.", True)
    assert list((await recruiter.jobs.ListJobs(ListJobsRequest())).jobs) == []


async def test_the_same_inline_text_of_the_same_account_is_the_same_job(recruiter: Client, other: Client) -> None:
    resume, others = await recruiter.upload(), await other.upload()
    first = await ask_inline(recruiter, resume.resume_id)
    assert (await ask_inline(recruiter, resume.resume_id)).job_id == first.job_id
    assert (await ask_inline(recruiter, resume.resume_id, title="Engineer")).job_id != first.job_id
    assert (await ask_inline(recruiter, resume.resume_id, description="Other.")).job_id != first.job_id
    assert (await ask_inline(other, others.resume_id)).job_id != first.job_id


async def test_the_same_inline_text_given_at_once_is_the_same_job(recruiter: Client) -> None:
    resumes = [await recruiter.upload() for _ in range(10)]
    asked = await asyncio.gather(*(ask_inline(recruiter, resume.resume_id) for resume in resumes))
    assert len({one.job_id for one in asked}) == 1


async def test_an_evaluation_of_a_deleted_cv_cannot_be_asked_for(recruiter: Client) -> None:
    with missing("RESUME_NOT_FOUND"):
        await ask_inline(recruiter, new_id("res"))


# BatchCreateEvaluations


async def test_a_batch_is_answered_in_the_order_of_the_request(recruiter: Client) -> None:
    job_id = await a_job(recruiter)
    resumes = [(await recruiter.upload(f"{number}".encode())).resume_id for number in range(6)]
    wanted = [resumes[index] for index in (3, 0, 5, 1, 4, 2)]
    assert [one.resume.resume_id for one in await recruiter.ask_for(job_id, wanted)] == wanted


async def test_a_batch_is_all_or_none(recruiter: Client, other: Client) -> None:
    job_id, own, others = await a_job(recruiter), await recruiter.upload(), await other.upload()
    with missing("RESUME_NOT_FOUND"):
        await recruiter.ask_for(job_id, [own.resume_id, others.resume_id])
    assert await listed(recruiter) == []


@pytest.mark.parametrize(
    ("request_", "field"),
    [
        (BatchCreateEvaluationsRequest(job_id="x", resume_ids=[f"res_{ID}"]), "job_id"),
        (BatchCreateEvaluationsRequest(job_id=f"job_{ID}"), "resume_ids"),
        (BatchCreateEvaluationsRequest(job_id=f"job_{ID}", resume_ids=[f"res_{ID}"] * 2), "resume_ids"),
        (BatchCreateEvaluationsRequest(job_id=f"job_{ID}", resume_ids=[f"res_{ID}", "x"]), "resume_ids[1]"),
        (
            BatchCreateEvaluationsRequest(job_id=f"job_{ID}", resume_ids=[f"res_{i:032x}" for i in range(1001)]),
            "resume_ids",
        ),
    ],
)
async def test_a_batch_that_is_not_valid_is_refused_by_field(
    recruiter: Client, request_: BatchCreateEvaluationsRequest, field: str
) -> None:
    with invalid() as refusal:
        await recruiter.evaluations.BatchCreateEvaluations(request_)
    assert list(refusal.fields) == [field]


async def test_a_repeated_batch_answers_the_first(recruiter: Client) -> None:
    job_id, resume = await a_job(recruiter), await recruiter.upload()
    request = BatchCreateEvaluationsRequest(job_id=job_id, resume_ids=[resume.resume_id], request_id="r-1")
    first = await recruiter.evaluations.BatchCreateEvaluations(request)
    assert await recruiter.evaluations.BatchCreateEvaluations(request) == first
    assert len(await listed(recruiter)) == 1


# Whose evaluation it is


async def test_an_evaluation_that_there_is_not_is_not_found(recruiter: Client) -> None:
    for ask_for in (evaluation_of, cancel, record_of, watched):
        with missing("EVALUATION_NOT_FOUND"):
            await ask_for(recruiter, new_id("eva"))


async def test_another_accounts_evaluation_is_not_found(recruiter: Client, other: Client, service: Client) -> None:
    evaluation = await a_queued_evaluation(recruiter, service)
    for ask_for in (evaluation_of, cancel, record_of, watched):
        with missing("EVALUATION_NOT_FOUND"):
            await ask_for(other, evaluation.evaluation_id)
    with missing("JOB_NOT_FOUND"):
        await other.ranking(evaluation.job_id)
    assert await listed(other) == []


async def test_an_admin_sees_every_accounts_evaluation(store: RunningMesh, recruiter: Client, service: Client) -> None:
    evaluation = await a_queued_evaluation(recruiter, service)
    assert await evaluation_of(store.client(ADMIN), evaluation.evaluation_id) == evaluation


@pytest.mark.parametrize("evaluation_id", ["", "x", f"job_{ID}", "eva_" + "A" * 32])
async def test_what_is_no_id_of_an_evaluation_is_refused_by_field(recruiter: Client, evaluation_id: str) -> None:
    for ask_for in (evaluation_of, cancel, record_of, watched):
        with invalid() as refusal:
            await ask_for(recruiter, evaluation_id)
        assert list(refusal.fields) == ["evaluation_id"]


# ListEvaluations


async def test_pages_show_each_of_45_evaluations_once_while_others_are_asked_for(recruiter: Client) -> None:
    job_id, resume = await a_job(recruiter), await recruiter.upload()
    asked = [(await ask(recruiter, job_id, resume.resume_id)).evaluation_id for _ in range(45)]
    seen: list[str] = []

    async def page(token: str) -> ListEvaluationsResponse:
        return await recruiter.evaluations.ListEvaluations(ListEvaluationsRequest(page_token=token))

    async for one in pages_of(page):
        assert len(one.evaluations) <= 20
        seen += [evaluation.evaluation_id for evaluation in one.evaluations]
        await ask(recruiter, job_id, resume.resume_id)
    assert seen == asked[::-1]


async def test_evaluations_can_be_listed_by_job_cv_and_state(recruiter: Client, service: Client) -> None:
    first, second = await a_job(recruiter), await a_job(recruiter)
    was_read, unread = await a_read_resume(recruiter, service), await recruiter.upload()
    one = (await ask(recruiter, first, was_read.resume_id)).evaluation_id
    two = (await ask(recruiter, first, unread.resume_id)).evaluation_id
    three = (await ask(recruiter, second, was_read.resume_id)).evaluation_id
    assert await listed(recruiter) == [three, two, one]
    assert await listed(recruiter, job_id=first) == [two, one]
    assert await listed(recruiter, resume_id=was_read.resume_id) == [three, one]
    assert await listed(recruiter, state=Evaluation.STATE_PENDING) == [two]
    assert await listed(recruiter, job_id=second, state=Evaluation.STATE_QUEUED) == [three]


async def test_a_page_token_is_good_for_its_own_filter_only(recruiter: Client) -> None:
    job_id, resume = await a_job(recruiter), await recruiter.upload()
    for _ in range(2):
        await ask(recruiter, job_id, resume.resume_id)
    first = await recruiter.evaluations.ListEvaluations(ListEvaluationsRequest(page_size=1))
    request = ListEvaluationsRequest(page_token=first.next_page_token, job_id=job_id)
    with invalid("PAGE_TOKEN_INVALID"):
        await recruiter.evaluations.ListEvaluations(request)
    with invalid("PAGE_TOKEN_INVALID"):
        await recruiter.evaluations.GetRanking(GetRankingRequest(job_id=job_id, page_token=first.next_page_token))


@pytest.mark.parametrize(
    ("request_", "field"),
    [
        (ListEvaluationsRequest(page_size=101), "page_size"),
        (ListEvaluationsRequest(job_id="x"), "job_id"),
        (ListEvaluationsRequest(resume_id="x"), "resume_id"),
        (ListEvaluationsRequest(state=9), "state"),
    ],
)
async def test_a_list_that_cannot_be_is_refused_by_field(
    recruiter: Client, request_: ListEvaluationsRequest, field: str
) -> None:
    with invalid() as refusal:
        await recruiter.evaluations.ListEvaluations(request_)
    assert list(refusal.fields) == [field]


# ClaimEvaluation


async def test_a_claim_answers_all_that_judging_takes(recruiter: Client, service: Client) -> None:
    job = await recruiter.post_job(title="Engineer", rubric=a_rubric("Has the candidate used Go?"))
    resume = await a_read_resume(recruiter, service, "Five years of Go.")
    evaluation = await ask(recruiter, job.job_id, resume.resume_id)
    claimed = await claim(service, evaluation.evaluation_id)
    assert (claimed.attempt, claimed.job_title, claimed.rubric) == (1, "Engineer", job.rubric)
    assert (claimed.resume.text, claimed.file_sha256) == ("Five years of Go.", resume.sha256)
    left = claimed.lease_expire_time.seconds - evaluation.create_time.seconds
    assert 100 < left < 150
    assert len(claimed.answer_key) == 64
    assert not claimed.HasField("answer")
    assert (await evaluation_of(recruiter, evaluation.evaluation_id)).state == Evaluation.STATE_RUNNING


async def test_of_two_claimants_at_once_exactly_one_wins(recruiter: Client, service: Client) -> None:
    job_id = await a_job(recruiter)
    for _ in range(5):
        evaluation = await a_queued_evaluation(recruiter, service, job_id)
        claims = (claim(service, evaluation.evaluation_id) for _ in range(2))
        answers = await asyncio.gather(*claims, return_exceptions=True)
        [won] = [one for one in answers if not isinstance(one, BaseException)]
        [other] = [one for one in answers if isinstance(one, grpc.aio.AioRpcError)]
        assert (won.attempt, other.code()) == (1, grpc.StatusCode.ABORTED)


async def test_what_somebody_is_at_is_theirs_until_it_is_taken_over(recruiter: Client, service: Client) -> None:
    evaluation = await a_queued_evaluation(recruiter, service)
    await claim(service, evaluation.evaluation_id)
    with lost("EVALUATION_CLAIMED"):
        await claim(service, evaluation.evaluation_id)
    assert (await claim(service, evaluation.evaluation_id, take_over=True)).attempt == 2


async def test_what_waits_or_has_ended_cannot_be_claimed(recruiter: Client, service: Client) -> None:
    job_id, undrafted = await a_job(recruiter), await recruiter.post_job()
    waits_for_cv = await ask(recruiter, job_id, (await recruiter.upload()).resume_id)
    waits_for_rubric = await a_queued_evaluation(recruiter, service, undrafted.job_id)
    judged, failed, cancelled = [await a_queued_evaluation(recruiter, service, job_id) for _ in range(3)]
    await judge(service, judged.evaluation_id)
    await fail(service, failed.evaluation_id, (await claim(service, failed.evaluation_id)).attempt)
    await cancel(recruiter, cancelled.evaluation_id)
    for one in (waits_for_cv, waits_for_rubric, judged, failed, cancelled):
        for take_over in (False, True):
            with unmet("EVALUATION_NOT_QUEUED"):
                await claim(service, one.evaluation_id, take_over=take_over)


async def test_a_claim_of_an_evaluation_that_there_is_not_is_not_found(service: Client) -> None:
    with missing("EVALUATION_NOT_FOUND"):
        await claim(service, new_id("eva"))


@pytest.mark.parametrize(
    ("request_", "fields"),
    [
        (ClaimEvaluationRequest(evaluation_id=f"eva_{ID}"), {"model", "prompt_version"}),
        (ClaimEvaluationRequest(evaluation_id="x", model=LOCAL, prompt_version="1"), {"evaluation_id"}),
    ],
)
async def test_a_claim_that_is_not_valid_is_refused_by_field(
    service: Client, request_: ClaimEvaluationRequest, fields: set[str]
) -> None:
    with invalid() as refusal:
        await service.evaluations.ClaimEvaluation(request_)
    assert set(refusal.fields) == fields


# SaveAnswer


async def save(service: Client, answer_key: str, raw: str) -> None:
    request = SaveAnswerRequest(answer_key=answer_key, answer=Answer(model=LOCAL, raw=raw))
    await service.evaluations.SaveAnswer(request)


async def test_a_paid_answer_is_there_for_the_next_claim_and_the_first_stays(
    recruiter: Client, service: Client
) -> None:
    evaluation = await a_queued_evaluation(recruiter, service)
    first = await claim(service, evaluation.evaluation_id)
    await save(service, first.answer_key, "first")
    await save(service, first.answer_key, "second")
    again = await claim(service, evaluation.evaluation_id, take_over=True)
    assert (again.answer_key, again.answer.raw) == (first.answer_key, "first")


async def test_a_paid_answer_serves_another_evaluation_of_the_same_text_and_rubric(
    recruiter: Client, service: Client
) -> None:
    job_id, text = await a_job(recruiter), f"Years of Python: {new_id('x')}"
    one, two = [await a_read_resume(recruiter, service, text) for _ in range(2)]
    first = await claim(service, (await ask(recruiter, job_id, one.resume_id)).evaluation_id)
    await save(service, first.answer_key, "paid")
    second = await claim(service, (await ask(recruiter, job_id, two.resume_id)).evaluation_id)
    assert second.answer.raw == "paid"


async def test_a_paid_answer_serves_no_other_model_and_no_other_prompt(recruiter: Client, service: Client) -> None:
    evaluation = await a_queued_evaluation(recruiter, service)
    first = await claim(service, evaluation.evaluation_id)
    await save(service, first.answer_key, "paid")
    other_prompt = await claim(service, evaluation.evaluation_id, take_over=True, prompt_version="tests/2")
    assert other_prompt.answer_key != first.answer_key
    assert not other_prompt.HasField("answer")


async def test_an_answer_without_a_key_is_refused_by_field(service: Client) -> None:
    with invalid() as refusal:
        await service.evaluations.SaveAnswer(SaveAnswerRequest(answer_key="x"))
    assert set(refusal.fields) == {"answer_key", "answer"}


# CompleteEvaluation


async def test_a_result_is_shown_and_recorded(recruiter: Client, service: Client) -> None:
    evaluation = await a_queued_evaluation(recruiter, service)
    claimed = await claim(service, evaluation.evaluation_id)
    await complete(service, evaluation.evaluation_id, claimed.attempt, 82.5, 0.9)
    found = await evaluation_of(recruiter, evaluation.evaluation_id)
    assert (found.state, found.overall_score, found.coverage) == (Evaluation.STATE_SUCCEEDED, 82.5, 0.9)
    assert (list(found.matches), list(found.gaps)) == (["Shows Python."], ["Does not show Go."])
    assert (found.rationale, found.bucket, found.model) == ("Python, no Go.", Evaluation.BUCKET_GOOD, LOCAL)
    assert found.HasField("finish_time")
    record = await record_of(recruiter, evaluation.evaluation_id)
    assert (record.evaluation_id, record.attempt) == (evaluation.evaluation_id, 1)
    assert record.result == a_result(82.5, 0.9)
    assert record.answer == a_record().answer
    assert record.HasField("create_time")


async def test_a_score_of_nought_is_a_score(recruiter: Client, service: Client) -> None:
    evaluation = await a_queued_evaluation(recruiter, service)
    await judge(service, evaluation.evaluation_id, 0.0, 0.0)
    found = await evaluation_of(recruiter, evaluation.evaluation_id)
    assert found.HasField("overall_score")
    assert found.HasField("coverage")


async def test_a_failure_is_shown_and_has_no_score_and_no_record(recruiter: Client, service: Client) -> None:
    evaluation = await a_queued_evaluation(recruiter, service)
    await fail(service, evaluation.evaluation_id, (await claim(service, evaluation.evaluation_id)).attempt)
    found = await evaluation_of(recruiter, evaluation.evaluation_id)
    assert (found.state, found.failure.reason) == (Evaluation.STATE_FAILED, "MODEL_ANSWER_INVALID")
    assert not found.HasField("overall_score")
    with missing("RECORD_NOT_FOUND"):
        await record_of(recruiter, evaluation.evaluation_id)


async def test_there_is_no_record_before_there_is_a_result(recruiter: Client, service: Client) -> None:
    evaluation = await a_queued_evaluation(recruiter, service)
    with missing("RECORD_NOT_FOUND"):
        await record_of(recruiter, evaluation.evaluation_id)
    await claim(service, evaluation.evaluation_id)
    with missing("RECORD_NOT_FOUND"):
        await record_of(recruiter, evaluation.evaluation_id)


async def test_a_repeated_completion_changes_nothing(recruiter: Client, service: Client) -> None:
    evaluation = await a_queued_evaluation(recruiter, service)
    claimed = await claim(service, evaluation.evaluation_id)
    await complete(service, evaluation.evaluation_id, claimed.attempt, 80.0)
    before = await evaluation_of(recruiter, evaluation.evaluation_id)
    record = await record_of(recruiter, evaluation.evaluation_id)
    await complete(service, evaluation.evaluation_id, claimed.attempt, 20.0)
    await fail(service, evaluation.evaluation_id, claimed.attempt)
    assert await evaluation_of(recruiter, evaluation.evaluation_id) == before
    assert await record_of(recruiter, evaluation.evaluation_id) == record


async def test_ten_completions_at_once_are_one(recruiter: Client, service: Client) -> None:
    evaluation = await a_queued_evaluation(recruiter, service)
    claimed = await claim(service, evaluation.evaluation_id)
    results = (complete(service, evaluation.evaluation_id, claimed.attempt, 10.0 * one) for one in range(10))
    await asyncio.gather(*results)
    found = await evaluation_of(recruiter, evaluation.evaluation_id)
    assert (await record_of(recruiter, evaluation.evaluation_id)).result.overall_score == found.overall_score


async def test_a_late_completion_has_lost_its_claim(recruiter: Client, service: Client) -> None:
    evaluation = await a_queued_evaluation(recruiter, service)
    slow = await claim(service, evaluation.evaluation_id)
    quick = await claim(service, evaluation.evaluation_id, take_over=True)
    with lost("CLAIM_LOST"):
        await complete(service, evaluation.evaluation_id, slow.attempt, 1.0)
    await complete(service, evaluation.evaluation_id, quick.attempt, 80.0)
    with lost("CLAIM_LOST"):
        await complete(service, evaluation.evaluation_id, slow.attempt, 1.0)
    with lost("CLAIM_LOST"):
        await fail(service, evaluation.evaluation_id, slow.attempt)
    assert (await evaluation_of(recruiter, evaluation.evaluation_id)).overall_score == 80.0


async def test_what_nobody_has_claimed_cannot_be_completed(recruiter: Client, service: Client) -> None:
    evaluation = await a_queued_evaluation(recruiter, service)
    with lost("CLAIM_LOST"):
        await complete(service, evaluation.evaluation_id, 1)


async def test_a_completion_of_an_evaluation_that_there_is_not_is_not_found(service: Client) -> None:
    with missing("EVALUATION_NOT_FOUND"):
        await complete(service, new_id("eva"), 1)


@pytest.mark.parametrize(
    ("request_", "field"),
    [
        (CompleteEvaluationRequest(evaluation_id=f"eva_{ID}", attempt=1), "outcome"),
        (CompleteEvaluationRequest(evaluation_id=f"eva_{ID}", attempt=0, record=a_record()), "attempt"),
        (CompleteEvaluationRequest(evaluation_id="x", attempt=1, record=a_record()), "evaluation_id"),
    ],
)
async def test_a_completion_that_is_not_valid_is_refused_by_field(
    service: Client, request_: CompleteEvaluationRequest, field: str
) -> None:
    with invalid() as refusal:
        await service.evaluations.CompleteEvaluation(request_)
    assert list(refusal.fields) == [field]


# ReleaseEvaluation


async def test_what_is_given_back_can_be_claimed_again_under_another_token(recruiter: Client, service: Client) -> None:
    evaluation = await a_queued_evaluation(recruiter, service)
    first = await claim(service, evaluation.evaluation_id)
    await release(service, evaluation.evaluation_id, first.attempt)
    assert (await evaluation_of(recruiter, evaluation.evaluation_id)).state == Evaluation.STATE_QUEUED
    with lost("CLAIM_LOST"):
        await complete(service, evaluation.evaluation_id, first.attempt)
    assert (await claim(service, evaluation.evaluation_id)).attempt == 2


async def test_giving_back_what_is_somebody_elses_by_now_changes_nothing(recruiter: Client, service: Client) -> None:
    evaluation = await a_queued_evaluation(recruiter, service)
    first = await claim(service, evaluation.evaluation_id)
    second = await claim(service, evaluation.evaluation_id, take_over=True)
    await release(service, evaluation.evaluation_id, first.attempt)
    await complete(service, evaluation.evaluation_id, second.attempt)
    await release(service, evaluation.evaluation_id, second.attempt)
    assert (await evaluation_of(recruiter, evaluation.evaluation_id)).state == Evaluation.STATE_SUCCEEDED


async def test_a_release_that_is_not_valid_is_refused_by_field(service: Client) -> None:
    with invalid() as refusal:
        await service.evaluations.ReleaseEvaluation(ReleaseEvaluationRequest(evaluation_id="x"))
    assert set(refusal.fields) == {"evaluation_id", "attempt"}


# CancelEvaluation


async def test_an_evaluation_can_be_called_off_at_any_time_before_it_ends(recruiter: Client, service: Client) -> None:
    job_id = await a_job(recruiter)
    pending = await ask(recruiter, job_id, (await recruiter.upload()).resume_id)
    queued, running = [await a_queued_evaluation(recruiter, service, job_id) for _ in range(2)]
    await claim(service, running.evaluation_id)
    for one in (pending, queued, running):
        cancelled = await cancel(recruiter, one.evaluation_id)
        assert cancelled.state == Evaluation.STATE_CANCELLED
        assert await cancel(recruiter, one.evaluation_id) == cancelled


async def test_what_has_ended_cannot_be_called_off(recruiter: Client, service: Client) -> None:
    judged, failed = [await a_queued_evaluation(recruiter, service) for _ in range(2)]
    await judge(service, judged.evaluation_id)
    await fail(service, failed.evaluation_id, (await claim(service, failed.evaluation_id)).attempt)
    for one in (judged, failed):
        with unmet("EVALUATION_ENDED"):
            await cancel(recruiter, one.evaluation_id)


async def test_a_result_of_what_was_called_off_meanwhile_is_refused(recruiter: Client, service: Client) -> None:
    evaluation = await a_queued_evaluation(recruiter, service)
    claimed = await claim(service, evaluation.evaluation_id)
    await cancel(recruiter, evaluation.evaluation_id)
    with lost("CLAIM_LOST"):
        await complete(service, evaluation.evaluation_id, claimed.attempt)
    with missing("RECORD_NOT_FOUND"):
        await record_of(recruiter, evaluation.evaluation_id)


async def test_what_was_called_off_while_it_waited_is_not_queued(recruiter: Client, service: Client) -> None:
    job_id, resume = await a_job(recruiter), await recruiter.upload()
    evaluation = await ask(recruiter, job_id, resume.resume_id)
    await cancel(recruiter, evaluation.evaluation_id)
    await read(service, resume.resume_id)
    assert (await evaluation_of(recruiter, evaluation.evaluation_id)).state == Evaluation.STATE_CANCELLED


# WatchEvaluation


async def test_a_watch_shows_every_state_from_now_on_and_ends_with_the_last(recruiter: Client, service: Client) -> None:
    job_id, resume = await a_job(recruiter), await recruiter.upload()
    evaluation = await ask(recruiter, job_id, resume.resume_id)
    stream = recruiter.evaluations.WatchEvaluation(WatchEvaluationRequest(evaluation_id=evaluation.evaluation_id))
    states = aiter(stream)
    async with asyncio.timeout(10):
        assert (await anext(states)).state == Evaluation.STATE_PENDING
        await read(service, resume.resume_id)
        assert (await anext(states)).state == Evaluation.STATE_QUEUED
        claimed = await claim(service, evaluation.evaluation_id)
        assert (await anext(states)).state == Evaluation.STATE_RUNNING
        await complete(service, evaluation.evaluation_id, claimed.attempt, 80.0)
        [last] = [one async for one in states]
    assert (last.state, last.overall_score) == (Evaluation.STATE_SUCCEEDED, 80.0)


async def test_a_watch_of_what_has_ended_is_one_message(recruiter: Client, service: Client) -> None:
    judged, failed, cancelled = [await a_queued_evaluation(recruiter, service) for _ in range(3)]
    await judge(service, judged.evaluation_id)
    await fail(service, failed.evaluation_id, (await claim(service, failed.evaluation_id)).attempt)
    await cancel(recruiter, cancelled.evaluation_id)
    async with asyncio.timeout(5):
        assert await watched(recruiter, judged.evaluation_id) == [Evaluation.STATE_SUCCEEDED]
        assert await watched(recruiter, failed.evaluation_id) == [Evaluation.STATE_FAILED]
        assert await watched(recruiter, cancelled.evaluation_id) == [Evaluation.STATE_CANCELLED]


async def test_a_watch_ends_by_itself_when_the_store_is_told_to_stop(
    postgresql: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    rita = somebody()
    async with running_store(postgresql, tmp_path_factory.mktemp("ending")) as store:
        recruiter = store.client(rita)
        evaluation = await ask(recruiter, await a_job(recruiter), (await recruiter.upload()).resume_id)
        token, _ = store.tokens.issue(rita)
        # Not one of the mesh's own channels: those are closed before the store is stopped.
        channel = dial(store.addresses["store"], Telemetry("tests", []), lambda: token)
        watching = asyncio.create_task(watched(Client(channel, channel, channel), evaluation.evaluation_id))
        await asyncio.sleep(0.2)
        stopped_at = time.monotonic()
    assert await watching == [Evaluation.STATE_PENDING]
    assert time.monotonic() - stopped_at < 5
    await channel.close()


# GetRanking


async def ranking_of(client: Client, job_id: str, **said: Any) -> Ranking:
    return await client.evaluations.GetRanking(GetRankingRequest(job_id=job_id, **said))


async def test_candidates_rank_by_score_then_coverage_then_hash(recruiter: Client, service: Client) -> None:
    job_id = await a_job(recruiter)
    results = [(50.0, 1.0), (90.0, 0.5), (70.0, 0.8), (70.0, 0.9), (70.0, 0.8), (70.0, 0.8)]
    for score, coverage in results:
        evaluation = await a_queued_evaluation(recruiter, service, job_id)
        await judge(service, evaluation.evaluation_id, score, coverage)
    ranking = await recruiter.ranking(job_id)
    found = [(one.overall_score, one.coverage) for one in ranking.evaluations]
    assert found == [(90.0, 0.5), (70.0, 0.9), *[(70.0, 0.8)] * 3, (50.0, 1.0)]
    equals = [one.resume.sha256 for one in ranking.evaluations[2:5]]
    assert equals == sorted(equals)
    assert (ranking.job.job_id, ranking.rubric.version) == (job_id, 1)


async def test_what_is_under_way_ranks_behind_the_judged_and_the_failed_behind_that(
    recruiter: Client, service: Client
) -> None:
    job_id = await a_job(recruiter)
    failed, running, judged = [await a_queued_evaluation(recruiter, service, job_id) for _ in range(3)]
    await fail(service, failed.evaluation_id, (await claim(service, failed.evaluation_id)).attempt)
    await claim(service, running.evaluation_id)
    await judge(service, judged.evaluation_id, 0.0)
    pending = await ask(recruiter, job_id, (await recruiter.upload()).resume_id)
    order = [one.evaluation_id for one in (await recruiter.ranking(job_id)).evaluations]
    assert order[0] == judged.evaluation_id
    assert set(order[1:3]) == {running.evaluation_id, pending.evaluation_id}
    assert order[3:] == [failed.evaluation_id]


async def test_pages_of_a_ranking_show_each_of_45_candidates_once_and_in_order(
    recruiter: Client, service: Client
) -> None:
    job_id, locked = await a_job(recruiter), await recruiter.upload(b"locked")
    await find_unreadable(service, locked.resume_id)
    await ask(recruiter, job_id, locked.resume_id)
    for number in range(45):
        evaluation = await a_queued_evaluation(recruiter, service, job_id)
        await judge(service, evaluation.evaluation_id, 99.0 - number)
    seen: list[float] = []

    async def page(token: str) -> Ranking:
        return await ranking_of(recruiter, job_id, page_token=token)

    async for one in pages_of(page):
        assert len(one.evaluations) <= 20
        assert [unreadable.resume_id for unreadable in one.unreadable] == [locked.resume_id]
        seen += [evaluation.overall_score for evaluation in one.evaluations]
        await judge(service, (await a_queued_evaluation(recruiter, service, job_id)).evaluation_id, 100.0)
    assert seen == [99.0 - number for number in range(45)]


async def test_an_earlier_evaluation_of_the_same_cv_gives_way_in_the_ranking(
    recruiter: Client, service: Client
) -> None:
    job_id, resume = await a_job(recruiter), await a_read_resume(recruiter, service)
    first = await ask(recruiter, job_id, resume.resume_id)
    await judge(service, first.evaluation_id, 90.0)
    second = await ask(recruiter, job_id, resume.resume_id)
    assert [one.evaluation_id for one in (await recruiter.ranking(job_id)).evaluations] == [second.evaluation_id]
    await judge(service, second.evaluation_id, 10.0)
    ranking = await recruiter.ranking(job_id)
    assert [one.overall_score for one in ranking.evaluations] == [10.0]
    assert ranking.progress == Progress(total=1, succeeded=1)
    assert (await evaluation_of(recruiter, first.evaluation_id)).overall_score == 90.0


async def test_of_ten_evaluations_of_one_cv_asked_for_at_once_one_is_ranked(recruiter: Client, service: Client) -> None:
    job_id, resume = await a_job(recruiter), await a_read_resume(recruiter, service)
    await asyncio.gather(*(ask(recruiter, job_id, resume.resume_id) for _ in range(10)))
    ranking = await recruiter.ranking(job_id)
    assert len(ranking.evaluations) == 1
    assert ranking.progress.total == 1


async def test_a_cv_is_ranked_in_each_job_that_it_was_evaluated_for(recruiter: Client, service: Client) -> None:
    resume = await a_read_resume(recruiter, service)
    jobs = [await a_job(recruiter) for _ in range(2)]
    for job_id in jobs:
        await ask(recruiter, job_id, resume.resume_id)
    assert [len((await recruiter.ranking(job_id)).evaluations) for job_id in jobs] == [1, 1]


async def test_a_candidate_whom_an_admin_has_evaluated_again_stays_in_the_owners_ranking(
    store: RunningMesh, recruiter: Client, service: Client
) -> None:
    job_id, resume = await a_job(recruiter), await a_read_resume(recruiter, service)
    await ask(recruiter, job_id, resume.resume_id)
    again = await ask(store.client(ADMIN), job_id, resume.resume_id)
    ranking = await recruiter.ranking(job_id)
    assert [one.evaluation_id for one in ranking.evaluations] == [again.evaluation_id]
    assert ranking.progress.total == 1


async def test_a_cv_that_could_not_be_read_is_listed_apart_and_never_ranked(recruiter: Client, service: Client) -> None:
    job_id = await a_job(recruiter)
    names = ["b.pdf", "a.pdf"]
    locked = [await recruiter.upload(name.encode(), name) for name in names]
    await find_unreadable(service, locked[0].resume_id)
    for resume in locked:
        await ask(recruiter, job_id, resume.resume_id)
    await find_unreadable(service, locked[1].resume_id)
    ranking = await recruiter.ranking(job_id)
    assert list(ranking.evaluations) == []
    assert [one.file_name for one in ranking.unreadable] == ["a.pdf", "b.pdf"]
    assert {(one.code, one.reason) for one in ranking.unreadable} == {(an_obstacle().code, an_obstacle().reason)}


async def test_what_was_called_off_is_counted_and_not_ranked(recruiter: Client, service: Client) -> None:
    evaluation = await a_queued_evaluation(recruiter, service)
    await cancel(recruiter, evaluation.evaluation_id)
    ranking = await recruiter.ranking(evaluation.job_id)
    assert list(ranking.evaluations) == []
    assert ranking.progress == Progress(total=1, cancelled=1)


async def test_progress_counts_every_state(recruiter: Client, service: Client) -> None:
    job_id = await a_job(recruiter)
    for _ in range(2):
        await ask(recruiter, job_id, (await recruiter.upload()).resume_id)
    locked = await recruiter.upload()
    await find_unreadable(service, locked.resume_id)
    await ask(recruiter, job_id, locked.resume_id)
    _, running, judged, failed, cancelled = [await a_queued_evaluation(recruiter, service, job_id) for _ in range(5)]
    await claim(service, running.evaluation_id)
    await judge(service, judged.evaluation_id)
    await fail(service, failed.evaluation_id, (await claim(service, failed.evaluation_id)).attempt)
    await cancel(recruiter, cancelled.evaluation_id)
    progress = (await recruiter.ranking(job_id)).progress
    assert progress == Progress(total=8, pending=2, running=2, succeeded=1, failed=2, cancelled=1)


async def test_a_job_without_evaluations_has_an_empty_ranking(recruiter: Client) -> None:
    job = await recruiter.post_job()
    ranking = await recruiter.ranking(job.job_id)
    assert (ranking.job, ranking.progress) == (job, Progress())
    assert (len(ranking.evaluations), len(ranking.unreadable), ranking.next_page_token) == (0, 0, "")
    assert not ranking.HasField("rubric")


# The way of an evaluation through the whole mesh


async def test_an_inline_job_is_drafted_judged_and_recorded(mesh: RunningMesh) -> None:
    recruiter = mesh.client(somebody())
    resume = await recruiter.upload(b"Ada Example\n\nExperience\nFive years of Python and PostgreSQL at Example Ltd.")
    evaluation = await ask_inline(recruiter, resume.resume_id, "Engineer", "Requirements:\n- Python\n- PostgreSQL")
    ended = await recruiter.ended(evaluation.evaluation_id, 30)
    assert ended.state == Evaluation.STATE_SUCCEEDED
    assert ended.rubric_version == 1
    text = await recruiter.resumes.GetResumeText(GetResumeTextRequest(resume_id=resume.resume_id))
    quotes = [quote for criterion in ended.criteria for quote in criterion.quotes]
    assert quotes
    assert all(text.text[quote.start : quote.end] == quote.text for quote in quotes)
    assert (await record_of(recruiter, evaluation.evaluation_id)).result.overall_score == ended.overall_score
