"""The OpenAPI 3.1 document, derived from the contract: routes, comments, rules and who may call."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

from google.protobuf.descriptor import Descriptor

from services.gateway.contract import Contract, Kind, Route, Rpc
from services.gateway.descriptors import descriptor_of, field_at, field_of, is_plain_message, message_of
from services.gateway.document_paths import names_of, parameter_names, path_key
from services.gateway.downloads import FALLBACK_TYPE
from services.gateway.multipart import FILE_PART
from services.gateway.rules import Schema, is_required
from services.gateway.schemas import Schemas
from services.gateway.transcoding import MASK_FIELD, REQUEST_ID_FIELD, is_empty

_PROBLEM: Schema = {
    "type": "object",
    "description": "What one gets instead of an answer (RFC 9457).",
    "required": ["type", "title", "status", "detail", "reason", "requestId"],
    "properties": {
        "type": {"type": "string", "format": "uri", "description": "`urn:candor:problem:` and the reason."},
        "title": {"type": "string", "description": "The reason as words."},
        "status": {"type": "integer", "description": "The HTTP status."},
        "detail": {"type": "string", "description": "What happened, as a sentence."},
        "reason": {"type": "string", "description": "Stable reason in capitals, e.g. JOB_CLOSED."},
        "requestId": {"type": "string", "description": "The request's id, as in the header X-Request-Id."},
        "errors": {
            "type": "array",
            "description": "The fields that are wrong.",
            "items": {
                "type": "object",
                "required": ["detail"],
                "properties": {
                    "pointer": {"type": "string", "description": "JSON Pointer into the body."},
                    "parameter": {"type": "string", "description": "Name of a parameter beside the body."},
                    "detail": {"type": "string", "description": "What is wrong with it."},
                },
            },
        },
    },
}
_SENTENCES = {
    "400": "The request is not valid.",
    "401": "Nobody is signed in, or the access token has ended.",
    "403": "The caller's role does not open this.",
    "404": "There is no such thing, or it is another's.",
    "default": "Any other problem.",
}


def build_openapi(contract: Contract, version: str) -> dict[str, Any]:
    """Makes the document."""
    return _Document(contract).build(version)


class _Document:
    def __init__(self, contract: Contract) -> None:
        self._contract = contract
        self._schemas = Schemas(contract)
        self._name_counts = Counter(
            rpc.name for rpc in {route.rpc.path: route.rpc for route in contract.routes}.values()
        )

    def build(self, version: str) -> dict[str, Any]:
        paths: dict[str, dict[str, Any]] = {}
        keys: dict[object, dict[str, str]] = {}
        for route in self._contract.routes:
            # Two templates of one shape are one path, whatever each calls its variables.
            names = keys.setdefault(route.template.shape, parameter_names(route))
            names_here = dict(zip((v.name for v in route.template.variables), names.values(), strict=False))
            paths.setdefault(path_key(route, names_here), {})[route.verb.lower()] = self._operation(route, names_here)
        return {
            "openapi": "3.1.0",
            "info": {
                "title": "Candor",
                "version": version,
                "description": "Screens CVs against a job and shows its work.",
                "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
            },
            "security": [{"bearerAuth": []}],
            "tags": list(self._tags()),
            "paths": paths,
            "components": self._components(),
        }

    def _tags(self) -> Iterator[Schema]:
        for service in dict.fromkeys(route.rpc.service for route in self._contract.routes):
            yield {"name": _tag(service), "description": self._contract.comments.get(service, "")}

    def _components(self) -> Schema:
        content = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
        return {
            "securitySchemes": {"bearerAuth": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}},
            "schemas": {"Problem": _PROBLEM, **dict(sorted(self._schemas.components.items()))},
            "responses": {
                f"Problem{status.capitalize()}": {"description": sentence, "content": content}
                for status, sentence in _SENTENCES.items()
            },
        }

    def _operation(self, route: Route, path_names: dict[str, str]) -> Schema:
        operation: Schema = {
            "operationId": self._operation_id(route),
            "tags": [_tag(route.rpc.service)],
            "summary": _summary(route.rpc),
            "description": _description(route.rpc),
            "parameters": [*self._path_parameters(route, path_names), *self._other_parameters(route)],
        }
        body = self._body(route)
        if body:
            operation["requestBody"] = body
        operation["responses"] = self._responses(route)
        if route.rpc.public:
            operation["security"] = []
        else:
            operation["x-roles"] = [role.removeprefix("ROLE_") for role in route.rpc.roles]
        return operation

    def _operation_id(self, route: Route) -> str:
        rpc = route.rpc
        unique = self._name_counts[rpc.name] == 1
        name = rpc.name if unique else f"{rpc.service.rpartition('.')[2]}_{rpc.name}"
        return f"{name}_{route.binding + 1}" if route.binding else name

    def _path_parameters(self, route: Route, path_names: dict[str, str]) -> Iterator[Schema]:
        for variable in route.template.variables:
            field = field_at(descriptor_of(route.rpc.request), variable.field_path)
            schema = self._schemas.parameter(field) if variable.length == 1 else {"type": "string"}
            for name in names_of(route, variable, path_names):
                yield _parameter(name, "path", schema, self._schemas.describe(field), required=True)

    def _other_parameters(self, route: Route) -> Iterator[Schema]:
        message = descriptor_of(route.rpc.request)
        if route.rpc.kind is Kind.UPLOAD:
            message = message_of(field_of(message, "header"))
            for field in message.fields:
                # A form has them as fields of its own.
                yield _parameter(field.name, "query", self._schemas.parameter(field), self._schemas.describe(field))
        elif route.body != "*":
            yield from self._query_parameters(message, route, (), ())
        if REQUEST_ID_FIELD in message.fields_by_name:
            limit = {"type": "string", "maxLength": 255}
            yield _parameter("Idempotency-Key", "header", limit, "Makes the call safe to repeat, as `requestId` does.")

    def _query_parameters(
        self, message: Descriptor, route: Route, prefix: tuple[str, ...], seen: tuple[str, ...]
    ) -> Iterator[Schema]:
        for field in message.fields:
            path = (*prefix, field.name)
            if ".".join(path) in route.path_fields | {route.body} or field.full_name in seen:
                continue
            if is_plain_message(field):
                if not field.is_repeated:
                    yield from self._query_parameters(message_of(field), route, path, (*seen, field.full_name))
                continue
            name = ".".join(
                field_at(descriptor_of(route.rpc.request), path[: n + 1]).json_name for n in range(len(path))
            )
            required = not prefix and is_required(field) and field.name != MASK_FIELD
            schema = self._schemas.parameter(field)
            yield _parameter(name, "query", schema, self._schemas.describe(field), required=required)

    def _body(self, route: Route) -> Schema | None:
        if route.rpc.kind is Kind.UPLOAD:
            return self._upload_body(route)
        message = descriptor_of(route.rpc.request)
        if not route.body:
            return None
        if route.body != "*":
            field = field_of(message, route.body)
            schema: Schema | None = self._schemas.input(message_of(field))
            required, description = is_required(field), self._schemas.describe(field)
        else:
            schema = self._schemas.input_without(message, route.path_fields)
            required = any(is_required(field) for field in message.fields if field.name not in route.path_fields)
            description = ""
        if schema is None:
            return None
        body: Schema = {"required": required, "content": {"application/json": {"schema": schema}}}
        return {"description": description, **body} if description else body

    def _upload_body(self, route: Route) -> Schema:
        header = message_of(field_of(descriptor_of(route.rpc.request), "header"))
        fields = {field.name: self._schemas.of_field(field, given=True) for field in header.fields}
        file: Schema = {"type": "string", "format": "binary", "description": "The file; it comes after the fields."}
        form = {"type": "object", "required": [FILE_PART], "properties": {**fields, FILE_PART: file}}
        return {
            "required": True,
            "content": {
                "multipart/form-data": {"schema": form},
                FALLBACK_TYPE: {"schema": {"type": "string", "format": "binary"}},
            },
        }

    def _responses(self, route: Route) -> Schema:
        wanted = ["400", "default"] if route.rpc.public else ["400", "401", "403", "default"]
        if route.template.variables:
            wanted.append("404")
        problems = {
            status: {"$ref": f"#/components/responses/Problem{status.capitalize()}"} for status in sorted(wanted)
        }
        if is_empty(route):
            return {"204": {"description": "Done."}, **problems}
        return {"200": self._answer(route), **problems}

    def _answer(self, route: Route) -> Schema:
        response = descriptor_of(route.rpc.response)
        if route.rpc.kind is Kind.DOWNLOAD:
            binary = {"type": "string", "format": "binary"}
            return {"description": "The file, as an attachment.", "content": {FALLBACK_TYPE: {"schema": binary}}}
        if route.response_body:
            response = message_of(field_of(response, route.response_body))
        schema = self._schemas.output(response)
        if route.rpc.kind is Kind.STREAM:
            event = {"type": "string", "description": "Events whose data is JSON; `error` carries a Problem."}
            content = {"text/event-stream": {"schema": event, "x-event-schema": schema}}
            return {"description": "The stream. The same path takes a WebSocket.", "content": content}
        return {"description": "The answer.", "content": {"application/json": {"schema": schema}}}


def _parameter(name: str, place: str, schema: Schema, description: str, *, required: bool = False) -> Schema:
    parameter: Schema = {"name": name, "in": place, "required": required, "schema": schema}
    return {**parameter, "description": description} if description else parameter


def _tag(service: str) -> str:
    return service.rpartition(".")[2].removesuffix("Service")


def _summary(rpc: Rpc) -> str:
    """The first sentence of the comment."""
    return " ".join(rpc.comment.split()).partition(". ")[0].rstrip(".")


def _description(rpc: Rpc) -> str:
    who = "Nobody need sign in." if rpc.public else f"Roles: {', '.join(r.removeprefix('ROLE_') for r in rpc.roles)}."
    return f"{rpc.comment}\n\n{who}"
