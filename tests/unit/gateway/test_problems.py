from __future__ import annotations

import grpc
import pytest
from google.protobuf.any_pb2 import Any as Packed
from google.protobuf.duration_pb2 import Duration
from google.protobuf.message import Message
from google.rpc.error_details_pb2 import BadRequest, ErrorInfo, RetryInfo
from google.rpc.status_pb2 import Status

from services.gateway.contract import Contract, load_contract
from services.gateway.problems import Problem, from_rpc
from tests.unit.gateway.samples import route_named

CODE = grpc.StatusCode
CONTRACT = load_contract()


def _problem(code: grpc.StatusCode, sentence: str, *details: Message, contract: Contract = CONTRACT) -> Problem:
    status = Status(code=code.value[0], message=sentence)
    for detail in details:
        packed = Packed()
        packed.Pack(detail)
        status.details.append(packed)
    metadata = grpc.aio.Metadata(("grpc-status-details-bin", status.SerializeToString()))
    error = grpc.aio.AioRpcError(code, grpc.aio.Metadata(), metadata, sentence)
    return from_rpc(error, route_named(contract, "UpdateJob"))


@pytest.mark.parametrize(
    ("code", "status"),
    [
        (CODE.INVALID_ARGUMENT, 400),
        (CODE.UNAUTHENTICATED, 401),
        (CODE.PERMISSION_DENIED, 403),
        (CODE.NOT_FOUND, 404),
        (CODE.ALREADY_EXISTS, 409),
        (CODE.ABORTED, 409),
        (CODE.FAILED_PRECONDITION, 409),
        (CODE.RESOURCE_EXHAUSTED, 429),
        (CODE.UNIMPLEMENTED, 501),
        (CODE.UNAVAILABLE, 503),
        (CODE.DEADLINE_EXCEEDED, 504),
        (CODE.INTERNAL, 500),
        (CODE.UNKNOWN, 500),
        (CODE.DATA_LOSS, 500),
        (CODE.CANCELLED, 500),
    ],
)
def test_every_code_has_its_status(code: grpc.StatusCode, status: int) -> None:
    assert _problem(code, "x").status == status


def test_a_file_that_is_too_large_is_413() -> None:
    assert _problem(CODE.RESOURCE_EXHAUSTED, "x", ErrorInfo(reason="FILE_TOO_LARGE")).status == 413


def test_the_reason_is_the_refusals_and_its_title_words() -> None:
    problem = _problem(CODE.FAILED_PRECONDITION, "The job is closed.", ErrorInfo(reason="JOB_CLOSED"))
    assert (problem.reason, problem.title, problem.detail) == ("JOB_CLOSED", "Job closed", "The job is closed.")
    assert problem.as_dict("r")["type"] == "urn:candor:problem:JOB_CLOSED"


def test_without_details_the_code_is_the_reason() -> None:
    error = grpc.aio.AioRpcError(CODE.NOT_FOUND, grpc.aio.Metadata(), grpc.aio.Metadata(), "Gone.")
    assert (from_rpc(error, None).reason, from_rpc(error, None).detail) == ("NOT_FOUND", "Gone.")


def test_details_that_cannot_be_read_are_passed_over() -> None:
    metadata = grpc.aio.Metadata(("grpc-status-details-bin", b"\xff\xff\xff"))
    error = grpc.aio.AioRpcError(CODE.NOT_FOUND, grpc.aio.Metadata(), metadata, "Gone.")
    assert from_rpc(error, None).reason == "NOT_FOUND"


@pytest.mark.parametrize(
    "code", [CODE.UNAVAILABLE, CODE.UNIMPLEMENTED, CODE.DEADLINE_EXCEEDED, CODE.RESOURCE_EXHAUSTED]
)
def test_a_sentence_of_grpc_itself_is_not_shown(code: grpc.StatusCode) -> None:
    assert "10.0.0.7" not in _problem(code, "to ipv4:10.0.0.7:4000").detail
    assert _problem(code, "Ours.", ErrorInfo(reason="MODEL_UNAVAILABLE")).detail == "Ours."


@pytest.mark.parametrize("code", [CODE.INTERNAL, CODE.UNKNOWN])
def test_a_fault_shows_nothing(code: grpc.StatusCode) -> None:
    problem = _problem(code, "KeyError at store.py", ErrorInfo(reason="FAULT"))
    assert "KeyError" not in problem.as_json("r")
    assert problem.reason == "INTERNAL"


@pytest.mark.parametrize(("seconds", "expected"), [(0.2, "1"), (12.0, "12"), (12.5, "13")])
def test_waiting_is_rounded_up_to_seconds(seconds: float, expected: str) -> None:
    delay = Duration()
    delay.FromMilliseconds(int(seconds * 1000))
    problem = _problem(CODE.RESOURCE_EXHAUSTED, "x", RetryInfo(retry_delay=delay))
    assert problem.headers()["retry-after"] == expected


@pytest.mark.parametrize(
    ("field", "place"),
    [
        ("job.title", {"pointer": "/title"}),
        ("job.rubric.criteria[0].criterion_id", {"pointer": "/rubric/criteria/0/criterionId"}),
        ("job", {"pointer": ""}),
        ("job.job_id", {"parameter": "job_id"}),
        ("update_mask", {"parameter": "updateMask"}),
        ("job.something_new", {"pointer": "/something_new"}),
    ],
)
def test_a_field_is_named_as_the_caller_sent_it(field: str, place: dict[str, str]) -> None:
    violation = BadRequest.FieldViolation(field=field, description="is wrong")
    problem = _problem(CODE.INVALID_ARGUMENT, "x", BadRequest(field_violations=[violation]))
    assert problem.as_dict("r")["errors"] == [{**place, "detail": "is wrong"}]
