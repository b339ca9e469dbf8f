"""Identifiers: `job_0190…`, a prefix that says what it is and a UUIDv7 that sorts by time of birth."""

from __future__ import annotations

import itertools
import secrets
import time

_order = itertools.count()


def new_id(prefix: str) -> str:
    """`prefix`, an underscore and a UUIDv7 (RFC 9562, 5.7) in 32 hexadecimal digits.

    The 12 bits behind the milliseconds count up (RFC 9562, 6.2), so that ids made one after the other in one process
    sort that way even within a millisecond, up to the counter's turn."""
    milliseconds = time.time_ns() // 1_000_000
    value = milliseconds << 80 | 0x7 << 76 | next(_order) % 4096 << 64 | 0b10 << 62 | secrets.randbits(62)
    return f"{prefix}_{value:032x}"
