"""Document in, answer out: the parser as a pure function. A stranger's file is read in the `sandbox` only."""

from __future__ import annotations

import logging
import traceback

from candor.parsing.v1.parsed_resume_pb2 import Unreadable
from candor.parsing.v1.parsing_service_pb2 import ParseDocumentResponse

from services.parser.composing import compose
from services.parser.extractors import docx, pdf, plain
from services.parser.extractors.draft import CannotRead, Draft
from services.parser.sniffing import Format, sniff

# Goes up when the same file gives another text; decisions recorded under an older one are not recomputed from it.
PARSER_VERSION = "candor-parser/1"
# The largest of 259 real CVs has 4.1 MB.
MOST_BYTES = 10 * 1024 * 1024

_LOG = logging.getLogger(__name__)
_EXTRACTORS = {Format.PDF: pdf.read, Format.DOCX: docx.read, Format.TEXT: plain.read}


def read(content: bytes) -> ParseDocumentResponse:
    """What a document says, or why it cannot be read. Raises nothing but `MemoryError`."""
    try:
        draft = _draft(content)
        parsed = compose(draft, f"{PARSER_VERSION} {draft.extractor}")
        if not any(map(str.isalnum, parsed.text)):
            raise _empty(hidden=bool(parsed.hidden_spans))
        return ParseDocumentResponse(parsed=parsed)
    except CannotRead as refusal:
        return refusal.answer()
    except RecursionError:
        return CannotRead(
            Unreadable.CODE_TOO_COMPLEX,
            "The file is nested deeper than any document needs. Ask the candidate to export it again, best as PDF.",
        ).answer()
    except MemoryError:
        raise
    except Exception as failure:
        # A broken file may raise anything in four libraries. Where is worth knowing; the message may quote the CV.
        place = traceback.extract_tb(failure.__traceback__)[-1]
        _LOG.warning("%s at %s:%s while reading a document", type(failure).__name__, place.filename, place.lineno)
        return CannotRead(
            Unreadable.CODE_DAMAGED,
            "The file is broken or not what it claims to be. Ask the candidate to send it again.",
        ).answer()


def _draft(content: bytes) -> Draft:
    if not content:
        raise CannotRead(Unreadable.CODE_EMPTY, "The file is empty (0 bytes). Ask the candidate to send it again.")
    if len(content) > MOST_BYTES:
        raise CannotRead(
            Unreadable.CODE_TOO_COMPLEX, "The file is larger than 10 MB. Ask the candidate for a smaller one."
        )
    return _EXTRACTORS[sniff(content)](content)


def _empty(*, hidden: bool) -> CannotRead:
    if hidden:
        return CannotRead(Unreadable.CODE_EMPTY, "The file holds only words that a reader does not see.")
    return CannotRead(Unreadable.CODE_EMPTY, "The file holds no words. Ask the candidate to send it again.")
