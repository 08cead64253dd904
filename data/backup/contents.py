"""What a backup holds: whether this version can read it, up to when it reaches, how much it is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Column, Connection, func, inspect, select
from sqlalchemy.exc import DBAPIError

from data.backup.files import BackupRefused
from data.migrate import current_revision, knows
from data.schema import events, fix_chunks, fixes, quarantine, system_events, users
from domain.time import from_microseconds


@dataclass(frozen=True, slots=True)
class Contents:
    """``head``: number and hash of the newest event of the chain of the system; ``newest_event``
    and ``newest_position``: when the newest were recorded and measured, None where there are none.
    """

    revision: str
    head: tuple[int, str] | None
    accounts: int
    events: int
    positions: int
    quarantined: int
    newest_event: datetime | None
    newest_position: datetime | None


def read_contents(connection: Connection, name: str) -> Contents:
    """What is there. Raises ``BackupRefused`` for what is not of this product or of a newer
    version; ``name`` is what it is called in the words."""
    revision = revision_of(connection, name)
    there = frozenset(inspect(connection).get_table_names())  # an older version has fewer

    def asked(column: Column[Any], how: Callable[[Column[Any]], Any]) -> int | None:
        if column.table.name not in there:
            return None
        found: int | None = connection.scalar(select(how(column)))
        return found

    def newest(*columns: Column[Any]) -> datetime | None:
        found = [asked(column, func.max) for column in columns]
        return max((from_microseconds(one) for one in found if one is not None), default=None)

    try:
        return Contents(
            revision,
            head_of_system(connection) if system_events.name in there else None,
            asked(users.c.name, func.count) or 0,
            asked(events.c.chain_seq, func.count) or 0,
            (asked(fixes.c.unit, func.count) or 0) + (asked(fix_chunks.c.fixes, func.sum) or 0),
            asked(quarantine.c.id, func.count) or 0,
            newest(events.c.recorded_at, system_events.c.recorded_at),
            newest(fixes.c.fix_time, fix_chunks.c.last_time),
        )
    except DBAPIError as fault:
        raise BackupRefused(f"{name} cannot be read: {fault.orig}") from fault


def revision_of(connection: Connection, name: str) -> str:
    """The revision of its schema. Raises ``BackupRefused`` where this version does not know it."""
    try:
        revision = current_revision(connection)
    except DBAPIError as fault:
        raise BackupRefused(f"{name} is damaged: {fault.orig}") from fault
    return known_revision(revision, name)


def known_revision(revision: str | None, name: str) -> str:
    """The revision, if this version can read it; raises ``BackupRefused``."""
    if revision is None:
        raise BackupRefused(f"{name} is no backup of this product: it has no revision")
    if not knows(revision):
        raise BackupRefused(
            f"{name} has the schema {revision}, which this version does not know: it was made by a "
            "newer one"
        )
    return revision


def head_of_system(connection: Connection) -> tuple[int, str] | None:
    """Number and hash of the newest event of the chain of the system."""
    its = system_events.c
    row = connection.execute(select(its.seq, its.hash).order_by(its.seq.desc()).limit(1)).first()
    return None if row is None else (row.seq, row.hash)
