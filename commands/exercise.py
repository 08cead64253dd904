"""``flask exercise``: operations loaded from scenario files."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import click

from commands.group import Group
from domain.time import to_rfc3339
from services.demonstration import Demonstration
from services.scenario_loading import Loaded


class HasDemonstration(Protocol):
    """What these commands need of the joined services."""

    @property
    def scenarios(self) -> Demonstration: ...


def exercise_commands(get_services: Callable[[], HasDemonstration]) -> Group:
    """The group, to be added to ``app.cli``; ``get_services`` is called when a command runs."""
    group = Group("exercise", help="Exercises and histories from scenario files.")

    @group.command("load")
    @click.argument("scenario", metavar="FILE_OR_NAME")
    @click.option("--if-missing", is_flag=True, help="Do nothing when it is loaded already.")
    @click.option("--seed", type=click.IntRange(min=0), help="Another one, for other positions.")
    def load(scenario: str, if_missing: bool, seed: int | None) -> None:
        """Load a scenario: demo, history-2021-05, or a file of your own.

        Stop it with Ctrl-C; the same command goes on where it was stopped.
        """
        click.echo(f"loading {scenario}", err=True)
        loaded = get_services().scenarios.load(scenario, seed, if_missing, _tell)
        click.echo(_words(loaded))

    return group


def _tell(what: str, done: int, of: int) -> None:
    if done == of or done % 25 == 0:
        click.echo(f"  {what}: {done} of {of}", err=True)


def _words(loaded: Loaded) -> str:
    when = to_rfc3339(loaded.loaded_at)
    if loaded.already:
        return f"{loaded.operation} has been there since {when}."
    return (
        f"{loaded.operation} is loaded: {loaded.fixes} positions and {loaded.steps} entries, "
        f"seed {loaded.seed}, times counted from {when}."
    )
