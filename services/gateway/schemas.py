"""JSON Schemas of messages, as OpenAPI components.

What goes in and what comes out differ: an input has the contract's rules and refuses unknown fields, an output has
every field without presence always. A message that is both has two schemas, `Job` and `JobInput`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from google.protobuf.descriptor import Descriptor, EnumDescriptor, FieldDescriptor

from services.gateway.contract import Contract
from services.gateway.descriptors import WRAPPERS, descriptor_of, enum_of, field_of, is_map, message_of
from services.gateway.rules import Schema, constraints, is_required, is_required_oneof, rules_of, sentences

_INTEGERS_OF_32_BITS = (FieldDescriptor.CPPTYPE_INT32, FieldDescriptor.CPPTYPE_UINT32)
_INTEGERS_OF_64_BITS = (FieldDescriptor.CPPTYPE_INT64, FieldDescriptor.CPPTYPE_UINT64)
_WELL_KNOWN: dict[str, Schema] = {
    "google.protobuf.Timestamp": {"type": "string", "format": "date-time"},
    "google.protobuf.Duration": {"type": "string", "pattern": r"^-?[0-9]+(\.[0-9]+)?s$"},
    "google.protobuf.FieldMask": {"type": "string"},
    "google.protobuf.Empty": {"type": "object"},
    "google.protobuf.Struct": {"type": "object"},
    "google.protobuf.ListValue": {"type": "array"},
    "google.protobuf.Value": {},
    "google.protobuf.Any": {"type": "object", "properties": {"@type": {"type": "string"}}, "required": ["@type"]},
}


class Schemas:
    """Collects the components that a document refers to."""

    def __init__(self, contract: Contract) -> None:
        self._comments = contract.comments
        outputs = {
            each.full_name for route in contract.routes for each in _reachable(descriptor_of(route.rpc.response))
        }
        everything = {
            each.full_name: _short_name(each)
            for route in contract.routes
            for root in (descriptor_of(route.rpc.request), descriptor_of(route.rpc.response))
            for each in _reachable(root)
        }
        taken = Counter(everything.values())
        self._names = {full: short if taken[short] == 1 else full for full, short in everything.items()}
        self._outputs = outputs
        self.components: dict[str, Schema] = {}

    def output(self, message: Descriptor) -> Schema:
        """The schema of a message that is answered."""
        return self._message(message, given=False)

    def input(self, message: Descriptor) -> Schema:
        """The schema of a message that is sent."""
        return self._message(message, given=True)

    def input_without(self, message: Descriptor, left_out: Iterable[str]) -> Schema | None:
        """The schema of a request message without the fields that stand in the path; None when nothing is left."""
        omitted = frozenset(left_out)
        if omitted.isdisjoint(field.name for field in message.fields):
            return self.input(message) if message.fields else None
        rest = [field for field in message.fields if field.name not in omitted]
        return self._object(message, rest, given=True) if rest else None

    def parameter(self, field: FieldDescriptor) -> Schema:
        """The schema of a field that is sent as text; its comment goes beside it."""
        return {key: value for key, value in self.of_field(field, given=True).items() if key != "description"}

    def describe(self, field: FieldDescriptor) -> str:
        """The comment of a field, and those of its rules that are sentences."""
        rules = "".join(f"\n\nRule: {sentence}." for sentence in sentences(field))
        return self._comments.get(field.full_name, "") + rules

    def of_field(self, field: FieldDescriptor, *, given: bool) -> Schema:
        """The schema of a field's value."""
        rules = rules_of(field)
        limits = constraints(rules) if given else {}
        if is_map(field):
            value = self._single(field_of(message_of(field), "value"), given=given)
            schema: Schema = {"type": "object", "additionalProperties": value, **limits}
        elif field.is_repeated:
            item = self._single(field, given=given)
            if given and rules.WhichOneof("type") == "repeated":
                item = {**item, **constraints(rules.repeated.items)}
            schema = {"type": "array", "items": item, **limits}
        else:
            schema = {**self._single(field, given=given), **limits}
        description = self.describe(field) if given else self._comments.get(field.full_name, "")
        return {**schema, "description": description} if description else schema

    def _message(self, message: Descriptor, *, given: bool) -> Schema:
        if message.full_name in _WELL_KNOWN:
            return dict(_WELL_KNOWN[message.full_name])
        if message.full_name in WRAPPERS:
            inner = self._single(field_of(message, "value"), given=given)
            return {**inner, "type": [inner["type"], "null"]}
        name = self._names[message.full_name]
        if given and message.full_name in self._outputs:
            name += "Input"
        if name not in self.components:
            # Put in place before it is described, so that a message may hold itself.
            self.components[name] = {}
            self.components[name] = self._object(message, message.fields, given=given)
        return {"$ref": f"#/components/schemas/{name}"}

    def _object(self, message: Descriptor, fields: Iterable[FieldDescriptor], *, given: bool) -> Schema:
        present = list(fields)
        required = [f.json_name for f in present if (is_required(f) if given else not f.has_presence)]
        schema: Schema = {
            "type": "object",
            "properties": {field.json_name: self.of_field(field, given=given) for field in present},
        }
        if comment := self._comments.get(message.full_name):
            schema["description"] = comment
        if required:
            schema["required"] = required
        if given:
            schema["additionalProperties"] = False
            choices = [oneof for oneof in message.oneofs if is_required_oneof(oneof)]
            if choices:
                schema["allOf"] = [{"oneOf": [{"required": [f.json_name]} for f in one.fields]} for one in choices]
        return schema

    def _single(self, field: FieldDescriptor, *, given: bool) -> Schema:
        if field.message_type is not None:
            return self._message(message_of(field), given=given)
        if field.enum_type is not None:
            return self._enum(enum_of(field))
        return _scalar(field)

    def _enum(self, enum: EnumDescriptor) -> Schema:
        name = _short_name(enum)
        if any(other == name and full != enum.full_name for full, other in self._names.items()):
            name = enum.full_name
        self._names.setdefault(enum.full_name, name)
        if name not in self.components:
            lines = [self._comments.get(enum.full_name, "")]
            lines += [
                f"- `{v.name}`: {self._comments.get(f'{enum.full_name}.{v.name}', '')}".rstrip(": ")
                for v in enum.values
            ]
            values = [value.name for value in enum.values]
            self.components[name] = {"type": "string", "enum": values, "description": "\n".join(lines).strip()}
        return {"$ref": f"#/components/schemas/{name}"}


def _scalar(field: FieldDescriptor) -> Schema:
    if field.cpp_type in _INTEGERS_OF_32_BITS:
        return {"type": "integer", "format": "int32"}
    if field.cpp_type in _INTEGERS_OF_64_BITS:
        # Proto JSON writes them as strings, because JavaScript's numbers end at 2^53.
        return {"type": "string", "format": "int64", "pattern": "^-?[0-9]+$"}
    if field.cpp_type == FieldDescriptor.CPPTYPE_BOOL:
        return {"type": "boolean"}
    if field.type == FieldDescriptor.TYPE_BYTES:
        return {"type": "string", "contentEncoding": "base64"}
    if field.cpp_type == FieldDescriptor.CPPTYPE_STRING:
        return {"type": "string"}
    return {"type": "number", "format": "float" if field.cpp_type == FieldDescriptor.CPPTYPE_FLOAT else "double"}


def _short_name(declared: Descriptor | EnumDescriptor) -> str:
    """The name without its package: `Job.State`."""
    return declared.full_name.removeprefix(declared.file.package + ".")


def _reachable(message: Descriptor) -> Iterator[Descriptor]:
    seen: set[str] = set()
    waiting = [message]
    while waiting:
        each = waiting.pop()
        if each.full_name in seen:
            continue
        seen.add(each.full_name)
        yield each
        waiting += [message_of(field) for field in each.fields if field.message_type is not None]
