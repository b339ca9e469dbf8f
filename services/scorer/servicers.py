"""Drafting a rubric while the recruiter waits."""

from __future__ import annotations

from typing import Any

from candor.evaluations.v1.scoring_service_pb2 import DraftRubricRequest
from candor.evaluations.v1.scoring_service_pb2_grpc import ScoringServiceServicer
from candor.jobs.v1.job_pb2 import Job
from candor.jobs.v1.jobs_service_pb2 import GetJobRequest, UpdateJobRequest
from candor.jobs.v1.jobs_service_pb2_grpc import JobsServiceStub

from services.chassis.refusals import Unavailable, Unmet
from services.chassis.security.subject import current_token
from services.scorer.consumers import TracedModel, drafted
from services.scorer.models.port import ModelRefusal, ModelUnavailable


class ModelNotAnswering(Unavailable):
    """The model does not answer just now."""

    sentence = "The model does not answer just now ({cause}). Try again in a moment."


class RubricNotDrafted(Unmet):
    """The model gave no usable draft."""

    sentence = "No rubric could be drafted: {cause}"


class ScoringServicer(ScoringServiceServicer):
    """Reads the job with the caller's token, so that the store checks whose it is; brings the draft with its own, so
    that the store takes its word for who drafted it."""

    def __init__(self, jobs: JobsServiceStub, model: TracedModel) -> None:
        self._jobs, self._model = jobs, model

    async def DraftRubric(self, request: DraftRubricRequest, context: Any) -> Job:
        caller = (("authorization", f"Bearer {current_token()}"),)
        job = await self._jobs.GetJob(GetJobRequest(job_id=request.job_id), metadata=caller)
        try:
            rubric = await drafted(self._model, job.title, job.description)
        except ModelUnavailable as error:
            raise ModelNotAnswering(cause=error, retry_after_seconds=5.0) from error
        except ModelRefusal as refusal:
            raise RubricNotDrafted(cause=refusal) from refusal
        update = UpdateJobRequest(job=Job(job_id=job.job_id, rubric=rubric))
        update.update_mask.paths.append("rubric")
        return await self._jobs.UpdateJob(update)
