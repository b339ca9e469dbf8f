"""Files that come back."""

from __future__ import annotations

import grpc
import httpx2
import pytest

from tests.contract.fake_mesh import RESUME_ID, FakeMesh, reason
from tests.contract.running import Gateway

URL = f"/api/v1/resumes/{RESUME_ID}:download"


async def test_a_file_comes_back_as_it_is(gateway: Gateway, mesh: FakeMesh) -> None:
    mesh.file = bytes(range(256)) * 2000
    response = await gateway.client.get(URL)
    assert response.content == mesh.file
    assert response.headers["content-type"] == "application/pdf"
    assert response.headers["content-length"] == str(len(mesh.file))


async def test_a_file_is_an_attachment_that_no_browser_runs(gateway: Gateway, mesh: FakeMesh) -> None:
    mesh.media_type = "text/html"
    mesh.file_name = 'Ł".html\r\nx: y'
    headers = (await gateway.client.get(URL)).headers
    assert headers["content-type"] == "application/octet-stream"
    assert headers["x-content-type-options"] == "nosniff"
    assert (
        headers["content-disposition"]
        == "attachment; filename=\"__.html__x_ y\"; filename*=UTF-8''%C5%81%22.html%0D%0Ax%3A%20y"
    )
    assert "x" not in headers


async def test_a_refused_download_is_a_problem(gateway: Gateway, mesh: FakeMesh) -> None:
    mesh.refusal = (grpc.StatusCode.NOT_FOUND, "There is no such CV.", [reason("RESUME_NOT_FOUND")])
    response = await gateway.client.get(URL)
    assert (response.status_code, response.json()["reason"]) == (404, "RESUME_NOT_FOUND")


async def test_a_download_that_breaks_off_is_seen_to_be_cut_short(gateway: Gateway, mesh: FakeMesh) -> None:
    mesh.file = b"x" * 1_000_000
    mesh.breaks_off = True
    with pytest.raises(httpx2.RemoteProtocolError):
        await gateway.client.get(URL)


async def test_head_answers_size_and_name_without_the_file(gateway: Gateway, mesh: FakeMesh) -> None:
    response = await gateway.client.head(URL)
    assert response.headers["content-length"] == str(len(mesh.file))
    assert response.content == b""
