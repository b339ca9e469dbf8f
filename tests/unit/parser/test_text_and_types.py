"""What a file is, is decided by its content; text comes out normalised whatever it came in."""

from __future__ import annotations

import io
import random
import unicodedata
import zipfile

import pytest
from candor.parsing.v1.parsed_resume_pb2 import ParsedResume, Unreadable
from hypothesis import given, settings
from hypothesis import strategies as st

from services.parser.extraction import MOST_BYTES, read
from tests.unit.parser.documents import lines, paragraph, pdf, word

TEXT = "Zoë Müller\r\nIngénieure à Besançon\r\n\r\n\r\nFrançais, Español\r\n"
NORMAL = "Zoë Müller\nIngénieure à Besançon\n\nFrançais, Español"


def parsed(content: bytes) -> ParsedResume:
    answer = read(content)
    assert answer.HasField("parsed"), answer.unreadable.reason
    return answer.parsed


def refusal(content: bytes) -> Unreadable:
    answer = read(content)
    assert answer.HasField("unreadable")
    return answer.unreadable


def zipped(*names: str) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name in names:
            archive.writestr(name, "application/vnd.oasis.opendocument.text" if name == "mimetype" else "x")
    return out.getvalue()


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "cp1252"])
def test_text_is_read_in_any_common_encoding(encoding: str) -> None:
    resume = parsed(TEXT.encode(encoding))
    assert resume.text == NORMAL
    assert resume.media_type == "text/plain"


def test_markdown_is_known_by_its_marks() -> None:
    resume = parsed(b"# Jane Sample\n\n- Python\n- Go\n")
    assert resume.media_type == "text/markdown"
    assert resume.text == "# Jane Sample\n\n- Python\n- Go"


def test_composed_and_decomposed_letters_are_the_same_text() -> None:
    assert parsed(unicodedata.normalize("NFD", "Zoë Müller").encode()).text == "Zoë Müller"


def test_invisible_characters_are_removed_and_counted() -> None:
    resume = parsed("Ja\u200bne \u202eSam\u2060ple\ufeff".encode())
    assert resume.text == "Jane Sample"
    assert resume.warnings == ["4 invisible characters (zero-width or direction marks) were removed."]


def test_joiners_that_are_spelling_stay() -> None:
    persian = "می\u200cخواهم"
    assert parsed(persian.encode()).text == persian


def test_icons_and_control_characters_are_not_text() -> None:
    assert parsed("\uf095 +44 20 7946\x07 0958\x00".encode()).text == "+44 20 7946 0958"


def test_a_soft_hyphen_is_no_hyphen() -> None:
    assert parsed("develop\u00adment".encode()).text == "development"


@settings(max_examples=150, deadline=None)
@given(st.text(min_size=1, max_size=200))
def test_every_text_keeps_its_promises(text: str) -> None:
    answer = read(("Jane " + text).encode("utf-8", "replace"))
    if not answer.HasField("parsed"):
        assert answer.unreadable.code == Unreadable.CODE_UNSUPPORTED_TYPE
        return
    resume = answer.parsed
    assert "\x00" not in resume.text
    assert "\r" not in resume.text
    assert unicodedata.is_normalized("NFC", resume.text)
    for span in resume.spans:
        line = resume.text[span.start : span.end]
        assert line
        assert "\n" not in line
    assert resume.pages[0].end == len(resume.text)


def test_a_long_text_is_cut_and_the_reader_is_told() -> None:
    resume = parsed(b"Jane Sample was here\n" * 20_000)
    assert len(resume.text) <= 300_000
    assert "Only the first 300,000 characters were read." in resume.warnings
    assert resume.spans[-1].end == len(resume.text)


@pytest.mark.parametrize(
    ("content", "named"),
    [
        pytest.param(b"{\\rtf1\\ansi Jane}", "Rich Text", id="RTF"),
        pytest.param(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "old Word document", id="DOC"),
        pytest.param(zipped("mimetype", "content.xml"), "OpenDocument", id="ODT"),
        pytest.param(zipped("xl/workbook.xml"), "Excel", id="XLSX"),
        pytest.param(zipped("photo.jpg"), "archive", id="ZIP"),
        pytest.param(b"\x89PNG\r\n\x1a\n" + bytes(50), "picture", id="PNG"),
        pytest.param(b"\xff\xd8\xff\xe0" + bytes(50), "picture", id="JPEG"),
        pytest.param(b"<!DOCTYPE html><p>Jane", "web page", id="HTML"),
        pytest.param(b"<?xml version='1.0'?><cv/>", "XML", id="XML"),
        pytest.param(b"\x7fELF" + bytes(50), "program", id="program"),
    ],
)
def test_another_format_is_named_with_what_to_do(content: bytes, named: str) -> None:
    refused = refusal(content)
    assert refused.code == Unreadable.CODE_UNSUPPORTED_TYPE
    assert named in refused.reason
    assert "PDF" in refused.reason


def test_chance_bytes_are_no_text() -> None:
    assert refusal(random.Random(7).randbytes(5000)).code == Unreadable.CODE_UNSUPPORTED_TYPE


def test_a_protected_office_file_is_encrypted_not_old() -> None:
    content = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600) + "EncryptedPackage".encode("utf-16-le") + bytes(600)
    assert refusal(content).code == Unreadable.CODE_ENCRYPTED


@pytest.mark.parametrize("content", [b"", b"  \n\t\r\n", b"--- ... ---"])
def test_a_file_without_a_word_is_empty(content: bytes) -> None:
    assert refusal(content).code == Unreadable.CODE_EMPTY


def test_a_name_decides_nothing() -> None:
    assert parsed(word(paragraph("Jane Sample"))).media_type.endswith("wordprocessingml.document")
    assert parsed(b"HTTP/1.1 200 OK\r\n\r\n" + pdf(lines("Jane Sample"))).media_type == "application/pdf"
    assert parsed(b"I export CVs as %PDF files and as text").media_type == "text/plain"


def test_more_than_ten_megabytes_are_refused() -> None:
    assert refusal(b"a" * (MOST_BYTES + 1)).code == Unreadable.CODE_TOO_COMPLEX
