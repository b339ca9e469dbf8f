"""A server stream of header and chunks becomes a file: always an attachment, never a page."""

from __future__ import annotations

import re
from contextlib import aclosing
from urllib.parse import quote

from google.protobuf.message import Message
from starlette.types import Receive, Scope, Send

from services.gateway.calls import TRANSFER_SECONDS, Calls, StreamCall, messages_of
from services.gateway.exchange import Exchange
from services.gateway.problems import FAULT, Refused
from services.gateway.streaming import StreamRegistry, until_gone
from services.gateway.transcoding import build_request

FALLBACK_TYPE = "application/octet-stream"
# Types that a browser does not run. HTML and SVG are not among them, whatever a file says of itself.
SAFE_TYPES = frozenset(
    {
        "application/pdf",
        "application/msword",
        "application/rtf",
        "application/vnd.oasis.opendocument.text",
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        "image/jpeg",
        "image/png",
        "text/plain",
    }
)


class Downloads:
    """Serves `oneof part {Header header; bytes chunk}` streams. The files are finite, so a closing gateway lets them
    end; the registry given here is one that is never shut down early."""

    def __init__(self, calls: Calls) -> None:
        self._calls = calls
        self._registry = StreamRegistry()

    async def serve(self, exchange: Exchange, scope: Scope, receive: Receive, send: Send) -> None:
        """Serves a GET.

        Raises:
            Refused: the call failed. Once the first chunk is out this can only cut the answer short.
        """
        call = self._calls.stream(exchange, build_request(exchange), TRANSFER_SECONDS)
        try:
            await self._registry.serve(_write(exchange, call, send), until_gone(receive))
        finally:
            call.cancel()


async def _write(exchange: Exchange, call: StreamCall, send: Send) -> None:
    async with aclosing(messages_of(call, exchange)) as messages:
        first = await anext(messages, None)
        if first is None or first.WhichOneof("part") != "header":
            raise Refused(FAULT)
        headers = [(name.encode(), value.encode("latin-1")) for name, value in download_headers(first).items()]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        if not exchange.head:
            async for message in messages:
                chunk: bytes = message.chunk  # type: ignore[attr-defined]
                await send({"type": "http.response.body", "body": chunk, "more_body": True})
        await send({"type": "http.response.body", "body": b"", "more_body": False})


def download_headers(message: Message) -> dict[str, str]:
    """The headers of a download, from its first message. Its size is given where it is known."""
    header = message.header  # type: ignore[attr-defined]
    media_type = str(getattr(header, "media_type", "")).partition(";")[0].strip().lower()
    headers = {
        "content-type": media_type if media_type in SAFE_TYPES else FALLBACK_TYPE,
        "content-disposition": attachment(str(getattr(header, "file_name", ""))),
    }
    size = int(getattr(header, "size_bytes", 0))
    if size > 0:
        headers["content-length"] = str(size)
    return headers


def attachment(file_name: str) -> str:
    """Content-Disposition (RFC 6266): the name in UTF-8, and in plain ASCII for clients that know no other."""
    if not file_name:
        return "attachment"
    plain = re.sub(r"[^A-Za-z0-9._ -]", "_", file_name)
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(file_name, safe='', errors='replace')}"
