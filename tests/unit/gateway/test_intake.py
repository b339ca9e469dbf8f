from __future__ import annotations

import asyncio
from typing import Any

import pytest
from starlette.requests import ClientDisconnect

from services.gateway.intake import Intake
from services.gateway.problems import Refused


class Client:
    """A client that sends what it is told, and then nothing."""

    def __init__(self, *events: dict[str, Any]) -> None:
        self._events = list(events)
        self.asked = 0

    async def receive(self) -> dict[str, Any]:
        self.asked += 1
        if not self._events:
            await asyncio.Event().wait()
        return self._events.pop(0)


def _piece(body: bytes, *, more: bool = True) -> dict[str, Any]:
    return {"type": "http.request", "body": body, "more_body": more}


async def test_a_body_is_read_no_faster_than_it_is_consumed() -> None:
    client = Client(*[_piece(b"x")] * 100)
    pieces = Intake(client.receive).pieces()
    for _ in range(3):
        await anext(pieces)
    assert client.asked == 3


async def test_a_body_ends_with_its_last_piece() -> None:
    client = Client(_piece(b"a"), _piece(b""), _piece(b"b", more=False))
    intake = Intake(client.receive)
    assert [piece async for piece in intake.pieces()] == [b"a", b"b"]
    assert (intake.ended, client.asked) == (True, 3)


async def test_a_reader_that_waits_sees_the_stop() -> None:
    intake = Intake(Client(_piece(b"a")).receive)
    pieces = intake.pieces()
    await anext(pieces)
    asyncio.get_running_loop().call_later(0.01, intake.stop)
    async with asyncio.timeout(1):
        assert [piece async for piece in pieces] == []
    assert not intake.ended


async def test_a_client_that_sends_nothing_is_408() -> None:
    with pytest.raises(Refused) as refused:
        await Intake(Client().receive, idle_seconds=0.01).whole()
    assert refused.value.problem.status == 408


async def test_a_client_that_left_is_noticed() -> None:
    intake = Intake(Client(_piece(b"a"), {"type": "http.disconnect"}).receive)
    with pytest.raises(ClientDisconnect):
        await intake.whole()


async def test_a_body_over_its_limit_is_413_before_it_is_all_there() -> None:
    client = Client(*[_piece(b"x" * 10)] * 100)
    with pytest.raises(Refused) as refused:
        await Intake(client.receive).whole(limit=25)
    assert (refused.value.problem.status, client.asked) == (413, 3)
