"""Unary RPCs over real HTTP and gRPC."""

from __future__ import annotations

from typing import Any

from candor.jobs.v1 import job_pb2, jobs_service_pb2

from tests.contract.fake_mesh import JOB_ID, FakeMesh
from tests.contract.running import Gateway


def _seen(mesh: FakeMesh) -> Any:
    return mesh.requests[-1]


async def test_a_body_field_becomes_the_resource(gateway: Gateway, mesh: FakeMesh) -> None:
    response = await gateway.client.post("/api/v1/jobs", json={"title": "Nurse", "rubric": {"criteria": []}})
    assert response.status_code == 200
    assert response.json()["jobId"] == JOB_ID
    assert _seen(mesh).job.title == "Nurse"


async def test_fields_without_presence_are_always_answered(gateway: Gateway) -> None:
    job = (await gateway.client.get(f"/api/v1/jobs/{JOB_ID}")).json()
    assert job["unlisted"] is False
    assert job["state"] == "STATE_UNSPECIFIED"
    assert job["description"] == "Łódź"
    assert "rubric" not in job


async def test_query_parameters_fill_the_request(gateway: Gateway, mesh: FakeMesh) -> None:
    await gateway.client.get("/api/v1/jobs?pageSize=7&page_token=abc&state=STATE_OPEN")
    assert _seen(mesh) == jobs_service_pb2.ListJobsRequest(page_size=7, page_token="abc", state=job_pb2.Job.STATE_OPEN)


async def test_a_custom_verb_takes_an_empty_body(gateway: Gateway, mesh: FakeMesh) -> None:
    response = await gateway.client.post(f"/api/v1/jobs/{JOB_ID}:close")
    assert response.json()["state"] == "STATE_CLOSED"
    assert _seen(mesh).job_id == JOB_ID


async def test_a_patch_without_mask_changes_the_fields_of_its_body(gateway: Gateway, mesh: FakeMesh) -> None:
    await gateway.client.patch(f"/api/v1/jobs/{JOB_ID}", json={"jobId": JOB_ID, "title": "Nurse", "rubricFailure": ""})
    assert list(_seen(mesh).update_mask.paths) == ["title", "rubric_failure"]
    assert _seen(mesh).job.job_id == JOB_ID


async def test_a_patch_with_mask_keeps_to_it(gateway: Gateway, mesh: FakeMesh) -> None:
    url = f"/api/v1/jobs/{JOB_ID}?updateMask=title,rubric_failure"
    await gateway.client.patch(url, json={"title": "Nurse", "description": "x"})
    assert list(_seen(mesh).update_mask.paths) == ["title", "rubric_failure"]


async def test_a_body_that_contradicts_the_path_is_refused(gateway: Gateway) -> None:
    response = await gateway.client.patch(f"/api/v1/jobs/{JOB_ID}", json={"jobId": "job_" + "1" * 32})
    assert response.status_code == 400
    assert response.json()["errors"] == [{"pointer": "/jobId", "detail": "must be the one in the path"}]


async def test_an_empty_answer_is_204(gateway: Gateway) -> None:
    response = await gateway.client.delete(f"/api/v1/jobs/{JOB_ID}")
    assert (response.status_code, response.content) == (204, b"")


async def test_the_idempotency_key_is_the_request_id(gateway: Gateway, mesh: FakeMesh) -> None:
    await gateway.client.post("/api/v1/jobs", json={"title": "a"}, headers={"Idempotency-Key": "k-1"})
    assert _seen(mesh).request_id == "k-1"


async def test_a_request_id_of_the_request_goes_before_the_header(gateway: Gateway, mesh: FakeMesh) -> None:
    url = "/api/v1/jobs?requestId=own"
    await gateway.client.post(url, json={"title": "a"}, headers={"Idempotency-Key": "k-1"})
    assert _seen(mesh).request_id == "own"


async def test_only_token_and_request_id_travel_on(gateway: Gateway, mesh: FakeMesh) -> None:
    headers = {"Authorization": "Bearer t", "X-Request-Id": "r-1", "X-Forwarded-User": "admin", "Cookie": "a=b"}
    response = await gateway.client.get("/api/v1/me", headers=headers)
    assert {key: mesh.metadata[key] for key in ("authorization", "x-request-id")} == {
        "authorization": "Bearer t",
        "x-request-id": "r-1",
    }
    assert not {"x-forwarded-user", "cookie"} & set(mesh.metadata)
    assert response.headers["x-request-id"] == "r-1"


async def test_a_request_without_id_gets_one(gateway: Gateway, mesh: FakeMesh) -> None:
    response = await gateway.client.get("/api/v1/me")
    assert len(response.headers["x-request-id"]) == 32
    assert mesh.metadata["x-request-id"] == response.headers["x-request-id"]


async def test_an_id_that_could_break_a_log_line_is_replaced(gateway: Gateway) -> None:
    response = await gateway.client.get("/api/v1/me", headers={"X-Request-Id": "a b\t<script>"})
    assert len(response.headers["x-request-id"]) == 32


async def test_every_call_has_a_deadline(gateway: Gateway, mesh: FakeMesh) -> None:
    await gateway.client.get("/api/v1/me")
    assert mesh.seconds_left is not None
    assert 0 < mesh.seconds_left < 5.5


async def test_head_answers_the_headers_of_get(gateway: Gateway) -> None:
    url = f"/api/v1/jobs/{JOB_ID}"
    head, get = await gateway.client.head(url), await gateway.client.get(url)
    assert head.status_code == 200
    assert head.content == b""
    assert head.headers["content-length"] == get.headers["content-length"]


async def test_options_answers_the_verbs_of_a_path(gateway: Gateway) -> None:
    response = await gateway.client.options(f"/api/v1/jobs/{JOB_ID}")
    assert response.status_code == 204
    assert response.headers["allow"] == "DELETE, GET, HEAD, OPTIONS, PATCH"


async def test_answers_are_private_and_never_a_page(gateway: Gateway) -> None:
    headers = (await gateway.client.get("/api/v1/me")).headers
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["cache-control"] == "no-store"
