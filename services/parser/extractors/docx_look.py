"""How a Word document makes a run of text look, as far as that decides whether a reader sees it.

Properties come from the document's defaults, the paragraph's style, the character style (each through `basedOn`) and
the run itself; the last that says something wins. Backgrounds come from shading; what a text box or a table style
paints is not known, and white text there is taken as visible.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from candor.parsing.v1.parsed_resume_pb2 import HiddenSpan
from lxml import etree

W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
# Half points: 4 are 2 points, which nobody reads.
_TINY_HALF_POINTS = 4
# Characters squeezed to 5 % of their width are a line.
_TINY_PERCENT = 5
# The same distance in levels of 255 as for the ink of a PDF.
_CONTRAST = 14
_DEEPEST_STYLE = 20

Colour = tuple[int, int, int]
WHITE: Colour = (255, 255, 255)


@dataclass(frozen=True, slots=True)
class Look:
    """Everything about a run that can hide it. `shade` None means that nothing is painted behind it by itself."""

    vanish: bool = False
    colour: Colour | None = None
    half_points: float = 22.0
    percent: float = 100.0
    shade: Colour | None = None

    def hides(self, background: Colour | None) -> HiddenSpan.Kind.ValueType | None:
        """How a reader is kept from seeing such a run; `background` None where it is not known."""
        if self.vanish:
            return HiddenSpan.KIND_MARKED_HIDDEN
        if self.half_points <= _TINY_HALF_POINTS or self.percent <= _TINY_PERCENT:
            return HiddenSpan.KIND_TINY
        behind = self.shade or background
        if self.colour is None or behind is None:
            return None
        distance = max(abs(one - two) for one, two in zip(self.colour, behind, strict=True))
        return HiddenSpan.KIND_NO_INK if distance < _CONTRAST else None


class Styles:
    """The styles part. `root` None stands for a document without one."""

    def __init__(self, root: etree._Element | None) -> None:
        self._styles: dict[str, etree._Element] = {}
        self._looks: dict[str | None, Look] = {}
        self._defaults: etree._Element | None = None
        self.default_paragraph: str | None = None
        if root is None:
            return
        self._defaults = root.find(f"{W}docDefaults/{W}rPrDefault/{W}rPr")
        for style in root.iterfind(f"{W}style"):
            name = style.get(f"{W}styleId", "")
            self._styles[name] = style
            if style.get(f"{W}type") == "paragraph" and style.get(f"{W}default") in ("1", "true", "on"):
                self.default_paragraph = name

    def paragraph_look(self, style: str | None) -> Look:
        """What runs of a paragraph in this style look like before their own properties."""
        if style not in self._looks:
            self._looks[style] = self._through(apply(Look(), self._defaults), style or self.default_paragraph)
        return self._looks[style]

    def run_look(self, paragraph: Look, properties: etree._Element | None) -> Look:
        """What a run looks like whose `w:rPr` this is."""
        if properties is None:
            return paragraph
        return apply(self._through(paragraph, value(properties.find(f"{W}rStyle"))), properties)

    def paragraph_shade(self, style: str | None) -> Colour | None:
        """What a paragraph style paints behind its text."""
        shades = [shade(element.find(f"{W}pPr/{W}shd")) for element in self._chain(style or self.default_paragraph)]
        return next((found for found in reversed(shades) if found), None)

    def paints_tables(self, style: str | None) -> bool:
        """True where a table style shades anything."""
        return any(shade(shd) is not None for element in self._chain(style) for shd in element.iter(f"{W}shd"))

    def _through(self, look: Look, style: str | None) -> Look:
        for element in self._chain(style):
            look = apply(look, element.find(f"{W}rPr"))
        return look

    def _chain(self, style: str | None) -> list[etree._Element]:
        """A style and what it is based on, the base first. Ends at a circle."""
        chain: list[etree._Element] = []
        while style in self._styles and len(chain) < _DEEPEST_STYLE:
            chain.insert(0, self._styles[style])
            style = value(self._styles[style].find(f"{W}basedOn"))
        return chain


def apply(look: Look, properties: etree._Element | None) -> Look:
    """The look with what a `w:rPr` says about it."""
    if properties is None:
        return look
    for element in properties:
        if element.tag == f"{W}vanish":
            look = replace(look, vanish=element.get(f"{W}val", "1") not in ("0", "false", "off"))
        elif element.tag == f"{W}color":
            look = replace(look, colour=_text_colour(element))
        elif element.tag == f"{W}sz":
            look = replace(look, half_points=_number(element, 22.0))
        elif element.tag == f"{W}w":
            look = replace(look, percent=_number(element, 100.0))
        elif element.tag == f"{W}shd":
            look = replace(look, shade=shade(element))
        elif element.tag == f"{W}highlight":
            look = replace(look, shade=_HIGHLIGHTS.get(element.get(f"{W}val", "")))
    return look


def value(element: etree._Element | None) -> str | None:
    """The `w:val` of an element that may be missing."""
    return None if element is None else element.get(f"{W}val")


def shade(element: etree._Element | None) -> Colour | None:
    """The colour of a `w:shd`; None where it paints nothing."""
    if element is None:
        return None
    return _colour(element.get(f"{W}color" if element.get(f"{W}val") == "solid" else f"{W}fill"))


def _text_colour(element: etree._Element) -> Colour | None:
    found = _colour(element.get(f"{W}val"))
    if found is None and element.get(f"{W}themeColor") in ("background1", "light1"):
        return WHITE
    return found


def _colour(text: str | None) -> Colour | None:
    if text is None or len(text) != 6:
        return None
    try:
        red, green, blue = bytes.fromhex(text)
    except ValueError:
        return None
    return red, green, blue


def _number(element: etree._Element, otherwise: float) -> float:
    try:
        return float((value(element) or "").rstrip("%"))
    except ValueError:
        return otherwise


_HIGHLIGHTS: dict[str, Colour] = {
    "black": (0, 0, 0),
    "white": WHITE,
    "yellow": (255, 255, 0),
    "red": (255, 0, 0),
    "green": (0, 255, 0),
    "blue": (0, 0, 255),
    "cyan": (0, 255, 255),
    "magenta": (255, 0, 255),
    "darkBlue": (0, 0, 128),
    "darkCyan": (0, 128, 128),
    "darkGreen": (0, 128, 0),
    "darkMagenta": (128, 0, 128),
    "darkRed": (128, 0, 0),
    "darkYellow": (128, 128, 0),
    "darkGray": (128, 128, 128),
    "lightGray": (192, 192, 192),
}
