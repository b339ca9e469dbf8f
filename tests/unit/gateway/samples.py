"""Contracts that a test writes itself: proto text in, what the gateway reads of it out."""

from __future__ import annotations

import tempfile
from pathlib import Path

import grpc_tools
from grpc_tools import protoc
from starlette.datastructures import Headers

from services.gateway.contract import Contract, Route, load_contract
from services.gateway.exchange import Exchange

PROTOS = Path(__file__).parents[3] / "protos"
WELL_KNOWN = Path(grpc_tools.__file__).parent / "_proto"
HEAD = """
syntax = "proto3";
package sample.v1;
import "buf/validate/validate.proto";
import "candor/access/v1/access.proto";
import "google/api/annotations.proto";
import "google/protobuf/duration.proto";
import "google/protobuf/empty.proto";
import "google/protobuf/field_mask.proto";
import "google/protobuf/timestamp.proto";
import "google/protobuf/wrappers.proto";
"""
PUBLIC = "option (candor.access.v1.access) = {public: true};"

THINGS = """
enum Colour { COLOUR_UNSPECIFIED = 0; COLOUR_RED = 1; }
message Size { int32 width = 1; google.protobuf.Timestamp measure_time = 2; }
message Thing {
  string thing_id = 1;
  string display_name = 2;
  Size size = 3;
  repeated Size parts = 4;
  map<string, int32> counts = 5;
}
message FindRequest {
  string thing_id = 1;
  int32 page_size = 2;
  int64 big_number = 3;
  uint32 positive = 4;
  bool exact = 5;
  double weight = 6;
  bytes blob = 7;
  Colour colour = 8;
  repeated Colour colours = 9;
  repeated string names = 10;
  google.protobuf.Timestamp since = 11;
  google.protobuf.Duration within = 12;
  google.protobuf.FieldMask read_mask = 13;
  google.protobuf.BoolValue maybe = 14;
  Size size = 15;
  repeated Size sizes = 16;
  map<string, string> labels = 17;
  oneof by { string owner = 18; string team = 19; }
}
message ChangeRequest {
  Thing thing = 1;
  google.protobuf.FieldMask update_mask = 2;
  string request_id = 3;
}
message ActRequest { string thing_id = 1; Thing with = 2; repeated int32 numbers = 3; string request_id = 4; }
"""


def service(*rpcs: str, served_by: str = "store") -> str:
    """A service with these RPCs."""
    option = f'option (candor.access.v1.served_by) = "{served_by}";' if served_by else ""
    return f"service SampleService {{ {option} {' '.join(rpcs)} }}"


def rpc(name: str, request: str, response: str, http: str, access: str = PUBLIC) -> str:
    """One RPC with its http rule."""
    return f"rpc {name}({request}) returns ({response}) {{ {access} option (google.api.http) = {{ {http} }}; }}"


THING_SERVICE = service(
    rpc("Find", "FindRequest", "Thing", 'get: "/api/v1/things/{thing_id}"'),
    rpc("Change", "ChangeRequest", "Thing", 'patch: "/api/v1/things/{thing.thing_id}" body: "thing"'),
    rpc("Act", "ActRequest", "google.protobuf.Empty", 'post: "/api/v1/things/{thing_id}:act" body: "*"'),
)


def contract_of(text: str = THINGS + THING_SERVICE) -> Contract:
    """Compiles a proto text.

    Raises:
        ContractError: the gateway would refuse it.
    """
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "sample.proto").write_text(HEAD + text)
        out = Path(folder) / "set.binpb"
        includes = [f"-I{each}" for each in (folder, PROTOS, PROTOS / "third_party", WELL_KNOWN)]
        options = ["--include_imports", "--include_source_info", f"--descriptor_set_out={out}"]
        assert protoc.main(["protoc", *includes, *options, "sample.proto"]) == 0
        return load_contract(out.read_bytes())


def route_named(contract: Contract, name: str) -> Route:
    """The first route of an RPC."""
    return next(route for route in contract.routes if route.rpc.name == name)


def exchange_of(
    route: Route, path: dict[str, str] | None = None, query: str = "", headers: dict[str, str] | None = None
) -> Exchange:
    """A request that has found its route."""
    pairs = tuple(tuple(each.partition("=")[::2]) for each in query.split("&") if each)
    return Exchange(
        route=route,
        bindings=path or {},
        query=pairs,  # type: ignore[arg-type]
        headers=Headers(headers or {}),
        request_id="r-1",
        authorization="",
        head=False,
    )
