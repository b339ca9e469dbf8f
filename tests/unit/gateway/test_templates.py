from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.gateway.routing import RouteTable
from services.gateway.templates import TemplateError, parse_template, split_path


def _bind(template: str, path: str) -> dict[str, str] | None:
    return parse_template(template).match(split_path(path))


def test_a_variable_is_one_segment() -> None:
    assert _bind("/v1/jobs/{job_id}", "/v1/jobs/j1") == {"job_id": "j1"}
    assert _bind("/v1/jobs/{job_id}", "/v1/jobs/j1/more") is None
    assert _bind("/v1/jobs/{job_id}", "/v1/jobs/") is None


def test_a_variable_may_be_a_nested_field() -> None:
    assert _bind("/v1/jobs/{job.job_id}", "/v1/jobs/j1") == {"job.job_id": "j1"}


def test_a_variable_may_have_literals_of_its_own() -> None:
    template = "/v1/{name=tenants/*/jobs/*}:close"
    assert _bind(template, "/v1/tenants/a/jobs/b:close") == {"name": "tenants/a/jobs/b"}
    assert _bind(template, "/v1/tenants/a/things/b:close") is None
    assert _bind(template, "/v1/tenants/a%2Fb/jobs/%C5%81:close") == {"name": "tenants/a%2Fb/jobs/Ł"}


def test_a_custom_verb_is_never_part_of_a_variable() -> None:
    assert _bind("/v1/jobs/{job_id}", "/v1/jobs/j1:close") is None
    assert _bind("/v1/jobs/{job_id}:close", "/v1/jobs/j1") is None
    assert _bind("/v1/jobs/{job_id}:close", "/v1/jobs/:close") is None
    assert _bind("/v1/jobs/{job_id}:close", "/v1/jobs/a%3Ab:close") == {"job_id": "a:b"}
    assert _bind("/v1/jobs:batch", "/v1/jobs:batch") == {}


def test_an_encoded_slash_does_not_divide() -> None:
    assert _bind("/v1/jobs/{job_id}", "/v1/jobs/a%2Fb") == {"job_id": "a/b"}


@given(st.text(min_size=1))
def test_every_text_survives_being_a_segment(text: str) -> None:
    from urllib.parse import quote

    encoded = quote(text, safe="", errors="surrogatepass")
    if encoded.isascii() and "%ED" not in encoded:
        assert _bind("/v1/jobs/{job_id}:close", f"/v1/jobs/{encoded}:close") == {"job_id": text}


@pytest.mark.parametrize("template", ["v1/jobs", "/v1/**", "/v1/{name=**}", "/v1/*", "/v1/{Job}", "/v1/{a", "/v1//b"])
def test_a_template_that_cannot_be_served_is_refused(template: str) -> None:
    with pytest.raises(TemplateError):
        parse_template(template)


def _table(*routes: tuple[str, str]) -> RouteTable[str]:
    return RouteTable((verb, parse_template(text), text) for verb, text in routes)


def test_a_literal_goes_before_a_variable() -> None:
    table = _table(("GET", "/v1/{a}/{b}"), ("GET", "/v1/jobs/{b}"), ("GET", "/v1/jobs/mine"))
    found = {path: table.match("GET", path) for path in ("/v1/jobs/mine", "/v1/jobs/x", "/v1/x/mine")}
    assert {path: match.route for path, match in found.items() if match} == {
        "/v1/jobs/mine": "/v1/jobs/mine",
        "/v1/jobs/x": "/v1/jobs/{b}",
        "/v1/x/mine": "/v1/{a}/{b}",
    }


def test_a_path_knows_all_its_verbs() -> None:
    table = _table(("GET", "/v1/jobs/{a}"), ("PATCH", "/v1/jobs/{b}"), ("POST", "/v1/jobs/{a}:close"))
    assert table.allowed("/v1/jobs/x") == ("GET", "HEAD", "OPTIONS", "PATCH")
    assert table.allowed("/v1/jobs/x:close") == ("OPTIONS", "POST")
    assert table.allowed("/v1/other") == ()


def test_head_is_answered_by_get() -> None:
    match = _table(("GET", "/v1/jobs")).match("HEAD", "/v1/jobs")
    assert match is not None
    assert match.route == "/v1/jobs"
