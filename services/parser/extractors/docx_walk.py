"""One pass over a part of a Word document: paragraphs, tables row by row, text boxes once, hidden runs apart."""

from __future__ import annotations

from dataclasses import dataclass, field

from candor.parsing.v1.parsed_resume_pb2 import HiddenSpan
from lxml import etree

from services.parser.extractors.docx_look import Colour, Look, Styles, W, shade, value
from services.parser.extractors.draft import Hidden, Line

_MC = "{http://schemas.openxmlformats.org/markup-compatibility/2006}"
_MATH_TEXT = "{http://schemas.openxmlformats.org/officeDocument/2006/math}t"
# What was deleted or moved away, field codes, the properties, the phonetic guide over East Asian text, and what only a
# screen reader says.
_SKIPPED = frozenset(
    f"{W}{name}"
    for name in (
        *("del", "moveFrom", "instrText", "delText", "delInstrText", "pPr", "rPr", "tblPr", "trPr", "tcPr", "sectPr"),
        *("rt", "sdtPr", "sdtEndPr", "annotationRef"),
    )
)
_SEPARATORS = frozenset(("separator", "continuationSeparator", "continuationNotice"))
_BREAKS = {f"{W}tab": "\t", f"{W}ptab": "\t", f"{W}noBreakHyphen": "-", f"{W}cr": "\n", f"{W}br": "\n"}


@dataclass(slots=True)
class _Paragraph:
    """A paragraph while it is walked: its visible text so far, and what runs in it look like."""

    look: Look
    background: Colour | None
    text: list[str] = field(default_factory=list)
    boxes: list[etree._Element] = field(default_factory=list)


class Walk:
    """Gathers the blocks and the hidden runs of one document. `paper` is None where the page's colour is not known."""

    def __init__(self, styles: Styles, paper: Colour | None) -> None:
        self.blocks: list[list[Line]] = []
        self.hidden: list[Hidden] = []
        self.pictures = False
        self._styles = styles
        self._paper = paper

    def part(self, root: etree._Element | None) -> None:
        """Adds a body, a header, a footer or the notes; nothing where there is no such part."""
        if root is not None:
            self._container(root, self._paper)

    def _container(self, element: etree._Element, background: Colour | None) -> None:
        """Paragraphs and tables, at whatever depth content controls and revisions put them."""
        for child in element:
            if child.tag == f"{W}p":
                self._paragraph(child, background)
            elif child.tag == f"{W}tbl":
                self._table(child, background)
            elif child.tag == f"{_MC}AlternateContent":
                self._container(_chosen(child), background)
            elif child.tag not in _SKIPPED and child.get(f"{W}type") not in _SEPARATORS:
                self._container(child, background)

    def _paragraph(self, element: etree._Element, background: Colour | None) -> None:
        paragraph = self._begin(element, background)
        self._inline(element, paragraph)
        lines = [Line(line) for line in "".join(paragraph.text).replace("\t", "    ").split("\n") if line.strip()]
        if lines:
            self.blocks.append(lines)
        for box in paragraph.boxes:
            self._container(box, None)

    def _begin(self, element: etree._Element, background: Colour | None) -> _Paragraph:
        properties = element.find(f"{W}pPr")
        style = None if properties is None else value(properties.find(f"{W}pStyle"))
        own = None if properties is None else shade(properties.find(f"{W}shd"))
        return _Paragraph(self._styles.paragraph_look(style), own or self._styles.paragraph_shade(style) or background)

    def _inline(self, element: etree._Element, paragraph: _Paragraph) -> None:
        """Runs, at whatever depth links, fields and revisions put them."""
        for child in element:
            if child.tag == f"{W}r":
                self._run(child, paragraph)
            elif child.tag == _MATH_TEXT:
                paragraph.text.append(child.text or "")
            elif child.tag not in _SKIPPED:
                self._inline(child, paragraph)

    def _run(self, run: etree._Element, paragraph: _Paragraph) -> None:
        texts: list[str] = []
        self._pieces(run, paragraph, texts)
        text = "".join(texts)
        look = self._styles.run_look(paragraph.look, run.find(f"{W}rPr"))
        kind = look.hides(paragraph.background)
        if kind is None or not text.strip():
            paragraph.text.append(text)
        else:
            paragraph.text.append(" ")
            self._hide(kind, text)

    def _pieces(self, element: etree._Element, paragraph: _Paragraph, texts: list[str]) -> None:
        for child in element:
            if child.tag == f"{W}t":
                texts.append(child.text or "")
            elif child.tag in _BREAKS:
                texts.append(_BREAKS[child.tag])
            elif child.tag == f"{W}txbxContent":
                paragraph.boxes.append(child)
            elif child.tag == f"{_MC}AlternateContent":
                self._pieces(_chosen(child), paragraph, texts)
            elif child.tag not in _SKIPPED:
                self.pictures = self.pictures or child.tag in (f"{W}drawing", f"{W}pict")
                self._pieces(child, paragraph, texts)

    def _hide(self, kind: HiddenSpan.Kind.ValueType, text: str) -> None:
        last = self.hidden[-1] if self.hidden else None
        if last is not None and last.kind == kind and len(last.text) < 2000:
            self.hidden[-1] = last._replace(text=f"{last.text}{text}")
        else:
            self.hidden.append(Hidden(kind, 1, text))

    def _table(self, table: etree._Element, background: Colour | None) -> None:
        properties = table.find(f"{W}tblPr")
        style = None if properties is None else value(properties.find(f"{W}tblStyle"))
        own = None if properties is None else shade(properties.find(f"{W}shd"))
        behind = own or (None if self._styles.paints_tables(style) else background)
        for row in _rows(table):
            self._row(row, behind)

    def _row(self, row: etree._Element, background: Colour | None) -> None:
        """The cells one after the other; on one line where each holds one line, as in a table of dates."""
        cells: list[list[list[Line]]] = []
        outer = self.blocks
        for cell in (element for element in row.iter(f"{W}tc") if _row_of(element) is row):
            self.blocks = []
            self._container(cell, shade(cell.find(f"{W}tcPr/{W}shd")) or background)
            cells.append(self.blocks)
        self.blocks = outer
        if all(sum(len(block) for block in cell) <= 1 for cell in cells):
            line = "    ".join(block[0].text for cell in cells for block in cell)
            self.blocks += [[Line(line)]] if line else []
        else:
            self.blocks += [block for cell in cells for block in cell]


def _rows(table: etree._Element) -> list[etree._Element]:
    """The table's own rows, those inside content controls too, those of tables inside it not."""
    return [row for row in table.iter(f"{W}tr") if next(row.iterancestors(f"{W}tbl")) is table]


def _row_of(cell: etree._Element) -> etree._Element | None:
    return next(cell.iterancestors(f"{W}tr"), None)


def _chosen(alternatives: etree._Element) -> etree._Element:
    """One of the forms in which Word keeps the same drawing: the modern one, if there is one."""
    choice = alternatives.find(f"{_MC}Choice")
    if choice is None:
        choice = alternatives.find(f"{_MC}Fallback")
    return alternatives if choice is None else choice
