"""The DOCX layouts: running text, and the two-column table many CV templates are built on."""

from __future__ import annotations

from datetime import UTC, datetime
from io import BytesIO

import docx
from docx.document import Document as WordDocument
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Cm, Pt, RGBColor
from docx.table import Table, _Cell
from docx.text.paragraph import Paragraph

from examples.rendering.document import Document, Entry, Look, Section
from examples.rendering.docx_frozen import frozen

_WRITTEN_ON = datetime(2026, 9, 1, 9, 0, 0, tzinfo=UTC)
_LABEL, _CONTENT = Cm(4.2), Cm(12.8)


def plain(document: Document) -> bytes:
    word = _blank(document)
    _masthead(word, document)
    for content in document.sections:
        _section_title(word.add_paragraph(), content.title, document.look)
        _plain_section(word, content)
    return _saved(word)


def table(document: Document) -> bytes:
    """Dates and labels on the left, content on the right, one row per entry, no borders."""
    word = _blank(document)
    _masthead(word, document)
    grid = word.add_table(rows=0, cols=2)
    grid.autofit = False
    grid.columns[0].width, grid.columns[1].width = _LABEL, _CONTENT
    for content in document.sections:
        _table_section(grid, content, document.look)
    return _saved(word)


def _blank(document: Document) -> WordDocument:
    word = docx.Document()
    page = word.sections[0]
    page.page_width, page.page_height = Cm(21), Cm(29.7)
    page.left_margin = page.right_margin = Cm(2)
    page.top_margin = page.bottom_margin = Cm(1.8)
    normal = word.styles["Normal"]
    normal.font.name, normal.font.size = document.look.font, Pt(10.5)
    normal.paragraph_format.space_after = Pt(2)
    properties = word.core_properties
    properties.author = properties.last_modified_by = document.name
    properties.title, properties.comments = f"{document.name}, {document.headline}", ""
    properties.created = properties.modified = _WRITTEN_ON
    return word


def _masthead(word: WordDocument, document: Document) -> None:
    name = word.add_paragraph().add_run(document.name)
    name.bold, name.font.size = True, Pt(20)
    name.font.color.rgb = RGBColor.from_string(document.look.accent)
    word.add_paragraph().add_run(document.headline).font.size = Pt(12)
    word.add_paragraph(" · ".join(document.contact))


def _section_title(paragraph: Paragraph, title: str, look: Look) -> None:
    _underline(paragraph, look.accent)
    run = paragraph.add_run(title)
    run.bold, run.font.size = True, Pt(12)
    run.font.color.rgb = RGBColor.from_string(look.accent)
    paragraph.paragraph_format.space_before = Pt(10)
    paragraph.paragraph_format.keep_with_next = True


def _underline(paragraph: Paragraph, colour: str) -> None:
    """A rule below the paragraph; python-docx has no call for it. Call it first: order counts."""
    borders, bottom = OxmlElement("w:pBdr"), OxmlElement("w:bottom")
    for key, value in (("val", "single"), ("sz", "6"), ("space", "1"), ("color", colour)):
        bottom.set(qn(f"w:{key}"), value)
    borders.append(bottom)
    paragraph.paragraph_format.element.get_or_add_pPr().append(borders)


def _plain_section(word: WordDocument, content: Section) -> None:
    if content.text:
        word.add_paragraph(content.text)
    for label, value in content.facts:
        paragraph = word.add_paragraph()
        paragraph.add_run(f"{label}: ").bold = True
        paragraph.add_run(value)
    for entry in content.entries:
        _plain_entry(word, entry)
    for point in content.points:
        word.add_paragraph(point, style="List Bullet")


def _plain_entry(word: WordDocument, entry: Entry) -> None:
    head = word.add_paragraph()
    head.paragraph_format.space_before = Pt(4)
    head.paragraph_format.keep_with_next = bool(entry.points)
    head.add_run(entry.what).bold = True
    if entry.where:
        head.add_run(f", {entry.where}")
    if entry.when:
        head.add_run(f" · {entry.when}").italic = True
    for point in entry.points:
        word.add_paragraph(point, style="List Bullet")


def _table_section(grid: Table, content: Section, look: Look) -> None:
    left, right = _row(grid)
    _section_title(left.merge(right).paragraphs[0], content.title, look)
    if content.text:
        _row(grid)[1].paragraphs[0].add_run(content.text)
    for label, value in content.facts:
        _labelled(grid, label).paragraphs[0].add_run(value)
    for entry in content.entries:
        _table_entry(_labelled(grid, entry.when), entry)
    if content.points:
        _bullets(_row(grid)[1], content.points)


def _table_entry(cell: _Cell, entry: Entry) -> None:
    cell.paragraphs[0].add_run(entry.what).bold = True
    if entry.where:
        cell.add_paragraph().add_run(entry.where).italic = True
    _bullets(cell, entry.points)


def _labelled(grid: Table, label: str) -> _Cell:
    left, right = _row(grid)
    paragraph = left.paragraphs[0]
    paragraph.alignment = WD_ALIGN_PARAGRAPH.LEFT
    paragraph.add_run(label)
    return right


def _row(grid: Table) -> tuple[_Cell, _Cell]:
    left, right = grid.add_row().cells  # type: ignore[no-untyped-call]  # python-docx left it bare
    left.width, right.width = _LABEL, _CONTENT
    return left, right


def _bullets(cell: _Cell, points: tuple[str, ...]) -> None:
    for point in points:
        cell.add_paragraph(point, style="List Bullet")


def _saved(word: WordDocument) -> bytes:
    target = BytesIO()
    word.save(target)
    return frozen(target.getvalue())
