"""Fields by the names that callers know them by, and where in a request a field stands."""

from __future__ import annotations

import re
from dataclasses import dataclass

from google.protobuf.descriptor import Descriptor, FieldDescriptor

from services.gateway.contract import Kind, Route
from services.gateway.descriptors import (
    WRAPPERS,
    descriptor_of,
    enum_of,
    field_of,
    find_field,
    is_map,
    message_of,
)

_STEP = re.compile(r"([A-Za-z_]\w*)|\[(\d+)\]|\[\"([^\"]*)\"\]")
_WHOLE_NUMBERS = {
    FieldDescriptor.CPPTYPE_INT32: (-(2**31), 2**31 - 1),
    FieldDescriptor.CPPTYPE_INT64: (-(2**63), 2**63 - 1),
    FieldDescriptor.CPPTYPE_UINT32: (0, 2**32 - 1),
    FieldDescriptor.CPPTYPE_UINT64: (0, 2**64 - 1),
}
_WELL_KNOWN = {
    "google.protobuf.Timestamp": "a time such as 2026-01-31T12:00:00Z",
    "google.protobuf.Duration": "a duration such as 3.5s",
    "google.protobuf.FieldMask": "names of fields, separated by commas",
}


@dataclass(frozen=True)
class FieldError:
    """What is wrong with one field. It stands in the body (`pointer`, RFC 6901) or beside it (`parameter`)."""

    detail: str
    pointer: str | None = None
    parameter: str | None = None

    def __str__(self) -> str:
        where = self.parameter if self.pointer is None else self.pointer or "the body"
        return f"{where}: {self.detail}"

    def as_dict(self) -> dict[str, str]:
        """The JSON object of the error."""
        place = {"parameter": self.parameter or ""} if self.pointer is None else {"pointer": self.pointer}
        return {**place, "detail": self.detail}


def expected(field: FieldDescriptor) -> str:
    """What a value of the field is, as words: `a whole number from 0 to 4294967295`."""
    if is_map(field):
        return "an object"
    single = _expected_single(field)
    return f"a list, each item {single}" if field.is_repeated else single


def _expected_single(field: FieldDescriptor) -> str:
    if field.message_type is not None:
        return _WELL_KNOWN.get(message_of(field).full_name) or _expected_of_wrapper(message_of(field))
    if field.enum_type is not None:
        return "one of " + ", ".join(value.name for value in enum_of(field).values)
    if field.cpp_type in _WHOLE_NUMBERS:
        low, high = _WHOLE_NUMBERS[field.cpp_type]
        return f"a whole number from {low} to {high}"
    if field.cpp_type == FieldDescriptor.CPPTYPE_BOOL:
        return "true or false"
    if field.cpp_type == FieldDescriptor.CPPTYPE_STRING:
        return "bytes in base64" if field.type == FieldDescriptor.TYPE_BYTES else "a string"
    return "a number"


def _expected_of_wrapper(message: Descriptor) -> str:
    return _expected_single(field_of(message, "value")) if message.full_name in WRAPPERS else "an object"


def pointer_to(*steps: str | int) -> str:
    """A JSON pointer."""
    return "".join("/" + str(step).replace("~", "~0").replace("/", "~1") for step in steps)


def locate(route: Route, field_path: str, detail: str) -> FieldError:
    """Places a field path of the request message (`job.rubric.criteria[0].weight`) in the HTTP request."""
    proto_steps, json_steps = _steps(descriptor_of(route.rpc.request), field_path)
    names = ".".join(str(step) for step in proto_steps)
    if names in route.path_fields:
        return FieldError(detail, parameter=str(proto_steps[-1]))
    if route.rpc.kind is Kind.UPLOAD:
        return FieldError(detail, parameter=names.removeprefix("header."))
    if route.body == "*":
        return FieldError(detail, pointer=pointer_to(*json_steps))
    if route.body and proto_steps[:1] == [route.body]:
        return FieldError(detail, pointer=pointer_to(*json_steps[1:]))
    return FieldError(detail, parameter=".".join(str(step) for step in json_steps))


def _steps(message: Descriptor | None, field_path: str) -> tuple[list[str | int], list[str | int]]:
    proto_steps: list[str | int] = []
    json_steps: list[str | int] = []
    for name, index, key in _STEP.findall(field_path):
        if name:
            field = find_field(message, name) if message else None
            message = message_of(field) if field else None
            proto_steps.append(name)
            json_steps.append(field.json_name if field else name)
            continue
        step = int(index) if index else key
        proto_steps.append(step)
        json_steps.append(step)
    return proto_steps, json_steps
