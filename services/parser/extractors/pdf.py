"""PDF by pdfium, with a check for hidden words; by pypdf where pdfium cannot open the file or is not installed."""

from __future__ import annotations

import importlib.util

from candor.parsing.v1.parsed_resume_pb2 import Unreadable

from services.parser.extractors import pypdf_reader
from services.parser.extractors.draft import FEW_WORDS, CannotRead, Draft

# Of 259 real CVs 99 % have at most 9 pages, and one in a thousand has 23.
MOST_PAGES = 20
# The longest real CV has 101,000 characters. What comes after 300,000 is cut in any case.
MOST_CHARACTERS = 300_000

if importlib.util.find_spec("pypdfium2") is not None:
    from services.parser.extractors import pdfium_reader


def read(content: bytes) -> Draft:
    """The document as a reader sees it. Raises `CannotRead`."""
    if importlib.util.find_spec("pypdfium2") is None:
        draft = pypdf_reader.read(content, MOST_PAGES, MOST_CHARACTERS)
        draft.warnings.append("The file could not be checked for hidden words: pdfium is not installed.")
    else:
        draft = pdfium_reader.read(content, MOST_PAGES, MOST_CHARACTERS) or _recovered(content)
    if draft.words() < FEW_WORDS and draft.pictures:
        raise CannotRead(
            Unreadable.CODE_IMAGE_ONLY,
            "The file holds pictures of pages but no text. Ask the candidate for the document that was scanned or "
            "exported, as PDF with text or as Word file.",
        )
    return draft


def _recovered(content: bytes) -> Draft:
    draft = pypdf_reader.read(content, MOST_PAGES, MOST_CHARACTERS)
    draft.warnings.append("The file is damaged: its text was recovered, and could not be checked for hidden words.")
    return draft
