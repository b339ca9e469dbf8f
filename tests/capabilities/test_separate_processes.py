"""Every service a process of its own, on real RabbitMQ and real PostgreSQL, asked over REST."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import httpx2
from candor.evaluations.v1.evaluation_pb2 import Evaluation
from candor.jobs.v1.job_pb2 import Criterion, Rubric

from tests.capabilities.rest import finished_ranking, signed_in, uploaded
from tests.capabilities.separate import fake_model, lines_of, separate_mesh

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
ALL = ("store", "parser", "scorer", "gateway")


async def test_a_job_and_cvs_in_a_ranking_out_over_rest(tmp_path: Path, database_url: str, rabbitmq_url: str) -> None:
    with separate_mesh(tmp_path, database_url, rabbitmq_url, ALL, CANDOR_MODEL_URL="local:") as mesh:
        async with httpx2.AsyncClient(base_url=mesh.http, timeout=30) as http:
            headers = await signed_in(http)
            description = (EXAMPLES / "jobs" / "platform-engineer.md").read_text()
            job = {"title": "Platform Engineer", "description": description}
            job_id = (await http.post("/api/v1/jobs", json=job, headers=headers)).json()["jobId"]
            names = ["amara-okafor.pdf", "priya-raghunathan.docx", "emilia-rossandi.pdf", "samuel-eberhardt.pdf"]
            resume_ids = [await uploaded(http, headers, EXAMPLES / "cvs" / name) for name in names]
            asked = {"jobId": job_id, "resumeIds": resume_ids}
            answer = await http.post("/api/v1/evaluations:batch", json=asked, headers=headers)
            assert answer.status_code == 200, answer.text
            ranking = await finished_ranking(http, headers, job_id)
    assert [one["resume"]["fileName"] for one in ranking["evaluations"]] == names[:3]
    assert [one["state"] for one in ranking["evaluations"]] == ["STATE_SUCCEEDED"] * 3
    assert [(one["fileName"], one["code"]) for one in ranking["unreadable"]] == [(names[3], "CODE_ENCRYPTED")]


async def test_an_evaluation_whose_scorer_is_killed_in_the_model_call_succeeds_once(
    tmp_path: Path, database_url: str, rabbitmq_url: str
) -> None:
    with fake_model(tmp_path, delay_seconds=3.0) as (model_url, ledger):
        model = {"CANDOR_MODEL_URL": model_url, "CANDOR_MODEL_NAME": "fake"}
        with separate_mesh(tmp_path, database_url, rabbitmq_url, ("store", "parser", "scorer"), **model) as mesh:
            client = mesh.client()
            job = await client.post_job("We need Python and PostgreSQL.", rubric=_rubric())
            resume = await client.upload(b"Ran PostgreSQL databases with Python in production for five years.")
            await client.parsed(resume.resume_id)
            [asked] = await client.ask_for(job.job_id, [resume.resume_id])
            await _until_paid(ledger, 1)
            mesh.processes["scorer"].kill()
            killed = time.monotonic()
            mesh.start("second-scorer", "scorer").await_ready()
            ended = await client.ended(asked.evaluation_id)
            took = time.monotonic() - killed
    assert ended.state == Evaluation.STATE_SUCCEEDED
    assert ended.model.name == "fake"
    # One call was under way when the scorer died; the one that took over asked again, and nobody else did.
    assert lines_of(ledger) == 2
    assert took < 60


async def test_a_scorer_that_is_told_to_stop_finishes_what_it_is_at(
    tmp_path: Path, database_url: str, rabbitmq_url: str
) -> None:
    with fake_model(tmp_path, delay_seconds=2.0) as (model_url, ledger):
        model = {"CANDOR_MODEL_URL": model_url, "CANDOR_MODEL_NAME": "fake"}
        with separate_mesh(tmp_path, database_url, rabbitmq_url, ("store", "parser", "scorer"), **model) as mesh:
            client = mesh.client()
            job = await client.post_job("We need Python and PostgreSQL.", rubric=_rubric())
            resume = await client.upload(b"Ran PostgreSQL databases with Python in production for five years.")
            await client.parsed(resume.resume_id)
            [asked] = await client.ask_for(job.job_id, [resume.resume_id])
            await _until_paid(ledger, 1)
            assert await asyncio.to_thread(mesh.processes["scorer"].stop) == 0
            ended = await client.ended(asked.evaluation_id, seconds=5)
    assert ended.state == Evaluation.STATE_SUCCEEDED
    assert lines_of(ledger) == 1


def _rubric() -> Rubric:
    question = "Has the candidate operated PostgreSQL databases in production with Python?"
    return Rubric(criteria=[Criterion(criterion_id="postgresql", question=question, weight=1)])


async def _until_paid(ledger: Path, many: int) -> None:
    async with asyncio.timeout(30):
        while lines_of(ledger) < many:
            await asyncio.sleep(0.05)
