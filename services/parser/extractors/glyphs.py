"""The characters of a PDF page in drawing order, with their places and the ways in which their attributes hide them.

pdfium answers one question about one character at a time, so a page of 3,000 characters is some 12,000 calls; what
belongs to the text object (size, colour, mode) is asked once per object.
"""

from __future__ import annotations

import ctypes
import itertools
import math
from typing import NamedTuple

import pypdfium2 as pdfium  # type: ignore[import-untyped]
import pypdfium2.raw as raw  # type: ignore[import-untyped]
from candor.parsing.v1.parsed_resume_pb2 import HiddenSpan

from services.parser.extractors.draft import Box

# Below about 2 points nobody reads; the smallest print of an honest CV is about 5.
_TINY_POINTS = 2.0
_INVISIBLE_MODE, _CLIP_MODE = 3, 7
# "l" has 0.22 em in most fonts and 0.18 in condensed ones.
_SQUEEZED, _SQUEEZED_LETTERS = 0.15, 12
# U+0002 and U+FFFE are how pdfium writes a hyphen at a line end; U+00AD is drawn as a hyphen by XeLaTeX.
_HYPHENS = frozenset((0x02, 0xFFFE, 0xAD))


class Style(NamedTuple):
    """What the characters of one text object share.

    `size` is the drawn size in points. `turn` counts quarters clockwise: 0 reads to the right, 1 down, 2 on its head.
    """

    size: float
    turn: int
    kind: HiddenSpan.Kind.ValueType | None
    traced: bool = False  # drawn in invisible mode: visible all the same when it lies on the picture of a scan
    replaced: bool = False  # not what is drawn, but what the file says that it stands for


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
        self.width, self.height = page.get_size()
        self._place = _placement(page)
        self._styles: dict[int, Style] = {}

    def glyphs(self, limit: int) -> list[Glyph]:
        """At most `limit` characters, in drawing order."""
        handle, found = self._text.raw, []
        unicode, generated = raw.FPDFText_GetUnicode, raw.FPDFText_IsGenerated
        for index in range(min(limit, raw.FPDFText_CountChars(handle))):
            code = unicode(handle, index)
            if code in _BREAKS:
                drawn = generated(handle, index) != 1
                cell, shape = self._boxes(index) if drawn else (_NOWHERE, _NOWHERE)
                found.append(Glyph(_BREAKS[code], drawn, cell, shape, _NO_STYLE))
            elif code and not 0xD800 <= code < 0xE000:
                style = self._style(index)
                cell, shape = self._boxes(index)
                if style.kind is None and self._off_page(shape):
                    style = style._replace(kind=HiddenSpan.KIND_OFF_PAGE)
                found.append(Glyph(_character(code), True, cell, shape, style))
        return _without_squeezed(found)

    def _boxes(self, index: int) -> tuple[Box, Box]:
        left, right, bottom, top = _DOUBLES
        raw.FPDFText_GetCharBox(self._text.raw, index, *_DOUBLE_REFERENCES)
        shape = self.placed(left.value, bottom.value, right.value, top.value)
        if not raw.FPDFText_GetLooseCharBox(self._text.raw, index, _RECTANGLE_REFERENCE):
            return shape, shape
        cell = self.placed(_RECTANGLE.left, _RECTANGLE.bottom, _RECTANGLE.right, _RECTANGLE.top)
        return (cell if cell.right > cell.left and cell.bottom > cell.top else shape), shape

    def placed(self, left: float, bottom: float, right: float, top: float) -> Box:
        """A rectangle of the page's own space, as the page is seen."""
        a, b, c, d, e, f = self._place
        if a == 1:
            return Box(left + e, f - top, right + e, f - bottom)
        x0, y0 = a * left + c * bottom + e, b * left + d * bottom + f
        x1, y1 = a * right + c * top + e, b * right + d * top + f
        return Box(min(x0, x1), min(y0, y1), max(x0, x1), max(y0, y1))

    def _off_page(self, box: Box) -> bool:
        x, y = (box.left + box.right) / 2, (box.top + box.bottom) / 2
        return not (0 <= x <= self.width and 0 <= y <= self.height)

    def _style(self, index: int) -> Style:
        address = _text_object(self._text.raw, index)
        known = self._styles.get(address) if address else None
        if known is None:
            known = self._styles[address or 0] = self._new_style(index, address)
        return known

    def _new_style(self, index: int, address: int | None) -> Style:
        matrix = raw.FS_MATRIX()
        raw.FPDFText_GetMatrix(self._text.raw, index, matrix)
        size = raw.FPDFText_GetFontSize(self._text.raw, index) * math.sqrt(
            abs(matrix.a * matrix.d - matrix.b * matrix.c)
        )
        a, b, c, d, _, _ = self._place
        if size < _TINY_POINTS:
            # A font of drawn shapes (Type 3, as ps2pdf makes them) may be set in size 0.1 and stand 10 points high.
            cell, _ = self._boxes(index)
            size = max(size, cell.bottom - cell.top)
        right, down = a * matrix.a + c * matrix.b, b * matrix.a + d * matrix.b
        turn = (0 if right >= 0 else 2) if abs(right) >= abs(down) else (1 if down > 0 else 3)
        mode = raw.FPDFTextObj_GetTextRenderMode(ctypes.cast(address, raw.FPDF_PAGEOBJECT)) if address else 0
        coloured = raw.FPDFText_GetFillColor(self._text.raw, index, *_COLOUR_REFERENCES)
        transparent = bool(coloured) and _COLOUR[3].value == 0 and mode in (0, 4)
        kind = None
        if mode in (_INVISIBLE_MODE, _CLIP_MODE) or transparent:
            kind = HiddenSpan.KIND_INVISIBLE
        elif 0 < size < _TINY_POINTS:
            kind = HiddenSpan.KIND_TINY
        return Style(size, turn, kind, mode == _INVISIBLE_MODE)


# Ligatures of TeX's T1 fonts, which pdfium passes on as bare codes where the file does not say what they are.
_LIGATURES = {0x1B: "ff", 0x1C: "fi", 0x1D: "fl", 0x1E: "ffi", 0x1F: "ffl"}
_NOWHERE, _NO_STYLE = Box(0, 0, 0, 0), Style(0.0, 0, None)
_BREAKS = {0x20: " ", 0xA0: " ", 0x09: " ", 0x0D: "\n", 0x0A: "\n"}
# One set of places for pdfium to answer into: making them anew for each character would double the time.
_DOUBLES = tuple(ctypes.c_double() for _ in range(4))
_DOUBLE_REFERENCES = tuple(ctypes.byref(value) for value in _DOUBLES)
_COLOUR = tuple(ctypes.c_uint() for _ in range(4))
_COLOUR_REFERENCES = tuple(ctypes.byref(value) for value in _COLOUR)
_RECTANGLE = raw.FS_RECTF()
_RECTANGLE_REFERENCE = ctypes.byref(_RECTANGLE)
# The same function as in `raw`, answering a plain address: the typed pointer costs 6 microseconds to turn into one.
_text_object = ctypes.CFUNCTYPE(ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int)(
    ctypes.cast(raw.FPDFText_GetTextObject, ctypes.c_void_p).value or 0
)


def _character(code: int) -> str:
    if code in _HYPHENS:
        return "-"
    return _LIGATURES.get(code) or (chr(code) if code < 0x110000 else "\ufffd")


def _without_squeezed(glyphs: list[Glyph]) -> list[Glyph]:
    """Marks replacement text (`ActualText`) that is much longer than what is drawn in its place.

    pdfium divides the drawn width among the characters of the replacement: a dozen and more characters of one width,
    narrower than any letter, are words that nobody sees. Ligatures of Indic scripts are shorter than that.
    """
    found: list[Glyph] = []
    for width, group in itertools.groupby(glyphs, _even_width):
        same = list(group)
        sizes = [glyph.style.size for glyph in same if glyph.text != " "]
        if sizes and 0 < width < _SQUEEZED * min(sizes) and len(same) >= _SQUEEZED_LETTERS:
            same = [_squeezed(glyph) for glyph in same]
        found += same
    return found


def _even_width(glyph: Glyph) -> float:
    """The width of a character whose cell is its shape, as pdfium makes up for a replacement; 0 for any other."""
    return round(glyph.cell.right - glyph.cell.left, 1) if glyph.cell == glyph.shape else 0.0


def _squeezed(glyph: Glyph) -> Glyph:
    if glyph.text == " " or glyph.style.kind is not None:
        return glyph
    return glyph._replace(style=glyph.style._replace(kind=HiddenSpan.KIND_NO_INK, replaced=True))


def _placement(page: pdfium.PdfPage) -> tuple[float, float, float, float, float, float]:
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
