"""One HTTP request, as far as the contract understands it."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl, quote

from starlette.datastructures import Headers
from starlette.types import Scope

from services.gateway.contract import Contract, Route
from services.gateway.fields import FieldError
from services.gateway.problems import Problem, Refused, invalid
from services.gateway.routing import Match

_REQUEST_ID = re.compile(r"[A-Za-z0-9._:-]{1,128}", re.ASCII)
_PRINTABLE = re.compile(r"[\x20-\x7e]+", re.ASCII)
_PARAMETER_LIMIT = 200


@dataclass(frozen=True)
class Exchange:
    """A request with its route. `head` asks for the headers of the answer only."""

    route: Route
    bindings: Mapping[str, str]
    query: tuple[tuple[str, str], ...]
    headers: Headers
    request_id: str
    authorization: str
    head: bool

    def metadata(self) -> tuple[tuple[str, str], ...]:
        """What goes along with the gRPC call; nothing else of the request does."""
        pairs = (("authorization", self.authorization), ("x-request-id", self.request_id))
        # A header that gRPC cannot carry is left out, and the called service then sees nobody signed in.
        return tuple(pair for pair in pairs if _PRINTABLE.fullmatch(pair[1]))


def open_exchange(contract: Contract, scope: Scope) -> Exchange:
    """Finds the route of a request and reads what stands beside its body.

    Raises:
        Refused: no such path (404) or verb (405), or a path or query that is not UTF-8 (400).
    """
    verb = "GET" if scope["type"] == "websocket" else scope["method"]
    match = find_route(contract, scope, verb)
    scope["route"] = RouteInfo(match.route.template.text)
    headers = Headers(scope=scope)
    query = tuple(_query(scope))
    authorization = headers.get("authorization", "")
    if scope["type"] == "websocket":
        # A browser cannot set headers on a WebSocket.
        token = next((value for name, value in query if name == "access_token"), "")
        authorization = authorization or (f"Bearer {token}" if token else "")
        query = tuple(pair for pair in query if pair[0] != "access_token")
    return Exchange(
        route=match.route,
        bindings=match.bindings,
        query=query,
        headers=headers,
        request_id=request_id_of(scope),
        authorization=authorization,
        head=verb == "HEAD",
    )


@dataclass(frozen=True)
class RouteInfo:
    """What instrumentation reads from `scope["route"]`."""

    path: str

    @property
    def path_format(self) -> str:
        """The route's template."""
        return self.path


def find_route(contract: Contract, scope: Scope, verb: str) -> Match[Route]:
    """The route of a request.

    Raises:
        Refused: 404, 405 with Allow, or 400 for a path that is not UTF-8.
    """
    path = raw_path_of(scope)
    try:
        match = contract.table.match(verb, path)
    except UnicodeDecodeError as error:
        raise Refused(invalid(FieldError("is not UTF-8", parameter="path"))) from error
    if match is not None:
        return match
    allowed = contract.table.allowed(path)
    if not allowed:
        raise Refused(Problem(404, "ROUTE_NOT_FOUND", "There is nothing at this path."))
    allow = ", ".join(allowed)
    raise Refused(
        Problem(405, "METHOD_NOT_ALLOWED", f"This path takes {allow}, not {verb}.", extra_headers={"allow": allow})
    )


def raw_path_of(scope: Scope) -> str:
    """The path as it was sent, percent-encoded, without the mount point."""
    raw = scope.get("raw_path")
    path = raw.decode("ascii", "replace") if raw else quote(scope["path"], safe="/:@!$&'()*+,;=~-._")
    return path.removeprefix(quote(scope.get("root_path", "")))


def request_id_of(scope: Scope) -> str:
    """The request's id: the caller's `X-Request-Id` where it is a plain word, else a new one. The same every time."""
    state = scope.setdefault("state", {})
    if "request_id" not in state:
        given = Headers(scope=scope).get("x-request-id", "")
        state["request_id"] = given if _REQUEST_ID.fullmatch(given) else uuid.uuid4().hex
    return str(state["request_id"])


def _query(scope: Scope) -> Iterator[tuple[str, str]]:
    raw = scope.get("query_string", b"").decode("ascii", "replace")
    try:
        yield from parse_qsl(raw, keep_blank_values=True, errors="strict", max_num_fields=_PARAMETER_LIMIT)
    except ValueError as error:
        detail = f"is not UTF-8, or has more than {_PARAMETER_LIMIT} parameters"
        raise Refused(invalid(FieldError(detail, parameter="query"))) from error
