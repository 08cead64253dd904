"""What every command group has in common."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import click
from flask.cli import AppGroup

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
    """A group whose refusals end a command with one line instead of a traceback."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command."""
        try:
            with closed_to_others():
                return super().invoke(ctx)
        except DashboardError as fault:
            field = fault.extra.get("field")
            words = f"{field}: {fault.detail}" if field else fault.detail
            raise click.ClickException(words) from fault
