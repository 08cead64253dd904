"""Reading one record of a device: numbers, times and alarms, written in many ways.

Nothing here raises for what a device sent. What cannot be read of position or time becomes a fault;
what cannot be read of the rest is kept as it came, under ``dropped`` of the attributes.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from domain.fixes import Rejection
from domain.time import from_microseconds

LARGEST_SECONDS = 1e11
"""Epoch values below are seconds (until the year 5138), above are milliseconds (from 1973 on).

Traccar draws the line at 2147483647; between the two is no time of the mission either way, but
seconds tell rightly that a clock runs ahead, and go on after 2038.
"""

_NUMBER = re.compile(
    r"[+-]?(?:(?:\d+(?:\.\d*)?|\.\d+)(?:e[+-]?\d+)?|nan|inf(?:inity)?)", re.I | re.A
)
_LONGEST = 400  # characters of a number or a time; every float in full fits
_CALENDAR = re.compile(r"\d{4}(?:-?\d\d-?|/\d\d/)\d\d[T ]\d\d:?\d\d.*", re.A | re.S)
_ISO_SIGNS = re.compile(r"^(\d{4})/(\d\d)/", re.A)  # GDAL writes 2026/11/30 22:02:13+00
_LOST_PLUS = re.compile(r" (\d\d:?\d\d)$", re.A)
_NO_ALARM = frozenset({"", "0", "false", "no", "none", "null", "off"})
_NAMELESS_ALARM = frozenset({"1", "true", "yes", "on"})


def number(value: object) -> float:
    """A number out of JSON or text; may be NaN or infinite. Raises ``ValueError`` for no number.

    ``True`` is no number, and neither is what only Python reads ("1_000").
    """
    if isinstance(value, str):
        text = value.strip()
        if len(text) <= _LONGEST and _NUMBER.fullmatch(text):
            return float(text)
    if isinstance(value, int | float) and not isinstance(value, bool):
        try:
            return float(value)
        except OverflowError:
            return math.copysign(math.inf, 1 if value > 0 else -1)
    raise ValueError(f"{shown(value)} is not a number")


def instant(value: object) -> datetime:
    """A time in UTC: epoch seconds or milliseconds, ISO 8601, or ``YYYY-MM-DD HH:MM:SS``.

    A time without a zone is UTC. Raises ``ValueError`` for what is no time, ``OverflowError`` for
    one that no calendar has.
    """
    text = value.strip().upper() if isinstance(value, str) else ""
    if len(text) <= _LONGEST and _CALENDAR.fullmatch(text):
        text = _ISO_SIGNS.sub(r"\1-\2-", text)
        # in a query an unescaped + of the zone arrives as a blank
        moment = datetime.fromisoformat(_LOST_PLUS.sub(r"+\1", text) if "T" in text else text)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    epoch = number(value)
    if math.isnan(epoch):
        raise ValueError("the time is not a number")
    return from_microseconds(round(epoch * (1e6 if abs(epoch) < LARGEST_SECONDS else 1e3)))


def alarm_name(value: object) -> str | None:
    """What the alarm is called, in lower case; ``sos`` where it has no name; ``None`` for none.

    Whatever is not clearly "no alarm" is one: a missed call for help is the worse error.
    """
    if value is None or value is False or value == 0:
        return None
    text = value.strip().lower() if isinstance(value, str) else "true"
    if text in _NO_ALARM:
        return None
    name = "".join(letter for letter in text[:40] if letter.isprintable()).strip()
    return "sos" if text in _NAMELESS_ALARM or not name else name


def shown(value: object) -> str:
    """A value in a sentence: short, plain characters only."""
    return ascii(value[:40]) if isinstance(value, str) else f"a {type(value).__name__}"


def blank(value: object) -> bool:
    """Whether a value says nothing."""
    return value is None or (isinstance(value, str) and not value.strip())


LONGEST_UNREAD = 1000
"""Characters that are kept of what could not be read."""


class Values:
    """One record of a device, read by name; remembers what was read and what could not be."""

    def __init__(self, record: Mapping[str, Any]) -> None:
        self._record = record
        self._read: set[str] = set()
        self._dropped: dict[str, Any] = {}
        self._unread: dict[str, str] = {}
        self.faults: list[Rejection] = []

    def take(self, *names: str) -> Any:
        """The first value that says something under one of the names, else ``None``."""
        self._read.update(names)
        for name in names:
            value = self._record.get(name)
            if value is not None and not blank(value):
                return value
        return None

    def optional(self, field: str, *names: str, factor: float = 1.0) -> float | None:
        """A number times ``factor``; one that cannot be read is kept as dropped ``field``."""
        value = self.take(*names)
        if value is None:
            return None
        try:
            return number(value) * factor
        except ValueError:
            self._dropped[field] = value
            return None

    def coordinate(self, field: str, *names: str, required: bool = False) -> float | None:
        """A coordinate in degrees; a fault where it cannot be read, or is required and missing."""
        value = self.take(*names)
        if value is None:
            if required:
                self.faults.append(Rejection("unreadable", field, f"{field} is missing"))
            return None
        try:
            return number(value)
        except ValueError as fault:
            self.refuse(Rejection("not_a_number", field, f"{field}: {fault}"), value)
            return None

    def moment(self, *names: str) -> datetime | None:
        """A time in UTC; a fault where there is one that cannot be read."""
        value = self.take(*names)
        if value is None:
            return None
        try:
            return instant(value)
        except OverflowError:
            past = str(value).strip().startswith(("-", "0"))
            reason = "before_mission" if past else "future_time"
            detail = "the time is beyond every calendar"
        except ValueError:
            reason, detail = "unreadable", f"{shown(value)} is not a time"
        self.refuse(Rejection(reason, "fix_time", detail), value)
        return None

    def refuse(self, fault: Rejection, value: object) -> None:
        """Add a fault, and keep what was said: two points that differ in it alone are two."""
        self.faults.append(fault)
        self._unread[fault.field] = str(value)[:LONGEST_UNREAD]

    def attributes(self) -> dict[str, Any]:
        """What nobody asked for by name, and what was dropped; blank values are left out."""
        rest = {
            key: value
            for key, value in self._record.items()
            if key not in self._read and not blank(value)
        }
        kept = {"dropped": self._dropped, "unread": self._unread}
        return {**rest, **{name: part for name, part in kept.items() if part}}
