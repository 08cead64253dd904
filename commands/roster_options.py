"""What the roster commands share: times as options, tables as output."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

import click
from flask.cli import AppGroup

from commands.group import Group
from domain.errors import InvalidField
from domain.roster import Period
from domain.time import parse_rfc3339, to_rfc3339
from services.clock import utc_now
from services.roster import RosterService

GetRoster = Callable[[], RosterService]


def parse_moment(value: str | datetime) -> datetime:
    """An option's time: RFC 3339, and one without a zone is refused."""
    if isinstance(value, datetime):
        return value
    try:
        return parse_rfc3339(value, "time")
    except InvalidField as fault:
        raise click.BadParameter(fault.detail) from fault


FROM = click.option("--from", "start", type=parse_moment, default=utc_now, help="From when; now.")
TO = click.option("--to", "end", type=parse_moment, help="Until when; otherwise without an end.")
AT = click.option("--at", "moment", type=parse_moment, default=utc_now, help="When; now.")


def subgroup(group: AppGroup, name: str, words: str) -> AppGroup:
    """A new group under ``group``."""
    new = Group(name, help=words)
    group.add_command(new)
    return new


def show_table(header: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Columns as wide as they need be, or one line saying that there is nothing."""
    if not rows:
        click.echo("Nothing on the roster.")
        return
    lines = [[str(cell) for cell in row] for row in (header, *rows)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    for line in lines:
        cells = (cell.ljust(width) for cell, width in zip(line, widths, strict=True))
        click.echo("  ".join(cells).rstrip())


def time_words(moment: datetime | None) -> str:
    """RFC 3339 to the second, a hyphen for none."""
    return "-" if moment is None else to_rfc3339(moment.replace(microsecond=0))


def period_words(period: Period) -> str:
    """Both ends of a period."""
    return f"{time_words(period.starts_at)} to {time_words(period.ends_at)}"
