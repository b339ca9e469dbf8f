from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.gateway.multipart import FileStart, FormEvent, FormField, FormReader
from services.gateway.problems import Refused

TYPE = 'multipart/form-data; boundary="b ound"'
FORM = (
    b'--b ound\r\nContent-Disposition: form-data; name="file_name"\r\n\r\nL\xc3\xb3dz.pdf\r\n'
    b'--b ound\r\nContent-Type: application/pdf\r\ncontent-disposition: form-data; name="file"; filename="%22a.pdf"'
    b"\r\n\r\nline\r\n--b oun\r\nmore\r\n--b ound--\r\nepilogue"
)


def _read(pieces: list[bytes]) -> list[FormEvent]:
    reader = FormReader(TYPE)
    events = [event for piece in pieces for event in reader.feed(piece)]
    reader.finish()
    return events


def _joined(events: list[FormEvent]) -> list[FormEvent]:
    others: list[FormEvent] = [event for event in events if not isinstance(event, bytes)]
    return [*others, b"".join(event for event in events if isinstance(event, bytes))]


@given(st.lists(st.integers(1, len(FORM) - 1), max_size=20))
def test_a_form_reads_the_same_however_it_is_cut(cuts: list[int]) -> None:
    edges = [0, *sorted(set(cuts)), len(FORM)]
    pieces = [FORM[start:end] for start, end in pairwise(edges)]
    assert _joined(_read(pieces)) == [
        FormField("file_name", "Lódz.pdf"),
        FileStart('"a.pdf'),
        b"line\r\n--b oun\r\nmore",
    ]


def test_a_form_that_ends_early_is_refused() -> None:
    with pytest.raises(Refused, match="ends early"):
        _read([FORM[:-20]])


def test_a_form_with_endless_parts_is_refused() -> None:
    part = b'--b ound\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n'
    with pytest.raises(Refused, match="more than 50 parts"):
        FormReader(TYPE).feed(part * 51)


@pytest.mark.parametrize("header", [b"x" * 100_000, b"a: " + b"b" * 100_000])
def test_an_endless_part_header_is_refused(header: bytes) -> None:
    with pytest.raises(Refused):
        FormReader(TYPE).feed(b"--b ound\r\n" + header + b"\r\n\r\n")


@pytest.mark.parametrize("content_type", ["multipart/form-data", "multipart/form-data; boundary=" + "b" * 1000])
def test_a_form_without_usable_boundary_is_refused(content_type: str) -> None:
    with pytest.raises(Refused):
        FormReader(content_type)
