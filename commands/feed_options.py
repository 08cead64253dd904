"""The options that the commands of ``flask feeds`` have in common."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
"""A file that is there."""

Command = Callable[..., Any]


def tls_files(*, ca: str, certificate: str) -> Callable[[Command], Command]:
    """``--ca``, ``--certificate`` and ``--key``, with the help for the first two."""
    options = (
        click.option("--ca", type=FILE, help=ca),
        click.option("--certificate", type=FILE, help=certificate),
        click.option("--key", type=FILE, help="Its key (PEM)."),
    )

    def added(command: Command) -> Command:
        for option in reversed(options):  # as decorators are applied: the last one first
            command = option(command)
        return command

    return added
