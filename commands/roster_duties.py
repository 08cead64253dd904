"""``flask roster shifts|assign|release``: who does what, when and for whom."""

from __future__ import annotations

from datetime import datetime

import click
from flask.cli import AppGroup

from commands.roster_options import (
    AT,
    FROM,
    TO,
    GetRoster,
    parse_moment,
    period_words,
    show_table,
    subgroup,
)
from domain.roster import MEMBER_KINDS, Period, Shift, ShiftMember


def shift_commands(group: AppGroup, roster: GetRoster) -> None:
    """Add ``shifts list|add|assign`` to ``group``."""
    shifts = subgroup(group, "shifts", "The shifts of an operation and who is on them.")

    @shifts.command("list", help="The shifts of an operation with their members.")
    @click.argument("operation")
    def list_(operation: str) -> None:
        service = roster()
        service.operation(operation)
        members = service.roster().members
        rows = [
            (one.id, one.name, period_words(one.period), *member)
            for one in service.shifts_of(operation)
            for member in [(who.member, who.task) for who in members.get(one.id, [])] or [("-", "")]
        ]
        show_table(("id", "name", "period", "member", "task"), rows)

    @shifts.command("add", help="Plan a shift.")
    @click.argument("shift_id", metavar="ID")
    @click.argument("operation")
    @click.argument("name")
    @click.option("--from", "start", type=parse_moment, required=True)
    @click.option("--to", "end", type=parse_moment, required=True)
    def add(shift_id: str, operation: str, name: str, start: datetime, end: datetime) -> None:
        roster().add(Shift(shift_id, operation, name, Period(start, end)))
        click.echo(f"Shift {shift_id} is planned.")

    @shifts.command("assign", help="Put a unit or a platoon on a shift.")
    @click.argument("shift_id", metavar="SHIFT")
    @click.argument("member_kind", type=click.Choice(MEMBER_KINDS))
    @click.argument("member")
    @click.option("--task", default="", help="What it is to do.")
    def assign(shift_id: str, member_kind: str, member: str, task: str) -> None:
        roster().add(ShiftMember(shift_id, member_kind, member, task))
        click.echo(f"{member} is on shift {shift_id}.")


def assign_commands(group: AppGroup, roster: GetRoster) -> None:
    """Add ``assign device|unit`` to ``group``."""
    assign = subgroup(group, "assign", "For whom a device reports; where a unit belongs.")

    @assign.command("device", help="The device reports for the unit.")
    @click.argument("device")
    @click.argument("unit")
    @FROM
    @TO
    def device(device: str, unit: str, start: datetime, end: datetime | None) -> None:
        roster().assign_device(device, unit, start, end)
        click.echo(f"{device} reports for {unit} {period_words(Period(start, end))}.")

    @assign.command("unit", help="The unit belongs to the operation.")
    @click.argument("unit")
    @click.argument("operation")
    @FROM
    @TO
    def unit(unit: str, operation: str, start: datetime, end: datetime | None) -> None:
        roster().assign_unit(unit, operation, start, end)
        click.echo(f"{unit} belongs to {operation} {period_words(Period(start, end))}.")


def release_commands(group: AppGroup, roster: GetRoster) -> None:
    """Add ``release device|unit`` to ``group``."""
    release = subgroup(group, "release", "End an assignment, so that another one can begin.")

    @release.command("device", help="The device reports for its unit no longer.")
    @click.argument("device")
    @AT
    def device(device: str, moment: datetime) -> None:
        ended = roster().end_device_assignment(device, moment)
        click.echo(f"{device} reported for {ended.unit} {period_words(ended.period)}.")

    @release.command("unit", help="The unit belongs to its operation no longer.")
    @click.argument("unit")
    @AT
    def unit(unit: str, moment: datetime) -> None:
        ended = roster().end_unit_assignment(unit, moment)
        click.echo(f"{unit} belonged to {ended.operation} {period_words(ended.period)}.")
