"""Times as officers write and read them: always with a zone letter, never guessed.

Read: ``1432Z`` (hour and minute), ``211432Z NOV 26`` (date-time group). Typed: the same, the group
without its month, or RFC 3339; ``1432B`` is the clock of UTC+2. What leaves out the day or the
month counts where it can be meant in one way only; elsewhere the whole is asked for.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone

from domain.errors import InvalidField
from domain.time import (
    BELGRADE,
    from_date_time_group,
    parse_rfc3339,
    to_date_time_group,
)

_SHORT = re.compile(r"(\d{1,2}):?(\d{2})\s*([ZAB])", re.IGNORECASE)
_BARE = re.compile(r"(\d{1,2}):?(\d{2})(?::\d{2})?")
_DAY_GROUP = re.compile(r"(\d{2})(\d{2})(\d{2})\s*([ZAB])", re.IGNORECASE)
_ZONES = {
    letter: timezone(timedelta(hours=hours)) for letter, hours in zip("ZAB", range(3), strict=True)
}
_DAY = timedelta(days=1)
_HALF_DAY = timedelta(hours=12)
AHEAD = timedelta(minutes=1)
"""How far a time may be on the wrong side of now, since clocks differ."""


class Ambiguous(InvalidField):
    """A time that may be meant in two ways.

    ``reason`` is the last part of its key in the catalogues (``incident.fault.<reason>``);
    ``extra`` has what was ``typed``, ``now``, and ``instead``: the date-time group to write.
    """

    def __init__(self, field: str, reason: str, typed: str, now: str, instead: str) -> None:
        super().__init__(field, f"{reason.replace('_', ' ')}: {typed} (now {now}); write {instead}")
        self.reason = reason
        self.extra |= {"typed": typed, "now": now, "instead": instead}


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

    An hour alone (``1432Z``) is the last such time up to ``now``, or with ``ahead`` the next one; a
    day and an hour (``211432Z``) are of the month that is nearest. Raises ``Ambiguous`` where that
    is more than twelve hours off, or on the wrong side of ``now``.
    """
    typed = str(text or "").strip()
    if not typed:
        raise InvalidField(field, "is needed")
    for pattern, read in ((_SHORT, _of_the_hour), (_DAY_GROUP, _of_the_day)):
        match = pattern.fullmatch(typed)
        if match:
            return read(match, field, now, ahead)
    if _BARE.fullmatch(typed):
        raise InvalidField(field, "has no zone letter: write 1432Z, 1432A or 1432B")
    if len(typed) > 1 and typed[4:5] == "-":
        return parse_rfc3339(typed.replace("z", "Z"), field)
    return from_date_time_group(typed, field)


def _of_the_hour(match: re.Match[str], field: str, now: datetime, ahead: bool) -> datetime:
    here = now.astimezone(_ZONES[match[3].upper()])
    hours, minutes = int(match[1]), int(match[2])
    if hours > 23 or minutes > 59:
        raise InvalidField(field, f"is no time of the day: {match[0]}")
    today = here.replace(hour=hours, minute=minutes, second=0, microsecond=0)
    found = today
    if ahead and found < here - AHEAD:
        found += _DAY
    elif not ahead and found > here + AHEAD:
        found -= _DAY
    if abs(found - here) > _HALF_DAY:
        if found == today:
            reason = "is_more_than_12_hours_ahead" if ahead else "is_more_than_12_hours_ago"
        else:
            reason = "has_passed_already" if ahead else "is_still_ahead"
        letter = match[3].upper()
        typed, present = (f"{at:%H%M}{letter}" for at in (found, here))
        raise Ambiguous(field, reason, typed, present, f"{found:%d%H%M}{letter}")
    return found.astimezone(UTC)


def _of_the_day(match: re.Match[str], field: str, now: datetime, ahead: bool) -> datetime:
    """The nearest of the times that the month before, this month and the next one have."""
    zone = _ZONES[match[4].upper()]
    here = now.astimezone(zone)
    months = [here.replace(day=1) + shift for shift in (-_DAY, timedelta(), 31 * _DAY)]
    found = [at for month in months if (at := _in_month(match, month)) is not None]
    if not found:
        raise InvalidField(field, f"is no day or hour of the calendar: {match[0]}")
    nearest = min(found, key=lambda at: abs(at - here))
    if nearest < here - AHEAD if ahead else nearest > here + AHEAD:
        reason = "is_a_day_that_has_passed" if ahead else "is_a_day_still_ahead"
        letter = match[4].upper()
        typed, present = (f"{at:%d%H%M}{letter}" for at in (nearest, here))
        instead = found[-1] if ahead else found[0]
        raise Ambiguous(field, reason, typed, present, f"{typed} {instead:%b %y}".upper())
    return nearest.astimezone(UTC)


def _in_month(match: re.Match[str], month: datetime) -> datetime | None:
    day, hours, minutes = (int(match[part]) for part in (1, 2, 3))
    try:
        return month.replace(day=day, hour=hours, minute=minutes, second=0, microsecond=0)
    except ValueError:
        return None
