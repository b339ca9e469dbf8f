"""The connection pool, and the schema brought up to date at start."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from services.chassis.database import Database
from services.chassis.settings import SettingsRefused

_MIGRATION_LOCK = 0x6D696772
"""Key of the advisory lock under which one process at a time migrates."""
IDLE_SECONDS = 0.5
"""A connection that was used more recently is taken to live; where it does not, the caller sees one clean 503."""
_SESSION = "-c statement_timeout=30s -c lock_timeout=10s -c idle_in_transaction_session_timeout=60s"


class Pool:
    """A component: the engine over the database, migrated when `start` returns."""

    def __init__(self, database: Database, connections: int) -> None:
        self._database, self._connections = database, connections
        self._engine: AsyncEngine | None = None

    @property
    def engine(self) -> AsyncEngine:
        assert self._engine is not None, "the pool is not started"
        return self._engine

    async def start(self) -> None:
        try:
            await asyncio.to_thread(migrate, self._database.dsn)
        except sa.exc.OperationalError as error:
            host = urlsplit(self._database.dsn).netloc.rpartition("@")[2]
            raise SettingsRefused(
                f"CANDOR_DATABASE_URL: PostgreSQL at {host or 'its socket'} does not let us in: {error.orig}"
            ) from None
        self._engine = create_async_engine(
            sqlalchemy_url(self._database.dsn),
            pool_size=self._connections,
            max_overflow=0,
            pool_timeout=5,
            # An error's text would hold what was to be written: CVs, addresses.
            hide_parameters=True,
            connect_args={"options": _SESSION, "connect_timeout": 5},
        )
        ping_after_idling(self._engine)

    async def stop(self) -> None:
        if self._engine is not None:
            await self._engine.dispose()

    async def ready(self) -> list[str]:
        try:
            async with asyncio.timeout(2), self.engine.connect() as connection:
                await connection.execute(sa.text("SELECT 1"))
        except (sa.exc.SQLAlchemyError, OSError, TimeoutError):
            return ["the database does not answer"]
        return []


def ping_after_idling(engine: AsyncEngine) -> None:
    """Asks a pooled connection whether it lives before it is used again after a pause: a restarted PostgreSQL leaves
    dead ones behind. SQLAlchemy's own pre-ping asks every time, which was one in five round trips of a busy store."""
    pool, dialect = engine.sync_engine.pool, engine.sync_engine.dialect

    @sa.event.listens_for(pool, "checkin")
    def returned(_: Any, record: Any) -> None:
        record.info["returned"] = time.monotonic()

    @sa.event.listens_for(pool, "checkout")
    def taken(connection: Any, record: Any, _: Any) -> None:
        idle = time.monotonic() - record.info.get("returned", time.monotonic())
        if idle > IDLE_SECONDS and not _lives(dialect, connection):
            raise sa.exc.DisconnectionError


def _lives(dialect: sa.Dialect, connection: Any) -> bool:
    try:
        return dialect.do_ping(connection)
    except dialect.loaded_dbapi.Error:
        return False


def migrate(dsn: str) -> None:
    """Brings the schema up to date; a second process waits, and finds it done."""
    engine = sa.create_engine(sqlalchemy_url(dsn))
    try:
        with engine.connect() as connection:
            connection.execute(sa.select(sa.func.pg_advisory_lock(_MIGRATION_LOCK)))
            connection.commit()
            try:
                command.upgrade(alembic_config(connection), "head")
            finally:
                connection.rollback()
                connection.execute(sa.select(sa.func.pg_advisory_unlock(_MIGRATION_LOCK)))
    finally:
        engine.dispose()


def alembic_config(connection: sa.Connection) -> Config:
    """Alembic over the migrations that are shipped in this package."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.attributes["connection"] = connection
    return config


def sqlalchemy_url(dsn: str) -> str:
    """The DSN as SQLAlchemy names it: by the psycopg 3 driver."""
    return dsn.replace("postgresql://", "postgresql+psycopg://", 1)
