"""PDF by pypdf, in pure Python: the second opinion on a file that pdfium does not open."""

from __future__ import annotations

import io
import logging

import pypdf
from candor.parsing.v1.parsed_resume_pb2 import Unreadable
from pypdf.errors import LimitReachedError, PyPdfError

from services.parser.extractors.draft import CannotRead, Draft, DraftPage, Line, locked

# It logs every oddity of a broken file, with pieces of the file in it.
logging.getLogger("pypdf").setLevel(logging.CRITICAL)


def read(content: bytes, most_pages: int, most_characters: int) -> Draft:
    """The text of the first pages, without places and without a check for hidden text. Raises `CannotRead`."""
    draft = Draft("application/pdf", f"pypdf/{pypdf.__version__}")
    try:
        reader = pypdf.PdfReader(io.BytesIO(content))
        if reader.is_encrypted and not reader.decrypt(""):
            raise locked()
        left = most_characters
        for page in reader.pages[:most_pages]:
            text = page.extract_text()[:left]
            left -= len(text)
            box = page.cropbox
            draft.pages.append(DraftPage(_blocks(text), float(box.width), float(box.height)))
            draft.pictures = draft.pictures or "/XObject" in (page.get("/Resources") or {})
    except LimitReachedError as failure:
        raise CannotRead(
            Unreadable.CODE_TOO_COMPLEX,
            "The file unpacks to far more than a CV holds. Ask the candidate to export it again.",
        ) from failure
    except (PyPdfError, ValueError, TypeError, KeyError, AttributeError, IndexError, AssertionError) as failure:
        raise CannotRead(
            Unreadable.CODE_DAMAGED,
            "The PDF is broken or cut off. Ask the candidate to send it again.",
        ) from failure
    return draft


def _blocks(text: str) -> list[list[Line]]:
    return [[Line(line) for line in block.splitlines()] for block in text.split("\n\n") if block.strip()]
