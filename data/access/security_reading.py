"""Reads the security log and the chain of the system as one list, newest first.

The changes of accounts and of the roster are only in the chain of the system; they are not stored
twice.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, and_, false, func, or_, select

from data.database import Database
from data.schema import security_events, system_events
from domain.access.security import network_of
from domain.access.security_view import ACCOUNT_EVENTS, ROSTER_EVENTS, Place, Shown, Wanted
from domain.system_log import SystemEvent
from domain.time import from_microseconds, to_microseconds

_SECURITY, _SYSTEM = security_events.c, system_events.c
_OF_SYSTEM = {"account": ACCOUNT_EVENTS, "roster": ROSTER_EVENTS}


class SecurityRecords:
    """Every method raises ``StoreUnavailable``."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def newest(self, wanted: Wanted, before: Place | None, limit: int) -> list[Shown]:
        """At most ``limit`` entries that are ``wanted``, newest first, from ``before`` on."""
        own = select(security_events).where(*_own(wanted), _before(_SECURITY, 1, before))
        own = own.order_by(_SECURITY.recorded_at.desc()).limit(limit)
        system = select(system_events).where(*_system(wanted), _before(_SYSTEM, 0, before))
        system = system.order_by(_SYSTEM.recorded_at.desc(), _SYSTEM.seq.desc()).limit(limit)
        with self._database.reading() as connection:
            found = [_shown(row) for row in connection.execute(own)]
            found += [_of_system(SystemEvent._make(row)) for row in connection.execute(system)]
        return sorted(found, key=lambda one: one.place, reverse=True)[:limit]

    def count(self, wanted: Wanted, most: int) -> int:
        """How many are wanted, counted up to ``most``."""
        with self._database.reading() as connection:
            own = _counted(connection, select(_SECURITY.seq).where(*_own(wanted)), most)
            system = _counted(connection, select(_SYSTEM.seq).where(*_system(wanted)), most)
        return min(most, own + system)


def _counted(connection: Connection, query: Any, most: int) -> int:
    return connection.scalar(select(func.count()).select_from(query.limit(most).subquery())) or 0


def _own(wanted: Wanted) -> list[ColumnElement[bool]]:
    its = [_SECURITY[name] == value for name, value in wanted.exactly().items()]
    if wanted.address:
        its.append(_SECURITY.address.in_({wanted.address, network_of(wanted.address)}))
    return [*its, *_between(_SECURITY.recorded_at, wanted.start, wanted.end)]


def _system(wanted: Wanted) -> list[ColumnElement[bool]]:
    its: list[ColumnElement[bool]] = []
    if wanted.kind in _OF_SYSTEM:
        its.append(_SYSTEM.event.in_(_OF_SYSTEM[wanted.kind]))
    elif wanted.kind == "log":
        its.append(_SYSTEM.event.not_in({*ACCOUNT_EVENTS, *ROSTER_EVENTS}))
    elif wanted.kind:
        its.append(false())
    if wanted.address or wanted.outcome not in ("", "done"):
        its.append(false())
    if wanted.account:
        its.append(or_(_SYSTEM.done_by == wanted.account, _SYSTEM.subject == wanted.account))
    return [*its, *_between(_SYSTEM.recorded_at, wanted.start, wanted.end)]


def _between(
    column: ColumnElement[int], start: datetime | None, end: datetime | None
) -> list[ColumnElement[bool]]:
    its: list[ColumnElement[bool]] = []
    if start is not None:
        its.append(column >= to_microseconds(start))
    if end is not None:
        its.append(column < to_microseconds(end))
    return its


def _before(columns: Any, rank: int, place: Place | None) -> ColumnElement[bool]:
    """What comes after ``place`` in the list: by time, then what is of the system, then its
    number. Entries of the security log each have a time of their own."""
    if place is None:
        return and_(True)
    earlier: ColumnElement[bool] = columns.recorded_at < place.at_us
    same: ColumnElement[bool] = columns.recorded_at == place.at_us
    if rank < place.rank:
        return or_(earlier, same)
    if rank == place.rank:
        return or_(earlier, and_(same, columns.seq < place.seq))
    return earlier


def _shown(row: Row[Any]) -> Shown:
    return Shown(
        place=Place(row.recorded_at, 1, row.seq),
        id=f"s{row.segment}-{row.seq}",
        at=from_microseconds(row.recorded_at),
        kind=row.kind,
        outcome=row.outcome,
        account=row.account,
        role=row.role,
        session=row.session,
        address=row.address,
        method=row.method,
        route=row.route,
        status=row.status,
        reason=row.reason,
        count=row.times,
        body_text=row.body,
    )


def _of_system(event: SystemEvent) -> Shown:
    return Shown.of_system(event, from_microseconds(event.recorded_us))
