from __future__ import annotations

import pytest

from services.gateway.contract import Contract, ContractError, Kind
from tests.unit.gateway.samples import PUBLIC, THINGS, contract_of, route_named, rpc, service

GET = 'get: "/api/v1/things/{thing_id}"'
PARTS = """
message Piece { message Header { string file_name = 1; } oneof part { Header header = 1; bytes chunk = 2; } }
"""


def test_a_route_knows_all_that_the_contract_says(things: Contract) -> None:
    route = route_named(things, "Change")
    assert (route.verb, route.template.text, route.body) == ("PATCH", "/api/v1/things/{thing.thing_id}", "thing")
    assert (route.rpc.path, route.rpc.served_by, route.rpc.public) == ("/sample.v1.SampleService/Change", "store", True)
    assert route.rpc.kind is Kind.UNARY


def test_additional_bindings_are_routes_too() -> None:
    http = f'{GET} additional_bindings {{ get: "/api/v1/old/{{thing_id}}" }}'
    contract = contract_of(THINGS + service(rpc("Find", "FindRequest", "Thing", http)))
    assert [(route.template.text, route.binding) for route in contract.routes] == [
        ("/api/v1/things/{thing_id}", 0),
        ("/api/v1/old/{thing_id}", 1),
    ]


def test_comments_are_kept_by_full_name() -> None:
    text = "// All things.\nservice S { // Finds.\n // Two lines.\n" + rpc("Find", "FindRequest", "Thing", GET) + "}"
    option = 'option (candor.access.v1.served_by) = "store";'
    contract = contract_of(THINGS + text.replace("service S {", f"service S {{ {option}\n"))
    assert contract.comments["sample.v1.S"] == "All things."
    assert contract.rpcs[0].comment == "Finds.\nTwo lines."


def test_roles_are_read_by_name() -> None:
    access = "option (candor.access.v1.access) = {roles: [ROLE_ADMIN, ROLE_SERVICE]};"
    contract = contract_of(THINGS + service(rpc("Find", "FindRequest", "Thing", GET, access)))
    assert (contract.rpcs[0].public, contract.rpcs[0].roles) == (False, ("ROLE_ADMIN", "ROLE_SERVICE"))


def test_file_transfers_are_told_by_their_shape() -> None:
    contract = contract_of(
        THINGS
        + PARTS
        + service(
            rpc("Put", "stream Piece", "Thing", 'post: "/api/v1/files" body: "*"'),
            rpc("Get", "FindRequest", "stream Piece", 'get: "/api/v1/files/{thing_id}:download"'),
            rpc("Watch", "FindRequest", "stream Thing", 'get: "/api/v1/things/{thing_id}:watch"'),
        )
    )
    assert [route.rpc.kind for route in contract.routes] == [Kind.UPLOAD, Kind.DOWNLOAD, Kind.STREAM]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (service(rpc("Find", "FindRequest", "Thing", GET, access="")), "access"),
        (service(rpc("Find", "FindRequest", "Thing", GET), served_by=""), "served_by"),
        (service(rpc("Find", "FindRequest", "Thing", 'get: "/api/v1/{nothing}"')), "nothing"),
        (service(rpc("Find", "FindRequest", "Thing", 'get: "/api/v1/{size.nothing}"')), "nothing"),
        (service(rpc("Find", "FindRequest", "Thing", 'get: "/api/v1/{size}"')), "size"),
        (service(rpc("Find", "FindRequest", "Thing", 'get: "/api/v1/{names}"')), "names"),
        (service(rpc("Act", "ActRequest", "Thing", 'post: "/api/v1/a" body: "nothing"')), "nothing"),
        (service(rpc("Act", "ActRequest", "Thing", 'post: "/api/v1/a" body: "numbers"')), "numbers"),
        (service(rpc("Find", "FindRequest", "Thing", 'get: "/api/v1/a" body: "*"')), "no body"),
        (service(rpc("Watch", "FindRequest", "stream Thing", 'post: "/api/v1/a" body: "*"')), "GET"),
        (service(rpc("Put", "stream Thing", "Thing", 'post: "/api/v1/a" body: "*"')), "header"),
        (
            service(
                rpc("Find", "FindRequest", "Thing", GET),
                rpc("Other", "ActRequest", "Thing", GET),
            ),
            "same requests",
        ),
    ],
)
def test_a_contract_that_cannot_be_served_refuses_the_start(text: str, why: str) -> None:
    with pytest.raises(ContractError, match=why):
        contract_of(THINGS + text)


def test_an_internal_rpc_needs_an_access_option_as_well() -> None:
    with pytest.raises(ContractError, match="Quiet"):
        contract_of(THINGS + service("rpc Quiet(FindRequest) returns (Thing);"))


def test_an_internal_rpc_has_no_route() -> None:
    contract = contract_of(THINGS + service(f"rpc Quiet(FindRequest) returns (Thing) {{ {PUBLIC} }}"))
    assert (len(contract.rpcs), contract.routes) == (1, ())
