"""The life of an evaluation: PENDING → QUEUED → RUNNING → SUCCEEDED | FAILED | CANCELLED."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import IntEnum

from candor.evaluations.v1.evaluation_pb2 import Failure, Model
from candor.evaluations.v1.record_pb2 import EvaluationResult
from candor.jobs.v1.job_pb2 import Rubric

from services.chassis.refusals import Lost, Missing, Unmet

LEASE = timedelta(seconds=120)
"""How long a claim lasts: longer than a model call (60 s) and a service's grace at shutdown (100 s)."""

RESUME_UNREADABLE = "RESUME_UNREADABLE"
RUBRIC_NOT_DRAFTED = "RUBRIC_NOT_DRAFTED"


class EvaluationNotFound(Missing):
    """There is no such evaluation, or it is another's."""

    sentence = "There is no evaluation {evaluation_id}."


class RecordNotFound(Missing):
    """Only a result has a decision record."""

    sentence = "The evaluation {evaluation_id} has no decision record: it has no result."


class EvaluationEnded(Unmet):
    """What has ended cannot be called off."""

    sentence = "The evaluation {evaluation_id} has already ended as {state}."


class EvaluationNotQueued(Unmet):
    """Waits still, or has ended."""

    sentence = "The evaluation {evaluation_id} is {state}; only a queued one can be claimed."


class EvaluationClaimed(Lost):
    """Somebody else is at it."""

    sentence = "The evaluation {evaluation_id} is being judged by somebody else."


class ClaimLost(Lost):
    """The fencing token is not the current one: the result comes too late."""

    sentence = "Attempt {attempt} at the evaluation {evaluation_id} is no longer the current one."


class State(IntEnum):
    """Where an evaluation stands; the contract's numbers."""

    PENDING = 1
    QUEUED = 2
    RUNNING = 3
    SUCCEEDED = 4
    FAILED = 5
    CANCELLED = 6


_ENDED = {State.SUCCEEDED, State.FAILED, State.CANCELLED}
_STANDING = {State.SUCCEEDED: 0, State.FAILED: 2, State.CANCELLED: 3}
_UNDER_WAY = 1


@dataclass
class Evaluation:
    """One CV judged by one rubric version. `attempt` is the fencing token of the current claim."""

    evaluation_id: str
    account_id: str
    job_id: str
    resume_id: str
    file_sha256: str
    state: State
    rubric_version: int
    attempt: int
    lease_until: datetime | None
    superseded: bool
    result: EvaluationResult | None
    model: Model | None
    failure_reason: str
    failure_message: str
    create_time: datetime
    announce_time: datetime | None
    finish_time: datetime | None

    @property
    def ended(self) -> bool:
        return self.state in _ENDED

    @property
    def rank_key(self) -> str:
        """Sorts a job's candidates: results first, by score and coverage, both falling; then by a hash of the file, so
        that equal candidates never swap places by order of arrival. Then what is under way, then what failed."""
        score = round(self.result.overall_score * 10) if self.result else 0
        coverage = round(self.result.coverage * 1000) if self.result else 0
        place = f"{_STANDING.get(self.state, _UNDER_WAY)}{1000 - score:04d}{1000 - coverage:04d}"
        return f"{place}{self.file_sha256[:16]}{self.evaluation_id}"

    def queue(self, rubric_version: int, at: datetime) -> None:
        """The CV is read and there is a rubric: the one that was in force when it was asked for, or the first."""
        if self.state is State.PENDING:
            self.state, self.announce_time = State.QUEUED, at
            self.rubric_version = self.rubric_version or rubric_version

    def claim(self, *, now: datetime, take_over: bool) -> int:
        """Takes it for `LEASE`; answers the fencing token. `now` is the database's clock, which all claimants share.

        Raises:
            EvaluationClaimed: another's lease runs, and nothing says that they are gone.
            EvaluationNotQueued: it waits still, or has ended.
        """
        if self.state is State.RUNNING:
            running = self.lease_until is not None and self.lease_until > now
            if running and not take_over:
                raise EvaluationClaimed(evaluation_id=self.evaluation_id)
        elif self.state is not State.QUEUED:
            raise EvaluationNotQueued(evaluation_id=self.evaluation_id, state=self.state.name)
        self.state, self.attempt, self.lease_until = State.RUNNING, self.attempt + 1, now + LEASE
        return self.attempt

    def succeed(self, attempt: int, result: EvaluationResult, model: Model, at: datetime) -> bool:
        """Ends with a result; answers False where this very attempt has ended before.

        Raises:
            ClaimLost: the token is not the current one.
        """
        if self._repeats(attempt):
            return False
        self.result, self.model = result, model
        self._end(State.SUCCEEDED, at)
        return True

    def fail(self, attempt: int, failure: Failure, at: datetime) -> bool:
        """Ends without a result; answers and raises like `succeed`."""
        if self._repeats(attempt):
            return False
        self.fail_for(failure.reason, failure.message, at)
        return True

    def fail_for(self, reason: str, message: str, at: datetime) -> None:
        """Ends without a result for a reason outside the scorer: the CV cannot be read, no rubric can be drafted."""
        if not self.ended:
            self.failure_reason, self.failure_message = reason, message
            self._end(State.FAILED, at)

    def release(self, attempt: int, at: datetime) -> bool:
        """Goes back to the queue; answers False where the token is not the current one or it has ended."""
        if self.state is not State.RUNNING or attempt != self.attempt:
            return False
        self.state, self.lease_until, self.announce_time = State.QUEUED, None, at
        return True

    def cancel(self, at: datetime) -> None:
        """Calls it off; once is enough.

        Raises:
            EvaluationEnded: it has a result, or failed.
        """
        if self.state is State.CANCELLED:
            return
        if self.ended:
            raise EvaluationEnded(evaluation_id=self.evaluation_id, state=self.state.name)
        self._end(State.CANCELLED, at)

    def _repeats(self, attempt: int) -> bool:
        if attempt == self.attempt and self.state in (State.SUCCEEDED, State.FAILED):
            return True
        if attempt != self.attempt or self.state is not State.RUNNING:
            raise ClaimLost(evaluation_id=self.evaluation_id, attempt=attempt)
        return False

    def _end(self, state: State, at: datetime) -> None:
        self.state, self.finish_time, self.lease_until = state, at, None


def answer_key(text_sha256: str, rubric: Rubric, job_title: str, model: Model, prompt_version: str) -> str:
    """What a paid answer is kept under: SHA-256 over everything that the model's answer depends on."""
    criteria = Rubric(criteria=rubric.criteria).SerializeToString(deterministic=True)
    parts = (text_sha256, job_title, model.provider, model.name, prompt_version)
    digest = hashlib.sha256("\x00".join(parts).encode())
    digest.update(criteria)
    return digest.hexdigest()
