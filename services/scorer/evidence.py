"""Checks a model's answer against the CV: a level counts only as far as quotes that stand in the text carry it.

Everything here is pure. `verify_all` takes the answer as received, the rubric it answers, the parsed CV and the
redacted text that the model read, and returns one `VerifiedFinding` a criterion in the rubric's order.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from candor.evaluations.v1.evaluation_pb2 import CriterionResult
from candor.jobs.v1.job_pb2 import Criterion, Rubric
from candor.parsing.v1.parsed_resume_pb2 import Page, ParsedResume

from services.scorer.answers import CriterionAnswer, Finding, JudgementAnswer

# Three word characters let `SQL` and `ACCA` pass and stop `a`, `C` and a lone mask, which stand in every CV.
SHORTEST_QUOTE = 3
# About five printed lines. A longer quote is a copy of the CV, not evidence for one question.
LONGEST_QUOTE = 600
# Level 2 is "clearly named"; 3 and 4 are anchored on something that was done (docs/scoring.md).
BARE_LIST_CAP = 2
# A quote for which the model gave no level supports that the subject is mentioned, not more.
LEVEL_OF_A_BARE_QUOTE = 1

EVIDENCED = CriterionResult.FINDING_EVIDENCED
NOT_SHOWN = CriterionResult.FINDING_NOT_SHOWN
UNKNOWN = CriterionResult.FINDING_UNKNOWN

# Degrees, certificates and languages (EDUCATION, OTHER) are stated in a list and nowhere else, so a list proves them.
_LIST_IS_WEAK = frozenset(
    {Criterion.DIMENSION_TECHNICAL_SKILLS, Criterion.DIMENSION_SOFT_SKILLS, Criterion.DIMENSION_EXPERIENCE}
)
_SINGLE_QUOTES = "'`´‘’‚‛′"
_DOUBLE_QUOTES = '"“”„‟″«»‹›'
_DASHES = "-‐‑‒–—―−﹣－"
_BULLETS = "•●○◦▪▫■□◆◇►▸▶➢➤✓✔·∙‣⁃*"
_INVISIBLE = "\u00ad\u200b\u200c\u200d\u2060\ufeff"


class AnswerMismatch(ValueError):
    """The answer does not fit the rubric: a criterion that it does not have, or one answered twice."""


@dataclass(frozen=True)
class VerifiedQuote:
    """A piece of the CV: `text` is `resume.text[start:end]`, in code points; `page` counts from 1."""

    text: str
    page: int
    start: int
    end: int


@dataclass(frozen=True)
class VerifiedFinding:
    """One criterion after verification. `level` is 0 to 4, None when unknown; `rejected` counts dropped quotes."""

    criterion_id: str
    finding: CriterionResult.Finding.ValueType
    level: int | None
    quotes: tuple[VerifiedQuote, ...] = ()
    rejected: int = 0


def verify_all(
    answer: JudgementAnswer, rubric: Rubric, resume: ParsedResume, redacted_text: str
) -> tuple[VerifiedFinding, ...]:
    """Verifies an answer; a criterion that it leaves out is UNKNOWN.

    Raises:
        AnswerMismatch: a criterion that the rubric does not have, or one answered twice.
        ValueError: `redacted_text` is not as long as the CV's text, so offsets would lie.
    """
    if len(redacted_text) != len(resume.text):
        raise ValueError("the redacted text must be as long as the visible text")
    answers = _by_criterion(answer, rubric)
    source = _Source(resume, redacted_text)
    return tuple(
        verify(answers[criterion.criterion_id], criterion, source)
        if criterion.criterion_id in answers
        else VerifiedFinding(criterion.criterion_id, UNKNOWN, None)
        for criterion in rubric.criteria
    )


def verify(answer: CriterionAnswer, criterion: Criterion, source: _Source) -> VerifiedFinding:
    """One criterion: its quotes are looked up first, then the finding is what they leave of it."""
    found = [source.find(quote) for quote in answer.quotes]
    quotes = tuple(dict.fromkeys(quote for quote in found if quote))
    rejected = found.count(None)
    if answer.finding is Finding.EVIDENCED and quotes:
        level = LEVEL_OF_A_BARE_QUOTE if answer.level is None else answer.level
        if criterion.dimension in _LIST_IS_WEAK and all(source.is_bare_list(quote) for quote in quotes):
            level = min(level, BARE_LIST_CAP)
        return VerifiedFinding(answer.criterion_id, EVIDENCED, level, quotes, rejected)
    silent = answer.finding is Finding.UNKNOWN
    silent = silent or (answer.finding is Finding.EVIDENCED and not _silence_speaks(criterion))
    if silent:
        return VerifiedFinding(answer.criterion_id, UNKNOWN, None, (), rejected)
    return VerifiedFinding(answer.criterion_id, NOT_SHOWN, 0, (), rejected)


def _silence_speaks(criterion: Criterion) -> bool:
    """Whether a CV would name the thing if it were there. Nobody lists every licence, and few claim to be kind."""
    counts = criterion.kind not in (Criterion.KIND_MUST_HAVE, Criterion.KIND_INFORMATIONAL)
    return counts and criterion.dimension != Criterion.DIMENSION_SOFT_SKILLS


def _by_criterion(answer: JudgementAnswer, rubric: Rubric) -> dict[str, CriterionAnswer]:
    known = {criterion.criterion_id for criterion in rubric.criteria}
    answers: dict[str, CriterionAnswer] = {}
    for row in answer.criteria:
        if row.criterion_id not in known:
            raise AnswerMismatch(f"the rubric has no criterion {row.criterion_id!r}")
        if row.criterion_id in answers:
            raise AnswerMismatch(f"criterion {row.criterion_id!r} is answered twice")
        answers[row.criterion_id] = row
    return answers


class _Source:
    """The CV, folded once so that each quote is one search. Quotes are searched in what the model read (redacted) and
    shown as what stands in the CV; both have the same offsets."""

    def __init__(self, resume: ParsedResume, redacted_text: str) -> None:
        self._text = resume.text
        self._pages: Sequence[Page] = resume.pages
        self._folded, self._offsets = folded(redacted_text)

    def find(self, quote: str) -> VerifiedQuote | None:
        """The first place where the quote stands as whole words; None where it does not or is no evidence."""
        wanted = folded(unicodedata.normalize("NFC", quote))[0].strip()
        if len(quote) > LONGEST_QUOTE or sum(character.isalnum() for character in wanted) < SHORTEST_QUOTE:
            return None
        # Models like to put what they quote into quotation marks.
        for candidate in dict.fromkeys((wanted, wanted.strip("'\" "))):
            at = self._whole_words(candidate)
            if at >= 0:
                return self._quote(at, at + len(candidate))
        return None

    def _whole_words(self, wanted: str) -> int:
        """`Java` does not stand in `JavaScript`: a quote starts and ends where words do."""
        at = self._folded.find(wanted)
        while at >= 0:
            end = at + len(wanted)
            if not (_joined(self._folded[at - 1 : at], wanted[0]) or _joined(wanted[-1], self._folded[end : end + 1])):
                return at
            at = self._folded.find(wanted, at + 1)
        return -1

    def _quote(self, first: int, behind: int) -> VerifiedQuote:
        start, end = self._offsets[first], self._offsets[behind - 1] + 1
        pages = [page.number for page in self._pages if page.start <= start]
        return VerifiedQuote(self._text[start:end], pages[-1] if pages else 1, start, end)

    def is_bare_list(self, quote: VerifiedQuote) -> bool:
        """Whether the quote says no more than that a word stands in a list."""
        if names_a_time(quote.text):
            return False
        return is_bare_list(_line_around(self._text, quote.start, quote.end))


def _joined(left: str, right: str) -> bool:
    return left.isalnum() and right.isalnum()


def folded(text: str) -> tuple[str, list[int]]:
    """Text as it is compared, and for each of its characters the offset that it came from.

    NFKC, casefold, one space for a run of white space and bullets, one sign for all quotes and dashes, soft hyphens and
    zero-width characters dropped. A dash between spaces is a bullet or a range and counts as space.
    """
    characters: list[str] = []
    offsets: list[int] = []
    for offset, original in enumerate(text):
        for character in _fold(original):
            if character == " ":
                if characters[-1:] == ["-"] and characters[-2:-1] in ([], [" "]):
                    characters.pop()
                    offsets.pop()
                if characters[-1:] == [" "]:
                    continue
            characters.append(character)
            offsets.append(offset)
    return "".join(characters), offsets


@lru_cache(maxsize=4096)
def _fold(character: str) -> str:
    if character in _INVISIBLE:
        return ""
    if character in _BULLETS or character.isspace():
        return " "
    if character in _SINGLE_QUOTES or character in _DOUBLE_QUOTES:
        return "'"
    if character in _DASHES:
        return "-"
    return "".join(" " if part.isspace() else part for part in unicodedata.normalize("NFKC", character).casefold())


# ── What a bare list is ──────────────────────────────────────────────────────────────────────────────────────────
# Only what is surely a list is capped: in doubt a line counts as a sentence.
_ITEM_WORDS = 4  # `Certified Kubernetes Security Specialist` is an item; five words may be a sentence
_ITEMS = 3  # `Northgate Clearing, Manchester` is an address, not a list
_BULLET_WORDS = 3  # `• Docker Compose`
_SPLIT = re.compile(rf"[,;|/\n{re.escape(_BULLETS)}]| [{re.escape(_DASHES)}] ")
_LABEL = re.compile(r"^[^,;|:]{2,40}:\s*")
_BULLET = re.compile(rf"^\s*[{re.escape(_BULLETS + _DASHES)}]\s*")
_TIME = re.compile(
    r"\b(?:19|20)\d\d\b|\d+\s*\+?\s*(?:yr|an\b|month|monat|mois)|\byears?\b|\bjahre?n?\b|\bann[ée]es\b|\bans\b", re.I
)
_GLUE = re.compile(
    r"\b(?:i|we|my|our|the|a|an|to|with|for|from|by|on|at|into|through|that|which|was|were|is|are|has|have"
    r"|using|led|ran"
    r"|run|built|wrote|der|die|das|dem|den|ein|eine|mit|für|von|zur|zum|bei|ich|wir|le|la|les|un|une|avec"
    r"|pour|par|dans"
    r"|je|nous|\w{2,}(?:ed|ing))\b",
    re.I,
)
_WRAPPED = re.compile(r"(?:[,;/&(-]|\b(?:and|or|with|for|of|in|the|a|und|oder|mit|für|et|ou|avec|de))\s*$", re.I)


def is_bare_list(line: str) -> bool:
    """A line of three or more short items, or a short bullet, without a word that holds a sentence together."""
    labelled = _LABEL.sub("", line)
    bulleted = _BULLET.sub("", labelled)
    items = [item.strip() for item in _SPLIT.split(bulleted) if item.strip()]
    if not items or any(len(item.split()) > _ITEM_WORDS or _GLUE.search(item) for item in items):
        return False
    marked = labelled != line or bulleted != labelled
    return len(items) >= _ITEMS or (marked and all(len(item.split()) <= _BULLET_WORDS for item in items))


def names_a_time(text: str) -> bool:
    """Whether a text says when or how long: `Python (eight years)` is more than a name in a list."""
    return bool(_TIME.search(text))


def _line_around(text: str, start: int, end: int) -> str:
    """The lines that a quote stands in, with the lines that a wrapped sentence or list goes on in."""
    first = text.rfind("\n", 0, start) + 1
    last = end + (text[end:].find("\n") if "\n" in text[end:] else len(text) - end)
    while first > 0:
        before = text.rfind("\n", 0, first - 1) + 1
        if not (text[first : first + 1].islower() or _WRAPPED.search(text[before : first - 1])):
            break
        first = before
    while last < len(text):
        after = text.find("\n", last + 1)
        after = len(text) if after < 0 else after
        if not (text[last + 1 : last + 2].islower() or _WRAPPED.search(text[first:last])):
            break
        last = after
    return text[first:last]
