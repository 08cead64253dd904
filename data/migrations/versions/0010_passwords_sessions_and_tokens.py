"""Passwords that must be changed, sessions that know their use, tokens that expire

Tokens that are there already end ninety days from now, and the chain of the system says so; those
of the demonstration stay as they are.
"""

from __future__ import annotations

import hashlib
import json
import time

import sqlalchemy as sa
from alembic import op

revision = '0010'
down_revision = '0009'
branch_labels = None
depends_on = None

NINETY_DAYS = 90 * 24 * 3600 * 1_000_000


def upgrade() -> None:
    with op.batch_alter_table('users') as table:
        table.add_column(sa.Column('must_change', sa.Boolean(), server_default='0', nullable=False))
    with op.batch_alter_table('sessions') as table:
        table.add_column(sa.Column('used_at', sa.BigInteger(), nullable=True))
        table.add_column(sa.Column('ended_because', sa.String(length=20), nullable=True))
        table.add_column(sa.Column('address', sa.String(length=80), server_default='', nullable=False))
        table.add_column(sa.Column('device', sa.String(length=80), server_default='', nullable=False))
    op.create_index('ix_sessions_user', 'sessions', ['user'], unique=False)
    with op.batch_alter_table('tokens') as table:
        table.add_column(sa.Column('expires_at', sa.BigInteger(), nullable=True))
        table.add_column(sa.Column('used_at', sa.BigInteger(), nullable=True))
        table.add_column(sa.Column('issued_by', sa.String(length=40), nullable=True))
    limit_tokens(op.get_bind())


def downgrade() -> None:
    with op.batch_alter_table('tokens') as table:
        for name in ('issued_by', 'used_at', 'expires_at'):
            table.drop_column(name)
    op.drop_index('ix_sessions_user', table_name='sessions')
    with op.batch_alter_table('sessions') as table:
        for name in ('device', 'address', 'ended_because', 'used_at'):
            table.drop_column(name)
    with op.batch_alter_table('users') as table:
        table.drop_column('must_change')


def limit_tokens(connection: sa.Connection) -> None:
    now = time.time_ns() // 1000
    issued = issuers(connection)
    query = sa.text('SELECT * FROM tokens WHERE revoked_at IS NULL ORDER BY created_at, hash')
    limited = []
    for row in connection.execute(query).mappings().all():
        expires = None if is_demonstration(row) else now + NINETY_DAYS
        connection.execute(
            sa.text('UPDATE tokens SET expires_at = :at, issued_by = :by WHERE hash = :hash'),
            {'at': expires, 'by': issued.get(sha256(row['hash'])), 'hash': row['hash']},
        )
        if expires is not None:
            limited.append((row['user'], {'token': sha256(row['hash']), 'expires_at': expires}))
    append(connection, now, limited)


def is_demonstration(row: sa.RowMapping) -> bool:
    return row['hash'] == sha256('demo-' + row['user']) and row['note'] == 'demonstration'


def issuers(connection: sa.Connection) -> dict[str, str | None]:
    """Who issued each token, by its digest."""
    query = sa.text("SELECT done_by, body FROM system_events WHERE event = 'token_issued'")
    return {json.loads(body)['token']: by for by, body in connection.execute(query)}


# --- as data/system_log.py adds to the chain ------------------------------------------------------


def append(connection: sa.Connection, now: int, limited: list[tuple[str, dict[str, object]]]) -> None:
    last = connection.execute(
        sa.text('SELECT seq, recorded_at, hash FROM system_events ORDER BY seq DESC LIMIT 1')
    ).first()
    seq, recorded, previous = tuple(last) if last else (0, 0, '0' * 64)
    for subject, body in limited:
        seq, recorded = seq + 1, max(recorded, now)
        hashed = {
            'seq': seq,
            'event': 'token_limited',
            'subject': subject,
            'by': None,
            'recorded_us': recorded,
            'body_text': canonical(body),
            'prev_hash': previous,
        }
        digest = sha256(canonical(hashed))
        connection.execute(
            sa.text(
                'INSERT INTO system_events (seq, event, subject, done_by, recorded_at, body, '
                'prev_hash, hash) VALUES (:seq, :event, :subject, NULL, :recorded_us, :body_text, '
                ':prev_hash, :hash)'
            ),
            hashed | {'hash': digest},
        )
        previous = digest


def canonical(value: object) -> str:
    return json.dumps(value, sort_keys=True, separators=(',', ':'), ensure_ascii=False)


def sha256(text: str) -> str:
    return hashlib.sha256(text.encode('utf-8', 'surrogatepass')).hexdigest()
