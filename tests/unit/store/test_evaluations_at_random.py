"""The state machine of an evaluation under any sequence of claims, results, releases and time."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from services.chassis.refusals import Lost, Refusal
from services.store.domain.evaluations import LEASE, Evaluation, State
from tests.builders import LOCAL, StoppedClock, a_failure, a_result, an_evaluation

ENDED = {State.SUCCEEDED, State.FAILED, State.CANCELLED}
any_token = st.integers(min_value=-1, max_value=12)


class AnyLife(RuleBasedStateMachine):
    """Claimants with any token meet one evaluation."""

    def __init__(self) -> None:
        super().__init__()
        self.clock = StoppedClock()
        self.evaluation: Evaluation = an_evaluation(State.PENDING)
        self.ended_as: State | None = None
        self.attempt = 0
        self.current: int | None = None
        """The token that may complete now."""

    @rule(seconds=st.integers(1, 200))
    def time_passes(self, seconds: int) -> None:
        self.clock.turn(timedelta(seconds=seconds))

    @rule()
    def cv_and_rubric_are_there(self) -> None:
        self.evaluation.queue(1, self.clock.now())

    @rule(take_over=st.booleans())
    def claim(self, take_over: bool) -> None:
        before, lease = self.evaluation.state, self.evaluation.lease_until
        lease_runs = before is State.RUNNING and lease is not None and lease > self.clock.now()
        try:
            token = self.evaluation.claim(now=self.clock.now(), take_over=take_over)
        except Refusal:
            assert before not in (State.QUEUED, State.RUNNING) or (lease_runs and not take_over)
            return
        assert before is State.QUEUED or (before is State.RUNNING and (take_over or not lease_runs))
        assert token == self.attempt + 1
        self.current = token

    @rule(token=any_token, success=st.booleans())
    def complete(self, token: int, success: bool) -> None:
        may, before = self._may_end_with(token), self.evaluation.state
        try:
            ended = self._complete(token, success)
        except Lost:
            assert not may
            return
        assert ended is may
        if ended:
            assert self.evaluation.state is (State.SUCCEEDED if success else State.FAILED)
        else:
            assert before in (State.SUCCEEDED, State.FAILED)
            assert token == self.attempt

    def _may_end_with(self, token: int) -> bool:
        return self.evaluation.state is State.RUNNING and token == self.current

    def _complete(self, token: int, success: bool) -> bool:
        if success:
            return self.evaluation.succeed(token, a_result(), LOCAL, self.clock.now())
        return self.evaluation.fail(token, a_failure(), self.clock.now())

    @rule(token=any_token)
    def release(self, token: int) -> None:
        may = self._may_end_with(token)
        assert self.evaluation.release(token, self.clock.now()) is may
        if may:
            self.current = None

    @rule()
    def no_text_can_be_had(self) -> None:
        self.evaluation.fail_for("RESUME_UNREADABLE", "No text.", self.clock.now())

    @rule()
    def cancel(self) -> None:
        try:
            self.evaluation.cancel(self.clock.now())
        except Refusal:
            assert self.evaluation.state in (State.SUCCEEDED, State.FAILED)

    @invariant()
    def what_has_ended_stays_as_it_ended(self) -> None:
        assert self.ended_as in (None, self.evaluation.state)
        if self.evaluation.state in ENDED:
            self.ended_as = self.evaluation.state
        assert self.evaluation.ended is (self.ended_as is not None)
        assert (self.evaluation.finish_time is not None) is self.evaluation.ended

    @invariant()
    def the_token_only_rises(self) -> None:
        assert self.evaluation.attempt in (self.attempt, self.attempt + 1)
        self.attempt = self.evaluation.attempt

    @invariant()
    def only_a_running_one_has_a_lease(self) -> None:
        lease = self.evaluation.lease_until
        assert (lease is not None) is (self.evaluation.state is State.RUNNING)
        assert lease is None or lease <= self.clock.now() + LEASE

    @invariant()
    def only_a_success_has_a_result_and_only_a_failure_a_reason(self) -> None:
        assert (self.evaluation.result is not None) is (self.evaluation.state is State.SUCCEEDED)
        assert bool(self.evaluation.failure_reason) is (self.evaluation.state is State.FAILED)


TestAnyLife = AnyLife.TestCase
TestAnyLife.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)
