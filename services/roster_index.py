"""The roster laid out for the two questions that every incoming fix asks.

A device reports for a unit, and the unit belongs to an operation, each for periods; here the two
are cut into one list of stretches a device, so that an answer is one bisection.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from datetime import datetime

from domain.roster import DeviceAssignment
from domain.roster_rules import Roster
from services.ports import DeviceRecord, Filing

Stretch = tuple[datetime, datetime | None, Filing]
"""From (included), to (not included, None without end), and where fixes of then belong."""


_Ordered = tuple[list[datetime], list[Stretch]]
_NOWHERE: _Ordered = ([], [])


class RosterIndex:
    """One state of the roster; never changed, only replaced by a newer one."""

    def __init__(self, version: int, roster: Roster) -> None:
        self.version = version
        self.roster = roster
        self._devices = {
            device.id: DeviceRecord(device.id, device.key_hash, device.speed_unit, device.enabled)
            for device in roster.devices.values()
        }
        self._stretches = {
            device: _in_order(_stretches(roster, assignments))
            for device, assignments in roster.device_assignments.items()
        }

    def find(self, device_id: str) -> DeviceRecord | None:
        """The device, None when it is not registered."""
        return self._devices.get(device_id)

    def filing(self, device_id: str, moment: datetime) -> Filing | None:
        """Where a fix of the device at ``moment`` belongs; None when nowhere."""
        starts, stretches = self._stretches.get(device_id, _NOWHERE)
        place = bisect_right(starts, moment) - 1
        if place < 0:
            return None
        _, end, filing = stretches[place]
        return filing if end is None or moment < end else None


def _in_order(stretches: Iterator[Stretch]) -> _Ordered:
    """The starts alone beside the stretches, so that a search compares nothing but times."""
    ordered = sorted(stretches, key=lambda stretch: stretch[0])
    return [start for start, _, _ in ordered], ordered


def _stretches(roster: Roster, assignments: list[DeviceAssignment]) -> Iterator[Stretch]:
    for device_unit in assignments:
        unit = roster.units[device_unit.unit]
        for unit_operation in roster.unit_assignments.get(unit.id, []):
            operation = roster.operations[unit_operation.operation]
            start = max(device_unit.period.starts_at, unit_operation.period.starts_at)
            end = _earliest(
                device_unit.period.ends_at, unit_operation.period.ends_at, operation.closed_at
            )
            if end is None or start < end:
                yield start, end, Filing(operation.id, unit.id, unit.callsign)


def _earliest(*ends: datetime | None) -> datetime | None:
    return min((end for end in ends if end is not None), default=None)
