"""The roster: who is out there, with what device, in which operation, on which shift.

Each record refuses what can be seen to be wrong in itself; rules between records are in
``domain.roster_rules``. Faults name the field under the name that CSV columns and options use.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import Any

from domain.errors import InvalidField

OPERATION_KINDS = ("live", "exercise", "history")
UNIT_KINDS = ("patrol", "command", "liaison")
PLATOON_KINDS = ("crowd_control", "special", "support")
MEMBER_KINDS = ("unit", "platoon")
SPEED_UNITS = ("knots", "kmh", "mps")
LIVE = "live"

_ID = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_DEVICE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/@-]*")
_NOTHING: Mapping[str, Any] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Period:
    """From ``starts_at`` (included) to ``ends_at`` (not included); None is until further notice."""

    starts_at: datetime
    ends_at: datetime | None = None

    def __post_init__(self) -> None:
        _require_period(self.starts_at, self.ends_at, ("starts_at", "ends_at"))

    def covers(self, moment: datetime) -> bool:
        """Whether ``moment`` lies in the period."""
        return self.starts_at <= moment and (self.ends_at is None or moment < self.ends_at)

    def overlaps(self, other: Period) -> bool:
        """Whether the two share any moment; one ending as the other starts does not."""
        return (other.ends_at is None or self.starts_at < other.ends_at) and (
            self.ends_at is None or other.starts_at < self.ends_at
        )


@dataclass(frozen=True, slots=True)
class Operation:
    """``live``, an exercise, or a history. ``reserve_minimum`` is in platoons; None leaves it to
    what the unit has set for every operation.
    """

    id: str
    kind: str
    title: str
    opened_at: datetime
    closed_at: datetime | None = None
    reserve_minimum: int | None = None
    settings: Mapping[str, Any] = field(default_factory=lambda: _NOTHING)

    def __post_init__(self) -> None:
        require_id(self.id)
        _require_choice(self.kind, OPERATION_KINDS, "kind")
        if (self.kind == LIVE) != (self.id == LIVE):
            raise InvalidField("kind", "there is one live operation, and its id is live")
        object.__setattr__(self, "title", clean_text(self.title, "title", 200))
        _require_period(self.opened_at, self.closed_at, ("opened_at", "closed_at"))
        if self.reserve_minimum is not None:
            _require_whole(self.reserve_minimum, "reserve_minimum", 0, 100)

    def over(self, at: datetime) -> bool:
        """Whether the operation has ended at that time; one that is over takes nothing more."""
        return self.closed_at is not None and self.closed_at <= at


@dataclass(frozen=True, slots=True)
class Unit:
    """A call sign. Devices report for it; it belongs to one operation at a time."""

    id: str
    callsign: str
    kind: str = "patrol"

    def __post_init__(self) -> None:
        require_id(self.id)
        object.__setattr__(self, "callsign", clean_callsign(self.callsign))
        _require_choice(self.kind, UNIT_KINDS, "kind")


@dataclass(frozen=True, slots=True)
class Device:
    """A phone or tracker. ``key_hash`` is the SHA-256 of its key in hexadecimal digits.

    ``speed_unit`` tells what its OsmAnd ``speed`` is in; the other formats say so themselves.
    """

    id: str
    key_hash: str
    speed_unit: str = "knots"
    enabled: bool = True
    note: str = ""

    def __post_init__(self) -> None:
        if not _DEVICE.fullmatch(self.id) or len(self.id) > 80:
            raise InvalidField("id", "must be 1 to 80 letters, digits or . _ : / @ - of ASCII")
        _require_choice(self.speed_unit, SPEED_UNITS, "speed_unit")
        if self.note:
            object.__setattr__(self, "note", clean_text(self.note, "note", 200))


@dataclass(frozen=True, slots=True)
class DeviceAssignment:
    """For this period the device reports for the unit."""

    device: str
    unit: str
    period: Period


@dataclass(frozen=True, slots=True)
class UnitAssignment:
    """For this period the unit belongs to the operation."""

    unit: str
    operation: str
    period: Period


@dataclass(frozen=True, slots=True)
class Platoon:
    """A platoon of one operation. ``strength`` is in officers."""

    id: str
    operation: str
    callsign: str
    kind: str
    strength: int

    def __post_init__(self) -> None:
        require_id(self.id)
        object.__setattr__(self, "callsign", clean_callsign(self.callsign))
        _require_choice(self.kind, PLATOON_KINDS, "kind")
        _require_whole(self.strength, "strength", 1, 1000)


@dataclass(frozen=True, slots=True)
class Shift:
    """A watch of one operation; it always has an end."""

    id: str
    operation: str
    name: str
    period: Period

    def __post_init__(self) -> None:
        require_id(self.id)
        object.__setattr__(self, "name", clean_text(self.name, "name", 40))
        if self.period.ends_at is None:
            raise InvalidField("ends_at", "a shift needs an end")


@dataclass(frozen=True, slots=True)
class ShiftMember:
    """A unit or a platoon on a shift, and what it is to do."""

    shift: str
    member_kind: str
    member: str
    task: str = ""

    def __post_init__(self) -> None:
        _require_choice(self.member_kind, MEMBER_KINDS, "member_kind")
        if self.task:
            object.__setattr__(self, "task", clean_text(self.task, "task", 200))


Record = (
    Operation | Unit | Device | DeviceAssignment | UnitAssignment | Platoon | Shift | ShiftMember
)


def require_id(text: str, name: str = "id") -> None:
    """Ids stand in addresses and files: small letters, digits and single hyphens, up to 40."""
    if not _ID.fullmatch(text) or len(text) > 40:
        raise InvalidField(name, "must be 1 to 40 small letters, digits and single hyphens")


def clean_text(text: str, name: str, longest: int) -> str:
    """The text in Unicode NFC without outer blanks; raises when empty, long or with controls.

    Control and direction marks are refused because they can make two names look alike.
    """
    clean = unicodedata.normalize("NFC", text).strip()
    if not clean:
        raise InvalidField(name, "must not be empty")
    if len(clean) > longest:
        raise InvalidField(name, f"must be at most {longest} characters")
    if any(unicodedata.category(letter).startswith("C") for letter in clean):
        raise InvalidField(name, "has control or direction marks in it")
    return clean


def clean_callsign(text: str) -> str:
    """A call sign: up to 40 characters, a letter or digit first, single blanks inside."""
    clean = " ".join(clean_text(text, "callsign", 40).split())
    if not clean[0].isalnum():
        raise InvalidField("callsign", "must start with a letter or a digit")
    return clean


def same_callsign_key(callsign: str) -> str:
    """Two call signs with one key are the same over the radio."""
    return unicodedata.normalize("NFKC", callsign).casefold()


def _require_choice(value: str, choices: tuple[str, ...], name: str) -> None:
    if value not in choices:
        raise InvalidField(name, f"must be one of {', '.join(choices)}")


def _require_whole(value: int, name: str, least: int, most: int) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        raise InvalidField(name, f"must be a whole number from {least} to {most}")


def _require_period(start: datetime, end: datetime | None, names: tuple[str, str]) -> None:
    for moment, name in zip((start, end), names, strict=True):
        if moment is not None and moment.tzinfo is None:
            raise InvalidField(name, "has no zone: add Z for UTC or an offset such as +01:00")
    if end is not None and end <= start:
        raise InvalidField(names[1], "must be after the start")
