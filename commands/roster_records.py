"""``flask roster operations|units|devices|platoons``: what stands on the roster."""

from __future__ import annotations

from datetime import datetime

import click
from flask.cli import AppGroup

from commands.roster_options import FROM, TO, GetRoster, show_table, subgroup, time_words
from domain.roster import (
    OPERATION_KINDS,
    PLATOON_KINDS,
    SPEED_UNITS,
    UNIT_KINDS,
    Device,
    DeviceAssignment,
    Operation,
    Period,
    Platoon,
    Record,
    Unit,
    UnitAssignment,
)
from services.clock import utc_now
from services.roster import key_hash
from settings import random_key


def operation_commands(group: AppGroup, roster: GetRoster) -> None:
    """Add ``operations list|add`` to ``group``."""
    operations = subgroup(group, "operations", "The live operation, exercises and histories.")

    @operations.command("list", help="All operations.")
    def list_() -> None:
        rows = [
            (one.id, one.kind, one.title, time_words(one.opened_at), time_words(one.closed_at))
            for one in roster().operations()
        ]
        show_table(("id", "kind", "title", "opened", "closed"), rows)

    @operations.command("add", help="Open an exercise or a history.")
    @click.argument("operation_id", metavar="ID")
    @click.argument("title")
    @click.option("--kind", type=click.Choice(OPERATION_KINDS), default="exercise")
    @click.option(
        "--reserve-minimum",
        type=int,
        help="Platoons kept in reserve; without it, what the unit's file says.",
    )
    @FROM
    @TO
    def add(
        operation_id: str,
        title: str,
        kind: str,
        reserve_minimum: int | None,
        start: datetime,
        end: datetime | None,
    ) -> None:
        roster().add(Operation(operation_id, kind, title, start, end, reserve_minimum))
        click.echo(f"Operation {operation_id} is open.")


def unit_commands(group: AppGroup, roster: GetRoster) -> None:
    """Add ``units list|add`` to ``group``."""
    units = subgroup(group, "units", "Call signs.")

    @units.command("list", help="All units and where they belong now.")
    def list_() -> None:
        found = roster().roster()
        now = utc_now()
        rows = []
        for unit in sorted(found.units.values(), key=lambda unit: unit.callsign):
            held = found.unit_assignments.get(unit.id, [])
            operation = next((one.operation for one in held if one.period.covers(now)), "-")
            rows.append((unit.id, unit.callsign, unit.kind, operation))
        show_table(("id", "call sign", "kind", "operation"), rows)

    @units.command("add", help="Add a unit, and with --operation assign it.")
    @click.argument("unit_id", metavar="ID")
    @click.argument("callsign")
    @click.option("--kind", type=click.Choice(UNIT_KINDS), default="patrol")
    @click.option("--operation", help="The operation that it belongs to.")
    @FROM
    @TO
    def add(
        unit_id: str,
        callsign: str,
        kind: str,
        operation: str | None,
        start: datetime,
        end: datetime | None,
    ) -> None:
        records: list[Record] = [Unit(unit_id, callsign, kind)]
        if operation is not None:
            records.append(UnitAssignment(unit_id, operation, Period(start, end)))
        roster().add(*records)
        click.echo(f"Unit {unit_id} is on the roster.")


def device_commands(group: AppGroup, roster: GetRoster) -> None:
    """Add ``devices list|add|disable|enable`` to ``group``."""
    devices = subgroup(group, "devices", "Phones and trackers that send positions.")

    @devices.command("list", help="All devices and for whom they report now.")
    def list_() -> None:
        found = roster().roster()
        now = utc_now()
        rows = []
        for device in sorted(found.devices.values(), key=lambda device: device.id):
            held = found.device_assignments.get(device.id, [])
            unit = next((one.unit for one in held if one.period.covers(now)), "-")
            state = "enabled" if device.enabled else "disabled"
            rows.append((device.id, state, device.speed_unit, unit, device.note))
        show_table(("id", "state", "speed unit", "unit", "note"), rows)

    @devices.command("add", help="Register a device and show its key, this once.")
    @click.argument("device_id", metavar="ID")
    @click.option("--speed-unit", type=click.Choice(SPEED_UNITS), default="knots")
    @click.option("--note", default="")
    @click.option("--unit", help="The unit that it reports for.")
    @FROM
    @TO
    def add(
        device_id: str,
        speed_unit: str,
        note: str,
        unit: str | None,
        start: datetime,
        end: datetime | None,
    ) -> None:
        key = random_key()
        records: list[Record] = [Device(device_id, key_hash(key), speed_unit, note=note)]
        if unit is not None:
            records.append(DeviceAssignment(device_id, unit, Period(start, end)))
        roster().add(*records)
        click.echo(f"Device {device_id} is registered. Its key, shown only now: {key}")

    @devices.command("disable", help="Refuse what the device sends from now on.")
    @click.argument("device_id", metavar="ID")
    def disable(device_id: str) -> None:
        roster().enable_device(device_id, False)
        click.echo(f"Device {device_id} is disabled.")

    @devices.command("enable", help="Take what the device sends again.")
    @click.argument("device_id", metavar="ID")
    def enable(device_id: str) -> None:
        roster().enable_device(device_id, True)
        click.echo(f"Device {device_id} is enabled.")


def platoon_commands(group: AppGroup, roster: GetRoster) -> None:
    """Add ``platoons list|add`` to ``group``."""
    platoons = subgroup(group, "platoons", "The platoons of an operation.")

    @platoons.command("list", help="The platoons of all operations, or of one.")
    @click.option("--operation")
    def list_(operation: str | None) -> None:
        rows = [
            (one.operation, one.id, one.callsign, one.kind, one.strength)
            for one in sorted(
                roster().roster().platoons.values(), key=lambda one: (one.operation, one.id)
            )
            if operation in (None, one.operation)
        ]
        show_table(("operation", "id", "call sign", "kind", "strength"), rows)

    @platoons.command("add", help="Add a platoon of STRENGTH officers to an operation.")
    @click.argument("platoon_id", metavar="ID")
    @click.argument("operation")
    @click.argument("callsign")
    @click.argument("strength", type=int)
    @click.option("--kind", type=click.Choice(PLATOON_KINDS), default="crowd_control")
    def add(platoon_id: str, operation: str, callsign: str, strength: int, kind: str) -> None:
        roster().add(Platoon(platoon_id, operation, callsign, kind, strength))
        click.echo(f"Platoon {platoon_id} is on the roster of {operation}.")
