"""A model's draft of a rubric, as a rubric of the contract."""

from __future__ import annotations

import re

from candor.evaluations.v1.record_pb2 import Answer
from candor.jobs.v1.job_pb2 import Criterion, Rubric
from pydantic import ValidationError

from services.scorer.answers import DraftedCriterion, RubricAnswer
from services.scorer.models.port import ModelRefusal

_MOST_CRITERIA = 40
_WEIGHTIEST = 100.0


def rubric_from(answer: Answer) -> Rubric:
    """The rubric in a model's answer, with the model as its author.

    Raises:
        ModelRefusal: it is not of the form, or asks nothing.
    """
    try:
        drafted = RubricAnswer.model_validate_json(answer.raw)
    except ValidationError:
        raise ModelRefusal("MODEL_ANSWER_INVALID", "The model's draft is not of the form that was asked for.") from None
    if not drafted.criteria:
        raise ModelRefusal("MODEL_ANSWER_EMPTY", "The model found nothing to ask in the job description.")
    rubric = Rubric(author=f"{answer.model.provider}/{answer.model.name}")
    taken: set[str] = set()
    for one in drafted.criteria[:_MOST_CRITERIA]:
        rubric.criteria.append(_criterion(one, taken))
    return rubric


def _criterion(drafted: DraftedCriterion, taken: set[str]) -> Criterion:
    """Within the contract's limits: a model keeps to a schema's types, not always to its lengths."""
    return Criterion(
        criterion_id=_unique(drafted.criterion_id, taken),
        question=drafted.question.strip()[:500],
        dimension=Criterion.Dimension.Value(f"DIMENSION_{drafted.dimension}"),
        weight=min(max(drafted.weight, 0.0), _WEIGHTIEST),
        kind=Criterion.Kind.Value(f"KIND_{drafted.kind}"),
        source=drafted.source[:1000],
        keywords=[word.strip()[:100] for word in drafted.keywords if word.strip()][:40],
    )


def _unique(wanted: str, taken: set[str]) -> str:
    base = re.sub(r"[^a-z0-9]+", "-", wanted.lower()).strip("-")[:56] or "criterion"
    name, number = base, 2
    while name in taken:
        name, number = f"{base}-{number}", number + 1
    taken.add(name)
    return name
