"""What a rubric may ask."""

from __future__ import annotations

import pytest
from candor.jobs.v1.job_pb2 import Criterion, Rubric

from services.store.domain.rubrics import RubricRefused, put_in_order
from tests.builders import a_criterion, a_rubric

PROTECTED = {
    "age": [
        "What is the candidate's age?",
        "Is the candidate under 40?",
        "Is the candidate younger than 35?",
        "What is the date of birth?",
        "Wie alt ist die Person?",
        "Welches Alter hat die Person?",
        "Wann ist das Geburtsdatum?",
        "Quel âge a la personne ?",
        "Quelle est la date de naissance ?",
    ],
    "gender": [
        "Is the candidate male?",
        "Is the candidate a woman?",
        "Welches Geschlecht hat die Person?",
        "Ist die Person eine Frau?",
        "Ist die Person männlich?",
        "La personne est-elle une femme ?",
        "Quel est le sexe de la personne ?",
    ],
    "family": [
        "Is the candidate married?",
        "Does the candidate have children?",
        "Is the candidate pregnant?",
        "Ist die Person verheiratet?",
        "Hat die Person Kinder?",
        "Ist die Bewerberin schwanger?",
        "La personne est-elle mariée ?",
        "La personne a-t-elle des enfants ?",
        "La candidate est-elle enceinte ?",
    ],
    "origin": [
        "What is the candidate's nationality?",
        "Is the candidate a native speaker of English?",
        "Welche Herkunft hat die Person?",
        "Welche Staatsangehörigkeit hat die Person?",
        "Ist Deutsch die Muttersprache der Person?",
        "Quelle est la nationalité de la personne ?",
        "Quelle est l'origine ethnique de la personne ?",
    ],
    "religion": [
        "What is the candidate's religion?",
        "Is the candidate a Muslim?",
        "Welche Konfession hat die Person?",
        "Welcher Religion gehört die Person an?",
        "Quelle est la religion de la personne ?",
    ],
    "health": [
        "Does the candidate have a disability?",
        "Is the candidate in good health?",
        "Ist die Person schwerbehindert?",
        "Hat die Person eine Behinderung?",
        "Hat die Person eine chronische Krankheit?",
        "La personne est-elle handicapée ?",
        "La personne est-elle en bonne santé ?",
    ],
    "orientation": [
        "What is the candidate's sexual orientation?",
        "Welche sexuelle Orientierung hat die Person?",
        "Quelle est l'orientation sexuelle de la personne ?",
    ],
}

WORK = [
    "Has the candidate worked in mental health?",
    "Has the candidate worked on a children's ward?",
    "Has the candidate worked at a women's hospital?",
    "Does the candidate know men's health services?",
    "Has the candidate taught children?",
    "Has the candidate taught all age groups?",
    "Has the candidate cared for patients with chronic illness?",
    "Has the candidate supported people with disabilities?",
    "Does the candidate know public health reporting?",
    "Has the candidate found and fixed race conditions?",
    "Does the candidate have over 10 years of experience?",
    "Has the candidate led teams of over 50 engineers?",
    "Has the candidate kept response times under 10 ms?",
    "Has the candidate consolidated the accounts of a parent company?",
    "Has the candidate worked in product management?",
    "Has the candidate used a language model?",
    "Hat die Person Erfahrung in der Kinderkrankenpflege?",
    "Hat die Person mehr als 10 Jahre Erfahrung?",
    "La personne a-t-elle de l'expérience en santé publique ?",
]


@pytest.mark.parametrize(
    ("name", "question"), [(name, question) for name, asked in PROTECTED.items() for question in asked]
)
def test_a_question_about_a_protected_characteristic_is_refused(name: str, question: str) -> None:
    with pytest.raises(RubricRefused) as refused:
        put_in_order(a_rubric("Has the candidate used Python?", question))
    [violation] = refused.value.fields
    assert violation.field.endswith("rubric.criteria[1].question")
    assert name in violation.description


@pytest.mark.parametrize("question", WORK)
def test_work_about_people_is_a_skill_and_may_be_asked_for(question: str) -> None:
    assert put_in_order(a_rubric(question)).criteria[0].question == question


def test_a_protected_question_is_refused_beside_a_harmless_word() -> None:
    with pytest.raises(RubricRefused):
        put_in_order(a_rubric("Is the candidate on the children's ward pregnant?"))


def test_two_criteria_of_one_name_are_refused_at_both_places() -> None:
    twice = [a_criterion(criterion_id="python"), a_criterion(criterion_id="go"), a_criterion(criterion_id="python")]
    with pytest.raises(RubricRefused) as refused:
        put_in_order(Rubric(criteria=twice))
    fields = [violation.field.rpartition("rubric.")[2] for violation in refused.value.fields]
    assert fields == ["criteria[0].criterion_id", "criteria[2].criterion_id"]


def test_a_rubric_that_asks_nothing_is_refused() -> None:
    with pytest.raises(RubricRefused) as refused:
        put_in_order(Rubric())
    assert refused.value.fields[0].field.endswith("rubric.criteria")


def test_all_that_is_wrong_is_said_at_once() -> None:
    wrong = [a_criterion("Is the candidate male?", criterion_id="a"), a_criterion("Married?", criterion_id="a")]
    with pytest.raises(RubricRefused) as refused:
        put_in_order(Rubric(criteria=wrong))
    assert len(refused.value.fields) == 4


def test_what_a_criterion_does_not_say_is_said() -> None:
    [criterion] = put_in_order(Rubric(criteria=[a_criterion()])).criteria
    assert (criterion.kind, criterion.dimension) == (Criterion.KIND_SCORED, Criterion.DIMENSION_OTHER)


def test_what_a_criterion_says_is_kept() -> None:
    said = a_criterion(kind=Criterion.KIND_MUST_HAVE, dimension=Criterion.DIMENSION_EDUCATION, weight=2.5)
    assert list(put_in_order(Rubric(criteria=[said])).criteria) == [said]


def test_the_order_of_the_questions_is_kept() -> None:
    questions = ["Has the candidate used Go?", "Has the candidate used Ada?", "Has the candidate used C?"]
    assert [one.question for one in put_in_order(a_rubric(*questions)).criteria] == questions
