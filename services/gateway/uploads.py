"""A file over HTTP becomes a client stream, while it is read: header first, then chunks of 64 KiB."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from email.message import Message as MimeHeaders

from google.protobuf.message import Message
from starlette.requests import ClientDisconnect
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from services.gateway.answers import answer_unread, problem_response
from services.gateway.binding import bind_texts
from services.gateway.calls import Calls
from services.gateway.exchange import Exchange
from services.gateway.fields import FieldError
from services.gateway.intake import Intake
from services.gateway.multipart import FILE_PART, FileStart, FormField, FormReader, decode_text
from services.gateway.problems import Refused, invalid
from services.gateway.transcoding import as_json, bind_path, fill_request_id

CHUNK_BYTES = 64 * 1024
_NAME_FIELD = "file_name"


class Uploads:
    """Serves client-streaming RPCs as multipart/form-data (part `file`) or as the bare bytes."""

    def __init__(self, calls: Calls) -> None:
        self._calls = calls

    async def serve(self, exchange: Exchange, scope: Scope, receive: Receive, send: Send) -> None:
        """Serves a POST. Reads no faster than the service takes, and stops when the service refuses.

        Raises:
            ClientDisconnect: the client left midway; the call is cancelled then.
        """
        intake = Intake(receive)
        try:
            answer = await self._transfer(exchange, intake)
            response = Response(as_json(exchange.route, answer), media_type="application/json")
        except Refused as refused:
            response = problem_response(refused.problem, exchange.request_id)
        intake.stop()
        await answer_unread(response, scope, intake, send)

    async def _transfer(self, exchange: Exchange, intake: Intake) -> Message:
        transfer = _Transfer(exchange, intake)
        messages = transfer.messages()
        # A form that is refused before its file begins never becomes a call.
        transfer.first = await anext(messages)
        try:
            return await self._calls.upload(exchange, transfer.watched(messages))
        except Refused:
            if transfer.failure is not None:
                raise transfer.failure from None
            raise


class _Transfer:
    """One upload as request messages. gRPC swallows what its request iterator raises: it is kept as `failure`."""

    def __init__(self, exchange: Exchange, intake: Intake) -> None:
        self._exchange = exchange
        self._intake = intake
        self.first: Message | None = None
        self.failure: Refused | ClientDisconnect | None = None

    async def watched(self, messages: AsyncIterator[Message]) -> AsyncIterator[Message]:
        """The first message and the rest."""
        try:
            if self.first is not None:
                yield self.first
            async for message in messages:
                yield message
        except (Refused, ClientDisconnect) as failure:
            self.failure = failure
            raise

    async def messages(self) -> AsyncIterator[Message]:
        """The header, then the chunks, then the end where the contract has one and the whole file has been read.

        Raises:
            Refused: 400, the form or the header's fields are not valid; 408, the client is too slow.
            ClientDisconnect: the client left.
        """
        content_type = self._exchange.headers.get("content-type", "")
        is_form = content_type.partition(";")[0].strip().lower() == "multipart/form-data"
        parts = self._form_parts(content_type) if is_form else self._raw_parts()
        waiting = bytearray()
        async for part in parts:
            if isinstance(part, Message):
                yield part
                continue
            waiting += part
            while len(waiting) >= CHUNK_BYTES:
                yield self._chunk(bytes(waiting[:CHUNK_BYTES]))
                del waiting[:CHUNK_BYTES]
        if waiting:
            yield self._chunk(bytes(waiting))
        request = self._exchange.route.rpc.request
        if self._intake.ended and "end" in request.DESCRIPTOR.fields_by_name:
            end: Message = request()
            end.end.SetInParent()  # type: ignore[attr-defined]
            yield end

    async def _raw_parts(self) -> AsyncIterator[Message | bytes]:
        yield self._header((), _name_of_disposition(self._exchange.headers.get("content-disposition", "")))
        async for piece in self._intake.pieces():
            yield piece

    async def _form_parts(self, content_type: str) -> AsyncIterator[Message | bytes]:
        reader = FormReader(content_type)
        fields: list[tuple[str, str]] = []
        begun = False
        async for piece in self._intake.pieces():
            for event in reader.feed(piece):
                if isinstance(event, bytes):
                    yield event
                elif begun:
                    raise _late(event)
                elif isinstance(event, FormField):
                    fields.append((event.name, event.value))
                else:
                    begun = True
                    yield self._header(fields, event.file_name)
        if not self._intake.ended:
            return
        reader.finish()
        if not begun:
            raise Refused(invalid(FieldError("is missing: the form has no such part", parameter=FILE_PART)))

    def _header(self, fields: Sequence[tuple[str, str]], file_name: str) -> Message:
        message: Message = self._exchange.route.rpc.request()
        header = message.header  # type: ignore[attr-defined]
        header.SetInParent()
        bind_path(self._exchange, message)
        taken = frozenset(name.removeprefix("header.") for name in self._exchange.route.path_fields)
        errors = bind_texts(header, [*self._exchange.query, *fields], taken)
        if errors:
            raise Refused(invalid(*errors))
        if _NAME_FIELD in header.DESCRIPTOR.fields_by_name and not header.file_name:
            # Some clients send the whole path. RFC 7578 (4.2) says to take its last part.
            header.file_name = file_name.replace("\\", "/").rpartition("/")[2]
        fill_request_id(self._exchange, header)
        return message

    def _chunk(self, piece: bytes) -> Message:
        return self._exchange.route.rpc.request(chunk=piece)


def _late(event: FormField | FileStart) -> Refused:
    if isinstance(event, FileStart):
        return Refused(invalid(FieldError("is given more than once", parameter=FILE_PART)))
    return Refused(invalid(FieldError(f"must stand before the part `{FILE_PART}`", parameter=event.name)))


def _name_of_disposition(value: str) -> str:
    if not value:
        return ""
    headers = MimeHeaders()
    headers["content-disposition"] = decode_text(value.encode("latin-1"))
    return headers.get_filename() or ""
