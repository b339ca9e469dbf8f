"""Candor's side: store and one scorer as in production, on RabbitMQ and PostgreSQL, judged by the fake endpoint."""

from __future__ import annotations

import asyncio
import json
import os
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import aio_pika
import psycopg
from candor.evaluations.v1.evaluation_pb2 import Evaluation
from candor.resumes.v1.resumes_events_pb2 import ResumeUploadedEvent
from candor.resumes.v1.resumes_service_pb2 import RecordParsedResumeRequest

from bench import workload
from bench.database import Server
from bench.endpoint import running_endpoint
from bench.processes import CpuMeter, busy_seconds
from bench.reporting import Measurement, measured
from services.chassis.bus.topology import EXCHANGE
from services.chassis.clock import SystemClock
from services.chassis.rpc.channels import dial
from services.chassis.security.tokens import Tokens, create_key, load_key
from services.chassis.telemetry import Telemetry
from services.parser.extraction import read
from tests.meshes import RECRUITER, SERVICE, Client
from tests.servers.processes import ServiceProcess
from tests.servers.rabbitmq import RabbitNode, free_port

_SIDE = "candor"
_PREPARED_AT_ONCE = 32
_BATCH = 1000
"""As many as one BatchCreateEvaluations takes."""
_QUIET_SECONDS = 15.0
"""Without a new result for as long, a run is over."""


class _Node(RabbitNode):
    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid


class _Run:
    """One measurement's processes, and what is asked of them."""

    def __init__(self, folder: Path, stack: ExitStack, server: Server, in_flight: int, model_seconds: float) -> None:
        self._folder, self._stack = folder, stack
        self._in_flight, self._model_seconds = in_flight, model_seconds
        self.dsn = server.new_database(f"candor_{in_flight}")
        self.endpoint = stack.enter_context(running_endpoint(folder, model_seconds))
        self.node = _Node()
        stack.callback(self.node.remove)
        self.node.start()
        create_key(folder / "key.pem")
        self._tokens = Tokens(load_key(folder / "key.pem"), SystemClock())
        self._store_port = free_port()
        self.store = self._service("store", self._store_port)
        self.scorer = self._service("scorer", free_port())
        self.meter = CpuMeter(
            {
                "scorer": self.scorer.pid,
                "store": self.store.pid,
                "postgresql": server.pid,
                "rabbitmq": self.node.pid,
                "fake endpoint": self.endpoint.pid,
                "load": os.getpid(),
            }
        )

    def _service(self, target: str, port: int) -> ServiceProcess:
        environment = {
            "CANDOR_DATA_DIR": str(self._folder),
            "CANDOR_DATABASE_URL": self.dsn,
            "CANDOR_BUS_URL": self.node.url,
            "CANDOR_SIGNING_KEY_FILE": str(self._folder / "key.pem"),
            "CANDOR_GRPC_LISTEN": f"127.0.0.1:{port}",
            "CANDOR_STORE_ADDRESS": f"127.0.0.1:{self._store_port}",
            "CANDOR_MODEL_URL": self.endpoint.url,
            "CANDOR_MODEL_NAME": "fake",
            "CANDOR_SCORER_AT_ONCE": str(self._in_flight),
            "CANDOR_LOG_LEVEL": "WARNING",
            "CANDOR_GRACE_SECONDS": "5",
        }
        process = ServiceProcess(target, environment, self._folder / f"{target}.log").start()
        self._stack.callback(process.stop)
        return process.await_ready()

    async def measure(self, evaluations: int) -> Measurement:
        """Prepares, starts the clock, waits for the last result."""
        await _swallow_uploads(self.node.url)
        recruiter, service = self._client(RECRUITER), self._client(SERVICE)
        job = await recruiter.post_job(workload.DESCRIPTION, title=workload.TITLE, rubric=workload.rubric())
        resume_ids = await _prepared(recruiter, service, evaluations)
        cpu, busy, began = self.meter.seconds(), busy_seconds(), datetime.now(UTC)
        for start in range(0, evaluations, _BATCH):
            await recruiter.ask_for(job.job_id, resume_ids[start : start + _BATCH])
        await _ended(self.dsn, evaluations)
        busy = busy_seconds() - busy
        used = {name: now - cpu[name] for name, now in self.meter.seconds().items()}
        return measured(
            _SIDE,
            self._in_flight,
            self._model_seconds,
            self._times(),
            began,
            most_in_flight=self.endpoint.most_in_flight(),
            cpu_seconds=used,
            busy_seconds=busy,
            errors=self._errors(evaluations),
        )

    def _client(self, subject: Any) -> Client:
        token, _ = self._tokens.issue(subject, timedelta(hours=1))
        channel = dial(f"127.0.0.1:{self._store_port}", Telemetry("bench", []), lambda: token)
        return Client(channel, channel, channel)

    def _times(self) -> list[tuple[datetime, datetime]]:
        query = "SELECT create_time, finish_time FROM evaluations WHERE state = %s"
        with psycopg.connect(self.dsn) as connection:
            return connection.execute(query, [Evaluation.STATE_SUCCEEDED]).fetchall()

    def _errors(self, evaluations: int) -> list[str]:
        """What is not as it has to be: all SUCCEEDED, each at its first attempt, each CV paid for once."""
        with psycopg.connect(self.dsn) as connection:
            states = connection.execute("SELECT state, count(*) FROM evaluations GROUP BY state").fetchall()
            again = _number(connection, "SELECT count(*) FROM evaluations WHERE attempt <> 1")
            records = _number(connection, "SELECT count(*) FROM records")
        lines, different = self.endpoint.paid()
        found = [
            f"{many} are {Evaluation.State.Name(state)}"
            for state, many in states
            if state != Evaluation.STATE_SUCCEEDED
        ]
        if again:
            found.append(f"{again} were claimed more than once")
        if records != evaluations:
            found.append(f"{records} decision records for {evaluations} evaluations")
        if not lines == different == evaluations:
            found.append(f"{lines} paid calls, {different} of them different, for {evaluations} evaluations")
        return found + _complaints(self.store.log) + _complaints(self.scorer.log)


@contextmanager
def _running(server: Server, folder: Path, in_flight: int, model_seconds: float) -> Iterator[_Run]:
    with ExitStack() as stack:
        yield _Run(folder, stack, server, in_flight, model_seconds)


def measure(server: Server, folder: Path, in_flight: int, evaluations: int, model_seconds: float) -> Measurement:
    """One measurement, from starting the processes to ending them."""
    with _running(server, folder, in_flight, model_seconds) as run:
        return asyncio.run(run.measure(evaluations))


async def _swallow_uploads(url: str) -> None:
    """A queue in the parser's place that keeps nothing: the events of the preparation are for nobody, and an event that
    no queue takes stays in the outbox."""
    async with await aio_pika.connect(url) as connection:
        channel = await connection.channel()
        arguments: Any = {"x-max-length": 1, "x-overflow": "drop-head"}
        queue = await channel.declare_queue("bench.swallow-upload", durable=True, arguments=arguments)
        await queue.bind(EXCHANGE, ResumeUploadedEvent.DESCRIPTOR.full_name)


async def _prepared(recruiter: Client, service: Client, many: int) -> Sequence[str]:
    """Ids of CVs that are uploaded and read. The parser's code reads them here, and the result is recorded as the
    parser would: no parser process runs while the clock does."""
    limit = asyncio.Semaphore(_PREPARED_AT_ONCE)

    async def prepare(number: int) -> str:
        content = workload.cv_text(number).encode()
        async with limit:
            resume = await recruiter.upload(content, f"cv-{number}.txt")
            request = RecordParsedResumeRequest(resume_id=resume.resume_id, parsed=read(content).parsed)
            await service.resumes.RecordParsedResume(request)
        return resume.resume_id

    return await asyncio.gather(*(prepare(number) for number in range(many)))


async def _ended(dsn: str, many: int) -> None:
    """Returns when that many evaluations have ended, or none has for a while."""
    ended, left = -1, _QUIET_SECONDS
    query = "SELECT count(*) FROM evaluations WHERE finish_time IS NOT NULL"
    async with await psycopg.AsyncConnection.connect(dsn, autocommit=True) as connection:
        while ended < many and left > 0:
            await asyncio.sleep(0.5)
            row = await (await connection.execute(query)).fetchone()
            now = row[0] if row else 0
            left = left - 0.5 if now == ended else _QUIET_SECONDS
            ended = now


def _complaints(log: Path) -> list[str]:
    """What a service warned of, each sentence once with its count."""
    lines = [line for line in log.read_text(errors="replace").splitlines() if line.startswith("{")]
    told = Counter(str(json.loads(line).get("event", "")) for line in lines)
    return [f"{log.stem} warned {many} times: {sentence}" for sentence, many in told.items()]


def _number(connection: psycopg.Connection[tuple[Any, ...]], query: str) -> int:
    row = connection.execute(query.encode()).fetchone()
    return int(row[0]) if row else 0
