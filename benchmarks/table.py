"""The one table that ``make bench`` prints: a row for everything measured, with what it is held to.

A row says what was measured, against what of the same run (or against a figure quoted from
elsewhere, which it then says), their ratio, the limit asked, and whether that is met. What was not
measured has a row as well, with the reason.
"""

from __future__ import annotations

import os
import platform
import sqlite3
import sys
from collections.abc import Callable, Sequence
from contextlib import redirect_stdout
from dataclasses import dataclass
from datetime import UTC, datetime

HEADINGS = ("what", "measured", "against", "ratio", "limit", "met")
_RIGHT = "ratio"


@dataclass(frozen=True)
class Limit:
    """A bound of a value in ``unit``; at most one of the two may be missing."""

    least: float | None = None
    most: float | None = None
    unit: str = ""

    def __str__(self) -> str:
        told = []
        if self.least is not None:
            told.append(f"at least {self.least:g}{self.unit}")
        if self.most is not None:
            told.append(f"at most {self.most:g}{self.unit}")
        return ", ".join(told)

    def met(self, value: float) -> bool:
        """Whether ``value`` lies within; what it is rounded to in print does not count."""
        return (self.least is None or value >= self.least) and (
            self.most is None or value <= self.most
        )


def at_least(value: float, unit: str = "") -> Limit:
    """Not less than ``value``."""
    return Limit(least=value, unit=unit)


def at_most(value: float, unit: str = "") -> Limit:
    """Not more than ``value``."""
    return Limit(most=value, unit=unit)


@dataclass(frozen=True)
class Row:
    """One line of the table, all of it as it is printed."""

    what: str
    measured: str
    against: str = ""
    ratio: str = ""
    limit: str = ""
    met: str = ""

    def __str__(self) -> str:
        return " | ".join(_cells(self))


def row(
    what: str,
    measured: str,
    against: str,
    ratio: float,
    limit: Limit | None = None,
    *,
    noise: tuple[float, float] | None = None,
    quoted: bool = False,
    but: str = "",
) -> Row:
    """``ratio`` is what the limit is of; without a limit there is nothing to be met.

    ``noise`` is the interval of the ratio: then the limit is met while a part of it lies within.
    ``quoted`` tells that what it is held against was not measured in this run; ``but`` whatever
    else belongs beside the verdict.
    """
    told = number(ratio)
    met = limit.met(ratio) if limit else True
    if noise:
        told += f" ({number(noise[0])} to {number(noise[1])})"
        met = met or (limit is not None and any(limit.met(end) for end in noise))
    verdict = "" if limit is None else "yes" if met else "**no**"
    remarks = ["against a quoted figure"] * quoted + [but] * bool(but)
    return Row(
        what, measured, against, told,
        (str(limit) + (" within the noise" if noise else "")) if limit else "",
        ", ".join([verdict] * bool(verdict) + remarks),
    )  # fmt: skip


def value_row(what: str, value: float, limit: Limit, *, but: str = "") -> Row:
    """A limit of the measured value itself, not of a ratio."""
    met = "yes" if limit.met(value) else "**no**"
    return Row(
        what, f"{number(value)}{limit.unit}", "", "", str(limit),
        f"{met}, {but}" if but else met,
    )  # fmt: skip


def not_measured(what: str, why: object, limit: Limit | None = None, against: str = "") -> Row:
    """A row that owes its figure."""
    return Row(what, "", against, "", str(limit or ""), f"not measured: {why}")


def number(value: float) -> str:
    """Three figures or all before the point: 1,719; 29.4; 3.02; 0.976."""
    decimals = next((n for n, least in enumerate((100, 10, 1)) if abs(value) >= least), 3)
    return f"{value:,.{decimals}f}"


def rate(value: float) -> str:
    """A number of things a second."""
    return f"{number(value)} a second"


def duration(seconds: float) -> str:
    """In seconds, or in milliseconds below one."""
    return f"{number(seconds)} s" if seconds >= 1 else f"{number(seconds * 1e3)} ms"


def rendered(rows: Sequence[Row]) -> str:
    """The rows as a Markdown table whose columns line up."""
    lines = [HEADINGS, *(_cells(one) for one in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(HEADINGS))]
    rule = [
        "-" * (width - 1) + ":" if heading == _RIGHT else "-" * width
        for heading, width in zip(HEADINGS, widths, strict=True)
    ]
    return "\n".join(
        "| " + " | ".join(_padded(line, widths)) + " |"
        for line in (lines[0], tuple(rule), *lines[1:])
    )


def _cells(one: Row) -> tuple[str, ...]:
    return one.what, one.measured, one.against, one.ratio, one.limit, one.met


def _padded(line: Sequence[str], widths: Sequence[int]) -> list[str]:
    return [
        text.rjust(width) if heading == _RIGHT else text.ljust(width)
        for heading, text, width in zip(HEADINGS, line, widths, strict=True)
    ]


def heading(began: datetime, load: float) -> str:
    """When and where: the load average is that of the minute before, and of the last one now."""
    return (
        f"{began:%Y-%m-%d %H:%MZ}, {os.cpu_count()} cores ({platform.machine()}), "
        f"{platform.system()}, Python {platform.python_version()}, SQLite "
        f"{sqlite3.sqlite_version}, load average {load:.1f} before and "
        f"{os.getloadavg()[0]:.1f} after"
    )


def alone(main: Callable[[], Sequence[Row]]) -> None:
    """Run one benchmark; details go to the standard error, only the table to the output."""
    began, load = datetime.now(UTC), os.getloadavg()[0]
    with redirect_stdout(sys.stderr):
        rows = main()
    print(f"{heading(began, load)}\n\n{rendered(rows)}")
