"""Times as officers write and read them: always with a zone letter, never guessed.

Read: ``1432Z`` (hour and minute), ``211432Z NOV 26`` (date-time group). Typed: the same, or
RFC 3339; ``1432B`` is the clock of UTC+2.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta

from domain.errors import InvalidField
from domain.time import (
    BELGRADE,
    from_date_time_group,
    parse_rfc3339,
    to_date_time_group,
)

_SHORT = re.compile(r"(\d{1,2}):?(\d{2})\s*([ZAB])", re.IGNORECASE)
_BARE = re.compile(r"(\d{1,2}):?(\d{2})(?::\d{2})?")
_HOURS = {"Z": 0, "A": 1, "B": 2}
_DAY = timedelta(days=1)
AHEAD = timedelta(minutes=1)
"""How far ahead a time of a past event may be typed before it means the day before."""


def group(moment: str) -> str:
    """The date-time group of an RFC 3339 time: ``211432Z NOV 26``."""
    return to_date_time_group(parse_rfc3339(moment, "time"))


def local_group(moment: str) -> str:
    """The date-time group on the clock of the theatre, with its letter A or B."""
    return to_date_time_group(parse_rfc3339(moment, "time"), BELGRADE)


def hour(moment: str, beside: str | None = None) -> str:
    """``1432Z``; with the day in front (``22 0110Z``) when ``beside`` is of another day."""
    at = parse_rfc3339(moment, "time")
    other = parse_rfc3339(beside, "time") if beside else at
    day = "" if at.date() == other.date() else f"{at:%d} "
    return f"{day}{at:%H%M}Z"


def parse_typed(text: object, field: str, now: datetime, *, ahead: bool = False) -> datetime:
    """The moment that an officer typed, UTC; raises ``InvalidField`` naming ``field``.

    An hour alone (``1432Z``) is the last such time up to ``now``, or with ``ahead`` the next one.
    """
    typed = str(text or "").strip()
    if not typed:
        raise InvalidField(field, "is needed")
    short = _SHORT.fullmatch(typed)
    if short:
        return _nearest(short, field, now, ahead)
    if _BARE.fullmatch(typed):
        raise InvalidField(field, "has no zone letter: write 1432Z, 1432A or 1432B")
    if len(typed) > 1 and typed[4:5] == "-":
        return parse_rfc3339(typed.replace("z", "Z"), field)
    return from_date_time_group(typed, field)


def _nearest(match: re.Match[str], field: str, now: datetime, ahead: bool) -> datetime:
    hours, minutes = int(match[1]), int(match[2])
    if hours > 23 or minutes > 59:
        raise InvalidField(field, f"is no time of the day: {match[0]}")
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    found = midnight + timedelta(hours=hours - _HOURS[match[3].upper()], minutes=minutes)
    if ahead:
        while found < now - AHEAD:
            found += _DAY
        while found - _DAY >= now - AHEAD:
            found -= _DAY
        return found
    while found > now + AHEAD:
        found -= _DAY
    while found + _DAY <= now + AHEAD:
        found += _DAY
    return found
