"""What every extractor hands over: lines in reading order, and what was hidden. `composing` normalises it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from candor.parsing.v1.parsed_resume_pb2 import HiddenSpan, Unreadable
from candor.parsing.v1.parsing_service_pb2 import ParseDocumentResponse

# Pages with a picture and fewer words than this are pictures of pages.
FEW_WORDS = 10


class Box(NamedTuple):
    """A rectangle in points from the page's top left corner, as the page is seen (rotation and crop box applied)."""

    left: float
    top: float
    right: float
    bottom: float


def around(boxes: Iterable[Box]) -> Box:
    """The smallest box around at least one."""
    lefts, tops, rights, bottoms = zip(*boxes, strict=True)
    return Box(min(lefts), min(tops), max(rights), max(bottoms))


class Line(NamedTuple):
    """One line as a reader sees it. `box` is None where the format has no places."""

    text: str
    box: Box | None = None


@dataclass(slots=True)
class DraftPage:
    """Blocks of lines in reading order. Width and height in points, 0 where the format has no pages."""

    blocks: list[list[Line]] = field(default_factory=list)
    width: float = 0.0
    height: float = 0.0


class Hidden(NamedTuple):
    """A run of words that a reader does not see. Pages count from 1."""

    kind: HiddenSpan.Kind.ValueType
    page: int
    text: str


@dataclass(slots=True)
class Draft:
    """A document as its extractor saw it. `extractor` is `name/version`; `pictures` says that it shows images."""

    media_type: str
    extractor: str
    pages: list[DraftPage] = field(default_factory=list)
    hidden: list[Hidden] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    pictures: bool = False

    def words(self) -> int:
        """Number of visible words."""
        return sum(len(line.text.split()) for page in self.pages for block in page.blocks for line in block)


class CannotRead(Exception):
    """A document that cannot be read, as the contract says it: a code, and a sentence for a recruiter."""

    def __init__(self, code: Unreadable.Code.ValueType, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason

    def answer(self) -> ParseDocumentResponse:
        """The same as the parser's answer."""
        return ParseDocumentResponse(unreadable=Unreadable(code=self.code, reason=self.reason))


def locked() -> CannotRead:
    """The refusal of a file that does not open without a password."""
    return CannotRead(
        Unreadable.CODE_ENCRYPTED, "The file is protected by a password. Ask the candidate for a copy without one."
    )
