"""The lexical drafter: what a posting asks for becomes closed questions, what it advertises does not."""

from __future__ import annotations

import re

import pytest
from candor.jobs.v1.job_pb2 import Criterion

from services.scorer.answers import RubricAnswer
from services.scorer.models.local import LocalModel
from services.scorer.models.port import DraftRequest
from tests.unit.scorer.rubrics import drafted_rubric
from tests.unit.scorer.test_local_judge import POSTING, RUBRIC

NURSE = """About the ward

Cedar Ward has 28 beds. Patients stay four days.

What you must bring

Registration with the Nursing and Midwifery Council.
A degree or diploma in nursing.
At least two years as a nurse on a hospital ward.
Safe medicines management, including intravenous therapy.
Good English.

We offer

38 hours a week, 30 days of holiday and a canteen with intravenous coffee.
Equal opportunity: we hire regardless of age, gender, religion or family status.
"""
GERMAN = """Ihre Aufgaben

- Sie erstellen Monatsabschlüsse nach HGB und IFRS.
- Sie planen Budget und Liquidität der Gruppe.

Ihr Profil

- Mindestens sechs Jahre Erfahrung im Controlling.
- Sehr gute Kenntnisse in SAP und Excel.
- Verhandlungssicheres Deutsch und gutes Englisch.

Von Vorteil

- Kenntnisse in Power BI.

Wir bieten

- 30 Tage Urlaub und eine Kantine.
"""


def kinds(title: str, description: str) -> dict[str, Criterion.Kind.ValueType]:
    return {row.criterion_id: row.kind for row in drafted_rubric(title, description).criteria}


def test_a_draft_has_five_to_twelve_questions_with_unique_kebab_case_ids() -> None:
    ids = [row.criterion_id for row in RUBRIC.criteria]
    assert 5 <= len(ids) <= 12
    assert len(set(ids)) == len(ids)
    assert all(re.fullmatch(r"[a-z0-9][a-z0-9-]{0,63}", one) for one in ids)


@pytest.mark.parametrize(
    ("title", "posting"), [("Platform Engineer", POSTING), ("Nurse", NURSE), ("Controller", GERMAN)]
)
def test_every_source_is_a_verbatim_piece_of_the_posting_or_its_title(title: str, posting: str) -> None:
    assert all(row.source in posting or row.source == title for row in drafted_rubric(title, posting).criteria)


def test_requirements_weigh_1_duties_less_and_wishes_least() -> None:
    weights = {row.source: row.weight for row in RUBRIC.criteria[2:]}
    assert weights["Strong Python: code that is tested and reviewed."] == 1.0
    assert weights["Keep infrastructure as code: Terraform, Helm, GitOps."] == 0.7
    assert weights["Chaos experiments, load tests, disaster recovery exercises."] == 0.45


def test_the_role_is_asked_first_and_counts_most() -> None:
    assert RUBRIC.criteria[0].criterion_id == "role-platform-engineer"
    assert RUBRIC.criteria[0].weight == max(row.weight for row in RUBRIC.criteria)


def test_registration_degree_and_language_that_must_be_brought_are_gates() -> None:
    found = kinds("Registered Nurse", NURSE)
    gates = {name.split("-")[0] for name, kind in found.items() if kind == Criterion.KIND_MUST_HAVE}
    assert gates == {"licence", "degree", "language"}


def test_a_degree_that_experience_makes_up_for_is_no_gate() -> None:
    posting = "Requirements\n\n- Bachelor's degree in physics or equivalent experience.\n- Python.\n"
    assert Criterion.KIND_MUST_HAVE not in kinds("Physicist", posting).values()


def test_years_degrees_licences_and_languages_are_questions_of_their_own() -> None:
    names = {name.split("-")[0] for name in kinds("Registered Nurse", NURSE)}
    assert {"role", "licence", "degree", "years", "language"} <= names


def test_what_the_company_offers_is_not_asked() -> None:
    asked = " ".join(row.question + row.source for row in drafted_rubric("Registered Nurse", NURSE).criteria)
    assert "canteen" not in asked
    assert "28 beds" not in asked


def test_no_question_is_asked_about_who_somebody_is() -> None:
    posting = NURSE + "\nRequirements\n\n- A young, married woman under 30 of Christian religion.\n- Native speaker.\n"
    asked = " ".join(row.question for row in drafted_rubric("Nurse", posting).criteria).casefold()
    assert not re.search(r"young|married|woman|religion|native speaker|gender", asked)


def test_a_german_posting_gets_german_questions_and_one_a_language() -> None:
    rows = drafted_rubric("Controller (m/w/d)", GERMAN).criteria
    assert rows[0].question == "Zeigt der Lebenslauf eine Stelle als Controller?"
    assert {"language-german", "language-english"} <= {row.criterion_id for row in rows}
    assert not any("Kantine" in row.question for row in rows)


def test_a_posting_without_structure_gets_a_rubric_too() -> None:
    posting = (
        "Our client is a leading bank.ResponsibilitiesDesign and develop Java microservices.Tune Oracle SQL."
        "QualificationsMust have 5+ years of Java and Spring Boot.Angular is a plus."
        "We are an equal opportunity employer."
    )
    rows = drafted_rubric("Sr. Java Developer", posting).criteria
    assert [*rows[0].keywords] == ["Java Developer"]
    assert {0.45, 0.7, 1.0} <= {row.weight for row in rows}


@pytest.mark.parametrize("description", ["", "Hello.", "\n" * 5000, "x" * 20000])
async def test_a_posting_that_asks_for_nothing_gives_no_more_than_the_role(description: str) -> None:
    answer = await LocalModel().draft(DraftRequest(title="Baker", description=description))
    assert len(RubricAnswer.model_validate_json(answer.raw).criteria) <= 2


async def test_a_draft_is_the_same_bytes_every_time() -> None:
    request = DraftRequest(title="Platform Engineer", description=POSTING)
    assert (await LocalModel().draft(request)) == (await LocalModel().draft(request))
