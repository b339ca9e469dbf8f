"""Reading a document at once."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

from candor.parsing.v1.parsing_service_pb2 import ParseDocumentRequest, ParseDocumentResponse
from candor.parsing.v1.parsing_service_pb2_grpc import ParsingServiceServicer as Base

from services.chassis.refusals import Exhausted
from services.parser.sandbox import Sandbox

SIZE_LIMIT = 10 * 1024 * 1024
"""Bytes in a document; the store's cap for uploads."""


class DocumentTooLarge(Exhausted):
    """The cap is enforced while the document arrives."""

    sentence = "The document is larger than 10 MiB."


class ParsingServicer(Base):
    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox

    async def ParseDocument(self, requests: AsyncIterator[ParseDocumentRequest], context: Any) -> ParseDocumentResponse:
        content = bytearray()
        async for message in requests:
            content += message.chunk
            if len(content) > SIZE_LIMIT:
                raise DocumentTooLarge
        return await self._sandbox.read(bytes(content))
