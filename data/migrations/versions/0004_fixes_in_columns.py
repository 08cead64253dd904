"""Fixes in columns"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = '0004'
down_revision = '0003'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('fix_chunks',
    sa.Column('operation', sa.String(length=40), nullable=False),
    sa.Column('unit', sa.String(length=40), nullable=False),
    sa.Column('start', sa.BigInteger(), nullable=False),
    sa.Column('last_time', sa.BigInteger(), nullable=False),
    sa.Column('first_received', sa.BigInteger(), nullable=False),
    sa.Column('fixes', sa.Integer(), nullable=False),
    sa.Column('places', sa.LargeBinary(), nullable=False),
    sa.Column('readings', sa.LargeBinary(), nullable=False),
    sa.PrimaryKeyConstraint('operation', 'unit', 'start', name=op.f('pk_fix_chunks'))
    )
    if op.get_bind().dialect.name == 'postgresql':
        # they are compressed already: PostgreSQL need not try it once more
        for column in ('places', 'readings'):
            op.execute(f'ALTER TABLE fix_chunks ALTER COLUMN {column} SET STORAGE EXTERNAL')


def downgrade() -> None:
    if op.get_bind().execute(sa.text('SELECT count(*) FROM fix_chunks')).scalar():
        raise RuntimeError('fix_chunks holds fixes that no other table has')
    op.drop_table('fix_chunks')
