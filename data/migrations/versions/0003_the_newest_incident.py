"""The newest incident by an index

An incident's number follows that of the newest one; counting the incidents of the operation took
longer with each of them.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = '0003'
down_revision = '0002'
branch_labels = None
depends_on = None

FIRST_OF_INCIDENT = "seq = 1 AND region = 'INC'"


def upgrade() -> None:
    op.create_index(
        "ix_events_reported",
        "events",
        ["operation", "chain_seq"],
        sqlite_where=sa.text(FIRST_OF_INCIDENT),
        postgresql_where=sa.text(FIRST_OF_INCIDENT),
    )


def downgrade() -> None:
    op.drop_index("ix_events_reported", "events")
