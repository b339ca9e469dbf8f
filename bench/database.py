"""A PostgreSQL of the benchmark's own, and its processes."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg

from services.chassis.database import Database


@dataclass(frozen=True)
class Server:
    """A running PostgreSQL."""

    dsn: str
    pid: int

    def new_database(self, name: str) -> str:
        """Makes an empty database; its DSN."""
        with psycopg.connect(self.dsn, autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}".encode())
        before, question, options = self.dsn.partition("?")
        return f"{before.rpartition('/')[0]}/{name}{question}{options}"


@contextmanager
def running_postgresql(folder: Path) -> Iterator[Server]:
    """The embedded PostgreSQL with its defaults, fsync among them; the same for every side."""
    database = Database(f"embedded://{folder}")
    asyncio.run(database.start())
    try:
        yield Server(database.dsn, int((folder / "postmaster.pid").read_text().split()[0]))
    finally:
        asyncio.run(database.stop())
