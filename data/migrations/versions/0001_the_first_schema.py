"""The first schema"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = '0001'
down_revision = None
branch_labels = None
depends_on = None


APPEND_ONLY = {
    "sqlite": tuple(
        f"CREATE TRIGGER events_no_{what.lower()} BEFORE {what} ON events "
        "BEGIN SELECT RAISE(ABORT, 'the log is append-only'); END"
        for what in ("UPDATE", "DELETE")
    ),
    "postgresql": (
        "CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'the log is append-only'; END $$",
        "CREATE TRIGGER events_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON events "
        "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()",
    ),
}


def upgrade() -> None:
    op.create_table('changes',
    sa.Column('seq', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=True, nullable=False),
    sa.Column('operation', sa.String(length=40), nullable=False),
    sa.Column('kind', sa.String(length=20), nullable=False),
    sa.Column('recorded_at', sa.BigInteger(), nullable=False),
    sa.Column('payload', sa.Text(), nullable=False),
    sa.PrimaryKeyConstraint('seq', name=op.f('pk_changes')),
    sqlite_autoincrement=True
    )
    with op.batch_alter_table('changes', schema=None) as batch_op:
        batch_op.create_index('ix_changes_operation', ['operation', 'seq'], unique=False)

    op.create_table('devices',
    sa.Column('id', sa.String(length=80), nullable=False),
    sa.Column('key_hash', sa.String(length=64), nullable=False),
    sa.Column('speed_unit', sa.String(length=10), server_default='knots', nullable=False),
    sa.Column('enabled', sa.Boolean(), server_default='1', nullable=False),
    sa.Column('note', sa.Text(), server_default='', nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_devices'))
    )
    op.create_table('fixes',
    sa.Column('operation', sa.String(length=40), nullable=False),
    sa.Column('unit', sa.String(length=40), nullable=False),
    sa.Column('fix_time', sa.BigInteger(), nullable=False),
    sa.Column('device', sa.String(length=80), nullable=False),
    sa.Column('received_at', sa.BigInteger(), nullable=False),
    sa.Column('latitude', sa.Float(), nullable=False),
    sa.Column('longitude', sa.Float(), nullable=False),
    sa.Column('speed', sa.Float(), nullable=True),
    sa.Column('course', sa.Float(), nullable=True),
    sa.Column('altitude', sa.Float(), nullable=True),
    sa.Column('accuracy', sa.Float(), nullable=True),
    sa.Column('battery', sa.Float(), nullable=True),
    sa.Column('attributes', sa.Text(), nullable=True),
    sa.PrimaryKeyConstraint('operation', 'unit', 'fix_time', 'device', name=op.f('pk_fixes')),
    sqlite_with_rowid=False
    )
    op.create_table('heartbeats',
    sa.Column('device', sa.String(length=80), nullable=False),
    sa.Column('received_at', sa.BigInteger(), nullable=False),
    sa.Column('operation', sa.String(length=40), nullable=False),
    sa.Column('unit', sa.String(length=40), nullable=False),
    sa.Column('battery', sa.Float(), nullable=True),
    sa.Column('attributes', sa.Text(), nullable=True),
    sa.PrimaryKeyConstraint('device', 'received_at', name=op.f('pk_heartbeats')),
    sqlite_with_rowid=False
    )
    op.create_table('leases',
    sa.Column('name', sa.String(length=40), nullable=False),
    sa.Column('holder', sa.String(length=80), nullable=False),
    sa.Column('expires_at', sa.BigInteger(), nullable=False),
    sa.PrimaryKeyConstraint('name', name=op.f('pk_leases'))
    )
    op.create_table('operations',
    sa.Column('id', sa.String(length=40), nullable=False),
    sa.Column('kind', sa.String(length=10), nullable=False),
    sa.Column('title', sa.Text(), nullable=False),
    sa.Column('opened_at', sa.BigInteger(), nullable=False),
    sa.Column('closed_at', sa.BigInteger(), nullable=True),
    sa.Column('reserve_minimum', sa.Integer(), server_default='1', nullable=False),
    sa.Column('settings', sa.Text(), server_default='{}', nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_operations'))
    )
    op.create_table('quarantine',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=True, nullable=False),
    sa.Column('operation', sa.String(length=40), nullable=True),
    sa.Column('unit', sa.String(length=40), nullable=True),
    sa.Column('device', sa.String(length=80), nullable=False),
    sa.Column('received_at', sa.BigInteger(), nullable=False),
    sa.Column('source', sa.String(length=20), nullable=False),
    sa.Column('reason', sa.String(length=40), nullable=False),
    sa.Column('field', sa.String(length=40), nullable=False),
    sa.Column('detail', sa.Text(), nullable=False),
    sa.Column('raw', sa.LargeBinary(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_quarantine'))
    )
    with op.batch_alter_table('quarantine', schema=None) as batch_op:
        batch_op.create_index('ix_quarantine_operation', ['operation', 'received_at'], unique=False)

    op.create_table('units',
    sa.Column('id', sa.String(length=40), nullable=False),
    sa.Column('callsign', sa.String(length=40), nullable=False),
    sa.Column('kind', sa.String(length=20), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_units')),
    sa.UniqueConstraint('callsign', name=op.f('uq_units_callsign'))
    )
    op.create_table('users',
    sa.Column('name', sa.String(length=40), nullable=False),
    sa.Column('role', sa.String(length=20), nullable=False),
    sa.Column('password_hash', sa.Text(), nullable=False),
    sa.Column('enabled', sa.Boolean(), server_default='1', nullable=False),
    sa.Column('created_at', sa.BigInteger(), nullable=False),
    sa.PrimaryKeyConstraint('name', name=op.f('pk_users'))
    )
    op.create_table('visits',
    sa.Column('operation', sa.String(length=40), nullable=False),
    sa.Column('crossing', sa.String(length=40), nullable=False),
    sa.Column('unit', sa.String(length=40), nullable=False),
    sa.Column('entered_at', sa.BigInteger(), nullable=False),
    sa.Column('last_inside_at', sa.BigInteger(), nullable=False),
    sa.Column('left_at', sa.BigInteger(), nullable=True),
    sa.PrimaryKeyConstraint('operation', 'crossing', 'unit', 'entered_at', name=op.f('pk_visits')),
    sqlite_with_rowid=False
    )
    with op.batch_alter_table('visits', schema=None) as batch_op:
        batch_op.create_index('ix_visits_unit', ['operation', 'unit', 'left_at'], unique=False)

    op.create_table('versions',
    sa.Column('name', sa.String(length=40), nullable=False),
    sa.Column('value', sa.BigInteger(), nullable=False),
    sa.PrimaryKeyConstraint('name', name=op.f('pk_versions'))
    )
    op.create_table('device_units',
    sa.Column('device', sa.String(length=80), nullable=False),
    sa.Column('starts_at', sa.BigInteger(), nullable=False),
    sa.Column('ends_at', sa.BigInteger(), nullable=True),
    sa.Column('unit', sa.String(length=40), nullable=False),
    sa.ForeignKeyConstraint(['device'], ['devices.id'], name=op.f('fk_device_units_device')),
    sa.ForeignKeyConstraint(['unit'], ['units.id'], name=op.f('fk_device_units_unit')),
    sa.PrimaryKeyConstraint('device', 'starts_at', name=op.f('pk_device_units'))
    )
    op.create_table('events',
    sa.Column('operation', sa.String(length=40), nullable=False),
    sa.Column('stream', sa.String(length=60), nullable=False),
    sa.Column('seq', sa.Integer(), nullable=False),
    sa.Column('chain_seq', sa.BigInteger(), nullable=False),
    sa.Column('event_id', sa.String(length=36), nullable=False),
    sa.Column('command_id', sa.String(length=36), nullable=False),
    sa.Column('region', sa.String(length=10), nullable=False),
    sa.Column('event', sa.String(length=40), nullable=False),
    sa.Column('from_state', sa.String(length=20), nullable=True),
    sa.Column('to_state', sa.String(length=20), nullable=True),
    sa.Column('occurred_at', sa.BigInteger(), nullable=False),
    sa.Column('recorded_at', sa.BigInteger(), nullable=False),
    sa.Column('entered_by', sa.String(length=40), nullable=False),
    sa.Column('entered_role', sa.String(length=20), nullable=False),
    sa.Column('late_entry', sa.Boolean(), nullable=False),
    sa.Column('corrects', sa.String(length=36), nullable=True),
    sa.Column('purpose', sa.String(length=30), nullable=True),
    sa.Column('reason', sa.String(length=30), nullable=True),
    sa.Column('receiver', sa.String(length=10), nullable=True),
    sa.Column('incident', sa.String(length=60), nullable=True),
    sa.Column('platoons', sa.Text(), nullable=True),
    sa.Column('body', sa.Text(), nullable=False),
    sa.Column('prev_hash', sa.String(length=64), nullable=False),
    sa.Column('hash', sa.String(length=64), nullable=False),
    sa.ForeignKeyConstraint(['operation'], ['operations.id'], name=op.f('fk_events_operation')),
    sa.PrimaryKeyConstraint('operation', 'stream', 'seq', name=op.f('pk_events')),
    sa.UniqueConstraint('operation', 'chain_seq', name=op.f('uq_events_operation'))
    )
    with op.batch_alter_table('events', schema=None) as batch_op:
        batch_op.create_index('ix_events_command', ['operation', 'command_id'], unique=False)

    op.create_table('platoons',
    sa.Column('id', sa.String(length=40), nullable=False),
    sa.Column('operation', sa.String(length=40), nullable=False),
    sa.Column('callsign', sa.String(length=40), nullable=False),
    sa.Column('kind', sa.String(length=20), nullable=False),
    sa.Column('strength', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['operation'], ['operations.id'], name=op.f('fk_platoons_operation')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_platoons'))
    )
    op.create_table('sessions',
    sa.Column('id', sa.String(length=64), nullable=False),
    sa.Column('user', sa.String(length=40), nullable=False),
    sa.Column('created_at', sa.BigInteger(), nullable=False),
    sa.Column('expires_at', sa.BigInteger(), nullable=False),
    sa.Column('ended_at', sa.BigInteger(), nullable=True),
    sa.ForeignKeyConstraint(['user'], ['users.name'], name=op.f('fk_sessions_user')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_sessions'))
    )
    op.create_table('shifts',
    sa.Column('id', sa.String(length=40), nullable=False),
    sa.Column('operation', sa.String(length=40), nullable=False),
    sa.Column('name', sa.String(length=40), nullable=False),
    sa.Column('starts_at', sa.BigInteger(), nullable=False),
    sa.Column('ends_at', sa.BigInteger(), nullable=False),
    sa.ForeignKeyConstraint(['operation'], ['operations.id'], name=op.f('fk_shifts_operation')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_shifts'))
    )
    op.create_table('tokens',
    sa.Column('hash', sa.String(length=64), nullable=False),
    sa.Column('user', sa.String(length=40), nullable=False),
    sa.Column('note', sa.Text(), server_default='', nullable=False),
    sa.Column('created_at', sa.BigInteger(), nullable=False),
    sa.Column('revoked_at', sa.BigInteger(), nullable=True),
    sa.ForeignKeyConstraint(['user'], ['users.name'], name=op.f('fk_tokens_user')),
    sa.PrimaryKeyConstraint('hash', name=op.f('pk_tokens'))
    )
    op.create_table('unit_operations',
    sa.Column('unit', sa.String(length=40), nullable=False),
    sa.Column('starts_at', sa.BigInteger(), nullable=False),
    sa.Column('ends_at', sa.BigInteger(), nullable=True),
    sa.Column('operation', sa.String(length=40), nullable=False),
    sa.ForeignKeyConstraint(['operation'], ['operations.id'], name=op.f('fk_unit_operations_operation')),
    sa.ForeignKeyConstraint(['unit'], ['units.id'], name=op.f('fk_unit_operations_unit')),
    sa.PrimaryKeyConstraint('unit', 'starts_at', name=op.f('pk_unit_operations'))
    )
    op.create_table('shift_members',
    sa.Column('shift', sa.String(length=40), nullable=False),
    sa.Column('member_kind', sa.String(length=10), nullable=False),
    sa.Column('member', sa.String(length=40), nullable=False),
    sa.Column('task', sa.Text(), server_default='', nullable=False),
    sa.ForeignKeyConstraint(['shift'], ['shifts.id'], name=op.f('fk_shift_members_shift')),
    sa.PrimaryKeyConstraint('shift', 'member_kind', 'member', name=op.f('pk_shift_members'))
    )
    for statement in APPEND_ONLY[op.get_bind().dialect.name]:
        op.execute(statement)


def downgrade() -> None:
    op.drop_table('shift_members')
    op.drop_table('unit_operations')
    op.drop_table('tokens')
    op.drop_table('shifts')
    op.drop_table('sessions')
    op.drop_table('platoons')
    with op.batch_alter_table('events', schema=None) as batch_op:
        batch_op.drop_index('ix_events_command')

    op.drop_table('events')
    op.drop_table('device_units')
    op.drop_table('versions')
    with op.batch_alter_table('visits', schema=None) as batch_op:
        batch_op.drop_index('ix_visits_unit')

    op.drop_table('visits')
    op.drop_table('users')
    op.drop_table('units')
    with op.batch_alter_table('quarantine', schema=None) as batch_op:
        batch_op.drop_index('ix_quarantine_operation')

    op.drop_table('quarantine')
    op.drop_table('operations')
    op.drop_table('leases')
    op.drop_table('heartbeats')
    op.drop_table('fixes')
    op.drop_table('devices')
    with op.batch_alter_table('changes', schema=None) as batch_op:
        batch_op.drop_index('ix_changes_operation')

    op.drop_table('changes')
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION refuse_change")
