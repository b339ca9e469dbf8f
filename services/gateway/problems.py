"""Problems (RFC 9457): what a caller gets instead of an answer, made from a gRPC status and its google.rpc details."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

import grpc
from google.protobuf.message import DecodeError
from google.rpc.error_details_pb2 import BadRequest, ErrorInfo, RetryInfo
from google.rpc.status_pb2 import Status

from services.gateway.contract import Route
from services.gateway.fields import FieldError, locate

MEDIA_TYPE = "application/problem+json"
_DETAILS_KEY = "grpc-status-details-bin"

_STATUS = {
    grpc.StatusCode.INVALID_ARGUMENT: 400,
    grpc.StatusCode.OUT_OF_RANGE: 400,
    grpc.StatusCode.UNAUTHENTICATED: 401,
    grpc.StatusCode.PERMISSION_DENIED: 403,
    grpc.StatusCode.NOT_FOUND: 404,
    grpc.StatusCode.ALREADY_EXISTS: 409,
    grpc.StatusCode.ABORTED: 409,
    grpc.StatusCode.FAILED_PRECONDITION: 409,
    grpc.StatusCode.RESOURCE_EXHAUSTED: 429,
    grpc.StatusCode.UNIMPLEMENTED: 501,
    grpc.StatusCode.UNAVAILABLE: 503,
    grpc.StatusCode.DEADLINE_EXCEEDED: 504,
}
_STATUS_OF_REASON = {"FILE_TOO_LARGE": 413}

# gRPC itself makes these, with addresses and method names in the text: without an ErrorInfo nobody of ours wrote it.
_SENTENCE_WITHOUT_REASON = {
    grpc.StatusCode.RESOURCE_EXHAUSTED: "A limit is reached. Try again later.",
    grpc.StatusCode.UNIMPLEMENTED: "This is not served yet.",
    grpc.StatusCode.UNAVAILABLE: "The service cannot be reached at the moment. Try again.",
    grpc.StatusCode.DEADLINE_EXCEEDED: "The answer took too long. Try again.",
}
_FAULT_SENTENCE = "Something went wrong on our side. Tell us the request id if it happens again."


@dataclass(frozen=True)
class Problem:
    """One problem. `reason` is stable and in capitals; `retry_after` is in whole seconds."""

    status: int
    reason: str
    detail: str
    errors: tuple[FieldError, ...] = ()
    retry_after: int | None = None
    extra_headers: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))

    @property
    def title(self) -> str:
        """The reason as words: JOB_CLOSED is `Job closed`."""
        return self.reason.replace("_", " ").capitalize()

    def headers(self) -> dict[str, str]:
        """The headers that go with it."""
        headers = {"content-type": MEDIA_TYPE, **self.extra_headers}
        if self.status == 401:
            headers["www-authenticate"] = "Bearer"
        if self.retry_after is not None:
            headers["retry-after"] = str(self.retry_after)
        return headers

    def as_dict(self, request_id: str) -> dict[str, Any]:
        """The JSON object of the problem."""
        members: dict[str, Any] = {
            "type": f"urn:candor:problem:{self.reason}",
            "title": self.title,
            "status": self.status,
            "detail": self.detail,
            "reason": self.reason,
            "requestId": request_id,
        }
        if self.errors:
            members["errors"] = [error.as_dict() for error in self.errors]
        return members

    def as_json(self, request_id: str) -> str:
        """The same as text."""
        return json.dumps(self.as_dict(request_id), ensure_ascii=False, separators=(",", ":"))


class Refused(Exception):
    """The request ends with a problem."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(f"{problem.reason}: {problem.detail}")
        self.problem = problem


FAULT = Problem(500, "INTERNAL", _FAULT_SENTENCE)
"""Our own mistake: the log knows more, the caller does not."""
CLOSING = Problem(503, "SERVICE_CLOSING", "The gateway is being restarted. Try again.", retry_after=1)
UNREACHABLE = Problem(503, "UNAVAILABLE", _SENTENCE_WITHOUT_REASON[grpc.StatusCode.UNAVAILABLE], retry_after=1)


def invalid(*errors: FieldError) -> Problem:
    """A request that cannot even be turned into its message."""
    return Problem(400, "REQUEST_INVALID", "The request is not valid: " + "; ".join(map(str, errors)), errors)


def from_rpc(error: grpc.aio.AioRpcError, route: Route | None) -> Problem:
    """The problem of a failed call. Names of fields are turned into those that the caller sent, by the route."""
    code, details = error.code(), _details(error)
    info, bad_request, retry = details.get(ErrorInfo), details.get(BadRequest), details.get(RetryInfo)
    if code not in _STATUS:
        return FAULT
    reason = info.reason if info and info.reason else code.name
    return Problem(
        status=_STATUS_OF_REASON.get(reason, _STATUS[code]),
        reason=reason,
        detail=_sentence(code, error.details() or "", signed=info is not None),
        errors=_errors(bad_request, route),
        retry_after=_seconds(retry),
    )


class _Details:
    """The google.rpc details of a status, by message class."""

    def __init__(self, status: Status) -> None:
        self._status = status

    def get(self, wanted: type[Any]) -> Any | None:
        for packed in self._status.details:
            if packed.Is(wanted.DESCRIPTOR):
                found = wanted()
                return found if packed.Unpack(found) else None
        return None


def _details(error: grpc.aio.AioRpcError) -> _Details:
    for key, value in error.trailing_metadata() or ():
        if key == _DETAILS_KEY and isinstance(value, bytes):
            try:
                return _Details(Status.FromString(value))
            except DecodeError:
                break
    return _Details(Status())


def _sentence(code: grpc.StatusCode, given: str, *, signed: bool) -> str:
    fixed = _SENTENCE_WITHOUT_REASON.get(code)
    return fixed if fixed and not signed else given or code.name.replace("_", " ").capitalize()


def _errors(bad_request: BadRequest | None, route: Route | None) -> tuple[FieldError, ...]:
    if bad_request is None or route is None:
        return ()
    return tuple(locate(route, one.field, one.description) for one in bad_request.field_violations)


def _seconds(retry: RetryInfo | None) -> int | None:
    if retry is None:
        return None
    seconds: float = retry.retry_delay.seconds + retry.retry_delay.nanos / 1e9
    return max(0, math.ceil(seconds))
