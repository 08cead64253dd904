"""``flask db backup``, ``flask db check`` and ``flask db restore``."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import Any, Protocol

import click

from commands.group import Group
from data.backup.at_rest import DatabaseAtRest
from data.backup.contents import Contents
from data.backup.embedded import EmbeddedBackups
from data.backup.embedded_copy import Progress
from data.backup.putting_in_service import Restored
from data.backup.served import ServedBackups
from data.database import Database
from data.migrate import head
from domain.time import to_rfc3339
from services.clock import utc_now
from services.log_check import LogCheck
from settings import Settings

_FILE = click.argument("path", type=click.Path(path_type=Path))


class Backups(Protocol):
    """Of one database, embedded or served."""

    def backup(self, path: Path, progress: Progress) -> Contents | str:
        """Write what is stored to a new file; what it holds, or its revision."""

    def check(self, path: Path) -> Contents | str:
        """Read all of a backup; what it holds, or its revision."""

    def refuse_used(self) -> bool:
        """Whether there is anything to replace; raises ``BackupRefused`` while it is in use."""

    def restore(self, path: Path, at: Any, progress: Progress) -> Restored:
        """Put a backup into the place of what is there, which is kept."""


def add_backup_commands(
    group: Group, settings: Settings, log_check: Callable[[Database], LogCheck]
) -> None:
    """Add the commands to ``flask db``; ``log_check`` gives who verifies the log of a database."""

    @group.command()
    @_FILE
    def backup(path: Path) -> None:
        """Write all that is stored now to PATH, a new file, while the server goes on."""
        with _progress() as progress:
            found = _backups(settings).backup(path, progress)
        _describe(path, found)
        if _broken_chains(path, found, log_check, only_chains=True):
            click.echo("the backup was made; what it holds is broken, as it is in the database")

    @group.command()
    @_FILE
    def check(path: Path) -> None:
        """Read all of the backup PATH and say what it holds; exit code 1 when anything is broken.

        Nothing is changed, and no server has to stop.
        """
        found = _backups(settings).check(path)
        _describe(path, found)
        if _broken_chains(path, found, log_check, only_chains=False):
            raise click.exceptions.Exit(1)

    @group.command()
    @_FILE
    @click.option("--yes", is_flag=True, help="Do not ask.")
    def restore(path: Path, yes: bool) -> None:
        """Put the backup PATH in the place of the database; what was there is kept.

        Everybody is signed out, and every bearer token is revoked. Stop the server before.
        """
        backups = _backups(settings)
        there = backups.refuse_used()
        _describe(path, backups.check(path))
        if there and not yes:
            click.confirm(f"replace the data in {_name(settings)} by {path}?", abort=True)
        with _progress() as progress:
            restored = backups.restore(path, utc_now(), progress)
        if restored.kept:
            click.echo(f"what was there is in {restored.kept}")
        click.echo(f"restored; the database is at revision {restored.revision}")
        click.echo(
            f"{restored.sessions} session(s) ended, {restored.tokens} token(s) revoked; accounts, "
            "roles and passwords are as they were then: see flask users list"
        )


def _backups(settings: Settings) -> Backups:
    with closing(Database(settings.database_url)) as database:
        if database.dialect == "postgresql":
            return ServedBackups(settings.database_url)
        file = database.url.database
    if not file or file == ":memory:":
        raise click.ClickException("this database is in memory: there is nothing to keep")
    return EmbeddedBackups(Path(file))


def _name(settings: Settings) -> str:
    with closing(Database(settings.database_url)) as database:
        return database.url.render_as_string(hide_password=True)


def _describe(path: Path, found: Contents | str) -> None:
    size = f"{path}: {path.stat().st_size:,} bytes, checked"
    if isinstance(found, str):
        click.echo(f"{size}; schema {found}; a dump of PostgreSQL, read to its end")
        return
    click.echo(f"{size}; schema {found.revision}")
    click.echo(
        f"  {found.accounts:,} account(s), {found.events:,} event(s), {found.positions:,} "
        f"position(s), {found.quarantined:,} in quarantine"
    )
    for what, newest in (("event", found.newest_event), ("position", found.newest_position)):
        if newest is not None:
            click.echo(f"  the newest {what} is of {to_rfc3339(newest)}")
    if found.head:
        click.echo(f"  the chain of the system ends with event {found.head[0]}, {found.head[1]}")


def _broken_chains(
    path: Path,
    found: Contents | str,
    log_check: Callable[[Database], LogCheck],
    *,
    only_chains: bool,
) -> bool:
    """Whether a fault was found, and said, in the log that a file of SQLite holds."""
    if isinstance(found, str):
        click.echo("  the log in it can be verified only when it is restored: flask log verify")
        return False
    if found.revision != head():
        click.echo("  of an older version: the log in it can be verified when it is restored")
        return False
    with closing(DatabaseAtRest(path)) as copy:
        verdicts = log_check(copy).verify(only_chains=only_chains)
    faults = [f"{one.operation}: {fault}" for one in verdicts for fault in one.faults]
    for fault in faults:
        click.echo(f"  {fault}")
    if not faults:
        click.echo(
            f"  the log is consistent: {sum(one.events is not None for one in verdicts)} chain(s)"
        )
    return bool(faults)


@contextmanager
def _progress() -> Iterator[Progress]:
    """Bars, one after the other. SIGTERM stops the work as Ctrl-C does, tidied up."""
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    bars: dict[str, Any] = {}
    shown = ExitStack()

    def show(what: str, done: int, total: int) -> None:
        if what not in bars:
            shown.close()
            bars[what] = shown.enter_context(click.progressbar(length=1, label=what))
        bars[what].length = max(total, 1)
        bars[what].update(done - bars[what].pos)

    try:
        with shown:
            yield show
    finally:
        signal.signal(signal.SIGTERM, before)
