"""Turns what a method raises into a status with google.rpc details. Nobody else does."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import grpc
from google.protobuf.any_pb2 import Any
from google.protobuf.duration_pb2 import Duration
from google.protobuf.message import Message
from google.rpc.error_details_pb2 import BadRequest, ErrorInfo, RetryInfo
from google.rpc.status_pb2 import Status
from grpc_status.rpc_status import to_status

from services.chassis.logging import logger
from services.chassis.refusals import Code, Refusal, Unavailable
from services.chassis.rpc.interceptors.layer import AdmitsAll, Call

_log = logger(__name__)
DOMAIN = "candor"


class TooLate(Refusal):
    """The time for this call has run out."""

    code = Code.DEADLINE_EXCEEDED
    sentence = "The request took longer than it may take. Try again."


class Fault(Refusal):
    """Our mistake. The log knows more; the caller learns nothing of the inside."""

    code = Code.INTERNAL
    sentence = "Something went wrong on our side. It has been logged under this request's trace."


class DependencyDown(Unavailable):
    """Something this service stands on does not answer."""

    sentence = "The service cannot reach something that it needs. Try again in a moment."


class RefusingLayer(AdmitsAll):
    """Stands right within tracing, around every layer that may refuse. `outages` are the exception types that mean
    that a dependency is down rather than that we are wrong."""

    def __init__(self, outages: tuple[type[BaseException], ...] = ()) -> None:
        self._outages = outages

    @asynccontextmanager
    async def around(self, call: Call) -> AsyncIterator[None]:
        try:
            yield
        except Refusal as refusal:
            await self._abort(call, refusal)
        except TimeoutError:
            await self._abort(call, TooLate())
        except grpc.aio.AioRpcError as error:
            await self._pass_on(call, error)
        except self._outages as error:
            _log.warning("dependency down", rpc=call.full_name, error=str(error))
            await self._abort(call, DependencyDown(retry_after_seconds=1.0))
        except (grpc.aio.AbortError, asyncio.CancelledError, GeneratorExit):
            raise
        except Exception as error:
            _log.error("fault", rpc=call.full_name, exc_info=error)
            await self._abort(call, Fault())

    async def _abort(self, call: Call, refusal: Refusal) -> None:
        call.code = refusal.code
        await call.context.abort_with_status(to_status(as_status(refusal)))

    async def _pass_on(self, call: Call, error: grpc.aio.AioRpcError) -> None:
        """What another service answered is our answer too: its details hold."""
        call.code = Code(error.code().value[0]) if error.code().value[0] in set(Code) else Code.INTERNAL
        await call.context.abort(error.code(), error.details() or "", tuple(error.trailing_metadata() or ()))


def as_status(refusal: Refusal) -> Status:
    """The status of a refusal, with ErrorInfo, and BadRequest and RetryInfo where it has them."""
    details: list[Message] = [ErrorInfo(reason=refusal.reason, domain=DOMAIN, metadata=refusal.facts)]
    if refusal.fields:
        violations = [BadRequest.FieldViolation(field=one.field, description=one.description) for one in refusal.fields]
        details.append(BadRequest(field_violations=violations))
    if refusal.retry_after_seconds is not None:
        delay = Duration()
        delay.FromMilliseconds(int(refusal.retry_after_seconds * 1000))
        details.append(RetryInfo(retry_delay=delay))
    return Status(code=int(refusal.code), message=str(refusal), details=[_packed(one) for one in details])


def _packed(message: Message) -> Any:
    packed = Any()
    packed.Pack(message)
    return packed
