"""What a process starts and stops, and in which order."""

from __future__ import annotations

import asyncio
import os
import signal

import pytest

from services.chassis.component import Assembly, Closing
from services.chassis.runtime import run

_HOW = {"start": "cannot start", "stop": "cannot stop"}


class Part:
    """A component that writes down what is done to it."""

    def __init__(self, name: str, journal: list[str], *, fails_at: str = "", reasons: list[str] | None = None) -> None:
        self._name, self._journal, self._fails_at, self._reasons = name, journal, fails_at, reasons or []

    async def start(self) -> None:
        await self._do("start")

    async def stop(self) -> None:
        await self._do("stop")

    async def ready(self) -> list[str]:
        return self._reasons

    async def _do(self, what: str) -> None:
        self._journal.append(f"{what} {self._name}")
        if self._fails_at == what:
            raise RuntimeError(f"{self._name} {_HOW[what]}")


@pytest.fixture
def journal() -> list[str]:
    return []


async def test_parts_start_in_order_and_stop_in_reverse(journal: list[str]) -> None:
    whole = Assembly([Part(name, journal) for name in "abc"])
    await whole.start()
    await whole.stop()
    assert journal == ["start a", "start b", "start c", "stop c", "stop b", "stop a"]


async def test_an_assembly_within_an_assembly_is_one_part(journal: list[str]) -> None:
    inner = Assembly([Part("b", journal), Part("c", journal)])
    whole = Assembly([Part("a", journal), inner, Part("d", journal)])
    await whole.start()
    await whole.stop()
    assert journal[:4] == ["start a", "start b", "start c", "start d"]
    assert journal[4:] == ["stop d", "stop c", "stop b", "stop a"]


async def test_what_was_not_started_is_not_stopped(journal: list[str]) -> None:
    await Assembly([Part("a", journal)]).stop()
    assert journal == []


async def test_a_part_that_cannot_start_is_stopped_with_those_before_it_and_none_behind_it(journal: list[str]) -> None:
    whole = Assembly([Part("a", journal), Part("b", journal, fails_at="start"), Part("c", journal)])
    with pytest.raises(RuntimeError, match="b cannot start"):
        await whole.start()
    await whole.stop()
    assert journal == ["start a", "start b", "stop b", "stop a"]


async def test_a_part_that_cannot_stop_does_not_keep_the_others_from_it(journal: list[str]) -> None:
    whole = Assembly([Part("a", journal), Part("b", journal, fails_at="stop"), Part("c", journal)])
    await whole.start()
    with pytest.raises(Exception, match="b cannot stop"):
        await whole.stop()
    assert journal[3:] == ["stop c", "stop b", "stop a"]


async def test_everything_is_stopped_once(journal: list[str]) -> None:
    whole = Assembly([Part("a", journal)])
    await whole.start()
    await whole.stop()
    await whole.stop()
    assert journal == ["start a", "stop a"]


async def test_a_whole_is_ready_when_all_its_parts_are(journal: list[str]) -> None:
    whole = Assembly([Part("a", journal), Part("b", journal)])
    assert await whole.ready() == ["still starting"]
    await whole.start()
    assert await whole.ready() == []


async def test_a_whole_that_is_not_ready_says_all_reasons(journal: list[str]) -> None:
    whole = Assembly([Part("a", journal, reasons=["no database"]), Part("b", journal, reasons=["no broker"])])
    await whole.start()
    assert await whole.ready() == ["no database", "no broker"]


async def test_what_is_closed_is_closed_in_the_order_given(journal: list[str]) -> None:
    async def close(name: str) -> None:
        journal.append(name)

    part = Closing(lambda: close("a"), lambda: close("b"))
    await part.start()
    assert await part.ready() == []
    await part.stop()
    assert journal == ["a", "b"]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_process_runs_until_it_is_told_to_stop(journal: list[str], number: signal.Signals) -> None:
    def told() -> None:
        journal.append("told")
        os.kill(os.getpid(), number)

    async with asyncio.timeout(5):
        await run(Part("a", journal), told)
    assert journal == ["start a", "told", "stop a"]


async def test_a_process_that_cannot_start_stops_what_it_has_begun(journal: list[str]) -> None:
    with pytest.raises(RuntimeError, match="b cannot start"):
        await run(Assembly([Part("a", journal), Part("b", journal, fails_at="start")]))
    assert journal == ["start a", "start b", "stop b", "stop a"]
