"""Recomputing a result from its decision record."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from candor.evaluations.v1.evaluations_service_pb2 import GetEvaluationRecordRequest, GetEvaluationRequest
from candor.evaluations.v1.record_pb2 import EvaluationRecord, EvaluationResult
from candor.parsing.v1.parsed_resume_pb2 import ParsedResume
from candor.resumes.v1.resumes_service_pb2 import GetResumeTextRequest

from services.cli.mesh import Mesh
from services.scorer.formula import FORMULA_VERSION
from services.scorer.judging import PROMPT_AND_REDACTION, Case, record_of, result_of


@dataclass(frozen=True)
class Replay:
    """What a replay found. `differences` are sentences; none: the result is the recorded one to the last digit."""

    record: EvaluationRecord
    result: EvaluationResult | None
    differences: list[str]


async def replay(mesh: Mesh, evaluation_id: str) -> Replay:
    """Fetches record and text, and computes the result again from the answer as the model gave it."""
    evaluation = await mesh.evaluations.GetEvaluation(GetEvaluationRequest(evaluation_id=evaluation_id))
    record = await mesh.evaluations.GetEvaluationRecord(GetEvaluationRecordRequest(evaluation_id=evaluation_id))
    resume = await mesh.resumes.GetResumeText(GetResumeTextRequest(resume_id=evaluation.resume.resume_id))
    return recomputed(record, resume)


def recomputed(record: EvaluationRecord, resume: ParsedResume) -> Replay:
    """Computes the result again; pure."""
    differences = _version_differences(record)
    if hashlib.sha256(resume.text.encode()).hexdigest() != record.text_sha256:
        return Replay(record, None, [*differences, "the CV's text is not the one that was judged"])
    case = Case(record.job_title, record.rubric, resume, record.file_sha256)
    result = result_of(case, record.answer)
    if record_of(case, record.answer, result).redacted_text_sha256 != record.redacted_text_sha256:
        differences.append("the redacted text is not the one that the model read")
    if result != record.result:
        differences.append(f"the result is {result.overall_score:.1f}, recorded was {record.result.overall_score:.1f}")
    return Replay(record, result, differences)


def _version_differences(record: EvaluationRecord) -> list[str]:
    now = {"formula": FORMULA_VERSION, "prompt": PROMPT_AND_REDACTION}
    then = {"formula": record.formula_version, "prompt": record.prompt_version}
    return [f"the {name} was {then[name]}, here it is {now[name]}" for name in now if now[name] != then[name]]
