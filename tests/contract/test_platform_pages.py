"""What stands beside the contract's routes."""

from __future__ import annotations

from pathlib import Path

import pytest
from openapi_spec_validator import validate

from services.gateway.app import build_app, span_name
from services.gateway.contract import Contract, ContractError
from tests.contract.running import Gateway


async def test_the_gateway_lives_without_asking_anybody(gateway: Gateway) -> None:
    assert (await gateway.client.get("/healthz")).status_code == 200


async def test_the_gateway_is_ready_unless_there_is_a_reason(gateway: Gateway) -> None:
    assert (await gateway.client.get("/readyz")).json() == {"ready": True, "reasons": []}
    gateway.not_ready.append("store: unreachable")
    response = await gateway.client.get("/readyz")
    gateway.not_ready.clear()
    assert response.status_code == 503
    assert response.json() == {"ready": False, "reasons": ["store: unreachable"]}


async def test_metrics_are_what_the_wiring_says(gateway: Gateway) -> None:
    response = await gateway.client.get("/metrics")
    assert response.text == "up 1\n"
    assert response.headers["content-type"] == "text/plain; version=0.0.4"


async def test_the_document_is_served(gateway: Gateway) -> None:
    validate((await gateway.client.get("/api/openapi.json")).json())


async def test_the_page_of_the_document_loads_nothing_from_elsewhere(gateway: Gateway) -> None:
    page = await gateway.client.get("/api/docs")
    policy = page.headers["content-security-policy"]
    assert "script-src 'self';" in policy
    assert "unsafe" not in policy
    assert "<script>" not in page.text
    assert "//" not in page.text.replace("<!doctype", "")


@pytest.mark.parametrize("name", ["swagger-ui-bundle.js", "swagger-ui.css", "init.js"])
async def test_the_files_of_the_page_are_ours(gateway: Gateway, name: str) -> None:
    response = await gateway.client.get(f"/api/docs/{name}")
    assert response.status_code == 200
    assert response.headers["content-type"].startswith("text/")


async def test_no_other_file_is_served(gateway: Gateway) -> None:
    assert (await gateway.client.get("/api/docs/LICENSE")).status_code == 404
    assert (await gateway.client.get("/api/docs/..%2f..%2fapp.py")).status_code == 404


async def test_the_front_door_leads_to_the_document(gateway: Gateway) -> None:
    assert (await gateway.client.get("/")).headers["location"] == "/api/docs"


async def test_platform_pages_take_get_only(gateway: Gateway) -> None:
    response = await gateway.client.post("/healthz")
    assert (response.status_code, response.json()["reason"]) == (405, "METHOD_NOT_ALLOWED")
    assert set(response.headers["allow"].split(", ")) == {"GET", "HEAD"}


async def test_a_route_without_channel_refuses_the_start(contract: Contract) -> None:
    async def readiness() -> list[str]:
        return []

    with pytest.raises(ContractError, match="no channel"):
        build_app(contract, {}, readiness=readiness, metrics=lambda: (b"", ""))


@pytest.mark.parametrize(
    ("scope", "expected"),
    [
        (("http", "POST", "/api/v1/jobs/job_1:close"), "POST /api/v1/jobs/{job_id}:close"),
        (("http", "HEAD", "/api/v1/jobs/job_1"), "HEAD /api/v1/jobs/{job_id}"),
        (("websocket", "", "/api/v1/evaluations/e:watch"), "GET /api/v1/evaluations/{evaluation_id}:watch"),
        (("http", "GET", "/api/v1/someone/else"), "GET"),
        (("http", "GET", "/healthz"), "GET /healthz"),
        (("http", "GET", "/wp-login.php"), "GET"),
    ],
)
def test_a_span_is_named_by_its_route(contract: Contract, scope: tuple[str, str, str], expected: str) -> None:
    kind, verb, path = scope
    name, attributes = span_name(contract)({"type": kind, "method": verb, "path": path, "headers": []})
    assert name == expected
    assert attributes.get("http.route", "") in name


def test_a_token_in_a_query_never_reaches_a_span(contract: Contract) -> None:
    scope = {"type": "websocket", "path": "/api/v1/nothing", "headers": [], "query_string": b"a=1&access_token=secret"}
    assert span_name(contract)(scope)[1] == {"url.query": "access_token=REDACTED"}


def test_the_vendored_files_keep_their_licence() -> None:
    import services.gateway.app as app

    folder = Path(app.__file__).parent / "web" / "swagger-ui"
    assert {"LICENSE", "NOTICE"} <= {each.name for each in folder.iterdir()}
