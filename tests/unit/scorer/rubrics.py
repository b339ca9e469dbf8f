"""Builders: a rubric, a CV and an answer with only what a test is about."""

from __future__ import annotations

from candor.jobs.v1.job_pb2 import Criterion, Rubric
from candor.parsing.v1.parsed_resume_pb2 import Page, ParsedResume

from services.scorer.answers import CriterionAnswer, Finding, JudgementAnswer
from services.scorer.evidence import EVIDENCED, NOT_SHOWN, UNKNOWN, VerifiedFinding, verify_all
from services.scorer.formula import score
from services.scorer.models.lexical.drafting import drafted
from services.scorer.models.lexical.judge import judged
from services.scorer.models.local import AS_OF


def criterion(
    name: str = "kubernetes",
    *,
    question: str = "Does the CV show Kubernetes in production?",
    weight: float = 1.0,
    kind: Criterion.Kind.ValueType = Criterion.KIND_SCORED,
    dimension: Criterion.Dimension.ValueType = Criterion.DIMENSION_TECHNICAL_SKILLS,
    keywords: tuple[str, ...] = (),
) -> Criterion:
    return Criterion(
        criterion_id=name, question=question, weight=weight, kind=kind, dimension=dimension, keywords=keywords
    )


def rubric(*criteria: Criterion) -> Rubric:
    return Rubric(version=1, criteria=criteria or (criterion(),))


def resume(text: str) -> ParsedResume:
    return ParsedResume(text=text, pages=[Page(number=1, start=0, end=len(text))])


def evidenced(name: str, level: int | None, *quotes: str) -> CriterionAnswer:
    return CriterionAnswer(criterion_id=name, finding=Finding.EVIDENCED, level=level, quotes=[*quotes])


def verified(text: str, *answers: CriterionAnswer, asked: Rubric | None = None) -> tuple[VerifiedFinding, ...]:
    return verify_all(JudgementAnswer(criteria=[*answers]), asked or rubric(), resume(text), text)


def found(name: str, level: int | None, *, shown: bool = True) -> VerifiedFinding:
    """A finding: evidenced at a level, not shown, or unknown (level None)."""
    if level is None:
        return VerifiedFinding(name, UNKNOWN, None)
    return VerifiedFinding(name, EVIDENCED if shown else NOT_SHOWN, level)


def drafted_rubric(title: str, description: str) -> Rubric:
    return Rubric(
        criteria=[
            Criterion(
                criterion_id=one.criterion_id,
                question=one.question,
                dimension=Criterion.Dimension.Value(f"DIMENSION_{one.dimension}"),
                kind=Criterion.Kind.Value(f"KIND_{one.kind}"),
                weight=one.weight,
                source=one.source,
                keywords=one.keywords,
            )
            for one in drafted(title, description).criteria
        ]
    )


def local_score(asked: Rubric, text: str) -> float:
    """What a CV gets from the lexical judge, through verification and formula."""
    return score(asked, verify_all(judged(asked, text, AS_OF), asked, resume(text), text)).overall_score


def local_levels(asked: Rubric, text: str) -> dict[str, int | None]:
    findings = verify_all(judged(asked, text, AS_OF), asked, resume(text), text)
    return {finding.criterion_id: finding.level for finding in findings}
