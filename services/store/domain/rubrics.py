"""What a rubric must be: whole, unambiguous, and silent on what a job may not ask."""

from __future__ import annotations

import re
from collections import Counter

from candor.jobs.v1.job_pb2 import Criterion, Rubric

from services.chassis.refusals import FieldViolation, Invalid

_PROTECTED = {
    "age": (
        r"\b(age|aged|years old|young|younger|youthful|(under|over) \d\d\b(?!\s*[\w%])|date of birth"
        r"|wie alt|alter|jung|jünger|älter|geburts(datum|jahr)|âge|jeune|date de naissance)\b"
    ),
    "gender": (
        r"\b(gender|male|female|man|woman|men|women|geschlecht|männlich|weiblich|mann|frau"
        r"|sexe|homme|femme|masculin|féminin)\b"
    ),
    "family": (
        r"\b(married|marital|pregnan\w*|(have|having|any|own|small|many) children|(a|single) parent\b(?! compan)"
        r"|verheiratet|familienstand|schwanger\w*|kinder\b(?=\s*([?.,]|und|oder|$))"
        r"|marié\w*|célibataire|enceinte|(elle|il|vous) des enfants)"
    ),
    "origin": (
        r"\b(nationality|ethnic\w*|race|racial|country of birth|native speaker|mother tongue"
        r"|herkunft|staats(angehörigkeit|bürgerschaft)|muttersprach\w*|nationalité|ethnique|langue maternelle)\b"
    ),
    "religion": r"\b(religio\w*|christian|muslim|jewish|hindu|buddhist|atheist|konfession|croyance)\b",
    "health": (
        r"\b(disab\w*|illness|healthy person|good health|chronic\w* ill\w*|\w*behinder\w*|\w*krankheit\w*"
        r"|handicap\w*|bonne santé|maladie\w*)\b"
    ),
    "orientation": (
        r"\b(sexual orientation|gay|lesbian|heterosexual|homosexual|sexuelle orientierung|schwul|lesbisch"
        r"|orientation sexuelle)\b"
    ),
}
_PATTERNS = {name: re.compile(pattern, re.IGNORECASE) for name, pattern in _PROTECTED.items()}
_HARMLESS = re.compile(
    r"\b(age[- ]?(groups?|related|appropriate)|all ages|public health|health ?care|mental health|health and safety"
    r"|(patients|people|persons|children|adults|clients|users) with [\w-]+( (illness\w*|conditions?|diseases?))?"
    r"|aged care|(young|older) (people|adults)"
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
        violations.append(FieldViolation("job.rubric.criteria", "must have at least one criterion"))
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
        FieldViolation(
            f"job.rubric.criteria[{index}].criterion_id", f"`{criterion.criterion_id}` stands more than once"
        )
        for index, criterion in enumerate(rubric.criteria)
        if counts[criterion.criterion_id] > 1
    ]


def _protected(rubric: Rubric) -> list[FieldViolation]:
    found = []
    for index, criterion in enumerate(rubric.criteria):
        question = _HARMLESS.sub(" ", criterion.question)
        found += [
            FieldViolation(
                f"job.rubric.criteria[{index}].question",
                f"asks about {name}, which a job may not ask; remove or reword it",
            )
            for name, pattern in _PATTERNS.items()
            if pattern.search(question)
        ]
    return found
