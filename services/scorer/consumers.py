"""What the scorer does on events: judge an evaluation, draft a rubric."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import TypeVar, cast

import grpc
from candor.evaluations.v1 import evaluations_service_pb2 as contract
from candor.evaluations.v1.evaluation_pb2 import Failure
from candor.evaluations.v1.evaluations_events_pb2 import EvaluationRequestedEvent
from candor.evaluations.v1.evaluations_service_pb2_grpc import EvaluationsServiceStub
from candor.evaluations.v1.record_pb2 import Answer
from candor.jobs.v1.job_pb2 import Rubric
from candor.jobs.v1.jobs_events_pb2 import RubricRequestedEvent
from candor.jobs.v1.jobs_service_pb2 import GetJobRequest, RecordRubricDraftRequest
from candor.jobs.v1.jobs_service_pb2_grpc import JobsServiceStub
from google.rpc.error_details_pb2 import ErrorInfo
from grpc_status.rpc_status import from_call
from opentelemetry.trace import SpanKind

from services.chassis.bus.consumer import Turn
from services.chassis.logging import logger
from services.chassis.telemetry import Telemetry
from services.scorer.drafting import rubric_from
from services.scorer.judging import PROMPT_AND_REDACTION, Case, form_of, record_of, result_of
from services.scorer.models.port import DraftRequest, JudgementRequest, ModelPort, ModelRefusal, ModelUnavailable

_log = logger(__name__)
T = TypeVar("T")
_NOTHING_TO_DO = {"EVALUATION_NOT_QUEUED", "EVALUATION_CLAIMED", "EVALUATION_NOT_FOUND", "JOB_NOT_FOUND"}
"""Refusals that mean: done, somebody else's, or deleted."""


class TracedModel:
    """A model whose calls are spans with OpenTelemetry's conventions for generative AI, and counted."""

    def __init__(self, model: ModelPort, telemetry: Telemetry) -> None:
        self._model, self._telemetry = model, telemetry
        self.identity = model.identity
        self._tokens = telemetry.meter.create_histogram(
            "gen_ai.client.token.usage", unit="{token}", description="Tokens of a model call"
        )
        self._calls = telemetry.meter.create_counter("candor.model.calls", description="Model calls by outcome")

    async def judge(self, request: JudgementRequest) -> Answer:
        return await self._traced(self._model.judge(request))

    async def draft(self, request: DraftRequest) -> Answer:
        return await self._traced(self._model.draft(request))

    async def _traced(self, call: Awaitable[Answer]) -> Answer:
        names = {"gen_ai.provider.name": self.identity.provider, "gen_ai.request.model": self.identity.name}
        attributes = {"gen_ai.operation.name": "chat", **names}
        tracer = self._telemetry.tracer
        with tracer.start_as_current_span(
            f"chat {self.identity.name}", kind=SpanKind.CLIENT, attributes=attributes
        ) as span:
            try:
                answer = await call
            except (ModelUnavailable, ModelRefusal) as error:
                self._calls.add(1, {**names, "outcome": type(error).__name__})
                raise
            span.set_attribute("gen_ai.usage.input_tokens", answer.input_tokens)
            span.set_attribute("gen_ai.usage.output_tokens", answer.output_tokens)
        self._calls.add(1, {**names, "outcome": "answered"})
        self._tokens.record(answer.input_tokens, {**names, "gen_ai.token.type": "input"})
        self._tokens.record(answer.output_tokens, {**names, "gen_ai.token.type": "output"})
        return answer


class EvaluationJudge:
    """Handles EvaluationRequestedEvent."""

    def __init__(self, evaluations: EvaluationsServiceStub, model: TracedModel) -> None:
        self._evaluations, self._model = evaluations, model

    async def judge(self, event: EvaluationRequestedEvent, turn: Turn) -> None:
        """Claims, judges and completes one evaluation. What fails for good is FAILED with a reason; what may succeed
        later is given back and raised."""
        claim = await self._claim(event.evaluation_id, turn)
        if claim is None:
            return
        request = contract.CompleteEvaluationRequest(evaluation_id=event.evaluation_id, attempt=claim.attempt)
        case = Case(claim.job_title, claim.rubric, claim.resume, claim.file_sha256)
        try:
            answer = await self._answer(case, claim)
            request.record.CopyFrom(record_of(case, answer, result_of(case, answer)))
        except ModelRefusal as refusal:
            request.failure.CopyFrom(Failure(reason=refusal.reason, message=str(refusal)))
        except ModelUnavailable as error:
            if not turn.last:
                await self._release(event.evaluation_id, claim.attempt)
                raise
            request.failure.CopyFrom(Failure(reason="MODEL_UNAVAILABLE", message=f"The model did not answer: {error}."))
        except asyncio.CancelledError:
            await asyncio.shield(self._release(event.evaluation_id, claim.attempt))
            raise
        await self._complete(request)

    async def _claim(self, evaluation_id: str, turn: Turn) -> contract.ClaimEvaluationResponse | None:
        request = contract.ClaimEvaluationRequest(
            evaluation_id=evaluation_id,
            model=self._model.identity,
            prompt_version=PROMPT_AND_REDACTION,
            take_over=turn.redelivered,
        )
        return await unless_moot(self._evaluations.ClaimEvaluation(request))

    async def _answer(self, case: Case, claim: contract.ClaimEvaluationResponse) -> Answer:
        """The answer that was paid for before, or a new one, kept before it is used. One that is not of the form is
        not kept: it would fail every later evaluation of this CV without being asked again."""
        if claim.HasField("answer"):
            return claim.answer
        answer = await self._model.judge(JudgementRequest(case.job_title, case.rubric, case.redacted))
        form_of(answer)
        await self._evaluations.SaveAnswer(contract.SaveAnswerRequest(answer_key=claim.answer_key, answer=answer))
        return answer

    async def _complete(self, request: contract.CompleteEvaluationRequest) -> None:
        try:
            await self._evaluations.CompleteEvaluation(request)
        except grpc.aio.AioRpcError as error:
            if reason_of(error) not in {"CLAIM_LOST", "EVALUATION_NOT_FOUND"}:
                raise
            _log.info("result came too late", evaluation_id=request.evaluation_id, reason=reason_of(error))

    async def _release(self, evaluation_id: str, attempt: int) -> None:
        request = contract.ReleaseEvaluationRequest(evaluation_id=evaluation_id, attempt=attempt)
        await self._evaluations.ReleaseEvaluation(request)


class RubricDrafter:
    """Handles RubricRequestedEvent."""

    def __init__(self, jobs: JobsServiceStub, model: TracedModel) -> None:
        self._jobs, self._model = jobs, model

    async def draft(self, event: RubricRequestedEvent, turn: Turn) -> None:
        """Drafts the rubric of a posting that has none, or records why there is none."""
        job = await unless_moot(self._jobs.GetJob(GetJobRequest(job_id=event.job_id)))
        if job is None or job.HasField("rubric"):
            return
        request = RecordRubricDraftRequest(job_id=job.job_id)
        try:
            request.rubric.CopyFrom(await drafted(self._model, job.title, job.description))
            await self._jobs.RecordRubricDraft(request)
        except ModelUnavailable as error:
            if not turn.last:
                raise
            await self._give_up(job.job_id, f"The model did not answer: {error}.")
        except ModelRefusal as refusal:
            await self._give_up(job.job_id, str(refusal))
        except grpc.aio.AioRpcError as error:
            if reason_of(error) not in {"RUBRIC_REFUSED", "REQUEST_INVALID"}:
                raise
            await self._give_up(job.job_id, f"The drafted rubric may not be used. {error.details()}")

    async def _give_up(self, job_id: str, failure: str) -> None:
        await self._jobs.RecordRubricDraft(RecordRubricDraftRequest(job_id=job_id, failure=failure))


async def drafted(model: TracedModel, title: str, description: str) -> Rubric:
    """A rubric drafted by the model.

    Raises:
        ModelUnavailable, ModelRefusal: as the port says.
    """
    return rubric_from(await model.draft(DraftRequest(title, description)))


async def unless_moot(call: Awaitable[T]) -> T | None:
    """The answer, or None where there is nothing left to do."""
    try:
        return await call
    except grpc.aio.AioRpcError as error:
        if reason_of(error) in _NOTHING_TO_DO:
            return None
        raise


def reason_of(error: grpc.aio.AioRpcError) -> str:
    """The refusal's reason (ErrorInfo); empty where the error carries none."""
    status = from_call(cast("grpc.Call", error))
    for detail in status.details if status else ():
        info = ErrorInfo()
        if detail.Unpack(info):
            return str(info.reason)
    return ""
