"""How the scorer is put together."""

from __future__ import annotations

from candor.evaluations.v1 import scoring_service_pb2
from candor.evaluations.v1.evaluations_events_pb2 import EvaluationRequestedEvent
from candor.evaluations.v1.evaluations_service_pb2_grpc import EvaluationsServiceStub
from candor.evaluations.v1.scoring_service_pb2_grpc import add_ScoringServiceServicer_to_server
from candor.jobs.v1.jobs_events_pb2 import RubricRequestedEvent
from candor.jobs.v1.jobs_service_pb2_grpc import JobsServiceStub

from services.chassis.bus.consumer import Consumer
from services.chassis.component import Assembly, Closing, Component, Together
from services.chassis.operations import OperationsServer
from services.chassis.rpc.channels import dial
from services.chassis.rpc.interceptors import layers
from services.chassis.rpc.server import RpcServer
from services.chassis.runtime import Process
from services.chassis.security.tokens import ServiceCredential, Tokens, load_key
from services.scorer.consumers import EvaluationJudge, RubricDrafter, TracedModel
from services.scorer.models import open_model
from services.scorer.servicers import ScoringServicer
from services.scorer.settings import ScorerSettings

SERVICES = [scoring_service_pb2.DESCRIPTOR.services_by_name["ScoringService"].full_name]
_DRAFTS_AT_ONCE = 4


def assemble(process: Process) -> Component:
    """The scorer; refuses settings that cannot work before anything is started."""
    settings = process.load(ScorerSettings, "scorer")
    telemetry = process.telemetry
    tokens = Tokens(load_key(settings.signing_key_file), process.clock)
    bus = process.bus(settings.bus_url)
    credential = ServiceCredential(tokens, "scorer", process.clock)
    channel = dial(settings.store_address, telemetry, credential.token, wait_for_ready=True)
    evaluations, jobs = EvaluationsServiceStub(channel), JobsServiceStub(channel)
    opened = open_model(settings)
    model = TracedModel(opened, telemetry)
    judge, drafter = EvaluationJudge(evaluations, model), RubricDrafter(jobs, model)
    servicer = ScoringServicer(jobs, model)
    server = RpcServer(
        settings.grpc_listen,
        layers(telemetry, tokens, (OSError,)),
        [lambda server: add_ScoringServiceServicer_to_server(servicer, server)],
        SERVICES,
    )
    # Shorter than the service's grace, so that what is not finished can still be given back within it.
    finish = settings.grace_seconds * 0.9
    scorer = Assembly(
        [
            Closing(channel.close, opened.close),
            server,
            Together(
                Consumer(
                    bus,
                    "scorer.draft-rubric",
                    RubricRequestedEvent,
                    drafter.draft,
                    telemetry,
                    at_once=_DRAFTS_AT_ONCE,
                    grace_seconds=finish,
                ),
                Consumer(
                    bus,
                    "scorer.score-resume",
                    EvaluationRequestedEvent,
                    judge.judge,
                    telemetry,
                    at_once=settings.scorer_at_once,
                    grace_seconds=finish,
                ),
            ),
            Closing(server.withdraw),
        ]
    )

    async def readiness() -> list[str]:
        return [*await bus.ready(), *await scorer.ready()]

    return Assembly([scorer, OperationsServer(settings.metrics_listen, telemetry, readiness)])
