"""``flask log``: check the hash chains, and write the anchors that make a cut end visible."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Protocol

import click

from commands.group import Group
from services.log_check import LogCheck, Verdict, read_anchors, write_anchors


class HasLogCheck(Protocol):
    """What these commands need of the joined services."""

    @property
    def log_check(self) -> LogCheck: ...


def log_commands(get_services: Callable[[], HasLogCheck]) -> Group:
    """The group, to be added to ``app.cli``; ``get_services`` is called when a command runs."""
    group = Group("log", help="The hash-chained log: verify it, anchor it elsewhere.")

    @group.command()
    @click.option(
        "--anchors",
        type=click.Path(exists=True, dir_okay=False, path_type=Path),
        help="A file that `flask log anchor` wrote earlier and that was kept elsewhere.",
    )
    def verify(anchors: Path | None) -> None:
        """Read every chain from its beginning; exit code 1 when one is broken."""
        kept = read_anchors(anchors.read_text()) if anchors else []
        verdicts = get_services().log_check.verify(kept)
        for verdict in verdicts:
            _show(verdict)
        if any(verdict.faults for verdict in verdicts):
            raise click.exceptions.Exit(1)

    @group.command()
    @click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
    def anchor(file: Path) -> None:
        """Add the end of every chain to FILE; keep that file where this machine cannot write."""
        verdicts = get_services().log_check.verify()
        broken = [verdict for verdict in verdicts if verdict.faults]
        for verdict in broken:
            _show(verdict)
        if broken:
            raise click.ClickException("a broken chain is not anchored")
        with file.open("a", encoding="utf-8") as out:
            out.write(write_anchors(verdicts))
        click.echo(f"anchored {sum(verdict.head is not None for verdict in verdicts)} chain(s)")

    return group


def _show(verdict: Verdict) -> None:
    state = "broken" if verdict.faults else "whole"
    click.echo(f"{verdict.operation}: {verdict.events} event(s), {state}")
    for fault in verdict.faults:
        click.echo(f"  {fault}")
