"""Expected failures, and the status that a caller sees."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from candor.jobs.v1 import jobs_service_pb2
from google.rpc.error_details_pb2 import BadRequest, ErrorInfo, RetryInfo
from google.rpc.status_pb2 import Status

from services.chassis import refusals
from services.chassis.refusals import Code, Exhausted, FieldViolation, Invalid, Missing, Refusal
from services.chassis.rpc.interceptors.layer import Call
from services.chassis.rpc.interceptors.refusing import RefusingLayer, as_status

GET_JOB = jobs_service_pb2.DESCRIPTOR.services_by_name["JobsService"].methods_by_name["GetJob"]


class BoxNotFound(Missing):
    """For these tests."""

    sentence = "There is no box {box_id}."


class BoxTooHeavy(Exhausted):
    """For these tests."""

    sentence = "The box is too heavy."


class BoxNotSquare(Invalid):
    """For these tests."""

    sentence = "The box is not square."


def details(status: Status, kind: type[Any]) -> list[Any]:
    found = []
    for detail in status.details:
        message = kind()
        if detail.Unpack(message):
            found.append(message)
    return found


def test_the_reason_of_a_refusal_is_its_name() -> None:
    assert BoxNotFound(box_id="b1").reason == "BOX_NOT_FOUND"


def test_a_refusal_is_a_sentence_with_its_facts() -> None:
    assert str(BoxNotFound(box_id="b1")) == "There is no box b1."


def test_a_fact_with_braces_is_kept_as_it_is() -> None:
    assert str(BoxNotFound(box_id="{0} {x} %s")) == "There is no box {0} {x} %s."


def test_a_status_carries_code_sentence_reason_and_facts() -> None:
    status = as_status(BoxNotFound(box_id="b1"))
    assert (status.code, status.message) == (5, "There is no box b1.")
    [info] = details(status, ErrorInfo)
    assert (info.reason, info.domain, dict(info.metadata)) == ("BOX_NOT_FOUND", "candor", {"box_id": "b1"})
    assert not details(status, BadRequest)
    assert not details(status, RetryInfo)


def test_a_status_names_the_fields_that_are_wrong() -> None:
    wrong = [FieldViolation("box.width", "must be 3"), FieldViolation("box.height", "must be 3")]
    [bad] = details(as_status(BoxNotSquare(fields=wrong)), BadRequest)
    assert [(one.field, one.description) for one in bad.field_violations] == [
        ("box.width", "must be 3"),
        ("box.height", "must be 3"),
    ]


@pytest.mark.parametrize("seconds", [0.0, 0.25, 1.0, 90.0])
def test_a_status_says_when_to_come_again(seconds: float) -> None:
    [retry] = details(as_status(BoxTooHeavy(retry_after_seconds=seconds)), RetryInfo)
    assert retry.retry_delay.ToTimedelta().total_seconds() == seconds


def test_every_kind_of_refusal_has_a_code_of_grpc() -> None:
    kinds = [
        one for one in vars(refusals).values() if isinstance(one, type) and issubclass(one, Refusal) and one != Refusal
    ]
    assert {kind.__name__: kind.code.name for kind in kinds} == {
        "Invalid": "INVALID_ARGUMENT",
        "Missing": "NOT_FOUND",
        "Taken": "ALREADY_EXISTS",
        "Forbidden": "PERMISSION_DENIED",
        "Unmet": "FAILED_PRECONDITION",
        "Lost": "ABORTED",
        "Exhausted": "RESOURCE_EXHAUSTED",
        "Unavailable": "UNAVAILABLE",
        "Unauthenticated": "UNAUTHENTICATED",
    }


class Aborted(Exception):
    """How gRPC leaves a method that was refused."""


class Context:
    """A servicer's context that keeps the status it was ended with."""

    def __init__(self) -> None:
        self.message = ""
        self.trailing: Any = ()

    async def abort_with_status(self, status: Any) -> None:
        self.message, self.trailing = status.details, status.trailing_metadata
        raise Aborted

    @property
    def status(self) -> Status:
        [(_, value)] = [one for one in self.trailing if one[0] == "grpc-status-details-bin"]
        return Status.FromString(value)


class Outage(Exception):
    """Something that the service stands on is down."""


async def ended_by(error: BaseException) -> tuple[Call, Context]:
    context = Context()
    call = Call(GET_JOB, context, {})
    with pytest.raises(Aborted):
        async with RefusingLayer((Outage,)).around(call):
            raise error
    return call, context


async def test_a_refusal_out_of_a_method_becomes_its_status() -> None:
    call, context = await ended_by(BoxNotFound(box_id="b1"))
    assert call.code is Code.NOT_FOUND
    assert context.status == as_status(BoxNotFound(box_id="b1"))


async def test_a_dependency_that_is_down_is_unavailable_and_says_when_to_come_again() -> None:
    call, context = await ended_by(Outage("password=hunter2"))
    assert call.code is Code.UNAVAILABLE
    assert details(context.status, ErrorInfo)[0].reason == "DEPENDENCY_DOWN"
    assert details(context.status, RetryInfo)
    assert "hunter2" not in context.message


async def test_a_method_that_took_too_long_is_told_so() -> None:
    call, context = await ended_by(TimeoutError())
    assert call.code is Code.DEADLINE_EXCEEDED
    assert details(context.status, ErrorInfo)[0].reason == "TOO_LATE"


@pytest.mark.parametrize("error", [ValueError("hunter2"), KeyError("hunter2"), AssertionError("hunter2")])
async def test_our_own_mistake_is_internal_and_shows_nothing_of_the_inside(error: Exception) -> None:
    call, context = await ended_by(error)
    assert call.code is Code.INTERNAL
    assert "hunter2" not in str(context.status)


@pytest.mark.parametrize("make", [asyncio.CancelledError, GeneratorExit])
async def test_a_caller_who_has_gone_is_told_nothing(make: Callable[[], BaseException]) -> None:
    call = Call(GET_JOB, Context(), {})
    with pytest.raises(make):
        async with RefusingLayer().around(call):
            raise make()
    assert call.code is None
