"""``flask db``: schema, accounts of the database, backup and restore."""

from __future__ import annotations

import shlex
import sqlite3
from contextlib import closing
from pathlib import Path

import click

from commands.group import Group
from data.database import Database
from data.fix_chunks_packing import FixPacking
from data.grants import grant
from data.migrate import upgrade
from services.clock import utc_now
from settings import Settings

_PAGES_AT_ONCE = 256
_FILE = click.argument("path", type=click.Path(dir_okay=False, path_type=Path))


def database_commands(settings: Settings) -> Group:
    """The group, to be added to ``app.cli``."""
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
    @_FILE
    def backup(path: Path) -> None:
        """Write a consistent copy to PATH while the server goes on."""
        database = _embedded(settings, "pg_dump --format=custom --file", path)
        if path.exists():
            raise click.ClickException(f"{path} exists; a backup never replaces a file")
        path.parent.mkdir(parents=True, exist_ok=True)
        unfinished = path.with_name(path.name + ".unfinished")
        _copy(database, unfinished, "backing up")
        _check(unfinished)
        unfinished.rename(path)
        click.echo(f"{path}: {path.stat().st_size:,} bytes, checked")

    @group.command()
    def pack() -> None:
        """Pack all settled positions now, while the server goes on; it may be stopped any time."""
        with closing(Database(settings.database_url)) as database:
            packed = _pack(FixPacking(database))
        click.echo(f"{packed:,} positions packed")

    @group.command()
    @_FILE
    @click.option("--yes", is_flag=True, help="Do not ask.")
    def restore(path: Path, yes: bool) -> None:
        """Put the backup PATH in the place of the database; what was there is kept beside it."""
        database = _embedded(settings, "pg_restore --clean --if-exists", path)
        _check(path)
        if not yes:
            click.confirm(f"replace the data in {database} by {path}?", abort=True)
        if database.exists():
            earlier = _free_name(database)
            _copy(database, earlier, "keeping what was there")
            click.echo(f"what was there is in {earlier}")
        database.parent.mkdir(parents=True, exist_ok=True)
        _copy(path, database, "restoring")
        with closing(Database(settings.database_url)) as restored:
            click.echo(f"restored; the database is at revision {upgrade(restored)}")

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


def _embedded(settings: Settings, tool: str, path: Path) -> Path:
    """The file of an embedded database; a served one has tools of its own, which are named."""
    with closing(Database(settings.database_url)) as database:
        if database.dialect == "sqlite" and database.url.database:
            return Path(database.url.database)
        name = database.url.render_as_string(hide_password=True)
    raise click.ClickException(
        f"PostgreSQL keeps this database; use its own tool: {tool} {shlex.quote(str(path))} {name}"
    )


def _copy(source: Path, target: Path, label: str) -> None:
    if not source.is_file():
        raise click.ClickException(f"there is no database in {source}")
    try:
        with (
            closing(sqlite3.connect(source)) as read,
            closing(sqlite3.connect(target)) as written,
            click.progressbar(length=1, label=label) as bar,
        ):

            def show(_status: int, remaining: int, total: int) -> None:
                bar.length = max(total, 1)
                bar.update(total - remaining - bar.pos)

            read.backup(written, pages=_PAGES_AT_ONCE, progress=show)
    except sqlite3.Error as fault:
        raise click.ClickException(f"{label} failed: {fault}") from fault


def _check(path: Path) -> None:
    """Refuse a file that is damaged or is no backup of this product."""
    if not path.is_file():
        raise click.ClickException(f"there is no file {path}")
    try:
        with closing(sqlite3.connect(f"file:{path.resolve()}?mode=ro", uri=True)) as connection:
            verdict = connection.execute("PRAGMA integrity_check").fetchone()[0]
            connection.execute("SELECT version_num FROM alembic_version").fetchone()
    except sqlite3.Error as fault:
        raise click.ClickException(f"{path} is no backup of this product: {fault}") from fault
    if verdict != "ok":
        raise click.ClickException(f"{path} is damaged: {verdict}")


def _free_name(database: Path) -> Path:
    number = 1
    while (candidate := database.with_name(f"{database.name}.before-restore-{number}")).exists():
        number += 1
    return candidate
