"""A terminal job never changes: a rule of the database, whoever writes to it.

Its input and output may be taken away, when they are not to be kept any longer.
"""

from alembic import op

revision = "0009"
down_revision = "0008"

FIXED = (
    "tenant", "model", "version", "digest", "status", "attempt", "crashes", "joined_to",
    "retry_of", "error", "error_code", "cache", "queue_time", "preprocess_time", "predict_time",
    "batch_size", "created_at", "started_at", "completed_at",
)  # fmt: skip
TERMINAL = "OLD.status <> 'queued'"

PUT = "(NEW.output IS NOT NULL OR NEW.output_ref IS NOT NULL)"
REFUSAL = "a terminal job never changes"


def upgrade() -> None:
    for name, columns, changed in _rules():
        if op.get_bind().dialect.name == "sqlite":
            op.execute(
                f"CREATE TRIGGER {name} BEFORE UPDATE OF {columns} ON job WHEN {changed} "
                f"BEGIN SELECT RAISE(ABORT, '{REFUSAL}'); END"
            )
            continue
        op.execute(
            f"CREATE OR REPLACE FUNCTION job_refuse_change() RETURNS trigger AS "
            f"$$ BEGIN RAISE EXCEPTION '{REFUSAL}' USING ERRCODE = 'check_violation'; END $$ "
            "LANGUAGE plpgsql"
        )
        op.execute(
            f"CREATE TRIGGER {name} BEFORE UPDATE OF {columns} ON job FOR EACH ROW "
            f"WHEN ({changed}) EXECUTE FUNCTION job_refuse_change()"
        )


def downgrade() -> None:
    table = "" if op.get_bind().dialect.name == "sqlite" else " ON job"
    for name, _, _ in _rules():
        op.execute(f"DROP TRIGGER {name}{table}")
    if table:
        op.execute("DROP FUNCTION job_refuse_change()")


def _rules() -> tuple[tuple[str, str, str], ...]:
    """Name, columns, condition of each."""
    return (
        ("job_terminal_stays", ", ".join(FIXED), TERMINAL),
        ("job_terminal_output_stays", "output, output_ref", f"{TERMINAL} AND {PUT}"),
    )
