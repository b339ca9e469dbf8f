"""What `buf.validate` says of a field, in JSON Schema's words."""

from __future__ import annotations

import re
from typing import Any

from buf.validate import validate_pb2
from google.protobuf.descriptor import FieldDescriptor, OneofDescriptor

Schema = dict[str, Any]

_FORMATS = {
    "email": "email",
    "hostname": "hostname",
    "ipv4": "ipv4",
    "ipv6": "ipv6",
    "uri": "uri",
    "uri_ref": "uri-reference",
    "uuid": "uuid",
}
_TEXT_LIMITS = {"min_len": "minLength", "max_len": "maxLength", "pattern": "pattern", "const": "const"}
_NUMBER_LIMITS = {
    "gt": "exclusiveMinimum",
    "gte": "minimum",
    "lt": "exclusiveMaximum",
    "lte": "maximum",
    "const": "const",
}
_NUMBERS = frozenset({"float", "double", "int32", "uint32", "sint32", "fixed32", "sfixed32"})
_LIST_LIMITS = {"min_items": "minItems", "max_items": "maxItems", "unique": "uniqueItems"}
_MAP_LIMITS = {"min_pairs": "minProperties", "max_pairs": "maxProperties"}


def rules_of(field: FieldDescriptor) -> validate_pb2.FieldRules:
    """The rules of a field; empty where it has none."""
    return field.GetOptions().Extensions[validate_pb2.field]


def is_required_oneof(oneof: OneofDescriptor) -> bool:
    """Whether one of its fields must be given."""
    return bool(oneof.GetOptions().Extensions[validate_pb2.oneof].required)


def sentences(field: FieldDescriptor) -> list[str]:
    """Rules that are expressions, by the messages that a caller reads when one is broken."""
    return [rule.message for rule in rules_of(field).cel if rule.message]


def is_required(field: FieldDescriptor) -> bool:
    """Whether leaving the field out is always refused: it is required, or its zero value breaks a rule."""
    rules = rules_of(field)
    if rules.required:
        return True
    if field.has_presence or rules.ignore != validate_pb2.IGNORE_UNSPECIFIED:
        return False
    kind = rules.WhichOneof("type")
    if kind == "string":
        text = rules.string
        return text.min_len > 0 or text.len > 0 or _is_format(text) or _refuses_empty(text)
    if kind == "repeated":
        return rules.repeated.min_items > 0
    if kind in _NUMBERS:
        limits = getattr(rules, kind)
        return bool((limits.HasField("gt") and limits.gt >= 0) or (limits.HasField("gte") and limits.gte > 0))
    return False


def constraints(rules: validate_pb2.FieldRules) -> Schema:
    """The keywords that restrict a value (of a list: the list itself)."""
    kind = rules.WhichOneof("type")
    if kind == "string":
        return _of_text(rules.string)
    if kind == "bytes" and rules.bytes.HasField("max_len"):
        # Base64 takes four characters for three bytes.
        return {"maxLength": -(-rules.bytes.max_len // 3) * 4}
    if kind == "repeated":
        return _translated(rules.repeated, _LIST_LIMITS)
    if kind == "map":
        return _translated(rules.map, _MAP_LIMITS)
    if kind in _NUMBERS:
        limits = getattr(rules, kind)
        schema = _translated(limits, _NUMBER_LIMITS)
        members = getattr(limits, "in")
        return {**schema, "enum": list(members)} if members else schema
    return {}


def _of_text(rules: validate_pb2.StringRules) -> Schema:
    schema = _translated(rules, _TEXT_LIMITS)
    if rules.HasField("len"):
        schema.update(minLength=rules.len, maxLength=rules.len)
    members = getattr(rules, "in")
    if members:
        schema["enum"] = list(members)
    if _is_format(rules):
        schema["format"] = _FORMATS[str(rules.WhichOneof("well_known"))]
    return schema


def _is_format(rules: validate_pb2.StringRules) -> bool:
    kind = rules.WhichOneof("well_known")
    return kind in _FORMATS and bool(getattr(rules, kind))


def _refuses_empty(rules: validate_pb2.StringRules) -> bool:
    if not rules.HasField("pattern"):
        return False
    try:
        return re.search(rules.pattern, "") is None
    except re.error:
        # The contract's patterns are RE2; one that Python cannot read is simply not taken as "required".
        return False


def _translated(rules: Any, names: dict[str, str]) -> Schema:
    return {keyword: _plain(getattr(rules, name)) for name, keyword in names.items() if rules.HasField(name)}


def _plain(value: Any) -> Any:
    return int(value) if isinstance(value, float) and value.is_integer() else value
