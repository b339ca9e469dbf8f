"""The tables. Aggregates have a column for whatever is searched or sorted by; value messages of the contract (rubric,
reading, result, record) are kept as their serialised protobuf."""

from __future__ import annotations

import sqlalchemy as sa

metadata = sa.MetaData(
    naming_convention={
        "pk": "%(table_name)s_pkey",
        "ix": "%(table_name)s_%(column_0_N_name)s_idx",
        "uq": "%(table_name)s_%(column_0_N_name)s_key",
        "fk": "%(table_name)s_%(column_0_N_name)s_fkey",
    }
)
_time = sa.DateTime(timezone=True)
# Keys are ASCII and compared byte by byte, whatever the database's language.
_key = sa.Text(collation="C")

accounts = sa.Table(
    "accounts",
    metadata,
    sa.Column("account_id", _key, primary_key=True),
    sa.Column("email", sa.Text, nullable=False),
    sa.Column("email_key", sa.Text, nullable=False, unique=True),
    sa.Column("display_name", sa.Text, nullable=False),
    sa.Column("role", sa.SmallInteger, nullable=False),
    sa.Column("password_hash", sa.Text, nullable=False),
    sa.Column("create_time", _time, nullable=False),
)

jobs = sa.Table(
    "jobs",
    metadata,
    sa.Column("job_id", _key, primary_key=True),
    sa.Column("account_id", _key, nullable=False),
    sa.Column("title", sa.Text, nullable=False),
    sa.Column("description", sa.Text, nullable=False),
    sa.Column("state", sa.SmallInteger, nullable=False),
    sa.Column("unlisted", sa.Boolean, nullable=False),
    sa.Column("rubric", sa.LargeBinary),
    sa.Column("rubric_failure", sa.Text, nullable=False),
    sa.Column("announce_time", _time),
    sa.Column("create_time", _time, nullable=False),
    sa.Column("update_time", _time, nullable=False),
    sa.Index("jobs_account_id_job_id_idx", "account_id", "job_id"),
    sa.Index("jobs_undrafted_idx", "announce_time", postgresql_where=sa.text("rubric IS NULL")),
)

rubrics = sa.Table(
    "rubrics",
    metadata,
    sa.Column("job_id", _key, sa.ForeignKey("jobs.job_id", ondelete="CASCADE"), primary_key=True),
    sa.Column("version", sa.Integer, primary_key=True),
    sa.Column("rubric", sa.LargeBinary, nullable=False),
)

resumes = sa.Table(
    "resumes",
    metadata,
    sa.Column("resume_id", _key, primary_key=True),
    sa.Column("account_id", _key, nullable=False),
    sa.Column("file_name", sa.Text, nullable=False),
    sa.Column("object_name", sa.Text, nullable=False),
    sa.Column("size_bytes", sa.Integer, nullable=False),
    sa.Column("sha256", _key, nullable=False),
    sa.Column("state", sa.SmallInteger, nullable=False),
    sa.Column("page_count", sa.Integer, nullable=False),
    sa.Column("reading", sa.LargeBinary, nullable=False),
    sa.Column("unreadable", sa.LargeBinary),
    sa.Column("create_time", _time, nullable=False),
    sa.Column("announce_time", _time),
    sa.Column("parse_time", _time),
    sa.Index("resumes_account_id_resume_id_idx", "account_id", "resume_id"),
    sa.Index("resumes_unread_idx", "announce_time", postgresql_where=sa.text("state = 1")),
)

# Apart from resumes: lists never read it.
resume_texts = sa.Table(
    "resume_texts",
    metadata,
    sa.Column("resume_id", _key, sa.ForeignKey("resumes.resume_id", ondelete="CASCADE"), primary_key=True),
    sa.Column("text_sha256", _key, nullable=False),
    sa.Column("parsed", sa.LargeBinary, nullable=False),
)

evaluations = sa.Table(
    "evaluations",
    metadata,
    sa.Column("evaluation_id", _key, primary_key=True),
    sa.Column("account_id", _key, nullable=False),
    sa.Column("job_id", _key, sa.ForeignKey("jobs.job_id", ondelete="CASCADE"), nullable=False),
    sa.Column("resume_id", _key, sa.ForeignKey("resumes.resume_id", ondelete="CASCADE"), nullable=False),
    sa.Column("file_sha256", _key, nullable=False),
    sa.Column("state", sa.SmallInteger, nullable=False),
    sa.Column("rubric_version", sa.Integer, nullable=False),
    sa.Column("attempt", sa.Integer, nullable=False),
    sa.Column("lease_until", _time),
    sa.Column("superseded", sa.Boolean, nullable=False),
    sa.Column("rank_key", _key, nullable=False),
    sa.Column("result", sa.LargeBinary),
    sa.Column("model", sa.LargeBinary),
    sa.Column("failure_reason", sa.Text, nullable=False),
    sa.Column("failure_message", sa.Text, nullable=False),
    sa.Column("create_time", _time, nullable=False),
    sa.Column("announce_time", _time),
    sa.Column("finish_time", _time),
    sa.Index("evaluations_account_id_evaluation_id_idx", "account_id", "evaluation_id"),
    sa.Index("evaluations_ranking_idx", "job_id", "rank_key", postgresql_where=sa.text("NOT superseded")),
    sa.Index("evaluations_resume_id_idx", "resume_id", "job_id"),
    sa.Index("evaluations_open_idx", "state", "announce_time", postgresql_where=sa.text("state IN (1, 2, 3)")),
)

records = sa.Table(
    "records",
    metadata,
    sa.Column("evaluation_id", _key, sa.ForeignKey("evaluations.evaluation_id", ondelete="CASCADE"), primary_key=True),
    sa.Column("record", sa.LargeBinary, nullable=False),
)

answers = sa.Table(
    "answers",
    metadata,
    sa.Column("answer_key", _key, primary_key=True),
    sa.Column("answer", sa.LargeBinary, nullable=False),
    sa.Column("create_time", _time, nullable=False, server_default=sa.func.now()),
)

# First answers of creates, by the caller's request_id (AIP-155).
requests = sa.Table(
    "requests",
    metadata,
    sa.Column("account_id", _key, primary_key=True),
    sa.Column("method", _key, primary_key=True),
    sa.Column("request_id", sa.Text, primary_key=True),
    sa.Column("fingerprint", _key, nullable=False),
    sa.Column("response", sa.LargeBinary),
    sa.Column("create_time", _time, nullable=False, server_default=sa.func.now()),
    sa.Index("requests_create_time_idx", "create_time"),
)

outbox = sa.Table(
    "outbox",
    metadata,
    sa.Column("outbox_id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
    sa.Column("message_id", _key, nullable=False),
    sa.Column("type", _key, nullable=False),
    sa.Column("body", sa.LargeBinary, nullable=False),
    sa.Column("headers", sa.JSON, nullable=False),
    sa.Column("create_time", _time, nullable=False, server_default=sa.func.now()),
)
