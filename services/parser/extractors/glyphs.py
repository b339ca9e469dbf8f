"""The characters of a PDF page in drawing order, with their places and the ways in which their attributes hide them.

pdfium answers one question about one character at a time, so a page of 3,000 characters is some 12,000 calls; what
belongs to the text object (size, colour, mode) is asked once per object.
"""

from __future__ import annotations

import ctypes
import math
from typing import NamedTuple

import pypdfium2 as pdfium  # type: ignore[import-untyped]
import pypdfium2.raw as raw  # type: ignore[import-untyped]
from candor.parsing.v1.parsed_resume_pb2 import HiddenSpan

from services.parser.extractors.draft import Box

# Below about 2 points nobody reads; the smallest print of an honest CV is about 5.
_TINY_POINTS = 2.0
_INVISIBLE_MODE, _CLIP_MODE = 3, 7
# U+0002 and U+FFFE are how pdfium writes a hyphen at a line end; U+00AD is drawn as a hyphen by XeLaTeX.
_HYPHENS = frozenset((0x02, 0xFFFE, 0xAD))


class Style(NamedTuple):
    """What the characters of one text object share. `size` is the drawn size in points; `upright` means horizontal."""

    size: float
    upright: bool
    kind: HiddenSpan.Kind.ValueType | None
    traced: bool  # drawn in invisible mode: visible all the same when it lies on the picture of a scan


class Glyph(NamedTuple):
    """One character. `cell` reaches from advance to advance, `shape` is the drawn outline; both from the top left.

    A break has no boxes: " " or "\\n" that pdfium inferred (`drawn` false) or a space that the file holds.
    """

    text: str
    drawn: bool
    cell: Box
    shape: Box
    style: Style


class GlyphReader:
    """Reads one page. The page must stay open while it is used."""

    def __init__(self, page: pdfium.PdfPage) -> None:
        self._text = page.get_textpage()
        self._page = page
        self.width, self.height = page.get_size()
        self._place = _placement(page, self.width, self.height)
        self._styles: dict[int, Style] = {}
        self._none = Style(0.0, True, None, False)

    def glyphs(self, limit: int) -> list[Glyph]:
        """At most `limit` characters, in drawing order."""
        text, found = self._text.raw, []
        nowhere = Box(0, 0, 0, 0)
        for index in range(min(limit, raw.FPDFText_CountChars(text))):
            code = raw.FPDFText_GetUnicode(text, index)
            if code in (0x20, 0xA0, 0x0D, 0x0A, 0x09):
                drawn = raw.FPDFText_IsGenerated(text, index) != 1
                cell, shape = self._boxes(index) if drawn else (nowhere, nowhere)
                found.append(Glyph("\n" if code in (0x0D, 0x0A) else " ", drawn, cell, shape, self._none))
                continue
            if code == 0 or (0xD800 <= code < 0xE000):
                continue
            character = "-" if code in _HYPHENS else chr(code) if code < 0x110000 else "\ufffd"
            style = self._style(index)
            cell, shape = self._boxes(index)
            if style.kind is None and self._off_page(shape):
                style = style._replace(kind=HiddenSpan.KIND_OFF_PAGE)
            found.append(Glyph(character, True, cell, shape, style))
        return found

    def _boxes(self, index: int) -> tuple[Box, Box]:
        left, right, bottom, top = _DOUBLES
        raw.FPDFText_GetCharBox(self._text.raw, index, *_DOUBLE_REFERENCES)
        shape = self._placed(left.value, bottom.value, right.value, top.value)
        if not raw.FPDFText_GetLooseCharBox(self._text.raw, index, _RECTANGLE_REFERENCE):
            return shape, shape
        cell = self._placed(_RECTANGLE.left, _RECTANGLE.bottom, _RECTANGLE.right, _RECTANGLE.top)
        return (cell if cell.right > cell.left and cell.bottom > cell.top else shape), shape

    def _placed(self, left: float, bottom: float, right: float, top: float) -> Box:
        a, b, c, d, e, f = self._place
        x0, y0 = a * left + c * bottom + e, b * left + d * bottom + f
        x1, y1 = a * right + c * top + e, b * right + d * top + f
        return Box(min(x0, x1), min(y0, y1), max(x0, x1), max(y0, y1))

    def _off_page(self, box: Box) -> bool:
        x, y = (box.left + box.right) / 2, (box.top + box.bottom) / 2
        return not (0 <= x <= self.width and 0 <= y <= self.height)

    def _style(self, index: int) -> Style:
        text_object = raw.FPDFText_GetTextObject(self._text.raw, index)
        key = ctypes.cast(text_object, ctypes.c_void_p).value or 0
        known = self._styles.get(key) if key else None
        if known is None:
            known = self._styles[key] = self._new_style(index, text_object)
        return known

    def _new_style(self, index: int, text_object: object) -> Style:
        matrix = raw.FS_MATRIX()
        raw.FPDFText_GetMatrix(self._text.raw, index, matrix)
        size = raw.FPDFText_GetFontSize(self._text.raw, index) * math.sqrt(
            abs(matrix.a * matrix.d - matrix.b * matrix.c)
        )
        a, b, c, d, _, _ = self._place
        upright = abs(a * matrix.a + c * matrix.b) >= abs(b * matrix.a + d * matrix.b)
        mode = raw.FPDFTextObj_GetTextRenderMode(text_object) if text_object else 0
        red, green, blue, alpha = (ctypes.c_uint() for _ in range(4))
        known = raw.FPDFText_GetFillColor(self._text.raw, index, red, green, blue, alpha)
        transparent = bool(known) and alpha.value == 0 and mode in (0, 4)
        kind = None
        if mode in (_INVISIBLE_MODE, _CLIP_MODE) or transparent:
            kind = HiddenSpan.KIND_INVISIBLE
        elif 0 < size < _TINY_POINTS:
            kind = HiddenSpan.KIND_TINY
        return Style(size, upright, kind, mode == _INVISIBLE_MODE)


_DOUBLES = tuple(ctypes.c_double() for _ in range(4))
_DOUBLE_REFERENCES = tuple(ctypes.byref(value) for value in _DOUBLES)
_RECTANGLE = raw.FS_RECTF()
_RECTANGLE_REFERENCE = ctypes.byref(_RECTANGLE)


def _placement(page: pdfium.PdfPage, width: float, height: float) -> tuple[float, float, float, float, float, float]:
    """The affine map from the page's own space to points from the top left of the page as it is seen."""
    left, bottom, right, top = page.get_bbox()
    turn = page.get_rotation()
    if turn == 90:
        return (0, 1, 1, 0, -bottom, -left)
    if turn == 180:
        return (-1, 0, 0, 1, right, -bottom)
    if turn == 270:
        return (0, -1, -1, 0, top, right)
    return (1, 0, 0, -1, -left, top)
