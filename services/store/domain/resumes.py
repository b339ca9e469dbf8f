"""CV files: uploaded, then parsed or unreadable, once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum

from candor.parsing.v1.parsed_resume_pb2 import ParsedResume, Unreadable

from services.chassis.refusals import Exhausted, Invalid, Missing, Unmet

SIZE_LIMIT = 10 * 1024 * 1024
"""Bytes in a CV. Of the real CVs measured the largest had 4.1 MB, 99 in 100 under 0.8 MB."""


class ResumeNotFound(Missing):
    """There is no such CV, or it is another's."""

    sentence = "There is no CV {resume_id}."


class ResumeNotParsed(Unmet):
    """There is no text to answer."""

    sentence = "The CV {resume_id} has no text yet, or could not be read; see its state."


class FileTooLarge(Exhausted):
    """The cap is enforced while the file is read."""

    sentence = "The file is larger than 10 MiB. Save it smaller, for instance with its pictures compressed."


class FileEmpty(Invalid):
    """Nothing was sent."""

    sentence = "The file is empty."


class FileCutOff(Invalid):
    """The stream ended before the file did."""

    sentence = "The upload was cut off before the file was whole. Send it again."


class FileHeaderMissing(Invalid):
    """An upload begins with its header."""

    sentence = "The first message of an upload must be its header, and only the first."


class ResumeState(IntEnum):
    """Where the reading stands; the contract's numbers."""

    UPLOADED = 1
    PARSED = 2
    UNREADABLE = 3


@dataclass
class Resume:
    """A CV. `reading` is what a list shows of the parsed document: hidden spans, warnings and media type, no text."""

    resume_id: str
    account_id: str
    file_name: str
    object_name: str
    size_bytes: int
    sha256: str
    state: ResumeState
    page_count: int
    reading: ParsedResume
    unreadable: Unreadable | None
    create_time: datetime
    announce_time: datetime
    parse_time: datetime | None

    @property
    def read(self) -> bool:
        return self.state is not ResumeState.UPLOADED

    def record_parsed(self, parsed: ParsedResume, at: datetime) -> None:
        """Keeps the first reading; a repeated delivery changes nothing."""
        if self.read:
            return
        self.state, self.parse_time, self.page_count = ResumeState.PARSED, at, len(parsed.pages)
        self.reading = ParsedResume(
            hidden_spans=parsed.hidden_spans,
            warnings=parsed.warnings,
            media_type=parsed.media_type,
            parser=parsed.parser,
        )

    def record_unreadable(self, unreadable: Unreadable, at: datetime) -> None:
        """Keeps why it could not be read; the first reading stays."""
        if self.read:
            return
        self.state, self.parse_time, self.unreadable = ResumeState.UNREADABLE, at, unreadable
