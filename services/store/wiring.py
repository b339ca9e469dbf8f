"""How the store is put together."""

from __future__ import annotations

from candor.evaluations.v1 import evaluations_service_pb2, evaluations_service_pb2_grpc
from candor.identity.v1 import identity_service_pb2, identity_service_pb2_grpc
from candor.jobs.v1 import jobs_service_pb2, jobs_service_pb2_grpc
from candor.resumes.v1 import resumes_service_pb2, resumes_service_pb2_grpc
from candor.resumes.v1.resumes_events_pb2 import ResumeDeletedEvent
from sqlalchemy.exc import InterfaceError, InternalError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from services.chassis.blobs import Blobs
from services.chassis.bus.consumer import Consumer
from services.chassis.component import Assembly, Closing, Component
from services.chassis.database import Database
from services.chassis.operations import OperationsServer
from services.chassis.rpc.interceptors import layers
from services.chassis.rpc.server import Registration, RpcServer
from services.chassis.runtime import Process
from services.chassis.security.tokens import Tokens, load_key
from services.store.consumers import FileEraser
from services.store.database import Pool
from services.store.outbox import OutboxRelay
from services.store.passwords import Passwords
from services.store.servicers.evaluations import EvaluationsServicer
from services.store.servicers.identity import IdentityServicer
from services.store.servicers.jobs import JobsServicer
from services.store.servicers.resumes import ResumesServicer
from services.store.settings import StoreSettings
from services.store.sweeping import Sweeper
from services.store.unit_of_work import Units
from services.store.watching import Watcher

SERVICES = [
    module.DESCRIPTOR.services_by_name[name].full_name
    for module, name in (
        (identity_service_pb2, "IdentityService"),
        (jobs_service_pb2, "JobsService"),
        (resumes_service_pb2, "ResumesService"),
        (evaluations_service_pb2, "EvaluationsService"),
    )
]
_OUTAGES = (OperationalError, InterfaceError, InternalError, PoolTimeoutError, OSError)
"""PostgreSQL away, restarting, out of connections or locks: not the caller's mistake, and over in a moment."""


def assemble(process: Process) -> Component:
    """The store; refuses settings that cannot work before anything is started."""
    settings = process.load(StoreSettings, "store")
    clock, telemetry = process.clock, process.telemetry
    tokens = Tokens(load_key(settings.signing_key_file), clock)
    bus = process.bus(settings.bus_url)
    database = Database(settings.database_url)
    pool = Pool(database, settings.database_connections)
    units = Units(pool)
    watcher = Watcher(lambda: database.dsn)
    blobs = Blobs(settings.blobs_url or f"file://{settings.data_dir.absolute() / 'files'}")
    erase = FileEraser(blobs).erase
    registrations = _registrations(
        IdentityServicer(units, Passwords(), tokens, clock),
        JobsServicer(units, clock),
        ResumesServicer(units, blobs, watcher, clock),
        EvaluationsServicer(units, watcher, clock),
    )
    server = RpcServer(settings.grpc_listen, layers(telemetry, tokens, _OUTAGES), registrations, SERVICES)
    store = Assembly(
        [
            database,
            pool,
            Consumer(bus, "store.erase-file", ResumeDeletedEvent, erase, telemetry, at_once=settings.erase_at_once),
            Sweeper(units, clock, afresh=not bus.durable),
            OutboxRelay(pool, bus, watcher, telemetry),
            server,
            # Stopped before the server, so that streams that follow a change end by themselves.
            watcher,
            Closing(server.withdraw),
        ]
    )
    # Not the broker: the outbox holds what cannot be told yet, and uploads go on without it.
    return Assembly([store, OperationsServer(settings.metrics_listen, telemetry, store.ready)])


def _registrations(
    identity: IdentityServicer, jobs: JobsServicer, resumes: ResumesServicer, evaluations: EvaluationsServicer
) -> list[Registration]:
    return [
        lambda server: identity_service_pb2_grpc.add_IdentityServiceServicer_to_server(identity, server),
        lambda server: jobs_service_pb2_grpc.add_JobsServiceServicer_to_server(jobs, server),
        lambda server: resumes_service_pb2_grpc.add_ResumesServiceServicer_to_server(resumes, server),
        lambda server: evaluations_service_pb2_grpc.add_EvaluationsServiceServicer_to_server(evaluations, server),
    ]
