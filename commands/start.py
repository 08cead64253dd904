"""What every command that serves looks at before it does."""

from __future__ import annotations

import click

from services.access.start_check import REMOVE, StartCheck


def refuse_demonstration(check: StartCheck) -> None:
    """End the command while the database holds what everybody can sign in with."""
    found = check.look()
    if found:
        raise click.ClickException(
            f"production is not served with the demonstration's credentials ({found.words()}). "
            f"To take them away: {REMOVE}"
        )
