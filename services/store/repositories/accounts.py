"""Accounts in PostgreSQL."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from candor.access.v1.access_pb2 import Role

from services.store.domain.accounts import Account, AccountNotFound, key_of
from services.store.repositories.aggregates import Aggregates, Row
from services.store.tables import accounts

_FIRST_ACCOUNT_LOCK = 0x63616E64
"""Key of the advisory lock under which it is decided who is first."""


class AccountRepository(Aggregates[Account]):
    table, key, missing = accounts, "account_id", AccountNotFound

    async def by_email(self, email: str) -> Account | None:
        """Sign-in happens before there is a subject: looks at all accounts."""
        rows = await self._connection.execute(sa.select(accounts).where(accounts.c.email_key == key_of(email)))
        row = rows.mappings().first()
        return None if row is None else self._hold(row)

    async def count_before_adding(self) -> int:
        """How many there are; nobody else counts until this unit ends."""
        await self._connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_FIRST_ACCOUNT_LOCK)))
        return await self._connection.scalar(sa.select(sa.func.count()).select_from(accounts)) or 0

    def _load(self, row: Row) -> Account:
        return Account(
            account_id=row["account_id"],
            email=row["email"],
            display_name=row["display_name"],
            role=Role.ValueType(row["role"]),
            password_hash=row["password_hash"],
            create_time=row["create_time"],
        )

    def _dump(self, aggregate: Account) -> dict[str, Any]:
        return {**vars(aggregate), "email_key": aggregate.email_key, "role": int(aggregate.role)}
