"""The contract as the gateway sees it: every route, read from the descriptor set that the protos compile to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from importlib.resources import files
from types import MappingProxyType

from candor.access.v1 import access_pb2
from google.api import annotations_pb2, http_pb2  # type: ignore[import-untyped]
from google.protobuf import descriptor_pb2
from google.protobuf.descriptor import Descriptor, FieldDescriptor, MethodDescriptor, ServiceDescriptor
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass

from services.gateway.comments import read_comments
from services.gateway.descriptors import descriptor_of, field_at, is_single_message
from services.gateway.routing import RouteTable
from services.gateway.templates import PathTemplate, TemplateError, parse_template


class ContractError(Exception):
    """The contract cannot be served as it stands; the gateway refuses to start."""


class Kind(Enum):
    """How an RPC is served over HTTP."""

    UNARY = "unary"
    UPLOAD = "upload"
    DOWNLOAD = "download"
    STREAM = "stream"


@dataclass(frozen=True)
class Rpc:
    """One RPC. `service` is the full name of the gRPC service, `served_by` the mesh's service that answers it."""

    service: str
    name: str
    served_by: str
    request: type[Message]
    response: type[Message]
    client_streaming: bool
    server_streaming: bool
    public: bool
    roles: tuple[str, ...]
    comment: str

    @property
    def path(self) -> str:
        """The path of the gRPC call."""
        return f"/{self.service}/{self.name}"

    @property
    def kind(self) -> Kind:
        """How it is served; a file's transfer is told by `oneof part {Header header; bytes chunk}`."""
        if self.client_streaming:
            return Kind.UPLOAD
        if self.server_streaming:
            return Kind.DOWNLOAD if is_file_transfer(descriptor_of(self.response)) else Kind.STREAM
        return Kind.UNARY


@dataclass(frozen=True)
class Route:
    """One HTTP binding of an RPC. `body` is `*`, a field's name or empty; `binding` counts from 0."""

    rpc: Rpc
    verb: str
    template: PathTemplate
    body: str
    response_body: str
    binding: int

    @property
    def path_fields(self) -> frozenset[str]:
        """The field paths that stand in the path."""
        return frozenset(variable.name for variable in self.template.variables)


@dataclass(frozen=True)
class Contract:
    """All RPCs and their routes, in the contract's order. `comments` is keyed by full name."""

    rpcs: tuple[Rpc, ...]
    routes: tuple[Route, ...]
    comments: Mapping[str, str]
    table: RouteTable[Route]


def load_contract(descriptor_set: bytes | None = None) -> Contract:
    """Reads a serialized FileDescriptorSet with source info; by default the one that ships with the stubs.

    Raises:
        ContractError: an RPC without access option, a route that cannot be served, or two routes of one shape.
    """
    given = descriptor_set or (files("candor") / "contracts.binpb").read_bytes()
    file_set = descriptor_pb2.FileDescriptorSet.FromString(given)
    pool = DescriptorPool()
    for file in file_set.file:
        pool.AddSerializedFile(file.SerializeToString())
    comments = read_comments(file_set)
    methods = [(method, _rpc(method, comments)) for service in _services(file_set, pool) for method in service.methods]
    routes = tuple(route for method, rpc in methods for route in _routes(method, rpc))
    _refuse_collisions(routes)
    return Contract(
        rpcs=tuple(rpc for _, rpc in methods),
        routes=routes,
        comments=MappingProxyType(comments),
        table=RouteTable((route.verb, route.template, route) for route in routes),
    )


def is_file_transfer(message: Descriptor) -> bool:
    """Whether a streamed message is `oneof part {Header header; bytes chunk; End end}`, the last where it has one."""
    part = message.oneofs_by_name.get("part")
    if part is None:
        return False
    fields = {field.name: field for field in part.fields}
    return (
        set(fields) - {"end"} == {"header", "chunk"}
        and fields["header"].type == FieldDescriptor.TYPE_MESSAGE
        and fields["chunk"].type == FieldDescriptor.TYPE_BYTES
    )


def _services(file_set: descriptor_pb2.FileDescriptorSet, pool: DescriptorPool) -> Iterator[ServiceDescriptor]:
    for file in file_set.file:
        for service in file.service:
            yield pool.FindServiceByName(f"{file.package}.{service.name}")


def _rpc(method: MethodDescriptor, comments: Mapping[str, str]) -> Rpc:
    access = method.GetOptions().Extensions[access_pb2.access]
    if access.public == bool(access.roles):
        raise ContractError(f"{method.full_name}: the access option says `public: true` or roles, exactly one of them")
    service = method.containing_service
    return Rpc(
        service=service.full_name,
        name=method.name,
        served_by=service.GetOptions().Extensions[access_pb2.served_by],
        request=GetMessageClass(method.input_type),
        response=GetMessageClass(method.output_type),
        client_streaming=method.client_streaming,
        server_streaming=method.server_streaming,
        public=access.public,
        roles=tuple(access_pb2.Role.Name(role) for role in access.roles),
        comment=comments.get(method.full_name, ""),
    )


def _routes(method: MethodDescriptor, rpc: Rpc) -> Iterator[Route]:
    options = method.GetOptions()
    if not options.HasExtension(annotations_pb2.http):
        return
    rule = options.Extensions[annotations_pb2.http]
    for binding, each in enumerate((rule, *rule.additional_bindings)):
        route = _route(rpc, each, binding)
        _check(route)
        yield route


def _route(rpc: Rpc, rule: http_pb2.HttpRule, binding: int) -> Route:
    kind = rule.WhichOneof("pattern")
    if kind is None:
        raise ContractError(f"{rpc.path}: the http rule has no path")
    verb, text = (rule.custom.kind, rule.custom.path) if kind == "custom" else (kind.upper(), str(getattr(rule, kind)))
    try:
        template = parse_template(text)
    except TemplateError as error:
        raise ContractError(f"{rpc.path}: {error}") from error
    return Route(rpc, verb, template, rule.body, rule.response_body, binding)


def _check(route: Route) -> None:
    rpc, request = route.rpc, descriptor_of(route.rpc.request)
    where = f"{rpc.path} ({route.verb} {route.template.text})"
    if not rpc.served_by:
        raise ContractError(f"{where}: its service does not say who answers it (served_by)")
    if rpc.client_streaming and (rpc.server_streaming or not is_file_transfer(request)):
        raise ContractError(f"{where}: a client stream needs `oneof part {{Header header; bytes chunk}}` for HTTP")
    if rpc.client_streaming and route.verb not in ("POST", "PUT"):
        raise ContractError(f"{where}: an upload is POST or PUT")
    if rpc.server_streaming and route.verb != "GET":
        raise ContractError(f"{where}: a server stream is GET")
    if route.body and route.verb in ("GET", "DELETE"):
        raise ContractError(f"{where}: {route.verb} has no body")
    if route.body not in ("", "*") and not _is_message(request, route.body):
        raise ContractError(f"{where}: body {route.body!r} is no message field of the request")
    if route.response_body and not _is_message(descriptor_of(rpc.response), route.response_body):
        raise ContractError(f"{where}: response_body {route.response_body!r} is no message field of the response")
    for variable in route.template.variables:
        if not _is_scalar(request, variable.field_path):
            raise ContractError(f"{where}: {{{variable.name}}} is no scalar field of the request")


def _is_message(message: Descriptor, name: str) -> bool:
    return name in message.fields_by_name and is_single_message(field_at(message, (name,)))


def _is_scalar(message: Descriptor, path: tuple[str, ...]) -> bool:
    for depth in range(1, len(path)):
        if not _is_message_at(message, path[:depth]):
            return False
    try:
        field = field_at(message, path)
    except KeyError:
        return False
    return field.message_type is None and not field.is_repeated


def _is_message_at(message: Descriptor, path: tuple[str, ...]) -> bool:
    try:
        return is_single_message(field_at(message, path))
    except KeyError:
        return False


def _refuse_collisions(routes: tuple[Route, ...]) -> None:
    taken: dict[tuple[object, ...], Route] = {}
    for route in routes:
        other = taken.setdefault((route.verb, route.template.shape), route)
        if other is not route:
            raise ContractError(
                f"{route.rpc.path} and {other.rpc.path} answer the same requests: "
                f"{route.verb} {route.template.text} and {other.template.text}"
            )
