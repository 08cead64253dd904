"""``flask roster``: who is on duty with which device, by hand and from CSV files."""

from __future__ import annotations

from collections.abc import Callable
from typing import BinaryIO, Protocol

import click

from commands.group import Group
from commands.roster_duties import assign_commands, release_commands, shift_commands
from commands.roster_options import GetRoster
from commands.roster_records import (
    device_commands,
    operation_commands,
    platoon_commands,
    unit_commands,
)
from services.clock import utc_now
from services.roster import RosterService
from services.roster_import import KINDS, LARGEST_FILE, ImportRefused, plan
from settings import random_key

FAULTS_SHOWN = 50


class HasRoster(Protocol):
    """What these commands need of the joined services."""

    @property
    def roster(self) -> RosterService: ...


def roster_commands(get_services: Callable[[], HasRoster]) -> Group:
    """The group, to be added to ``app.cli``; ``get_services`` is called when a command runs."""
    group = Group("roster", help="Units, devices, platoons, shifts and their assignments.")

    def roster() -> RosterService:
        service = get_services().roster
        service.ensure_live(utc_now())  # a new database has no server that made it yet
        return service

    for join in (
        operation_commands,
        unit_commands,
        device_commands,
        platoon_commands,
        shift_commands,
        assign_commands,
        release_commands,
        _import_command,
    ):
        join(group, roster)
    return group


def _import_command(group: Group, roster: GetRoster) -> None:
    @group.command("import", help="Take in a whole CSV FILE of one KIND, or nothing of it.")
    @click.argument("kind", type=click.Choice(list(KINDS)))
    @click.argument("file", type=click.File("rb"))
    @click.option("--dry-run", is_flag=True, help="Only check the file; store nothing.")
    def import_(kind: str, file: BinaryIO, dry_run: bool) -> None:
        service = roster()
        try:
            wanted = plan(kind, file.read(LARGEST_FILE + 1), service.fresh(), random_key)
        except ImportRefused as refused:
            raise click.ClickException(_all_faults(refused)) from refused
        if dry_run:
            click.echo(f"The file is right ({kind}: {len(wanted.records)}). Nothing was stored.")
            return
        service.add(*wanted.records)
        click.echo(f"Stored ({kind}: {len(wanted.records)}).")
        if wanted.keys:
            click.echo("The keys of the devices, shown only now:")
            for device, key in wanted.keys.items():
                click.echo(f"{device},{key}")


def _all_faults(refused: ImportRefused) -> str:
    lines = [str(fault) for fault in refused.faults[:FAULTS_SHOWN]]
    if len(refused.faults) > FAULTS_SHOWN:
        lines.append(f"and {len(refused.faults) - FAULTS_SHOWN} more")
    return "\n".join(["nothing was stored.", *lines])
