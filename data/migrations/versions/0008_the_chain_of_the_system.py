"""The chain of the system

Accounts, tokens and operations that are there already are written down as they are found: from here
on whatever changes them behind the program's back shows.
"""

from __future__ import annotations

import hashlib
import json
import time

import sqlalchemy as sa
from alembic import op

revision = '0008'
down_revision = '0007'
branch_labels = None
depends_on = None


FINAL = {
    "sqlite": (
        *(
            f"CREATE TRIGGER system_events_no_{what.lower()} BEFORE {what} ON system_events "
            "BEGIN SELECT RAISE(ABORT, 'the log is append-only'); END"
            for what in ("UPDATE", "DELETE")
        ),
        # INSERT OR REPLACE removes a row without asking the trigger of a delete
        "CREATE TRIGGER system_events_no_replacement BEFORE INSERT ON system_events "
        "WHEN EXISTS (SELECT 1 FROM system_events WHERE seq = NEW.seq) "
        "BEGIN SELECT RAISE(ABORT, 'the log is append-only'); END",
    ),
    "postgresql": (
        "CREATE TRIGGER system_events_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON "
        "system_events FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()",
        "ALTER TABLE system_events ENABLE ALWAYS TRIGGER system_events_append_only",
    ),
}


ROSTER = (
    "operations", "units", "devices", "device_units", "unit_operations", "platoons", "shifts",
    "shift_members",
)


def upgrade() -> None:
    table = op.create_table('system_events',
    sa.Column('seq', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=False, nullable=False),
    sa.Column('event', sa.String(length=40), nullable=False),
    sa.Column('subject', sa.String(length=40), nullable=False),
    sa.Column('done_by', sa.String(length=40), nullable=True),
    sa.Column('recorded_at', sa.BigInteger(), nullable=False),
    sa.Column('body', sa.Text(), nullable=False),
    sa.Column('prev_hash', sa.String(length=64), nullable=False),
    sa.Column('hash', sa.String(length=64), nullable=False),
    sa.PrimaryKeyConstraint('seq', name=op.f('pk_system_events'))
    )
    op.create_index('ix_system_events_done_by', 'system_events', ['done_by'], unique=False)
    for statement in FINAL[op.get_bind().dialect.name]:
        op.execute(statement)
    rows = chained(found(op.get_bind()))
    if rows:
        op.bulk_insert(table, rows)


def downgrade() -> None:
    told = "SELECT count(*) FROM system_events WHERE event NOT LIKE '%found'"
    if op.get_bind().execute(sa.text(told)).scalar():
        raise RuntimeError('system_events holds what no other table has')
    op.drop_index('ix_system_events_done_by', table_name='system_events')
    op.drop_table('system_events')


def found(connection: sa.Connection) -> list[tuple[str, str, dict[str, object]]]:
    """Event, subject and body of everything that is there already."""
    events: list[tuple[str, str, dict[str, object]]] = []
    for row in connection.execute(sa.text("SELECT * FROM users ORDER BY name")).mappings():
        body = {
            "role": row["role"],
            "enabled": bool(row["enabled"]),
            "password": sha256(row["password_hash"]),
        }
        events.append(("account_found", row["name"], body))
    query = 'SELECT * FROM tokens WHERE revoked_at IS NULL ORDER BY created_at, hash'
    for row in connection.execute(sa.text(query)).mappings():
        body = {"token": sha256(row["hash"]), "note": row["note"]}
        events.append(("token_found", row["user"], body))
    last = sa.text(
        "SELECT chain_seq, hash FROM events WHERE operation = :id ORDER BY chain_seq DESC LIMIT 1"
    )
    for row in connection.execute(sa.text("SELECT * FROM operations ORDER BY id")).mappings():
        head = connection.execute(last, {"id": row["id"]}).first()
        body = {
            "kind": row["kind"],
            "opened_at": row["opened_at"],
            "closed_at": row["closed_at"],
            "events": head[0] if head else 0,
            "head": head[1] if head else None,
        }
        events.append(("operation_found", row["id"], body))
    tables = {name: roster(connection, name) for name in ROSTER}
    if any(one["rows"] for one in tables.values()):
        events.append(("roster_found", "roster", tables))
    return events


def roster(connection: sa.Connection, name: str) -> dict[str, object]:
    """How many rows a table has, and the digest of all of them."""
    rows = connection.execute(sa.text(f"SELECT * FROM {name}")).mappings().all()
    lines = sorted(canonical({key: plain(row[key]) for key in row}) for row in rows)
    columns = sorted(one["name"] for one in sa.inspect(connection).get_columns(name))
    return {"rows": len(rows), "columns": columns, "digest": sha256("\n".join(lines))}


def plain(value: object) -> object:
    return int(value) if isinstance(value, bool) else value


def chained(events: list[tuple[str, str, dict[str, object]]]) -> list[dict[str, object]]:
    """The rows, linked as ``domain.system_log`` links them."""
    previous, now, rows = "0" * 64, time.time_ns() // 1000, []
    for seq, (event, subject, body) in enumerate(events, start=1):
        hashed = {
            "seq": seq,
            "event": event,
            "subject": subject,
            "by": None,
            "recorded_us": now,
            "body_text": canonical(body),
            "prev_hash": previous,
        }
        digest = sha256(canonical(hashed))
        rows.append({
            "seq": seq,
            "event": event,
            "subject": subject,
            "done_by": None,
            "recorded_at": now,
            "body": hashed["body_text"],
            "prev_hash": previous,
            "hash": digest,
        })
        previous = digest
    return rows


def canonical(value: object) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def sha256(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
