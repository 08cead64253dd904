"""The roster in the database, and the number that counts its changes."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, Table, and_, insert, select, update

from data.roster_digest import roster_digest
from data.schema import (
    device_units,
    devices,
    operations,
    platoons,
    shift_members,
    shifts,
    unit_operations,
    units,
    versions,
)
from data.system_log import append_system_events
from domain.roster import (
    Device,
    DeviceAssignment,
    Operation,
    Period,
    Platoon,
    Record,
    Shift,
    ShiftMember,
    Unit,
    UnitAssignment,
)
from domain.roster_rules import Roster
from domain.system_log import NewSystemEvent
from domain.time import from_microseconds, to_microseconds

_NAME = "roster"


def _now() -> datetime:
    return datetime.now(UTC)


class RosterStore:
    """Reads the roster whole, since it is small, and writes single records of it.

    What it opens or changes of an operation is recorded in the chain of the system, and with every
    change a digest of the whole.
    """

    def __init__(self, clock: Callable[[], datetime] = _now) -> None:
        self._clock = clock

    def version(self, connection: Connection) -> int:
        """A number that is another one after every change, of whichever process."""
        value = connection.scalar(select(versions.c.value).where(versions.c.name == _NAME))
        return int(value or 0)

    def load(self, connection: Connection) -> Roster:
        """The whole roster."""
        return Roster(_records(connection))

    def save(
        self, connection: Connection, added: Sequence[Record], changed: Sequence[Record] = ()
    ) -> None:
        """Insert the ``added`` in their order, overwrite the ``changed``, and count one change."""
        for record in added:
            table, values = _row(record)
            connection.execute(insert(table).values(values))
        for record in changed:
            table, values = _row(record)
            keys = [column == values[column.name] for column in table.primary_key]
            connection.execute(update(table).where(and_(*keys)).values(values))
        self._count(connection)
        told = [
            *(_told("operation_opened", one) for one in added if isinstance(one, Operation)),
            *(_told("operation_changed", one) for one in changed if isinstance(one, Operation)),
            ("roster_changed", _NAME, roster_digest(connection)),
        ]
        now = self._clock()
        append_system_events(
            connection, [NewSystemEvent(event, of, now, None, body) for event, of, body in told]
        )

    def _count(self, connection: Connection) -> None:
        following = self.version(connection) + 1
        if following == 1:
            connection.execute(insert(versions).values(name=_NAME, value=following))
        else:
            connection.execute(
                update(versions).where(versions.c.name == _NAME).values(value=following)
            )


def _records(connection: Connection) -> Iterator[Record]:
    for row in _all(connection, operations):
        yield _operation(row)
    for row in _all(connection, units):
        yield Unit(row["id"], row["callsign"], row["kind"])
    for row in _all(connection, devices):
        yield Device(row["id"], row["key_hash"], row["speed_unit"], row["enabled"], row["note"])
    for row in _all(connection, device_units):
        yield DeviceAssignment(row["device"], row["unit"], _period(row))
    for row in _all(connection, unit_operations):
        yield UnitAssignment(row["unit"], row["operation"], _period(row))
    for row in _all(connection, platoons):
        yield Platoon(row["id"], row["operation"], row["callsign"], row["kind"], row["strength"])
    for row in _all(connection, shifts):
        yield Shift(row["id"], row["operation"], row["name"], _period(row))
    for row in _all(connection, shift_members):
        yield ShiftMember(row["shift"], row["member_kind"], row["member"], row["task"])


def _all(connection: Connection, table: Table) -> Sequence[RowMapping]:
    return connection.execute(select(table).order_by(*table.primary_key)).mappings().all()


def _operation(row: RowMapping) -> Operation:
    closed = row["closed_at"]
    return Operation(
        id=row["id"],
        kind=row["kind"],
        title=row["title"],
        opened_at=from_microseconds(row["opened_at"]),
        closed_at=None if closed is None else from_microseconds(closed),
        reserve_minimum=row["reserve_minimum"],
        settings=json.loads(row["settings"]),
    )


def _period(row: RowMapping) -> Period:
    end = row["ends_at"]
    return Period(
        from_microseconds(row["starts_at"]), None if end is None else from_microseconds(end)
    )


def _bounds(period: Period) -> dict[str, int | None]:
    end = period.ends_at
    return {
        "starts_at": to_microseconds(period.starts_at),
        "ends_at": None if end is None else to_microseconds(end),
    }


def _row(record: Record) -> tuple[Table, dict[str, Any]]:
    if isinstance(record, Operation):
        return operations, _operation_values(record)
    if isinstance(record, Unit):
        return units, {"id": record.id, "callsign": record.callsign, "kind": record.kind}
    if isinstance(record, Device):
        return devices, _same_names(record, devices)
    if isinstance(record, DeviceAssignment):
        bounds = _bounds(record.period)
        return device_units, {"device": record.device, "unit": record.unit, **bounds}
    if isinstance(record, UnitAssignment):
        bounds = _bounds(record.period)
        return unit_operations, {"unit": record.unit, "operation": record.operation, **bounds}
    if isinstance(record, Platoon):
        return platoons, _same_names(record, platoons)
    if isinstance(record, Shift):
        values = {"id": record.id, "operation": record.operation, "name": record.name}
        return shifts, {**values, **_bounds(record.period)}
    return shift_members, _same_names(record, shift_members)


def _told(event: str, record: Operation) -> tuple[str, str, dict[str, Any]]:
    if event == "operation_changed" and record.closed_at is not None:
        event = "operation_closed"
    return event, record.id, _operation_values(record)


def _operation_values(record: Operation) -> dict[str, Any]:
    closed = record.closed_at
    return {
        "id": record.id,
        "kind": record.kind,
        "title": record.title,
        "opened_at": to_microseconds(record.opened_at),
        "closed_at": None if closed is None else to_microseconds(closed),
        "reserve_minimum": record.reserve_minimum,
        "settings": json.dumps(dict(record.settings), sort_keys=True, ensure_ascii=False),
    }


def _same_names(record: Record, table: Table) -> dict[str, Any]:
    return {column.name: getattr(record, column.name) for column in table.columns}
