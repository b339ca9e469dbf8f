"""The first schema"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "accounts",
        sa.Column("account_id", sa.Text(collation="C"), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("email_key", sa.Text(), nullable=False),
        sa.Column("display_name", sa.Text(), nullable=False),
        sa.Column("role", sa.SmallInteger(), nullable=False),
        sa.Column("password_hash", sa.Text(), nullable=False),
        sa.Column("create_time", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("account_id", name=op.f("accounts_pkey")),
        sa.UniqueConstraint("email_key", name=op.f("accounts_email_key_key")),
    )
    op.create_table(
        "answers",
        sa.Column("answer_key", sa.Text(collation="C"), nullable=False),
        sa.Column("answer", sa.LargeBinary(), nullable=False),
        sa.Column("create_time", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("answer_key", name=op.f("answers_pkey")),
    )
    op.create_table(
        "jobs",
        sa.Column("job_id", sa.Text(collation="C"), nullable=False),
        sa.Column("account_id", sa.Text(collation="C"), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("state", sa.SmallInteger(), nullable=False),
        sa.Column("unlisted", sa.Boolean(), nullable=False),
        sa.Column("rubric", sa.LargeBinary(), nullable=True),
        sa.Column("rubric_failure", sa.Text(), nullable=False),
        sa.Column("announce_time", sa.DateTime(timezone=True), nullable=True),
        sa.Column("create_time", sa.DateTime(timezone=True), nullable=False),
        sa.Column("update_time", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("job_id", name=op.f("jobs_pkey")),
    )
    op.create_index("jobs_account_id_job_id_idx", "jobs", ["account_id", "job_id"], unique=False)
    op.create_index(
        "jobs_undrafted_idx", "jobs", ["announce_time"], unique=False, postgresql_where=sa.text("rubric IS NULL")
    )
    op.create_table(
        "outbox",
        sa.Column("outbox_id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("message_id", sa.Text(collation="C"), nullable=False),
        sa.Column("type", sa.Text(collation="C"), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("headers", sa.JSON(), nullable=False),
        sa.Column("create_time", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("outbox_id", name=op.f("outbox_pkey")),
    )
    op.create_table(
        "requests",
        sa.Column("account_id", sa.Text(collation="C"), nullable=False),
        sa.Column("method", sa.Text(collation="C"), nullable=False),
        sa.Column("request_id", sa.Text(), nullable=False),
        sa.Column("fingerprint", sa.Text(collation="C"), nullable=False),
        sa.Column("response", sa.LargeBinary(), nullable=True),
        sa.Column("create_time", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("account_id", "method", "request_id", name=op.f("requests_pkey")),
    )
    op.create_index("requests_create_time_idx", "requests", ["create_time"], unique=False)
    op.create_table(
        "resumes",
        sa.Column("resume_id", sa.Text(collation="C"), nullable=False),
        sa.Column("account_id", sa.Text(collation="C"), nullable=False),
        sa.Column("file_name", sa.Text(), nullable=False),
        sa.Column("object_name", sa.Text(), nullable=False),
        sa.Column("size_bytes", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.Text(collation="C"), nullable=False),
        sa.Column("state", sa.SmallInteger(), nullable=False),
        sa.Column("page_count", sa.Integer(), nullable=False),
        sa.Column("reading", sa.LargeBinary(), nullable=False),
        sa.Column("unreadable", sa.LargeBinary(), nullable=True),
        sa.Column("create_time", sa.DateTime(timezone=True), nullable=False),
        sa.Column("announce_time", sa.DateTime(timezone=True), nullable=True),
        sa.Column("parse_time", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("resume_id", name=op.f("resumes_pkey")),
    )
    op.create_index("resumes_account_id_resume_id_idx", "resumes", ["account_id", "resume_id"], unique=False)
    op.create_index(
        "resumes_unread_idx", "resumes", ["announce_time"], unique=False, postgresql_where=sa.text("state = 1")
    )
    op.create_table(
        "evaluations",
        sa.Column("evaluation_id", sa.Text(collation="C"), nullable=False),
        sa.Column("account_id", sa.Text(collation="C"), nullable=False),
        sa.Column("job_id", sa.Text(collation="C"), nullable=False),
        sa.Column("resume_id", sa.Text(collation="C"), nullable=False),
        sa.Column("file_sha256", sa.Text(collation="C"), nullable=False),
        sa.Column("state", sa.SmallInteger(), nullable=False),
        sa.Column("rubric_version", sa.Integer(), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("superseded", sa.Boolean(), nullable=False),
        sa.Column("rank_key", sa.Text(collation="C"), nullable=False),
        sa.Column("result", sa.LargeBinary(), nullable=True),
        sa.Column("model", sa.LargeBinary(), nullable=True),
        sa.Column("failure_reason", sa.Text(), nullable=False),
        sa.Column("failure_message", sa.Text(), nullable=False),
        sa.Column("create_time", sa.DateTime(timezone=True), nullable=False),
        sa.Column("announce_time", sa.DateTime(timezone=True), nullable=True),
        sa.Column("finish_time", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["job_id"], ["jobs.job_id"], name=op.f("evaluations_job_id_fkey"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(
            ["resume_id"], ["resumes.resume_id"], name=op.f("evaluations_resume_id_fkey"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("evaluation_id", name=op.f("evaluations_pkey")),
    )
    op.create_index(
        "evaluations_account_id_evaluation_id_idx", "evaluations", ["account_id", "evaluation_id"], unique=False
    )
    op.create_index(
        "evaluations_open_idx",
        "evaluations",
        ["state", "announce_time"],
        unique=False,
        postgresql_where=sa.text("state IN (1, 2, 3)"),
    )
    op.create_index(
        "evaluations_ranking_idx",
        "evaluations",
        ["job_id", "rank_key"],
        unique=False,
        postgresql_where=sa.text("NOT superseded"),
    )
    op.create_index("evaluations_resume_id_idx", "evaluations", ["resume_id", "job_id"], unique=False)
    op.create_table(
        "resume_texts",
        sa.Column("resume_id", sa.Text(collation="C"), nullable=False),
        sa.Column("text_sha256", sa.Text(collation="C"), nullable=False),
        sa.Column("parsed", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["resume_id"], ["resumes.resume_id"], name=op.f("resume_texts_resume_id_fkey"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("resume_id", name=op.f("resume_texts_pkey")),
    )
    op.create_table(
        "rubrics",
        sa.Column("job_id", sa.Text(collation="C"), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("rubric", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["job_id"], ["jobs.job_id"], name=op.f("rubrics_job_id_fkey"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("job_id", "version", name=op.f("rubrics_pkey")),
    )
    op.create_table(
        "records",
        sa.Column("evaluation_id", sa.Text(collation="C"), nullable=False),
        sa.Column("record", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["evaluation_id"],
            ["evaluations.evaluation_id"],
            name=op.f("records_evaluation_id_fkey"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("evaluation_id", name=op.f("records_pkey")),
    )
    _notify_watchers()


def _notify_watchers() -> None:
    """Whoever changes a row, whoever follows it hears of it, without a statement of their own (services/store/watching.py).
    Payloads: the id of the CV or evaluation that changed its state, and `outbox`."""
    for table, payload in (("resumes", "NEW.resume_id"), ("evaluations", "NEW.evaluation_id"), ("outbox", "'outbox'")):
        op.execute(
            f"CREATE FUNCTION notify_of_{table}() RETURNS trigger LANGUAGE plpgsql AS "
            f"$$ BEGIN PERFORM pg_notify('candor_changes', {payload}); RETURN NULL; END $$"
        )
    for table in ("resumes", "evaluations"):
        op.execute(
            f"CREATE TRIGGER {table}_notify AFTER UPDATE ON {table} FOR EACH ROW "
            f"WHEN (OLD.state IS DISTINCT FROM NEW.state) EXECUTE FUNCTION notify_of_{table}()"
        )
    op.execute(
        "CREATE TRIGGER outbox_notify AFTER INSERT ON outbox FOR EACH STATEMENT EXECUTE FUNCTION notify_of_outbox()"
    )
