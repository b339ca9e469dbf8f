"""Plain text and Markdown, in whatever encoding it came."""

from __future__ import annotations

import codecs
import re

import charset_normalizer
from candor.parsing.v1.parsed_resume_pb2 import Unreadable

from services.parser.extractors.draft import CannotRead, Draft, DraftPage, Line

# UTF-32 first: its little-endian mark begins with that of UTF-16.
_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
# Guessing an encoding costs a second a megabyte, and 64 KB say as much as ten megabytes.
_SAMPLE = 64 * 1024
# More than is ever kept (300,000), so that a text which was cut is seen to have been.
_MOST_CHARACTERS = 1_000_000
_WESTERN = "cp1252"
_MARKDOWN = re.compile(r"^(#{1,6} \S|\s*[-*+] \[|```|\[[^\]]+\]\([^)]+\)|\*\*\S)", re.MULTILINE)


def read(content: bytes) -> Draft:
    """The text's paragraphs. Raises `CannotRead` for bytes that are no text."""
    text, encoding = _decode(content)
    if _is_binary(text):
        raise _no_text()
    media_type = "text/markdown" if _MARKDOWN.search(text) else "text/plain"
    draft = Draft(media_type, f"text/{encoding}")
    lines = re.split(r"\r\n|[\n\r\x0b\x0c\x85\u2028\u2029]", text[:_MOST_CHARACTERS])
    draft.pages.append(DraftPage(_paragraphs(lines)))
    return draft


def _paragraphs(lines: list[str]) -> list[list[Line]]:
    blocks: list[list[Line]] = [[]]
    for line in lines:
        if line.strip():
            blocks[-1].append(Line(line.expandtabs(4)))
        elif blocks[-1]:
            blocks.append([])
    return [block for block in blocks if block]


def _decode(content: bytes) -> tuple[str, str]:
    for mark, encoding in _MARKS:
        if content.startswith(mark):
            return content.decode(encoding, "replace"), encoding
    unmarked = _unmarked_utf16(content[:_SAMPLE])
    if unmarked:
        return content.decode(unmarked, "replace"), unmarked
    try:
        return content.decode("utf-8"), "utf-8"
    except UnicodeDecodeError:
        pass
    if b"\x00" in content[:_SAMPLE]:
        raise _no_text()
    matches = list(charset_normalizer.from_bytes(content[:_SAMPLE]))
    if not matches:
        raise _no_text()
    encoding = matches[0].encoding
    # A short Western text is as good cp1250 as cp1252 to the guesser, which then takes the first by name.
    if any(match.chaos <= matches[0].chaos and _WESTERN in match.could_be_from_charset for match in matches):
        encoding = _WESTERN
    return content.decode(encoding, "replace"), encoding


def _unmarked_utf16(sample: bytes) -> str | None:
    """UTF-16 without a mark shows as a NUL beside nearly every Latin letter."""
    if len(sample) < 8:
        return None
    half = len(sample) // 2
    high, low = sample[1::2].count(0), sample[0::2].count(0)
    if high > 0.6 * half and low < 0.05 * half:
        return "utf-16-le"
    return "utf-16-be" if low > 0.6 * half and high < 0.05 * half else None


def _is_binary(text: str) -> bool:
    """Text holds next to no control characters; chance bytes hold one in nine."""
    sample = text[:_SAMPLE]
    controls = sum(1 for character in sample if character < " " and character not in "\t\n\r\x0b\x0c\x1b")
    broken = sample.count("\ufffd")
    return controls + broken > 0.01 * len(sample) + 2


def _no_text() -> CannotRead:
    return CannotRead(
        Unreadable.CODE_UNSUPPORTED_TYPE,
        "The file is neither a document nor text. Candor reads PDF, Word (DOCX), Markdown and plain text.",
    )
