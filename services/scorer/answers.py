"""The two closed forms that a model fills in. They are the strict JSON schema sent to a provider and, since providers
differ in what they enforce, the check of what comes back."""

from __future__ import annotations

import copy
from enum import StrEnum
from functools import cache
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field


class Finding(StrEnum):
    """What the CV says about one criterion."""

    EVIDENCED = "EVIDENCED"
    NOT_SHOWN = "NOT_SHOWN"
    UNKNOWN = "UNKNOWN"


class _Form(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    @classmethod
    def model_json_schema(cls, *args: Any, **kwargs: Any) -> dict[str, Any]:
        """The schema, made once for each form: the SDK asks for it, and changes what it gets, at every call. Making it
        anew was 8 % of a scorer's time at 100 calls in flight."""
        return copy.deepcopy(_schema(cls))


@cache
def _schema(form: type[_Form]) -> dict[str, Any]:
    return super(_Form, form).model_json_schema()


class CriterionAnswer(_Form):
    """One criterion judged. `level` is 0 to 4 and null when the finding is UNKNOWN; quotes are verbatim."""

    criterion_id: str
    finding: Finding
    level: Annotated[int, Field(ge=0, le=4)] | None
    quotes: list[str]


class JudgementAnswer(_Form):
    """The rubric judged, a row a criterion."""

    criteria: list[CriterionAnswer]


class DraftedKind(StrEnum):
    """What a drafted criterion counts for."""

    SCORED = "SCORED"
    MUST_HAVE = "MUST_HAVE"
    INFORMATIONAL = "INFORMATIONAL"


class DraftedDimension(StrEnum):
    """The side of a candidate that a drafted criterion looks at."""

    TECHNICAL_SKILLS = "TECHNICAL_SKILLS"
    SOFT_SKILLS = "SOFT_SKILLS"
    EXPERIENCE = "EXPERIENCE"
    EDUCATION = "EDUCATION"
    OTHER = "OTHER"


class DraftedCriterion(_Form):
    """One criterion drafted from a job description. `source` is the sentence it came from, verbatim."""

    criterion_id: str
    question: str
    dimension: DraftedDimension
    weight: float
    kind: DraftedKind
    source: str
    keywords: list[str]


class RubricAnswer(_Form):
    """A drafted rubric."""

    criteria: list[DraftedCriterion]
