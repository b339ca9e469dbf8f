"""What goes over the line between the parser and its zygote, and over a document's own line.

A request is 8 bytes, with the document's socket beside a READ. A report is 12 bytes; its status is an exit code, or
minus the signal. On the document's line its content goes one way up to the end of input, and a framed answer back.
"""

from __future__ import annotations

import struct
from typing import NamedTuple

REQUEST, REPORT, FRAME = struct.Struct("!cxxxI"), struct.Struct("!cxxxIi"), struct.Struct("!I")
READ, KILL, READY, ENDED = b"R", b"K", b"Y", b"E"
# The longest text, 300,000 characters, has 1.2 MB in UTF-8; its places take as much again.
MOST_ANSWER = 8 * 1024 * 1024


class Limits(NamedTuple):
    """What one document may take. Seconds of computing are whole, as the kernel counts them."""

    memory_bytes: int
    cpu_seconds: int
    wall_seconds: float
