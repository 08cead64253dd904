"""The roster as the other parts ask for it, and the ways to change it.

Answers come from memory. At most once a second it is asked whether the roster in the database has
become another one, so a change by the command line is in force in the server a second later.
"""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import TypeVar

from domain.errors import InvalidField, NotFound
from domain.roster import (
    LIVE,
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
from services.ports import DeviceRecord, Filing, RosterStore, Transactions
from services.roster_index import RosterIndex

CHECK_AFTER_S = 1.0

Ended = TypeVar("Ended", DeviceAssignment, UnitAssignment)


class RosterService:
    """Reads raise ``StoreUnavailable``; changes also ``InvalidField`` naming what is wrong."""

    def __init__(
        self,
        transactions: Transactions,
        store: RosterStore,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._transactions = transactions
        self._store = store
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._index = RosterIndex(-1, Roster())
        self._check_at = float("-inf")

    # --- what the feeds ask for every fix --------------------------------------------------

    def filing(self, device_id: str, moment: datetime) -> Filing | None:
        """Operation, unit and call sign for a fix of the device at ``moment``, or None."""
        return self._current().filing(device_id, moment)

    def find(self, device_id: str) -> DeviceRecord | None:
        """The registered device, also when it is disabled; None when there is none."""
        return self._current().find(device_id)

    # --- what screens and other services ask -----------------------------------------------

    def roster(self) -> Roster:
        """The whole roster as it is now; to be read, not changed."""
        return self._current().roster

    def operations(self) -> tuple[Operation, ...]:
        """All operations, ``live`` first, then the newest."""
        found = list(self.roster().operations.values())
        found.sort(key=lambda one: one.opened_at, reverse=True)
        found.sort(key=lambda one: one.id != LIVE)
        return tuple(found)

    def operation(self, operation_id: str) -> Operation:
        """One operation; raises ``NotFound``."""
        found = self.roster().operations.get(operation_id)
        if found is None:
            raise NotFound("there is no such operation")
        return found

    def units_of(self, operation: str, at: datetime) -> tuple[Unit, ...]:
        """The units that belong to the operation at ``at``, by call sign."""
        roster = self.roster()
        found = [
            unit
            for unit in roster.units.values()
            if any(
                held.operation == operation and held.period.covers(at)
                for held in roster.unit_assignments.get(unit.id, [])
            )
        ]
        return tuple(sorted(found, key=lambda unit: unit.callsign))

    def platoons_of(self, operation: str) -> tuple[Platoon, ...]:
        """The platoons of the operation, by id."""
        found = [one for one in self.roster().platoons.values() if one.operation == operation]
        return tuple(sorted(found, key=lambda platoon: platoon.id))

    def shifts_of(self, operation: str) -> tuple[Shift, ...]:
        """The shifts of the operation by their start."""
        found = [one for one in self.roster().shifts.values() if one.operation == operation]
        return tuple(sorted(found, key=lambda shift: (shift.period.starts_at, shift.id)))

    def shift_at(self, operation: str, at: datetime) -> Shift | None:
        """The shift on duty; of two that overlap at hand-over, the one that began later."""
        on_duty = [shift for shift in self.shifts_of(operation) if shift.period.covers(at)]
        return on_duty[-1] if on_duty else None

    def members_at(self, operation: str, at: datetime) -> tuple[ShiftMember, ...]:
        """Who is on any shift on duty at ``at``, with the task."""
        roster = self.roster()
        return tuple(
            member
            for shift in self.shifts_of(operation)
            if shift.period.covers(at)
            for member in roster.members.get(shift.id, [])
        )

    def tasks_at(self, operation: str, at: datetime) -> dict[str, str]:
        """Task by unit id, of the units on shift."""
        members = self.members_at(operation, at)
        return {one.member: one.task for one in members if one.member_kind == "unit"}

    def platoons_on_shift(self, operation: str, at: datetime) -> set[str]:
        """Ids of the platoons on duty. Without any plan for platoons, every platoon is: see
        ``platoons_planned``."""
        if not self.platoons_planned(operation):
            return {platoon.id for platoon in self.platoons_of(operation)}
        members = self.members_at(operation, at)
        return {one.member for one in members if one.member_kind == "platoon"}

    def platoons_planned(self, operation: str) -> bool:
        """Whether any shift of the operation names a platoon."""
        roster = self.roster()
        return any(
            member.member_kind == "platoon"
            for shift in self.shifts_of(operation)
            for member in roster.members.get(shift.id, [])
        )

    # --- changes ---------------------------------------------------------------------------

    def ensure_live(self, now: datetime) -> Operation:
        """The operation ``live``, opened at ``now`` if there was none."""
        if LIVE in self.roster().operations:
            return self.operation(LIVE)
        with self._transactions.writing() as connection:
            roster = self._store.load(connection)
            if LIVE not in roster.operations:
                live = Operation(LIVE, LIVE, "Live operation", now)
                self._store.save(connection, [live])
        self._reload()
        return self.operation(LIVE)

    def add(self, *records: Record) -> None:
        """Take the records in, in their order; all of them or, at the first fault, none."""
        with self._transactions.writing() as connection:
            roster = self._store.load(connection)
            for record in records:
                roster.add(record)
            self._store.save(connection, records)
        self._reload()

    def add_device(
        self, device_id: str, key: str, speed_unit: str = "knots", note: str = ""
    ) -> Device:
        """Register a device. Only the hash of ``key`` is kept: show it now or never."""
        device = Device(device_id, key_hash(key), speed_unit, True, note)
        self.add(device)
        return device

    def enable_device(self, device_id: str, enabled: bool) -> Device:
        """Let a device report, or no longer; raises ``InvalidField`` for an unknown one."""
        return self._change_device(device_id, lambda device: replace(device, enabled=enabled))

    def set_device_key(self, device_id: str, key: str) -> Device:
        """Give a device another key; raises ``InvalidField`` for an unknown one."""
        return self._change_device(
            device_id, lambda device: replace(device, key_hash=key_hash(key))
        )

    def assign_device(
        self, device: str, unit: str, starts_at: datetime, ends_at: datetime | None = None
    ) -> None:
        """From ``starts_at`` on the device reports for the unit."""
        self.add(DeviceAssignment(device, unit, Period(starts_at, ends_at)))

    def assign_unit(
        self, unit: str, operation: str, starts_at: datetime, ends_at: datetime | None = None
    ) -> None:
        """From ``starts_at`` on the unit belongs to the operation."""
        self.add(UnitAssignment(unit, operation, Period(starts_at, ends_at)))

    def end_device_assignment(self, device: str, at: datetime) -> DeviceAssignment:
        """The device's present assignment ends at ``at``."""
        return self._end(lambda roster: roster.end_device_assignment(device, at))

    def end_unit_assignment(self, unit: str, at: datetime) -> UnitAssignment:
        """The unit's present assignment to an operation ends at ``at``."""
        return self._end(lambda roster: roster.end_unit_assignment(unit, at))

    def fresh(self) -> Roster:
        """A roster of its own, read now: to try changes on."""
        with self._transactions.reading() as connection:
            return self._store.load(connection)

    def change_operation(
        self, operation_id: str, change: Callable[[Operation], Operation]
    ) -> Operation:
        """Close an operation or change its settings; raises ``NotFound``."""
        with self._transactions.writing() as connection:
            operation = self._store.load(connection).operations.get(operation_id)
            if operation is None:
                raise NotFound("there is no such operation")
            changed = change(operation)
            self._store.save(connection, [], [changed])
        self._reload()
        return changed

    def _change_device(self, device_id: str, change: Callable[[Device], Device]) -> Device:
        with self._transactions.writing() as connection:
            device = self._store.load(connection).devices.get(device_id)
            if device is None:
                raise InvalidField("id", f"{device_id[:80]!r} is not on the roster")
            changed = change(device)
            self._store.save(connection, [], [changed])
        self._reload()
        return changed

    def _end(self, end: Callable[[Roster], Ended]) -> Ended:
        with self._transactions.writing() as connection:
            ended = end(self._store.load(connection))
            self._store.save(connection, [], [ended])
        self._reload()
        return ended

    # --- memory ----------------------------------------------------------------------------

    def _current(self) -> RosterIndex:
        if self._monotonic() >= self._check_at:
            self._reload(only_if_due=True)
        return self._index

    def _reload(self, only_if_due: bool = False) -> None:
        with self._lock:
            if only_if_due and self._monotonic() < self._check_at:
                return  # another thread has just looked
            with self._transactions.reading() as connection:
                version = self._store.version(connection)
                if version != self._index.version:
                    self._index = RosterIndex(version, self._store.load(connection))
            self._check_at = self._monotonic() + CHECK_AFTER_S


def key_hash(key: str) -> str:
    """What is stored of a device's key: SHA-256 in hexadecimal digits. Keys are long and random,
    so a slow hash would protect nothing and cost time with every fix."""
    return hashlib.sha256(key.encode()).hexdigest()
