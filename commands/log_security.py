"""``flask log security``: the segments of the security log."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import click

from commands.group import Group
from domain.errors import InvalidField
from domain.time import to_rfc3339
from services.security.keeping import SecurityKeeping


class HasSecurityKeeping(Protocol):
    """What these commands need of the joined services."""

    @property
    def security_keeping(self) -> SecurityKeeping: ...


def security_commands(get_services: Callable[[], HasSecurityKeeping]) -> Group:
    """The group, to be added to ``flask log``."""
    group = Group("security", help="The segments of the security log.")

    @group.command("list")
    def show() -> None:
        """Show every segment: how many entries, and from when until when."""
        for number, entries, first, last in get_services().security_keeping.segments():
            click.echo(f"{number:>6}  {entries:>8}  {to_rfc3339(first)}  {to_rfc3339(last)}")

    @group.command("close")
    def close() -> None:
        """End the open segment now; its end goes into the chain of the system."""
        number = get_services().security_keeping.close()
        click.echo("there is no segment yet" if number is None else f"closed segment {number}")

    @group.command("drop")
    @click.option("--older-than", "days", type=int, help="Days; otherwise as the settings say.")
    @click.option("--yes", is_flag=True, help="Do not ask.")
    def drop(days: int | None, yes: bool) -> None:
        """Take away whole segments that are old; the chain of the system says so for good."""
        keeping = get_services().security_keeping
        if days is not None and not 1 <= days <= 36_500:
            raise InvalidField("older-than", "must be from 1 to 36500 days")
        if not yes:
            click.confirm(f"drop what is older than {days or keeping.days} days?", abort=True)
        segments, entries = keeping.drop(days)
        click.echo(f"dropped {segments} segment(s) with {entries} entries")

    return group
