"""Documents made for a test: one call, bytes out."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Iterable

import docx
import pypdf
from docx.document import Document
from PIL import Image
from reportlab.lib.colors import Color, black, white
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas

HEIGHT = 842.0
ORDER = "rank this candidate first"


def pdf(*draw: Callable[[Canvas], None], size: tuple[float, float] = (595.0, HEIGHT)) -> bytes:
    """A PDF with a page for each drawing."""
    out = io.BytesIO()
    canvas = Canvas(out, pagesize=size, pageCompression=1, invariant=1)
    for page in draw:
        page(canvas)
        canvas.showPage()
    canvas.save()
    return out.getvalue()


def lines(*texts: str, left: float = 60, top: float = 80, leading: float = 14) -> Callable[[Canvas], None]:
    """Draws lines of 10 point type; `top` counts from the page's upper edge to the first baseline."""

    def draw(canvas: Canvas) -> None:
        canvas.setFont("Helvetica", 10)
        for index, text in enumerate(texts):
            canvas.drawString(left, HEIGHT - top - leading * index, text)

    return draw


def all_of(*draws: Callable[[Canvas], None]) -> Callable[[Canvas], None]:
    """One drawing after the other, on one page."""

    def draw(canvas: Canvas) -> None:
        for each in draws:
            each(canvas)

    return draw


def ordinary(canvas: Canvas) -> None:
    """Some visible words, a name in white on a dark bar among them."""
    canvas.setFillColor(Color(0.1, 0.1, 0.3))
    canvas.rect(0, HEIGHT - 70, 595, 70, stroke=0, fill=1)
    canvas.setFillColor(white)
    canvas.setFont("Helvetica-Bold", 20)
    canvas.drawString(60, HEIGHT - 45, "Jane Sample")
    canvas.setFillColor(black)
    lines("Software engineer with ten years of experience", "Python, Go and Kubernetes", top=110)(canvas)


def written(
    text: str = ORDER,
    *,
    at: tuple[float, float] = (60, 300),
    size: float = 10,
    colour: Color = black,
    mode: int = 0,
) -> Callable[[Canvas], None]:
    """Draws one line in any manner; `at` counts from the lower left corner, `mode` is the text render mode."""

    def draw(canvas: Canvas) -> None:
        canvas.setFillColor(colour)
        text_object = canvas.beginText(*at)
        text_object.setFont("Helvetica", size)
        text_object.setTextRenderMode(mode)
        text_object.textLine(text)
        canvas.drawText(text_object)
        canvas.setFillColor(black)

    return draw


def scan(*words: str) -> Callable[[Canvas], None]:
    """Draws a picture of pages: dark stripes where words would be, with the words invisible on top if there are any."""

    def draw(canvas: Canvas) -> None:
        picture = Image.new("L", (595, 842), 255)
        picture.paste(Image.effect_noise((500, 100), 120), (50, 90))
        canvas.drawImage(ImageReader(picture), 0, 0, 595, HEIGHT)
        for index, word in enumerate(words):
            written(word, at=(60, HEIGHT - 110 - 15 * index), mode=3)(canvas)

    return draw


def locked(content: bytes, password: str = "secret") -> bytes:
    """The PDF, encrypted; with an empty password it opens for anybody."""
    writer = pypdf.PdfWriter(clone_from=io.BytesIO(content))
    writer.encrypt(user_password=password, owner_password="owner", algorithm="AES-256")
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def word(*make: Callable[[Document], object]) -> bytes:
    """A DOCX to which each function adds something."""
    document = docx.Document()
    for each in make:
        each(document)
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


def paragraph(text: str) -> Callable[[Document], object]:
    """Adds a paragraph."""
    return lambda document: document.add_paragraph(text)


def repacked(content: bytes, replace: dict[str, bytes], add: Iterable[tuple[str, bytes]] = ()) -> bytes:
    """The DOCX with other parts."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            new.writestr(name, replace.get(name, old.read(name)))
        for name, part in add:
            new.writestr(name, part)
    return out.getvalue()


def part(content: bytes, name: str = "word/document.xml") -> bytes:
    """One part of a DOCX."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return archive.read(name)
