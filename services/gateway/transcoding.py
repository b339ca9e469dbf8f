"""HTTP request → request message, response message → JSON: the rules of google.api.http."""

from __future__ import annotations

import json
from typing import Any

from google.protobuf import json_format
from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message

from services.gateway.binding import TextRefused, bind_text, bind_texts
from services.gateway.bodies import BodyRefused, fill, read_json
from services.gateway.contract import Route
from services.gateway.descriptors import descriptor_of, field_at, field_of, find_field, message_of
from services.gateway.exchange import Exchange
from services.gateway.fields import FieldError, locate, pointer_to
from services.gateway.problems import Problem, Refused, invalid

REQUEST_ID_FIELD = "request_id"
MASK_FIELD = "update_mask"


def build_request(exchange: Exchange, body: bytes = b"") -> Message:
    """Makes the request message out of body, path and query, in this order; the path has the last word.

    Raises:
        Refused: 400 with everything that is wrong, or 415 for a body that is not JSON.
    """
    route = exchange.route
    message = route.rpc.request()
    try:
        given = _read_body(exchange, message, body)
    except BodyRefused as refused:
        raise Refused(invalid(*refused.errors)) from refused
    bind_path(exchange, message)
    bind_query(exchange, message)
    fill_request_id(exchange, message)
    _fill_mask(route, message, given)
    return message


def bind_path(exchange: Exchange, message: Message) -> None:
    """Sets the fields that stand in the path.

    Raises:
        Refused: 400, a value of the wrong type, or one that the body contradicts.
    """
    for name, text in exchange.bindings.items():
        before = _value_at(message, name)
        try:
            bind_text(message, name.split("."), [text])
        except TextRefused as refused:
            raise Refused(invalid(locate(exchange.route, name, str(refused)))) from refused
        if before and before != _value_at(message, name):
            names = _json_names(message, name)
            pointer = pointer_to(*(names if exchange.route.body == "*" else names[1:]))
            raise Refused(invalid(FieldError("must be the one in the path", pointer=pointer)))


def bind_query(exchange: Exchange, message: Message) -> None:
    """Sets the fields that stand in the query.

    Raises:
        Refused: 400, with every parameter that is unknown or of the wrong type.
    """
    route = exchange.route
    if route.body == "*":
        errors = [FieldError("is not a parameter of this request", parameter=name) for name, _ in exchange.query]
    else:
        errors = bind_texts(message, exchange.query, route.path_fields | {route.body})
    if errors:
        raise Refused(invalid(*errors))


def fill_request_id(exchange: Exchange, message: Message) -> None:
    """Takes `Idempotency-Key` for the message's `request_id`, where it has one and does not say it itself."""
    key = exchange.headers.get("idempotency-key", "").strip()
    field = message.DESCRIPTOR.fields_by_name.get(REQUEST_ID_FIELD)
    if not key or field is None or field.type != FieldDescriptor.TYPE_STRING or getattr(message, REQUEST_ID_FIELD):
        return
    if len(key) > 1 and key[0] == key[-1] == '"':
        # The header's draft standard writes it as a quoted string, most callers do not.
        key = key[1:-1]
    setattr(message, REQUEST_ID_FIELD, key)


def as_json(route: Route, response: Message) -> bytes:
    """The response's JSON. Fields without presence are always there, so that 0 and "" can be told from absence."""
    answer = getattr(response, route.response_body) if route.response_body else response
    pool = descriptor_of(answer).file.pool
    value = json_format.MessageToDict(answer, always_print_fields_with_no_presence=True, descriptor_pool=pool)
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8")


def is_empty(route: Route) -> bool:
    """Whether the RPC answers google.protobuf.Empty, which is 204 over HTTP."""
    return descriptor_of(route.rpc.response).full_name == "google.protobuf.Empty"


def _read_body(exchange: Exchange, message: Message, body: bytes) -> dict[str, Any]:
    route = exchange.route
    if not body.strip():
        return {}
    if not route.body:
        raise BodyRefused(FieldError("must be empty", pointer=""))
    _require_json(exchange.headers.get("content-type", ""))
    given = read_json(body)
    if route.body == "*":
        fill(message, given)
    else:
        part = getattr(message, route.body)
        part.SetInParent()
        fill(part, given)
    return given


def _require_json(content_type: str) -> None:
    media_type = content_type.partition(";")[0].strip().lower()
    if media_type and media_type != "application/json" and not media_type.endswith("+json"):
        detail = f"The body is {media_type}; send application/json."
        raise Refused(Problem(415, "MEDIA_TYPE_UNSUPPORTED", detail, extra_headers={"accept": "application/json"}))


def _fill_mask(route: Route, message: Message, given: dict[str, Any]) -> None:
    """A PATCH that names no fields changes those that its body has."""
    mask = message.DESCRIPTOR.fields_by_name.get(MASK_FIELD)
    if route.verb != "PATCH" or mask is None or route.body in ("", "*") or getattr(message, MASK_FIELD).paths:
        return
    resource = message_of(field_of(descriptor_of(message), route.body))
    names = [field.name for field in (find_field(resource, name) for name in given) if field is not None]
    paths = [name for name in names if f"{route.body}.{name}" not in route.path_fields]
    getattr(message, MASK_FIELD).paths.extend(paths)


def _value_at(message: Message, path: str) -> Any:
    value: Any = message
    for name in path.split("."):
        value = getattr(value, name)
    return value


def _json_names(message: Message, path: str) -> list[str]:
    steps = tuple(path.split("."))
    return [field_at(descriptor_of(message), steps[: depth + 1]).json_name for depth in range(len(steps))]
