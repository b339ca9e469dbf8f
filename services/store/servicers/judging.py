"""The scorer's half of EvaluationsService: claim, keep the paid answer, complete, give back."""

from __future__ import annotations

from typing import Any

from candor.evaluations.v1 import evaluations_service_pb2, evaluations_service_pb2_grpc
from candor.evaluations.v1.record_pb2 import EvaluationRecord
from google.protobuf.empty_pb2 import Empty

from services.chassis.clock import Clock
from services.store.domain.evaluations import Evaluation, EvaluationNotQueued, answer_key
from services.store.mapping import stamp
from services.store.unit_of_work import UnitOfWork, Units


class JudgingServicer(evaluations_service_pb2_grpc.EvaluationsServiceServicer):
    def __init__(self, units: Units, clock: Clock) -> None:
        self._units, self._clock = units, clock

    async def ClaimEvaluation(
        self, request: evaluations_service_pb2.ClaimEvaluationRequest, context: Any
    ) -> evaluations_service_pb2.ClaimEvaluationResponse:
        async with self._units.begin() as unit:
            brief = await unit.evaluations.brief(request.evaluation_id)
            if brief is None:
                waiting = await unit.evaluations.get(request.evaluation_id, lock="none")
                raise EvaluationNotQueued(evaluation_id=waiting.evaluation_id, state=waiting.state.name)
            attempt = brief.evaluation.claim(now=brief.now, take_over=request.take_over)
            key = answer_key(brief.text_sha256, brief.rubric, brief.job_title, request.model, request.prompt_version)
            return evaluations_service_pb2.ClaimEvaluationResponse(
                attempt=attempt,
                lease_expire_time=stamp(brief.evaluation.lease_until),
                job_title=brief.job_title,
                rubric=brief.rubric,
                resume=brief.resume,
                file_sha256=brief.evaluation.file_sha256,
                answer_key=key,
                answer=await unit.evaluations.answer(key),
            )

    async def SaveAnswer(self, request: evaluations_service_pb2.SaveAnswerRequest, context: Any) -> Empty:
        async with self._units.begin() as unit:
            await unit.evaluations.keep_answer(request.answer_key, request.answer)
            return Empty()

    async def CompleteEvaluation(
        self, request: evaluations_service_pb2.CompleteEvaluationRequest, context: Any
    ) -> Empty:
        async with self._units.begin() as unit:
            evaluation = await unit.evaluations.get(request.evaluation_id)
            if request.WhichOneof("outcome") == "failure":
                evaluation.fail(request.attempt, request.failure, self._clock.now())
            else:
                await self._succeed(unit, evaluation, request)
            return Empty()

    async def _succeed(
        self,
        unit: UnitOfWork,
        evaluation: Evaluation,
        request: evaluations_service_pb2.CompleteEvaluationRequest,
    ) -> None:
        now = self._clock.now()
        answered = request.record.answer.model
        if not evaluation.succeed(request.attempt, request.record.result, answered, now):
            return
        record = EvaluationRecord()
        record.CopyFrom(request.record)
        record.evaluation_id, record.attempt = evaluation.evaluation_id, request.attempt
        record.create_time.FromDatetime(now)
        await unit.evaluations.keep_record(evaluation.evaluation_id, record)

    async def ReleaseEvaluation(self, request: evaluations_service_pb2.ReleaseEvaluationRequest, context: Any) -> Empty:
        """The delivery that the scorer holds comes again by itself; the sweeper stands behind it."""
        async with self._units.begin() as unit:
            evaluation = await unit.evaluations.get(request.evaluation_id)
            evaluation.release(request.attempt, self._clock.now())
            return Empty()
