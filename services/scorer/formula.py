"""Verified levels → points → dimension scores → overall score → bucket. Pure, and the only place where a score is made.

All arithmetic is exact (fractions of the weights' decimal values); one rounding, half to even, to one decimal. Equal
facts give equal scores, and no binary noise can put one candidate before another.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from functools import cached_property

from candor.evaluations.v1.evaluation_pb2 import CriterionResult, DimensionScore, Evaluation, Quote
from candor.evaluations.v1.record_pb2 import EvaluationResult
from candor.jobs.v1.job_pb2 import Criterion, Rubric

from services.scorer.evidence import VerifiedFinding

# Part of every decision record: a change of any number below is a new version.
FORMULA_VERSION = "1"
# Levels 0 to 4 are evenly spaced over 0 to 100: the anchors order, and no finer claim is made.
POINTS_PER_LEVEL = 25
# A mean over less than half of the weight is taken over half of it: one good answer to one small question must not
# outrank ten. It is also where a number stops meaning anything and a person has to look.
COVERAGE_FLOOR = Fraction(1, 2)
# 75 is level 3 ("done in a job") throughout, 55 a little above level 2 ("clearly named"), 35 between 1 and 2.
STRONG, GOOD, PARTIAL = 75, 55, 35
# A gate asks whether something is there; level 2 is the first that names it without doubt.
GATE_LEVEL = 2
_COVERAGE_DECIMALS = 3


@dataclass(frozen=True)
class _Judged:
    criterion: Criterion
    finding: VerifiedFinding

    @cached_property
    def weight(self) -> Fraction:
        return Fraction(Decimal(repr(self.criterion.weight)))

    @property
    def scored(self) -> bool:
        return self.criterion.kind in (Criterion.KIND_SCORED, Criterion.KIND_UNSPECIFIED)

    @property
    def counted(self) -> bool:
        return self.scored or self.criterion.kind == Criterion.KIND_MUST_HAVE

    @property
    def known(self) -> bool:
        if self.criterion.kind == Criterion.KIND_MUST_HAVE:
            return gate(self.finding) is not None
        return self.finding.level is not None

    @property
    def points(self) -> int | None:
        level = self.finding.level
        return POINTS_PER_LEVEL * level if self.scored and level is not None else None


def score(rubric: Rubric, findings: Sequence[VerifiedFinding]) -> EvaluationResult:
    """The result without its narrative.

    Args:
        rubric: the frozen rubric.
        findings: one a criterion, in the rubric's order, as `verify_all` gives them.

    Raises:
        ValueError: the findings are not the rubric's criteria in order.
    """
    if [finding.criterion_id for finding in findings] != [row.criterion_id for row in rubric.criteria]:
        raise ValueError("findings must be the rubric's criteria, in its order")
    judged = [_Judged(criterion, finding) for criterion, finding in zip(rubric.criteria, findings, strict=True)]
    overall = mean(judged)
    return EvaluationResult(
        overall_score=float(overall or 0),
        bucket=_bucket(judged, overall),
        coverage=_rounded(coverage(judged)),
        dimensions=_dimensions(judged),
        criteria=[_result(row) for row in judged],
    )


def gate(finding: VerifiedFinding) -> bool | None:
    """Whether a must-have is met: None where the CV does not tell. Silence is never a refusal."""
    if finding.finding != CriterionResult.FINDING_EVIDENCED or finding.level is None:
        return None
    return finding.level >= GATE_LEVEL


def mean(judged: Iterable[_Judged]) -> Fraction | None:
    """Weighted mean of points, 0 to 100 with one decimal; None where no scored criterion is known or none weighs."""
    rows = [row for row in judged if row.scored]
    known = [row for row in rows if row.points is not None]
    weight = max(
        sum((row.weight for row in known), Fraction()), COVERAGE_FLOOR * sum((row.weight for row in rows), Fraction())
    )
    if not known or not weight:
        return None
    return round(sum((row.weight * (row.points or 0) for row in known), Fraction()) / weight, 1)


def coverage(judged: Iterable[_Judged]) -> Fraction:
    """Share of the weight of scored criteria and gates about which the CV says something."""
    rows = [row for row in judged if row.counted]
    weight = sum((row.weight for row in rows), Fraction())
    known = sum((row.weight for row in rows if row.known), Fraction())
    return known / weight if weight else Fraction()


def _bucket(judged: Sequence[_Judged], overall: Fraction | None) -> Evaluation.Bucket.ValueType:
    gates = [gate(row.finding) for row in judged if row.criterion.kind == Criterion.KIND_MUST_HAVE]
    if False in gates:
        return Evaluation.BUCKET_LIMITED
    if overall is None or coverage(judged) < COVERAGE_FLOOR:
        return Evaluation.BUCKET_NEEDS_REVIEW
    if overall >= STRONG:
        return Evaluation.BUCKET_STRONG
    if overall >= GOOD:
        return Evaluation.BUCKET_GOOD
    return Evaluation.BUCKET_PARTIAL if overall >= PARTIAL else Evaluation.BUCKET_LIMITED


def _dimensions(judged: Sequence[_Judged]) -> list[DimensionScore]:
    groups: dict[Criterion.Dimension.ValueType, list[_Judged]] = {}
    for row in judged:
        groups.setdefault(row.criterion.dimension or Criterion.DIMENSION_OTHER, []).append(row)
    scores = []
    for dimension, rows in groups.items():
        value = mean(rows)
        scores.append(
            DimensionScore(
                dimension=dimension,
                score=None if value is None else float(value),
                coverage=_rounded(coverage(rows)),
            )
        )
    return scores


def _result(row: _Judged) -> CriterionResult:
    return CriterionResult(
        criterion_id=row.criterion.criterion_id,
        finding=row.finding.finding,
        level=row.finding.level,
        points=row.points,
        weight=row.criterion.weight,
        quotes=[Quote(text=q.text, page=q.page, start=q.start, end=q.end) for q in row.finding.quotes],
        rejected_quote_count=row.finding.rejected,
    )


def _rounded(share: Fraction) -> float:
    return float(round(share, _COVERAGE_DECIMALS))
