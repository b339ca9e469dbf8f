"""What the parser reads in a Word document."""

from __future__ import annotations

import pytest
from candor.parsing.v1.parsed_resume_pb2 import ParsedResume, Unreadable
from docx.document import Document
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls

from services.parser.extraction import read
from tests.unit.parser.documents import paragraph, part, repacked, word

WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
BODY = "word/document.xml"


def parsed(content: bytes) -> ParsedResume:
    answer = read(content)
    assert answer.HasField("parsed"), answer.unreadable.reason
    return answer.parsed


def code(content: bytes) -> int:
    answer = read(content)
    assert answer.HasField("unreadable")
    return answer.unreadable.code


def in_body(xml: str) -> bytes:
    """A document with this XML before its last paragraph."""
    content = word(paragraph("Jane Sample"))
    body = part(content).replace(b"<w:body>", b"<w:body>" + xml.encode())
    return repacked(content, {BODY: body})


def test_a_word_document_is_one_page_without_places() -> None:
    resume = parsed(word(paragraph("Jane Sample"), paragraph("Engineer\nin Leeds")))
    assert resume.text == "Jane Sample\n\nEngineer\nin Leeds"
    assert resume.media_type == WORD
    (page,) = resume.pages
    assert (page.number, page.start, page.end, page.width) == (1, 0, len(resume.text), 0)
    assert not any(span.HasField("box") for span in resume.spans)


def test_tables_headers_and_footers_are_read_in_order() -> None:
    def table(document: Document) -> None:
        made = document.add_table(2, 2)
        for row, texts in zip(made.rows, (("2019", "Engineer"), ("2015", "Developer")), strict=True):
            for cell, text in zip(row.cells, texts, strict=True):
                cell.text = text

    def margins(document: Document) -> None:
        document.sections[0].header.paragraphs[0].text = "Jane Sample"
        document.sections[0].footer.paragraphs[0].text = "jane@example.com"

    text = parsed(word(margins, paragraph("Experience"), table, paragraph("Education"))).text
    assert text.split("\n\n") == [
        "Jane Sample",
        "Experience",
        "2019 Engineer",
        "2015 Developer",
        "Education",
        "jane@example.com",
    ]


def test_cells_of_a_layout_table_are_read_one_after_the_other() -> None:
    def table(document: Document) -> None:
        left, right = document.add_table(1, 2).rows[0].cells
        left.text, right.text = "Contact\nLeeds", "Experience\nEngineer"

    assert parsed(word(table)).text == "Contact\nLeeds\n\nExperience\nEngineer"


def test_a_header_that_no_section_shows_is_not_read() -> None:
    def first_page_header(document: Document) -> None:
        document.sections[0].first_page_header.paragraphs[0].text = "Only on a title page"
        document.sections[0].different_first_page_header_footer = False

    assert parsed(word(first_page_header, paragraph("Jane Sample"))).text == "Jane Sample"


def test_a_text_box_is_read_once() -> None:
    box = "<w:txbxContent><w:p><w:r><w:t>Skills: Python</w:t></w:r></w:p></w:txbxContent>"
    xml = (
        "<w:p><w:r><w:t>Profile</w:t></w:r><w:r><mc:AlternateContent "
        'xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006">'
        f'<mc:Choice Requires="wps"><w:drawing>{box}</w:drawing></mc:Choice>'
        f"<mc:Fallback><w:pict>{box}</w:pict></mc:Fallback></mc:AlternateContent></w:r></w:p>"
    )
    assert parsed(in_body(xml)).text == "Profile\n\nSkills: Python\n\nJane Sample"


def test_what_was_deleted_or_is_a_field_code_is_not_read() -> None:
    xml = (
        "<w:p><w:del><w:r><w:delText>fired</w:delText></w:r></w:del><w:ins><w:r><w:t>Led</w:t></w:r></w:ins>"
        '<w:r><w:instrText> PAGE </w:instrText></w:r><w:hyperlink><w:r><w:tab/><w:t xml:space="preserve">a team'
        "</w:t></w:r></w:hyperlink></w:p>"
    )
    assert parsed(in_body(xml)).text == "Led a team\n\nJane Sample"


def test_content_controls_are_read() -> None:
    def control(document: Document) -> None:
        xml = f"<w:sdt {nsdecls('w')}><w:sdtContent><w:p><w:r><w:t>Engineer</w:t></w:r></w:p></w:sdtContent></w:sdt>"
        document.element.body.insert(0, parse_xml(xml))

    assert parsed(word(control, paragraph("Leeds"))).text == "Engineer\n\nLeeds"


def test_a_document_type_is_refused() -> None:
    content = word(paragraph("Jane Sample"))
    declared = part(content).replace(b"?>", b'?><!DOCTYPE l [<!ENTITY x SYSTEM "file:///etc/hostname">]>', 1)
    assert code(repacked(content, {BODY: declared})) == Unreadable.CODE_DAMAGED


@pytest.mark.parametrize(
    "bomb",
    [
        pytest.param(b" " * (30 << 20), id="one part of 30 MB"),
        pytest.param(b" " * (5 << 20), id="a ratio of a thousand"),
    ],
)
def test_a_bomb_is_refused_before_it_is_unpacked(bomb: bytes) -> None:
    content = word(paragraph("Jane Sample"))
    body = part(content).replace(b"<w:body>", b"<w:body>" + bomb)
    assert code(repacked(content, {BODY: body})) == Unreadable.CODE_TOO_COMPLEX


def test_two_thousand_parts_are_too_many() -> None:
    content = repacked(word(paragraph("Jane")), {}, [(f"word/x{number}.xml", b"a") for number in range(2001)])
    assert code(content) == Unreadable.CODE_TOO_COMPLEX


def test_nesting_without_end_is_refused() -> None:
    nest = "<w:sdt><w:sdtContent>" * 5000 + "</w:sdtContent></w:sdt>" * 5000
    assert code(in_body(nest)) == Unreadable.CODE_TOO_COMPLEX


def test_half_a_word_document_is_damaged() -> None:
    content = word(paragraph("Jane Sample"))
    assert code(content[: len(content) // 2]) == Unreadable.CODE_DAMAGED


def test_a_document_of_pictures_is_not_an_empty_one() -> None:
    content = repacked(word(), {}, [("word/media/image1.png", b"\x89PNG")])
    assert code(content) == Unreadable.CODE_IMAGE_ONLY


def test_a_broken_minor_part_costs_no_candidate_the_reading() -> None:
    resume = parsed(repacked(word(paragraph("Jane Sample")), {"word/styles.xml": b"<w:styles"}))
    assert resume.text == "Jane Sample"
    assert "docx2txt/" in resume.parser
    assert "could not be checked for hidden words" in resume.warnings[0]


def test_a_broken_body_is_damaged() -> None:
    content = word(paragraph("Jane Sample"))
    assert code(repacked(content, {BODY: part(content)[:-40]})) == Unreadable.CODE_DAMAGED
