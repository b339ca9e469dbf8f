"""What every repository of aggregates does: get one that the caller may see, add, list by key, write back changes."""

from __future__ import annotations

import copy
from collections.abc import Callable
from functools import cache
from typing import Any, Generic, TypeVar

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from services.chassis.refusals import Refusal
from services.chassis.security.subject import Subject
from services.store.repositories.pages import Page, PageRequest

A = TypeVar("A")
Row = sa.RowMapping


class Aggregates(Generic[A]):
    """Rows of one table as objects of the domain, remembered from `get` to `flush` so that nobody need say `save`."""

    table: sa.Table
    key: str
    missing: type[Refusal]
    """Raised for a key that is not there; its sentence names the key."""

    def __init__(self, connection: AsyncConnection, subject: Subject) -> None:
        self._connection = connection
        self._subject = subject
        self._held: dict[str, tuple[A, A | None]] = {}

    def _load(self, row: Row) -> A:
        """The object of a row."""
        raise TypeError(f"{type(self).__name__} loads nothing")

    def _dump(self, aggregate: A) -> dict[str, Any]:
        """The row of an object."""
        raise TypeError(f"{type(self).__name__} dumps nothing")

    async def get(self, identifier: str, *, lock: str = "update") -> A:
        """One object, locked for `update`, for `share` (it stays as it is until commit), or not at all (`none`).

        Raises:
            the repository's refusal: there is none, or it is another account's.
        """
        query = self._visible(sa.select(self.table)).where(self.table.c[self.key] == identifier)
        if lock != "none":
            query = query.with_for_update(read=lock == "share", key_share=lock == "update")
        found = await self._all(query)
        if not found:
            facts: dict[str, Any] = {self.key: identifier}
            raise self.missing(**facts)
        return found[0]

    def add(self, aggregate: A) -> A:
        """Takes a new object; it is written at the end of the unit."""
        self._held[getattr(aggregate, self.key)] = (aggregate, None)
        return aggregate

    async def remove(self, identifier: str) -> None:
        """Deletes a row; what hangs on it goes with it."""
        self._held.pop(identifier, None)
        await self._connection.execute(sa.delete(self.table).where(self.table.c[self.key] == identifier))

    async def page(self, request: PageRequest, *conditions: sa.ColumnElement[bool]) -> Page[A]:
        """Newest first: keys are UUIDv7 behind a prefix and sort by time of birth."""
        column = self.table.c[self.key]
        query = self._visible(sa.select(self.table)).where(*conditions).order_by(column.desc())
        if request.after:
            query = query.where(column < request.after)
        found = await self._all(query.limit(request.size + 1))
        return request.cut(found, lambda aggregate: str(getattr(aggregate, self.key)))

    def _visible(self, query: sa.Select[Any]) -> sa.Select[Any]:
        if self._subject.sees_everything:
            return query
        return query.where(self.table.c.account_id == self._subject.account_id)

    async def _all(self, query: sa.Select[Any]) -> list[A]:
        rows = (await self._connection.execute(query)).mappings().all()
        return [self._hold(row) for row in rows]

    def _hold(self, row: Row) -> A:
        known = self._held.get(row[self.key])
        if known is not None:
            return known[0]
        loaded = self._load(row)
        self._held[row[self.key]] = (loaded, copy.copy(loaded))
        return loaded

    async def flush(self) -> None:
        """Writes what was added or changed."""
        added = [self._dump(now) for now, before in self._held.values() if before is None]
        changed = [self._dump(now) for now, before in self._held.values() if before is not None and now != before]
        if added:
            await self._connection.execute(sa.insert(self.table), added)
        if changed:
            await self._connection.execute(_update_of(self.table, self.key), [self._bound(row) for row in changed])
        self._held = {key: (now, copy.copy(now)) for key, (now, _) in self._held.items()}

    def _bound(self, row: dict[str, Any]) -> dict[str, Any]:
        return {"old_key" if name == self.key else f"new_{name}": value for name, value in row.items()}


@cache
def _update_of(table: sa.Table, key: str) -> sa.Update:
    """The statement that writes a whole row; made once, since making it costs as much as running it."""
    values: dict[str, Any] = {
        column.name: sa.bindparam(f"new_{column.name}") for column in table.c if column.name != key
    }
    return sa.update(table).where(table.c[key] == sa.bindparam("old_key")).values(values)


def parsed_or_none(parse: Callable[[bytes], A], value: bytes | None) -> A | None:
    """A value message, where the column has one."""
    return None if value is None else parse(value)
