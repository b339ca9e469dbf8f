"""What a recruiter's integration does over REST."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import httpx2


async def signed_in(http: httpx2.AsyncClient) -> dict[str, str]:
    who = {"email": "ada@example.com", "password": "correct horse battery"}
    made = await http.post("/api/v1/accounts", json={**who, "displayName": "Ada"})
    assert made.json()["role"] == "ROLE_ADMIN", made.text
    session = await http.post("/api/v1/sessions", json=who)
    return {"authorization": f"Bearer {session.json()['accessToken']}"}


async def uploaded(http: httpx2.AsyncClient, headers: dict[str, str], path: Path) -> str:
    answer = await http.post("/api/v1/resumes", files={"file": (path.name, path.read_bytes())}, headers=headers)
    assert answer.status_code == 200, answer.text
    resume_id: str = answer.json()["resumeId"]
    return resume_id


async def finished_ranking(http: httpx2.AsyncClient, headers: dict[str, str], job_id: str) -> dict[str, Any]:
    async with asyncio.timeout(60):
        while True:
            ranking: dict[str, Any] = (await http.get(f"/api/v1/jobs/{job_id}/ranking", headers=headers)).json()
            if ranking["progress"]["pending"] + ranking["progress"]["running"] == 0:
                return ranking
            await asyncio.sleep(0.1)
