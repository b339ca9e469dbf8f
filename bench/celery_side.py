"""Celery's side: its worker on Redis, with the default pool or with threads, judged by the same fake endpoint."""

from __future__ import annotations

import os
import socket
import sys
import time
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

import sqlalchemy as sa
from celery import Celery

from bench import workload
from bench.celery_app import TASK, cvs, engine_of, metadata, scores
from bench.database import Server
from bench.endpoint import Endpoint, running_endpoint
from bench.processes import CpuMeter, await_true, busy_seconds, child
from bench.reporting import Measurement, measured
from tests.servers.packages import server_of
from tests.servers.rabbitmq import free_port

_QUIET_SECONDS = 15.0
"""Without a new result for as long, a run is over."""


def measure(
    server: Server, folder: Path, pool: str, in_flight: int, evaluations: int, model_seconds: float
) -> Measurement:
    """One measurement, from starting the processes to ending them. The default pool is started without options."""
    with ExitStack() as stack:
        endpoint = stack.enter_context(running_endpoint(folder, model_seconds))
        redis_url, redis_pid = _redis(stack, folder)
        dsn = server.new_database(f"celery_{pool}_{in_flight}")
        engine = engine_of(dsn)
        stack.callback(engine.dispose)
        _fill(engine, evaluations)
        environment = {"BENCH_REDIS_URL": redis_url, "BENCH_DATABASE_URL": dsn, "BENCH_MODEL_URL": endpoint.url}
        options = ["--pool", "threads", "--concurrency", str(in_flight)] if pool == "threads" else []
        worker = [sys.executable, "-m", "celery", "-A", "bench.celery_app", "worker", "--loglevel", "WARNING", *options]
        log = folder / "worker.log"
        worker_pid = stack.enter_context(child(worker, log, environment))
        sender = stack.enter_context(Celery("bench-sender", broker=redis_url, backend=redis_url, set_as_current=False))
        await_true(lambda: bool(sender.control.ping(timeout=1.0)), "the Celery worker", log)
        roots = {"worker": worker_pid, "redis": redis_pid, "postgresql": server.pid}
        meter = CpuMeter({**roots, "fake endpoint": endpoint.pid, "load": os.getpid()})
        cpu, busy, began = meter.seconds(), busy_seconds(), datetime.now(UTC)
        for cv_id in range(1, evaluations + 1):
            sender.send_task(TASK, [cv_id, datetime.now(UTC).isoformat()])
        _await_scores(engine, evaluations)
        busy = busy_seconds() - busy
        used = {name: now - cpu[name] for name, now in meter.seconds().items()}
        return measured(
            f"celery-{pool}",
            in_flight,
            model_seconds,
            _times(engine),
            began,
            most_in_flight=endpoint.most_in_flight(),
            cpu_seconds=used,
            busy_seconds=busy,
            errors=_errors(engine, endpoint, evaluations),
        )


def _times(engine: sa.Engine) -> list[tuple[datetime, datetime]]:
    with engine.connect() as connection:
        rows = connection.execute(sa.select(scores.c.queue_time, scores.c.finish_time))
        return [(row.queue_time, row.finish_time) for row in rows]


def _errors(engine: sa.Engine, endpoint: Endpoint, evaluations: int) -> list[str]:
    """What is not as it has to be: one score a task, each CV paid for once."""
    counts = sa.select(sa.func.count(), sa.func.count(scores.c.cv_id.distinct())).select_from(scores)
    with engine.connect() as connection:
        many, different = connection.execute(counts).one()
    lines, paid = endpoint.paid()
    if many == different == lines == paid == evaluations:
        return []
    return [f"{many} scores of {different} CVs and {lines} paid calls for {evaluations} tasks"]


def _redis(stack: ExitStack, folder: Path) -> tuple[str, int]:
    """A Redis with its defaults on a port and in a folder of its own."""
    program = server_of("redis-server")
    if program is None:
        raise RuntimeError("redis-server is not installed (python -m tests.servers.packages redis-server)")
    port, data, log = free_port(), folder / "redis", folder / "redis.log"
    data.mkdir()
    command = [program, "--port", str(port), "--bind", "127.0.0.1", "--dir", str(data)]
    pid = stack.enter_context(child(command, log))
    url = f"redis://127.0.0.1:{port}/0"
    await_true(lambda: _speaks_redis(port), "redis-server", log)
    return url, pid


def _speaks_redis(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1) as probe:
            probe.sendall(b"PING\r\n")
            return probe.recv(7) == b"+PONG\r\n"
    except OSError:
        return False


def _fill(engine: sa.Engine, evaluations: int) -> None:
    metadata.create_all(engine)
    rows = [{"cv_id": number, "text": workload.cv_text(number)} for number in range(1, evaluations + 1)]
    with engine.begin() as connection:
        connection.execute(sa.insert(cvs), rows)


def _await_scores(engine: sa.Engine, many: int) -> None:
    """Returns when that many scores are there, or none has come for a while."""
    query, done, left = sa.select(sa.func.count()).select_from(scores), -1, _QUIET_SECONDS
    while done < many and left > 0:
        time.sleep(0.5)
        with engine.connect() as connection:
            now = connection.scalar(query) or 0
        left = left - 0.5 if now == done else _QUIET_SECONDS
        done = now
