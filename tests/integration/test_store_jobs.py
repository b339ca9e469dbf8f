"""What JobsService promises."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import grpc
import pytest
from candor.evaluations.v1.evaluation_pb2 import Evaluation
from candor.evaluations.v1.evaluations_service_pb2 import GetEvaluationRequest, ListEvaluationsRequest
from candor.evaluations.v1.scoring_service_pb2 import DraftRubricRequest
from candor.jobs.v1.job_pb2 import Criterion, Job, Rubric
from candor.jobs.v1.jobs_service_pb2 import (
    CloseJobRequest,
    CreateJobRequest,
    DeleteJobRequest,
    GetJobRequest,
    ListJobsRequest,
    ListJobsResponse,
    RecordRubricDraftRequest,
    UpdateJobRequest,
)
from google.protobuf.field_mask_pb2 import FieldMask

from services.chassis.ids import new_id
from tests.builders import (
    a_criterion,
    a_read_resume,
    a_rubric,
    ask,
    claim,
    find_unreadable,
    invalid,
    judge,
    missing,
    pages_of,
    read,
    running_store,
    somebody,
    unmet,
)
from tests.meshes import ADMIN, SERVICE, Client, RunningMesh


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


async def job_of(client: Client, job_id: str) -> Job:
    return await client.jobs.GetJob(GetJobRequest(job_id=job_id))


async def close(client: Client, job_id: str) -> Job:
    return await client.jobs.CloseJob(CloseJobRequest(job_id=job_id))


async def update(client: Client, job: Job, *paths: str) -> Job:
    mask = FieldMask(paths=paths) if paths else None
    return await client.jobs.UpdateJob(UpdateJobRequest(job=job, update_mask=mask))


async def record(service: Client, job_id: str, **outcome: Any) -> Job:
    return await service.jobs.RecordRubricDraft(RecordRubricDraftRequest(job_id=job_id, **outcome))


async def state_of(client: Client, evaluation_id: str) -> int:
    found = await client.evaluations.GetEvaluation(GetEvaluationRequest(evaluation_id=evaluation_id))
    return found.state


# CreateJob


async def test_a_posted_job_is_open_and_its_posters(store: RunningMesh) -> None:
    rita = somebody()
    recruiter = store.client(rita)
    job = await recruiter.post_job("We need Python.", title="Engineer")
    assert (job.title, job.description, job.state) == ("Engineer", "We need Python.", Job.STATE_OPEN)
    assert (job.account_id, job.unlisted, job.HasField("rubric")) == (rita.account_id, False, False)
    assert job.create_time == job.update_time
    assert await job_of(recruiter, job.job_id) == job


async def test_a_job_posted_with_a_rubric_has_its_first_version_by_the_poster(store: RunningMesh) -> None:
    rita = somebody()
    job = await store.client(rita).post_job(rubric=a_rubric("Has the candidate used Go?"))
    assert (job.rubric.version, job.rubric.author) == (1, rita.account_id)
    assert [one.question for one in job.rubric.criteria] == ["Has the candidate used Go?"]
    assert job.rubric.criteria[0].kind == Criterion.KIND_SCORED


@pytest.mark.parametrize(
    ("job", "fields"),
    [
        (None, {"job"}),
        (Job(description="d"), {"job.title"}),
        (Job(title="t"), {"job.description"}),
        (Job(title="t" * 301, description="d"), {"job.title"}),
        (Job(title="t", description="d" * 100_001), {"job.description"}),
        (Job(), {"job.title", "job.description"}),
        (Job(title="t", description="d", rubric=Rubric()), {"job.rubric.criteria"}),
        (
            Job(title="t", description="d", rubric=Rubric(criteria=[a_criterion(criterion_id="No!", weight=101)])),
            {"job.rubric.criteria[0].criterion_id", "job.rubric.criteria[0].weight"},
        ),
    ],
)
async def test_a_job_that_is_not_valid_is_refused_by_field(
    recruiter: Client, job: Job | None, fields: set[str]
) -> None:
    with invalid() as refusal:
        await recruiter.jobs.CreateJob(CreateJobRequest(job=job))
    assert set(refusal.fields) == fields
    assert all(refusal.fields.values())


async def test_a_job_of_the_largest_size_is_taken(recruiter: Client) -> None:
    job = await recruiter.post_job("ü" * 100_000, title="ü" * 300)
    assert len((await job_of(recruiter, job.job_id)).description) == 100_000


@pytest.mark.parametrize(
    "request_",
    [
        CreateJobRequest(job=Job(title="Engineer\x00", description="Python.")),
        CreateJobRequest(job=Job(title="Engineer", description="Python.\x00")),
        CreateJobRequest(job=Job(title="Engineer", description="Python."), request_id="r\x00"),
    ],
)
async def test_a_character_that_no_database_takes_is_the_callers_mistake(
    recruiter: Client, request_: CreateJobRequest
) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as refusal:
        await recruiter.jobs.CreateJob(request_)
    assert refusal.value.code() is grpc.StatusCode.INVALID_ARGUMENT


async def test_a_rubric_that_asks_for_a_protected_characteristic_is_refused_by_field(recruiter: Client) -> None:
    with invalid("RUBRIC_REFUSED") as refusal:
        await recruiter.post_job(rubric=a_rubric("Has the candidate used Go?", "Is the candidate married?"))
    assert list(refusal.fields) == ["job.rubric.criteria[1].question"]


async def test_a_repeated_create_answers_the_first_job(recruiter: Client) -> None:
    request = CreateJobRequest(job=Job(title="Engineer", description="Python."), request_id="r-1")
    first = await recruiter.jobs.CreateJob(request)
    await close(recruiter, first.job_id)
    assert await recruiter.jobs.CreateJob(request) == first
    assert await titles(recruiter) == ["Engineer"]


async def test_another_job_under_the_same_request_id_is_refused(recruiter: Client) -> None:
    await recruiter.jobs.CreateJob(CreateJobRequest(job=Job(title="a", description="d"), request_id="r-1"))
    with invalid("REQUEST_ID_REUSED") as refusal:
        await recruiter.jobs.CreateJob(CreateJobRequest(job=Job(title="b", description="d"), request_id="r-1"))
    assert list(refusal.fields) == ["request_id"]
    assert await titles(recruiter) == ["a"]


async def test_ten_creates_at_once_under_one_request_id_are_one_job(recruiter: Client) -> None:
    request = CreateJobRequest(job=Job(title="Engineer", description="Python."), request_id="r-1")
    answers = await asyncio.gather(*(recruiter.jobs.CreateJob(request) for _ in range(10)))
    assert len({one.SerializeToString() for one in answers}) == 1
    assert await titles(recruiter) == ["Engineer"]


async def test_two_accounts_may_use_the_same_request_id(recruiter: Client, other: Client) -> None:
    request = CreateJobRequest(job=Job(title="Engineer", description="Python."), request_id="r-1")
    mine = await recruiter.jobs.CreateJob(request)
    others = await other.jobs.CreateJob(request)
    assert mine.job_id != others.job_id


async def test_a_create_that_was_refused_may_be_repeated_under_its_request_id(recruiter: Client) -> None:
    job = Job(title="Engineer", description="Python.", rubric=a_rubric("Is the candidate married?"))
    with invalid("RUBRIC_REFUSED"):
        await recruiter.jobs.CreateJob(CreateJobRequest(job=job, request_id="r-1"))
    job.rubric.criteria[0].question = "Has the candidate used Go?"
    assert (await recruiter.jobs.CreateJob(CreateJobRequest(job=job, request_id="r-1"))).rubric.version == 1


# Whose job it is


async def test_a_job_that_there_is_not_is_not_found(recruiter: Client) -> None:
    for ask_for in (job_of, close, delete):
        with missing("JOB_NOT_FOUND"):
            await ask_for(recruiter, new_id("job"))


async def test_another_accounts_job_is_not_found(recruiter: Client, other: Client) -> None:
    job = await recruiter.post_job()
    for ask_for in (job_of, close, delete):
        with missing("JOB_NOT_FOUND"):
            await ask_for(other, job.job_id)
    with missing("JOB_NOT_FOUND"):
        await update(other, Job(job_id=job.job_id, title="Mine"))
    assert await job_of(recruiter, job.job_id) == job


async def test_an_admin_sees_every_accounts_job(store: RunningMesh, recruiter: Client) -> None:
    job = await recruiter.post_job()
    assert await job_of(store.client(ADMIN), job.job_id) == job


@pytest.mark.parametrize("job_id", ["", "x", "job_1", "res_" + "a" * 32, "job_" + "A" * 32, "job_" + "a" * 33])
async def test_what_is_no_id_of_a_job_is_refused_by_field(recruiter: Client, job_id: str) -> None:
    for ask_for in (job_of, close, delete):
        with invalid() as refusal:
            await ask_for(recruiter, job_id)
        assert list(refusal.fields) == ["job_id"]


# ListJobs


async def titles(client: Client, **said: Any) -> list[str]:
    response = await client.jobs.ListJobs(ListJobsRequest(page_size=100, **said))
    return [job.title for job in response.jobs]


async def test_jobs_are_listed_newest_first_and_own_ones_only(
    store: RunningMesh, recruiter: Client, other: Client
) -> None:
    for title in ("first", "second", "third"):
        await recruiter.post_job(title=title)
    await other.post_job(title="another's")
    assert await titles(recruiter) == ["third", "second", "first"]
    assert (await titles(store.client(ADMIN)))[:4] == ["another's", "third", "second", "first"]


async def test_pages_show_each_of_45_jobs_once_while_others_are_posted(recruiter: Client) -> None:
    for number in range(45):
        await recruiter.post_job(title=f"{number}")
    seen: list[str] = []

    async def page(token: str) -> ListJobsResponse:
        return await recruiter.jobs.ListJobs(ListJobsRequest(page_token=token))

    async for one in pages_of(page):
        assert len(one.jobs) <= 20
        seen += [job.title for job in one.jobs]
        await recruiter.post_job(title="posted in between")
    assert seen == [f"{number}" for number in reversed(range(45))]


async def test_jobs_can_be_listed_by_state(recruiter: Client) -> None:
    await recruiter.post_job(title="open")
    await close(recruiter, (await recruiter.post_job(title="closed")).job_id)
    assert await titles(recruiter, state=Job.STATE_OPEN) == ["open"]
    assert await titles(recruiter, state=Job.STATE_CLOSED) == ["closed"]


async def test_a_page_token_of_another_list_is_refused(recruiter: Client) -> None:
    for _ in range(2):
        await recruiter.post_job()
    token = (await recruiter.jobs.ListJobs(ListJobsRequest(page_size=1))).next_page_token
    with invalid("PAGE_TOKEN_INVALID") as refusal:
        await recruiter.jobs.ListJobs(ListJobsRequest(page_token=token, state=Job.STATE_OPEN))
    assert list(refusal.fields) == ["page_token"]
    with invalid("PAGE_TOKEN_INVALID"):
        await recruiter.evaluations.ListEvaluations(ListEvaluationsRequest(page_token=token))


@pytest.mark.parametrize(
    ("request_", "field"),
    [
        (ListJobsRequest(page_size=-1), "page_size"),
        (ListJobsRequest(page_size=101), "page_size"),
        (ListJobsRequest(page_token="x" * 1001), "page_token"),
        (ListJobsRequest(state=9), "state"),
    ],
)
async def test_a_list_that_cannot_be_is_refused_by_field(
    recruiter: Client, request_: ListJobsRequest, field: str
) -> None:
    with invalid() as refusal:
        await recruiter.jobs.ListJobs(request_)
    assert list(refusal.fields) == [field]


# UpdateJob


async def test_only_the_fields_of_the_mask_change(recruiter: Client) -> None:
    job = await recruiter.post_job("We need Python.", title="Engineer")
    new = await update(recruiter, Job(job_id=job.job_id, title="Nurse", description="We need a nurse."), "title")
    assert (new.title, new.description) == ("Nurse", "We need Python.")
    assert new.update_time.ToDatetime() > job.update_time.ToDatetime()
    assert await job_of(recruiter, job.job_id) == new


async def test_without_a_mask_the_fields_that_the_body_has_change(recruiter: Client) -> None:
    job = await recruiter.post_job("We need Python.", title="Engineer")
    new = await update(recruiter, Job(job_id=job.job_id, description="We need Go."))
    assert (new.title, new.description) == ("Engineer", "We need Go.")


@pytest.mark.parametrize(
    "path", ["state", "account_id", "create_time", "rubric_failure", "nonsense", "rubric.criteria"]
)
async def test_what_is_fixed_cannot_be_changed(recruiter: Client, path: str) -> None:
    job = await recruiter.post_job()
    with invalid("JOB_FIELD_NOT_EDITABLE") as refusal:
        await update(recruiter, Job(job_id=job.job_id, title="New"), "title", path)
    assert list(refusal.fields) == ["update_mask"]
    assert await job_of(recruiter, job.job_id) == job


@pytest.mark.parametrize("path", ["title", "description"])
async def test_a_job_keeps_a_title_and_a_description(recruiter: Client, path: str) -> None:
    job = await recruiter.post_job()
    with invalid("JOB_FIELD_EMPTY") as refusal:
        await update(recruiter, Job(job_id=job.job_id), path)
    assert list(refusal.fields) == [f"job.{path}"]


@pytest.mark.parametrize(
    ("job", "fields"),
    [
        (Job(), {"job.job_id"}),
        (Job(job_id="x"), {"job.job_id"}),
        (Job(job_id="job_" + "a" * 32, title="t" * 301), {"job.title"}),
        (Job(job_id="job_" + "a" * 32, description="d" * 100_001), {"job.description"}),
    ],
)
async def test_a_change_that_is_not_valid_is_refused_by_field(recruiter: Client, job: Job, fields: set[str]) -> None:
    with invalid() as refusal:
        await update(recruiter, job)
    assert set(refusal.fields) == fields


async def test_a_changed_rubric_is_the_next_version(recruiter: Client) -> None:
    job = await recruiter.post_job(rubric=a_rubric("Has the candidate used Go?"))
    new = await update(recruiter, Job(job_id=job.job_id, rubric=a_rubric("Has the candidate used Rust?")))
    assert (new.rubric.version, new.rubric.criteria[0].question) == (2, "Has the candidate used Rust?")


async def test_a_rubric_that_an_account_has_edited_names_the_account(store: RunningMesh, service: Client) -> None:
    rita = somebody()
    recruiter = store.client(rita)
    job = await recruiter.post_job()
    drafted = a_rubric("Has the candidate used Go?")
    drafted.author = "local/lexical-1"
    seen = await record(service, job.job_id, rubric=drafted)
    assert seen.rubric.author == "local/lexical-1"
    seen.rubric.criteria[0].weight = 5
    new = await update(recruiter, Job(job_id=job.job_id, rubric=seen.rubric), "rubric")
    assert new.rubric.author == rita.account_id


async def test_a_changed_rubric_that_may_not_ask_that_is_refused(recruiter: Client) -> None:
    job = await recruiter.post_job(rubric=a_rubric("Has the candidate used Go?"))
    with invalid("RUBRIC_REFUSED") as refusal:
        await update(recruiter, Job(job_id=job.job_id, rubric=a_rubric("Is the candidate pregnant?")))
    assert list(refusal.fields) == ["job.rubric.criteria[0].question"]
    assert (await job_of(recruiter, job.job_id)).rubric == job.rubric


async def test_an_evaluation_keeps_the_rubric_that_it_was_asked_for_with(recruiter: Client, service: Client) -> None:
    job = await recruiter.post_job(rubric=a_rubric("Has the candidate used Go?"))
    resume = await a_read_resume(recruiter, service)
    evaluation = await ask(recruiter, job.job_id, resume.resume_id)
    await update(recruiter, Job(job_id=job.job_id, rubric=a_rubric("Has the candidate used Rust?")))
    claimed = await claim(service, evaluation.evaluation_id)
    assert (evaluation.rubric_version, claimed.rubric.version) == (1, 1)
    assert claimed.rubric.criteria[0].question == "Has the candidate used Go?"


async def test_an_evaluation_of_an_unread_cv_keeps_the_rubric_that_it_was_asked_for_with(
    recruiter: Client, service: Client
) -> None:
    job = await recruiter.post_job(rubric=a_rubric("Has the candidate used Go?"))
    resume = await recruiter.upload()
    evaluation = await ask(recruiter, job.job_id, resume.resume_id)
    await update(recruiter, Job(job_id=job.job_id, rubric=a_rubric("Has the candidate used Rust?")))
    await read(service, resume.resume_id)
    claimed = await claim(service, evaluation.evaluation_id)
    assert (evaluation.rubric_version, claimed.rubric.version) == (1, 1)


async def test_a_rubric_given_by_hand_sends_what_waited_for_one_on_its_way(recruiter: Client, service: Client) -> None:
    job = await recruiter.post_job()
    resume = await a_read_resume(recruiter, service)
    evaluation = await ask(recruiter, job.job_id, resume.resume_id)
    assert evaluation.state == Evaluation.STATE_PENDING
    await update(recruiter, Job(job_id=job.job_id, rubric=a_rubric()))
    assert await state_of(recruiter, evaluation.evaluation_id) == Evaluation.STATE_QUEUED


# CloseJob


async def test_a_closed_job_refuses_new_evaluations(recruiter: Client, service: Client) -> None:
    job = await recruiter.post_job(rubric=a_rubric())
    resume = await a_read_resume(recruiter, service)
    assert (await close(recruiter, job.job_id)).state == Job.STATE_CLOSED
    with unmet("JOB_CLOSED"):
        await ask(recruiter, job.job_id, resume.resume_id)
    with unmet("JOB_CLOSED"):
        await recruiter.ask_for(job.job_id, [resume.resume_id])


async def test_what_was_asked_for_before_a_job_closed_goes_on(recruiter: Client, service: Client) -> None:
    job = await recruiter.post_job(rubric=a_rubric())
    resume = await recruiter.upload()
    evaluation = await ask(recruiter, job.job_id, resume.resume_id)
    await close(recruiter, job.job_id)
    await read(service, resume.resume_id)
    await judge(service, evaluation.evaluation_id)
    assert await state_of(recruiter, evaluation.evaluation_id) == Evaluation.STATE_SUCCEEDED


async def test_a_refused_evaluation_of_a_closed_job_leaves_the_ranking_as_it_was(
    recruiter: Client, service: Client
) -> None:
    job = await recruiter.post_job(rubric=a_rubric())
    resume = await a_read_resume(recruiter, service)
    await ask(recruiter, job.job_id, resume.resume_id)
    await close(recruiter, job.job_id)
    with unmet("JOB_CLOSED"):
        await ask(recruiter, job.job_id, resume.resume_id)
    assert len((await recruiter.ranking(job.job_id)).evaluations) == 1


async def test_closing_a_closed_job_changes_nothing(recruiter: Client) -> None:
    job = await recruiter.post_job()
    assert await close(recruiter, job.job_id) == await close(recruiter, job.job_id)


# DeleteJob


async def delete(client: Client, job_id: str) -> None:
    await client.jobs.DeleteJob(DeleteJobRequest(job_id=job_id))


async def test_a_deleted_job_is_gone_with_its_evaluations_and_not_with_its_cvs(
    recruiter: Client, service: Client
) -> None:
    job = await recruiter.post_job(rubric=a_rubric())
    resume = await a_read_resume(recruiter, service)
    evaluation = await ask(recruiter, job.job_id, resume.resume_id)
    await judge(service, evaluation.evaluation_id)
    await delete(recruiter, job.job_id)
    with missing("JOB_NOT_FOUND"):
        await job_of(recruiter, job.job_id)
    with missing("EVALUATION_NOT_FOUND"):
        await state_of(recruiter, evaluation.evaluation_id)
    assert (await recruiter.parsed(resume.resume_id)).resume_id == resume.resume_id


# RecordRubricDraft


async def test_a_drafted_rubric_comes_into_force_under_its_authors_name(recruiter: Client, service: Client) -> None:
    job = await recruiter.post_job()
    drafted = a_rubric("Has the candidate used Go?")
    drafted.author = "local/lexical-1"
    kept = await record(service, job.job_id, rubric=drafted)
    assert (kept.rubric.version, kept.rubric.author) == (1, "local/lexical-1")
    assert await job_of(recruiter, job.job_id) == kept


async def test_a_job_that_has_a_rubric_by_then_keeps_it(recruiter: Client, service: Client) -> None:
    job = await recruiter.post_job(rubric=a_rubric("Has the candidate used Go?"))
    assert await record(service, job.job_id, rubric=a_rubric("Has the candidate used Rust?")) == job
    assert await record(service, job.job_id, failure="No model.") == job


async def test_evaluations_wait_for_the_draft_and_go_on_with_it(recruiter: Client, service: Client) -> None:
    job = await recruiter.post_job()
    read_before, unread = await a_read_resume(recruiter, service), await recruiter.upload()
    first, second = await recruiter.ask_for(job.job_id, [read_before.resume_id, unread.resume_id])
    assert first.state == second.state == Evaluation.STATE_PENDING
    await record(service, job.job_id, rubric=a_rubric())
    assert await state_of(recruiter, first.evaluation_id) == Evaluation.STATE_QUEUED
    assert await state_of(recruiter, second.evaluation_id) == Evaluation.STATE_PENDING
    await read(service, unread.resume_id)
    assert await state_of(recruiter, second.evaluation_id) == Evaluation.STATE_QUEUED


async def test_where_no_rubric_can_be_drafted_what_waited_fails_and_says_why(
    recruiter: Client, service: Client
) -> None:
    job = await recruiter.post_job()
    resume = await a_read_resume(recruiter, service)
    [waiting] = await recruiter.ask_for(job.job_id, [resume.resume_id])
    kept = await record(service, job.job_id, failure="The model did not answer.")
    assert kept.rubric_failure == "The model did not answer."
    found = await recruiter.ended(waiting.evaluation_id)
    later = await ask(recruiter, job.job_id, resume.resume_id)
    for failed in (found, later):
        assert failed.state == Evaluation.STATE_FAILED
        assert (failed.failure.reason, failed.failure.message) == ("RUBRIC_NOT_DRAFTED", "The model did not answer.")


async def test_a_draft_may_come_while_many_cvs_are_read(recruiter: Client, service: Client) -> None:
    for _ in range(3):
        job = await recruiter.post_job()
        resumes = [await recruiter.upload(f"CV {number}".encode()) for number in range(16)]
        asked = await recruiter.ask_for(job.job_id, [resume.resume_id for resume in resumes])
        reading = [
            find_unreadable(service, resume.resume_id) if number % 8 == 0 else read(service, resume.resume_id)
            for number, resume in enumerate(resumes)
        ]
        await asyncio.gather(*reading[:8], record(service, job.job_id, rubric=a_rubric()), *reading[8:])
        states = [await state_of(recruiter, one.evaluation_id) for one in asked]
        assert [state == Evaluation.STATE_FAILED for state in states] == [number % 8 == 0 for number in range(16)]
        assert states.count(Evaluation.STATE_QUEUED) == 14


@pytest.mark.parametrize(
    ("request_", "field"),
    [
        (RecordRubricDraftRequest(job_id="job_" + "a" * 32), "outcome"),
        (RecordRubricDraftRequest(job_id="job_" + "a" * 32, failure=""), "failure"),
        (RecordRubricDraftRequest(job_id="job_" + "a" * 32, rubric=Rubric()), "rubric.criteria"),
    ],
)
async def test_a_draft_that_says_nothing_is_refused_by_field(
    service: Client, request_: RecordRubricDraftRequest, field: str
) -> None:
    with invalid() as refusal:
        await service.jobs.RecordRubricDraft(request_)
    assert list(refusal.fields) == [field]


async def test_a_rubric_is_drafted_in_the_background_and_again_on_demand(mesh: RunningMesh) -> None:
    recruiter = mesh.client(somebody())
    job = await recruiter.post_job("We need Python and PostgreSQL. You have five years of experience.")
    async with asyncio.timeout(20):
        while not (await job_of(recruiter, job.job_id)).HasField("rubric"):
            await asyncio.sleep(0.02)
    first = (await job_of(recruiter, job.job_id)).rubric
    again = (await recruiter.scoring.DraftRubric(DraftRubricRequest(job_id=job.job_id))).rubric
    assert [first.version, again.version] == [1, 2]
    assert first.author == again.author
    assert first.author.startswith("local/")
    assert len(first.criteria) >= 1


async def test_a_rubric_is_drafted_for_the_jobs_owner_only(mesh: RunningMesh) -> None:
    job = await mesh.client(somebody()).post_job(rubric=a_rubric())
    with missing("JOB_NOT_FOUND"):
        await mesh.client(somebody()).scoring.DraftRubric(DraftRubricRequest(job_id=job.job_id))
