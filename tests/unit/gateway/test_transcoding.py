from __future__ import annotations

import json
from typing import Any

import pytest
from google.protobuf import json_format
from hypothesis import given
from hypothesis import strategies as st

from services.gateway.contract import Contract
from services.gateway.problems import Refused
from services.gateway.transcoding import as_json, build_request
from tests.unit.gateway.samples import contract_of, exchange_of, route_named


def _find(things: Contract, query: str) -> Any:
    return build_request(exchange_of(route_named(things, "Find"), {"thing_id": "t"}, query))


def _refused(things: Contract, name: str, body: Any, path: dict[str, str], query: str = "") -> list[dict[str, str]]:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    with pytest.raises(Refused) as refused:
        build_request(exchange_of(route_named(things, name), path, query), content)
    assert refused.value.problem.status == 400
    return [error.as_dict() for error in refused.value.problem.errors]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("pageSize=7", {"pageSize": 7}),
        ("page_size=-7", {"pageSize": -7}),
        ("bigNumber=9223372036854775807", {"bigNumber": "9223372036854775807"}),
        ("exact=true", {"exact": True}),
        ("weight=-1.5e3", {"weight": -1500.0}),
        ("weight=.5", {"weight": 0.5}),
        ("blob=aGk=", {"blob": "aGk="}),
        ("colour=COLOUR_RED", {"colour": "COLOUR_RED"}),
        ("colour=1", {"colour": "COLOUR_RED"}),
        ("colours=1&colours=COLOUR_RED", {"colours": ["COLOUR_RED", "COLOUR_RED"]}),
        ("names=a&names=b,c", {"names": ["a", "b,c"]}),
        ("since=2026-01-31T12:00:00Z", {"since": "2026-01-31T12:00:00Z"}),
        ("within=3.500s", {"within": "3.500s"}),
        ("readMask=display_name,size.measureTime", {"readMask": "displayName,size.measureTime"}),
        ("readMask=a&readMask=b", {"readMask": "a,b"}),
        ("maybe=false", {"maybe": False}),
        ("size.width=3&size.measure_time=2026-01-31T12:00:00Z", None),
        ("owner=me", {"owner": "me"}),
    ],
)
def test_a_query_parameter_of_every_kind_is_bound(
    things: Contract, query: str, expected: dict[str, Any] | None
) -> None:
    wanted = expected or {"size": {"width": 3, "measureTime": "2026-01-31T12:00:00Z"}}
    assert json_format.MessageToDict(_find(things, query)) == {"thingId": "t", **wanted}


@pytest.mark.parametrize(
    ("query", "detail"),
    [
        ("nothing=1", "is not a parameter of this request"),
        ("size=1", "is not a parameter of this request"),
        ("sizes.width=1", "is not a parameter of this request"),
        ("labels=1", "is not a parameter of this request"),
        ("labels.a=1", "is not a parameter of this request"),
        ("thing_id=other", "is not a parameter of this request"),
        ("pageSize.x=1", "is not a parameter of this request"),
        ("pageSize=1_0", "must be a whole number from -2147483648 to 2147483647"),
        ("pageSize=2147483648", "must be a whole number from -2147483648 to 2147483647"),
        ("positive=-1", "must be a whole number from 0 to 4294967295"),
        ("exact=yes", "must be true or false"),
        ("weight=1,5", "must be a number"),
        ("colour=2", "must be one of COLOUR_UNSPECIFIED, COLOUR_RED"),
        ("since=yesterday", "must be a time such as 2026-01-31T12:00:00Z"),
        ("pageSize=1&pageSize=2", "is given more than once"),
    ],
)
def test_a_query_parameter_that_does_not_fit_is_named(things: Contract, query: str, detail: str) -> None:
    errors = _refused(things, "Find", b"", {"thing_id": "t"}, query)
    assert errors == [{"parameter": query.partition("=")[0], "detail": detail}]


def test_two_of_one_choice_are_refused(things: Contract) -> None:
    errors = _refused(things, "Find", b"", {"thing_id": "t"}, "owner=me&team=us")
    assert errors == [{"parameter": "team", "detail": "excludes another parameter that is given too"}]


def test_all_wrong_parameters_are_named_at_once(things: Contract) -> None:
    errors = _refused(things, "Find", b"", {"thing_id": "t"}, "exact=1&nothing=2&pageSize=3")
    assert [error["parameter"] for error in errors] == ["exact", "nothing"]


@given(st.integers(-(2**31), 2**31 - 1), st.text(), st.floats(allow_nan=False), st.booleans())
def test_what_is_written_into_a_query_comes_out(number: int, text: str, weight: float, exact: bool) -> None:
    from urllib.parse import parse_qsl, urlencode

    exchange = exchange_of(route_named(SAMPLE, "Find"), {"thing_id": "t"})
    written = {"pageSize": number, "weight": json_format.MessageToDict(_weighing(weight)).get("weight", 0)}
    pairs = urlencode({**written, "names": text, "exact": str(exact).lower()})
    query = tuple(parse_qsl(pairs, keep_blank_values=True))
    request: Any = build_request(exchange.__class__(**{**exchange.__dict__, "query": query}))
    assert (request.page_size, request.weight, request.exact) == (number, weight, exact)
    assert list(request.names) == [text]


SAMPLE = contract_of()


def _weighing(weight: float) -> Any:
    return route_named(SAMPLE, "Find").rpc.request(weight=weight)


@pytest.mark.parametrize(
    ("body", "errors"),
    [
        ({"nothing": 1}, [("/nothing", "there is no such field")]),
        ({"displayName": 1}, [("/displayName", "must be a string")]),
        ({"size": []}, [("/size", "must be an object")]),
        ({"parts": {}}, [("/parts", "must be a list, each item an object")]),
        ({"parts": [{}, {"widht": 1}]}, [("/parts/1/widht", "there is no such field")]),
        ({"parts": [{"width": 1.5}]}, [("/parts/0/width", "must be a whole number from -2147483648 to 2147483647")]),
        ({"parts": [None]}, [("/parts/0", "must be an object")]),
        ({"size": {"measureTime": 5}}, [("/size/measureTime", "must be a time such as 2026-01-31T12:00:00Z")]),
        ({"counts": {"a": "x"}}, [("/counts", "must be an object")]),
        ({"a/b~c": 1}, [("/a~1b~0c", "there is no such field")]),
        ({"displayName": "a", "display_name": "b"}, [("/display_name", "is given twice, under both of its names")]),
        ({"displayName": "\ud800"}, [("/displayName", "must be a string")]),
        ({"x": 1, "y": 2}, [("/x", "there is no such field"), ("/y", "there is no such field")]),
    ],
)
def test_an_error_in_a_body_is_named_with_its_pointer(
    things: Contract, body: dict[str, Any], errors: list[tuple[str, str]]
) -> None:
    found = _refused(things, "Change", body, {"thing.thing_id": "t"})
    assert [(error["pointer"], error["detail"]) for error in found] == errors


def test_a_body_with_endless_errors_names_some(things: Contract) -> None:
    assert len(_refused(things, "Change", {f"x{n}": 1 for n in range(500)}, {"thing.thing_id": "t"})) == 20


def test_proto_names_and_json_names_are_both_taken(things: Contract) -> None:
    route = route_named(things, "Change")
    for name in ("displayName", "display_name"):
        body = json.dumps({name: "a", "size": {"measure_time": "2026-01-31T12:00:00Z"}}).encode()
        request: Any = build_request(exchange_of(route, {"thing.thing_id": "t"}), body)
        assert (request.thing.display_name, list(request.update_mask.paths)) == ("a", ["display_name", "size"])


def test_null_in_a_patch_clears_the_field(things: Contract) -> None:
    exchange = exchange_of(route_named(things, "Change"), {"thing.thing_id": "t"})
    request: Any = build_request(exchange, b'{"displayName": null}')
    assert list(request.update_mask.paths) == ["display_name"]
    assert request.thing.display_name == ""


def test_a_body_for_everything_takes_no_query(things: Contract) -> None:
    errors = _refused(things, "Act", {}, {"thing_id": "t"}, "numbers=1")
    assert errors == [{"parameter": "numbers", "detail": "is not a parameter of this request"}]


def test_a_body_field_cannot_be_given_in_the_query(things: Contract) -> None:
    errors = _refused(things, "Change", {}, {"thing.thing_id": "t"}, "thing.displayName=a")
    assert errors == [{"parameter": "thing.displayName", "detail": "is not a parameter of this request"}]


def test_the_path_has_the_last_word(things: Contract) -> None:
    assert _refused(things, "Act", {"thingId": "other"}, {"thing_id": "t"})[0]["pointer"] == "/thingId"
    request: Any = build_request(exchange_of(route_named(things, "Act"), {"thing_id": "t"}), b'{"thingId": "t"}')
    assert request.thing_id == "t"


@pytest.mark.parametrize(("header", "expected"), [("k", "k"), ('"k"', "k"), ("", ""), ('"', '"')])
def test_the_idempotency_key_fills_the_request_id(things: Contract, header: str, expected: str) -> None:
    exchange = exchange_of(route_named(things, "Act"), {"thing_id": "t"}, headers={"Idempotency-Key": header})
    request: Any = build_request(exchange)
    assert request.request_id == expected


@pytest.mark.parametrize("media_type", ["text/plain", "application/x-www-form-urlencoded"])
def test_a_body_that_is_not_json_is_415(things: Contract, media_type: str) -> None:
    exchange = exchange_of(route_named(things, "Act"), {"thing_id": "t"}, headers={"content-type": media_type})
    with pytest.raises(Refused) as refused:
        build_request(exchange, b"a=b")
    assert refused.value.problem.status == 415


@pytest.mark.parametrize("media_type", ["application/json; charset=utf-8", "application/merge-patch+json", ""])
def test_json_by_any_name_is_taken(things: Contract, media_type: str) -> None:
    exchange = exchange_of(route_named(things, "Act"), {"thing_id": "t"}, headers={"content-type": media_type})
    request: Any = build_request(exchange, b'{"numbers": [1, "2"]}')
    assert list(request.numbers) == [1, 2]


def test_an_answer_has_all_fields_without_presence(things: Contract) -> None:
    route = route_named(things, "Find")
    assert json.loads(as_json(route, route.rpc.response(display_name="Ł"))) == {
        "thingId": "",
        "displayName": "Ł",
        "parts": [],
        "counts": {},
    }
