"""A level counts only as far as quotes that stand in the CV carry it."""

from __future__ import annotations

import pytest
from candor.jobs.v1.job_pb2 import Criterion
from candor.parsing.v1.parsed_resume_pb2 import Page, ParsedResume
from hypothesis import given
from hypothesis import strategies as st

from services.scorer.answers import CriterionAnswer, Finding, JudgementAnswer
from services.scorer.evidence import (
    EVIDENCED,
    LONGEST_QUOTE,
    NOT_SHOWN,
    UNKNOWN,
    AnswerMismatch,
    is_bare_list,
    verify_all,
)
from tests.unit.scorer.rubrics import criterion, evidenced, resume, rubric, verified

CV = "Ran five Kubernetes clusters for a bank.\nSkills: Python, Kubernetes, Helm, Terraform\n• Docker\n"


def test_a_fabricated_quote_is_dropped_and_the_level_with_it() -> None:
    [finding] = verified(CV, evidenced("kubernetes", 4, "Designed Kubernetes at Google"))
    assert (finding.finding, finding.level, finding.quotes, finding.rejected) == (NOT_SHOWN, 0, (), 1)


def test_one_quote_that_stands_in_the_cv_keeps_the_level_and_counts_the_invented_one() -> None:
    [finding] = verified(CV, evidenced("kubernetes", 4, "five Kubernetes clusters", "twenty clusters"))
    assert (finding.finding, finding.level, finding.rejected) == (EVIDENCED, 4, 1)
    assert [quote.text for quote in finding.quotes] == ["five Kubernetes clusters"]


@pytest.mark.parametrize("kind", [Criterion.KIND_MUST_HAVE, Criterion.KIND_INFORMATIONAL])
def test_without_a_quote_a_gate_is_unknown_and_not_refused(kind: Criterion.Kind.ValueType) -> None:
    asked = rubric(criterion(kind=kind))
    [finding] = verified(CV, evidenced("kubernetes", 3, "no such words"), asked=asked)
    assert (finding.finding, finding.level) == (UNKNOWN, None)


def test_silence_about_soft_skills_proves_nothing() -> None:
    asked = rubric(criterion(dimension=Criterion.DIMENSION_SOFT_SKILLS))
    [finding] = verified(CV, evidenced("kubernetes", 3), asked=asked)
    assert finding.finding == UNKNOWN


def test_a_criterion_that_the_answer_leaves_out_is_unknown_and_order_is_the_rubrics() -> None:
    asked = rubric(criterion("a"), criterion("b"), criterion("c"))
    findings = verified(CV, evidenced("c", 3, "five Kubernetes clusters"), asked=asked)
    assert [(one.criterion_id, one.finding) for one in findings] == [("a", UNKNOWN), ("b", UNKNOWN), ("c", EVIDENCED)]


def test_not_shown_is_level_0_and_unknown_has_no_level_whatever_the_answer_says() -> None:
    asked = rubric(criterion("a"), criterion("b"))
    first = CriterionAnswer(criterion_id="a", finding=Finding.NOT_SHOWN, level=3, quotes=["five Kubernetes clusters"])
    second = CriterionAnswer(criterion_id="b", finding=Finding.UNKNOWN, level=3, quotes=[])
    findings = verified(CV, first, second, asked=asked)
    assert [(one.level, one.quotes) for one in findings] == [(0, ()), (None, ())]


@pytest.mark.parametrize("answers", [("other",), ("kubernetes", "kubernetes")])
def test_an_answer_to_other_questions_or_to_one_twice_is_refused(answers: tuple[str, ...]) -> None:
    with pytest.raises(AnswerMismatch):
        verified(CV, *(evidenced(name, 1, "Kubernetes") for name in answers))


@pytest.mark.parametrize(
    ("text", "quote", "verbatim"),
    [
        ("Led “quay”,\n  a service", 'led "quay", a service', "Led “quay”,\n  a service"),
        ("Apr 2021 – present", "Apr 2021 - present", "Apr 2021 – present"),
        ("• Built tests\n• Ran them", "Built tests Ran them", "Built tests\n• Ran them"),
        ("con\u00adtain\u200bers", "containers", "con\u00adtain\u200bers"),
        ("ef\ufb01cient work", "efficient work", "ef\ufb01cient work"),
        ("Straße und Weg", "STRASSE UND WEG", "Straße und Weg"),
        ("Ran it well", "“Ran it well”", "Ran it well"),
    ],
)
def test_a_quote_is_found_however_it_is_typeset(text: str, quote: str, verbatim: str) -> None:
    [finding] = verified(text, evidenced("kubernetes", 3, quote))
    assert [one.text for one in finding.quotes] == [verbatim]


@pytest.mark.parametrize("quote", ["Java", "ab", "░░░░░", "", "x" * (LONGEST_QUOTE + 1)])
def test_half_words_and_what_is_too_short_or_too_long_are_no_quotes(quote: str) -> None:
    [finding] = verified("JavaScript ab ░░░░░ " + "x" * 700, evidenced("kubernetes", 3, quote))
    assert finding.rejected == 1


def test_a_quote_knows_its_page() -> None:
    text = "First page here.\nSecond page there."
    paged = ParsedResume(text=text, pages=[Page(number=1, start=0, end=17), Page(number=2, start=17, end=len(text))])
    [finding] = verify_all(
        JudgementAnswer(criteria=[evidenced("kubernetes", 3, "Second page there")]), rubric(), paged, text
    )
    assert [(quote.page, quote.start) for quote in finding.quotes] == [(2, 17)]


def test_quotes_are_searched_in_what_the_model_read_and_shown_as_they_stand() -> None:
    text, redacted = "Ada Byron ran clusters", "░░░ ░░░░░ ran clusters"
    answer = JudgementAnswer(criteria=[evidenced("kubernetes", 3, "░░░ ░░░░░ ran clusters", "Ada Byron")])
    [finding] = verify_all(answer, rubric(), resume(text), redacted)
    assert [quote.text for quote in finding.quotes] == ["Ada Byron ran clusters"]
    assert finding.rejected == 1


def test_a_redacted_text_of_another_length_is_refused() -> None:
    with pytest.raises(ValueError, match="as long as"):
        verify_all(JudgementAnswer(criteria=[]), rubric(), resume("abc"), "ab")


@pytest.mark.parametrize(
    ("quote", "level"), [("Kubernetes, Helm", 2), ("Docker", 2), ("Ran five Kubernetes clusters", 4)]
)
def test_a_bare_list_supports_at_most_that_something_is_named(quote: str, level: int) -> None:
    [finding] = verified(CV, evidenced("kubernetes", 4, quote))
    assert finding.level == level


def test_languages_and_degrees_are_proven_by_the_list_they_stand_in() -> None:
    asked = rubric(criterion(dimension=Criterion.DIMENSION_OTHER))
    [finding] = verified(
        "English (C1), German (B2), Dutch (A2)", evidenced("kubernetes", 4, "German (B2)"), asked=asked
    )
    assert finding.level == 4


@pytest.mark.parametrize(
    ("line", "bare"),
    [
        ("Python, Go, Bash", True),
        ("Skills: Docker", True),
        ("• Power BI", True),
        ("Northgate Clearing, Manchester", False),
        ("Moved 60 services to Kubernetes, Helm and Argo CD", False),
        ("Budget, rolling forecast, closing of the books", False),
    ],
)
def test_only_what_is_surely_a_list_is_a_bare_list(line: str, bare: bool) -> None:
    assert is_bare_list(line) is bare


@given(text=st.text(min_size=1, max_size=200), at=st.integers(0, 199), length=st.integers(1, 80))
def test_every_verified_quote_is_the_slice_at_its_offsets(text: str, at: int, length: int) -> None:
    quote = text[at % len(text) :][:length]
    [finding] = verified(text, evidenced("kubernetes", 3, quote))
    assert all(text[one.start : one.end] == one.text and one.text for one in finding.quotes)
    assert len(finding.quotes) + finding.rejected == 1


@given(st.lists(st.text("abcdefgh", min_size=3, max_size=8), min_size=1, max_size=12), st.data())
def test_words_that_stand_in_the_cv_are_always_found(words: list[str], data: st.DataObject) -> None:
    first = data.draw(st.integers(0, len(words) - 1))
    last = data.draw(st.integers(first, len(words) - 1))
    text = "\n".join(words)
    [finding] = verified(text, evidenced("kubernetes", 1, " ".join(words[first : last + 1]).upper()))
    assert len(finding.quotes) == 1
