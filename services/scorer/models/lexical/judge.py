"""The lexical judge: a rubric and a CV's text in, levels with verbatim quotes out."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from candor.jobs.v1.job_pb2 import Criterion, Rubric
from services.scorer.answers import CriterionAnswer, Finding, JudgementAnswer
from services.scorer.models.lexical import claims
from services.scorer.models.lexical.guard import JobText, suspects
from services.scorer.models.lexical.matching import Curriculum, Match, Wanted
from services.scorer.models.lexical.signals import years_asked
from services.scorer.models.lexical.words import DEFAULT_LANGUAGE, language_of, words

# Shares of what a criterion asks for, measured on the development jobs (docs/scoring.md): a median relevant CV holds
# little of a posting's wording, so thresholds are low and levels, not shares, are what a person sees.
MENTIONED = 0.16
NAMED = 0.34
USED = 0.5
AT_LENGTH = 0.8
# A further sentence counts towards level 4 when it holds at least this share.
_FURTHER = 0.3
_SENTENCES = 3
_QUOTES = 3
# Scope, outcome or length in a sentence: a number, a percentage, an amount.
_OUTCOME = re.compile(r"\d|\b(?:years?|jahre?n?|ans|halved|doubled|reduced|increased|cut|fell|rose|saved)\b", re.I)
_FIRST_WORDS = 40  # words of a question looked for where a criterion has no keywords


@dataclass(frozen=True)
class Asked:
    """A criterion prepared for judging."""

    criterion_id: str
    question: str
    soft: bool
    gate: bool
    wanted: Wanted
    years: float | None


@dataclass(frozen=True)
class Questions:
    """A rubric prepared for judging; the same for every CV of a job."""

    asked: tuple[Asked, ...]
    job: JobText


def judged(rubric: Rubric, text: str, as_of: date) -> JudgementAnswer:
    """Judges a CV.

    Args:
        rubric: the questions; keywords where given, else the question's own words are looked for.
        text: visible, redacted text.
        as_of: what `present` means in the CV's dates.
    """
    questions = _questions(rubric.SerializeToString(deterministic=True))
    curriculum = Curriculum(text)
    curriculum.left_out |= suspects(text, curriculum.parts, curriculum.words, questions.job)
    return JudgementAnswer(criteria=[_answer(asked, curriculum, as_of) for asked in questions.asked])


@lru_cache(maxsize=64)
def _questions(serialized: bytes) -> Questions:
    rubric = Rubric.FromString(serialized)
    sentences = [text for row in rubric.criteria for text in (row.question, row.source) if text]
    keys = [[word.key for word in words(sentence, language_of(sentence))] for sentence in sentences]
    return Questions(tuple(_asked(row) for row in rubric.criteria), JobText(sentences, keys))


def _asked(criterion: Criterion) -> Asked:
    question = criterion.question
    phrases: Sequence[str] = criterion.keywords or _phrases(question)
    return Asked(
        criterion_id=criterion.criterion_id,
        question=question,
        soft=criterion.dimension == Criterion.DIMENSION_SOFT_SKILLS,
        gate=criterion.kind == Criterion.KIND_MUST_HAVE,
        wanted=Wanted(phrases, " ".join((question, criterion.source))),
        years=years_asked(question),
    )


def _phrases(question: str) -> list[str]:
    language = language_of(question) or DEFAULT_LANGUAGE
    return [question[word.start : word.end] for word in words(question, language)[:_FIRST_WORDS]]


def _answer(asked: Asked, curriculum: Curriculum, as_of: date) -> CriterionAnswer:
    """The strongest of what the kinds of evidence give: words, years, languages, degrees."""
    match = curriculum.match(asked.wanted)
    special = claims.language(asked.question, curriculum)
    if special is None and asked.years is not None:
        special = claims.years(asked.years, match, curriculum, as_of)
    if special is None:
        special = claims.degree(asked.question, match, curriculum)
    level, places = special if special is not None else _level(match, curriculum)
    # Words do not deny: below "named", a must-have is a question to the candidate and never a refusal.
    if level == 0 or (asked.gate and level < claims.GATE_LEVEL):
        unknown = asked.soft or asked.gate
        finding = Finding.UNKNOWN if unknown else Finding.NOT_SHOWN
        return CriterionAnswer(
            criterion_id=asked.criterion_id, finding=finding, level=None if unknown else 0, quotes=[]
        )
    quotes = [curriculum.text[start:end] for start, end in places]
    return CriterionAnswer(
        criterion_id=asked.criterion_id, finding=Finding.EVIDENCED, level=level, quotes=[*dict.fromkeys(quotes)]
    )


def _level(match: Match, curriculum: Curriculum) -> claims.Claim:
    """Level of a match of words, with the segments that carry it, strongest first."""
    sentences = [hit for hit in match.hits if not curriculum.parts[hit.segment].bare]
    strongest = sentences[0].share if sentences else 0.0
    further = [hit for hit in sentences if hit.share >= _FURTHER]
    measured = any(_OUTCOME.search(_piece(curriculum, hit.segment)) for hit in further)
    if match.share < MENTIONED:
        return 0, []
    level = 1 if match.share < NAMED else 2
    if strongest >= USED:
        level = 3
        if (strongest >= AT_LENGTH and measured and len(further) > 1) or len(further) >= _SENTENCES:
            level = 4
    shown = sentences if level > 2 else match.hits
    return level, _places(curriculum, (hit.segment for hit in shown[:_QUOTES]))


def _places(curriculum: Curriculum, numbers: Iterable[int]) -> list[tuple[int, int]]:
    return [(curriculum.parts[number].start, curriculum.parts[number].end) for number in numbers]


def _piece(curriculum: Curriculum, number: int) -> str:
    return curriculum.text[curriculum.parts[number].start : curriculum.parts[number].end]
