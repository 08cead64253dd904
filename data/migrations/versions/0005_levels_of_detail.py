"""Levels of detail"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = '0005'
down_revision = '0004'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('track_levels',
    sa.Column('operation', sa.String(length=40), nullable=False),
    sa.Column('hour', sa.BigInteger(), nullable=False),
    sa.Column('changed', sa.Integer(), nullable=False),
    sa.Column('recipe', sa.String(length=40), nullable=True),
    sa.Column('coarse', sa.LargeBinary(), nullable=True),
    sa.Column('fine', sa.LargeBinary(), nullable=True),
    sa.PrimaryKeyConstraint('operation', 'hour', name=op.f('pk_track_levels'))
    )
    with op.batch_alter_table('track_levels', schema=None) as batch_op:
        batch_op.create_index('ix_track_levels_due', ['recipe', 'hour'], unique=False)


def downgrade() -> None:
    op.drop_table('track_levels')
