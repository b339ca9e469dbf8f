"""What a file is, by its content. Names and declared types are not asked: of 259 collected CVs two PDFs were DOCX."""

from __future__ import annotations

import re
from enum import Enum, auto

from candor.parsing.v1.parsed_resume_pb2 import Unreadable

from services.parser.extractors.archive import Archive
from services.parser.extractors.draft import CannotRead, locked

_READABLE = "Candor reads PDF, Word (DOCX), Markdown and plain text."
_SIGNATURES: tuple[tuple[bytes, str], ...] = (
    (rb"\{\\rtf", "a Rich Text (RTF) document"),
    (rb"%!PS", "a PostScript file"),
    (
        rb"\x89PNG\r\n|\xff\xd8\xff|GIF8[79]a|II\*\x00|MM\x00\*|BM.{4}\x00{4}|RIFF.{4}WEBP|.{4}ftyp(heic|heix|mif1|avif)",
        "a picture",
    ),
    (rb"Rar!\x1a\x07|7z\xbc\xaf\x27\x1c|\x1f\x8b\x08|BZh[1-9]|\xfd7zXZ", "an archive"),
    (rb".{4}ftyp|\x1aE\xdf\xa3|ID3|OggS|RIFF.{4}(AVI |WAVE)", "a sound or video file"),
    (rb"\x7fELF|MZ[\x00-\xff]{58}[\x00-\xff]{2}\x00\x00|\xca\xfe\xba\xbe|\xcf\xfa\xed\xfe", "a program"),
)
_HTML = re.compile(rb"\s*(<!--.*?-->\s*)*(<!doctype\s+html|<html|<head|<body)", re.IGNORECASE | re.DOTALL)
_XML = re.compile(rb"(\xef\xbb\xbf)?\s*<\?xml\s", re.IGNORECASE)
_ZIPPED = (
    ("xl/workbook.xml", "an Excel workbook"),
    ("ppt/presentation.xml", "a PowerPoint presentation"),
    ("META-INF/container.xml", "an e-book"),
    ("Index/Document.iwa", "an Apple Pages document"),
)


class Format(Enum):
    """The formats that are read."""

    PDF = auto()
    DOCX = auto()
    TEXT = auto()


def sniff(content: bytes) -> Format:
    """The format of a file that may be read. Raises `CannotRead` for any other, saying what it is and what to do."""
    head = content[:1024]
    if b"%PDF" in head and not _is_text_about_pdf(head):
        return Format.PDF
    if head.startswith(b"PK\x03\x04"):
        return _zip(content)
    if head.startswith(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"):
        raise _compound(content)
    for pattern, what in _SIGNATURES:
        if re.match(pattern, head, re.DOTALL):
            raise _unsupported(what)
    if _HTML.match(head):
        raise _unsupported("a web page (HTML)")
    if _XML.match(head):
        raise _unsupported("an XML file")
    return Format.TEXT


def _is_text_about_pdf(head: bytes) -> bool:
    """ "%PDF" counts at the beginning or behind junk on a line of its own, not inside a sentence."""
    at = head.index(b"%PDF")
    return at > 0 and not re.match(rb"%PDF-\d", head[at:])


def _zip(content: bytes) -> Format:
    names = Archive(content).names()
    if "word/document.xml" in names:
        return Format.DOCX
    for name, what in _ZIPPED:
        if name in names:
            raise _unsupported(what)
    if "mimetype" in names and b"opendocument" in content[:200]:
        raise _unsupported("an OpenDocument file (ODT)")
    raise _unsupported("an archive (ZIP)")


def _compound(content: bytes) -> CannotRead:
    """An OLE container: a protected Office file names its stream so, in UTF-16."""
    if "EncryptedPackage".encode("utf-16-le") in content:
        return locked()
    return _unsupported("an old Word document (DOC) or another old Office file")


def _unsupported(what: str) -> CannotRead:
    return CannotRead(
        Unreadable.CODE_UNSUPPORTED_TYPE,
        f"The file is {what}, which is not read. {_READABLE} Ask the candidate for one of these, best a PDF.",
    )
