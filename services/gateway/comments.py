"""The comments of a descriptor set by full name. protobuf's own descriptors do not carry them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TypeVar

from google.protobuf.descriptor_pb2 import (
    DescriptorProto,
    EnumDescriptorProto,
    FileDescriptorProto,
    FileDescriptorSet,
    ServiceDescriptorProto,
)

_Path = tuple[int, ...]
_Named = Iterator[tuple[_Path, str]]
_Declared = TypeVar("_Declared", DescriptorProto, EnumDescriptorProto, ServiceDescriptorProto)
_Read = Callable[[_Declared, _Path, str], _Named]

# Field numbers of descriptor.proto, of which SourceCodeInfo.Location.path is made.
_FILE_MESSAGE, _FILE_ENUM, _FILE_SERVICE = 4, 5, 6
_MESSAGE_FIELD, _MESSAGE_NESTED, _MESSAGE_ENUM, _MESSAGE_ONEOF = 2, 3, 4, 8
_ENUM_VALUE, _SERVICE_METHOD = 2, 2


def read_comments(file_set: FileDescriptorSet) -> dict[str, str]:
    """Maps full names to leading comments. An enum's value is named below its enum: `pkg.Job.State.STATE_OPEN`."""
    comments: dict[str, str] = {}
    for file in file_set.file:
        names = dict(_names_of_file(file))
        for location in file.source_code_info.location:
            name = names.get(tuple(location.path))
            if name and location.leading_comments:
                comments[name] = _tidy(location.leading_comments)
    return comments


def _tidy(comment: str) -> str:
    return "\n".join(line.removeprefix(" ").rstrip() for line in comment.strip("\n").split("\n"))


def _names_of_file(file: FileDescriptorProto) -> _Named:
    yield from _each(_names_of_message, file.message_type, (_FILE_MESSAGE,), file.package)
    yield from _each(_names_of_enum, file.enum_type, (_FILE_ENUM,), file.package)
    yield from _each(_names_of_service, file.service, (_FILE_SERVICE,), file.package)


def _names_of_message(message: DescriptorProto, path: _Path, full_name: str) -> _Named:
    yield path, full_name
    yield from _leaves([field.name for field in message.field], (*path, _MESSAGE_FIELD), full_name)
    yield from _leaves([oneof.name for oneof in message.oneof_decl], (*path, _MESSAGE_ONEOF), full_name)
    yield from _each(_names_of_message, message.nested_type, (*path, _MESSAGE_NESTED), full_name)
    yield from _each(_names_of_enum, message.enum_type, (*path, _MESSAGE_ENUM), full_name)


def _names_of_enum(enum: EnumDescriptorProto, path: _Path, full_name: str) -> _Named:
    yield path, full_name
    yield from _leaves([value.name for value in enum.value], (*path, _ENUM_VALUE), full_name)


def _names_of_service(service: ServiceDescriptorProto, path: _Path, full_name: str) -> _Named:
    yield path, full_name
    yield from _leaves([method.name for method in service.method], (*path, _SERVICE_METHOD), full_name)


def _leaves(names: Sequence[str], path: _Path, scope: str) -> _Named:
    return (((*path, index), f"{scope}.{name}") for index, name in enumerate(names))


def _each(read: _Read[_Declared], declared: Iterable[_Declared], path: _Path, scope: str) -> _Named:
    for index, each in enumerate(declared):
        yield from read(each, (*path, index), f"{scope}.{each.name}")
