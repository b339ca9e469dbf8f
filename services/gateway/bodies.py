"""A JSON body becomes a message. json_format alone takes `[]` for an object, and its errors list all fields."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, NoReturn

from google.protobuf import json_format
from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass

from services.gateway.descriptors import descriptor_of, find_field, is_map, is_plain_message, message_of
from services.gateway.fields import FieldError, expected, pointer_to

_ERROR_LIMIT = 20
_Steps = tuple[str | int, ...]


class BodyRefused(Exception):
    """A body that is no such message, with everything that is wrong with it."""

    def __init__(self, *errors: FieldError) -> None:
        super().__init__("; ".join(map(str, errors)))
        self.errors = errors


def read_json(body: bytes) -> dict[str, Any]:
    """Reads a JSON object, strictly: no duplicate names, no NaN. No bytes at all are an empty object.

    Raises:
        BodyRefused: it is no JSON object in UTF-8.
    """
    if not body.strip():
        return {}
    try:
        value = json.loads(body.decode("utf-8"), object_pairs_hook=_object, parse_constant=_refuse_constant)
    except json.JSONDecodeError as error:
        raise BodyRefused(FieldError(f"is no JSON: line {error.lineno}, column {error.colno}", pointer="")) from error
    except (ValueError, RecursionError) as error:
        # Not UTF-8, a number of thousands of digits, or brackets nested by the thousand.
        raise BodyRefused(FieldError("is no JSON that can be read", pointer="")) from error
    if not isinstance(value, dict):
        raise BodyRefused(FieldError("must be an object", pointer=""))
    return value


def fill(message: Message, value: dict[str, Any]) -> None:
    """Fills a message from a JSON object.

    Raises:
        BodyRefused: unknown names or values of the wrong type, each with its pointer and what was expected.
    """
    problems = _limited(_misshapen(descriptor_of(message), value, ()))
    if problems:
        raise BodyRefused(*problems)
    try:
        json_format.ParseDict(value, message)
    except (json_format.ParseError, ValueError, RecursionError) as error:
        problems = _limited(_misvalued(descriptor_of(message), value, ()))
        raise BodyRefused(*(problems or [FieldError("is not valid", pointer="")])) from error


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise BodyRefused(FieldError("has an object that names a member twice", pointer=""))
    return found


def _refuse_constant(name: str) -> NoReturn:
    raise BodyRefused(FieldError(f"{name} is no JSON", pointer=""))


def _limited(errors: Iterator[FieldError]) -> list[FieldError]:
    return [error for _, error in zip(range(_ERROR_LIMIT), errors, strict=False)]


def _misshapen(message: Descriptor, value: dict[str, Any], at: _Steps) -> Iterator[FieldError]:
    """Unknown names, and values that are not even of the right JSON kind for an object or a list."""
    seen: set[str] = set()
    for name, given in value.items():
        field = find_field(message, name)
        here = (*at, name)
        if field is None:
            yield FieldError("there is no such field", pointer=pointer_to(*here))
        elif field.name in seen:
            yield FieldError("is given twice, under both of its names", pointer=pointer_to(*here))
        elif given is not None:
            seen.add(field.name)
            yield from _misshapen_field(field, given, here)


def _misshapen_field(field: FieldDescriptor, given: Any, here: _Steps) -> Iterator[FieldError]:
    if is_map(field):
        if not isinstance(given, dict):
            yield FieldError("must be an object", pointer=pointer_to(*here))
    elif field.is_repeated:
        if not isinstance(given, list):
            yield FieldError(f"must be {expected(field)}", pointer=pointer_to(*here))
            return
        for index, item in enumerate(given):
            yield from _misshapen_single(field, item, (*here, index))
    else:
        yield from _misshapen_single(field, given, here)


def _misshapen_single(field: FieldDescriptor, given: Any, here: _Steps) -> Iterator[FieldError]:
    if not is_plain_message(field):
        return
    if isinstance(given, dict):
        yield from _misshapen(message_of(field), given, here)
    else:
        yield FieldError("must be an object", pointer=pointer_to(*here))


def _misvalued(message: Descriptor, value: dict[str, Any], at: _Steps) -> Iterator[FieldError]:
    """Values that json_format does not take, found by offering it one at a time."""
    for name, given in value.items():
        field = find_field(message, name)
        if field is None or given is None:
            continue
        repeated = field.is_repeated and not is_map(field)
        items = [((*at, name, index), item) for index, item in enumerate(given)] if repeated else [((*at, name), given)]
        for here, item in items:
            if is_plain_message(field) and not is_map(field):
                yield from _misvalued(message_of(field), item, here)
            elif not _is_taken(message, field, [item] if repeated else item):
                wanted = expected(field).removeprefix("a list, each item ")
                yield FieldError(f"must be {wanted}", pointer=pointer_to(*here))


def _is_taken(message: Descriptor, field: FieldDescriptor, value: Any) -> bool:
    try:
        json_format.ParseDict({field.json_name: value}, GetMessageClass(message)())
    except (json_format.ParseError, ValueError, RecursionError):
        return False
    return True
