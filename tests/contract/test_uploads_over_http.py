"""Files over HTTP: as a form and as bare bytes, streamed on while they come."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import grpc
import pytest

from services.gateway.contract import Contract
from tests.contract.fake_mesh import FILE_LIMIT, RESUME_ID, FakeMesh
from tests.contract.running import Gateway, eventually, serving

URL = "/api/v1/resumes"
PDF = "application/pdf"
MEBIBYTE = 1024 * 1024


def _header(mesh: FakeMesh) -> Any:
    return mesh.requests[-1]


async def _connect(gateway: Gateway) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """A connection that buffers little, for tests that look at who holds how much."""
    connection = socket.socket()
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 65536)
    host, port = gateway.host.split(":")
    connection.connect((host, int(port)))
    return await asyncio.open_connection(sock=connection)


async def test_a_form_uploads_its_file(gateway: Gateway, mesh: FakeMesh) -> None:
    content = bytes(range(256)) * 1000
    response = await gateway.client.post(URL, files={"file": ("Lebenslauf Ł.pdf", content, PDF)})
    assert response.status_code == 200
    assert response.json()["resumeId"] == RESUME_ID
    assert (_header(mesh).file_name, mesh.received_bytes) == ("Lebenslauf Ł.pdf", len(content))


async def test_fields_of_the_form_fill_the_header(gateway: Gateway, mesh: FakeMesh) -> None:
    fields = {"file_name": "own.pdf", "requestId": "r-1"}
    await gateway.client.post(URL, data=fields, files={"file": ("other.pdf", b"x", PDF)})
    assert (_header(mesh).file_name, _header(mesh).request_id) == ("own.pdf", "r-1")


async def test_bare_bytes_upload_with_the_name_in_the_query(gateway: Gateway, mesh: FakeMesh) -> None:
    headers = {"content-type": PDF, "Idempotency-Key": '"k-7"'}
    response = await gateway.client.post(f"{URL}?file_name=cv.pdf", content=b"x" * 200_000, headers=headers)
    assert response.status_code == 200
    assert (_header(mesh).file_name, _header(mesh).request_id, mesh.received_bytes) == ("cv.pdf", "k-7", 200_000)


async def test_bare_bytes_upload_with_the_name_in_content_disposition(gateway: Gateway, mesh: FakeMesh) -> None:
    headers = {"content-disposition": "attachment; filename*=UTF-8''L%C3%B3d%C5%BA.pdf"}
    await gateway.client.post(URL, content=b"x", headers=headers)
    assert _header(mesh).file_name == "Lódź.pdf"


async def test_a_path_in_a_file_name_is_cut_off(gateway: Gateway, mesh: FakeMesh) -> None:
    await gateway.client.post(URL, files={"file": ("../../etc/passwd", b"x", PDF)})
    assert _header(mesh).file_name == "passwd"


async def test_a_file_goes_on_in_chunks_of_64_kib(gateway: Gateway, mesh: FakeMesh) -> None:
    await gateway.client.post(f"{URL}?file_name=a", content=b"x" * MEBIBYTE)
    assert (mesh.received_bytes, mesh.largest_chunk) == (MEBIBYTE, 65536)


async def test_an_upload_has_a_deadline(gateway: Gateway, mesh: FakeMesh) -> None:
    await gateway.client.post(f"{URL}?file_name=a", content=b"x")
    assert mesh.seconds_left is not None


@pytest.mark.parametrize("as_form", [True, False])
async def test_a_file_that_is_too_large_is_413(gateway: Gateway, as_form: bool) -> None:
    content = b"x" * (FILE_LIMIT + 5 * MEBIBYTE)
    response = await gateway.client.post(
        URL, **({"files": {"file": ("big.pdf", content, PDF)}} if as_form else {"content": content})
    )
    assert (response.status_code, response.json()["reason"]) == (413, "FILE_TOO_LARGE")


async def test_a_refused_upload_is_not_read_to_its_end(gateway: Gateway, mesh: FakeMesh) -> None:
    reader, writer = await _connect(gateway)
    writer.write(f"POST {URL}?file_name=a HTTP/1.1\r\nHost: x\r\nContent-Length: {10**12}\r\n\r\n".encode())

    async def send_for_ever() -> None:
        while True:
            writer.write(b"x" * 65536)
            await writer.drain()

    sending = asyncio.create_task(send_for_ever())
    async with asyncio.timeout(10):
        head = await reader.readuntil(b"\r\n\r\n")
        await asyncio.wait([sending])
    assert b"413 " in head
    assert b"connection: close" in head
    assert isinstance(sending.exception(), ConnectionError)
    assert mesh.received_bytes <= FILE_LIMIT + 65536


async def test_the_reason_of_a_refusal_is_never_lost_to_a_write_under_way(gateway: Gateway, mesh: FakeMesh) -> None:
    for _ in range(8):
        mesh.forget()
        response = await gateway.client.post(f"{URL}?file_name=a", content=b"x" * (FILE_LIMIT + 2 * MEBIBYTE))
        assert response.json()["reason"] == "FILE_TOO_LARGE"


class WaitsForStatus(grpc.aio.StreamUnaryClientInterceptor):
    """Hands the call on only when it is over, as OpenTelemetry's instrumentation does."""

    async def intercept_stream_unary(self, continuation: Any, details: Any, requests: Any) -> Any:
        call = await continuation(details, requests)
        await call.code()
        return call


async def test_an_upload_passes_an_interceptor_that_waits_for_its_end(contract: Contract, tmp_path: Path) -> None:
    async with serving(contract, FakeMesh(), tmp_path, WaitsForStatus()) as own, asyncio.timeout(5):
        response = await own.client.post(f"{URL}?file_name=a", content=b"x" * 100_000)
    assert response.json()["sizeBytes"] == 100_000


async def test_the_client_is_held_back_by_a_slow_service(gateway: Gateway, mesh: FakeMesh) -> None:
    mesh.slow_reading = 0.01
    reader, writer = await _connect(gateway)
    writer.write(f"POST {URL}?file_name=a HTTP/1.1\r\nHost: x\r\nContent-Length: {8 * MEBIBYTE}\r\n\r\n".encode())
    lead = 0
    for sent in range(65536, 8 * MEBIBYTE + 1, 65536):
        writer.write(b"x" * 65536)
        await writer.drain()
        lead = max(lead, sent - mesh.received_bytes)
    assert b"200 OK" in await reader.readline()
    writer.close()
    # What is under way stands in the small buffers of two sockets, uvicorn's, and gRPC's flow control window.
    assert lead < 2 * MEBIBYTE


async def test_a_client_that_leaves_cancels_the_upload(gateway: Gateway, mesh: FakeMesh) -> None:
    async def body() -> AsyncIterator[bytes]:
        yield b"x" * 100_000
        await asyncio.sleep(30)

    upload = asyncio.create_task(gateway.client.post(f"{URL}?file_name=a", content=body()))
    await eventually(lambda: mesh.received_bytes > 0)
    upload.cancel()
    async with asyncio.timeout(5):
        await mesh.upload_cancelled.wait()


def _form(*parts: tuple[str, str, str], end: str = "--b--\r\n") -> bytes:
    text = "".join(
        f'--b\r\nContent-Disposition: form-data; name="{name}"{extra}\r\n\r\n{value}\r\n'
        for name, extra, value in parts
    )
    return (text + end).encode()


FILE = ("file", '; filename="a.pdf"', "content")


@pytest.mark.parametrize(
    ("body", "where"),
    [
        (_form(("file_name", "", "a.pdf")), "file"),
        (_form(FILE, ("request_id", "", "late")), "request_id"),
        (_form(FILE, FILE), "file"),
        (_form(("colour", "", "red"), FILE), "colour"),
        (_form(("file_name", "", "x" * 20_000), FILE), "file_name"),
    ],
)
async def test_a_form_that_cannot_be_taken_names_the_part(gateway: Gateway, body: bytes, where: str) -> None:
    headers = {"content-type": "multipart/form-data; boundary=b"}
    response = await gateway.client.post(URL, content=body, headers=headers)
    assert response.status_code == 400
    assert response.json()["errors"][0]["parameter"] == where


@pytest.mark.parametrize("body", [_form(FILE, end=""), b"nonsense", b"", _form(FILE)[:60]])
async def test_a_form_that_is_cut_short_is_400_and_never_kept(gateway: Gateway, mesh: FakeMesh, body: bytes) -> None:
    headers = {"content-type": "multipart/form-data; boundary=b"}
    response = await gateway.client.post(URL, content=body, headers=headers)
    assert (response.status_code, response.json()["reason"]) == (400, "REQUEST_INVALID")
    if mesh.requests:
        async with asyncio.timeout(5):
            await mesh.upload_cancelled.wait()


async def test_a_form_without_boundary_is_400(gateway: Gateway) -> None:
    response = await gateway.client.post(URL, content=b"x", headers={"content-type": "multipart/form-data"})
    assert response.status_code == 400
