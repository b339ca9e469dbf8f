"""What ResumesService promises."""

from __future__ import annotations

import asyncio
import gc
import hashlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import grpc
import pytest
from candor.evaluations.v1.evaluation_pb2 import Evaluation
from candor.evaluations.v1.evaluations_service_pb2 import GetEvaluationRequest
from candor.parsing.v1.parsed_resume_pb2 import Page, ParsedResume
from candor.resumes.v1.resume_pb2 import Resume
from candor.resumes.v1.resumes_service_pb2 import (
    DeleteResumeRequest,
    DownloadResumeRequest,
    DownloadResumeResponse,
    GetResumeRequest,
    GetResumeTextRequest,
    ListResumesRequest,
    ListResumesResponse,
    RecordParsedResumeRequest,
    UploadResumeRequest,
    WatchResumeRequest,
)

from services.chassis.ids import new_id
from services.store.watching import Wake
from tests.builders import (
    a_parsed_resume,
    a_queued_evaluation,
    a_rubric,
    an_obstacle,
    ask,
    claim,
    find_unreadable,
    hidden_words,
    invalid,
    judge,
    missing,
    pages_of,
    read,
    refused,
    running_store,
    sha256_of,
    somebody,
    unmet,
)
from tests.meshes import ADMIN, SERVICE, Client, RunningMesh

LIMIT = 10 * 1024 * 1024
MESSAGE = 1024 * 1024
END = UploadResumeRequest(end=UploadResumeRequest.End())


class Store:
    """A running store and the folder of its files."""

    def __init__(self, mesh: RunningMesh, folder: Path) -> None:
        self.mesh, self._folder = mesh, folder

    def files(self) -> set[Path]:
        return {path for path in self._folder.rglob("*") if path.is_file()}


@pytest.fixture(scope="module")
async def store(postgresql: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Store]:
    folder = tmp_path_factory.mktemp("store")
    async with running_store(postgresql, folder) as running:
        yield Store(running, folder / "files")


@pytest.fixture
def recruiter(store: Store) -> Client:
    return store.mesh.client(somebody())


@pytest.fixture
def other(store: Store) -> Client:
    return store.mesh.client(somebody())


@pytest.fixture
def service(store: Store) -> Client:
    return store.mesh.client(SERVICE)


async def resume_of(client: Client, resume_id: str) -> Resume:
    return await client.resumes.GetResume(GetResumeRequest(resume_id=resume_id))


async def text_of(client: Client, resume_id: str) -> ParsedResume:
    return await client.resumes.GetResumeText(GetResumeTextRequest(resume_id=resume_id))


async def delete(client: Client, resume_id: str) -> None:
    await client.resumes.DeleteResume(DeleteResumeRequest(resume_id=resume_id))


async def downloaded(client: Client, resume_id: str) -> tuple[DownloadResumeResponse.Header, bytes]:
    messages = [one async for one in client.resumes.DownloadResume(DownloadResumeRequest(resume_id=resume_id))]
    assert [one.WhichOneof("part") for one in messages] == ["header", *["chunk"] * (len(messages) - 1)]
    return messages[0].header, b"".join(one.chunk for one in messages[1:])


async def watched(client: Client, resume_id: str) -> list[int]:
    """The states that a watch shows until it ends."""
    request = WatchResumeRequest(resume_id=resume_id)
    return [one.state async for one in client.resumes.WatchResume(request)]


async def listed(client: Client, **said: Any) -> list[str]:
    response = await client.resumes.ListResumes(ListResumesRequest(page_size=100, **said))
    return [resume.file_name for resume in response.resumes]


async def send(client: Client, *messages: UploadResumeRequest) -> Resume:
    async def each() -> AsyncIterator[UploadResumeRequest]:
        for message in messages:
            yield message

    return await client.resumes.UploadResume(each())


def header(file_name: str = "cv.pdf", **said: Any) -> UploadResumeRequest:
    return UploadResumeRequest(header=UploadResumeRequest.Header(file_name=file_name, **said))


def chunk(content: bytes) -> UploadResumeRequest:
    return UploadResumeRequest(chunk=content)


# UploadResume


async def test_an_uploaded_file_is_safe_and_waits_for_the_parser(store: Store) -> None:
    rita, before = somebody(), store.files()
    recruiter = store.mesh.client(rita)
    resume = await recruiter.upload(b"Five years of Python.", "cv.txt")
    assert (resume.file_name, resume.size_bytes, resume.state) == ("cv.txt", 21, Resume.STATE_UPLOADED)
    assert (resume.sha256, resume.account_id) == (sha256_of("Five years of Python."), rita.account_id)
    assert (resume.media_type, resume.page_count) == ("", 0)
    [file] = store.files() - before
    assert file.read_bytes() == b"Five years of Python."
    assert await resume_of(recruiter, resume.resume_id) == resume


async def test_a_download_is_what_was_uploaded(recruiter: Client) -> None:
    content = bytes(range(256)) * 4 * 1024 + b"the end"
    resume = await recruiter.upload(content, "Lebenslauf Jürgen.pdf")
    found, kept = await downloaded(recruiter, resume.resume_id)
    assert kept == content
    assert (found.file_name, found.size_bytes) == ("Lebenslauf Jürgen.pdf", len(content))
    assert found.media_type == "application/octet-stream"


async def test_a_download_of_a_read_file_says_what_it_is(recruiter: Client, service: Client) -> None:
    resume = await recruiter.upload()
    await read(service, resume.resume_id, media_type="application/pdf")
    assert (await downloaded(recruiter, resume.resume_id))[0].media_type == "application/pdf"


async def test_a_file_of_ten_mebibytes_is_taken(recruiter: Client) -> None:
    content = b"x" * LIMIT
    resume = await recruiter.upload(content)
    assert (resume.size_bytes, resume.sha256) == (LIMIT, hashlib.sha256(content).hexdigest())


async def test_a_byte_more_is_refused_and_nothing_is_left(store: Store, recruiter: Client) -> None:
    before = store.files()
    with refused(grpc.StatusCode.RESOURCE_EXHAUSTED, "FILE_TOO_LARGE"):
        await recruiter.upload(b"x" * (LIMIT + 1))
    assert store.files() == before
    assert await listed(recruiter) == []


@pytest.mark.parametrize(
    ("messages", "reason"),
    [
        ([header(), END], "FILE_EMPTY"),
        ([header(), chunk(b""), END], "FILE_EMPTY"),
        ([], "FILE_HEADER_MISSING"),
        ([chunk(b"x"), END], "FILE_HEADER_MISSING"),
        ([END], "FILE_HEADER_MISSING"),
        ([header(), chunk(b"x"), header(), chunk(b"x"), END], "FILE_HEADER_MISSING"),
        ([header(), chunk(b"x")], "FILE_CUT_OFF"),
        ([header()], "FILE_CUT_OFF"),
        ([header(), chunk(b"x" * MESSAGE)] * 2, "FILE_HEADER_MISSING"),
    ],
)
async def test_what_is_no_whole_file_is_refused_and_nothing_is_left(
    store: Store, recruiter: Client, messages: list[UploadResumeRequest], reason: str
) -> None:
    before = store.files()
    with invalid(reason):
        await send(recruiter, *messages)
    assert store.files() == before
    assert await listed(recruiter) == []


@pytest.mark.parametrize(
    ("messages", "field"),
    [
        ([header(""), chunk(b"x"), END], "header.file_name"),
        ([header("a" * 256), chunk(b"x"), END], "header.file_name"),
        ([header("../../etc/passwd"), chunk(b"x"), END], "header.file_name"),
        ([header("..\\cv.pdf"), chunk(b"x"), END], "header.file_name"),
        ([header("cv\n.pdf"), chunk(b"x"), END], "header.file_name"),
        ([header(request_id="r" * 256), chunk(b"x"), END], "header.request_id"),
        ([header(), chunk(b"x" * (MESSAGE + 1)), END], "chunk"),
        ([header(), UploadResumeRequest(), END], "part"),
    ],
)
async def test_a_message_that_is_not_valid_is_refused_by_field_and_nothing_is_left(
    store: Store, recruiter: Client, messages: list[UploadResumeRequest], field: str
) -> None:
    before = store.files()
    with invalid() as refusal:
        await send(recruiter, *messages)
    assert list(refusal.fields) == [field]
    assert store.files() == before


async def test_an_upload_whose_caller_goes_away_leaves_nothing(store: Store, recruiter: Client) -> None:
    before, begun = store.files(), asyncio.Event()

    async def endless() -> AsyncIterator[UploadResumeRequest]:
        yield header()
        for _ in range(8):
            yield chunk(b"x" * MESSAGE)
        begun.set()
        await asyncio.sleep(60)

    call = recruiter.resumes.UploadResume(endless())
    await begun.wait()
    await asyncio.sleep(0.2)
    call.cancel()
    async with asyncio.timeout(5):
        while store.files() != before:
            await asyncio.sleep(0.02)
    assert await listed(recruiter) == []


async def test_a_repeated_upload_answers_the_first_and_keeps_one_file(store: Store, recruiter: Client) -> None:
    before = store.files()
    first = await recruiter.upload(b"One CV.", "cv.txt", request_id="r-1")
    assert await recruiter.upload(b"One CV.", "cv.txt", request_id="r-1") == first
    assert await listed(recruiter) == ["cv.txt"]
    assert len(store.files() - before) == 1


@pytest.mark.parametrize(("content", "name"), [(b"Another CV.", "cv.txt"), (b"One CV.", "other.txt")])
async def test_another_file_under_the_same_request_id_is_refused_and_not_kept(
    store: Store, recruiter: Client, content: bytes, name: str
) -> None:
    await recruiter.upload(b"One CV.", "cv.txt", request_id="r-1")
    before = store.files()
    with invalid("REQUEST_ID_REUSED") as refusal:
        await recruiter.upload(content, name, request_id="r-1")
    assert list(refusal.fields) == ["request_id"]
    assert await listed(recruiter) == ["cv.txt"]
    assert store.files() == before


async def test_ten_uploads_at_once_under_one_request_id_are_one_cv_and_one_file(
    store: Store, recruiter: Client
) -> None:
    before = store.files()
    answers = await asyncio.gather(*(recruiter.upload(b"One CV.", request_id="r-1") for _ in range(10)))
    assert len({one.resume_id for one in answers}) == 1
    assert await listed(recruiter) == ["cv.txt"]
    assert len(store.files() - before) == 1


async def test_an_upload_that_the_database_refuses_leaves_no_file(store: Store, recruiter: Client) -> None:
    before = store.files()
    with pytest.raises(grpc.aio.AioRpcError):
        await recruiter.upload(b"One CV.", request_id="r\x00")
    assert store.files() == before


# Whose CV it is


async def test_a_cv_that_there_is_not_is_not_found(recruiter: Client) -> None:
    for ask_for in (resume_of, text_of, delete, downloaded, watched):
        with missing("RESUME_NOT_FOUND"):
            await ask_for(recruiter, new_id("res"))


async def test_another_accounts_cv_is_not_found(recruiter: Client, other: Client, service: Client) -> None:
    resume = await recruiter.upload()
    await read(service, resume.resume_id)
    for ask_for in (resume_of, text_of, delete, downloaded, watched):
        with missing("RESUME_NOT_FOUND"):
            await ask_for(other, resume.resume_id)
    assert (await text_of(recruiter, resume.resume_id)).text


async def test_an_admin_sees_every_accounts_cv(store: Store, recruiter: Client) -> None:
    resume = await recruiter.upload()
    assert await resume_of(store.mesh.client(ADMIN), resume.resume_id) == resume


@pytest.mark.parametrize("resume_id", ["", "x", "job_" + "a" * 32, "res_" + "G" * 32])
async def test_what_is_no_id_of_a_cv_is_refused_by_field(recruiter: Client, resume_id: str) -> None:
    for ask_for in (resume_of, text_of, delete, downloaded, watched):
        with invalid() as refusal:
            await ask_for(recruiter, resume_id)
        assert list(refusal.fields) == ["resume_id"]


# ListResumes


async def test_pages_show_each_of_45_cvs_once_while_others_are_uploaded(recruiter: Client, other: Client) -> None:
    for number in range(45):
        await recruiter.upload(b"CV", f"{number}.txt")
    await other.upload(b"CV", "another's.txt")
    seen: list[str] = []

    async def page(token: str) -> ListResumesResponse:
        return await recruiter.resumes.ListResumes(ListResumesRequest(page_size=10, page_token=token))

    async for one in pages_of(page):
        assert len(one.resumes) <= 10
        seen += [resume.file_name for resume in one.resumes]
        await recruiter.upload(b"CV", "uploaded in between.txt")
    assert seen == [f"{number}.txt" for number in reversed(range(45))]


async def test_cvs_can_be_listed_by_state(recruiter: Client, service: Client) -> None:
    await recruiter.upload(b"CV", "waits.txt")
    await read(service, (await recruiter.upload(b"CV", "read.txt")).resume_id)
    await find_unreadable(service, (await recruiter.upload(b"CV", "locked.txt")).resume_id)
    assert await listed(recruiter) == ["locked.txt", "read.txt", "waits.txt"]
    assert await listed(recruiter, state=Resume.STATE_UPLOADED) == ["waits.txt"]
    assert await listed(recruiter, state=Resume.STATE_PARSED) == ["read.txt"]
    assert await listed(recruiter, state=Resume.STATE_UNREADABLE) == ["locked.txt"]


@pytest.mark.parametrize(
    ("request_", "field"),
    [
        (ListResumesRequest(page_size=-1), "page_size"),
        (ListResumesRequest(page_size=101), "page_size"),
        (ListResumesRequest(page_token="x" * 1001), "page_token"),
        (ListResumesRequest(state=9), "state"),
    ],
)
async def test_a_list_that_cannot_be_is_refused_by_field(
    recruiter: Client, request_: ListResumesRequest, field: str
) -> None:
    with invalid() as refusal:
        await recruiter.resumes.ListResumes(request_)
    assert list(refusal.fields) == [field]


async def test_a_page_token_of_another_list_is_refused(recruiter: Client) -> None:
    for _ in range(2):
        await recruiter.upload()
    token = (await recruiter.resumes.ListResumes(ListResumesRequest(page_size=1))).next_page_token
    with invalid("PAGE_TOKEN_INVALID"):
        await recruiter.resumes.ListResumes(ListResumesRequest(page_token=token, state=Resume.STATE_PARSED))


# RecordParsedResume and GetResumeText


async def test_the_text_of_a_cv_is_what_the_parser_read(recruiter: Client, service: Client) -> None:
    resume = await recruiter.upload()
    whole = a_parsed_resume("Zeile ß 😀", pages=[Page(number=1), Page(number=2)], hidden_spans=[hidden_words()])
    request = RecordParsedResumeRequest(resume_id=resume.resume_id, parsed=whole)
    kept = await service.resumes.RecordParsedResume(request)
    assert (kept.state, kept.page_count, kept.media_type) == (Resume.STATE_PARSED, 2, "text/plain")
    assert list(kept.hidden_spans) == [hidden_words()]
    assert kept.HasField("parse_time")
    assert await text_of(recruiter, resume.resume_id) == whole
    assert await resume_of(recruiter, resume.resume_id) == kept


async def test_a_cv_has_no_text_before_it_is_read(recruiter: Client) -> None:
    resume = await recruiter.upload()
    with unmet("RESUME_NOT_PARSED"):
        await text_of(recruiter, resume.resume_id)


async def test_an_unreadable_cv_says_why_and_has_no_text(recruiter: Client, service: Client) -> None:
    resume = await recruiter.upload()
    await find_unreadable(service, resume.resume_id)
    found = await resume_of(recruiter, resume.resume_id)
    assert (found.state, found.unreadable) == (Resume.STATE_UNREADABLE, an_obstacle())
    with unmet("RESUME_NOT_PARSED"):
        await text_of(recruiter, resume.resume_id)


async def test_the_first_reading_stays(recruiter: Client, service: Client) -> None:
    resume = await recruiter.upload()
    first = await read(service, resume.resume_id, "first")
    assert await read(service, resume.resume_id, "second") == first
    assert await find_unreadable(service, resume.resume_id) == first
    assert (await text_of(recruiter, resume.resume_id)).text == "first"


async def test_of_ten_readings_at_once_one_stays(recruiter: Client, service: Client) -> None:
    resume = await recruiter.upload()
    kept = await asyncio.gather(
        *(read(service, resume.resume_id, f"{number}", warnings=[f"{number}"]) for number in range(10))
    )
    [warning] = {one.warnings[0] for one in kept}
    assert (await text_of(recruiter, resume.resume_id)).text == warning


async def test_a_reading_of_a_deleted_cv_is_refused(recruiter: Client, service: Client) -> None:
    resume = await recruiter.upload()
    await delete(recruiter, resume.resume_id)
    with missing("RESUME_NOT_FOUND"):
        await read(service, resume.resume_id)


async def test_a_reading_without_an_outcome_is_refused_by_field(service: Client) -> None:
    with invalid() as refusal:
        await service.resumes.RecordParsedResume(RecordParsedResumeRequest(resume_id=new_id("res")))
    assert list(refusal.fields) == ["outcome"]


async def test_an_evaluation_asked_for_before_parsing_is_queued_later(recruiter: Client, service: Client) -> None:
    job = await recruiter.post_job(rubric=a_rubric())
    resume = await recruiter.upload()
    evaluation = await ask(recruiter, job.job_id, resume.resume_id)
    assert evaluation.state == Evaluation.STATE_PENDING
    await read(service, resume.resume_id)
    await claim(service, evaluation.evaluation_id)


async def test_an_evaluation_of_an_unreadable_cv_fails_and_is_no_low_score(recruiter: Client, service: Client) -> None:
    job = await recruiter.post_job(rubric=a_rubric())
    resume = await recruiter.upload()
    before = await ask(recruiter, job.job_id, resume.resume_id)
    await find_unreadable(service, resume.resume_id)
    after = await ask(recruiter, job.job_id, resume.resume_id)
    for failed in (await recruiter.ended(before.evaluation_id), after):
        assert failed.state == Evaluation.STATE_FAILED
        assert (failed.failure.reason, failed.failure.message) == ("RESUME_UNREADABLE", an_obstacle().reason)
        assert not failed.HasField("overall_score")


# WatchResume


async def test_a_watch_shows_how_a_cv_is_now_and_ends_once_it_is_read(recruiter: Client, service: Client) -> None:
    resume = await recruiter.upload()
    stream = recruiter.resumes.WatchResume(WatchResumeRequest(resume_id=resume.resume_id))
    async with asyncio.timeout(5):
        assert (await anext(aiter(stream))).state == Resume.STATE_UPLOADED
        kept = await read(service, resume.resume_id)
        assert [one async for one in stream] == [kept]


async def test_a_watch_of_a_read_cv_is_one_message(recruiter: Client, service: Client) -> None:
    resume, locked = await recruiter.upload(), await recruiter.upload()
    await read(service, resume.resume_id)
    await find_unreadable(service, locked.resume_id)
    async with asyncio.timeout(5):
        assert await watched(recruiter, resume.resume_id) == [Resume.STATE_PARSED]
        assert await watched(recruiter, locked.resume_id) == [Resume.STATE_UNREADABLE]


async def test_ten_watch_the_same_cv(recruiter: Client, service: Client) -> None:
    resume = await recruiter.upload()
    watching = [asyncio.create_task(watched(recruiter, resume.resume_id)) for _ in range(10)]
    await asyncio.sleep(0.2)
    await read(service, resume.resume_id)
    async with asyncio.timeout(5):
        seen = await asyncio.gather(*watching)
    assert seen == [[Resume.STATE_UPLOADED, Resume.STATE_PARSED]] * 10


async def test_a_watch_that_has_ended_leaves_nothing_waiting(recruiter: Client, service: Client) -> None:
    resume = await recruiter.upload()
    await read(service, resume.resume_id)
    before = waits()
    for _ in range(20):
        await watched(recruiter, resume.resume_id)
    assert waits() <= before + 2


def waits() -> int:
    gc.collect()
    return sum(isinstance(one, Wake) for one in gc.get_objects())


# DeleteResume


async def test_a_deleted_cv_is_gone_with_text_evaluations_and_file(postgresql: str, tmp_path: Path) -> None:
    async with running_store(postgresql, tmp_path) as mesh:
        recruiter, service = mesh.client(somebody()), mesh.client(SERVICE)
        evaluation = await a_queued_evaluation(recruiter, service)
        await judge(service, evaluation.evaluation_id)
        resume_id = evaluation.resume.resume_id
        store = Store(mesh, tmp_path / "files")
        assert len(store.files()) == 1
        await delete(recruiter, resume_id)
        for ask_for in (resume_of, text_of, delete, downloaded, watched):
            with missing("RESUME_NOT_FOUND"):
                await ask_for(recruiter, resume_id)
        with missing("EVALUATION_NOT_FOUND"):
            await recruiter.evaluations.GetEvaluation(GetEvaluationRequest(evaluation_id=evaluation.evaluation_id))
        async with asyncio.timeout(10):
            while store.files():
                await asyncio.sleep(0.02)


async def test_a_cv_is_read_and_judged_without_anybody_asking_twice(mesh: RunningMesh) -> None:
    recruiter = mesh.client(somebody())
    job = await recruiter.post_job(rubric=a_rubric("Has the candidate worked with Python for years?"))
    resume = await recruiter.upload(b"Ada Lovelace\n\nExperience\nFive years of Python at Example Ltd.", "ada.txt")
    evaluation = await ask(recruiter, job.job_id, resume.resume_id)
    ended = await recruiter.ended(evaluation.evaluation_id, 20)
    assert ended.state == Evaluation.STATE_SUCCEEDED
    assert (await resume_of(recruiter, resume.resume_id)).state == Resume.STATE_PARSED
