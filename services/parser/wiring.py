"""How the parser is put together."""

from __future__ import annotations

from candor.parsing.v1 import parsing_service_pb2
from candor.parsing.v1.parsing_service_pb2_grpc import add_ParsingServiceServicer_to_server
from candor.resumes.v1.resumes_events_pb2 import ResumeUploadedEvent
from candor.resumes.v1.resumes_service_pb2_grpc import ResumesServiceStub

from services.chassis.bus.consumer import Consumer
from services.chassis.component import Assembly, Closing, Component
from services.chassis.operations import OperationsServer
from services.chassis.rpc.channels import dial
from services.chassis.rpc.interceptors import layers
from services.chassis.rpc.server import RpcServer
from services.chassis.runtime import Process
from services.chassis.security.tokens import ServiceCredential, Tokens, load_key
from services.parser.consumers import ResumeReader
from services.parser.sandbox import Sandbox
from services.parser.servicers import ParsingServicer
from services.parser.settings import ParserSettings

SERVICES = [parsing_service_pb2.DESCRIPTOR.services_by_name["ParsingService"].full_name]


def assemble(process: Process) -> Component:
    """The parser; refuses settings that cannot work before anything is started."""
    settings = process.load(ParserSettings, "parser")
    telemetry = process.telemetry
    tokens = Tokens(load_key(settings.signing_key_file), process.clock)
    bus = process.bus(settings.bus_url)
    credential = ServiceCredential(tokens, "parser", process.clock)
    channel = dial(settings.store_address, telemetry, credential.token, wait_for_ready=True)
    sandbox = Sandbox(
        memory_bytes=settings.parser_memory_mib * 1024 * 1024,
        wall_seconds=settings.parser_wall_seconds,
        at_once=settings.parser_at_once,
    )
    servicer = ParsingServicer(sandbox)
    reader = ResumeReader(ResumesServiceStub(channel), sandbox)
    server = RpcServer(
        settings.grpc_listen,
        layers(telemetry, tokens, (OSError,)),
        [lambda server: add_ParsingServiceServicer_to_server(servicer, server)],
        SERVICES,
    )
    parser = Assembly(
        [
            Closing(channel.close),
            sandbox,
            server,
            Consumer(
                bus,
                "parser.parse-resume",
                ResumeUploadedEvent,
                reader.read,
                telemetry,
                at_once=settings.parser_at_once,
                grace_seconds=settings.grace_seconds * 0.9,
            ),
            Closing(server.withdraw),
        ]
    )

    async def readiness() -> list[str]:
        return [*await bus.ready(), *await parser.ready()]

    return Assembly([parser, OperationsServer(settings.metrics_listen, telemetry, readiness)])
