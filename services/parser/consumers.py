"""What the parser does on events: read an uploaded CV."""

from __future__ import annotations

import grpc
from candor.parsing.v1.parsing_service_pb2 import ParseDocumentResponse
from candor.resumes.v1 import resumes_service_pb2 as contract
from candor.resumes.v1.resumes_events_pb2 import ResumeUploadedEvent
from candor.resumes.v1.resumes_service_pb2_grpc import ResumesServiceStub

from services.chassis.bus.consumer import Turn
from services.parser.sandbox import Sandbox

_DOWNLOAD_SECONDS = 60.0


class ResumeReader:
    """Handles ResumeUploadedEvent."""

    def __init__(self, resumes: ResumesServiceStub, sandbox: Sandbox) -> None:
        self._resumes, self._sandbox = resumes, sandbox

    async def read(self, event: ResumeUploadedEvent, turn: Turn) -> None:
        """Fetches the file, reads it, and has the store keep what came of it. A CV deleted meanwhile is no failure."""
        try:
            outcome = await self._sandbox.read(await self._content(event.resume_id))
            await self._resumes.RecordParsedResume(_record(event.resume_id, outcome))
        except grpc.aio.AioRpcError as error:
            if error.code() is not grpc.StatusCode.NOT_FOUND:
                raise

    async def _content(self, resume_id: str) -> bytes:
        request = contract.DownloadResumeRequest(resume_id=resume_id)
        pieces = [message.chunk async for message in self._resumes.DownloadResume(request, timeout=_DOWNLOAD_SECONDS)]
        return b"".join(pieces)


def _record(resume_id: str, outcome: ParseDocumentResponse) -> contract.RecordParsedResumeRequest:
    if outcome.WhichOneof("outcome") == "parsed":
        return contract.RecordParsedResumeRequest(resume_id=resume_id, parsed=outcome.parsed)
    return contract.RecordParsedResumeRequest(resume_id=resume_id, unreadable=outcome.unreadable)
