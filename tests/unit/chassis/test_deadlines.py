"""The time that a request has left shrinks from hop to hop."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable
from contextvars import copy_context
from typing import TypeVar

import pytest
from candor.jobs.v1 import jobs_service_pb2
from candor.resumes.v1 import resumes_service_pb2

from services.chassis.rpc import deadlines
from services.chassis.rpc.interceptors.deadline import LONGEST_CALL_SECONDS, DeadlineLayer
from services.chassis.rpc.interceptors.layer import Call

T = TypeVar("T")
GET_JOB = jobs_service_pb2.DESCRIPTOR.services_by_name["JobsService"].methods_by_name["GetJob"]
WATCH = resumes_service_pb2.DESCRIPTOR.services_by_name["ResumesService"].methods_by_name["WatchResume"]


class Context:
    """A servicer's context whose caller allows so much time."""

    def __init__(self, seconds: float | None) -> None:
        self._seconds = seconds

    def time_remaining(self) -> float | None:
        return self._seconds


def apart(test: Callable[[], T]) -> T:
    """Runs outside of whatever request there may be."""
    return copy_context().run(test)


def test_outside_a_request_a_call_gets_the_time_it_wants() -> None:
    assert apart(lambda: deadlines.allowed(20.0)) == 20.0


def test_a_call_gets_less_than_the_request_it_is_made_for() -> None:
    def hop() -> float:
        deadlines.begin(5.0)
        return deadlines.allowed(20.0)

    allowed = apart(hop)
    assert 4.0 < allowed <= 5.0 - deadlines.MARGIN_SECONDS


def test_a_call_that_wants_less_gets_what_it_wants() -> None:
    def hop() -> float:
        deadlines.begin(5.0)
        return deadlines.allowed(1.0)

    assert apart(hop) == 1.0


def test_time_shrinks_hop_by_hop() -> None:
    def hops() -> list[float]:
        left = [5.0]
        for _ in range(5):
            deadlines.begin(left[-1])
            left.append(deadlines.allowed(20.0))
        return left

    left = apart(hops)
    assert all(later < earlier for earlier, later in itertools.pairwise(left))


def test_no_call_gets_less_than_no_time() -> None:
    def hop() -> float:
        deadlines.begin(0.01)
        return deadlines.allowed(20.0)

    assert apart(hop) == 0.0


async def test_what_is_called_while_serving_gets_what_the_caller_left() -> None:
    async with DeadlineLayer().around(Call(GET_JOB, Context(3.0), {})):
        assert 2.0 < deadlines.allowed(20.0) < 3.0


async def test_a_call_without_a_deadline_gets_ours() -> None:
    async with DeadlineLayer().around(Call(GET_JOB, Context(None), {})):
        assert deadlines.allowed(1000.0) <= LONGEST_CALL_SECONDS


async def test_a_stream_without_a_deadline_lasts_as_long_as_its_caller_listens() -> None:
    async with DeadlineLayer().around(Call(WATCH, Context(None), {})):
        assert deadlines.allowed(1000.0) == 1000.0


async def test_a_method_ends_with_its_callers_deadline() -> None:
    with pytest.raises(TimeoutError):
        async with DeadlineLayer().around(Call(GET_JOB, Context(0.02), {})):
            await asyncio.sleep(5)
