"""What `candor screen` does between its arguments and its output."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import grpc
import yaml
from candor.evaluations.v1 import evaluation_pb2, evaluations_service_pb2
from candor.jobs.v1.job_pb2 import Job, Rubric
from candor.jobs.v1.jobs_service_pb2 import CreateJobRequest
from candor.parsing.v1.parsing_service_pb2 import ParseDocumentRequest
from candor.resumes.v1.resumes_service_pb2 import UploadResumeRequest
from google.protobuf import json_format

from services.cli.mesh import Mesh

UPLOADS_AT_ONCE = 8
_CHUNK = 256 * 1024
_BATCH = 1000
_PAGE = 100
_LOOK_EVERY_SECONDS = 0.1


class CannotScreen(Exception):
    """What was asked for cannot be done, as a sentence."""


@dataclass
class Tally:
    """How far a screening is."""

    files: int = 0
    read: int = 0
    judged: int = 0
    on_change: Callable[[Tally], None] = field(default=lambda _: None, repr=False)

    def report(self, **changes: int) -> None:
        """Takes new counts and tells whoever shows them."""
        for name, value in changes.items():
            setattr(self, name, value)
        self.on_change(self)


def files_in(paths: Sequence[Path]) -> list[Path]:
    """The files that are named, and those in named folders, sorted; hidden ones left out.

    Raises:
        CannotScreen: a path is not there, or there is no file at all.
    """
    found: list[Path] = []
    for path in paths:
        if path.is_dir():
            found += sorted(one for one in path.rglob("*") if one.is_file() and not _hidden(one, path))
        elif path.is_file():
            found.append(path)
        else:
            raise CannotScreen(f"{path}: there is no such file or folder")
    unique = list(dict.fromkeys(found))
    if not unique:
        raise CannotScreen(f"{', '.join(map(str, paths))}: no files there")
    return unique


def _hidden(path: Path, below: Path) -> bool:
    return any(part.startswith(".") for part in path.relative_to(below).parts)


def rubric_in(path: Path) -> Rubric:
    """A rubric from a YAML or JSON file, in the contract's JSON names.

    Raises:
        CannotScreen: it is not one.
    """
    try:
        loaded = yaml.safe_load(path.read_text(encoding="utf-8"))
        return json_format.ParseDict(loaded, Rubric())
    except (OSError, UnicodeDecodeError, yaml.YAMLError, json_format.ParseError, AttributeError) as error:
        raise CannotScreen(f"{path}: not a rubric: {error}") from None


async def screen(
    mesh: Mesh, job_file: Path, files: Sequence[Path], rubric: Rubric | None, tally: Tally
) -> evaluation_pb2.Ranking:
    """Posts the job, uploads the files, has them judged, and answers the whole ranking.

    Raises:
        CannotScreen: the job description cannot be read, or no rubric could be drafted from it.
    """
    tally.report(files=len(files))
    text = await _text_of(mesh, job_file)
    job = Job(title=_title_of(text, job_file), description=text, rubric=rubric)
    posted = await mesh.jobs.CreateJob(CreateJobRequest(job=job))
    uploaded, refused = await _upload(mesh, files, tally)
    for start in range(0, len(uploaded), _BATCH):
        batch = uploaded[start : start + _BATCH]
        request = evaluations_service_pb2.BatchCreateEvaluationsRequest(job_id=posted.job_id, resume_ids=batch)
        await mesh.evaluations.BatchCreateEvaluations(request)
    await _until_done(mesh, posted.job_id, len(refused), tally)
    ranking = await _whole_ranking(mesh, posted.job_id)
    if ranking.job.rubric_failure:
        raise CannotScreen(f"{job_file}: {ranking.job.rubric_failure}")
    unreadable = sorted([*ranking.unreadable, *refused], key=lambda one: one.file_name)
    del ranking.unreadable[:]
    ranking.unreadable.extend(unreadable)
    return ranking


async def _text_of(mesh: Mesh, path: Path) -> str:
    content = await asyncio.to_thread(path.read_bytes)

    async def pieces() -> AsyncIterator[ParseDocumentRequest]:
        for chunk in _chunks(content):
            yield ParseDocumentRequest(file_name=path.name[:255], chunk=chunk)

    answer = await mesh.parsing.ParseDocument(pieces(), timeout=60)
    if answer.WhichOneof("outcome") == "unreadable":
        raise CannotScreen(f"{path}: the job description cannot be read. {answer.unreadable.reason}")
    return answer.parsed.text


def _title_of(text: str, path: Path) -> str:
    first = next((line.strip() for line in text.splitlines() if line.strip()), path.stem)
    return first.lstrip("# ").strip()[:300] or path.stem


async def _upload(
    mesh: Mesh, files: Sequence[Path], tally: Tally
) -> tuple[list[str], list[evaluation_pb2.UnreadableResume]]:
    """Ids in the order of the files, and what was refused at the door (empty, too large)."""
    slots = asyncio.Semaphore(UPLOADS_AT_ONCE)
    refused: list[evaluation_pb2.UnreadableResume] = []

    async def one(path: Path) -> str | None:
        async with slots:
            try:
                return (await mesh.resumes.UploadResume(await _upload_of(path), timeout=60)).resume_id
            except grpc.aio.AioRpcError as error:
                if error.code() not in (grpc.StatusCode.INVALID_ARGUMENT, grpc.StatusCode.RESOURCE_EXHAUSTED):
                    raise
                refused.append(evaluation_pb2.UnreadableResume(file_name=path.name, reason=error.details() or ""))
                return None

    identifiers = await asyncio.gather(*(one(path) for path in files))
    tally.report(read=len(refused))
    return [identifier for identifier in identifiers if identifier is not None], refused


async def _upload_of(path: Path) -> AsyncIterator[UploadResumeRequest]:
    content = await asyncio.to_thread(path.read_bytes)

    async def messages() -> AsyncIterator[UploadResumeRequest]:
        yield UploadResumeRequest(header=UploadResumeRequest.Header(file_name=path.name[:255]))
        for chunk in _chunks(content):
            yield UploadResumeRequest(chunk=chunk)
        yield UploadResumeRequest(end=UploadResumeRequest.End())

    return messages()


def _chunks(content: bytes) -> Iterator[bytes]:
    return (content[start : start + _CHUNK] for start in range(0, len(content), _CHUNK))


async def _until_done(mesh: Mesh, job_id: str, refused: int, tally: Tally) -> None:
    request = evaluations_service_pb2.GetRankingRequest(job_id=job_id, page_size=1)
    while True:
        progress = (await mesh.evaluations.GetRanking(request)).progress
        done = progress.succeeded + progress.failed + progress.cancelled
        tally.report(read=progress.total - progress.pending + refused, judged=done + refused)
        if not progress.pending and not progress.running:
            return
        await asyncio.sleep(_LOOK_EVERY_SECONDS)


async def _whole_ranking(mesh: Mesh, job_id: str) -> evaluation_pb2.Ranking:
    request = evaluations_service_pb2.GetRankingRequest(job_id=job_id, page_size=_PAGE)
    ranking = await mesh.evaluations.GetRanking(request)
    while ranking.next_page_token:
        request.page_token = ranking.next_page_token
        page = await mesh.evaluations.GetRanking(request)
        ranking.evaluations.extend(page.evaluations)
        ranking.next_page_token = page.next_page_token
    return ranking
