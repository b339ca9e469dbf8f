"""CVs in PostgreSQL; their text stands in a table of its own."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from candor.parsing.v1.parsed_resume_pb2 import ParsedResume, Unreadable
from sqlalchemy.dialects.postgresql import insert

from services.store.domain.resumes import Resume, ResumeNotFound, ResumeState
from services.store.repositories.aggregates import Aggregates, Row, parsed_or_none
from services.store.tables import resume_texts, resumes


class ResumeRepository(Aggregates[Resume]):
    table, key, missing = resumes, "resume_id", ResumeNotFound

    async def many(self, identifiers: Sequence[str], *, lock: bool = False) -> dict[str, Resume]:
        """Those of the CVs that the caller may see, by id; with `lock` they stay as they are until commit."""
        query = self._visible(sa.select(resumes)).where(resumes.c.resume_id.in_(identifiers))
        query = query.order_by(resumes.c.resume_id)
        found = await self._all(query.with_for_update(key_share=True) if lock else query)
        return {resume.resume_id: resume for resume in found}

    async def keep_text(self, resume_id: str, parsed: ParsedResume) -> None:
        """Keeps the first text of a CV."""
        row = {
            "resume_id": resume_id,
            "text_sha256": hashlib.sha256(parsed.text.encode()).hexdigest(),
            "parsed": parsed.SerializeToString(),
        }
        # The parent row comes first: it may be new in this very unit.
        await self.flush()
        await self._connection.execute(insert(resume_texts).values(row).on_conflict_do_nothing())

    async def text(self, resume_id: str) -> ParsedResume | None:
        """The text of a CV, where it has one."""
        query = sa.select(resume_texts.c.parsed).where(resume_texts.c.resume_id == resume_id)
        return parsed_or_none(ParsedResume.FromString, await self._connection.scalar(query))

    async def unread_for(self, age: timedelta) -> list[Resume]:
        """CVs of which the parser was told as long ago, by the database's clock."""
        query = sa.select(resumes).where(
            resumes.c.state == int(ResumeState.UPLOADED), resumes.c.announce_time <= sa.func.now() - age
        )
        return await self._all(query.with_for_update(skip_locked=True))

    def _load(self, row: Row) -> Resume:
        names = ("resume_id", "account_id", "file_name", "object_name", "size_bytes", "sha256", "page_count")
        return Resume(
            **{name: row[name] for name in (*names, "create_time", "announce_time", "parse_time")},
            state=ResumeState(row["state"]),
            reading=ParsedResume.FromString(row["reading"]),
            unreadable=parsed_or_none(Unreadable.FromString, row["unreadable"]),
        )

    def _dump(self, aggregate: Resume) -> dict[str, Any]:
        unreadable = None if aggregate.unreadable is None else aggregate.unreadable.SerializeToString()
        reading = aggregate.reading.SerializeToString()
        return {**vars(aggregate), "state": int(aggregate.state), "reading": reading, "unreadable": unreadable}
