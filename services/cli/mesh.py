"""The mesh inside the command's own process, and a client to it."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import grpc
from candor.access.v1.access_pb2 import Role
from candor.evaluations.v1.evaluations_service_pb2_grpc import EvaluationsServiceStub
from candor.jobs.v1.jobs_service_pb2_grpc import JobsServiceStub
from candor.parsing.v1.parsing_service_pb2_grpc import ParsingServiceStub
from candor.resumes.v1.resumes_service_pb2_grpc import ResumesServiceStub

from services.chassis.logging import configure_logging
from services.chassis.rpc.channels import dial
from services.chassis.runtime import Process
from services.chassis.security.subject import Subject
from services.chassis.security.tokens import Tokens, load_key
from services.chassis.settings import ProcessSettings, ServiceSettings
from services.chassis.telemetry import Telemetry
from services.targets import Addresses, assemble, laptop

_WHO = Subject("acc_local", Role.ROLE_ADMIN)
"""Whoever may read the signing key in the data folder may act as the house."""


class Mesh:
    """Stubs to the services, with credentials."""

    def __init__(self, store: grpc.aio.Channel, parser: grpc.aio.Channel) -> None:
        self.jobs = JobsServiceStub(store)
        self.resumes = ResumesServiceStub(store)
        self.evaluations = EvaluationsServiceStub(store)
        self.parsing = ParsingServiceStub(parser)


@asynccontextmanager
async def mesh(services: list[str], *, ephemeral: bool = False) -> AsyncIterator[Mesh]:
    """The named services in this process, started, and stopped at the end.

    Raises:
        SettingsRefused: settings that cannot work, or the data folder is another process's.
    """
    with _data_folder(ephemeral=ephemeral), contextlib.ExitStack() as stack:
        settings = ProcessSettings.load()
        defaults = stack.enter_context(laptop(settings))
        telemetry = Telemetry("candor")
        stack.callback(telemetry.close)
        process = Process(telemetry, alone=False, defaults=defaults)
        component = assemble(services, process)
        try:
            await component.start()
            async with _client(process, telemetry) as client:
                yield client
        finally:
            await component.stop()


@asynccontextmanager
async def _client(process: Process, telemetry: Telemetry) -> AsyncIterator[Mesh]:
    addresses = process.load(Addresses, "client")
    tokens = Tokens(load_key(process.load(ServiceSettings, "client").signing_key_file), process.clock)

    def token() -> str:
        return tokens.issue(_WHO)[0]

    async with (
        dial(addresses.store_address, telemetry, token) as store,
        dial(addresses.parser_address, telemetry, token) as parser,
    ):
        yield Mesh(store, parser)


@contextmanager
def _data_folder(*, ephemeral: bool) -> Iterator[None]:
    """With `ephemeral`, a data folder that is gone afterwards."""
    if not ephemeral:
        yield
        return
    before = os.environ.get("CANDOR_DATA_DIR")
    with tempfile.TemporaryDirectory(prefix="candor-ephemeral-") as folder:
        os.environ["CANDOR_DATA_DIR"] = str(Path(folder))
        try:
            yield
        finally:
            os.environ.pop("CANDOR_DATA_DIR")
            if before is not None:
                os.environ["CANDOR_DATA_DIR"] = before


def quiet_logging() -> None:
    """For a person at a terminal: warnings as text, unless the environment asks for more."""
    level = os.environ.get("CANDOR_LOG_LEVEL", "ERROR")
    configure_logging(level, os.environ.get("CANDOR_LOG_FORMAT", "text"))
