"""Which words of a PDF page a reader does not see.

Attributes tell of invisible mode, transparency, size and place; they cannot tell white text on white from white text
on a dark bar. So the page is rendered once and the contrast inside each word's shape is measured. The method was tried
on 129 honest files before it was written here: 3 of 49,240 words flagged, all truly drawn outside the page.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable
from itertools import groupby
from typing import NamedTuple

import pypdfium2 as pdfium  # type: ignore[import-untyped]
import pypdfium2.raw as raw  # type: ignore[import-untyped]
from candor.parsing.v1.parsed_resume_pb2 import HiddenSpan

from services.parser.extractors.draft import Box, Hidden, around
from services.parser.extractors.words import Run, Word

# 14 of 255 levels: near-white (#f4f4f4) is below, the palest grey of an honest template (#d0d0d0) far above.
_CONTRAST = 14
# A bitmap of 4000 x 4000 x 4 bytes is 64 MB; 4000 points are 55 inches.
_MOST_PIXELS, _MARGIN = 4000, 4
_CHANNELS = 4


# Words of a sentence, not addresses and labels; with fewer than four of them nobody gives a model an order.
_PLAIN_WORD = re.compile(r"[^\W\d_]{2,}[.,;!?]?")
_FEWEST_SAID = 4


class _Judged(NamedTuple):
    kind: HiddenSpan.Kind.ValueType | None
    word: Word


class Ink:
    """How the page looks at 72 dpi where its words stand. Boxes are in points from the top left."""

    def __init__(self, page: pdfium.PdfPage, runs: list[Run]) -> None:
        width, height = page.get_size()
        inside = [run.box for run in runs if run.box.right > 0 and run.box.bottom > 0]
        inside = [box for box in inside if box.left < width and box.top < height]
        area = around(inside) if inside else Box(0, 0, 0, 0)
        self._left, self._top = max(0, int(area.left) - _MARGIN), max(0, int(area.top) - _MARGIN)
        right, bottom = min(width, area.right + _MARGIN), min(height, area.bottom + _MARGIN)
        # Only so can a page of 200 inches, on which nothing but one corner is used, not hide its words.
        self.reliable = max(right - self._left, bottom - self._top) <= _MOST_PIXELS
        if not self.reliable or right <= self._left or bottom <= self._top:
            self._width, self._height, self._stride, self._pixels = 0, 0, 0, b""
            return
        crop = (self._left, height - bottom, width - right, self._top)
        bitmap = page.render(crop=crop, force_bitmap_format=raw.FPDFBitmap_BGRx)
        self._width, self._height, self._stride = bitmap.width, bitmap.height, bitmap.stride
        self._pixels = bytes(bitmap.buffer)
        bitmap.close()

    def shows(self, box: Box) -> bool:
        """True where something is to be seen inside the box."""
        left, right = _pixels(box.left - self._left, box.right - self._left, self._width)
        top, bottom = _pixels(box.top - self._top, box.bottom - self._top, self._height)
        lowest, highest = [255] * 3, [0] * 3
        for y in range(top, bottom):
            start, end = y * self._stride + left * _CHANNELS, y * self._stride + right * _CHANNELS
            for channel in range(3):
                row = self._pixels[start + channel : end : _CHANNELS]
                if not row:
                    return False
                lowest[channel] = min(lowest[channel], min(row))
                highest[channel] = max(highest[channel], max(row))
                if highest[channel] - lowest[channel] >= _CONTRAST:
                    return True
        return False


def _pixels(low: float, high: float, limit: int) -> tuple[int, int]:
    """Pixels of one axis. A stroke thinner than 3 pixels is compared with the pixels beside it."""
    first, last = math.floor(low), math.ceil(high)
    if last - first < 3:
        first, last = first - 1, last + 1
    return max(0, first), min(limit, last)


def part_hidden(
    runs: list[Run], ink: Ink, scans: Callable[[], list[Box]], number: int
) -> tuple[list[Run], list[Hidden]]:
    """The runs with their visible words only, and the hidden words of page `number`, joined while they are of a kind.

    `scans` gives the places of the page's pictures; asked only when there is text in invisible mode.
    """
    visible: list[Run] = []
    judged: list[_Judged] = []
    for run in runs:
        entries = [_Judged(_kind(word, ink, scans), word) for word in run.words]
        seen = [entry.word for entry in entries if entry.kind is None]
        if seen:
            visible.append(Run(seen, run.order, run.size, run.turn))
        judged += entries
    return visible, list(_joined(_without_labels(judged), number))


def pictures(page: pdfium.PdfPage, placed: Callable[[float, float, float, float], Box]) -> list[Box]:
    """The places of the page's images; `placed` maps the page's own space. An image in a form counts as all of it."""
    boxes = []
    for shown in page.get_objects(filter=[raw.FPDF_PAGEOBJ_IMAGE], max_depth=3):
        outermost = shown
        while outermost.container is not None:
            outermost = outermost.container
        boxes.append(placed(*outermost.get_bounds()))
    return boxes


def _kind(word: Word, ink: Ink, scans: Callable[[], list[Box]]) -> HiddenSpan.Kind.ValueType | None:
    if word.traced and ink.reliable:
        return None if ink.shows(word.shape) and _on_picture(word.shape, scans()) else word.kind
    if word.kind is not None or not ink.reliable:
        return word.kind
    return None if ink.shows(word.shape) else HiddenSpan.KIND_NO_INK


def _on_picture(box: Box, boxes: Iterable[Box]) -> bool:
    """True where a picture lies under the middle of the box: the text layer of a scan, not words beside it."""
    x, y = (box.left + box.right) / 2, (box.top + box.bottom) / 2
    return any(other.left <= x <= other.right and other.top <= y <= other.bottom for other in boxes)


def _without_labels(judged: list[_Judged]) -> list[_Judged]:
    """Leaves out replacement text that only labels icons and links, as popular LaTeX templates do ("tel:", addresses).

    Such labels are not seen, and not read; but they are no reason to suspect a candidate.
    """
    seen = {entry.word.text.casefold() for entry in judged if entry.kind is None}
    replaced = [entry.word.text for entry in judged if entry.word.replaced]
    said = [text for text in replaced if _PLAIN_WORD.fullmatch(text) and text.casefold() not in seen]
    if len(said) >= _FEWEST_SAID:
        return judged
    return [entry for entry in judged if not entry.word.replaced]


def _joined(judged: list[_Judged], number: int) -> Iterable[Hidden]:
    for kind, entries in groupby(judged, key=lambda entry: entry.kind):
        text = " ".join(entry.word.text for entry in entries)
        if kind is not None and any(map(str.isalnum, text)):
            yield Hidden(kind, number, text)
