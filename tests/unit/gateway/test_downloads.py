from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.gateway.contract import load_contract
from services.gateway.downloads import attachment, download_headers
from tests.unit.gateway.samples import route_named

RESPONSE = route_named(load_contract(), "DownloadResume").rpc.response


@pytest.mark.parametrize(
    ("media_type", "expected"),
    [
        ("application/pdf", "application/pdf"),
        ("text/plain; charset=utf-8", "text/plain"),
        ("text/html", "application/octet-stream"),
        ("image/svg+xml", "application/octet-stream"),
        ("", "application/octet-stream"),
        ("application/pdf\r\nx: y", "application/octet-stream"),
    ],
)
def test_only_harmless_types_keep_their_name(media_type: str, expected: str) -> None:
    headers = download_headers(RESPONSE(header={"media_type": media_type, "size_bytes": 3}))
    assert headers["content-type"] == expected


def test_an_unknown_size_is_not_given() -> None:
    assert "content-length" not in download_headers(RESPONSE(header={"file_name": "a"}))


@given(st.text())
def test_no_file_name_breaks_a_header(name: str) -> None:
    value = attachment(name)
    assert value.isascii()
    assert value.isprintable()
    assert value.count('"') in (0, 2)
