"""The roster of a scenario: its operation, units, devices, platoons and shifts."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

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
)
from domain.roster_rules import Roster
from domain.scenario import Scenario, ShiftPlan, moment
from services.patrol_simulation import HISTORY, shift_number, shift_start
from services.roster import key_hash

_BEFORE = HISTORY + timedelta(hours=1)


def operation_record(
    scenario: Scenario, loaded_at: datetime, settings: dict[str, object]
) -> Record:
    """The operation, open."""
    plan = scenario.operation
    opened_at = moment(plan.opened, loaded_at)
    return Operation(
        plan.id, plan.kind, plan.title, opened_at, None, plan.reserve_minimum, settings
    )


def roster_records(scenario: Scenario, loaded_at: datetime) -> Iterator[Record]:
    """Everything else, in the order in which it can be added. Keys of patrol devices are random
    and shown to nobody: only the program reports for them.
    """
    since = Period(loaded_at - _BEFORE)
    for patrol in scenario.patrols:
        key = secrets.token_hex(16)
        yield from _unit(scenario, patrol.id, patrol.callsign, patrol.device, key, since)
    for phone in scenario.phones:
        yield from _unit(scenario, phone.unit, phone.callsign, phone.device, phone.key, since)
    for platoon in scenario.platoons:
        yield Platoon(
            platoon.id, scenario.operation.id, platoon.callsign, platoon.kind, platoon.strength
        )
    if scenario.shifts is not None:
        running = shift_number(scenario.shifts, loaded_at, loaded_at)
        yield from shift_records(scenario, scenario.shifts, loaded_at, range(running + 2))


def shift_records(
    scenario: Scenario, plan: ShiftPlan, loaded_at: datetime, numbers: Iterable[int]
) -> Iterator[Record]:
    """The shifts of those numbers with their members: every patrol and every platoon."""
    for number in numbers:
        team = plan.teams[number % len(plan.teams)]
        start = shift_start(plan, loaded_at, number)
        name = shift_id(scenario, number)
        yield Shift(
            name, scenario.operation.id, f"Shift {team}", Period(start, start + plan.length)
        )
        for patrol in scenario.patrols:
            task = next(duty.task for duty in patrol.duties if duty.team == team)
            yield ShiftMember(name, "unit", patrol.id, task)
        for platoon in scenario.platoons:
            yield ShiftMember(name, "platoon", platoon.id, "at readiness")


def shift_id(scenario: Scenario, number: int) -> str:
    """The id of a shift."""
    return f"{scenario.operation.id}-shift-{number}"


def missing(roster: Roster, records: Iterable[Record]) -> list[Record]:
    """Those that are not in ``roster`` yet. It is changed; raises ``InvalidField``."""
    found = []
    for record in records:
        if not _is_there(roster, record):
            roster.add(record)
            found.append(record)
    return found


def possible(roster: Roster, records: Iterable[Record]) -> list[Record]:
    """The same without those that stand against what somebody has planned meanwhile."""
    found = []
    for record in records:
        try:
            found += missing(roster, [record])
        except InvalidField:
            continue
    return found


def _unit(
    scenario: Scenario, unit: str, callsign: str, device: str, key: str, since: Period
) -> Iterator[Record]:
    yield Unit(unit, callsign)
    yield Device(device, key_hash(key), note=f"of {scenario.operation.title}")
    yield UnitAssignment(unit, scenario.operation.id, since)
    yield DeviceAssignment(device, unit, since)


def _is_there(roster: Roster, record: Record) -> bool:
    if isinstance(record, UnitAssignment):
        held = roster.unit_assignments.get(record.unit, [])
        return any(one.operation == record.operation for one in held)
    if isinstance(record, DeviceAssignment):
        reports_for = roster.device_assignments.get(record.device, [])
        return any(one.unit == record.unit for one in reports_for)
    if isinstance(record, ShiftMember):
        members = roster.members.get(record.shift, [])
        wanted = (record.member_kind, record.member)
        return any((one.member_kind, one.member) == wanted for one in members)
    if isinstance(record, Operation):
        return record.id in roster.operations
    if isinstance(record, Unit):
        return record.id in roster.units
    if isinstance(record, Device):
        return record.id in roster.devices
    if isinstance(record, Platoon):
        return record.id in roster.platoons
    return record.id in roster.shifts
