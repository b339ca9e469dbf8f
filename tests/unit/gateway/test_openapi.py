from __future__ import annotations

from typing import Any

from openapi_spec_validator import OpenAPIV31SpecValidator

from services.gateway.contract import Contract
from services.gateway.openapi import build_openapi
from tests.unit.gateway.samples import THINGS, contract_of, rpc, service

RULED = """
message Ruled {
  string code = 1 [(buf.validate.field).string = {min_len: 2, max_len: 9, pattern: "^a"}];
  string site = 2 [(buf.validate.field).string.uri = true, (buf.validate.field).ignore = IGNORE_IF_ZERO_VALUE];
  int32 count = 3 [(buf.validate.field).int32 = {gt: 0, lte: 5}];
  int64 large = 4 [(buf.validate.field).int64.gte = 1];
  double share = 5 [(buf.validate.field).double = {gte: 0, lt: 1.5}];
  repeated string tags = 6 [(buf.validate.field).repeated = {
    min_items: 1 max_items: 3 unique: true items: {string: {max_len: 4}}
  }];
  map<string, int32> marks = 7 [(buf.validate.field).map.max_pairs = 2];
  bytes blob = 8 [(buf.validate.field).bytes.max_len = 10];
  Ruled child = 9 [(buf.validate.field).required = true];
  optional string note = 10 [(buf.validate.field).string.min_len = 1];
  string mail = 11 [(buf.validate.field).cel = {id: "m", message: "mail must be ours", expression: "true"}];
}
"""


def _document(text: str) -> dict[str, Any]:
    document = build_openapi(contract_of(THINGS + text), "1")
    assert [error.message for error in OpenAPIV31SpecValidator(document).iter_errors()] == []
    return document


def test_rules_become_keywords() -> None:
    post = rpc("Make", "Ruled", "google.protobuf.Empty", 'post: "/api/v1/ruled" body: "*"')
    schema = _document(RULED + service(post))["components"]["schemas"]["Ruled"]
    fields = schema["properties"]
    assert fields["code"] == {"type": "string", "minLength": 2, "maxLength": 9, "pattern": "^a"}
    assert fields["site"] == {"type": "string", "format": "uri"}
    assert fields["count"] == {"type": "integer", "format": "int32", "exclusiveMinimum": 0, "maximum": 5}
    assert fields["large"]["type"] == "string"
    assert (fields["share"]["minimum"], fields["share"]["exclusiveMaximum"]) == (0, 1.5)
    assert fields["tags"] == {
        "type": "array",
        "items": {"type": "string", "maxLength": 4},
        "minItems": 1,
        "maxItems": 3,
        "uniqueItems": True,
    }
    assert fields["marks"]["maxProperties"] == 2
    assert fields["blob"] == {"type": "string", "contentEncoding": "base64", "maxLength": 16}
    assert fields["mail"]["description"].strip() == "Rule: mail must be ours."
    assert schema["required"] == ["code", "count", "tags", "child"]
    assert schema["additionalProperties"] is False


def test_a_message_that_goes_both_ways_has_two_schemas(things: Contract) -> None:
    document = build_openapi(things, "1")
    schemas = document["components"]["schemas"]
    assert schemas["Thing"]["required"] == ["thingId", "displayName", "parts", "counts"]
    assert "required" not in schemas["ThingInput"]
    assert schemas["ThingInput"]["properties"]["size"] == {"$ref": "#/components/schemas/SizeInput"}


def test_fields_of_the_path_are_no_fields_of_the_body(things: Contract) -> None:
    document = build_openapi(things, "1")
    act = document["paths"]["/api/v1/things/{thing_id}:act"]["post"]
    body = act["requestBody"]["content"]["application/json"]["schema"]
    assert set(body["properties"]) == {"with", "numbers", "requestId"}
    assert "204" in act["responses"]


def test_nested_path_fields_share_the_path_of_plain_ones(things: Contract) -> None:
    paths = build_openapi(things, "1")["paths"]
    assert set(paths["/api/v1/things/{thing_id}"]) == {"get", "patch"}


def test_query_parameters_are_flat_and_never_repeat_the_path(things: Contract) -> None:
    get = build_openapi(things, "1")["paths"]["/api/v1/things/{thing_id}"]["get"]
    names = [each["name"] for each in get["parameters"] if each["in"] == "query"]
    assert "size.width" in names
    assert "size.measureTime" in names
    assert not {"thingId", "sizes", "labels", "size"} & set(names)


def test_one_name_for_one_shape_whatever_the_variables_are_called() -> None:
    text = service(
        rpc("Find", "FindRequest", "Thing", 'get: "/api/v1/things/{thing_id}"'),
        rpc("Drop", "FindRequest", "Thing", 'delete: "/api/v1/things/{owner}"'),
    )
    paths = _document(text)["paths"]
    assert list(paths) == ["/api/v1/things/{thing_id}"]
    assert paths["/api/v1/things/{thing_id}"]["delete"]["parameters"][0]["name"] == "thing_id"


def test_a_variable_of_several_segments_has_a_parameter_for_each() -> None:
    paths = _document(service(rpc("Find", "FindRequest", "Thing", 'get: "/api/v1/{thing_id=a/*/b/*}"')))["paths"]
    assert list(paths) == ["/api/v1/a/{thing_id_1}/b/{thing_id_2}"]


def test_a_message_may_hold_itself() -> None:
    tree = "message Tree { repeated Tree branches = 1; Tree trunk = 2; }"
    post = rpc("Grow", "Tree", "Tree", 'post: "/api/v1/trees" body: "*"')
    get = rpc("Show", "Tree", "Tree", 'get: "/api/v1/trees"')
    schemas = _document(tree + service(post, get))["components"]["schemas"]
    assert schemas["Tree"]["properties"]["trunk"] == {"$ref": "#/components/schemas/Tree"}


def test_names_that_two_services_share_are_made_different() -> None:
    find = rpc("Find", "FindRequest", "Thing", 'get: "/api/v1/things"')
    other = service(rpc("Find", "FindRequest", "Thing", 'get: "/api/v1/others"')).replace("Sample", "Other")
    paths = _document(service(find) + other)["paths"]
    assert paths["/api/v1/things"]["get"]["operationId"] == "SampleService_Find"
    assert paths["/api/v1/others"]["get"]["operationId"] == "OtherService_Find"
