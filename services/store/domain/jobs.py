"""Job postings and their versioned rubrics."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum

from candor.jobs.v1.job_pb2 import Rubric

from services.chassis.refusals import FieldViolation, Invalid, Missing, Unmet
from services.store.domain.rubrics import put_in_order


class JobNotFound(Missing):
    """There is no such posting, or it is another's."""

    sentence = "There is no job {job_id}."


class JobClosed(Unmet):
    """A closed posting takes nothing new."""

    sentence = "The job {job_id} is closed and takes no new evaluations."


class JobFieldNotEditable(Invalid):
    """The mask names what cannot be changed."""

    sentence = "`{path}` cannot be changed; title, description and rubric can."


class JobFieldEmpty(Invalid):
    """A posting keeps a title and a description."""

    sentence = "`{path}` cannot be made empty."


class JobState(IntEnum):
    """Where a posting stands; the contract's numbers."""

    OPEN = 1
    CLOSED = 2


@dataclass
class Job:
    """A posting. `rubric` is the version in force; older ones are kept by the repository for their evaluations."""

    job_id: str
    account_id: str
    title: str
    description: str
    state: JobState
    unlisted: bool
    rubric: Rubric | None
    rubric_failure: str
    announce_time: datetime | None
    create_time: datetime
    update_time: datetime

    @property
    def rubric_version(self) -> int:
        """0 while there is none."""
        return self.rubric.version if self.rubric is not None else 0

    def require_open(self) -> None:
        if self.state is JobState.CLOSED:
            raise JobClosed(job_id=self.job_id)

    def close(self, at: datetime) -> None:
        if self.state is JobState.OPEN:
            self.state, self.update_time = JobState.CLOSED, at

    def retitle(self, title: str, at: datetime) -> None:
        self.title, self.update_time = _filled("title", title), at

    def redescribe(self, description: str, at: datetime) -> None:
        self.description, self.update_time = _filled("description", description), at

    def put_in_force(self, rubric: Rubric, author: str, at: datetime) -> None:
        """Makes the rubric the next version.

        Raises:
            RubricRefused: it is not one that may be used.
        """
        ordered = put_in_order(rubric)
        ordered.version = self.rubric_version + 1
        ordered.author = author
        ordered.create_time.FromDatetime(at)
        self.rubric, self.rubric_failure, self.update_time = ordered, "", at

    def give_up_drafting(self, failure: str, at: datetime) -> None:
        """Remembers why no rubric could be drafted, unless there is one by now."""
        if self.rubric is None:
            self.rubric_failure, self.update_time = failure, at


def _filled(path: str, value: str) -> str:
    if not value.strip():
        raise JobFieldEmpty(path=path, fields=[FieldViolation(f"job.{path}", "must not be empty")])
    return value
