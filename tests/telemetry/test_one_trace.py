"""One upload, read and judged, is one trace: HTTP → gateway → store → outbox → RabbitMQ → parser → store → outbox →
RabbitMQ → scorer → model → store."""

from __future__ import annotations

import asyncio
from pathlib import Path

import httpx2
from candor.jobs.v1.job_pb2 import Criterion, Rubric
from opentelemetry.sdk.trace import ReadableSpan

from tests.meshes import ADMIN, RunningMesh, running_mesh
from tests.servers.rabbitmq import free_port

RESUMES, EVALUATIONS = "candor.resumes.v1.ResumesService", "candor.evaluations.v1.EvaluationsService"
UPLOADED, REQUESTED = "candor.resumes.v1.ResumeUploadedEvent", "candor.evaluations.v1.EvaluationRequestedEvent"

# Child and parent, by kind and name: SERVER and CLIENT sides of a call carry the same name.
EDGES_OF_AN_UPLOAD = {
    (f"CLIENT {RESUMES}/UploadResume", "SERVER POST /api/v1/resumes"),
    (f"SERVER {RESUMES}/UploadResume", f"CLIENT {RESUMES}/UploadResume"),
    (f"PRODUCER send {UPLOADED}", f"SERVER {RESUMES}/UploadResume"),
    ("CONSUMER process parser.parse-resume", f"PRODUCER send {UPLOADED}"),
    (f"CLIENT {RESUMES}/DownloadResume", "CONSUMER process parser.parse-resume"),
    (f"SERVER {RESUMES}/DownloadResume", f"CLIENT {RESUMES}/DownloadResume"),
    (f"CLIENT {RESUMES}/RecordParsedResume", "CONSUMER process parser.parse-resume"),
    (f"SERVER {RESUMES}/RecordParsedResume", f"CLIENT {RESUMES}/RecordParsedResume"),
}
EDGES_OF_A_JUDGEMENT = {
    (f"PRODUCER send {REQUESTED}", f"SERVER {RESUMES}/RecordParsedResume"),
    ("CONSUMER process scorer.score-resume", f"PRODUCER send {REQUESTED}"),
    (f"CLIENT {EVALUATIONS}/ClaimEvaluation", "CONSUMER process scorer.score-resume"),
    (f"SERVER {EVALUATIONS}/ClaimEvaluation", f"CLIENT {EVALUATIONS}/ClaimEvaluation"),
    ("CLIENT chat lexical-1", "CONSUMER process scorer.score-resume"),
    (f"CLIENT {EVALUATIONS}/SaveAnswer", "CONSUMER process scorer.score-resume"),
    (f"SERVER {EVALUATIONS}/SaveAnswer", f"CLIENT {EVALUATIONS}/SaveAnswer"),
    (f"CLIENT {EVALUATIONS}/CompleteEvaluation", "CONSUMER process scorer.score-resume"),
    (f"SERVER {EVALUATIONS}/CompleteEvaluation", f"CLIENT {EVALUATIONS}/CompleteEvaluation"),
}
SERVICES = ("store", "scorer", "gateway")


async def test_the_way_of_a_cv_is_one_trace_with_the_right_parents(
    tmp_path: Path, database_url: str, rabbitmq_url: str
) -> None:
    listen = f"127.0.0.1:{free_port()}"
    urls = {"database_url": database_url, "bus_url": rabbitmq_url, "http_listen": listen}
    async with running_mesh(tmp_path, services=SERVICES, **urls) as mesh:
        evaluation_id = await _asked_before_anything_reads(mesh, f"http://{listen}")
        # The parser comes last, so that the CV is judged in the trace of its own upload, not of a later request.
        async with running_mesh(tmp_path, services=["parser"], **urls, telemetry=mesh.process.telemetry, **_to(mesh)):
            await mesh.client().ended(evaluation_id)
            edges = await _edges(mesh, EDGES_OF_AN_UPLOAD | EDGES_OF_A_JUDGEMENT)
    assert edges >= EDGES_OF_AN_UPLOAD | EDGES_OF_A_JUDGEMENT


async def _asked_before_anything_reads(mesh: RunningMesh, url: str) -> str:
    question = "Has the candidate worked with Python for years?"
    rubric = Rubric(criteria=[Criterion(criterion_id="python", question=question, weight=1)])
    client = mesh.client()
    job = await client.post_job("We need Python.", rubric=rubric)
    token = mesh.tokens.issue(ADMIN)[0]
    async with httpx2.AsyncClient(base_url=url, headers={"authorization": f"Bearer {token}"}) as http:
        cv = {"file": ("cv.txt", b"Worked with Python for ten years, in production.")}
        uploaded = await http.post("/api/v1/resumes", files=cv)
    [asked] = await client.ask_for(job.job_id, [uploaded.json()["resumeId"]])
    return asked.evaluation_id


def _to(mesh: RunningMesh) -> dict[str, str]:
    return {"store_address": mesh.addresses["store"]}


async def _edges(mesh: RunningMesh, wanted: set[tuple[str, str]]) -> set[tuple[str, str]]:
    """The edges of the upload's trace; spans end shortly after what they stand for can be seen."""
    for _ in range(100):
        spans = mesh.spans()
        root = next(span for span in spans if span.name == "POST /api/v1/resumes")
        edges = _edges_of(root, spans)
        if edges >= wanted:
            break
        await asyncio.sleep(0.05)
    return edges


def _edges_of(root: ReadableSpan, spans: tuple[ReadableSpan, ...]) -> set[tuple[str, str]]:
    mine = [span for span in spans if span.context.trace_id == root.context.trace_id]
    by_id = {span.context.span_id: span for span in mine}
    parents = ((span, by_id.get(span.parent.span_id) if span.parent else None) for span in mine)
    return {(_name(span), _name(parent)) for span, parent in parents if parent is not None}


def _name(span: ReadableSpan) -> str:
    return f"{span.kind.name} {span.name}"
