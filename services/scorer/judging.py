"""From a claimed evaluation to a result: redact, ask, keep the answer, verify, compute. Everything behind the answer is
pure, so that the same answer gives the same result today and at a replay."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cached_property

from candor.evaluations.v1.record_pb2 import Answer, EvaluationRecord, EvaluationResult
from candor.jobs.v1.job_pb2 import Rubric
from candor.parsing.v1.parsed_resume_pb2 import ParsedResume
from pydantic import ValidationError

from services.scorer import prompts
from services.scorer.answers import JudgementAnswer
from services.scorer.evidence import AnswerMismatch, verify_all
from services.scorer.formula import FORMULA_VERSION, score
from services.scorer.models.port import ModelRefusal
from services.scorer.narrative import narrate
from services.scorer.redaction import REDACTION_VERSION, redact

PROMPT_AND_REDACTION = f"prompt-{prompts.PROMPT_VERSION}+redaction-{REDACTION_VERSION}"
"""Both decide what the model reads, so both are part of what a paid answer is kept under."""


@dataclass(frozen=True)
class Case:
    """What is judged: a CV, a rubric, and what the file was."""

    job_title: str
    rubric: Rubric
    resume: ParsedResume
    file_sha256: str

    @cached_property
    def redacted(self) -> str:
        """The text that a model may read; offsets are the visible text's."""
        return redact(self.resume.text)


def form_of(answer: Answer) -> JudgementAnswer:
    """A model's answer as the form that was asked for.

    Raises:
        ModelRefusal: it is not.
    """
    try:
        return JudgementAnswer.model_validate_json(answer.raw)
    except ValidationError:
        raise ModelRefusal(
            "MODEL_ANSWER_INVALID", "The model's answer is not of the form that was asked for; nothing was scored."
        ) from None


def result_of(case: Case, answer: Answer) -> EvaluationResult:
    """The result that an answer amounts to: verified quotes, levels they support, and the formula over them.

    Raises:
        ModelRefusal: the answer is not of the form, or answers other questions than were asked.
    """
    form = form_of(answer)
    try:
        findings = verify_all(form, case.rubric, case.resume, case.redacted)
    except AnswerMismatch as error:
        raise ModelRefusal("MODEL_ANSWER_INVALID", f"The model answered other questions: {error}") from None
    result = score(case.rubric, findings)
    told = narrate(case.rubric, result)
    result.matches.extend(told.matches)
    result.gaps.extend(told.gaps)
    result.rationale = told.rationale
    return result


def record_of(case: Case, answer: Answer, result: EvaluationResult) -> EvaluationRecord:
    """The decision record; the store adds evaluation, attempt and time."""
    redacted = case.redacted
    return EvaluationRecord(
        file_sha256=case.file_sha256,
        text_sha256=_sha256(case.resume.text),
        redacted_text_sha256=_sha256(redacted),
        prompt_sha256=prompts.digest(case.rubric, case.job_title, redacted),
        job_title=case.job_title,
        rubric=case.rubric,
        parser=case.resume.parser,
        formula_version=FORMULA_VERSION,
        prompt_version=PROMPT_AND_REDACTION,
        answer=answer,
        result=result,
    )


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
