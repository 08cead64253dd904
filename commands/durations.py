"""Spans of time as somebody types them: 15m, 1h, 1d."""

from __future__ import annotations

import re
from datetime import timedelta

import click

_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
_SPAN = re.compile(r"([1-9][0-9]{0,5})([smhd])")


class Span(click.ParamType[timedelta]):
    """An option of a length of time, as a ``timedelta``."""

    name = "span"

    def convert(
        self,
        value: str | timedelta,
        param: click.Parameter | None,
        ctx: click.Context | None,
    ) -> timedelta:
        """The length, or what is wrong with it."""
        if isinstance(value, timedelta):
            return value
        found = _SPAN.fullmatch(value.strip())
        if found is None:
            self.fail("is a number and s, m, h or d, such as 15m, 1h or 1d", param, ctx)
        return timedelta(**{_UNITS[found[2]]: int(found[1])})
