"""``flask db``: schema, accounts of the database, backup and restore."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing

import click

from commands.backups import add_backup_commands
from commands.group import Group
from data.database import Database
from data.fix_chunks_packing import FixPacking
from data.grants import grant
from data.migrate import upgrade
from services.clock import utc_now
from services.log_check import LogCheck
from settings import Settings


def database_commands(settings: Settings, log_check: Callable[[Database], LogCheck]) -> Group:
    """The group, to be added to ``app.cli``; ``log_check`` gives who verifies the log of a
    database."""
    group = Group("db", help="The database: its schema, backups, and bringing one back.")

    @group.command("upgrade")
    def upgrade_schema() -> None:
        """Bring the database to the newest schema; creates it when it is missing."""
        with closing(Database(settings.database_url)) as database:
            click.echo(f"the database is at revision {upgrade(database)}")

    @group.command("grant")
    @click.argument("account")
    def grant_account(account: str) -> None:
        """Let the PostgreSQL account ACCOUNT run the program without owning anything.

        It adds to the log and cannot change it. Run this as the owner, after every upgrade.
        """
        with closing(Database(settings.database_url)) as database:
            grant(database, account)
        click.echo(f"{account} may run the program; the log it can only read and add to")

    @group.command()
    def pack() -> None:
        """Pack all settled positions now, while the server goes on; it may be stopped any time."""
        with closing(Database(settings.database_url)) as database:
            packed = _pack(FixPacking(database))
        click.echo(f"{packed:,} positions packed")

    add_backup_commands(group, settings, log_check)
    return group


def _pack(packing: FixPacking) -> int:
    now, packed = utc_now(), 0
    with click.progressbar(length=packing.settled(now), label="packing") as bar:
        while due := packing.due(now):
            for one in due:
                while count := packing.step(one):
                    packed += count
                    bar.update(count)
    return packed
