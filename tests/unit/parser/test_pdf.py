"""What the parser reads in a PDF, in which order, and where it says that it stands."""

from __future__ import annotations

import io
from pathlib import Path

import pypdf
import pytest
from candor.parsing.v1.parsed_resume_pb2 import ParsedResume, Unreadable
from reportlab.pdfgen.canvas import Canvas

from services.parser.extraction import PARSER_VERSION, read
from services.parser.extractors import pypdf_reader
from tests.unit.parser.documents import HEIGHT, all_of, lines, locked, ordinary, pdf, scan, written

LEFT = ("Profile", "Designed services that process payments", "Cut costs by a third", "Education", "University of Hull")
RIGHT = ("Contact", "jane@example.com", "Leeds", "Skills", "PostgreSQL")


def parsed(content: bytes) -> ParsedResume:
    answer = read(content)
    assert answer.HasField("parsed"), answer.unreadable.reason
    return answer.parsed


def code(content: bytes) -> int:
    answer = read(content)
    assert answer.HasField("unreadable")
    assert answer.unreadable.reason.endswith(".")
    return answer.unreadable.code


def test_a_pdf_is_read_line_by_line() -> None:
    resume = parsed(pdf(lines("Jane Sample", "Software engineer")))
    assert resume.text == "Jane Sample\nSoftware engineer"
    assert resume.media_type == "application/pdf"
    assert resume.parser.startswith(f"{PARSER_VERSION} pypdfium2/")
    assert not resume.warnings


def test_every_span_says_which_text_stands_in_its_box() -> None:
    resume = parsed(pdf(lines("Jane Sample", "Zürich, naïve café", top=80)))
    first, second = resume.spans
    assert resume.text[second.start : second.end] == "Zürich, naïve café"
    assert first.page == second.page == 1
    assert 58 < first.box.left < 62
    assert 68 < first.box.top < 80 < first.box.bottom < 86
    assert first.box.bottom < second.box.bottom < 100


def test_offsets_of_pages_follow_each_other() -> None:
    resume = parsed(pdf(lines("First page"), lines("Second page")))
    one, two = resume.pages
    assert resume.text[one.start : one.end] == "First page"
    assert resume.text[two.start : two.end] == "Second page"
    assert (two.number, round(two.width), round(two.height)) == (2, 595, 842)


def test_boxes_follow_a_turned_and_cropped_page() -> None:
    writer = pypdf.PdfWriter(clone_from=io.BytesIO(pdf(lines("Jane Sample", left=100, top=142))))
    page = writer.pages[0]
    page.cropbox = pypdf.generic.RectangleObject((50, 0, 595, 742))
    page.rotate(90)
    out = io.BytesIO()
    writer.write(out)
    resume = parsed(out.getvalue())
    (span,) = resume.spans
    assert (round(resume.pages[0].width), round(resume.pages[0].height)) == (742, 545)
    assert 690 < span.box.left < 705
    assert 48 < span.box.top < 52


@pytest.mark.parametrize("order", ["left first", "right first"])
def test_two_columns_are_not_interleaved(order: str) -> None:
    columns = [lines(*LEFT, left=60, top=120), lines(*RIGHT, left=400, top=120)]
    heading = written("Jane Sample", at=(60, HEIGHT - 60), size=24)
    drawn = columns if order == "left first" else columns[::-1]
    text = parsed(pdf(all_of(*drawn, heading))).text
    words = [line for line in text.split("\n") if line]
    assert words == ["Jane Sample", *LEFT, *RIGHT]


def test_a_table_of_dates_is_read_across() -> None:
    dates = ("2019 to 2024", "2015 to 2019", "2012 to 2015", "2010 to 2012")
    jobs = ("Engineer at Northgate", "Developer at Fieldstone", "Intern at Hull", "Student")
    rows = [
        all_of(lines(date, left=60, top=80 + 40 * index), lines(job, left=220, top=80 + 40 * index))
        for index, (date, job) in enumerate(zip(dates, jobs, strict=True))
    ]
    text = parsed(pdf(all_of(*rows))).text
    assert [line for line in text.split("\n") if line] == [
        f"{date} {job}" for date, job in zip(dates, jobs, strict=True)
    ]


def test_a_letter_spaced_heading_is_one_word() -> None:
    def draw(canvas: Canvas) -> None:
        canvas.setFont("Helvetica", 12)
        canvas.drawString(60, 700, "WORK EXPERIENCE", charSpace=5)
        lines("Engineer at Northgate", top=180)(canvas)

    assert parsed(pdf(draw)).text.startswith("WORK EXPERIENCE\n")


def test_letters_drawn_after_their_line_stand_where_they_are_seen() -> None:
    def draw(canvas: Canvas) -> None:
        canvas.setFont("Helvetica", 10)
        for at, text in ((60, "soft"), (83.4, "are engineer"), (76, "w")):
            canvas.drawString(at, 700, text)

    assert parsed(pdf(draw)).text == "software engineer"


def test_ligatures_become_letters() -> None:
    assert parsed("The o\ufb03ce of \ufb01nance".encode()).text == "The office of finance"


def test_a_paragraph_gap_is_a_blank_line() -> None:
    text = parsed(pdf(all_of(lines("Profile", "Engineer"), lines("Education", top=150)))).text
    assert text == "Profile\nEngineer\n\nEducation"


def test_only_twenty_pages_are_read_and_the_reader_is_told() -> None:
    resume = parsed(pdf(*(lines(f"Page number {number}") for number in range(1, 26))))
    assert len(resume.pages) == 20
    assert "Page number 21" not in resume.text
    assert resume.warnings == ["Only the first 20 of 25 pages were read."]


def test_a_form_field_is_read() -> None:
    def draw(canvas: Canvas) -> None:
        lines("Name")(canvas)
        canvas.acroForm.textfield(value="Jane Sample", x=60, y=700, width=200, height=20)

    assert "Jane Sample" in parsed(pdf(draw)).text


def test_a_password_is_named_as_the_obstacle() -> None:
    assert code(locked(pdf(ordinary))) == Unreadable.CODE_ENCRYPTED


def test_a_pdf_that_anybody_may_open_is_read_though_it_is_encrypted() -> None:
    assert "Jane Sample" in parsed(locked(pdf(ordinary), password="")).text


def test_half_a_pdf_is_damaged() -> None:
    content = pdf(*[ordinary] * 5)
    assert code(content[: len(content) // 3]) == Unreadable.CODE_DAMAGED


def test_a_picture_of_a_page_is_not_an_empty_page() -> None:
    assert code(pdf(scan())) == Unreadable.CODE_IMAGE_ONLY


def test_the_stamp_of_a_scanner_does_not_make_a_picture_text() -> None:
    stamp = written("Scanned by the copier on floor 3", at=(60, 20))
    assert code(pdf(all_of(scan(), stamp))) == Unreadable.CODE_IMAGE_ONLY


def test_a_page_without_a_word_is_empty() -> None:
    assert code(pdf(lambda canvas: canvas.line(0, 0, 100, 100))) == Unreadable.CODE_EMPTY


def test_the_second_reader_finds_the_same_words() -> None:
    draft = pypdf_reader.read(pdf(lines("Jane Sample", "Engineer")), 20, 300_000)
    assert [line.text for line in draft.pages[0].blocks[0]] == ["Jane Sample", "Engineer"]


def test_what_only_the_second_reader_opens_is_marked_as_unchecked() -> None:
    resume = parsed(pdf(lines("Jane Sample")).replace(b"/Root", b"/Boot"))
    assert resume.text == "Jane Sample"
    assert "pypdf/" in resume.parser
    assert "could not be checked for hidden words" in resume.warnings[0]


EXAMPLES = Path(__file__).parents[3] / "examples" / "cvs"


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*.*")), ids=lambda path: path.name)
def test_an_example_is_read_or_refused_as_its_table_says(path: Path) -> None:
    obstacles = {
        "ingrid-solvang.pdf": Unreadable.CODE_IMAGE_ONLY,
        "samuel-eberhardt.pdf": Unreadable.CODE_ENCRYPTED,
    }
    if path.name in obstacles:
        assert code(path.read_bytes()) == obstacles[path.name]
        return
    resume = parsed(path.read_bytes())
    assert len(resume.text) > 1000
    assert bool(resume.hidden_spans) == (path.name == "dylan-merrow.pdf")
    assert all(resume.text[span.start : span.end].strip() for span in resume.spans)
