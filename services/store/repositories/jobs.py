"""Job postings in PostgreSQL, with every version of their rubrics."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from candor.jobs.v1.job_pb2 import Rubric
from sqlalchemy.dialects.postgresql import insert

from services.store.domain.evaluations import State
from services.store.domain.jobs import Job, JobNotFound, JobState
from services.store.repositories.aggregates import Aggregates, Row, parsed_or_none
from services.store.tables import evaluations, jobs, rubrics


class JobRepository(Aggregates[Job]):
    table, key, missing = jobs, "job_id", JobNotFound

    async def flush(self) -> None:
        """Writes postings, and keeps each new rubric version beside them for the evaluations judged by it."""
        versions = [
            {"job_id": job.job_id, "version": job.rubric_version, "rubric": job.rubric.SerializeToString()}
            for job, before in self._held.values()
            if job.rubric is not None and (before is None or before.rubric_version != job.rubric_version)
        ]
        await super().flush()
        if versions:
            await self._connection.execute(insert(rubrics).on_conflict_do_nothing(), versions)

    async def unlisted_with(self, account_id: str, title: str, description: str) -> Job | None:
        """The account's unlisted posting of exactly this text; nobody else looks for it until this unit ends."""
        text = hashlib.sha256(f"{account_id}\0{title}\0{description}".encode()).digest()
        lock = sa.func.pg_advisory_xact_lock(int.from_bytes(text[:8], "big", signed=True))
        await self._connection.execute(sa.select(lock))
        found = await self._all(
            sa.select(jobs)
            .where(jobs.c.account_id == account_id, jobs.c.unlisted, jobs.c.title == title)
            .where(jobs.c.description == description)
            .limit(1)
        )
        return found[0] if found else None

    async def awaiting_resume(self, resume_id: str) -> dict[str, Job]:
        """Postings with evaluations that wait for a CV, by id; they stay as they are until commit."""
        waiting = sa.select(evaluations.c.job_id).where(
            evaluations.c.resume_id == resume_id, evaluations.c.state == int(State.PENDING)
        )
        query = sa.select(jobs).where(jobs.c.job_id.in_(waiting)).order_by(jobs.c.job_id)
        return {job.job_id: job for job in await self._all(query.with_for_update(read=True))}

    async def undrafted_for(self, age: timedelta) -> list[Job]:
        """Postings for which a rubric was asked as long ago, by the database's clock."""
        query = sa.select(jobs).where(jobs.c.rubric.is_(None), jobs.c.rubric_failure == "")
        query = query.where(jobs.c.announce_time <= sa.func.now() - age)
        return await self._all(query.with_for_update(skip_locked=True))

    def _load(self, row: Row) -> Job:
        return Job(
            **{name: row[name] for name in ("job_id", "account_id", "title", "description", "unlisted")},
            **{name: row[name] for name in ("rubric_failure", "announce_time", "create_time", "update_time")},
            state=JobState(row["state"]),
            rubric=parsed_or_none(Rubric.FromString, row["rubric"]),
        )

    def _dump(self, aggregate: Job) -> dict[str, Any]:
        rubric = None if aggregate.rubric is None else aggregate.rubric.SerializeToString()
        return {**vars(aggregate), "state": int(aggregate.state), "rubric": rubric}
