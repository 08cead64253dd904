"""Times: UTC inside, a zone letter outside.

Source for the date-time group: military message format ``DDHHMMZ MON YY`` (``docs/domain.md``).
Zone letters used here: Z is UTC, A is UTC+1 (Kosovo* in winter), B is UTC+2 (in summer).
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

from domain.errors import InvalidField

BELGRADE = ZoneInfo("Europe/Belgrade")
"""The zone of the theatre; it has one clock with Prishtinë/Priština."""

YEARS = range(1990, 2200)
"""Years that a time may name; others are errors, and some would leave the calendar."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_ZONES = {"Z": UTC, "A": timezone(timedelta(hours=1)), "B": timezone(timedelta(hours=2))}
_LETTERS = {timedelta(0): "Z", timedelta(hours=1): "A", timedelta(hours=2): "B"}
_MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
_GROUP = re.compile(r"(\d{2})(\d{2})(\d{2})([ZAB]) ([A-Z]{3}) (\d{2})", re.IGNORECASE)


def to_microseconds(moment: datetime) -> int:
    """Microseconds since 1970 UTC of an aware time; raises ``ValueError`` on a naive one."""
    if moment.tzinfo is None:
        raise ValueError("a time without a zone is not a moment")
    return (moment - _EPOCH) // _MICROSECOND


def from_microseconds(value: int) -> datetime:
    """The aware UTC time of microseconds since 1970."""
    return _EPOCH + timedelta(microseconds=value)


def parse_rfc3339(text: object, field: str) -> datetime:
    """An RFC 3339 time as UTC. A time without a zone is asked for, never guessed.

    Raises ``InvalidField`` naming ``field``.
    """
    if not isinstance(text, str):
        raise InvalidField(field, "must be a time in RFC 3339, for example 2026-11-21T20:30:00Z")
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as fault:
        raise InvalidField(field, f"is not a time in RFC 3339: {text[:40]!r}") from fault
    if moment.tzinfo is None:
        raise InvalidField(field, "has no zone: add Z for UTC or an offset such as +01:00")
    if moment.year not in YEARS:
        raise InvalidField(field, f"is not between {YEARS[0]} and {YEARS[-1]}")
    return moment.astimezone(UTC)


def to_rfc3339(moment: datetime) -> str:
    """RFC 3339 in UTC with ``Z``; fractions only where there are any."""
    text = (moment if moment.tzinfo is UTC else moment.astimezone(UTC)).isoformat()
    return text.replace("+00:00", "Z")


def to_date_time_group(moment: datetime, zone: ZoneInfo | None = None) -> str:
    """``DDHHMMZ MON YY``; with ``zone`` the clock of that zone and its letter (A or B)."""
    local = moment.astimezone(zone or UTC)
    letter = _LETTERS[local.utcoffset() or timedelta(0)]
    return f"{local:%d%H%M}{letter} {_MONTHS[local.month - 1]} {local:%y}"


def from_date_time_group(text: str, field: str = "occurred_at") -> datetime:
    """The UTC time of a date-time group to the minute; the zone letter is required."""
    match = _GROUP.fullmatch(text.strip())
    if match is None or match[5].upper() not in _MONTHS:
        raise InvalidField(field, f"is not a date-time group such as 212030Z NOV 26: {text[:40]!r}")
    day, hour, minute = (int(match[part]) for part in (1, 2, 3))
    month = _MONTHS.index(match[5].upper()) + 1
    try:
        local = datetime(
            2000 + int(match[6]), month, day, hour, minute, tzinfo=_ZONES[match[4].upper()]
        )
    except ValueError as fault:
        raise InvalidField(field, f"is no day or hour of the calendar: {text}") from fault
    return local.astimezone(UTC)
