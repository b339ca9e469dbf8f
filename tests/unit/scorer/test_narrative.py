"""Matches, gaps and rationale say verified facts and nothing else."""

from __future__ import annotations

import pytest
from candor.jobs.v1.job_pb2 import Criterion

from services.scorer.formula import score
from services.scorer.narrative import Narrative, narrate, short
from tests.unit.scorer.rubrics import criterion, evidenced, found, rubric, verified

CV = "Ran five Kubernetes clusters for a bank. Wrote Python services. Heard of Terraform."
ASKED = rubric(
    criterion("python", question="Does the CV show Python?", weight=1),
    criterion("kubernetes", question="Does the CV show Kubernetes in production?", weight=2),
    criterion("terraform", question="Does the CV show Terraform?", weight=0.5),
    criterion("kafka", question="Does the CV show Kafka?", weight=0.7),
    criterion("licence", question="Is the candidate licensed?", weight=1, kind=Criterion.KIND_MUST_HAVE),
)


def told() -> Narrative:
    findings = verified(
        CV,
        evidenced("python", 3, "Wrote Python services"),
        evidenced("kubernetes", 4, "Ran five Kubernetes clusters for a bank."),
        evidenced("terraform", 1, "Heard of Terraform"),
        evidenced("kafka", 4, "Invented Kafka"),
        asked=ASKED,
    )
    return narrate(ASKED, score(ASKED, findings))


def test_matches_are_quotes_of_the_cv_strongest_first() -> None:
    assert told().matches == (
        "Kubernetes in production: “Ran five Kubernetes clusters for a bank.”",
        "Python: “Wrote Python services”",
    )


def test_gaps_are_weightiest_first_and_an_open_must_have_is_to_be_verified() -> None:
    assert told().gaps == ("To verify: Licensed", "Not shown: Kafka", "Only touched on: Terraform")


def test_what_a_model_invented_is_nowhere() -> None:
    assert "Invented" not in "".join((*told().matches, *told().gaps, told().rationale))


def test_the_rationale_names_score_coverage_strongest_point_and_weightiest_gap() -> None:
    assert told().rationale == (
        "Good match with 68.5 of 100; the CV speaks to 81% of what the job asks for. "
        "Strongest point: Kubernetes in production (level 4 of 4). Weightiest gap: to verify: Licensed."
    )


def test_a_must_have_that_is_not_met_is_said_first() -> None:
    asked = rubric(criterion("a", weight=9), criterion("b", question="Licence?", kind=Criterion.KIND_MUST_HAVE))
    narrative = narrate(asked, score(asked, [found("a", 0), found("b", 1)]))
    assert narrative.gaps[0] == "Must-have not met: Licence"
    assert narrative.rationale.startswith("Limited match, because a must-have is not met")


def test_too_little_known_asks_for_a_person() -> None:
    asked = rubric(criterion("a"), criterion("b"), criterion("c"))
    narrative = narrate(asked, score(asked, [found("a", 4), found("b", None), found("c", None)]))
    assert narrative.rationale.startswith("A person has to look")


@pytest.mark.parametrize(
    ("question", "heading"),
    [
        ("Does the CV show work like this: run clusters?", "Run clusters"),
        ("Zeigt der Lebenslauf: Kenntnisse in SAP?", "Kenntnisse in SAP"),
        ("Le CV montre-t-il : le travail de nuit ?", "Le travail de nuit"),
        ("Python", "Python"),
        ("Why?", "Why"),
    ],
)
def test_a_question_becomes_a_heading(question: str, heading: str) -> None:
    assert short(question) == heading
