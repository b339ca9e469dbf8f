"""A CV that was printed and put on a scanner: one grey picture per page, slightly crooked, no text layer."""

from __future__ import annotations

from io import BytesIO
from time import struct_time

import pypdfium2  # type: ignore[import-untyped]  # ships no type information
from PIL import Image, ImageFilter

from examples.rendering.document import Document
from examples.rendering.pdf_pages import one_column

_DPI = 150
_PAPER = 246  # a scanner never returns pure white
_TILT = 0.5  # degrees
_SCANNED_ON = struct_time((2026, 9, 1, 9, 0, 0, 1, 244, 0))


def scanned(document: Document) -> bytes:
    first, *others = [_as_scan(page) for page in _pictures(one_column(document))]
    target = BytesIO()
    first.save(
        target,
        "PDF",
        save_all=True,
        append_images=others,
        resolution=_DPI,
        quality=70,
        creationDate=_SCANNED_ON,
        modDate=_SCANNED_ON,
    )
    return target.getvalue()


def _pictures(pdf: bytes) -> list[Image.Image]:
    pages = pypdfium2.PdfDocument(pdf)
    return [page.render(scale=_DPI / 72).to_pil().convert("L") for page in pages]


def _as_scan(page: Image.Image) -> Image.Image:
    paper = page.point([min(_PAPER, 40 + value * (_PAPER - 40) // 255) for value in range(256)])
    crooked = paper.rotate(_TILT, resample=Image.Resampling.BICUBIC, fillcolor=_PAPER)
    return crooked.filter(ImageFilter.GaussianBlur(0.5))
