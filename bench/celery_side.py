"""Celery's side: its worker on Redis, with the default pool or with threads, judged by the same fake endpoint."""

from __future__ import annotations

import os
import socket
import sys
import time
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import sqlalchemy as sa

from bench import workload
from bench.database import Server
from bench.endpoint import Endpoint, running_endpoint
from bench.processes import CpuMeter, await_true, busy_seconds, child
from bench.reporting import Measurement, measured
from tests.servers.packages import server_of
from tests.servers.rabbitmq import free_port

if TYPE_CHECKING:
    from celery import Celery

_QUIET_SECONDS = 15.0
"""Without a new result for as long, a run is over."""


def measure(
    server: Server, folder: Path, pool: str, in_flight: int, evaluations: int, model_seconds: float
) -> Measurement:
    """One measurement, from starting the processes to ending them. The default pool is started without options."""
    with ExitStack() as stack:
        endpoint = stack.enter_context(running_endpoint(folder, model_seconds))
        redis_url, redis_pid = _redis(stack, folder)
        environment = {
            "BENCH_REDIS_URL": redis_url,
            "BENCH_DATABASE_URL": server.new_database(f"celery_{pool}_{in_flight}"),
            "BENCH_MODEL_URL": endpoint.url,
        }
        # The application reads them when it is imported, here for sending as in the worker for working.
        os.environ.update(environment)
        from bench import celery_app

        celery_app.app.conf.update(broker_url=redis_url, result_backend=redis_url)
        celery_app.engine.cache_clear()
        _fill(evaluations)
        options = ["--pool", "threads", "--concurrency", str(in_flight)] if pool == "threads" else []
        worker = [sys.executable, "-m", "celery", "-A", "bench.celery_app", "worker", "--loglevel", "WARNING", *options]
        log = folder / "worker.log"
        worker_pid = stack.enter_context(child(worker, log))
        await_true(lambda: _answers(celery_app.app), "the Celery worker", log)
        roots = {"worker": worker_pid, "redis": redis_pid, "postgresql": server.pid}
        meter = CpuMeter({**roots, "fake endpoint": endpoint.pid, "load": os.getpid()})
        return _measured(meter, endpoint, f"celery-{pool}", in_flight, evaluations, model_seconds)


def _measured(
    meter: CpuMeter, endpoint: Endpoint, side: str, in_flight: int, evaluations: int, model_seconds: float
) -> Measurement:
    from bench import celery_app

    cpu, busy, began = meter.seconds(), busy_seconds(), datetime.now(UTC)
    for cv_id in range(1, evaluations + 1):
        celery_app.judge.delay(cv_id, datetime.now(UTC).isoformat())
    _await_scores(evaluations)
    busy = busy_seconds() - busy
    used = {name: now - cpu[name] for name, now in meter.seconds().items()}
    table = celery_app.scores
    with celery_app.engine().connect() as connection:
        times = connection.execute(sa.select(table.c.queue_time, table.c.finish_time)).all()
        different = connection.scalar(sa.select(sa.func.count(table.c.cv_id.distinct())))
    lines, paid = endpoint.paid()
    celery_app.engine().dispose()
    errors = []
    if not len(times) == different == lines == paid == evaluations:
        errors.append(f"{len(times)} scores of {different} CVs and {lines} paid calls for {evaluations} tasks")
    return measured(
        side,
        in_flight,
        model_seconds,
        [(start, end) for start, end in times],
        began,
        most_in_flight=endpoint.most_in_flight(),
        cpu_seconds=used,
        busy_seconds=busy,
        errors=errors,
    )


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


def _answers(app: Celery) -> bool:
    return bool(app.control.ping(timeout=1.0))


def _fill(evaluations: int) -> None:
    from bench import celery_app

    celery_app.metadata.create_all(celery_app.engine())
    rows = [{"cv_id": number, "text": workload.cv_text(number)} for number in range(1, evaluations + 1)]
    with celery_app.engine().begin() as connection:
        connection.execute(sa.insert(celery_app.cvs), rows)


def _await_scores(many: int) -> None:
    """Returns when that many scores are there, or none has come for a while."""
    from bench import celery_app

    query, done, left = sa.select(sa.func.count()).select_from(celery_app.scores), -1, _QUIET_SECONDS
    while done < many and left > 0:
        time.sleep(0.5)
        with celery_app.engine().connect() as connection:
            now = connection.scalar(query) or 0
        left = left - 0.5 if now == done else _QUIET_SECONDS
        done = now
