"""What a caller gets instead of an answer."""

from __future__ import annotations

import grpc
import pytest

from tests.contract.fake_mesh import JOB_ID, FakeMesh, reason, retry_after, violation
from tests.contract.running import Gateway

CODE = grpc.StatusCode


async def test_a_refusal_is_a_problem_with_its_reason(gateway: Gateway) -> None:
    response = await gateway.client.get("/api/v1/jobs/job_other", headers={"X-Request-Id": "r-9"})
    assert response.status_code == 404
    assert response.headers["content-type"] == "application/problem+json"
    assert response.json() == {
        "type": "urn:candor:problem:JOB_NOT_FOUND",
        "title": "Job not found",
        "status": 404,
        "detail": "There is no such job.",
        "reason": "JOB_NOT_FOUND",
        "requestId": "r-9",
    }


async def test_a_violated_rule_has_the_pointer_of_the_body(gateway: Gateway, mesh: FakeMesh) -> None:
    broken = violation("job.rubric.criteria[2].criterion_id", "must match")
    mesh.refusal = (CODE.INVALID_ARGUMENT, "The request is not valid.", [reason("REQUEST_INVALID"), broken])
    response = await gateway.client.post("/api/v1/jobs", json={"title": "a"})
    assert response.json()["errors"] == [{"pointer": "/rubric/criteria/2/criterionId", "detail": "must match"}]


async def test_a_violated_rule_of_a_query_parameter_has_its_name(gateway: Gateway, mesh: FakeMesh) -> None:
    mesh.refusal = (CODE.INVALID_ARGUMENT, "x", [violation("page_size", "must be at most 100")])
    response = await gateway.client.get("/api/v1/jobs?pageSize=1000")
    assert response.json()["errors"] == [{"parameter": "pageSize", "detail": "must be at most 100"}]


async def test_a_violated_rule_of_the_path_has_the_name_in_the_path(gateway: Gateway, mesh: FakeMesh) -> None:
    mesh.refusal = (CODE.INVALID_ARGUMENT, "x", [violation("job.job_id", "must match")])
    response = await gateway.client.patch("/api/v1/jobs/nonsense", json={})
    assert response.json()["errors"] == [{"parameter": "job_id", "detail": "must match"}]


async def test_a_limit_says_when_to_come_back(gateway: Gateway, mesh: FakeMesh) -> None:
    mesh.refusal = (CODE.RESOURCE_EXHAUSTED, "100 an hour.", [reason("RATE_LIMITED"), retry_after(12.2)])
    response = await gateway.client.get("/api/v1/jobs")
    assert response.status_code == 429
    assert response.headers["retry-after"] == "13"
    assert response.json()["detail"] == "100 an hour."


async def test_nobody_signed_in_is_told_how(gateway: Gateway, mesh: FakeMesh) -> None:
    mesh.refusal = (CODE.UNAUTHENTICATED, "Sign in first.", [reason("SIGN_IN_REQUIRED")])
    response = await gateway.client.get("/api/v1/me")
    assert response.status_code == 401
    assert response.headers["www-authenticate"] == "Bearer"


async def test_a_fault_of_a_service_shows_nothing_of_its_inside(gateway: Gateway, mesh: FakeMesh) -> None:
    mesh.failure = RuntimeError("password=hunter2 at 10.0.0.7")
    response = await gateway.client.get("/api/v1/me")
    assert response.status_code == 500
    assert response.json()["reason"] == "INTERNAL"
    assert "hunter2" not in response.text


async def test_a_service_that_is_down_is_503_without_its_address(gateway: Gateway, mesh: FakeMesh) -> None:
    mesh.refusal = (CODE.UNAVAILABLE, "failed to connect to ipv4:10.0.0.7:4000", [])
    response = await gateway.client.get("/api/v1/me")
    assert response.status_code == 503
    assert "10.0.0.7" not in response.text


async def test_an_rpc_that_nobody_serves_is_501(gateway: Gateway) -> None:
    response = await gateway.client.post(f"/api/v1/jobs/{JOB_ID}:draftRubric")
    assert response.status_code == 501
    assert "ScoringService" not in response.text


@pytest.mark.parametrize("path", ["/api/v1/nothing", "/api/v1/jobs/", "/api/v1/jobs/a/b/c", "/api", "/nothing", "//"])
async def test_a_path_that_nobody_has_is_404(gateway: Gateway, path: str) -> None:
    response = await gateway.client.get(f"http://{gateway.host}{path}")
    assert (response.status_code, response.json()["reason"]) == (404, "ROUTE_NOT_FOUND")
    assert response.headers["content-type"] == "application/problem+json"


async def test_a_colon_never_belongs_to_an_id(gateway: Gateway) -> None:
    assert (await gateway.client.get(f"/api/v1/jobs/{JOB_ID}:explode")).json()["reason"] == "ROUTE_NOT_FOUND"


async def test_an_encoded_slash_stays_in_its_segment(gateway: Gateway) -> None:
    assert (await gateway.client.get("/api/v1/jobs/a%2Franking")).json()["reason"] == "JOB_NOT_FOUND"


async def test_another_verb_is_told_all_that_the_path_takes(gateway: Gateway) -> None:
    response = await gateway.client.put(f"/api/v1/jobs/{JOB_ID}")
    assert response.status_code == 405
    assert response.headers["allow"] == "DELETE, GET, HEAD, OPTIONS, PATCH"
    assert response.json()["reason"] == "METHOD_NOT_ALLOWED"


async def test_unknown_and_wrong_fields_are_all_named(gateway: Gateway, mesh: FakeMesh) -> None:
    response = await gateway.client.post("/api/v1/jobs", json={"titel": "a", "rubric": {"criteria": {}}})
    assert response.status_code == 400
    assert [error["pointer"] for error in response.json()["errors"]] == ["/titel", "/rubric/criteria"]
    assert "description" not in response.text
    assert mesh.requests == []


@pytest.mark.parametrize("body", [b"{", b"[]", b'"a"', b'{"title": NaN}', b"\xff", b"[" * 100_000, b'{"a":1,"a":2}'])
async def test_a_body_that_is_no_json_object_is_400(gateway: Gateway, body: bytes) -> None:
    headers = {"content-type": "application/json"}
    response = await gateway.client.post("/api/v1/jobs", content=body, headers=headers)
    assert response.status_code == 400
    assert response.json()["errors"][0]["pointer"] == ""


async def test_a_body_of_another_type_is_415(gateway: Gateway) -> None:
    response = await gateway.client.post("/api/v1/jobs", data={"title": "a"})
    assert response.status_code == 415


async def test_a_json_body_has_a_limit(gateway: Gateway, mesh: FakeMesh) -> None:
    response = await gateway.client.post("/api/v1/jobs", json={"title": "a" * (2 * 1024 * 1024)})
    assert (response.status_code, response.json()["reason"]) == (413, "BODY_TOO_LARGE")
    assert mesh.requests == []


async def test_a_get_takes_no_body(gateway: Gateway) -> None:
    response = await gateway.client.request("GET", "/api/v1/jobs", json={"pageSize": 1})
    assert response.status_code == 400


@pytest.mark.parametrize("query", ["pagesize=1", "pageSize=x", "pageSize=1&pageSize=2", "state=STATE_X", "job.title=a"])
async def test_a_wrong_query_parameter_is_named(gateway: Gateway, mesh: FakeMesh, query: str) -> None:
    response = await gateway.client.get(f"/api/v1/jobs?{query}")
    assert response.status_code == 400
    assert response.json()["errors"][0]["parameter"] == query.partition("=")[0]
    assert mesh.requests == []


async def test_a_path_that_is_no_utf8_is_400(gateway: Gateway) -> None:
    assert (await gateway.client.get("/api/v1/jobs/%ff")).status_code == 400
