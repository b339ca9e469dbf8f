"""A ZIP container read with limits: what a DOCX may be before anything of it is unpacked."""

from __future__ import annotations

import io
import zipfile
import zlib

from candor.parsing.v1.parsed_resume_pb2 import Unreadable

from services.parser.extractors.draft import CannotRead, locked

# Twice and more of what the largest real CV needs (2,000 parts, 4 MB packed); a bomb passes them a thousandfold.
_MOST_PARTS = 2_000
_MOST_UNPACKED = 60 * 1024 * 1024
_MOST_PART = 20 * 1024 * 1024
# deflate reaches 1,032; text of a CV stays below 20. Small parts may compress to any degree.
_MOST_RATIO = 200
_LARGE = 1024 * 1024


class Archive:
    """The parts of one container. Raises `CannotRead` from the beginning where a limit is passed."""

    def __init__(self, content: bytes) -> None:
        try:
            self._zip = zipfile.ZipFile(io.BytesIO(content))
        except (zipfile.BadZipFile, ValueError, NotImplementedError) as failure:
            raise _damaged() from failure
        parts = self._zip.infolist()
        sizes = [part.file_size for part in parts]
        if len(parts) > _MOST_PARTS or sum(sizes) > _MOST_UNPACKED or max(sizes, default=0) > _MOST_PART:
            raise _too_complex()
        if any(part.file_size > max(_LARGE, _MOST_RATIO * part.compress_size) for part in parts):
            raise _too_complex()
        if any(part.flag_bits & 1 for part in parts):
            raise locked()
        self._names = {part.filename for part in parts}

    def names(self) -> set[str]:
        """The names of all parts."""
        return self._names

    def read(self, name: str) -> bytes:
        """One part, whole. Asked for a bounded number of bytes, zipfile unpacks no more, whatever the size claims."""
        try:
            with self._zip.open(name) as part:
                return part.read(_MOST_PART)
        except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, KeyError, ValueError) as failure:
            raise _damaged() from failure


def _damaged() -> CannotRead:
    return CannotRead(
        Unreadable.CODE_DAMAGED, "The Word file is broken or cut off. Ask the candidate to send it again."
    )


def _too_complex() -> CannotRead:
    return CannotRead(
        Unreadable.CODE_TOO_COMPLEX,
        "The file unpacks to far more than a CV holds. Ask the candidate to export it again, best as PDF.",
    )
