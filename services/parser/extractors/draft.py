"""What every extractor hands over: lines in reading order, and what was hidden. Not normalised yet: `composing` does that."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from candor.parsing.v1.parsed_resume_pb2 import HiddenSpan, Unreadable


class Box(NamedTuple):
    """A rectangle in points from the page's top left corner, as the page is seen (rotation and crop box applied)."""

    left: float
    top: float
    right: float
    bottom: float

    def joined(self, other: Box) -> Box:
        """The smallest box around both."""
        return Box(
            min(self.left, other.left),
            min(self.top, other.top),
            max(self.right, other.right),
            max(self.bottom, other.bottom),
        )


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
