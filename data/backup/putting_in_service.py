"""What is done to data from a backup, in one transaction, before anybody uses them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, text

from data.access.ending import end_all_access
from data.backup.contents import head_of_system
from data.migrate import upgrade_within

EVENT = "database_restored"
_LEAP = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Restored:
    """What was done. ``kept``: where the data are that were there before, None where there were
    none."""

    revision: str
    sessions: int
    tokens: int
    kept: str | None = None


def put_in_service(connection: Connection, at: datetime, origin: Mapping[str, Any]) -> Restored:
    """Bring the schema up to date, end every session and token, and record the restore.

    ``origin`` says of which backup these are; its head of the chain of the system is added.
    """
    revision = upgrade_within(connection)
    seq, digest = head_of_system(connection) or (0, "")
    about = {**origin, "head": {"seq": seq, "hash": digest}}
    _leap(connection)
    ended, revoked = end_all_access(connection, EVENT, at, about)
    return Restored(revision, ended, revoked)


def _leap(connection: Connection) -> None:
    """Give the journal of changes numbers that were never there: caches, browsers and screens know
    those that came after the backup, for other changes than will get them now."""
    connection.execute(text("UPDATE changes SET seq = seq + :leap"), {"leap": _LEAP})
    if connection.dialect.name == "postgresql":
        connection.execute(
            text(
                "SELECT setval(pg_get_serial_sequence('changes', 'seq'), "
                "(SELECT coalesce(max(seq), :leap) FROM changes))"
            ),
            {"leap": _LEAP},
        )
