"""What every command group has in common."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import click
from flask.cli import AppGroup

from commands.recorded import record_command
from data.private_files import UMASK
from domain.errors import DashboardError


@contextmanager
def closed_to_others() -> Iterator[None]:
    """Every file that is made meanwhile is for this account alone: exports, backups, anchors."""
    before = os.umask(UMASK)
    try:
        yield
    finally:
        os.umask(before)


class Group(AppGroup):
    """A group whose refusals end a command with one line instead of a traceback, and whose commands
    are recorded in the security log."""

    def group(self, *args: Any, **kwargs: Any) -> Any:
        """A group inside is one of these too."""
        kwargs.setdefault("cls", Group)
        return super().group(*args, **kwargs)

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command."""
        outcome = "failed"
        try:
            with closed_to_others():
                result = super().invoke(ctx)
            outcome = "done"
            return result
        except DashboardError as fault:
            outcome = "refused"
            field = fault.extra.get("field")
            words = f"{field}: {fault.detail}" if field else fault.detail
            raise click.ClickException(words) from fault
        except click.ClickException:
            outcome = "refused"
            raise
        except click.exceptions.Exit as ended:
            outcome = "" if ended.exit_code == 0 else "failed"  # --help ends with 0
            raise
        except click.Abort:
            outcome = ""  # nothing was done
            raise
        finally:
            self._record(ctx, outcome)

    def _record(self, ctx: click.Context, outcome: str) -> None:
        name = ctx.invoked_subcommand
        command = self.get_command(ctx, name) if name else None
        if name and outcome and command is not None and not isinstance(command, click.Group):
            record_command(ctx, [*_path(ctx), name], outcome)


def _path(ctx: click.Context | None) -> list[str]:
    """The names of the groups from the outermost of ours to this one."""
    if ctx is None or not isinstance(ctx.command, Group):
        return []
    return [*_path(ctx.parent), str(ctx.command.name)]
