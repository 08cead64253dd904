"""A firmer log, and operations without a reserve of their own

The log: on SQLite ``INSERT OR REPLACE`` removes a row without asking a delete trigger, so an insert
in the place of a recorded event is refused too; on PostgreSQL the trigger fires in every session,
also in one that plays the part of a replica.

The reserve: until now every operation held 1 although nobody had said so; from now on such an
operation follows the number that the unit has set (1 unless its file says otherwise).
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = '0002'
down_revision = '0001'
branch_labels = None
depends_on = None


NO_REPLACEMENT = (
    "CREATE TRIGGER events_no_replacement BEFORE INSERT ON events WHEN EXISTS ("
    "SELECT 1 FROM events WHERE operation = NEW.operation AND stream = NEW.stream "
    "AND seq = NEW.seq) OR EXISTS (SELECT 1 FROM events WHERE operation = NEW.operation "
    "AND chain_seq = NEW.chain_seq) OR EXISTS (SELECT 1 FROM events WHERE rowid = NEW.rowid) "
    "BEGIN SELECT RAISE(ABORT, 'the log is append-only'); END"
)


def upgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        op.execute(NO_REPLACEMENT)
        # column by column: a table that events refer to cannot be made anew under them
        op.execute("ALTER TABLE operations RENAME COLUMN reserve_minimum TO reserve_before")
        op.add_column("operations", sa.Column("reserve_minimum", sa.Integer(), nullable=True))
        op.execute("UPDATE operations SET reserve_minimum = nullif(reserve_before, 1)")
        op.execute("ALTER TABLE operations DROP COLUMN reserve_before")
        return
    op.execute("ALTER TABLE events ENABLE ALWAYS TRIGGER events_append_only")
    op.alter_column("operations", "reserve_minimum", nullable=True, server_default=None)
    op.execute("UPDATE operations SET reserve_minimum = NULL WHERE reserve_minimum = 1")


def downgrade() -> None:
    op.execute("UPDATE operations SET reserve_minimum = 1 WHERE reserve_minimum IS NULL")
    if op.get_bind().dialect.name == "sqlite":
        op.execute("DROP TRIGGER events_no_replacement")
        return
    op.execute("ALTER TABLE events ENABLE TRIGGER events_append_only")
    op.alter_column("operations", "reserve_minimum", nullable=False, server_default="1")
