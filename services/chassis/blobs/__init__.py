"""Objects by name, in a folder or an S3-compatible store. One promise: an object that `put` has returned for is
complete and stays; before that it is not there."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterable, AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from urllib.parse import parse_qsl, unquote, urlsplit

import obstore
from obstore.store import LocalStore, ObjectStore, S3Store

from services.chassis.refusals import Refusal

_CHUNK = 64 * 1024


class BlobMissing(Exception):
    """There is no object of that name."""


class Blobs:
    """An object store. The URL is `file:///FOLDER` or `s3://BUCKET/PREFIX?endpoint=http://HOST:PORT&region=…`; keys and
    region otherwise come from the AWS_* variables."""

    def __init__(self, url: str) -> None:
        self._store, self._folder = _open(url)

    async def put(self, name: str, content: AsyncIterable[bytes]) -> None:
        """Keeps the content under the name. An exception out of `content` leaves nothing behind."""
        await obstore.put_async(self._store, name, aiter(content), chunk_size=5 * 1024 * 1024)
        if self._folder is not None:
            await asyncio.to_thread(_flush, self._folder / name)

    @asynccontextmanager
    async def putting(self, name: str, content: AsyncIterable[bytes]) -> AsyncIterator[None]:
        """Keeps the content for a block that tells somebody of it; where the block refuses, nothing is left behind.

        Any other failure may have come after the commit: an object that nobody knows of is harmless, a row whose object
        is gone is not."""
        await self.put(name, content)
        try:
            yield
        except Refusal:
            await self.delete(name)
            raise

    async def get(self, name: str) -> AsyncIterator[bytes]:
        """The content in pieces.

        Raises:
            BlobMissing: there is no such object.
        """
        try:
            found = await obstore.get_async(self._store, name)
        except FileNotFoundError:
            raise BlobMissing(name) from None
        async for piece in found.stream(min_chunk_size=_CHUNK):
            yield bytes(piece)

    async def delete(self, name: str) -> None:
        """Removes the object; one that is not there is no failure."""
        try:
            await obstore.delete_async(self._store, name)
        except FileNotFoundError:
            return


def _open(url: str) -> tuple[ObjectStore, Path | None]:
    parts = urlsplit(url)
    if parts.scheme == "file":
        folder = Path(unquote(parts.path))
        return LocalStore(folder, mkdir=True), folder
    options = dict(parse_qsl(parts.query))
    endpoint = options.get("endpoint")
    return S3Store(
        parts.netloc,
        prefix=parts.path.strip("/") or None,
        endpoint=endpoint,
        region=options.get("region", os.environ.get("AWS_REGION", "us-east-1")),
        virtual_hosted_style_request=endpoint is None,
        client_options={"allow_http": bool(endpoint and endpoint.startswith("http:")), "timeout": "30s"},
        # obstore's own default is ten tries over three minutes, longer than any caller waits.
        retry_config={"max_retries": 3, "retry_timeout": timedelta(seconds=20)},
    ), None


def _flush(path: Path) -> None:
    """Brings a file and its folder entry to the disk: a 2xx is a promise."""
    for target in (path, path.parent):
        descriptor = os.open(target, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
