"""From sections to the paragraphs a PDF page is filled with. Knows typography, knows nothing of pages."""

from __future__ import annotations

from dataclasses import dataclass
from xml.sax.saxutils import escape

# reportlab ships no type information.
from reportlab.lib.colors import Color, HexColor  # type: ignore[import-untyped]
from reportlab.lib.styles import ParagraphStyle  # type: ignore[import-untyped]
from reportlab.pdfbase.pdfmetrics import registerFont, registerFontFamily  # type: ignore[import-untyped]
from reportlab.pdfbase.ttfonts import TTFont  # type: ignore[import-untyped]
from reportlab.platypus import Flowable, HRFlowable, Paragraph  # type: ignore[import-untyped]

from examples.rendering.document import Entry, Section

# Helvetica and Times are built into every reader; Vera comes with reportlab and is embedded.
_FACES = {
    "Helvetica": ("Helvetica", "Helvetica-Bold", "Helvetica-Oblique"),
    "Times": ("Times-Roman", "Times-Bold", "Times-Italic"),
    "Vera": ("Vera", "VeraBd", "VeraIt"),
}
_WIDE_FACES = {"Vera"}  # set about a tenth wider than the others, so a tenth smaller


@dataclass(frozen=True)
class Typography:
    """One family in one colour scheme; the sidebar of a page has its own."""

    font: str
    ink: Color
    accent: Color
    size: float = 10.4

    @classmethod
    def of(cls, font: str, accent: str, *, ink: str = "#222222", size: float = 10.4) -> Typography:
        register_fonts()
        scaled = size * 0.9 if font in _WIDE_FACES else size
        return cls(font=font, ink=HexColor(ink), accent=HexColor(accent), size=scaled)

    def style(self, name: str, *, face: int = 0, scale: float = 1.0, **settings: object) -> ParagraphStyle:
        size = self.size * scale
        fixed = {"fontName": _FACES[self.font][face], "fontSize": size, "leading": size * 1.42}
        return ParagraphStyle(name, **{"textColor": self.ink, **fixed, **settings})


def register_fonts() -> None:
    for face in _FACES["Vera"]:
        registerFont(TTFont(face, f"{face}.ttf"))
    registerFontFamily("Vera", normal="Vera", bold="VeraBd", italic="VeraIt", boldItalic="VeraBI")


def heading(name: str, headline: str, type_: Typography) -> list[Flowable]:
    big = type_.style("name", face=1, scale=2.3, textColor=type_.accent)
    small = type_.style("headline", scale=1.22, spaceAfter=4)
    return [Paragraph(escape(name), big), Paragraph(escape(headline), small)]


def contact_line(contact: tuple[str, ...], type_: Typography) -> Flowable:
    return Paragraph(escape("  ·  ".join(contact)), type_.style("contact", scale=0.94, spaceAfter=6))


def contact_list(contact: tuple[str, ...], type_: Typography) -> list[Flowable]:
    style = type_.style("contact", scale=0.84, spaceAfter=2)  # an address must fit on one line
    return [Paragraph(escape(line), style) for line in contact]


def section(content: Section, type_: Typography) -> list[Flowable]:
    body = type_.style("body", spaceAfter=3)
    story = _title(content.title, type_)
    if content.text:
        story.append(Paragraph(escape(content.text), body))
    story += [Paragraph(f"<b>{escape(label)}:</b> {escape(value)}", body) for label, value in content.facts]
    for entry in content.entries:
        story += _entry(entry, type_)
    return story + _points(content.points, type_)


def _title(title: str, type_: Typography) -> list[Flowable]:
    style = type_.style("title", face=1, scale=1.14, textColor=type_.accent, spaceBefore=11, keepWithNext=1)
    rule = HRFlowable(width="100%", thickness=0.7, color=type_.accent, spaceBefore=1.5, spaceAfter=4)
    rule.keepWithNext = 1
    return [Paragraph(escape(title), style), rule]


def _entry(entry: Entry, type_: Typography) -> list[Flowable]:
    place = "  |  ".join(part for part in (entry.where, entry.when) if part)
    what = type_.style("what", face=1, spaceBefore=5, keepWithNext=1 if place or entry.points else 0)
    where = type_.style("where", face=2, spaceAfter=2, keepWithNext=1 if entry.points else 0)
    story = [Paragraph(escape(entry.what), what)]
    if place:
        story.append(Paragraph(escape(place), where))
    return story + _points(entry.points, type_)


def _points(points: tuple[str, ...], type_: Typography) -> list[Flowable]:
    regular, indent = _FACES[type_.font][0], type_.size * 1.5
    style = type_.style("point", leftIndent=indent, bulletIndent=2, bulletFontName=regular, spaceAfter=1.6)
    return [Paragraph(escape(point), style, bulletText="•") for point in points]
