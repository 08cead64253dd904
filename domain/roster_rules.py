"""The rules between the records of a roster: what is unique, known, and not in two places.

``Roster`` is a roster in memory. ``add`` either keeps every rule or raises ``InvalidField`` and
changes nothing, so a file of rows can be tried on a copy before anything is stored.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from typing import TypeVar

from domain.errors import InvalidField
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
    same_callsign_key,
)

Known = TypeVar("Known")


class Roster:
    """All records, by id; assignments by what is assigned, members by shift."""

    def __init__(self, records: Iterable[Record] = ()) -> None:
        """``records`` are taken as they are: they were checked when they were added."""
        self.operations: dict[str, Operation] = {}
        self.units: dict[str, Unit] = {}
        self.devices: dict[str, Device] = {}
        self.platoons: dict[str, Platoon] = {}
        self.shifts: dict[str, Shift] = {}
        self.device_assignments: dict[str, list[DeviceAssignment]] = {}
        self.unit_assignments: dict[str, list[UnitAssignment]] = {}
        self.members: dict[str, list[ShiftMember]] = {}
        self._unit_callsigns: set[str] = set()
        self._platoon_callsigns: set[tuple[str, str]] = set()
        for record in records:
            self._put(record)

    def add(self, record: Record) -> None:
        """Take a new record in; raises ``InvalidField`` naming what stands against it."""
        self._check(record)
        self._put(record)

    def end_device_assignment(self, device: str, at: datetime) -> DeviceAssignment:
        """End the assignment that runs at ``at``; the ended assignment. Raises ``InvalidField``."""
        _known(self.devices, device, "device")
        found = _running(self.device_assignments.get(device, []), at, "device")
        ended = replace(found, period=Period(found.period.starts_at, at))
        self.device_assignments[device].remove(found)
        self.device_assignments[device].append(ended)
        return ended

    def end_unit_assignment(self, unit: str, at: datetime) -> UnitAssignment:
        """End the assignment that runs at ``at``; the ended assignment. Raises ``InvalidField``."""
        _known(self.units, unit, "unit")
        found = _running(self.unit_assignments.get(unit, []), at, "unit")
        ended = replace(found, period=Period(found.period.starts_at, at))
        self.unit_assignments[unit].remove(found)
        self.unit_assignments[unit].append(ended)
        return ended

    def _check(self, record: Record) -> None:
        if isinstance(record, Operation):
            _new(self.operations, record.id)
        elif isinstance(record, Unit):
            self._check_unit(record)
        elif isinstance(record, Device):
            _new(self.devices, record.id)
        elif isinstance(record, DeviceAssignment):
            self._check_device_assignment(record)
        elif isinstance(record, UnitAssignment):
            self._check_unit_assignment(record)
        elif isinstance(record, Platoon):
            self._check_platoon(record)
        elif isinstance(record, Shift):
            _new(self.shifts, record.id)
            _known(self.operations, record.operation, "operation")
        else:
            self._check_member(record)

    def _put(self, record: Record) -> None:
        if isinstance(record, Operation):
            self.operations[record.id] = record
        elif isinstance(record, Unit):
            self.units[record.id] = record
            self._unit_callsigns.add(same_callsign_key(record.callsign))
        elif isinstance(record, Device):
            self.devices[record.id] = record
        elif isinstance(record, DeviceAssignment):
            self.device_assignments.setdefault(record.device, []).append(record)
        elif isinstance(record, UnitAssignment):
            self.unit_assignments.setdefault(record.unit, []).append(record)
        elif isinstance(record, Platoon):
            self.platoons[record.id] = record
            self._platoon_callsigns.add((record.operation, same_callsign_key(record.callsign)))
        elif isinstance(record, Shift):
            self.shifts[record.id] = record
        else:
            self.members.setdefault(record.shift, []).append(record)

    def _check_unit(self, unit: Unit) -> None:
        _new(self.units, unit.id)
        if same_callsign_key(unit.callsign) in self._unit_callsigns:
            raise InvalidField("callsign", f"another unit has the call sign {unit.callsign}")

    def _check_platoon(self, platoon: Platoon) -> None:
        _new(self.platoons, platoon.id)
        operation = _known(self.operations, platoon.operation, "operation")
        _refuse_history(operation)
        if (operation.id, same_callsign_key(platoon.callsign)) in self._platoon_callsigns:
            raise InvalidField(
                "callsign",
                f"another platoon of {operation.id} has the call sign {platoon.callsign}",
            )

    def _check_device_assignment(self, wanted: DeviceAssignment) -> None:
        _known(self.devices, wanted.device, "device")
        _known(self.units, wanted.unit, "unit")
        for held in self.device_assignments.get(wanted.device, []):
            if held.period.overlaps(wanted.period):
                raise InvalidField(
                    "device",
                    f"{wanted.device} reports for {held.unit} {_words(held.period)}: "
                    "end that assignment first",
                )

    def _check_unit_assignment(self, wanted: UnitAssignment) -> None:
        _known(self.units, wanted.unit, "unit")
        operation = _known(self.operations, wanted.operation, "operation")
        _refuse_history(operation)
        if operation.closed_at is not None and wanted.period.starts_at >= operation.closed_at:
            raise InvalidField("starts_at", f"{operation.id} is closed at that time")
        for held in self.unit_assignments.get(wanted.unit, []):
            if held.period.overlaps(wanted.period):
                raise InvalidField(
                    "unit",
                    f"{wanted.unit} belongs to {held.operation} {_words(held.period)}: "
                    "end that assignment first",
                )

    def _check_member(self, wanted: ShiftMember) -> None:
        shift = _known(self.shifts, wanted.shift, "shift")
        if wanted.member_kind == "platoon":
            platoon = _known(self.platoons, wanted.member, "member")
            if platoon.operation != shift.operation:
                raise InvalidField("member", f"{platoon.id} is a platoon of {platoon.operation}")
        else:
            _known(self.units, wanted.member, "member")
            self._require_in_operation(wanted.member, shift)
        for other in self._shifts_of(wanted):
            if other.period.overlaps(shift.period):
                raise InvalidField("member", f"{wanted.member} is on shift {other.id} at that time")

    def _require_in_operation(self, unit: str, shift: Shift) -> None:
        if not any(
            held.operation == shift.operation and held.period.overlaps(shift.period)
            for held in self.unit_assignments.get(unit, [])
        ):
            raise InvalidField(
                "member", f"{unit} does not belong to {shift.operation} during that shift"
            )

    def _shifts_of(self, wanted: ShiftMember) -> Iterable[Shift]:
        for shift, members in self.members.items():
            for member in members:
                if (member.member_kind, member.member) == (wanted.member_kind, wanted.member):
                    yield self.shifts[shift]


def _new(records: dict[str, Known], wanted: str) -> None:
    if wanted in records:
        raise InvalidField("id", f"{wanted} exists already")


def _known(records: dict[str, Known], wanted: str, name: str) -> Known:
    if wanted not in records:
        raise InvalidField(name, f"{wanted[:80]!r} is not on the roster")
    return records[wanted]


def _refuse_history(operation: Operation) -> None:
    if operation.kind == "history":
        raise InvalidField("operation", f"{operation.id} is a history: it has no units of its own")


Held = TypeVar("Held", DeviceAssignment, UnitAssignment)


def _running(assignments: list[Held], at: datetime, name: str) -> Held:
    for held in assignments:
        if held.period.covers(at):
            return held
    raise InvalidField(name, "has no assignment at that time")


def _words(period: Period) -> str:
    end = f"until {period.ends_at:%Y-%m-%d %H:%M}Z" if period.ends_at else "until further notice"
    return f"from {period.starts_at:%Y-%m-%d %H:%M}Z {end}"
