"""The life of an evaluation, transition by transition."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from candor.evaluations.v1.evaluation_pb2 import Model
from candor.jobs.v1.job_pb2 import Rubric
from hypothesis import given
from hypothesis import strategies as st

from services.chassis.refusals import Refusal
from services.store.domain.evaluations import (
    LEASE,
    ClaimLost,
    Evaluation,
    EvaluationClaimed,
    EvaluationEnded,
    EvaluationNotQueued,
    State,
    answer_key,
)
from tests.builders import (
    LOCAL,
    NOON,
    a_criterion,
    a_failure,
    a_result,
    a_rubric,
    an_evaluation,
    sha256_of,
)

LATER = NOON + timedelta(seconds=30)
LEASE_OVER = NOON + LEASE + timedelta(seconds=1)
Verb = Callable[[Evaluation], object]

VERBS: dict[str, Verb] = {
    "queue": lambda one: one.queue(1, LATER),
    "claim": lambda one: one.claim(now=LATER, take_over=False),
    "claim when the lease is over": lambda one: one.claim(now=LEASE_OVER, take_over=False),
    "take over": lambda one: one.claim(now=LATER, take_over=True),
    "succeed": lambda one: one.succeed(one.attempt, a_result(), LOCAL, LATER),
    "fail": lambda one: one.fail(one.attempt, a_failure(), LATER),
    "succeed with an old token": lambda one: one.succeed(one.attempt - 1, a_result(), LOCAL, LATER),
    "fail with an old token": lambda one: one.fail(one.attempt - 1, a_failure(), LATER),
    "fail for a reason outside": lambda one: one.fail_for("RESUME_UNREADABLE", "No text.", LATER),
    "release": lambda one: one.release(one.attempt, LATER),
    "release with an old token": lambda one: one.release(one.attempt - 1, LATER),
    "cancel": lambda one: one.cancel(LATER),
}

# For every state what every verb leads to: another state, or a refusal. What is not named changes nothing.
TABLE: dict[State, dict[str, State | type[Refusal]]] = {
    State.PENDING: {
        "queue": State.QUEUED,
        "claim": EvaluationNotQueued,
        "claim when the lease is over": EvaluationNotQueued,
        "take over": EvaluationNotQueued,
        "succeed": ClaimLost,
        "fail": ClaimLost,
        "succeed with an old token": ClaimLost,
        "fail with an old token": ClaimLost,
        "fail for a reason outside": State.FAILED,
        "cancel": State.CANCELLED,
    },
    State.QUEUED: {
        "claim": State.RUNNING,
        "claim when the lease is over": State.RUNNING,
        "take over": State.RUNNING,
        "succeed": ClaimLost,
        "fail": ClaimLost,
        "succeed with an old token": ClaimLost,
        "fail with an old token": ClaimLost,
        "fail for a reason outside": State.FAILED,
        "cancel": State.CANCELLED,
    },
    State.RUNNING: {
        "claim": EvaluationClaimed,
        "claim when the lease is over": State.RUNNING,
        "take over": State.RUNNING,
        "succeed": State.SUCCEEDED,
        "fail": State.FAILED,
        "succeed with an old token": ClaimLost,
        "fail with an old token": ClaimLost,
        "fail for a reason outside": State.FAILED,
        "release": State.QUEUED,
        "cancel": State.CANCELLED,
    },
    State.SUCCEEDED: {
        "claim": EvaluationNotQueued,
        "claim when the lease is over": EvaluationNotQueued,
        "take over": EvaluationNotQueued,
        "succeed with an old token": ClaimLost,
        "fail with an old token": ClaimLost,
        "cancel": EvaluationEnded,
    },
    State.FAILED: {
        "claim": EvaluationNotQueued,
        "claim when the lease is over": EvaluationNotQueued,
        "take over": EvaluationNotQueued,
        "succeed with an old token": ClaimLost,
        "fail with an old token": ClaimLost,
        "cancel": EvaluationEnded,
    },
    State.CANCELLED: {
        "claim": EvaluationNotQueued,
        "claim when the lease is over": EvaluationNotQueued,
        "take over": EvaluationNotQueued,
        "succeed": ClaimLost,
        "fail": ClaimLost,
        "succeed with an old token": ClaimLost,
        "fail with an old token": ClaimLost,
    },
}
ALL = [(state, verb) for state in State for verb in VERBS]
LEADS_ON = [(state, verb) for state, verb in ALL if isinstance(TABLE[state].get(verb), State)]
REFUSED = [(state, verb) for state, verb in ALL if verb in TABLE[state] and (state, verb) not in LEADS_ON]
CHANGES_NOTHING = [(state, verb) for state, verb in ALL if verb not in TABLE[state]]


@pytest.mark.parametrize(("state", "verb"), LEADS_ON)
def test_an_allowed_transition_leads_to_its_state(state: State, verb: str) -> None:
    evaluation = an_evaluation(state)
    VERBS[verb](evaluation)
    assert evaluation.state is TABLE[state][verb]


@pytest.mark.parametrize(("state", "verb"), REFUSED)
def test_a_refused_transition_names_its_reason_and_changes_nothing(state: State, verb: str) -> None:
    evaluation = an_evaluation(state)
    before = replace(evaluation)
    with pytest.raises(Refusal) as refused:
        VERBS[verb](evaluation)
    assert type(refused.value) is TABLE[state][verb]
    assert evaluation.evaluation_id in str(refused.value)
    assert evaluation == before


@pytest.mark.parametrize(("state", "verb"), CHANGES_NOTHING)
def test_a_verb_without_a_transition_changes_nothing(state: State, verb: str) -> None:
    evaluation = an_evaluation(state)
    before = replace(evaluation)
    VERBS[verb](evaluation)
    assert evaluation == before


def test_a_queued_evaluation_freezes_the_rubric_version_that_it_is_judged_by() -> None:
    evaluation = an_evaluation(State.PENDING)
    evaluation.queue(3, LATER)
    evaluation.queue(4, LEASE_OVER)
    assert (evaluation.rubric_version, evaluation.announce_time) == (3, LATER)


def test_a_claim_lasts_for_the_lease_and_answers_the_next_token() -> None:
    evaluation = an_evaluation(State.QUEUED, attempt=4)
    assert evaluation.claim(now=NOON, take_over=False) == 5
    assert (evaluation.attempt, evaluation.lease_until) == (5, NOON + LEASE)


def test_a_lease_that_ends_now_has_ended() -> None:
    evaluation = an_evaluation(State.RUNNING, lease_until=NOON)
    assert evaluation.claim(now=NOON, take_over=False) == 2


def test_whoever_was_taken_over_comes_too_late_with_a_result() -> None:
    evaluation = an_evaluation(State.QUEUED)
    slow = evaluation.claim(now=NOON, take_over=False)
    quick = evaluation.claim(now=LATER, take_over=True)
    with pytest.raises(ClaimLost):
        evaluation.succeed(slow, a_result(1.0), LOCAL, LATER)
    assert evaluation.succeed(quick, a_result(2.0), LOCAL, LATER)
    assert evaluation.result == a_result(2.0)


def test_the_token_of_a_released_claim_is_good_for_nothing() -> None:
    evaluation = an_evaluation(State.RUNNING)
    assert evaluation.release(1, LATER)
    with pytest.raises(ClaimLost):
        evaluation.succeed(1, a_result(), LOCAL, LATER)
    assert evaluation.claim(now=LATER, take_over=False) == 2


def test_a_released_evaluation_waits_from_now_on_and_has_no_lease() -> None:
    evaluation = an_evaluation(State.RUNNING)
    evaluation.release(1, LATER)
    assert (evaluation.lease_until, evaluation.announce_time) == (None, LATER)


def test_a_success_keeps_result_model_and_time() -> None:
    evaluation = an_evaluation(State.RUNNING)
    evaluation.succeed(1, a_result(80.0), LOCAL, LATER)
    assert (evaluation.result, evaluation.model, evaluation.finish_time) == (a_result(80.0), LOCAL, LATER)
    assert evaluation.lease_until is None


def test_a_failure_keeps_reason_sentence_and_time_and_no_result() -> None:
    evaluation = an_evaluation(State.RUNNING)
    evaluation.fail(1, a_failure(), LATER)
    assert (evaluation.failure_reason, evaluation.failure_message) == (a_failure().reason, a_failure().message)
    assert (evaluation.result, evaluation.finish_time, evaluation.lease_until) == (None, LATER, None)


@pytest.mark.parametrize("first", ["succeed", "fail"])
@pytest.mark.parametrize("second", ["succeed", "fail"])
def test_a_repeated_completion_answers_that_it_is_one_and_changes_nothing(first: str, second: str) -> None:
    evaluation = an_evaluation(State.RUNNING)
    assert VERBS[first](evaluation) is True
    before = replace(evaluation)
    assert VERBS[second](evaluation) is False
    assert evaluation == before


def test_a_result_of_what_was_called_off_is_refused() -> None:
    evaluation = an_evaluation(State.RUNNING)
    evaluation.cancel(LATER)
    with pytest.raises(ClaimLost):
        evaluation.succeed(1, a_result(), LOCAL, LEASE_OVER)
    assert (evaluation.result, evaluation.finish_time) == (None, LATER)


def test_results_rank_by_score_then_by_coverage() -> None:
    best, wide, narrow, worst = (
        an_evaluation(State.SUCCEEDED, result=a_result(score, coverage))
        for score, coverage in ((100.0, 0.1), (60.5, 1.0), (60.5, 0.9), (0.0, 1.0))
    )
    assert ranked(worst, narrow, best, wide) == [best, wide, narrow, worst]


def test_a_tenth_of_a_point_decides() -> None:
    lower, higher = (an_evaluation(State.SUCCEEDED, result=a_result(score)) for score in (70.0, 70.1))
    assert ranked(lower, higher) == [higher, lower]


def test_equals_rank_by_a_hash_of_the_file_whoever_came_first() -> None:
    files = [sha256_of(str(number)) for number in range(6)]
    equals = [an_evaluation(State.SUCCEEDED, file_sha256=one) for one in files]
    assert [one.file_sha256 for one in ranked(*equals)] == sorted(files)
    assert ranked(*reversed(equals)) == ranked(*equals)


def test_what_is_under_way_ranks_behind_any_result_and_what_failed_behind_that() -> None:
    failed, cancelled, pending = (an_evaluation(one) for one in (State.FAILED, State.CANCELLED, State.PENDING))
    under_way = [pending, an_evaluation(State.QUEUED), an_evaluation(State.RUNNING)]
    nought = an_evaluation(State.SUCCEEDED, result=a_result(0.0, 0.0), file_sha256="f" * 64)
    order = ranked(failed, cancelled, *under_way, nought)
    assert order[0] is nought
    assert {id(one) for one in order[1:4]} == {id(one) for one in under_way}
    assert order[4:] == [failed, cancelled]


scores = st.tuples(st.integers(0, 1000), st.integers(0, 1000), st.sampled_from("0123"))


@given(st.lists(scores, max_size=12))
def test_the_order_of_keys_is_the_order_of_score_coverage_and_hash(given_scores: list[tuple[int, int, str]]) -> None:
    results = [
        an_evaluation(State.SUCCEEDED, result=a_result(tenths / 10, thousandths / 1000), file_sha256=digit * 64)
        for tenths, thousandths, digit in given_scores
    ]
    wanted = sorted(given_scores, key=lambda one: (-one[0], -one[1], one[2]))
    found = [
        (round(one.result.overall_score * 10), round(one.result.coverage * 1000), one.file_sha256[0])
        for one in ranked(*results)
        if one.result is not None
    ]
    assert found == wanted


def ranked(*evaluations: Evaluation) -> list[Evaluation]:
    return sorted(evaluations, key=lambda one: one.rank_key)


TEXT = sha256_of("Five years of Python.")
RUBRIC = Rubric(criteria=[a_criterion(criterion_id="python")])


def key(
    text: str = TEXT, rubric: Rubric = RUBRIC, title: str = "Engineer", model: Model = LOCAL, prompt: str = "1"
) -> str:
    return answer_key(text, rubric, title, model, prompt)


def test_a_paid_answer_serves_the_same_question_of_another_version_number() -> None:
    renamed = Rubric(criteria=RUBRIC.criteria, version=7, author="somebody else")
    assert key(rubric=renamed) == key()


@pytest.mark.parametrize(
    "other",
    [
        key(text=sha256_of("Ten years of Python.")),
        key(rubric=a_rubric("Has the candidate used Go?")),
        key(title="Nurse"),
        key(model=Model(provider="openai", name=LOCAL.name)),
        key(model=Model(provider=LOCAL.provider, name="lexical-2")),
        key(prompt="2"),
    ],
    ids=["text", "rubric", "title", "provider", "model", "prompt"],
)
def test_a_paid_answer_serves_no_other_question(other: str) -> None:
    assert other != key()


def test_the_key_of_an_answer_keeps_its_parts_apart() -> None:
    assert key(title="ab", model=Model(provider="c", name="d")) != key(title="a", model=Model(provider="bc", name="d"))
