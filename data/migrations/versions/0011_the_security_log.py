"""The security log

Append-only like the other logs; an old segment may be deleted right after the chain of the system
has told that it is dropped, in the same transaction.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = '0011'
down_revision = '0010'
branch_labels = None
depends_on = None

LOG = "BEGIN SELECT RAISE(ABORT, 'the log is append-only'); END"
KEPT = {
    "sqlite": (
        f"CREATE TRIGGER security_events_no_update BEFORE UPDATE ON security_events {LOG}",
        "CREATE TRIGGER security_events_no_delete BEFORE DELETE ON security_events WHEN NOT "
        "coalesce((SELECT event = 'security_dropped' AND CAST(subject AS INTEGER) >= OLD.segment "
        f"FROM system_events ORDER BY seq DESC LIMIT 1), 0) {LOG}",
        # INSERT OR REPLACE removes a row without asking the trigger of a delete
        "CREATE TRIGGER security_events_no_replacement BEFORE INSERT ON security_events WHEN "
        "EXISTS (SELECT 1 FROM security_events WHERE segment = NEW.segment AND seq = NEW.seq) "
        f"OR EXISTS (SELECT 1 FROM security_events WHERE rowid = NEW.rowid) {LOG}",
    ),
    "postgresql": (
        "CREATE FUNCTION refuse_early_drop() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        "IF coalesce((SELECT event = 'security_dropped' AND CAST(subject AS integer) >= "
        "OLD.segment FROM system_events ORDER BY seq DESC LIMIT 1), false) THEN RETURN OLD; "
        "END IF; RAISE EXCEPTION 'the log is append-only'; END $$",
        "CREATE TRIGGER security_events_append_only BEFORE UPDATE OR TRUNCATE ON security_events "
        "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()",
        "CREATE TRIGGER security_events_no_delete BEFORE DELETE ON security_events "
        "FOR EACH ROW EXECUTE FUNCTION refuse_early_drop()",
        *(
            f"ALTER TABLE security_events ENABLE ALWAYS TRIGGER security_events_{name}"
            for name in ("append_only", "no_delete")
        ),
    ),
}


def upgrade() -> None:
    op.create_table('security_events',
    sa.Column('segment', sa.Integer(), autoincrement=False, nullable=False),
    sa.Column('seq', sa.Integer(), autoincrement=False, nullable=False),
    sa.Column('recorded_at', sa.BigInteger(), nullable=False),
    sa.Column('kind', sa.String(length=20), nullable=False),
    sa.Column('outcome', sa.String(length=20), nullable=False),
    sa.Column('account', sa.String(length=40), nullable=True),
    sa.Column('role', sa.String(length=20), nullable=True),
    sa.Column('session', sa.String(length=40), nullable=True),
    sa.Column('address', sa.String(length=50), nullable=True),
    sa.Column('method', sa.String(length=10), nullable=True),
    sa.Column('route', sa.String(length=120), nullable=True),
    sa.Column('status', sa.Integer(), nullable=True),
    sa.Column('reason', sa.String(length=40), nullable=True),
    sa.Column('times', sa.Integer(), nullable=False),
    sa.Column('body', sa.Text(), nullable=False),
    sa.Column('prev_hash', sa.String(length=64), nullable=False),
    sa.Column('hash', sa.String(length=64), nullable=False),
    sa.PrimaryKeyConstraint('segment', 'seq', name=op.f('pk_security_events'))
    )
    op.create_index('ix_security_events_recorded_at', 'security_events', ['recorded_at'])
    op.create_index('ix_security_events_kind', 'security_events', ['kind', 'recorded_at'])
    for statement in KEPT[op.get_bind().dialect.name]:
        op.execute(statement)


def downgrade() -> None:
    if op.get_bind().execute(sa.text("SELECT count(*) FROM security_events")).scalar():
        raise RuntimeError('security_events holds what no other table has')
    op.drop_table('security_events')
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION refuse_early_drop")
