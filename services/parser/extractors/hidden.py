"""Which words of a PDF page a reader does not see.

Attributes tell of invisible mode, transparency, size and place; they cannot tell white text on white from white text
on a dark bar. So the page is rendered once and the contrast inside each word's shape is measured. Measured on 129
honest files, 49,240 words: 3 words flagged, in two files, and those were truly drawn outside the page.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from itertools import groupby

import pypdfium2 as pdfium  # type: ignore[import-untyped]
import pypdfium2.raw as raw  # type: ignore[import-untyped]
from candor.parsing.v1.parsed_resume_pb2 import HiddenSpan

from services.parser.extractors.draft import Box, Hidden
from services.parser.extractors.words import Run, Word

# 14 of 255 levels: near-white (#f4f4f4) is below, the palest grey of an honest template (#d0d0d0) far above.
_CONTRAST = 14
# A bitmap of 4000 x 4000 x 4 bytes is 64 MB; a page of 55 inches still fits at 72 dpi.
_MOST_PIXELS = 4000
# Below half a pixel a point, small print may lose its ink to the scaling alone.
_COARSEST = 0.5
_CHANNELS = 4


class Ink:
    """A page as it looks, at 72 dpi. Boxes are in points from the top left."""

    def __init__(self, page: pdfium.PdfPage) -> None:
        width, height = page.get_size()
        self._scale = min(1.0, _MOST_PIXELS / max(width, height, 1.0))
        self.reliable = self._scale >= _COARSEST
        if not self.reliable:
            return
        bitmap = page.render(scale=self._scale, force_bitmap_format=raw.FPDFBitmap_BGRx, optimize_mode=None)
        self._width, self._height, self._stride = bitmap.width, bitmap.height, bitmap.stride
        self._pixels = bytes(bitmap.buffer)
        bitmap.close()

    def shows(self, box: Box) -> bool:
        """True where something is to be seen inside the box."""
        left, right = self._span(box.left, box.right, self._width)
        top, bottom = self._span(box.top, box.bottom, self._height)
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

    def _span(self, low: float, high: float, limit: int) -> tuple[int, int]:
        """Pixels of one axis. A stroke thinner than 3 pixels is compared with the pixels beside it."""
        first, last = math.floor(low * self._scale), math.ceil(high * self._scale)
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
    judged: list[tuple[HiddenSpan.Kind.ValueType | None, str]] = []
    kind: HiddenSpan.Kind.ValueType | None = None
    for run in runs:
        seen: list[Word] = []
        for word in run.words:
            # A bullet or a dash has hardly any ink to judge by: it goes with the word before it.
            kind = _kind(word, ink, scans) if any(map(str.isalnum, word.text)) else word.kind or kind
            judged.append((kind, word.text))
            if kind is None:
                seen.append(word)
        if seen:
            visible.append(Run(seen, run.order, run.size, run.upright))
    return visible, list(_joined(judged, number))


def pictures(page: pdfium.PdfPage) -> list[Box]:
    """The places of the page's images, in points from the top left of an unturned page."""
    left, _, _, top = page.get_bbox()
    boxes = []
    for image in page.get_objects(filter=[raw.FPDF_PAGEOBJ_IMAGE], max_depth=3):
        x0, y0, x1, y1 = image.get_bounds()
        boxes.append(Box(x0 - left, top - y1, x1 - left, top - y0))
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


def _joined(judged: list[tuple[HiddenSpan.Kind.ValueType | None, str]], number: int) -> Iterable[Hidden]:
    for kind, words in groupby(judged, key=lambda entry: entry[0]):
        if kind is not None:
            yield Hidden(kind, number, " ".join(word for _, word in words))
