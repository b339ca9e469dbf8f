"""The lexical judge: a rubric and a CV's text in, levels with verbatim quotes out."""

from __future__ import annotations

import math
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
MENTIONED = 0.2
NAMED = 0.4
USED = 0.55
AT_LENGTH = 0.9
# Segments of a CV of about two pages. In a longer one words meet by chance, so shares shrink with the root of the
# excess (measured: nDCG@10 +0.05; the same idea as the length normalisation of BM25).
_USUAL_LENGTH = 40
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
    curriculum.left_out |= suspects(curriculum, questions.job)
    return JudgementAnswer(criteria=[_answer(asked, curriculum, as_of) for asked in questions.asked])


@lru_cache(maxsize=64)
def _questions(serialized: bytes) -> Questions:
    rubric = Rubric.FromString(serialized)
    sentences = [row.source or row.question for row in rubric.criteria]
    said = [text for row in rubric.criteria for text in (row.source, row.question, *row.keywords) if text]
    vocabulary = {word.key for text in said for word in words(text, language_of(text))}
    keys = [[word.key for word in words(sentence, language_of(sentence))] for sentence in sentences]
    return Questions(tuple(_asked(row) for row in rubric.criteria), JobText(sentences, keys, vocabulary))


def _asked(criterion: Criterion) -> Asked:
    question = criterion.question
    phrases: Sequence[str] = [*criterion.keywords] or _phrases(question)
    if claims.asks_degree(question):
        # `diploma` is looked for as a degree; as a word it would make every diploma one in the field asked for.
        phrases = [phrase for phrase in phrases if not claims.asks_degree(phrase)]
    return Asked(
        criterion_id=criterion.criterion_id,
        question=question,
        soft=criterion.dimension == Criterion.DIMENSION_SOFT_SKILLS,
        gate=criterion.kind == Criterion.KIND_MUST_HAVE,
        wanted=Wanted(phrases, f"{question} {criterion.source}", first_counts=claims.asks_role(question)),
        years=years_asked(question),
    )


def _phrases(question: str) -> list[str]:
    language = language_of(question) or DEFAULT_LANGUAGE
    return [question[word.start : word.end] for word in words(question, language)[:_FIRST_WORDS]]


def _answer(asked: Asked, curriculum: Curriculum, as_of: date) -> CriterionAnswer:
    """The strongest of what the kinds of evidence give: words, years, languages, degrees."""
    match = curriculum.match(asked.wanted)
    special = claims.language(asked.question, curriculum) or claims.role(asked.question, match, curriculum)
    if special is None and asked.years is not None:
        special = claims.years(asked.years, match, curriculum, as_of)
        if special is None:
            # The subject without a time: named, however often.
            level, places = _level(match, curriculum)
            special = min(level, claims.GATE_LEVEL), places
    if special is None:
        special = claims.degree(asked.question, match, curriculum, bool(asked.wanted.terms))
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
    dilution = min(1.0, math.sqrt(_USUAL_LENGTH / max(1, len(curriculum.parts))))
    share = match.share * dilution
    if share < MENTIONED:
        return 0, []
    sentences = [hit for hit in match.hits if not curriculum.parts[hit.segment].bare]
    strongest = max((hit.share for hit in sentences), default=0.0) * dilution
    further = [hit for hit in sentences if hit.share * dilution >= _FURTHER]
    level = 1 if share < NAMED else 2
    if strongest >= USED:
        measured = any(_OUTCOME.search(curriculum.piece(hit.segment)) for hit in further)
        at_length = strongest >= AT_LENGTH and measured and len(further) > 1
        level = 4 if at_length or len(further) >= _SENTENCES else 3
    shown = sentences if level > claims.GATE_LEVEL else match.hits
    return level, _places(curriculum, (hit.segment for hit in shown[:_QUOTES]))


def _places(curriculum: Curriculum, numbers: Iterable[int]) -> list[tuple[int, int]]:
    return [(curriculum.parts[number].start, curriculum.parts[number].end) for number in numbers]
