"""The same work as a Celery application, built as such applications usually are: Redis as broker and result backend, a
synchronous task with SQLAlchemy and the synchronous openai client."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime
from functools import cache
from typing import Any

import openai
import sqlalchemy as sa
from celery import Celery

from bench import workload
from services.scorer import prompts
from services.scorer.answers import JudgementAnswer
from services.scorer.models.port import JudgementRequest

TASK = "bench.judge"
app = Celery("bench", broker=os.environ.get("BENCH_REDIS_URL"), backend=os.environ.get("BENCH_REDIS_URL"))

metadata = sa.MetaData()
cvs = sa.Table("cvs", metadata, sa.Column("cv_id", sa.Integer, primary_key=True), sa.Column("text", sa.Text))
scores = sa.Table(
    "scores",
    metadata,
    sa.Column("score_id", sa.Integer, primary_key=True),
    sa.Column("cv_id", sa.ForeignKey("cvs.cv_id"), nullable=False),
    sa.Column("score", sa.Float, nullable=False),
    sa.Column("answer", sa.JSON, nullable=False),
    sa.Column("queue_time", sa.DateTime(timezone=True), nullable=False),
    sa.Column("finish_time", sa.DateTime(timezone=True), nullable=False),
)
_FORM = {
    "type": "json_schema",
    "json_schema": {"name": "JudgementAnswer", "strict": True, "schema": JudgementAnswer.model_json_schema()},
}


def engine_of(dsn: str) -> sa.Engine:
    """A pool as large as the store's."""
    return sa.create_engine(dsn.replace("postgresql://", "postgresql+psycopg://", 1), pool_size=20, max_overflow=0)


@cache
def engine() -> sa.Engine:
    """One pool a process."""
    return engine_of(os.environ["BENCH_DATABASE_URL"])


@cache
def model() -> openai.OpenAI:
    """One client a process."""
    return openai.OpenAI(base_url=os.environ["BENCH_MODEL_URL"], api_key="none", max_retries=0)


@app.task(name=TASK)  # type: ignore[untyped-decorator]
def judge(cv_id: int, queue_time: str) -> float:
    """Loads a CV, asks the model, keeps score and answer. No connection is held during the call."""
    with engine().connect() as connection:
        text = connection.execute(sa.select(cvs.c.text).where(cvs.c.cv_id == cv_id)).scalar_one()
    answer = _asked(text)
    levels = [row["level"] for row in answer["criteria"] if row["level"] is not None]
    score = 100.0 * sum(levels) / (4 * len(levels)) if levels else 0.0
    times = {"queue_time": datetime.fromisoformat(queue_time), "finish_time": datetime.now(UTC)}
    with engine().begin() as connection:
        connection.execute(sa.insert(scores).values(cv_id=cv_id, score=score, answer=answer, **times))
    return score


def _asked(text: str) -> dict[str, Any]:
    messages = prompts.judging(JudgementRequest(workload.TITLE, workload.rubric(), text))
    parameters: Any = {"messages": messages, "response_format": _FORM, "temperature": 0, "seed": 7}
    completion = model().chat.completions.create(model="fake", **parameters)
    answer: dict[str, Any] = json.loads(completion.choices[0].message.content or "")
    return answer
