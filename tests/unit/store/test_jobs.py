"""Job postings and the versions of their rubrics."""

from __future__ import annotations

from datetime import timedelta

import pytest
from candor.jobs.v1.job_pb2 import Criterion, Rubric

from services.store.domain.jobs import JobClosed, JobFieldEmpty, JobState
from services.store.domain.rubrics import RubricRefused
from tests.builders import NOON, a_criterion, a_job, a_rubric

LATER = NOON + timedelta(hours=1)


def test_the_versions_of_a_rubric_count_up_from_one() -> None:
    job = a_job()
    assert job.rubric_version == 0
    for version in (1, 2, 3):
        job.put_in_force(a_rubric(), "acc_1", LATER)
        assert job.rubric_version == version


def test_a_version_counts_up_whatever_number_it_is_given_with() -> None:
    job = a_job()
    job.put_in_force(Rubric(criteria=[a_criterion()], version=17), "acc_1", LATER)
    assert job.rubric_version == 1


def test_a_version_says_who_made_it_and_when() -> None:
    job = a_job()
    job.put_in_force(a_rubric(), "local/lexical-1", LATER)
    assert job.rubric is not None
    assert job.rubric.author == "local/lexical-1"
    assert job.rubric.create_time.ToDatetime(LATER.tzinfo) == LATER
    assert job.update_time == LATER


def test_a_rubric_that_is_handed_over_is_left_as_it_is() -> None:
    given = Rubric(criteria=[a_criterion(kind=Criterion.KIND_UNSPECIFIED)])
    before = given.SerializeToString()
    a_job().put_in_force(given, "acc_1", LATER)
    assert given.SerializeToString() == before


def test_a_refused_rubric_leaves_the_one_in_force() -> None:
    job = a_job()
    job.put_in_force(a_rubric("Has the candidate used Go?"), "acc_1", NOON)
    with pytest.raises(RubricRefused):
        job.put_in_force(a_rubric("Is the candidate married?"), "acc_1", LATER)
    assert (job.rubric_version, job.update_time) == (1, NOON)


def test_a_rubric_in_force_ends_the_failure_to_draft_one() -> None:
    job = a_job(rubric_failure="The model did not answer.")
    job.put_in_force(a_rubric(), "acc_1", LATER)
    assert job.rubric_failure == ""


def test_a_failed_draft_is_remembered_where_there_is_no_rubric() -> None:
    job = a_job()
    job.give_up_drafting("The model did not answer.", LATER)
    assert (job.rubric_failure, job.update_time) == ("The model did not answer.", LATER)


def test_a_failed_draft_does_not_harm_a_rubric_in_force() -> None:
    job = a_job()
    job.put_in_force(a_rubric(), "acc_1", NOON)
    job.give_up_drafting("The model did not answer.", LATER)
    assert (job.rubric_failure, job.rubric_version) == ("", 1)


def test_an_open_job_takes_evaluations() -> None:
    a_job().require_open()


def test_a_closed_job_refuses_new_evaluations() -> None:
    job = a_job()
    job.close(LATER)
    assert (job.state, job.update_time) == (JobState.CLOSED, LATER)
    with pytest.raises(JobClosed, match=job.job_id):
        job.require_open()


def test_closing_a_closed_job_changes_nothing() -> None:
    job = a_job(state=JobState.CLOSED)
    job.close(LATER)
    assert job.update_time == NOON


def test_a_job_takes_a_new_title_and_description() -> None:
    job = a_job()
    job.retitle("Nurse", LATER)
    job.redescribe("We need a nurse.", LATER)
    assert (job.title, job.description, job.update_time) == ("Nurse", "We need a nurse.", LATER)


@pytest.mark.parametrize("nothing", ["", " ", "\n\t"])
def test_a_job_keeps_a_title_and_a_description(nothing: str) -> None:
    job = a_job()
    with pytest.raises(JobFieldEmpty) as title:
        job.retitle(nothing, LATER)
    with pytest.raises(JobFieldEmpty) as description:
        job.redescribe(nothing, LATER)
    assert [one.value.fields[0].field for one in (title, description)] == ["job.title", "job.description"]
    assert (job.title, job.description, job.update_time) == ("Engineer", "We need Python.", NOON)
