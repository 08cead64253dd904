"""Seals of positions, decisions and imports

Decisions about the quarantine and imports that are there already are written into the chain of their
operation as they are found, so that from here on each of them has a digest. Positions are sealed by
the program, beginning with the oldest.
"""

from __future__ import annotations

import hashlib
import json
import secrets
import time
import uuid

import sqlalchemy as sa
from alembic import op

revision = '0009'
down_revision = '0008'
branch_labels = None
depends_on = None


KEPT = {
    "sqlite": (
        "CREATE TRIGGER imports_no_delete BEFORE DELETE ON imports WHEN OLD.status <> 'previewed' "
        "BEGIN SELECT RAISE(ABORT, 'an import that was stored stays'); END",
        "CREATE TRIGGER imports_no_update BEFORE UPDATE ON imports WHEN OLD.status = 'undone' "
        "BEGIN SELECT RAISE(ABORT, 'an import that was undone stays'); END",
        # INSERT OR REPLACE removes a row without asking the trigger of a delete
        "CREATE TRIGGER imports_no_replacement BEFORE INSERT ON imports "
        "WHEN EXISTS (SELECT 1 FROM imports WHERE id = NEW.id) "
        "BEGIN SELECT RAISE(ABORT, 'an import that was stored stays'); END",
    ),
    "postgresql": (
        "CREATE FUNCTION refuse_other_import() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'an import that was stored stays'; END $$",
        "CREATE TRIGGER imports_no_delete BEFORE DELETE ON imports FOR EACH ROW "
        "WHEN (OLD.status <> 'previewed') EXECUTE FUNCTION refuse_other_import()",
        "CREATE TRIGGER imports_no_update BEFORE UPDATE ON imports FOR EACH ROW "
        "WHEN (OLD.status = 'undone') EXECUTE FUNCTION refuse_other_import()",
        "CREATE TRIGGER imports_no_truncate BEFORE TRUNCATE ON imports FOR EACH STATEMENT "
        "EXECUTE FUNCTION refuse_other_import()",
        *(
            f"ALTER TABLE imports ENABLE ALWAYS TRIGGER imports_no_{what}"
            for what in ("delete", "update", "truncate")
        ),
    ),
}


def upgrade() -> None:
    op.create_table('seal_segments',
    sa.Column('operation', sa.String(length=40), nullable=False),
    sa.Column('starts_at', sa.BigInteger(), nullable=False),
    sa.Column('ends_at', sa.BigInteger(), nullable=False),
    sa.Column('sealed', sa.Boolean(), nullable=False),
    sa.PrimaryKeyConstraint('operation', 'starts_at', name=op.f('pk_seal_segments')),
    sqlite_with_rowid=False
    )
    op.create_table('late_fixes',
    sa.Column('operation', sa.String(length=40), nullable=False),
    sa.Column('unit', sa.String(length=40), nullable=False),
    sa.Column('fix_time', sa.BigInteger(), nullable=False),
    sa.Column('device', sa.String(length=80), nullable=False),
    sa.PrimaryKeyConstraint('operation', 'unit', 'fix_time', 'device', name=op.f('pk_late_fixes')),
    sqlite_with_rowid=False
    )
    connection = op.get_bind()
    for statement in KEPT[connection.dialect.name]:
        op.execute(statement)
    found: dict[str, dict[str, object]] = {}
    for entry, operation, digest in decisions(connection):
        found.setdefault(operation, {}).setdefault("decisions", []).append([entry, digest])
    for number, operation, status, digest in imports(connection):
        found.setdefault(operation, {}).setdefault("imports", []).append([number, status, digest])
    for operation, record in sorted(found.items()):
        append(connection, operation, record)


def downgrade() -> None:
    connection = op.get_bind()
    if connection.execute(sa.text("SELECT count(*) FROM seal_segments")).scalar():
        raise RuntimeError('seal_segments tells what the seals of the chain are about')
    if connection.dialect.name == "sqlite":
        for what in ("delete", "update", "replacement"):
            op.execute(f"DROP TRIGGER imports_no_{what}")
    else:
        for what in ("delete", "update", "truncate"):
            op.execute(f"DROP TRIGGER imports_no_{what} ON imports")
        op.execute("DROP FUNCTION refuse_other_import")
    op.drop_table('late_fixes')
    op.drop_table('seal_segments')


# --- as data/record_seals.py makes them ----------------------------------------------------------

DECISION = (
    "entry", "command_id", "decision", "decided_by", "decided_role", "decided_at", "operation",
    "reason", "said",
)
ENTRY = (
    "operation", "unit", "device", "received_at", "source", "reason", "field", "detail", "raw",
    "fix_time",
)
FACTS = (
    "id", "operation", "file_name", "source", "device", "unit", "anywhere", "utc", "size", "sha256",
    "status", "uploaded_by", "uploaded_role", "uploaded_at", "received_at",
)
SETTLED = ("done", "counts")
UNDONE = ("undone_by", "undone_at", "undone_reason", "removed")
PART = ("part", "operation", "unit", "device", "fixes", "times")


def decisions(connection: sa.Connection) -> list[tuple[int, str, str]]:
    query = sa.text(
        "SELECT " + ", ".join(f"d.{name} AS d_{name}" for name in DECISION) + ", "
        + ", ".join(f"q.{name} AS q_{name}" for name in ENTRY)
        + " FROM quarantine_decisions AS d JOIN quarantine AS q ON q.id = d.entry ORDER BY d.entry"
    )
    found = []
    for row in connection.execute(query).mappings():
        whole = {
            "decision": {name: plain(row[f"d_{name}"]) for name in DECISION},
            "entry": {name: plain(row[f"q_{name}"]) for name in ENTRY},
        }
        found.append((row["d_entry"], row["d_operation"], sha256(canonical(whole))))
    return found


def imports(connection: sa.Connection) -> list[tuple[int, str, str, str]]:
    query = sa.text("SELECT * FROM imports WHERE status <> 'previewed' ORDER BY id")
    parts = sa.text("SELECT * FROM import_parts WHERE import_id = :id")
    found = []
    for row in connection.execute(query).mappings().all():
        names = FACTS
        if row["status"] != "storing":
            names += SETTLED
        if row["status"] == "undone":
            names += UNDONE
        whole = {name: plain(row[name]) for name in names}
        for name in ("anywhere", "utc"):
            whole[name] = int(row[name])
        if row["status"] in ("stored", "interrupted"):
            lines = (
                canonical([plain(part[name]) for name in PART])
                for part in connection.execute(parts, {"id": row["id"]}).mappings()
            )
            whole["parts"] = sha256("\n".join(sorted(lines)))
        found.append((row["id"], row["operation"], row["status"], sha256(canonical(whole))))
    return found


def plain(value: object) -> object:
    if isinstance(value, (bytes, memoryview)):
        return hashlib.sha256(bytes(value)).hexdigest()
    return int(value) if isinstance(value, bool) else value


# --- as data/event_append.py adds to a chain -----------------------------------------------------

COLUMNS = (
    "operation", "stream", "seq", "chain_seq", "event_id", "command_id", "region", "event",
    "from_state", "to_state", "occurred_us", "recorded_us", "entered_by", "entered_role",
    "late_entry", "corrects", "purpose", "reason", "receiver", "incident", "platoons", "body_text",
    "prev_hash", "hash",
)
STORED = {"occurred_us": "occurred_at", "recorded_us": "recorded_at", "body_text": "body"}


def append(connection: sa.Connection, operation: str, record: dict[str, object]) -> None:
    last = connection.execute(
        sa.text(
            "SELECT chain_seq, hash, recorded_at FROM events WHERE operation = :operation "
            "ORDER BY chain_seq DESC LIMIT 1"
        ),
        {"operation": operation},
    ).first()
    seals = connection.execute(
        sa.text(
            "SELECT count(*) FROM events WHERE operation = :operation AND stream = 'seals'"
        ),
        {"operation": operation},
    ).scalar()
    now = time.time_ns() // 1000
    event: dict[str, object] = dict.fromkeys(COLUMNS) | {
        "operation": operation,
        "stream": "seals",
        "seq": (seals or 0) + 1,
        "chain_seq": last[0] + 1 if last else 1,
        "event_id": version_7(now),
        "command_id": str(uuid.uuid4()),
        "region": "LOG",
        "event": "records_found",
        "occurred_us": now,
        "recorded_us": max(now, last[2]) if last else now,
        "entered_by": "system",
        "entered_role": "SYSTEM",
        "late_entry": False,
        "body_text": canonical({"record": record, "schema_version": 1}),
        "prev_hash": last[1] if last else "0" * 64,
    }
    del event["hash"]
    event["hash"] = sha256(canonical(event))
    names = [STORED.get(name, name) for name in COLUMNS]
    connection.execute(
        sa.text(
            f"INSERT INTO events ({', '.join(names)}) "
            f"VALUES ({', '.join(f':{name}' for name in COLUMNS)})"
        ),
        event,
    )


def version_7(now: int) -> str:
    value = (now // 1000 & (1 << 48) - 1) << 80
    value |= 0x7 << 76 | secrets.randbits(12) << 64 | 0b10 << 62 | secrets.randbits(62)
    return str(uuid.UUID(int=value))


def canonical(value: object) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def sha256(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
