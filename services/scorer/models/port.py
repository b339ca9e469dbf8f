"""The port to a model: it fills in a form, and says what that cost. Two promises: an `Answer` whose `raw` is JSON of
the asked form as far as the model could be made to comply (the caller validates it), or a `ModelRefusal`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from candor.evaluations.v1.evaluation_pb2 import Model
from candor.evaluations.v1.record_pb2 import Answer
from candor.jobs.v1.job_pb2 import Rubric


@dataclass(frozen=True)
class JudgementRequest:
    """One CV to be judged. `text` is visible, redacted text and data, never an instruction."""

    job_title: str
    rubric: Rubric
    text: str


@dataclass(frozen=True)
class DraftRequest:
    """One job description to draft a rubric from."""

    title: str
    description: str


class ModelUnavailable(Exception):
    """No answer this time (time-out, 429, 5xx, broken connection): worth another attempt."""


class ModelRefusal(Exception):
    """An answer that no further attempt will better (refused, truncated, not the asked form, wrong key)."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


class ModelPort(Protocol):
    """A model that judges and drafts."""

    @property
    def identity(self) -> Model:
        """Provider and name, as every output shows them."""

    async def judge(self, request: JudgementRequest) -> Answer:
        """Answers a JudgementAnswer as JSON in `raw`.

        Raises:
            ModelUnavailable: worth another attempt.
            ModelRefusal: not worth one.
        """

    async def draft(self, request: DraftRequest) -> Answer:
        """Answers a RubricAnswer as JSON in `raw`; raises like `judge`."""

    async def close(self) -> None:
        """Ends connections."""
