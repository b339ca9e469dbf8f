"""What is said to a model. The rules, job and rubric come first and are the same for every CV of a job, so that a
provider's prefix cache holds them; the CV comes last, fenced, as data."""

from __future__ import annotations

import hashlib
import json
from functools import cache
from importlib import resources
from string import Template

from candor.jobs.v1.job_pb2 import Criterion, Rubric

from services.scorer.models.port import DraftRequest, JudgementRequest

PROMPT_VERSION = "1"
"""Changes with every change of a prompt: answers to another prompt are other answers."""

Messages = list[dict[str, str]]


def judging(request: JudgementRequest) -> Messages:
    """The messages that ask for a JudgementAnswer."""
    criteria = "\n".join(_criterion(one) for one in request.rubric.criteria)
    rules = _template("judge.md").substitute(job_title=request.job_title, criteria=criteria)
    return [{"role": "system", "content": rules}, {"role": "user", "content": _fenced(request.text)}]


def drafting(request: DraftRequest) -> Messages:
    """The messages that ask for a RubricAnswer."""
    description = f"{request.title}\n\n{request.description}"
    return [
        {"role": "system", "content": _template("draft.md").template},
        {"role": "user", "content": _fenced(description)},
    ]


def digest(rubric: Rubric, job_title: str, text: str) -> str:
    """SHA-256 of the whole judging prompt, for the decision record."""
    messages = judging(JudgementRequest(job_title, rubric, text))
    return hashlib.sha256(json.dumps(messages, ensure_ascii=False).encode()).hexdigest()


def _fenced(text: str) -> str:
    # Whoever writes the text cannot write its fence: it depends on the whole text, fence included.
    fence = f"=== {hashlib.sha256(text.encode()).hexdigest()[:16]} ==="
    return f"{fence}\n{text}\n{fence}"


def _criterion(criterion: Criterion) -> str:
    kind = Criterion.Kind.Name(criterion.kind).removeprefix("KIND_")
    lines = [f"- {criterion.criterion_id} ({kind}): {criterion.question}"]
    lines += [f"    level {level}: {anchor}" for level, anchor in enumerate(criterion.levels)]
    return "\n".join(lines)


@cache
def _template(name: str) -> Template:
    return Template((resources.files(__name__) / name).read_text(encoding="utf-8"))
