"""Leases in the database; satisfies ``services.leases.LeaseStore``."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, insert, select, update

from data.database import Database
from data.schema import leases
from domain.time import to_microseconds


class SqlLeaseStore:
    """A lease is written when it changes hands or is half used up, so that looking costs little."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def take(self, name: str, holder: str, now: datetime, until: datetime) -> bool:
        """Give the lease to the holder when it is free, expired or already the holder's."""
        moment, end = to_microseconds(now), to_microseconds(until)
        with self._database.reading() as connection:
            row = _row(connection, name)
        if row is not None and row.expires_at > moment:
            if row.holder != holder:
                return False
            if row.expires_at - moment > (end - moment) // 2:
                return True
        with self._database.writing() as connection:
            return _take(connection, name, holder, moment, end)

    def give_back(self, name: str, holder: str) -> None:
        """Free the lease if the holder has it."""
        with self._database.writing() as connection:
            connection.execute(
                delete(leases).where(leases.c.name == name, leases.c.holder == holder)
            )


def _take(connection: Connection, name: str, holder: str, now: int, until: int) -> bool:
    row = _row(connection, name)
    if row is None:
        connection.execute(insert(leases).values(name=name, holder=holder, expires_at=until))
        return True
    if row.holder != holder and row.expires_at > now:
        return False
    connection.execute(
        update(leases).where(leases.c.name == name).values(holder=holder, expires_at=until)
    )
    return True


def _row(connection: Connection, name: str) -> Any:
    """The row with ``holder`` and ``expires_at``, None when nobody ever held it."""
    columns = select(leases.c.holder, leases.c.expires_at)
    return connection.execute(columns.where(leases.c.name == name)).first()
