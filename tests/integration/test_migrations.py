"""The schema, the outbox and the sweeper on a real database."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import psycopg
import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from candor.access.v1.access_pb2 import Role
from candor.evaluations.v1.evaluations_events_pb2 import EvaluationRequestedEvent
from candor.jobs.v1.jobs_events_pb2 import RubricRequestedEvent
from candor.resumes.v1.resumes_events_pb2 import ResumeUploadedEvent
from google.protobuf.message import Message

from services.chassis.bus.consumer import Consumer, Turn
from services.chassis.bus.memory import MemoryBus
from services.chassis.clock import SystemClock
from services.chassis.database import Database
from services.chassis.security.subject import Subject
from services.chassis.telemetry import Telemetry
from services.store.database import Pool, migrate, sqlalchemy_url
from services.store.domain.evaluations import LEASE, State
from services.store.domain.resumes import ResumeState
from services.store.outbox import BATCH, OutboxRelay
from services.store.sweeping import FORGOTTEN_AFTER, REQUEST_IDS_KEPT, Sweeper
from services.store.tables import metadata, outbox, requests
from services.store.unit_of_work import RequestKey, Units
from services.store.watching import Watcher
from tests.builders import NOON, a_database, a_job, a_parsed_resume, a_resume, a_rubric, an_evaluation

STORE = Subject("svc_store", Role.ROLE_SERVICE)
LONG_AGO = FORGOTTEN_AFTER + timedelta(minutes=1)


# The schema


@pytest.fixture
def empty_database_url(postgresql: str) -> Any:
    """DSN of a database that nobody has migrated."""
    before, question, options = postgresql.partition("?")
    with psycopg.connect(postgresql, autocommit=True) as connection:
        connection.execute("CREATE DATABASE empty")
        yield f"{before.rpartition('/')[0]}/empty{question}{options}"
        connection.execute("DROP DATABASE empty WITH (FORCE)")


def differences(dsn: str) -> list[Any]:
    engine = sa.create_engine(sqlalchemy_url(dsn))
    try:
        with engine.connect() as connection:
            options = {"compare_type": True, "compare_server_default": True}
            return list(compare_metadata(MigrationContext.configure(connection, opts=options), metadata))
    finally:
        engine.dispose()


def columns_of(dsn: str) -> list[Any]:
    with psycopg.connect(dsn) as connection:
        return connection.execute(
            "SELECT table_name, column_name, data_type, collation_name, is_nullable FROM information_schema.columns "
            "WHERE table_schema = 'public' ORDER BY 1, 2"
        ).fetchall()


def test_the_migrated_schema_is_the_one_of_the_tables(empty_database_url: str) -> None:
    migrate(empty_database_url)
    assert differences(empty_database_url) == []


def test_keys_are_compared_byte_by_byte(database_url: str) -> None:
    collations = {(table, column): collation for table, column, _, collation, _ in columns_of(database_url)}
    keys = [(table.name, column.name) for table in metadata.tables.values() for column in table.primary_key]
    texts = [one for one in keys if one not in {("outbox", "outbox_id"), ("rubrics", "version")}]
    assert {one: collations[one] for one in texts if one != ("requests", "request_id")} == {
        one: "C" for one in texts if one != ("requests", "request_id")
    }
    assert collations["evaluations", "rank_key"] == "C"


def test_migrating_twice_changes_nothing(empty_database_url: str) -> None:
    migrate(empty_database_url)
    before = columns_of(empty_database_url)
    migrate(empty_database_url)
    assert columns_of(empty_database_url) == before


def test_processes_that_migrate_at_once_do_not_harm_each_other(empty_database_url: str) -> None:
    with ThreadPoolExecutor(4) as threads:
        list(threads.map(migrate, [empty_database_url] * 4))
    assert differences(empty_database_url) == []


# What the rest stands on


class Bench:
    """The store's parts without its RPCs: units, a bus, and what left for it."""

    def __init__(self, dsn: str) -> None:
        self.database = Database(dsn)
        self.pool = Pool(self.database, 5)
        self.units = Units(self.pool)
        self.watcher = Watcher(lambda: self.database.dsn)
        self.bus = MemoryBus(0.1)
        self.telemetry = Telemetry("tests", [])
        self.relay = OutboxRelay(self.pool, self.bus, self.watcher, self.telemetry)

    async def announce(self, *events: Message) -> None:
        async with self.units.begin(STORE) as unit:
            for event in events:
                unit.announce(event)

    async def waiting(self) -> list[str]:
        """Types of the events that have not left."""
        async with self.pool.engine.connect() as connection:
            return list(await connection.scalars(sa.select(outbox.c.type).order_by(outbox.c.outbox_id)))

    async def change(self, statement: sa.Update) -> None:
        async with self.pool.engine.begin() as connection:
            await connection.execute(statement)

    async def sweep(self, *, afresh: bool = False) -> None:
        """One look around."""
        sweeper = Sweeper(self.units, SystemClock(), afresh=afresh)
        await sweeper.start()
        await sweeper.stop()

    def taker_of(self, event: type[Message], taken: list[Any]) -> Consumer[Any]:
        async def take(message: Any, turn: Turn) -> None:
            taken.append(message)

        return Consumer(self.bus, f"tests.take-{event.__name__}", event, take, self.telemetry, at_once=4)


@pytest.fixture(scope="module")
async def shared_database_url(postgresql: str) -> AsyncIterator[str]:
    async with a_database(postgresql) as url:
        yield url


@pytest.fixture
async def bench(shared_database_url: str) -> AsyncIterator[Bench]:
    made = Bench(shared_database_url)
    await made.pool.start()
    async with made.pool.engine.begin() as connection:
        await connection.execute(sa.text(f"TRUNCATE {', '.join(metadata.tables)} CASCADE"))
    await made.watcher.start()
    yield made
    await made.watcher.stop()
    await made.pool.stop()
    made.telemetry.close()


async def until(condition: Callable[[], Awaitable[bool]], seconds: float = 10.0) -> None:
    async with asyncio.timeout(seconds):
        while not await condition():
            await asyncio.sleep(0.02)


async def test_a_failing_statement_does_not_tell_its_values(bench: Bench) -> None:
    with pytest.raises(sa.exc.SQLAlchemyError) as raised:
        async with bench.pool.engine.connect() as connection:
            await connection.execute(sa.select(outbox).where(outbox.c.headers == sa.text(":cv")), {"cv": "hunter2"})
    assert "hunter2" not in str(raised.value)


# The unit of work


async def test_what_a_unit_did_is_undone_with_its_events_where_it_fails(bench: Bench) -> None:
    job = a_job()

    async def failing() -> None:
        async with bench.units.begin(STORE) as unit:
            unit.jobs.add(job)
            unit.announce(RubricRequestedEvent(job_id=job.job_id))
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await failing()
    assert await bench.waiting() == []
    async with bench.units.begin(STORE) as unit:
        with pytest.raises(Exception, match=job.job_id):
            await unit.jobs.get(job.job_id)


async def test_what_a_unit_got_and_changed_is_kept(bench: Bench) -> None:
    job = a_job()
    async with bench.units.begin(STORE) as unit:
        unit.jobs.add(job)
    async with bench.units.begin(STORE) as unit:
        (await unit.jobs.get(job.job_id)).retitle("Nurse", NOON)
    async with bench.units.begin(STORE) as unit:
        assert (await unit.jobs.get(job.job_id)).title == "Nurse"


async def test_the_text_of_a_cv_may_be_kept_in_the_unit_that_adds_the_cv(bench: Bench) -> None:
    resume = a_resume()
    async with bench.units.begin(STORE) as unit:
        unit.resumes.add(resume)
        await unit.resumes.keep_text(resume.resume_id, a_parsed_resume("Some text."))
    async with bench.units.begin(STORE) as unit:
        kept = await unit.resumes.text(resume.resume_id)
    assert kept == a_parsed_resume("Some text.")


# The outbox


async def test_an_event_that_nobody_takes_stays_in_the_outbox_until_somebody_does(bench: Bench) -> None:
    await bench.relay.start()
    await bench.announce(EvaluationRequestedEvent(evaluation_id="eva_1"))
    await asyncio.sleep(0.3)
    assert await bench.waiting() == [EvaluationRequestedEvent.DESCRIPTOR.full_name]
    taken: list[EvaluationRequestedEvent] = []
    taker = bench.taker_of(EvaluationRequestedEvent, taken)
    await taker.start()
    await until(lambda: _is_empty(bench))
    await bench.relay.stop()
    await taker.stop()
    assert taken == [EvaluationRequestedEvent(evaluation_id="eva_1")]


async def test_events_leave_once_and_in_order(bench: Bench) -> None:
    taken: list[EvaluationRequestedEvent] = []
    taker = bench.taker_of(EvaluationRequestedEvent, taken)
    await taker.start()
    await bench.relay.start()
    names = [f"eva_{number}" for number in range(BATCH + 50)]
    await bench.announce(*[EvaluationRequestedEvent(evaluation_id=name) for name in names])
    await until(lambda: _is_empty(bench))
    await until(lambda: _are(taken, len(names)))
    await bench.relay.stop()
    await taker.stop()
    assert sorted(one.evaluation_id for one in taken) == sorted(names)


async def test_two_relays_do_not_publish_the_same_event(bench: Bench) -> None:
    taken: list[EvaluationRequestedEvent] = []
    taker = bench.taker_of(EvaluationRequestedEvent, taken)
    await taker.start()
    await bench.announce(*[EvaluationRequestedEvent(evaluation_id=f"eva_{number}") for number in range(300)])
    relays = [bench.relay, OutboxRelay(bench.pool, bench.bus, bench.watcher, bench.telemetry)]
    for relay in relays:
        await relay.start()
    await until(lambda: _is_empty(bench))
    await until(lambda: _are(taken, 300))
    for relay in relays:
        await relay.stop()
    await taker.stop()
    assert len(taken) == len({one.evaluation_id for one in taken}) == 300


async def test_events_that_nobody_takes_do_not_hold_up_those_behind_them(bench: Bench) -> None:
    taken: list[ResumeUploadedEvent] = []
    taker = bench.taker_of(ResumeUploadedEvent, taken)
    await taker.start()
    lonely = [RubricRequestedEvent(job_id=f"job_{number}") for number in range(BATCH + 1)]
    await bench.announce(*lonely, ResumeUploadedEvent(resume_id="res_1"))
    await bench.relay.start()
    try:
        await until(lambda: _are(taken, 1), seconds=4)
    finally:
        await bench.relay.stop()
        await taker.stop()
    assert set(await bench.waiting()) == {RubricRequestedEvent.DESCRIPTOR.full_name}


async def test_an_event_leaves_as_soon_as_it_is_committed(bench: Bench) -> None:
    taken: list[EvaluationRequestedEvent] = []
    taker = bench.taker_of(EvaluationRequestedEvent, taken)
    await taker.start()
    await bench.relay.start()
    await asyncio.sleep(0.1)
    await bench.announce(EvaluationRequestedEvent(evaluation_id="eva_1"))
    await until(lambda: _are(taken, 1), seconds=0.8)
    await bench.relay.stop()
    await taker.stop()


async def _is_empty(bench: Bench) -> bool:
    return await bench.waiting() == []


async def _are(taken: list[Any], many: int) -> bool:
    return len(taken) >= many


# The sweeper


async def an_evaluation_in(bench: Bench, state: State, **said: Any) -> str:
    """An evaluation with its job and its read CV, straight in the database."""
    job, resume = a_job(), a_resume(state=ResumeState.PARSED)
    job.put_in_force(a_rubric(), "acc_1", NOON)
    now = SystemClock().now()
    usual = {"job_id": job.job_id, "resume_id": resume.resume_id, "lease_until": None, "announce_time": now}
    evaluation = an_evaluation(state, **{**usual, **said})
    async with bench.units.begin(STORE) as unit:
        unit.jobs.add(job)
        unit.resumes.add(resume)
        unit.evaluations.add(evaluation)
    return evaluation.evaluation_id


async def standing(bench: Bench, evaluation_id: str) -> tuple[State, int]:
    async with bench.units.begin(STORE) as unit:
        found = await unit.evaluations.get(evaluation_id, lock="none")
    return found.state, found.attempt


REQUESTED = EvaluationRequestedEvent.DESCRIPTOR.full_name
UPLOADED = ResumeUploadedEvent.DESCRIPTOR.full_name


async def test_a_claim_whose_lease_has_ended_is_taken_away_and_announced_again(bench: Bench) -> None:
    now = SystemClock().now()
    evaluation_id = await an_evaluation_in(bench, State.RUNNING, lease_until=now - timedelta(seconds=1))
    await bench.sweep()
    assert await standing(bench, evaluation_id) == (State.QUEUED, 1)
    assert await bench.waiting() == [REQUESTED]
    await bench.sweep()
    assert await bench.waiting() == [REQUESTED]


async def test_a_claim_whose_lease_runs_is_left_alone(bench: Bench) -> None:
    evaluation_id = await an_evaluation_in(bench, State.RUNNING, lease_until=SystemClock().now() + LEASE)
    await bench.sweep()
    assert await standing(bench, evaluation_id) == (State.RUNNING, 1)
    assert await bench.waiting() == []


async def test_a_queued_evaluation_that_was_forgotten_is_announced_again_once(bench: Bench) -> None:
    await an_evaluation_in(bench, State.QUEUED, announce_time=SystemClock().now() - LONG_AGO)
    await an_evaluation_in(bench, State.QUEUED)
    await bench.sweep()
    await bench.sweep()
    assert await bench.waiting() == [REQUESTED]


@pytest.mark.parametrize("state", [State.PENDING, State.SUCCEEDED, State.FAILED, State.CANCELLED])
async def test_what_waits_for_something_else_or_has_ended_is_not_announced(bench: Bench, state: State) -> None:
    long_ago = SystemClock().now() - LONG_AGO
    evaluation_id = await an_evaluation_in(bench, state, announce_time=long_ago)
    before = await standing(bench, evaluation_id)
    await bench.sweep()
    await bench.sweep(afresh=True)
    assert await standing(bench, evaluation_id) == before
    assert await bench.waiting() == []


async def test_a_cv_that_the_parser_has_forgotten_is_announced_again(bench: Bench) -> None:
    now = SystemClock().now()
    async with bench.units.begin(STORE) as unit:
        unit.resumes.add(a_resume(announce_time=now - LONG_AGO))
        unit.resumes.add(a_resume(announce_time=now))
        unit.resumes.add(a_resume(announce_time=now - LONG_AGO, state=ResumeState.PARSED))
    await bench.sweep()
    assert await bench.waiting() == [UPLOADED]


async def test_a_cv_that_was_announced_again_waits_before_the_next_time(bench: Bench) -> None:
    async with bench.units.begin(STORE) as unit:
        unit.resumes.add(a_resume(announce_time=SystemClock().now() - LONG_AGO))
    await bench.sweep()
    await bench.sweep()
    assert await bench.waiting() == [UPLOADED]


async def test_a_job_that_the_drafter_has_forgotten_is_announced_again(bench: Bench) -> None:
    now = SystemClock().now()
    async with bench.units.begin(STORE) as unit:
        unit.jobs.add(a_job(announce_time=now - LONG_AGO))
        unit.jobs.add(a_job(announce_time=now))
        unit.jobs.add(a_job(announce_time=now - LONG_AGO, rubric_failure="No model."))
    await bench.sweep()
    await bench.sweep()
    assert await bench.waiting() == [RubricRequestedEvent.DESCRIPTOR.full_name]


async def test_on_a_bus_that_has_forgotten_everything_all_that_is_open_is_announced_again(bench: Bench) -> None:
    now = SystemClock().now()
    running = await an_evaluation_in(bench, State.RUNNING, lease_until=now + LEASE)
    await an_evaluation_in(bench, State.QUEUED)
    async with bench.units.begin(STORE) as unit:
        unit.resumes.add(a_resume(announce_time=now))
        unit.jobs.add(a_job(announce_time=now))
        unit.jobs.add(a_job(announce_time=now, rubric_failure="No model."))
    await bench.sweep(afresh=True)
    assert await standing(bench, running) == (State.QUEUED, 1)
    assert sorted(await bench.waiting()) == sorted(
        [REQUESTED, REQUESTED, UPLOADED, RubricRequestedEvent.DESCRIPTOR.full_name]
    )


async def test_a_request_id_is_forgotten_after_a_week(bench: Bench) -> None:
    for request_id in ("old", "new"):
        async with bench.units.begin(STORE) as unit:
            await unit.earlier_response(RequestKey("CreateJob", request_id, "f"))
    old = sa.func.now() - REQUEST_IDS_KEPT - timedelta(minutes=1)
    await bench.change(sa.update(requests).where(requests.c.request_id == "old").values(create_time=old))
    await bench.sweep()
    async with bench.pool.engine.connect() as connection:
        assert list(await connection.scalars(sa.select(requests.c.request_id))) == ["new"]


async def test_two_sweepers_at_once_announce_each_evaluation_once(bench: Bench) -> None:
    past = SystemClock().now() - timedelta(seconds=1)
    for _ in range(20):
        await an_evaluation_in(bench, State.RUNNING, lease_until=past)
    await asyncio.gather(*(bench.sweep() for _ in range(4)))
    assert await bench.waiting() == [REQUESTED] * 20
