"""Puts a user password on a PDF."""

from __future__ import annotations

import re
from io import BytesIO

from pypdf import PdfWriter


def locked(pdf: bytes, password: str) -> bytes:
    """RC4 on purpose: AES draws a random vector per string, and this file has to be the same on every run.

    It only has to refuse to open without its password; it guards nothing.
    """
    writer = PdfWriter(clone_from=BytesIO(pdf))
    writer.encrypt(user_password=password, algorithm="RC4-128")
    target = BytesIO()
    writer.write(target)
    return _with_settled_identifier(target.getvalue())


def _with_settled_identifier(pdf: bytes) -> bytes:
    """The second half of /ID is random too, but no part of the key: it becomes a copy of the first."""
    return re.sub(rb"/ID \[ <(\w+)> <\w+> \]", rb"/ID [ <\1> <\1> ]", pdf)
