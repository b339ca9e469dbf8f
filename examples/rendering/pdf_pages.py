"""The PDF layouts: one column, and two columns with the sidebar on either side."""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO
from itertools import chain

# reportlab ships no type information.
from reportlab.lib.colors import HexColor, white  # type: ignore[import-untyped]
from reportlab.lib.pagesizes import A4  # type: ignore[import-untyped]
from reportlab.lib.units import mm  # type: ignore[import-untyped]
from reportlab.lib.utils import simpleSplit  # type: ignore[import-untyped]
from reportlab.pdfgen.canvas import Canvas  # type: ignore[import-untyped]
from reportlab.platypus import BaseDocTemplate, Flowable, Frame, PageTemplate  # type: ignore[import-untyped]

from examples.rendering.document import Document
from examples.rendering.pdf_text import Typography, contact_line, contact_list, heading, section

Drawing = Callable[[Canvas], None]
_WIDTH, _HEIGHT = A4
_SIDEBAR = 62 * mm


def one_column(document: Document) -> bytes:
    type_ = _typography(document)
    story = heading(document.name, document.headline, type_)
    story.append(contact_line(document.contact, type_))
    story += _sections(document, type_, aside=False) + _sections(document, type_, aside=True)
    column = _frame(19 * mm, _WIDTH - 38 * mm)
    return _build(document, story, column, at_end=lambda canvas: _hide(canvas, document.look.hidden))


def sidebar_left(document: Document) -> bytes:
    """Name, contact and skills in white on a dark panel; in the file they come before the main column."""
    light = Typography.of(document.look.font, "#FFFFFF", ink="#FFFFFF", size=9.2)
    panel = heading(document.name, document.headline, light) + contact_list(document.contact, light)
    panel += _sections(document, light, aside=True)
    story = _sections(document, _typography(document), aside=False)

    def draw(canvas: Canvas) -> None:
        _fill(canvas, 0, f"#{document.look.accent}")
        if canvas.getPageNumber() == 1:
            _pour(canvas, panel, 0)

    return _build(document, story, _frame(_SIDEBAR + 8 * mm, _WIDTH - _SIDEBAR - 20 * mm), at_start=draw)


def sidebar_right(document: Document) -> bytes:
    """Main column first, then a tinted panel; in the file the panel follows the first page's main column."""
    type_ = _typography(document)
    panel = contact_list(document.contact, type_) + _sections(document, type_, aside=True)
    story = heading(document.name, document.headline, type_) + _sections(document, type_, aside=False)

    def draw(canvas: Canvas) -> None:
        if canvas.getPageNumber() == 1:
            _pour(canvas, panel, _WIDTH - _SIDEBAR)

    return _build(
        document,
        story,
        _frame(14 * mm, _WIDTH - _SIDEBAR - 20 * mm),
        at_start=lambda canvas: _fill(canvas, _WIDTH - _SIDEBAR, "#EEF1F4"),
        at_end=draw,
    )


def _typography(document: Document) -> Typography:
    return Typography.of(document.look.font, f"#{document.look.accent}")


def _sections(document: Document, type_: Typography, *, aside: bool) -> list[Flowable]:
    chosen = document.aside if aside else document.main
    return list(chain.from_iterable(section(content, type_) for content in chosen))


def _frame(x: float, width: float) -> Frame:
    height = _HEIGHT - 28 * mm
    return Frame(x, 14 * mm, width, height, leftPadding=0, rightPadding=0, topPadding=0, bottomPadding=0)


def _nothing(canvas: Canvas) -> None:
    """Most pages need no drawing beside their text."""


def _build(
    document: Document,
    story: list[Flowable],
    column: Frame,
    *,
    at_start: Drawing = _nothing,
    at_end: Drawing = _nothing,
) -> bytes:
    """`invariant` fixes dates and identifiers, so that the same text gives the same bytes."""
    template = PageTemplate(
        frames=[column],
        onPage=lambda canvas, _: at_start(canvas),
        onPageEnd=lambda canvas, _: at_end(canvas),
    )
    target = BytesIO()
    title = f"{document.name}, {document.headline}"
    BaseDocTemplate(
        target, pagesize=A4, pageTemplates=[template], invariant=1, title=title, author=document.name
    ).build(story)
    return target.getvalue()


def _fill(canvas: Canvas, x: float, colour: str) -> None:
    canvas.saveState()
    canvas.setFillColor(HexColor(colour))
    canvas.rect(x, 0, _SIDEBAR, _HEIGHT, stroke=0, fill=1)
    canvas.restoreState()


def _pour(canvas: Canvas, panel: list[Flowable], x: float) -> None:
    rest = list(panel)
    _frame(x + 7 * mm, _SIDEBAR - 13 * mm).addFromList(rest, canvas)
    if rest:
        raise ValueError(f"the sidebar is too full, {len(rest)} paragraphs do not fit")


def _hide(canvas: Canvas, paragraphs: tuple[str, ...]) -> None:
    """White on white, in letters of two points, at the foot of the first page: invisible to people only."""
    if canvas.getPageNumber() > 1:
        return
    canvas.setFillColor(white)
    text = canvas.beginText(19 * mm, 12 * mm)
    text.setFont("Helvetica", 2)
    for paragraph in paragraphs:
        for line in simpleSplit(paragraph, "Helvetica", 2, _WIDTH - 38 * mm):
            text.textLine(line)
    canvas.drawText(text)
