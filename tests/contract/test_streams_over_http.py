"""Server streams as Server-Sent Events and as WebSocket."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import grpc
import httpx2
import pytest
from candor.evaluations.v1.evaluation_pb2 import Evaluation
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, ConnectionClosedError

from services.gateway.app import shutdown_streams
from services.gateway.contract import Contract
from tests.contract.fake_mesh import EVALUATION_ID, Context, FakeMesh, evaluation, reason, refuse
from tests.contract.running import Gateway, eventually, serving

PATH = f"/api/v1/evaluations/{EVALUATION_ID}:watch"
CODE = grpc.StatusCode


async def _never_ending(_: Context) -> AsyncIterator[Evaluation]:
    yield evaluation(Evaluation.STATE_RUNNING)
    await asyncio.sleep(60)


async def _breaking(context: Context) -> AsyncIterator[Evaluation]:
    yield evaluation(Evaluation.STATE_RUNNING)
    await refuse(context, CODE.FAILED_PRECONDITION, "It was deleted.", [reason("EVALUATION_GONE")])


def _events(text: str) -> list[dict[str, str]]:
    blocks = [block for block in text.split("\n\n") if block and not block.startswith(":")]
    return [dict(line.split(": ", 1) for line in block.split("\n")) for block in blocks]


def _socket(gateway: Gateway, path: str = PATH, **arguments: Any) -> connect:
    return connect(f"ws://{gateway.host}{path}", **arguments)


async def test_events_count_and_carry_json(gateway: Gateway) -> None:
    response = await gateway.client.get(PATH)
    assert response.headers["content-type"] == "text/event-stream; charset=utf-8"
    events = _events(response.text)
    assert [event["id"] for event in events] == ["1", "2"]
    assert [json.loads(event["data"])["state"] for event in events] == ["STATE_RUNNING", "STATE_SUCCEEDED"]


async def test_events_come_when_they_happen(gateway: Gateway, mesh: FakeMesh) -> None:
    mesh.stream = _never_ending
    async with asyncio.timeout(5), gateway.client.stream("GET", PATH) as response:
        async for line in response.aiter_lines():
            assert line == "id: 1"
            break


async def test_a_refusal_before_the_first_event_keeps_its_status(gateway: Gateway, mesh: FakeMesh) -> None:
    mesh.refusal = (CODE.NOT_FOUND, "There is no such evaluation.", [reason("EVALUATION_NOT_FOUND")])
    response = await gateway.client.get(PATH)
    assert (response.status_code, response.json()["reason"]) == (404, "EVALUATION_NOT_FOUND")


async def test_a_refusal_midway_is_an_error_event_and_the_end(gateway: Gateway, mesh: FakeMesh) -> None:
    mesh.stream = _breaking
    events = _events((await gateway.client.get(PATH)).text)
    assert [event.get("event") for event in events] == [None, "error"]
    assert json.loads(events[1]["data"])["reason"] == "EVALUATION_GONE"


async def test_a_client_that_leaves_ends_the_call(gateway: Gateway, mesh: FakeMesh) -> None:
    mesh.stream = _never_ending
    async with gateway.client.stream("GET", PATH) as response:
        await anext(response.aiter_lines())
    async with asyncio.timeout(5):
        await mesh.stream_cancelled.wait()


async def test_head_of_a_stream_does_not_stay(gateway: Gateway, mesh: FakeMesh) -> None:
    mesh.stream = _never_ending
    response = await gateway.client.head(PATH, timeout=5)
    assert response.headers["content-type"].startswith("text/event-stream")


async def test_a_websocket_gets_every_message_and_a_normal_end(gateway: Gateway) -> None:
    async with _socket(gateway) as socket:
        states = [json.loads(message)["state"] async for message in socket]
    assert states == ["STATE_RUNNING", "STATE_SUCCEEDED"]
    assert socket.close_code == 1000


@pytest.mark.parametrize("by_header", [True, False])
async def test_a_websocket_signs_in_by_header_or_parameter(gateway: Gateway, mesh: FakeMesh, by_header: bool) -> None:
    headers = {"Authorization": "Bearer t"} if by_header else {}
    async with _socket(gateway, PATH if by_header else f"{PATH}?access_token=t", additional_headers=headers) as socket:
        await socket.recv()
    assert mesh.metadata["authorization"] == "Bearer t"


async def test_a_token_in_the_query_is_for_websockets_only(gateway: Gateway, mesh: FakeMesh) -> None:
    response = await gateway.client.get(f"{PATH}?access_token=t")
    assert response.status_code == 400
    assert mesh.requests == []


async def test_a_refused_websocket_gets_the_problem_and_1008(gateway: Gateway, mesh: FakeMesh) -> None:
    mesh.refusal = (CODE.UNAUTHENTICATED, "Sign in first.", [reason("SIGN_IN_REQUIRED")])
    async with _socket(gateway) as socket:
        problem = json.loads(await socket.recv())
        with pytest.raises(ConnectionClosedError):
            await socket.recv()
    assert (problem["status"], problem["reason"]) == (401, "SIGN_IN_REQUIRED")
    assert (socket.close_code, socket.close_reason) == (1008, "SIGN_IN_REQUIRED")


async def test_a_websocket_that_breaks_midway_gets_the_problem_last(gateway: Gateway, mesh: FakeMesh) -> None:
    mesh.stream = _breaking
    async with _socket(gateway) as socket:
        messages = [json.loads(await socket.recv()), json.loads(await socket.recv())]
        with pytest.raises(ConnectionClosedError):
            await socket.recv()
    assert [message.get("reason") for message in messages] == [None, "EVALUATION_GONE"]
    assert socket.close_code == 1008


async def test_a_fault_closes_a_websocket_with_1011(gateway: Gateway, mesh: FakeMesh) -> None:
    mesh.failure = RuntimeError("inside")
    async with _socket(gateway) as socket:
        assert "inside" not in str(await socket.recv())
        with pytest.raises(ConnectionClosed):
            await socket.recv()
    assert socket.close_code == 1011


@pytest.mark.parametrize("path", ["/api/v1/me", "/api/v1/nothing"])
async def test_a_websocket_where_there_is_no_stream_is_refused(gateway: Gateway, path: str) -> None:
    async with _socket(gateway, path) as socket:
        assert json.loads(await socket.recv())["reason"] == "ROUTE_NOT_FOUND"
        await socket.wait_closed()
    assert socket.close_code == 1008


async def test_a_websocket_that_leaves_ends_the_call(gateway: Gateway, mesh: FakeMesh) -> None:
    mesh.stream = _never_ending
    async with _socket(gateway) as socket:
        await socket.recv()
    async with asyncio.timeout(5):
        await mesh.stream_cancelled.wait()


async def test_open_streams_end_when_the_gateway_closes(contract: Contract, tmp_path: Path) -> None:
    mesh = FakeMesh()
    mesh.stream = _never_ending
    async with serving(contract, mesh, tmp_path) as own, _socket(own) as socket:
        await socket.recv()
        async with own.client.stream("GET", PATH) as response:
            lines = response.aiter_lines()
            await anext(lines)
            async with asyncio.timeout(3):
                await shutdown_streams(own.app)
                rest = [line async for line in lines]
        await socket.wait_closed()
        assert rest[0].startswith("data: ")
        assert socket.close_code == 1001
        assert (await own.client.get(PATH)).status_code == 503


async def test_a_gateway_with_a_reader_who_never_reads_still_closes(contract: Contract, tmp_path: Path) -> None:
    mesh = FakeMesh()

    async def flood(_: Context) -> AsyncIterator[Evaluation]:
        while True:
            yield Evaluation(rationale="x" * 100_000)

    mesh.stream = flood
    async with serving(contract, mesh, tmp_path) as own:
        host, port = own.host.split(":")
        _, writer = await asyncio.open_connection(host, int(port))
        writer.write(f"GET {PATH} HTTP/1.1\r\nHost: {own.host}\r\n\r\n".encode())
        await asyncio.sleep(0.5)
        async with asyncio.timeout(3):
            await shutdown_streams(own.app)
        writer.close()


async def test_a_silent_stream_is_kept_alive(mesh: FakeMesh, gateway: Gateway) -> None:
    from services.gateway.streaming import ticking

    async def silent() -> AsyncIterator[Evaluation]:
        await asyncio.sleep(0.25)
        yield evaluation(Evaluation.STATE_RUNNING)

    seen = [message async for message in ticking(silent(), 0.1)]
    assert [message is None for message in seen] == [True, True, False]


async def test_a_stream_that_nobody_waits_for_is_closed(gateway: Gateway, mesh: FakeMesh) -> None:
    mesh.stream = _never_ending
    with pytest.raises(httpx2.ReadTimeout):
        await gateway.client.get(PATH, timeout=httpx2.Timeout(5, read=0.2))
    async with asyncio.timeout(5):
        await mesh.stream_cancelled.wait()
    await eventually(lambda: gateway.app.state.streams.open_streams == 0)
