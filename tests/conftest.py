"""What tests stand on: a real PostgreSQL always (from a wheel), a real RabbitMQ from wherever one is to be had."""

from __future__ import annotations

import asyncio
import itertools
import os
import shutil
import subprocess
import tempfile
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import aio_pika
import psycopg
import pytest

from services.chassis.database import Database
from services.store.database import migrate
from tests.meshes import QUEUES, RunningMesh, running_mesh
from tests.servers.packages import server_of
from tests.servers.rabbitmq import RabbitNode

_MISSING_RABBITMQ = (
    "no RabbitMQ: set CANDOR_TEST_RABBITMQ_URL, start Docker, or install rabbitmq-server "
    "(`make test` does so by itself as root on Debian-like machines)"
)


@pytest.fixture(scope="session")
async def postgresql() -> AsyncIterator[str]:
    """DSN of a database that is migrated and empty, to be copied; not to be written to."""
    folder = Path(tempfile.mkdtemp(prefix="candor-pg-"))
    database = Database(f"embedded://{folder}")
    await database.start()
    with psycopg.connect(database.dsn, autocommit=True) as connection:
        connection.execute("CREATE DATABASE pattern")
    migrate(_named(database.dsn, "pattern"))
    yield database.dsn
    await database.stop()
    shutil.rmtree(folder, ignore_errors=True)


_numbers = itertools.count()


@pytest.fixture
def database_url(postgresql: str) -> Iterator[str]:
    """DSN of a fresh migrated database."""
    name = f"test_{next(_numbers)}"
    with psycopg.connect(postgresql, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE pattern")
    yield _named(postgresql, name)
    with psycopg.connect(postgresql, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


def _named(dsn: str, name: str) -> str:
    before, question, options = dsn.partition("?")
    return f"{before.rpartition('/')[0]}/{name}{question}{options}"


@pytest.fixture(scope="session")
def own_rabbitmq() -> Iterator[RabbitNode]:
    """The suite's own node, which may be killed and restarted."""
    if server_of("rabbitmq-server") is None:
        _do_without(_MISSING_RABBITMQ)
    node = RabbitNode()
    node.start()
    yield node
    node.remove()


@pytest.fixture(scope="session")
def rabbitmq_server(request: pytest.FixtureRequest) -> Iterator[str]:
    """URL of a RabbitMQ: named by the environment, else a container, else the suite's own node."""
    named = os.environ.get("CANDOR_TEST_RABBITMQ_URL")
    if named:
        yield named
    elif _docker_answers():
        from testcontainers.rabbitmq import RabbitMqContainer

        with RabbitMqContainer("rabbitmq:4.1-alpine") as container:
            host, port = container.get_container_host_ip(), container.get_exposed_port(5672)
            yield f"amqp://guest:guest@{host}:{port}/"
    else:
        yield request.getfixturevalue("own_rabbitmq").url


@pytest.fixture
def rabbitmq_url(rabbitmq_server: str) -> str:
    """URL of a RabbitMQ without any of our queues."""
    with ThreadPoolExecutor(1) as elsewhere:
        elsewhere.submit(asyncio.run, _without_queues(rabbitmq_server)).result()
    return rabbitmq_server


async def _without_queues(url: str) -> None:
    async with await aio_pika.connect(url) as connection:
        channel = await connection.channel()
        for queue in QUEUES:
            for name in (queue, f"{queue}.retry", f"{queue}.dead"):
                await channel.queue_delete(name)


def _docker_answers() -> bool:
    if shutil.which("docker") is None:
        return False
    asked = subprocess.run(["docker", "info"], capture_output=True, check=False, timeout=20)
    return asked.returncode == 0


def _do_without(reason: str) -> None:
    """Skips with the reason; where RabbitMQ is required (as in CI) that is a failure."""
    if os.environ.get("CANDOR_TEST_REQUIRE_RABBITMQ"):
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture
async def mesh(database_url: str, tmp_path: Path) -> AsyncIterator[RunningMesh]:
    """Store, parser and scorer in this process, on PostgreSQL and the bus in memory, judged by `local:`."""
    async with running_mesh(tmp_path, database_url=database_url, bus_url="memory://") as running:
        yield running
