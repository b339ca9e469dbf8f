"""What a rubric must be: whole, unambiguous, and silent on what a job may not ask."""

from __future__ import annotations

import re
from collections import Counter

from candor.jobs.v1.job_pb2 import Criterion, Rubric

from services.chassis.refusals import FieldViolation, Invalid

_PROTECTED = {
    "age": r"\b(age|aged|years old|young|youthful|under \d\d|over \d\d|date of birth|alter|jung|jeune)\b",
    "gender": r"\b(gender|male|female|man|woman|men|women|geschlecht|männlich|weiblich|sexe|homme|femme)\b",
    "family": r"\b(married|marital|children|pregnan\w*|parent|verheiratet|familienstand|enfants)\b",
    "origin": r"\b(nationality|ethnic\w*|race|racial|country of birth|native speaker|herkunft|nationalité)\b",
    "religion": r"\b(religio\w*|christian|muslim|jewish|hindu|buddhist|atheist|konfession|croyance)\b",
    "health": r"\b(disab\w*|illness|healthy person|good health|chronic\w* ill\w*|behinder\w*|handicap\w*)\b",
    "orientation": r"\b(sexual orientation|gay|lesbian|heterosexual)\b",
}
_PATTERNS = {name: re.compile(pattern, re.IGNORECASE) for name, pattern in _PROTECTED.items()}
_HARMLESS = re.compile(
    r"\b(age[- ]?(groups?|related|appropriate)|all ages|public health|health ?care|mental health|health and safety"
    r"|men'?s health|women'?s health|(children|women)'?s (ward|hospital|services)|race conditions?|management)\b",
    re.IGNORECASE,
)
"""Work that is about people of an age, a sex or a state of health is a skill, not a trait of the candidate."""


class RubricRefused(Invalid):
    """A criterion asks for what a job may not ask, or cannot be told from another."""

    sentence = "The rubric cannot be used: {summary}"


def put_in_order(rubric: Rubric) -> Rubric:
    """A copy in which what is not said is said: kind SCORED, dimension OTHER.

    Raises:
        RubricRefused: two criteria share an id, nothing is asked, or a protected characteristic is.
    """
    violations = [*_doubles(rubric), *_protected(rubric)]
    if not rubric.criteria:
        violations.append(FieldViolation("rubric.criteria", "must have at least one criterion"))
    if violations:
        summary = "; ".join(f"{one.field}: {one.description}" for one in violations)
        raise RubricRefused(fields=violations, summary=summary)
    ordered = Rubric(criteria=rubric.criteria)
    for criterion in ordered.criteria:
        criterion.kind = criterion.kind or Criterion.KIND_SCORED
        criterion.dimension = criterion.dimension or Criterion.DIMENSION_OTHER
    return ordered


def _doubles(rubric: Rubric) -> list[FieldViolation]:
    counts = Counter(criterion.criterion_id for criterion in rubric.criteria)
    return [
        FieldViolation(f"rubric.criteria[{index}].criterion_id", f"`{criterion.criterion_id}` stands more than once")
        for index, criterion in enumerate(rubric.criteria)
        if counts[criterion.criterion_id] > 1
    ]


def _protected(rubric: Rubric) -> list[FieldViolation]:
    found = []
    for index, criterion in enumerate(rubric.criteria):
        question = _HARMLESS.sub(" ", criterion.question)
        found += [
            FieldViolation(
                f"rubric.criteria[{index}].question", f"asks about {name}, which a job may not ask; remove or reword it"
            )
            for name, pattern in _PATTERNS.items()
            if pattern.search(question)
        ]
    return found
