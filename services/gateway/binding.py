"""Texts of a path, a query or a form become fields of a message."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any

from google.protobuf import json_format
from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.message import Message

from services.gateway.descriptors import (
    WRAPPERS,
    descriptor_of,
    enum_of,
    field_of,
    find_field,
    is_map,
    is_mask,
    is_single_message,
    message_of,
)
from services.gateway.fields import FieldError, expected

_WHOLE = re.compile(r"-?[0-9]{1,20}", re.ASCII)
_NUMBER = re.compile(r"-?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]{1,4})?|NaN|-?Infinity", re.ASCII)
_AS_TEXT = frozenset({"google.protobuf.Timestamp", "google.protobuf.Duration", "google.protobuf.FieldMask"})


class TextRefused(ValueError):
    """A text that is no value of its field, or names no field. The message says what was expected."""


def bind_texts(message: Message, pairs: Iterable[tuple[str, str]], taken: frozenset[str]) -> list[FieldError]:
    """Sets fields by (name, text) pairs, names in JSON or proto form and dotted for nested messages.

    `taken` are the field paths that must not be given here, because path or body hold them. Answers what is wrong.
    """
    grouped: dict[str, list[str]] = {}
    for name, text in pairs:
        grouped.setdefault(name, []).append(text)
    errors = []
    for name, texts in grouped.items():
        try:
            bind_text(message, name.split("."), texts, taken)
        except TextRefused as refused:
            errors.append(FieldError(str(refused), parameter=name))
    return errors


def bind_text(message: Message, path: Sequence[str], texts: Sequence[str], taken: frozenset[str] = frozenset()) -> None:
    """Sets one field.

    Raises:
        TextRefused: there is no such field, or the texts are no value of it.
    """
    parent, field = _descend(message, path, taken)
    if len(texts) > 1 and not field.is_repeated and not is_mask(field):
        raise TextRefused("is given more than once")
    oneof = field.containing_oneof
    if oneof is not None and parent.WhichOneof(oneof.name) not in (None, field.name):
        raise TextRefused("excludes another parameter that is given too")
    values = [_as_json(field, text) for text in texts]
    value: Any = values if field.is_repeated else ",".join(values) if is_mask(field) else values[0]
    try:
        json_format.ParseDict({field.json_name: value}, parent)
    except (json_format.ParseError, ValueError) as error:
        raise TextRefused(f"must be {expected(field)}") from error


def _descend(message: Message, path: Sequence[str], taken: frozenset[str]) -> tuple[Message, FieldDescriptor]:
    fields: list[FieldDescriptor] = []
    descriptor: Descriptor | None = descriptor_of(message)
    for step, name in enumerate(path):
        field = find_field(descriptor, name) if descriptor is not None else None
        fits = _is_leaf if step == len(path) - 1 else is_single_message
        if field is None or not fits(field) or _full_name([*fields, field]) in taken:
            raise TextRefused("is not a parameter of this request")
        fields.append(field)
        descriptor = message_of(field) if field.message_type is not None else None
    for field in fields[:-1]:
        message = getattr(message, field.name)
    return message, fields[-1]


def _full_name(fields: Sequence[FieldDescriptor]) -> str:
    return ".".join(field.name for field in fields)


def _is_leaf(field: FieldDescriptor) -> bool:
    """Whether one text can be a value of the field; a repeated message or a map is neither leaf nor step."""
    if is_map(field) or field.message_type is None:
        return not is_map(field)
    return message_of(field).full_name in _AS_TEXT | WRAPPERS


def _as_json(field: FieldDescriptor, text: str) -> Any:
    """The text as the JSON value that json_format reads; it takes numbers as strings, but no booleans."""
    if field.message_type is not None:
        if is_mask(field):
            return re.sub(r"_([a-z0-9])", lambda found: found[1].upper(), text)
        if message_of(field).full_name in WRAPPERS:
            return _as_json(field_of(message_of(field), "value"), text)
        return text
    if field.enum_type is not None:
        return _enum_value(field, text)
    if field.cpp_type == FieldDescriptor.CPPTYPE_BOOL:
        if text not in ("true", "false"):
            raise TextRefused(f"must be {expected(field)}")
        return text == "true"
    if field.cpp_type == FieldDescriptor.CPPTYPE_STRING:
        return text
    shape = _NUMBER if field.cpp_type in (FieldDescriptor.CPPTYPE_DOUBLE, FieldDescriptor.CPPTYPE_FLOAT) else _WHOLE
    if not shape.fullmatch(text):
        raise TextRefused(f"must be {expected(field)}")
    return text


def _enum_value(field: FieldDescriptor, text: str) -> Any:
    enum = enum_of(field)
    key = int(text) if _WHOLE.fullmatch(text) else text
    if key not in enum.values_by_number and key not in enum.values_by_name:
        raise TextRefused(f"must be {expected(field)}")
    return key
