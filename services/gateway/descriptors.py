"""Questions to protobuf descriptors, in one set of types: the installed stubs know two for each kind of descriptor."""

from __future__ import annotations

from functools import lru_cache
from typing import cast

from google.protobuf.descriptor import Descriptor, EnumDescriptor, FieldDescriptor
from google.protobuf.message import Message

_PACKAGE = "google.protobuf."
WRAPPERS = frozenset(
    f"{_PACKAGE}{kind}Value"
    for kind in ("Bool", "Bytes", "Double", "Float", "Int32", "Int64", "String", "UInt32", "UInt64")
)


def descriptor_of(message: Message | type[Message]) -> Descriptor:
    """The descriptor of a message or of its class."""
    return cast("Descriptor", message.DESCRIPTOR)


def field_of(message: Descriptor, name: str) -> FieldDescriptor:
    """The field with this proto name.

    Raises:
        KeyError: there is none.
    """
    return message.fields_by_name[name]


def field_at(message: Descriptor, path: tuple[str, ...]) -> FieldDescriptor:
    """The field at the end of a path of proto names.

    Raises:
        KeyError: there is none.
    """
    field = field_of(message, path[0])
    return field_at(message_of(field), path[1:]) if len(path) > 1 else field


def find_field(message: Descriptor, name: str) -> FieldDescriptor | None:
    """The field with this JSON or proto name."""
    return _by_name(message).get(name)


@lru_cache(maxsize=1024)
def _by_name(message: Descriptor) -> dict[str, FieldDescriptor]:
    return {name: field for field in message.fields for name in (field.name, field.json_name)}


def message_of(field: FieldDescriptor) -> Descriptor:
    """The message type of a field that has one."""
    return cast("Descriptor", field.message_type)


def enum_of(field: FieldDescriptor) -> EnumDescriptor:
    """The enum of a field that has one."""
    return cast("EnumDescriptor", field.enum_type)


def is_map(field: FieldDescriptor) -> bool:
    """Whether the field is a map, which descriptors show as a repeated entry message."""
    return field.message_type is not None and bool(field.message_type.GetOptions().map_entry)


def is_plain_message(field: FieldDescriptor) -> bool:
    """Whether the field is a message of ours: not a scalar, and none that JSON writes in a way of its own."""
    return field.message_type is not None and not field.message_type.full_name.startswith(_PACKAGE)


def is_single_message(field: FieldDescriptor | None) -> bool:
    """Whether there is such a field, and it holds one message."""
    return field is not None and field.message_type is not None and not field.is_repeated


def is_mask(field: FieldDescriptor) -> bool:
    """Whether the field is a FieldMask."""
    return field.message_type is not None and field.message_type.full_name == f"{_PACKAGE}FieldMask"
