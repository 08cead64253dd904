"""What every command group has in common."""

from __future__ import annotations

from typing import Any

import click
from flask.cli import AppGroup

from domain.errors import DashboardError


class Group(AppGroup):
    """A group whose refusals end a command with one line instead of a traceback."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command."""
        try:
            return super().invoke(ctx)
        except DashboardError as fault:
            field = fault.extra.get("field")
            words = f"{field}: {fault.detail}" if field else fault.detail
            raise click.ClickException(words) from fault
