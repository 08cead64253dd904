"""The tables, in SQLAlchemy Core, for SQLite and PostgreSQL alike.

Times are whole microseconds since 1970 UTC (``domain.time.to_microseconds``). ``events`` is the
only truth about incidents, platoons and the occurrence log: it is append-only, and triggers of the
first migration refuse update and delete. ``changes`` is the short journal that the live stream
reads; it can be emptied at any time without losing anything.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from data import schema_alerts, schema_seals, schema_security

metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
        "ix": "ix_%(table_name)s_%(column_0_name)s",
    }
)

_SERIAL = BigInteger().with_variant(Integer, "sqlite")

# --- operations and the roster -----------------------------------------------------------------

operations = Table(
    "operations",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("kind", String(10), nullable=False),  # live, exercise, history
    Column("title", Text, nullable=False),
    Column("opened_at", BigInteger, nullable=False),
    Column("closed_at", BigInteger),
    Column("reserve_minimum", Integer),  # platoons; none of its own: what the unit has set
    Column("settings", Text, nullable=False, server_default="{}"),
)

units = Table(
    "units",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("callsign", String(40), nullable=False, unique=True),
    Column("kind", String(20), nullable=False),  # patrol, command, liaison
)

unit_operations = Table(
    "unit_operations",
    metadata,
    Column("unit", ForeignKey("units.id"), primary_key=True),
    Column("starts_at", BigInteger, primary_key=True),
    Column("ends_at", BigInteger),
    Column("operation", ForeignKey("operations.id"), nullable=False),
)

devices = Table(
    "devices",
    metadata,
    Column("id", String(80), primary_key=True),
    Column("key_hash", String(64), nullable=False),  # SHA-256 of a random key
    Column("speed_unit", String(10), nullable=False, server_default="knots"),  # OsmAnd only
    Column("enabled", Boolean, nullable=False, server_default="1"),
    Column("note", Text, nullable=False, server_default=""),
)

device_units = Table(
    "device_units",
    metadata,
    Column("device", ForeignKey("devices.id"), primary_key=True),
    Column("starts_at", BigInteger, primary_key=True),
    Column("ends_at", BigInteger),
    Column("unit", ForeignKey("units.id"), nullable=False),
)

platoons = Table(
    "platoons",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("operation", ForeignKey("operations.id"), nullable=False),
    Column("callsign", String(40), nullable=False),
    Column("kind", String(20), nullable=False),  # crowd_control, special, support
    Column("strength", Integer, nullable=False),  # officers
)

shifts = Table(
    "shifts",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("operation", ForeignKey("operations.id"), nullable=False),
    Column("name", String(40), nullable=False),
    Column("starts_at", BigInteger, nullable=False),
    Column("ends_at", BigInteger, nullable=False),
)

shift_members = Table(
    "shift_members",
    metadata,
    Column("shift", ForeignKey("shifts.id"), primary_key=True),
    Column("member_kind", String(10), primary_key=True),  # unit, platoon
    Column("member", String(40), primary_key=True),
    Column("task", Text, nullable=False, server_default=""),
)

# --- people ------------------------------------------------------------------------------------

users = Table(
    "users",
    metadata,
    Column("name", String(40), primary_key=True),
    Column("role", String(20), nullable=False),
    Column("password_hash", Text, nullable=False),
    Column("enabled", Boolean, nullable=False, server_default="1"),
    Column("created_at", BigInteger, nullable=False),
    Column("must_change", Boolean, nullable=False, server_default="0"),  # the password
)

sessions = Table(
    "sessions",
    metadata,
    Column("id", String(64), primary_key=True),  # SHA-256 of the cookie's secret
    Column("user", ForeignKey("users.name"), nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
    Column("ended_at", BigInteger),
    Column("used_at", BigInteger),  # by a person; none: when it was begun
    Column("ended_because", String(20)),
    Column("address", String(80), nullable=False, server_default=""),
    Column("device", String(80), nullable=False, server_default=""),
    Index("ix_sessions_user", "user"),
)

tokens = Table(
    "tokens",
    metadata,
    Column("hash", String(64), primary_key=True),  # SHA-256 of the token
    Column("user", ForeignKey("users.name"), nullable=False),
    Column("note", Text, nullable=False, server_default=""),  # what it is for
    Column("created_at", BigInteger, nullable=False),
    Column("revoked_at", BigInteger),
    Column("expires_at", BigInteger),  # none: in the demonstration
    Column("used_at", BigInteger),
    Column("issued_by", String(40)),
)

# --- the log: the only truth -------------------------------------------------------------------

FIRST_OF_INCIDENT = "seq = 1 AND region = 'INC'"
"""One event an incident: what gives the next one its number without counting those before it."""

events = Table(
    "events",
    metadata,
    Column("operation", ForeignKey("operations.id"), primary_key=True),
    Column("stream", String(60), primary_key=True),  # incident id, platoon:<id>, log
    Column("seq", Integer, primary_key=True),  # 1, 2, 3 … in the stream
    Column("chain_seq", BigInteger, nullable=False),  # 1, 2, 3 … in the operation
    Column("event_id", String(36), nullable=False),  # UUID version 7
    Column("command_id", String(36), nullable=False),
    Column("region", String(10), nullable=False),  # INC, T2, T3, LINE, RES, LOG
    Column("event", String(40), nullable=False),
    Column("from_state", String(20)),
    Column("to_state", String(20)),
    Column("occurred_at", BigInteger, nullable=False),
    Column("recorded_at", BigInteger, nullable=False),
    Column("entered_by", String(40), nullable=False),
    Column("entered_role", String(20), nullable=False),
    Column("late_entry", Boolean, nullable=False),
    Column("corrects", String(36)),
    # what the fold needs of the record, in columns so that no JSON is parsed for it
    Column("purpose", String(30)),
    Column("reason", String(30)),
    Column("receiver", String(10)),
    Column("incident", String(60)),
    Column("platoons", Text),  # ids joined by a comma
    Column("body", Text, nullable=False),  # canonical JSON of the rest
    Column("prev_hash", String(64), nullable=False),
    Column("hash", String(64), nullable=False),
    UniqueConstraint("operation", "chain_seq"),
    Index("ix_events_command", "operation", "command_id"),
    Index(
        "ix_events_reported",
        "operation",
        "chain_seq",
        sqlite_where=text(FIRST_OF_INCIDENT),
        postgresql_where=text(FIRST_OF_INCIDENT),
    ),
)

alert_repeats = schema_alerts.alert_repeats(metadata)

# Accounts, tokens and operations, whoever changed them: one chain, as append-only as ``events``.
system_events = Table(
    "system_events",
    metadata,
    Column("seq", _SERIAL, primary_key=True, autoincrement=False),  # 1, 2, 3 …
    Column("event", String(40), nullable=False),  # account_added, operation_opened …
    Column("subject", String(40), nullable=False),  # account or operation
    Column("done_by", String(40)),  # account; empty: nobody was named
    Column("recorded_at", BigInteger, nullable=False),
    Column("body", Text, nullable=False),  # canonical JSON, never a secret
    Column("prev_hash", String(64), nullable=False),
    Column("hash", String(64), nullable=False),
    Index("ix_system_events_done_by", "done_by"),
)

security_events = schema_security.security_events(metadata)

# --- positions ---------------------------------------------------------------------------------

fixes = Table(
    "fixes",
    metadata,
    Column("operation", String(40), primary_key=True),
    Column("unit", String(40), primary_key=True),
    Column("fix_time", BigInteger, primary_key=True),
    Column("device", String(80), primary_key=True),
    Column("received_at", BigInteger, nullable=False),
    Column("latitude", Float, nullable=False),  # degrees, WGS84
    Column("longitude", Float, nullable=False),
    Column("speed", Float),  # metres per second
    Column("course", Float),  # degrees true
    Column("altitude", Float),  # metres
    Column("accuracy", Float),  # metres
    Column("battery", Float),  # 0 to 100
    Column("attributes", Text),  # JSON, what else the device said
    sqlite_with_rowid=False,
)

# Fixes that have settled, packed in columns (data/fix_chunks.py): a fix is either here or in
# ``fixes``. The chunks of a unit do not overlap: one ends before the next one starts.
fix_chunks = Table(
    "fix_chunks",
    metadata,
    Column("operation", String(40), primary_key=True),
    Column("unit", String(40), primary_key=True),
    Column("start", BigInteger, primary_key=True),  # fix time of the first
    Column("last_time", BigInteger, nullable=False),  # fix time of the last
    Column("first_received", BigInteger, nullable=False),  # when the earliest known became known
    Column("fixes", Integer, nullable=False),  # how many
    Column("places", LargeBinary, nullable=False),
    Column("readings", LargeBinary, nullable=False),
)

seal_segments, late_fixes = schema_seals.seal_segments(metadata), schema_seals.late_fixes(metadata)

heartbeats = Table(
    "heartbeats",
    metadata,
    Column("device", String(80), primary_key=True),
    Column("received_at", BigInteger, primary_key=True),
    Column("operation", String(40), nullable=False),
    Column("unit", String(40), nullable=False),
    Column("battery", Float),
    Column("attributes", Text),
    sqlite_with_rowid=False,
)

quarantine = Table(
    "quarantine",
    metadata,
    Column("id", _SERIAL, primary_key=True, autoincrement=True),
    Column("operation", String(40)),  # empty: the device was in no operation at that time
    Column("unit", String(40)),
    Column("device", String(80), nullable=False),
    Column("received_at", BigInteger, nullable=False),
    Column("source", String(20), nullable=False),  # osmand, owntracks, gpx …
    Column("reason", String(40), nullable=False),
    Column("field", String(40), nullable=False),
    Column("detail", Text, nullable=False),
    Column("raw", LargeBinary, nullable=False),  # what the device sent, as it was
    Column("fix_time", BigInteger),  # what its clock said, where it was refused for that
    Index("ix_quarantine_operation", "operation", "received_at"),
)

# What a person decided about an entry; one decision an entry, never changed (0007 has triggers).
quarantine_decisions = Table(
    "quarantine_decisions",
    metadata,
    Column("entry", ForeignKey("quarantine.id"), primary_key=True),
    Column("command_id", String(36), nullable=False),
    Column("decision", String(20), nullable=False),  # accepted, corrected, discarded
    Column("decided_by", String(40), nullable=False),
    Column("decided_role", String(20), nullable=False),
    Column("decided_at", BigInteger, nullable=False),
    Column("operation", String(40), nullable=False),  # in which it was decided
    Column("reason", Text, nullable=False),
    Column("said", Text, nullable=False),  # JSON: what was put in the place of what had come
)

# Track files: looked at first, stored when somebody says so, undone as a whole.
imports = Table(
    "imports",
    metadata,
    Column("id", _SERIAL, primary_key=True, autoincrement=True),
    Column("operation", String(40), nullable=False),
    Column("file_name", String(200), nullable=False),
    Column("source", String(20), nullable=False),  # gpx, csv_table …
    Column("device", String(80), nullable=False),
    Column("unit", String(40)),  # empty: as the file says
    Column("anywhere", Boolean, nullable=False),
    Column("utc", Boolean, nullable=False),
    Column("size", Integer, nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("status", String(20), nullable=False),
    Column("uploaded_by", String(40), nullable=False),
    Column("uploaded_role", String(20), nullable=False),
    Column("uploaded_at", BigInteger, nullable=False),
    Column("touched_at", BigInteger, nullable=False),
    Column("received_at", BigInteger),  # of every fix and every entry of the quarantine
    Column("done", Integer, nullable=False),
    Column("counts", Text, nullable=False),  # JSON
    Column("undone_by", String(40)),
    Column("undone_at", BigInteger),
    Column("undone_reason", Text),
    Column("removed", Integer),
    Column("data", LargeBinary),  # until it is stored
    Index("ix_imports_operation", "operation", "id"),
    sqlite_autoincrement=True,
)

import_parts = Table(
    "import_parts",
    metadata,
    Column("import_id", ForeignKey("imports.id"), primary_key=True),
    Column("part", Integer, primary_key=True),
    Column("operation", String(40), primary_key=True),
    Column("unit", String(40), primary_key=True),
    Column("device", String(80), primary_key=True),
    Column("fixes", Integer, nullable=False),
    Column("times", LargeBinary, nullable=False),  # packed by data/import_store.py
)

visits = Table(
    "visits",
    metadata,
    Column("operation", String(40), primary_key=True),
    Column("crossing", String(40), primary_key=True),
    Column("unit", String(40), primary_key=True),
    Column("entered_at", BigInteger, primary_key=True),
    Column("last_inside_at", BigInteger, nullable=False),
    Column("left_at", BigInteger),
    Index("ix_visits_unit", "operation", "unit", "left_at"),
    sqlite_with_rowid=False,
)

# Levels of detail of all tracks of one hour (data/level_store.py), made from fixes: may be emptied
# at any time without losing anything.
track_levels = Table(
    "track_levels",
    metadata,
    Column("operation", String(40), primary_key=True),
    Column("hour", BigInteger, primary_key=True),  # its beginning
    Column("changed", Integer, nullable=False),  # how often since the hour ended
    Column("recipe", String(40)),  # with what settings it was made; empty: to be made
    Column("coarse", LargeBinary),
    Column("fine", LargeBinary),
    Index("ix_track_levels_due", "recipe", "hour"),
)

# --- running -----------------------------------------------------------------------------------

changes = Table(
    "changes",
    metadata,
    Column("seq", _SERIAL, primary_key=True, autoincrement=True),
    Column("operation", String(40), nullable=False),
    Column("kind", String(20), nullable=False),  # fix, incident, platoon, log, alert, visit, tracks
    Column("recorded_at", BigInteger, nullable=False),
    Column("payload", Text, nullable=False),  # the JSON that the stream sends
    Index("ix_changes_operation", "operation", "seq"),
    sqlite_autoincrement=True,
)

leases = Table(
    "leases",
    metadata,
    Column("name", String(40), primary_key=True),
    Column("holder", String(80), nullable=False),
    Column("expires_at", BigInteger, nullable=False),
)

versions = Table(
    "versions",
    metadata,
    Column("name", String(40), primary_key=True),  # roster
    Column("value", BigInteger, nullable=False),  # counts up with every change
)
