"""Characters to words: where a word ends, which letters are only spaced apart, and which way a line runs."""

from __future__ import annotations

import itertools
import statistics
from collections.abc import Iterator
from dataclasses import dataclass, field

from candor.parsing.v1.parsed_resume_pb2 import HiddenSpan

from services.parser.extractors.direction import in_reading_order
from services.parser.extractors.draft import Box, around
from services.parser.extractors.glyphs import Glyph

# A gap of more than 1.5 em is a tabulator or another column, never a space: justified text stays below 1.
_RUN_GAP = 1.5
# Letters that stand more than 0.08 em apart throughout are spaced for looks ("E X P E R I E N C E").
_SPACED = 0.08
# A word of 2 point type is about 1.4 points high; whatever size a font claims, its shapes cannot lie.
_TINY = 1.2


@dataclass(slots=True)
class Word:
    """A word with the box of its cells and of its drawn shape, and how its attributes hide it, if they do."""

    text: str
    box: Box
    shape: Box
    kind: HiddenSpan.Kind.ValueType | None
    traced: bool
    replaced: bool


@dataclass(slots=True)
class Run:
    """Words drawn one after the other on one baseline. `order` counts in drawing order, `size` is in points."""

    words: list[Word]
    order: int
    size: float
    turn: int
    box: Box = field(init=False)

    def __post_init__(self) -> None:
        self.box = around(word.box for word in self.words)

    @property
    def text(self) -> str:
        """The words with single spaces."""
        return " ".join(word.text for word in self.words)


def runs(glyphs: list[Glyph], *, rtl: bool) -> list[Run]:
    """The page's runs, in drawing order. `rtl` says that the page is mostly written from the right."""
    found: list[Run] = []
    for line in _baselines(glyphs):
        for piece in _pieces(in_reading_order(line, rtl)):
            words = list(_words(piece))
            if words:
                style = next(glyph.style for glyph in piece if glyph.text != " ")
                found.append(Run(words, len(found), style.size, style.turn))
    return found


def _baselines(glyphs: list[Glyph]) -> Iterator[list[Glyph]]:
    """Stretches of drawing order that stay on one baseline. A line end that pdfium inferred in one becomes a space."""
    line: list[Glyph] = []
    last: Glyph | None = None
    for glyph in glyphs:
        if glyph.text == "\n":
            line.append(glyph._replace(text=" ", drawn=False))
            continue
        if glyph.text != " ":
            if last is not None and not _same_baseline(last, glyph):
                yield line
                line = []
            last = glyph
        line.append(glyph)
    yield line


def _same_baseline(last: Glyph, glyph: Glyph) -> bool:
    if last.style.turn != glyph.style.turn:
        return False
    one, two = last.cell, glyph.cell
    if glyph.style.turn:
        return min(abs(one.left - two.left), abs(one.bottom - two.bottom)) < 0.5 * max(glyph.style.size, 1.0)
    overlap = min(one.bottom, two.bottom) - max(one.top, two.top)
    return overlap >= 0.4 * min(one.bottom - one.top, two.bottom - two.top)


def _pieces(line: list[Glyph]) -> Iterator[list[Glyph]]:
    """Cuts a line where a tabulator or another column lies between two characters."""
    piece: list[Glyph] = []
    left = right = 0.0
    for glyph in line:
        if glyph.text != " ":
            cell = glyph.cell
            apart = max(cell.left - right, left - cell.right) > _RUN_GAP * max(1.0, glyph.style.size)
            if right > left and apart and not glyph.style.turn:
                yield piece
                piece, left, right = [], cell.left, cell.right
            left, right = (min(left, cell.left), max(right, cell.right)) if right > left else (cell.left, cell.right)
        piece.append(glyph)
    yield piece


def _words(piece: list[Glyph]) -> Iterator[Word]:
    threshold = _letter_gap(piece)
    letters: list[Glyph] = []
    broken = False
    for glyph in piece:
        if glyph.text == " ":
            broken = broken or glyph.drawn or threshold is None
            continue
        if letters and threshold is not None and not broken:
            broken = _apart(letters[-1].cell, glyph) > threshold
        if letters and broken:
            yield _word(letters)
            letters = []
        letters.append(glyph)
        broken = False
    if letters:
        yield _word(letters)


def _letter_gap(piece: list[Glyph]) -> float | None:
    """In letter-spaced text, the gap (points) above which a new word begins; None in ordinary text."""
    letters = [glyph for glyph in piece if glyph.text != " "]
    inferred = sum(1 for glyph in piece if glyph.text == " " and not glyph.drawn)
    if len(letters) < 4 or letters[0].style.turn or inferred < 0.3 * len(letters):
        return None
    gaps = [_apart(left.cell, right) for left, right in itertools.pairwise(letters)]
    usual, size = statistics.median(gaps), letters[0].style.size
    return usual + max(0.2 * size, 0.4 * usual) if usual > _SPACED * size else None


def _apart(before: Box, glyph: Glyph) -> float:
    """Points between a box and the next character, on whichever side that stands."""
    return max(glyph.cell.left - before.right, before.left - glyph.cell.right)


def _word(letters: list[Glyph]) -> Word:
    cells, shapes = around(letter.cell for letter in letters), around(letter.shape for letter in letters)
    kinds = [letter.style.kind for letter in letters]
    kind = statistics.mode(kinds)
    if kind is None and len(letters) >= 3 and max(shapes.bottom - shapes.top, (shapes.right - shapes.left) / 2) < _TINY:
        kind = HiddenSpan.KIND_TINY
    traced = kind == HiddenSpan.KIND_INVISIBLE and all(letter.style.traced for letter in letters)
    return Word(
        "".join(letter.text for letter in letters),
        cells,
        shapes,
        kind,
        traced,
        all(letter.style.replaced for letter in letters),
    )
