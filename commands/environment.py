"""The settings of the environment; a command line gets sentences instead of a traceback."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import NoReturn

import click

from data.policy_file import FaultyUnitFile, UnitFile
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
        if not _on_a_command_line():
            raise
        _end(refused.reasons)


def unit_file(read: Callable[[], UnitFile]) -> UnitFile:
    """What ``read`` gives. A faulty file is refused the same way, with ``FaultyUnitFile``."""
    try:
        return read()
    except FaultyUnitFile as refused:
        if not _on_a_command_line():
            raise
        _end(refused.faults)


def _on_a_command_line() -> bool:
    return click.get_current_context(silent=True) is not None


def _end(reasons: Iterable[str]) -> NoReturn:
    for reason in reasons:
        click.echo(f"Error: {reason}", err=True)
    # Flask's loader prints the traceback of any other exception, one of click included
    raise SystemExit(REFUSED) from None
