"""Repeats of alerts"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = '0012'
down_revision = '0011'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('alert_repeats',
    sa.Column('operation', sa.String(length=40), nullable=False),
    sa.Column('alert', sa.String(length=36), nullable=False),
    sa.Column('times', sa.BigInteger(), nullable=False),
    sa.Column('recorded_at', sa.BigInteger(), nullable=False),
    sa.Column('said', sa.Text(), nullable=False),
    sa.PrimaryKeyConstraint('operation', 'alert', name=op.f('pk_alert_repeats'))
    )


def downgrade() -> None:
    op.drop_table('alert_repeats')
