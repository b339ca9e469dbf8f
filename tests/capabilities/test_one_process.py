"""`candor serve all`: everything in one process, embedded, and as hard to lose things in as the mesh."""

from __future__ import annotations

import asyncio
from pathlib import Path

import httpx2

from tests.capabilities.rest import finished_ranking, signed_in, uploaded
from tests.servers.processes import ServiceProcess
from tests.servers.rabbitmq import free_port

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"


async def test_what_was_acknowledged_survives_a_kill_of_the_one_process(tmp_path: Path) -> None:
    listen = f"127.0.0.1:{free_port()}"
    environment = {
        "CANDOR_DATA_DIR": str(tmp_path / "data"),
        "CANDOR_HTTP_LISTEN": listen,
        "CANDOR_MODEL_URL": "local:",
    }
    process = ServiceProcess("all", environment, tmp_path / "log")
    cvs = sorted((EXAMPLES / "cvs").glob("*.*"))
    try:
        await asyncio.to_thread(process.start().await_ready)
        async with httpx2.AsyncClient(base_url=f"http://{listen}", timeout=30) as http:
            headers = await signed_in(http)
            job = {"title": "Engineer", "description": (EXAMPLES / "jobs" / "platform-engineer.md").read_text()}
            job_id = (await http.post("/api/v1/jobs", json=job, headers=headers)).json()["jobId"]
            resume_ids = [await uploaded(http, headers, cv) for cv in cvs]
            asked = {"jobId": job_id, "resumeIds": resume_ids}
            assert (await http.post("/api/v1/evaluations:batch", json=asked, headers=headers)).status_code == 200
            process.kill()
            await asyncio.to_thread(process.start().await_ready)
            ranking = await finished_ranking(http, headers, job_id)
        assert ranking["progress"]["succeeded"] == len(cvs) - 2
        assert len(ranking["unreadable"]) == 2
        assert process.stop() == 0
    finally:
        process.stop()
