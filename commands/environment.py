"""The settings of the environment; a command line gets sentences instead of a traceback."""

from __future__ import annotations

import click

from settings import Settings, UnsafeSettings, from_environment

REFUSED = 2
"""What a command ends with that the settings stop."""


def settings_of_environment() -> Settings:
    """The settings.

    Where they are refused, a command line says each reason in a line of its own and ends; anything
    else gets ``UnsafeSettings``.
    """
    try:
        return from_environment()
    except UnsafeSettings as refused:
        if click.get_current_context(silent=True) is None:
            raise
        for reason in str(refused).split("; "):
            click.echo(f"Error: {reason}", err=True)
        # Flask's loader prints the traceback of any other exception, one of click included
        raise SystemExit(REFUSED) from None
