"""Identifiers: `job_0190…`, a prefix that says what it is and a UUIDv7 that sorts by time of birth."""

from __future__ import annotations

import secrets
import time


def new_id(prefix: str) -> str:
    """`prefix`, an underscore and a UUIDv7 (RFC 9562, 5.7) in 32 hexadecimal digits."""
    milliseconds = time.time_ns() // 1_000_000
    random = secrets.randbits(74)
    value = milliseconds << 80 | 0x7 << 76 | (random >> 62) << 64 | 0b10 << 62 | random & (1 << 62) - 1
    return f"{prefix}_{value:032x}"
