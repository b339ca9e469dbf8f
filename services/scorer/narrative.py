"""Matches, gaps and a rationale as sentences from verified facts. No word of a model gets in, only quotes that stand in
the CV and the rubric's own questions; the same result always reads the same."""

from __future__ import annotations

import re
from dataclasses import dataclass

from candor.evaluations.v1.evaluation_pb2 import CriterionResult, Evaluation
from candor.evaluations.v1.record_pb2 import EvaluationResult
from candor.jobs.v1.job_pb2 import Criterion, Rubric

# Level 2 is the first that names the thing without doubt; below it is a gap (docs/scoring.md).
MATCH_LEVEL = 2
# One line of the result page each: about 80 characters of question and two printed lines of quote.
_QUESTION_LENGTH = 90
_QUOTE_LENGTH = 160

_BUCKETS = {
    Evaluation.BUCKET_STRONG: "strong",
    Evaluation.BUCKET_GOOD: "good",
    Evaluation.BUCKET_PARTIAL: "partial",
    Evaluation.BUCKET_LIMITED: "limited",
}
_OPENING = re.compile(
    r"^(?:does|do|has|have|is|are|can|did|was|were|will)\s+(?:the\s+)?"
    r"(?:cv|resume|résumé|candidate|applicant|person)\s+(?:show|state|name|mention|demonstrate|evidence|have|had)?\s*"
    r"(?:work like this:\s*)?"
    r"|^(?:zeigt|nennt|belegt)\s+der\s+lebenslauf\s*:?\s*(?:arbeit wie diese:\s*)?"
    r"|^le\s+cv\s+(?:montre|mentionne)(?:-t-il)?\s*:?\s*(?:ce travail\s*:\s*)?",
    re.I,
)


@dataclass(frozen=True)
class Narrative:
    """What the CV shows, what it does not, and both in a few sentences."""

    matches: tuple[str, ...]
    gaps: tuple[str, ...]
    rationale: str


@dataclass(frozen=True)
class _Row:
    order: int
    criterion: Criterion
    result: CriterionResult

    @property
    def gate(self) -> bool:
        return self.criterion.kind == Criterion.KIND_MUST_HAVE

    @property
    def evidenced(self) -> bool:
        return self.result.finding == CriterionResult.FINDING_EVIDENCED

    @property
    def level(self) -> int:
        return self.result.level

    @property
    def refused(self) -> bool:
        """A must-have of which the CV says that it is not there."""
        return self.gate and self.evidenced and self.level < MATCH_LEVEL


def narrate(rubric: Rubric, result: EvaluationResult) -> Narrative:
    """Sentences for a result of `formula.score` on the same rubric."""
    rows = [_Row(n, *pair) for n, pair in enumerate(zip(rubric.criteria, result.criteria, strict=True))]
    matches = sorted((row for row in rows if _is_match(row)), key=_strength)
    gaps = sorted((row for row in rows if _is_gap(row)), key=_gravity)
    return Narrative(
        matches=tuple(f"{short(row.criterion.question)}: “{_clipped(row)}”" for row in matches),
        gaps=tuple(_gap(row) for row in gaps),
        rationale=_rationale(result, matches, gaps),
    )


def short(question: str) -> str:
    """A question as a heading: without `Does the CV show` and the question mark, cut at a word."""
    heading = _OPENING.sub("", " ".join(question.split())).rstrip(" ?.:")
    if not heading:
        heading = question.strip()
    return _cut(heading[:1].upper() + heading[1:], _QUESTION_LENGTH)


def _is_match(row: _Row) -> bool:
    return row.evidenced and row.level >= MATCH_LEVEL and bool(row.result.quotes)


def _is_gap(row: _Row) -> bool:
    if row.criterion.kind == Criterion.KIND_INFORMATIONAL:
        return False
    if row.result.finding == CriterionResult.FINDING_UNKNOWN:
        return row.gate
    return row.level < MATCH_LEVEL


def _strength(row: _Row) -> tuple[float, int, int]:
    """Level times weight, as it earned points; then level; then the rubric's order."""
    return (-row.level * row.criterion.weight, -row.level, row.order)


def _gravity(row: _Row) -> tuple[bool, float, int, int]:
    """A must-have that is evidently not met decided the bucket, so it stands first; then by weight."""
    return (not row.refused, -row.criterion.weight, row.level, row.order)


def _gap(row: _Row) -> str:
    heading = short(row.criterion.question)
    if row.refused:
        return f"Must-have not met: {heading}"
    if row.gate:
        return f"To verify: {heading}"
    return f"Only touched on: {heading}" if row.level else f"Not shown: {heading}"


def _rationale(result: EvaluationResult, matches: list[_Row], gaps: list[_Row]) -> str:
    covered = f"the CV speaks to {result.coverage:.0%} of what the job asks for"
    if result.bucket == Evaluation.BUCKET_NEEDS_REVIEW:
        opening = (
            f"A person has to look: {covered}, too little for the score of {result.overall_score:.1f} to mean much."
        )
    elif gaps and gaps[0].refused:
        opening = f"Limited match, because a must-have is not met ({result.overall_score:.1f} of 100); {covered}."
    else:
        kind = _BUCKETS.get(result.bucket, "no").capitalize()
        opening = f"{kind} match with {result.overall_score:.1f} of 100; {covered}."
    sentences = [opening]
    if matches:
        sentences.append(f"Strongest point: {short(matches[0].criterion.question)} (level {matches[0].level} of 4).")
    if gaps:
        sentences.append(f"Weightiest gap: {_gap(gaps[0])[:1].lower()}{_gap(gaps[0])[1:]}.")
    return " ".join(sentences)


def _clipped(row: _Row) -> str:
    return _cut(" ".join(row.result.quotes[0].text.split()), _QUOTE_LENGTH)


def _cut(text: str, length: int) -> str:
    if len(text) <= length:
        return text
    return text[: length - 1].rsplit(" ", 1)[0].rstrip(" ,;:-–") + "…"
