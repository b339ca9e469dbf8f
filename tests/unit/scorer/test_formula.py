"""Levels become a score by arithmetic that anybody can repeat."""

from __future__ import annotations

from random import Random

import pytest
from candor.evaluations.v1.evaluation_pb2 import Evaluation
from candor.evaluations.v1.record_pb2 import EvaluationResult
from candor.jobs.v1.job_pb2 import Criterion
from hypothesis import given
from hypothesis import strategies as st

from services.scorer.formula import score
from tests.unit.scorer.rubrics import criterion, found, rubric

MUST = Criterion.KIND_MUST_HAVE
INFO = Criterion.KIND_INFORMATIONAL
STRONG, GOOD, PARTIAL = Evaluation.BUCKET_STRONG, Evaluation.BUCKET_GOOD, Evaluation.BUCKET_PARTIAL
LIMITED, REVIEW = Evaluation.BUCKET_LIMITED, Evaluation.BUCKET_NEEDS_REVIEW


def scored(*levels: int | None, weights: tuple[float, ...] = ()) -> EvaluationResult:
    """The result of scored criteria with these levels."""
    names = [f"c{number}" for number in range(len(levels))]
    pairs = zip(names, weights or (1.0,) * len(levels), strict=True)
    asked = rubric(*(criterion(name, weight=weight) for name, weight in pairs))
    return score(asked, [found(name, level) for name, level in zip(names, levels, strict=True)])


@pytest.mark.parametrize(
    ("levels", "weights", "overall", "coverage", "bucket"),
    [
        ((4, 4, 4), (1, 1, 1), 100.0, 1.0, STRONG),
        ((3, 3), (1, 1), 75.0, 1.0, STRONG),
        ((4, 0), (1, 3), 25.0, 1.0, LIMITED),
        ((2, 3, 2), (1, 1, 1), 58.3, 1.0, GOOD),
        ((2, 1), (1, 1), 37.5, 1.0, PARTIAL),
        ((4, None), (1, 1), 100.0, 0.5, STRONG),
        ((4, None, None, None), (1, 1, 1, 1), 50.0, 0.25, REVIEW),
        ((None, None), (1, 1), 0.0, 0.0, REVIEW),
        ((4,), (0,), 0.0, 0.0, REVIEW),
        ((0, 0), (1, 1), 0.0, 1.0, LIMITED),
        ((1, 0, 0, 0, 0, 0, 0, 0), (1,) * 8, 3.1, 1.0, LIMITED),  # 3.125
        ((3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0), (1,) * 12, 6.2, 1.0, LIMITED),  # 6.25: half to even
        ((4, 4, 3), (0.1, 0.2, 0.3), 87.5, 1.0, STRONG),  # 0.1 + 0.2 != 0.3 in binary
    ],
)
def test_score_coverage_and_bucket_of_levels(
    levels: tuple[int | None, ...], weights: tuple[float, ...], overall: float, coverage: float, bucket: int
) -> None:
    result = scored(*levels, weights=weights)
    assert (result.overall_score, result.coverage, result.bucket) == (overall, coverage, bucket)


@pytest.mark.parametrize(
    ("level", "shown", "bucket", "coverage"),
    [
        (2, True, STRONG, 1.0),
        (1, True, LIMITED, 1.0),
        (0, True, LIMITED, 1.0),
        (0, False, STRONG, 0.5),
        (None, True, STRONG, 0.5),
    ],
)
def test_only_a_gate_that_is_evidently_not_met_limits_and_no_gate_earns_points(
    level: int | None, shown: bool, bucket: int, coverage: float
) -> None:
    asked = rubric(criterion("skill"), criterion("licence", kind=MUST))
    result = score(asked, [found("skill", 4), found("licence", level, shown=shown)])
    assert (result.bucket, result.coverage, result.overall_score) == (bucket, coverage, 100.0)
    assert not result.criteria[1].HasField("points")


def test_gates_alone_give_no_number_and_a_person_looks() -> None:
    result = score(rubric(criterion("licence", kind=MUST)), [found("licence", 4)])
    assert (result.overall_score, result.bucket, result.coverage) == (0.0, REVIEW, 1.0)


def test_what_is_only_shown_counts_for_nothing() -> None:
    asked = rubric(criterion("skill"), criterion("hobby", kind=INFO, weight=9))
    result = score(asked, [found("skill", 2), found("hobby", 4)])
    assert (result.overall_score, result.coverage) == (50.0, 1.0)


def test_a_kind_that_is_not_said_is_scored_and_a_dimension_that_is_not_said_is_other() -> None:
    asked = rubric(criterion("a", kind=Criterion.KIND_UNSPECIFIED, dimension=Criterion.DIMENSION_UNSPECIFIED))
    result = score(asked, [found("a", 3)])
    assert result.criteria[0].points == 75
    assert [one.dimension for one in result.dimensions] == [Criterion.DIMENSION_OTHER]


def test_dimensions_stand_in_the_order_of_the_rubric_and_are_absent_where_nothing_is_known() -> None:
    asked = rubric(
        criterion("a", dimension=Criterion.DIMENSION_EXPERIENCE),
        criterion("b", dimension=Criterion.DIMENSION_SOFT_SKILLS),
        criterion("c", dimension=Criterion.DIMENSION_EXPERIENCE),
    )
    first, second = score(asked, [found("a", 4), found("b", None), found("c", 2)]).dimensions
    assert (first.dimension, first.score, first.coverage) == (Criterion.DIMENSION_EXPERIENCE, 75.0, 1.0)
    assert (second.HasField("score"), second.coverage) == (False, 0.0)


def test_findings_of_another_rubric_are_refused() -> None:
    with pytest.raises(ValueError, match="order"):
        score(rubric(criterion("a")), [found("b", 1)])


rows = st.lists(
    st.tuples(st.one_of(st.none(), st.integers(0, 4)), st.floats(0, 100, allow_nan=False)), min_size=1, max_size=12
)


@given(rows)
def test_a_score_is_between_0_and_100_with_one_decimal(judged: list[tuple[int | None, float]]) -> None:
    result = scored(*(level for level, _ in judged), weights=tuple(weight for _, weight in judged))
    assert 0 <= result.overall_score <= 100
    assert 0 <= result.coverage <= 1
    assert result.overall_score == float(f"{result.overall_score:.1f}")


@given(rows, st.randoms(use_true_random=False))
def test_the_order_of_the_criteria_does_not_change_the_score(
    judged: list[tuple[int | None, float]], random: Random
) -> None:
    shuffled = random.sample(judged, len(judged))
    results = [
        scored(*(level for level, _ in one), weights=tuple(weight for _, weight in one)) for one in (judged, shuffled)
    ]
    assert results[0].overall_score == results[1].overall_score
    assert results[0].bucket == results[1].bucket


@given(rows, st.integers(0, 11))
def test_a_higher_level_never_lowers_the_score(judged: list[tuple[int | None, float]], at: int) -> None:
    levels = [level for level, _ in judged]
    weights = tuple(weight for _, weight in judged)
    at %= len(levels)
    level = levels[at]
    better = [*levels[:at], None if level is None else min(4, level + 1), *levels[at + 1 :]]
    assert scored(*better, weights=weights).overall_score >= scored(*levels, weights=weights).overall_score
