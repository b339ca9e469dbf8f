"""PDF by pdfium, with our own words, order and hidden-text check; by pypdf where pdfium cannot open the file."""

from __future__ import annotations

import functools

import pypdfium2 as pdfium  # type: ignore[import-untyped]
import pypdfium2.raw as raw  # type: ignore[import-untyped]
from candor.parsing.v1.parsed_resume_pb2 import Unreadable

from services.parser.extractors import hidden, layout, pypdf_reader
from services.parser.extractors.direction import mostly_rtl
from services.parser.extractors.draft import CannotRead, Draft, DraftPage
from services.parser.extractors.glyphs import GlyphReader
from services.parser.extractors.words import runs

MEDIA_TYPE = "application/pdf"
# Of 259 real CVs 99 % have at most 9 pages, and one in a thousand has 23.
MOST_PAGES = 20
# The longest real CV has 101,000 characters. One page more than the whole text may have is not worth reading.
_MOST_CHARACTERS = 300_000
# A page with a picture and fewer words than this is a picture of a page.
_FEW_WORDS = 10


def read(content: bytes) -> Draft:
    """The document as a reader sees it. Raises `CannotRead`."""
    try:
        document = pdfium.PdfDocument(content)
    except pdfium.PdfiumError as failure:
        if getattr(failure, "err_code", None) == raw.FPDF_ERR_PASSWORD:
            raise encrypted() from failure
        draft = pypdf_reader.read(content, MOST_PAGES, _MOST_CHARACTERS)
    else:
        with document:
            draft = _read(document)
    if draft.words() < _FEW_WORDS and draft.pictures:
        raise CannotRead(
            Unreadable.CODE_IMAGE_ONLY,
            "The file holds pictures of pages but no text. Ask the candidate for the document that was scanned or "
            "exported, as PDF with text or as Word file.",
        )
    return draft


def encrypted() -> CannotRead:
    """The refusal of a file that does not open without a password."""
    return CannotRead(
        Unreadable.CODE_ENCRYPTED,
        "The file is protected by a password. Ask the candidate for a copy without one.",
    )


def _read(document: pdfium.PdfDocument) -> Draft:
    draft = Draft(MEDIA_TYPE, f"pypdfium2/{pdfium.PYPDFIUM_INFO}")
    if document.get_formtype() != raw.FORMTYPE_NONE:
        document.init_forms()
    left = _MOST_CHARACTERS
    for number in range(1, min(len(document), MOST_PAGES) + 1):
        left -= _read_page(document, number, left, draft)
        if left <= 0:
            break
    if len(document) > MOST_PAGES:
        draft.warnings.append(f"Only the first {MOST_PAGES} of {len(document)} pages were read.")
    return draft


def _read_page(document: pdfium.PdfDocument, number: int, limit: int, draft: Draft) -> int:
    """Adds a page to the draft and answers how many characters it holds."""
    page = _open(document, number - 1)
    reader = GlyphReader(page)
    glyphs = reader.glyphs(limit)
    rtl = mostly_rtl(glyphs)
    drawn = runs(glyphs, rtl=rtl)
    ink = hidden.Ink(page)
    if not ink.reliable:
        draft.warnings.append(f"Page {number} is too large to be checked for hidden text.")
    scans = functools.cache(lambda: hidden.pictures(page))
    visible, unseen = hidden.part_hidden(drawn, ink, scans, number)
    draft.pages.append(DraftPage(layout.blocks(visible, rtl=rtl), reader.width, reader.height))
    draft.hidden += unseen
    if not draft.pictures and draft.words() < _FEW_WORDS:
        draft.pictures = bool(scans())
    page.close()
    return len(glyphs)


def _open(document: pdfium.PdfDocument, index: int) -> pdfium.PdfPage:
    """A page with its form fields drawn into it, since pdfium's text leaves out what was typed into a form."""
    page = document[index]
    if document.formenv is not None and page.flatten() == raw.FLATTEN_SUCCESS:
        page.close()
        page = document[index]
    return page
