"""PDF by pdfium: what it draws, with our own words, reading order and hidden-text check."""

from __future__ import annotations

import functools

import pypdfium2 as pdfium  # type: ignore[import-untyped]
import pypdfium2.raw as raw  # type: ignore[import-untyped]

from services.parser.extractors import hidden, layout
from services.parser.extractors.direction import mostly_rtl
from services.parser.extractors.draft import FEW_WORDS, Draft, DraftPage, locked
from services.parser.extractors.glyphs import GlyphReader
from services.parser.extractors.words import runs


def read(content: bytes, most_pages: int, most_characters: int) -> Draft | None:
    """The first pages as a reader sees them; None where pdfium cannot open the file. Raises `CannotRead`."""
    try:
        document = pdfium.PdfDocument(content)
    except pdfium.PdfiumError as failure:
        if failure.err_code == raw.FPDF_ERR_PASSWORD:
            raise locked() from failure
        return None
    with document:
        return _read(document, most_pages, most_characters)


def _read(document: pdfium.PdfDocument, most_pages: int, most_characters: int) -> Draft | None:
    draft = Draft("application/pdf", f"pypdfium2/{pdfium.PYPDFIUM_INFO}")
    if document.get_formtype() != raw.FORMTYPE_NONE:
        document.init_forms()
    left = most_characters
    for number in range(1, min(len(document), most_pages) + 1):
        try:
            left -= _read_page(document, number, left, draft)
        except pdfium.PdfiumError:
            draft.pages.append(DraftPage())
            draft.warnings.append(f"Page {number} is damaged and was not read.")
        if left <= 0:
            break
    if len(document) > most_pages:
        draft.warnings.append(f"Only the first {most_pages} of {len(document)} pages were read.")
    # Where no page at all can be opened, another reader may have more luck.
    return None if all(page.width == 0 for page in draft.pages) else draft


def _read_page(document: pdfium.PdfDocument, number: int, limit: int, draft: Draft) -> int:
    """Adds a page to the draft and answers how many characters it holds."""
    page = _open(document, number - 1)
    reader = GlyphReader(page)
    glyphs = reader.glyphs(limit)
    rtl = mostly_rtl(glyphs)
    drawn = runs(glyphs, rtl=rtl)
    ink = hidden.Ink(page, drawn)
    if not ink.reliable:
        draft.warnings.append(f"Page {number} is too large to be checked for hidden words.")
    scans = functools.cache(lambda: hidden.pictures(page, reader.placed))
    visible, unseen = hidden.part_hidden(drawn, ink, scans, number)
    draft.pages.append(DraftPage(layout.blocks(visible, rtl=rtl), reader.width, reader.height))
    draft.hidden += unseen
    if sum(len(run.words) for run in visible) < FEW_WORDS:
        draft.pictures = draft.pictures or bool(scans())
    page.close()
    return len(glyphs)


def _open(document: pdfium.PdfDocument, index: int) -> pdfium.PdfPage:
    """A page with its form fields drawn into it, since pdfium's text leaves out what was typed into a form."""
    page = document[index]
    if document.formenv is not None and page.flatten() == raw.FLATTEN_SUCCESS:
        page.close()
        page = document[index]
    return page
