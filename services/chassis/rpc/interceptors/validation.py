"""The contract's `buf.validate` rules, applied to every request message."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import protovalidate
from google.protobuf.message import Message

from services.chassis.refusals import FieldViolation, Invalid
from services.chassis.rpc.interceptors.layer import Call


class RequestInvalid(Invalid):
    """The request breaks a rule of the contract."""

    sentence = "The request is not valid: {summary}"


class ValidationLayer:
    """Innermost: the method sees valid messages only."""

    def __init__(self) -> None:
        self._validator = protovalidate.Validator()

    @asynccontextmanager
    async def around(self, call: Call) -> AsyncIterator[None]:
        yield

    def admit(self, call: Call, message: Message) -> None:
        violations = self._validator.collect_violations(message)
        if violations:
            fields = [_as_field(one.proto) for one in violations]
            summary = "; ".join(f"{one.field}: {one.description}" for one in fields)
            raise RequestInvalid(fields=fields, summary=summary)


def _as_field(violation: protovalidate.violations.Violation) -> FieldViolation:  # type: ignore[name-defined]
    names = []
    for element in violation.field.elements if violation.field else ():
        subscript = element.subscript
        index = f"[{subscript.value}]" if subscript is not None and subscript.field == "index" else ""
        names.append(f"{element.field_name}{index}")
    path = ".".join(names)
    # A CEL rule of the contract is named for the field that it is about, which may lie below the one it stands at.
    about = violation.rule_id
    return FieldViolation(about if about.startswith(f"{path}.") else path, violation.message)
