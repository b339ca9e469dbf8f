"""Evaluations in PostgreSQL: queues of what is open, rankings, decision records, paid answers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from candor.evaluations.v1.evaluation_pb2 import Model
from candor.evaluations.v1.record_pb2 import Answer, EvaluationRecord, EvaluationResult
from candor.jobs.v1.job_pb2 import Rubric
from candor.parsing.v1.parsed_resume_pb2 import ParsedResume
from sqlalchemy.dialects.postgresql import insert

from services.store.domain.evaluations import RESUME_UNREADABLE, Evaluation, EvaluationNotFound, State
from services.store.repositories.aggregates import Aggregates, Row, parsed_or_none
from services.store.repositories.pages import Page, PageRequest
from services.store.tables import answers, evaluations, jobs, records, resume_texts, resumes, rubrics


@dataclass(frozen=True)
class Brief:
    """What a scorer needs to judge. `now` is the database's clock."""

    evaluation: Evaluation
    now: datetime
    job_title: str
    rubric: Rubric
    resume: ParsedResume
    text_sha256: str


# Statements that every evaluation runs are made once: making them took a tenth of a busy store's time.
_BRIEF = (
    sa.select(
        evaluations,
        sa.func.clock_timestamp().label("now"),
        jobs.c.title.label("job_title"),
        rubrics.c.rubric.label("rubric"),
        resume_texts.c.parsed.label("parsed"),
        resume_texts.c.text_sha256.label("text_sha256"),
    )
    .join(jobs, jobs.c.job_id == evaluations.c.job_id)
    .join(
        rubrics,
        sa.and_(rubrics.c.job_id == evaluations.c.job_id, rubrics.c.version == evaluations.c.rubric_version),
    )
    .join(resume_texts, resume_texts.c.resume_id == evaluations.c.resume_id)
    .where(evaluations.c.evaluation_id == sa.bindparam("evaluation_id"))
    .with_for_update(of=evaluations)
)
_ANSWER = sa.select(answers.c.answer).where(answers.c.answer_key == sa.bindparam("answer_key"))
_KEEP_ANSWER = insert(answers).on_conflict_do_nothing()
_KEEP_RECORD = sa.insert(records)


class EvaluationRepository(Aggregates[Evaluation]):
    table, key, missing = evaluations, "evaluation_id", EvaluationNotFound

    async def brief(self, evaluation_id: str) -> Brief | None:
        """An evaluation locked for a claim, with all that judging it takes; None while CV or rubric are not there."""
        row = (await self._connection.execute(_BRIEF, {"evaluation_id": evaluation_id})).mappings().first()
        if row is None:
            return None
        return Brief(
            evaluation=self._hold(row),
            now=row["now"],
            job_title=row["job_title"],
            rubric=Rubric.FromString(row["rubric"]),
            resume=ParsedResume.FromString(row["parsed"]),
            text_sha256=row["text_sha256"],
        )

    async def waiting_for_resume(self, resume_id: str) -> list[Evaluation]:
        """PENDING evaluations of a CV."""
        return await self._pending(evaluations.c.resume_id == resume_id)

    async def waiting_for_job(self, job_id: str) -> list[Evaluation]:
        """PENDING evaluations of a job."""
        return await self._pending(evaluations.c.job_id == job_id)

    async def _pending(self, condition: sa.ColumnElement[bool]) -> list[Evaluation]:
        query = sa.select(evaluations).where(condition, evaluations.c.state == int(State.PENDING))
        return await self._all(query.order_by(evaluations.c.evaluation_id).with_for_update())

    async def abandoned(self) -> list[Evaluation]:
        """RUNNING ones whose lease has ended, by the database's clock."""
        query = sa.select(evaluations).where(
            evaluations.c.state == int(State.RUNNING), evaluations.c.lease_until < sa.func.now()
        )
        return await self._all(query.with_for_update(skip_locked=True))

    async def running(self) -> list[Evaluation]:
        """All that somebody has claimed."""
        query = sa.select(evaluations).where(evaluations.c.state == int(State.RUNNING))
        return await self._all(query.with_for_update(skip_locked=True))

    async def queued_for(self, age: timedelta) -> list[Evaluation]:
        """QUEUED ones announced as long ago, by the database's clock."""
        query = sa.select(evaluations).where(
            evaluations.c.state == int(State.QUEUED), evaluations.c.announce_time <= sa.func.now() - age
        )
        return await self._all(query.with_for_update(skip_locked=True))

    async def supersede(self, job_id: str, resume_ids: Sequence[str]) -> None:
        """Earlier evaluations of these CVs for this job leave the ranking."""
        await self._connection.execute(
            sa.update(evaluations)
            .where(evaluations.c.job_id == job_id, evaluations.c.resume_id.in_(resume_ids))
            .where(~evaluations.c.superseded)
            .values(superseded=True)
        )

    async def ranked(self, job_id: str, request: PageRequest) -> Page[Evaluation]:
        """A job's candidates in rank order, without CVs that could not be read and evaluations called off."""
        query = self._in_ranking(sa.select(evaluations), job_id).where(
            evaluations.c.failure_reason != RESUME_UNREADABLE, evaluations.c.state != int(State.CANCELLED)
        )
        if request.after:
            query = query.where(evaluations.c.rank_key > request.after)
        found = await self._all(query.order_by(evaluations.c.rank_key).limit(request.size + 1))
        return request.cut(found, lambda evaluation: evaluation.rank_key)

    async def unreadable_resumes(self, job_id: str) -> list[str]:
        """Ids of the CVs of a job that could not be read."""
        query = self._in_ranking(sa.select(evaluations.c.resume_id), job_id).join(resumes)
        query = query.where(evaluations.c.failure_reason == RESUME_UNREADABLE)
        return list(await self._connection.scalars(query.order_by(resumes.c.file_name, resumes.c.resume_id)))

    async def counts(self, job_id: str) -> dict[State, int]:
        """How many of a job's evaluations are in each state."""
        query = self._in_ranking(sa.select(evaluations.c.state, sa.func.count().label("many")), job_id)
        rows = await self._connection.execute(query.group_by(evaluations.c.state))
        return {State(row.state): row.many for row in rows}

    def _in_ranking(self, query: sa.Select[Any], job_id: str) -> sa.Select[Any]:
        return self._visible(query).where(evaluations.c.job_id == job_id, ~evaluations.c.superseded)

    async def keep_record(self, evaluation_id: str, record: EvaluationRecord) -> None:
        """Keeps a decision record; it is never changed."""
        row = {"evaluation_id": evaluation_id, "record": record.SerializeToString()}
        await self._connection.execute(_KEEP_RECORD, row)

    async def record(self, evaluation_id: str) -> EvaluationRecord | None:
        query = sa.select(records.c.record).where(records.c.evaluation_id == evaluation_id)
        return parsed_or_none(EvaluationRecord.FromString, await self._connection.scalar(query))

    async def answer(self, answer_key: str) -> Answer | None:
        """The answer that was paid for under this key."""
        kept = await self._connection.scalar(_ANSWER, {"answer_key": answer_key})
        return parsed_or_none(Answer.FromString, kept)

    async def keep_answer(self, answer_key: str, answer: Answer) -> None:
        """Keeps the first answer under a key."""
        row = {"answer_key": answer_key, "answer": answer.SerializeToString()}
        await self._connection.execute(_KEEP_ANSWER, row)

    def _load(self, row: Row) -> Evaluation:
        plain = ("evaluation_id", "account_id", "job_id", "resume_id", "file_sha256", "rubric_version", "attempt")
        words = ("lease_until", "superseded", "failure_reason", "failure_message")
        times = ("create_time", "announce_time", "finish_time")
        return Evaluation(
            **{name: row[name] for name in (*plain, *words, *times)},
            state=State(row["state"]),
            result=parsed_or_none(EvaluationResult.FromString, row["result"]),
            model=parsed_or_none(Model.FromString, row["model"]),
        )

    def _dump(self, aggregate: Evaluation) -> dict[str, Any]:
        return {
            **vars(aggregate),
            "state": int(aggregate.state),
            "rank_key": aggregate.rank_key,
            "result": None if aggregate.result is None else aggregate.result.SerializeToString(),
            "model": None if aggregate.model is None else aggregate.model.SerializeToString(),
        }
