"""What every RPC of the contract keeps to, read from the contract itself."""

from __future__ import annotations

import re
from collections import Counter
from typing import Any

import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from services.gateway.contract import Contract, Kind
from services.gateway.openapi import build_openapi

PEOPLE = {"ROLE_RECRUITER", "ROLE_CANDIDATE"}


@pytest.fixture(scope="module")
def document(contract: Contract) -> dict[str, Any]:
    return build_openapi(contract, "1.2.3")


def _operations(document: dict[str, Any]) -> list[tuple[str, str, dict[str, Any]]]:
    return [(path, verb, each) for path, verbs in document["paths"].items() for verb, each in verbs.items()]


def test_every_rpc_open_to_people_has_a_route(contract: Contract) -> None:
    routed = {route.rpc.path for route in contract.routes}
    open_to_people = {rpc.path for rpc in contract.rpcs if rpc.public or PEOPLE & set(rpc.roles)}
    assert open_to_people <= routed


def test_an_internal_rpc_has_no_route(contract: Contract) -> None:
    assert [route.rpc.path for route in contract.routes if route.rpc.roles == ("ROLE_SERVICE",)] == []


def test_every_rpc_has_a_comment_and_says_who_answers_it(contract: Contract) -> None:
    assert [rpc.path for rpc in contract.rpcs if not rpc.comment or not rpc.served_by] == []


def test_every_field_of_a_routed_message_has_a_comment(contract: Contract) -> None:
    schemas = build_openapi(contract, "1")["components"]["schemas"]
    bare = [
        f"{name}.{field}"
        for name, schema in schemas.items()
        for field, value in schema.get("properties", {}).items()
        if not value.get("description")
    ]
    assert bare == []


def test_routes_stand_under_the_api_and_its_version(contract: Contract) -> None:
    assert [r.template.text for r in contract.routes if not re.match(r"/api/v\d+/[a-z]", r.template.text)] == []


def test_no_two_routes_answer_the_same_request(contract: Contract) -> None:
    shapes = Counter((route.verb, route.template.shape) for route in contract.routes)
    assert [shape for shape, count in shapes.items() if count > 1] == []


def test_only_sign_up_and_sign_in_are_public(contract: Contract) -> None:
    assert {route.rpc.name for route in contract.routes if route.rpc.public} == {"CreateAccount", "CreateSession"}


def test_the_document_is_valid_openapi(document: dict[str, Any]) -> None:
    assert [error.message for error in OpenAPIV31SpecValidator(document).iter_errors()] == []


def test_the_document_has_every_route_once(contract: Contract, document: dict[str, Any]) -> None:
    assert len(_operations(document)) == len(contract.routes)


def test_no_two_paths_of_the_document_have_one_shape(document: dict[str, Any]) -> None:
    shapes = Counter(re.sub(r"\{[^}]+\}", "{}", path) for path in document["paths"])
    assert [shape for shape, count in shapes.items() if count > 1] == []


def test_operation_ids_are_unique_and_the_rpcs_names(contract: Contract, document: dict[str, Any]) -> None:
    ids = [operation["operationId"] for _, _, operation in _operations(document)]
    assert sorted(ids) == sorted(route.rpc.name for route in contract.routes)


def test_path_parameters_are_named_in_the_path_and_required(document: dict[str, Any]) -> None:
    for path, _, operation in _operations(document):
        given = {each["name"] for each in operation["parameters"] if each["in"] == "path" and each["required"]}
        assert given == set(re.findall(r"\{([^}]+)\}", path))


def test_a_public_route_asks_for_no_token_and_any_other_does(contract: Contract, document: dict[str, Any]) -> None:
    public = {route.rpc.name for route in contract.routes if route.rpc.public}
    without = {operation["operationId"] for _, _, operation in _operations(document) if operation.get("security") == []}
    assert without == public
    assert document["security"] == [{"bearerAuth": []}]


def test_every_operation_documents_its_problems(document: dict[str, Any]) -> None:
    for _, _, operation in _operations(document):
        assert operation["responses"]["default"] == {"$ref": "#/components/responses/ProblemDefault"}


def test_uploads_downloads_and_streams_have_their_media_types(contract: Contract, document: dict[str, Any]) -> None:
    by_id = {operation["operationId"]: operation for _, _, operation in _operations(document)}
    for route in contract.routes:
        operation = by_id[route.rpc.name]
        if route.rpc.kind is Kind.UPLOAD:
            body = operation["requestBody"]["content"]
            assert set(body) == {"multipart/form-data", "application/octet-stream"}
        if route.rpc.kind is Kind.DOWNLOAD:
            assert "application/octet-stream" in operation["responses"]["200"]["content"]
        if route.rpc.kind is Kind.STREAM:
            assert "text/event-stream" in operation["responses"]["200"]["content"]


def test_the_rules_of_the_contract_stand_in_the_document(document: dict[str, Any]) -> None:
    schemas = document["components"]["schemas"]
    sign_up = schemas["CreateAccountRequest"]
    assert sign_up["properties"]["email"]["format"] == "email"
    assert sign_up["properties"]["password"]["minLength"] == 12
    assert sorted(sign_up["required"]) == ["displayName", "email", "password"]
    batch = schemas["BatchCreateEvaluationsRequest"]["properties"]["resumeIds"]
    assert (batch["minItems"], batch["maxItems"], batch["uniqueItems"]) == (1, 1000, True)
    assert batch["items"]["pattern"] == "^res_[0-9a-f]{32}$"
