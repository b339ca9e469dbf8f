"""CV files: upload, read, download, delete; and what the parser made of them."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator
from typing import Any

from candor.evaluations.v1.evaluations_events_pb2 import EvaluationRequestedEvent
from candor.parsing.v1.parsed_resume_pb2 import ParsedResume
from candor.resumes.v1 import resume_pb2, resumes_service_pb2, resumes_service_pb2_grpc
from candor.resumes.v1.resumes_events_pb2 import ResumeDeletedEvent, ResumeUploadedEvent
from google.protobuf.empty_pb2 import Empty

from services.chassis.blobs import Blobs
from services.chassis.clock import Clock
from services.chassis.ids import new_id
from services.store.domain.evaluations import RESUME_UNREADABLE
from services.store.domain.jobs import Job
from services.store.domain.resumes import (
    SIZE_LIMIT,
    FileCutOff,
    FileEmpty,
    FileHeaderMissing,
    FileTooLarge,
    Resume,
    ResumeNotParsed,
    ResumeState,
)
from services.store.mapping import resume_message
from services.store.repositories.pages import PageRequest
from services.store.tables import resumes as resumes_table
from services.store.unit_of_work import RequestKey, UnitOfWork, Units
from services.store.watching import Watcher

LOOK_AGAIN_SECONDS = 15.0
"""A watch looks by itself as often, in case a notification was lost."""


class ResumesServicer(resumes_service_pb2_grpc.ResumesServiceServicer):
    def __init__(self, units: Units, blobs: Blobs, watcher: Watcher, clock: Clock) -> None:
        self._units, self._blobs, self._watcher, self._clock = units, blobs, watcher, clock

    async def UploadResume(
        self, requests: AsyncIterator[resumes_service_pb2.UploadResumeRequest], context: Any
    ) -> resume_pb2.Resume:
        header = await _header(requests)
        file = _Incoming(requests)
        resume_id = new_id("res")
        object_name = f"resumes/{resume_id}"

        async def create(unit: UnitOfWork) -> resume_pb2.Resume:
            now = self._clock.now()
            resume = Resume(
                resume_id=resume_id,
                account_id=unit.subject.account_id,
                file_name=header.file_name,
                object_name=object_name,
                size_bytes=file.size,
                sha256=file.sha256,
                state=ResumeState.UPLOADED,
                page_count=0,
                reading=ParsedResume(),
                unreadable=None,
                create_time=now,
                announce_time=now,
                parse_time=None,
            )
            unit.announce(ResumeUploadedEvent(resume_id=resume_id))
            return resume_message(unit.resumes.add(resume))

        async with self._blobs.putting(object_name, file.content()):
            key = RequestKey("UploadResume", header.request_id, f"{header.file_name}/{file.sha256}")
            resume, new = await self._units.once(key, resume_pb2.Resume, create)
        if not new:
            await self._blobs.delete(object_name)
        return resume

    async def GetResume(self, request: resumes_service_pb2.GetResumeRequest, context: Any) -> resume_pb2.Resume:
        async with self._units.begin() as unit:
            return resume_message(await unit.resumes.get(request.resume_id, lock="none"))

    async def ListResumes(
        self, request: resumes_service_pb2.ListResumesRequest, context: Any
    ) -> resumes_service_pb2.ListResumesResponse:
        wanted = PageRequest.of(request.page_size, request.page_token, "resumes", request.state)
        conditions = [resumes_table.c.state == int(request.state)] if request.state else []
        async with self._units.begin() as unit:
            page = await unit.resumes.page(wanted, *conditions)
        found = [resume_message(resume) for resume in page.items]
        return resumes_service_pb2.ListResumesResponse(resumes=found, next_page_token=page.next_token)

    async def DownloadResume(
        self, request: resumes_service_pb2.DownloadResumeRequest, context: Any
    ) -> AsyncIterator[resumes_service_pb2.DownloadResumeResponse]:
        async with self._units.begin() as unit:
            resume = await unit.resumes.get(request.resume_id, lock="none")
        header = resumes_service_pb2.DownloadResumeResponse.Header(
            file_name=resume.file_name,
            media_type=resume.reading.media_type or "application/octet-stream",
            size_bytes=resume.size_bytes,
        )
        yield resumes_service_pb2.DownloadResumeResponse(header=header)
        async for chunk in self._blobs.get(resume.object_name):
            yield resumes_service_pb2.DownloadResumeResponse(chunk=chunk)

    async def GetResumeText(self, request: resumes_service_pb2.GetResumeTextRequest, context: Any) -> ParsedResume:
        async with self._units.begin() as unit:
            resume = await unit.resumes.get(request.resume_id, lock="none")
            parsed = await unit.resumes.text(resume.resume_id)
        if parsed is None:
            raise ResumeNotParsed(resume_id=resume.resume_id)
        return parsed

    async def WatchResume(
        self, request: resumes_service_pb2.WatchResumeRequest, context: Any
    ) -> AsyncIterator[resume_pb2.Resume]:
        shown = None
        while True:
            with self._watcher.next_change(request.resume_id) as wake:
                async with self._units.begin() as unit:
                    resume = await unit.resumes.get(request.resume_id, lock="none")
                if resume.state is not shown:
                    shown = resume.state
                    yield resume_message(resume)
                if resume.read or self._watcher.stopping:
                    return
                await wake.within(LOOK_AGAIN_SECONDS)

    async def DeleteResume(self, request: resumes_service_pb2.DeleteResumeRequest, context: Any) -> Empty:
        async with self._units.begin() as unit:
            resume = await unit.resumes.get(request.resume_id)
            await unit.resumes.remove(resume.resume_id)
            unit.announce(ResumeDeletedEvent(resume_id=resume.resume_id, object_name=resume.object_name))
            return Empty()

    async def RecordParsedResume(
        self, request: resumes_service_pb2.RecordParsedResumeRequest, context: Any
    ) -> resume_pb2.Resume:
        async with self._units.begin() as unit:
            # Jobs before CVs, as everywhere: two units that lock them in another order would wait for each other.
            jobs = await unit.jobs.awaiting_resume(request.resume_id)
            resume = await unit.resumes.get(request.resume_id)
            if not resume.read:
                await self._record(unit, resume, request, jobs)
            return resume_message(resume)

    async def _record(
        self,
        unit: UnitOfWork,
        resume: Resume,
        request: resumes_service_pb2.RecordParsedResumeRequest,
        jobs: dict[str, Job],
    ) -> None:
        if request.WhichOneof("outcome") == "parsed":
            resume.record_parsed(request.parsed, self._clock.now())
            await unit.resumes.keep_text(resume.resume_id, request.parsed)
        else:
            resume.record_unreadable(request.unreadable, self._clock.now())
        for evaluation in await unit.evaluations.waiting_for_resume(resume.resume_id):
            if resume.unreadable is not None:
                evaluation.fail_for(RESUME_UNREADABLE, resume.unreadable.reason, self._clock.now())
                continue
            job = jobs.get(evaluation.job_id) or await unit.jobs.get(evaluation.job_id, lock="share")
            if job.rubric is not None:
                evaluation.queue(job.rubric_version, self._clock.now())
                unit.announce(EvaluationRequestedEvent(evaluation_id=evaluation.evaluation_id))


class _Incoming:
    """An upload's content on its way to the object store: counted and hashed as it passes."""

    def __init__(self, requests: AsyncIterator[resumes_service_pb2.UploadResumeRequest]) -> None:
        self._requests = requests
        self._digest = hashlib.sha256()
        self.size = 0

    @property
    def sha256(self) -> str:
        return self._digest.hexdigest()

    async def content(self) -> AsyncIterator[bytes]:
        async for message in self._requests:
            match message.WhichOneof("part"):
                case "chunk":
                    self.size += len(message.chunk)
                    if self.size > SIZE_LIMIT:
                        raise FileTooLarge
                    self._digest.update(message.chunk)
                    yield message.chunk
                case "end":
                    break
                case _:
                    raise FileHeaderMissing
        else:
            raise FileCutOff
        if self.size == 0:
            raise FileEmpty


async def _header(
    requests: AsyncIterator[resumes_service_pb2.UploadResumeRequest],
) -> resumes_service_pb2.UploadResumeRequest.Header:
    async for first in requests:
        if first.WhichOneof("part") == "header":
            return first.header
        break
    raise FileHeaderMissing
