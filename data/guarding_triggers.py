"""The triggers that keep the log: what the migrations have installed, and what there is now.

Whoever owns the database can take a trigger away, switch it off or put one in its place that does
nothing; the catalog tells.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

from sqlalchemy import Connection, text

_LOG = "BEGIN SELECT RAISE(ABORT, 'the log is append-only'); END"
_FINAL = "BEGIN SELECT RAISE(ABORT, 'a decision is final'); END"
_TABLES = ("events", "system_events", "security_events", "quarantine_decisions", "imports")
_BEFORE = "BEFORE DELETE OR UPDATE OR TRUNCATE ON {} FOR EACH STATEMENT EXECUTE FUNCTION {}()"


def _kept(table: str, statement: str) -> dict[str, str]:
    return {
        f"{table}_no_{what.lower()}": f"CREATE TRIGGER {table}_no_{what.lower()} BEFORE {what} ON "
        f"{table} {statement}"
        for what in ("UPDATE", "DELETE")
    }


_SQLITE = {
    **_kept("events", _LOG),
    "events_no_replacement": "CREATE TRIGGER events_no_replacement BEFORE INSERT ON events WHEN "
    "EXISTS (SELECT 1 FROM events WHERE operation = NEW.operation AND stream = NEW.stream AND seq "
    "= NEW.seq) OR EXISTS (SELECT 1 FROM events WHERE operation = NEW.operation AND chain_seq = "
    "NEW.chain_seq) OR EXISTS (SELECT 1 FROM events WHERE rowid = NEW.rowid) "
    "BEGIN SELECT RAISE(ABORT, 'the log is append-only'); END",
    **_kept("system_events", _LOG),
    "system_events_no_replacement": "CREATE TRIGGER system_events_no_replacement BEFORE INSERT ON "
    "system_events WHEN EXISTS (SELECT 1 FROM system_events WHERE seq = NEW.seq) "
    "BEGIN SELECT RAISE(ABORT, 'the log is append-only'); END",
    "security_events_no_update": "CREATE TRIGGER security_events_no_update BEFORE UPDATE ON "
    "security_events BEGIN SELECT RAISE(ABORT, 'the log is append-only'); END",
    "security_events_no_delete": "CREATE TRIGGER security_events_no_delete BEFORE DELETE ON "
    "security_events WHEN NOT coalesce((SELECT event = 'security_dropped' AND CAST(subject AS "
    "INTEGER) >= OLD.segment FROM system_events ORDER BY seq DESC LIMIT 1), 0) "
    "BEGIN SELECT RAISE(ABORT, 'the log is append-only'); END",
    "security_events_no_replacement": "CREATE TRIGGER security_events_no_replacement BEFORE INSERT "
    "ON security_events WHEN EXISTS (SELECT 1 FROM security_events WHERE segment = NEW.segment AND "
    "seq = NEW.seq) OR EXISTS (SELECT 1 FROM security_events WHERE rowid = NEW.rowid) "
    "BEGIN SELECT RAISE(ABORT, 'the log is append-only'); END",
    **_kept("quarantine_decisions", _FINAL),
    "quarantine_decisions_no_replacement": "CREATE TRIGGER quarantine_decisions_no_replacement "
    "BEFORE INSERT ON quarantine_decisions WHEN EXISTS (SELECT 1 FROM quarantine_decisions WHERE "
    "entry = NEW.entry) BEGIN SELECT RAISE(ABORT, 'a decision is final'); END",
    "imports_no_delete": "CREATE TRIGGER imports_no_delete BEFORE DELETE ON imports WHEN "
    "OLD.status <> 'previewed' BEGIN SELECT RAISE(ABORT, 'an import that was stored stays'); END",
    "imports_no_update": "CREATE TRIGGER imports_no_update BEFORE UPDATE ON imports WHEN "
    "OLD.status = 'undone' BEGIN SELECT RAISE(ABORT, 'an import that was undone stays'); END",
    "imports_no_replacement": "CREATE TRIGGER imports_no_replacement BEFORE INSERT ON imports "
    "WHEN EXISTS (SELECT 1 FROM imports WHERE id = NEW.id) "
    "BEGIN SELECT RAISE(ABORT, 'an import that was stored stays'); END",
}


def _served(name: str, function: str) -> str:
    table = name.rpartition("_")[0] if name.endswith("_final") else name[: -len("_append_only")]
    return f"CREATE TRIGGER {name} {_BEFORE.format(table, function)}; fires always"


_POSTGRESQL = {
    "events_append_only": _served("events_append_only", "refuse_change"),
    "system_events_append_only": _served("system_events_append_only", "refuse_change"),
    "quarantine_decisions_final": _served("quarantine_decisions_final", "refuse_other_decision"),
    "security_events_append_only": "CREATE TRIGGER security_events_append_only BEFORE UPDATE OR "
    "TRUNCATE ON security_events FOR EACH STATEMENT EXECUTE FUNCTION refuse_change(); fires always",
    "security_events_no_delete": "CREATE TRIGGER security_events_no_delete BEFORE DELETE ON "
    "security_events FOR EACH ROW EXECUTE FUNCTION refuse_early_drop(); fires always",
    "refuse_early_drop": "BEGIN IF coalesce((SELECT event = 'security_dropped' AND CAST(subject AS "
    "integer) >= OLD.segment FROM system_events ORDER BY seq DESC LIMIT 1), false) THEN RETURN "
    "OLD; END IF; RAISE EXCEPTION 'the log is append-only'; END",
    "refuse_change": "BEGIN RAISE EXCEPTION 'the log is append-only'; END",
    **{
        f"imports_no_{what}": f"CREATE TRIGGER imports_no_{what} BEFORE {what.upper()} ON imports "
        f"FOR EACH {rows} EXECUTE FUNCTION refuse_other_import(); fires always"
        for what, rows in (
            ("delete", "ROW WHEN (old.status::text <> 'previewed'::text)"),
            ("update", "ROW WHEN (old.status::text = 'undone'::text)"),
            ("truncate", "STATEMENT"),
        )
    },
    "refuse_other_import": "BEGIN RAISE EXCEPTION 'an import that was stored stays'; END",
    "refuse_other_decision": "BEGIN RAISE EXCEPTION 'a decision is final'; END",
}
_EXPECTED = {"sqlite": _SQLITE, "postgresql": _POSTGRESQL}

_OF_FILE = text(
    "SELECT name, sql FROM sqlite_master WHERE type = 'trigger' "
    "AND tbl_name IN (SELECT value FROM json_each(:tables))"
)
# pg_get_triggerdef names a table without its schema where the search path finds it
_OF_SERVER = text(
    "WITH kept AS (SELECT CAST(to_regclass(value) AS oid) AS id"
    " FROM json_array_elements_text(CAST(:tables AS json))) "
    "SELECT CAST(tgname AS text) AS name, pg_get_triggerdef(pg_trigger.oid, true) ||"
    " CASE tgenabled WHEN 'A' THEN '; fires always' WHEN 'D' THEN '; switched off'"
    " ELSE '; not in every session' END AS sql"
    " FROM pg_trigger JOIN kept ON tgrelid = kept.id WHERE NOT tgisinternal "
    "UNION ALL SELECT 'rule ' || rulename, pg_get_ruledef(pg_rewrite.oid)"
    " FROM pg_rewrite JOIN kept ON ev_class = kept.id "
    "UNION ALL SELECT DISTINCT CAST(proname AS text), prosrc"
    " FROM pg_proc JOIN pg_trigger ON tgfoid = pg_proc.oid JOIN kept ON tgrelid = kept.id"
    " WHERE NOT tgisinternal"
)


def trigger_faults(connection: Connection) -> list[str]:
    """What is missing, was changed, switched off or added; empty where all is as installed."""
    dialect = connection.dialect.name
    expected = _EXPECTED[dialect]
    query = _OF_FILE if dialect == "sqlite" else _OF_SERVER
    rows = connection.execute(query, {"tables": json.dumps(_TABLES)})
    found: dict[str, list[str]] = {}
    for name, said in rows:
        found.setdefault(name, []).append(" ".join(said.split()))
    there = {name: " / ".join(sorted(said)) for name, said in found.items()}
    return [*_missing(expected, there), *_changed(expected, there), *_added(expected, there)]


def _missing(expected: Mapping[str, str], there: Mapping[str, str]) -> list[str]:
    return [f"the trigger {name} is missing" for name in sorted(expected.keys() - there)]


def _changed(expected: Mapping[str, str], there: Mapping[str, str]) -> list[str]:
    return [
        f"the trigger {name} is not what was installed: {there[name]}"
        for name in sorted(expected.keys() & there)
        if there[name] != expected[name]
    ]


def _added(expected: Mapping[str, str], there: Mapping[str, str]) -> list[str]:
    return [
        f"the trigger {name} was not installed by the program: {there[name]}"
        for name in sorted(there.keys() - expected)
    ]
