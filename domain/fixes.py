"""What a device reported, and the judgement whether it can be a position.

A decoder in ``formats/`` turns bytes into a ``Report``: SI units, WGS84 degrees, nothing judged.
``judge`` turns a report into a ``Fix`` (kept), a ``Heartbeat`` (the device is alive, but said no
position) or a ``Rejection`` (kept in quarantine with its reason). A value that only decorates a
position (speed, course, accuracy ...) never costs the position: an absurd one becomes ``None``, and
what the device said stays in ``attributes["dropped"]``.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

AREA = (41.85, 20.01, 43.27, 21.79)
"""The area of operations: south, west, north, east; degrees. The box around Kosovo*."""

AREA_MARGIN = 0.5
"""How far outside the area a position is still believed; degrees (about 55 km by 41 km)."""

CLOCK_TOLERANCE = timedelta(minutes=2)
"""How far a device's clock may run ahead of ours."""

MISSION_START = datetime(2008, 1, 1, tzinfo=UTC)
"""No position of the mission is older; a clock that says so was never set."""

NULL_ISLAND = 1e-6
"""Both coordinates within this many degrees of zero: a receiver without a position."""

CLOCK_FAULTS = ("future_time", "before_mission")
"""Reasons of a ``Rejection`` that only a wrong clock gives."""

REFUSALS = (
    "not_a_number", "out_of_range", "no_position_zero", "swapped", "outside_area", *CLOCK_FAULTS,
    "no_time", "no_zone", "unreadable", "no_assignment", "conflicting_duplicate", "marked_invalid",
)  # fmt: skip
"""Every ``reason`` of a ``Rejection``."""

SAME_PLACE = 1e-6
"""So many degrees apart (a decimetre) are two messages of one moment about one place: a phone may
round to the sixth decimal in one kind of message and not in another."""

CONNECTION_LOST = "connection_lost"
"""The attribute of a heartbeat that is no sign of life but the news that there will be none: a
broker says for the device that its connection has ended."""

SEGMENT = "file_segment"
"""The attribute of a fix that tells which segment of its file it was in."""

_DEEPEST = 8
_LONGEST_TEXT = 2_000


@dataclass(frozen=True, slots=True)
class Rejection:
    """Why a report is no position.

    ``reason``: not_a_number, out_of_range, no_position_zero, swapped, outside_area, future_time,
    before_mission, no_time and no_zone (files only), unreadable, no_assignment,
    conflicting_duplicate, marked_invalid.
    ``field`` is the name in ``Report`` or of the wire format; ``detail`` an English sentence.
    """

    reason: str
    field: str
    detail: str


@dataclass(slots=True)  # frozen it would take six times as long to make, for every position
class Report:
    """What one message said, decoded and converted, not yet judged. Nobody changes one.

    Degrees WGS84, metres, metres per second, degrees true, battery 0 to 100, ``fix_time`` UTC.
    ``alarm`` is what the device calls its alarm ("sos"), in lower case. ``faults`` is what the
    decoder could not read of position or time. Of what came in a file, ``where`` tells the place in
    it ("row 17") and ``unit`` whose position the file says it is. ``in_parts``: of one moment the
    device may say more in another message, in other words. ``uid`` tells whose alarm it is where
    the device speaks for several; ``goes_on`` that its client repeats it
    by itself until it is cancelled, ``takes_back`` that it is cancelled.
    """

    device: str
    fix_time: datetime | None
    latitude: float | None
    longitude: float | None
    speed: float | None
    course: float | None
    altitude: float | None
    accuracy: float | None
    battery: float | None
    alarm: str | None
    attributes: dict[str, Any]
    faults: tuple[Rejection, ...] = ()
    where: str = ""
    unit: str = ""
    in_parts: bool = False
    uid: str = ""
    goes_on: bool = False
    takes_back: bool = False


@dataclass(slots=True)  # see Report
class Fix:
    """A position that passed every rule: finite, inside the ranges, time in UTC. Nobody changes
    one."""

    device: str
    fix_time: datetime
    latitude: float
    longitude: float
    speed: float | None
    course: float | None
    altitude: float | None
    accuracy: float | None
    battery: float | None
    attributes: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Heartbeat:
    """The device spoke ``at`` this time (our clock, UTC) without telling where it is."""

    device: str
    battery: float | None
    attributes: dict[str, Any]
    at: datetime


def judge(
    report: Report, received_at: datetime, *, anywhere: bool = False
) -> Fix | Heartbeat | Rejection:
    """The verdict on a report received at an aware time; never raises for any report.

    ``anywhere`` waives the area of operations (training abroad, tracks from elsewhere), nothing
    else. The first rule that objects decides, position before time.
    """
    if report.faults:
        return report.faults[0]
    latitude, longitude = report.latitude, report.longitude
    if latitude is None or longitude is None:
        if latitude is None and longitude is None:
            return _sign_of_life(report, received_at)
        return _half_a_position(report)
    objection = (
        _disowned(report)
        or (None if inside_area(latitude, longitude) else _objection(latitude, longitude, anywhere))
        or _time_objection(report.fix_time, received_at)
    )
    if objection is not None:
        return objection
    values, attributes = _believable(report)
    if report.fix_time is None:
        attributes["time_from_receipt"] = True
    moment = _utc(report.fix_time or received_at)
    return Fix(report.device, moment, float(latitude), float(longitude), *values, attributes)


def same_place(one: Fix, other: Fix) -> bool:
    """Whether two fixes are at one place, as far as a device tells it (``SAME_PLACE``)."""
    return (
        abs(one.latitude - other.latitude) <= SAME_PLACE
        and abs(one.longitude - other.longitude) <= SAME_PLACE
    )


def said_besides(fix: Fix, received_at: datetime) -> Heartbeat:
    """What a message says besides a place that another one of that moment has told already: the
    device is alive, with everything it said in the attributes; metres, metres per second, degrees.
    """
    measured = {
        "lat": fix.latitude,
        "lon": fix.longitude,
        "speed": fix.speed,
        "course": fix.course,
        "altitude": fix.altitude,
        "accuracy": fix.accuracy,
        "device_time": fix.fix_time.isoformat(),
    }
    said = {name: value for name, value in measured.items() if value is not None}
    return Heartbeat(fix.device, fix.battery, {**fix.attributes, **said}, _utc(received_at))


def _sign_of_life(report: Report, received_at: datetime) -> Heartbeat:
    values, attributes = _believable(report)
    if report.fix_time is not None:
        attributes["device_time"] = report.fix_time.isoformat()
    return Heartbeat(report.device, values[-1], attributes, _utc(received_at))


# --- rules of position ---------------------------------------------------------------------------


def _disowned(report: Report) -> Rejection | None:
    if report.attributes.get("valid") is not False:
        return None
    return Rejection("marked_invalid", "valid", "the device itself says that it has no position")


def _objection(latitude: float, longitude: float, anywhere: bool) -> Rejection | None:
    """What is wrong with a position that is not inside the area."""
    return (
        _not_a_number("latitude", latitude)
        or _not_a_number("longitude", longitude)
        or _out_of_range("latitude", latitude, 90)
        or _out_of_range("longitude", longitude, 180)
        or _no_position_zero(latitude, longitude)
        or _swapped(latitude, longitude)
        or (None if anywhere else _outside_area(latitude, longitude))
    )


def _half_a_position(report: Report) -> Rejection:
    missing = "latitude" if report.latitude is None else "longitude"
    return Rejection("unreadable", missing, f"{missing} is missing, the other one is given")


def _not_a_number(field: str, value: float) -> Rejection | None:
    if math.isfinite(value):
        return None
    return Rejection("not_a_number", field, f"{field} is {value}")


def _out_of_range(field: str, value: float, limit: int) -> Rejection | None:
    if abs(value) <= limit:
        return None
    return Rejection("out_of_range", field, f"{field} {value:g} is not within ±{limit} degrees")


def _no_position_zero(latitude: float, longitude: float) -> Rejection | None:
    if abs(latitude) > NULL_ISLAND or abs(longitude) > NULL_ISLAND:
        return None
    return Rejection("no_position_zero", "latitude", "0/0 is what a receiver without position says")


def _swapped(latitude: float, longitude: float) -> Rejection | None:
    if inside_area(latitude, longitude) or not inside_area(longitude, latitude):
        return None
    detail = f"{latitude:.5f}, {longitude:.5f} lies in the area when exchanged"
    return Rejection("swapped", "latitude", detail)


def _outside_area(latitude: float, longitude: float) -> Rejection | None:
    if inside_area(latitude, longitude):
        return None
    place = f"{latitude:.5f}, {longitude:.5f}"
    return Rejection("outside_area", "latitude", f"{place} is outside the area of operations")


def inside_area(latitude: float, longitude: float, margin: float = AREA_MARGIN) -> bool:
    """Whether a point (degrees) is in the area of operations widened by ``margin`` degrees."""
    south, west, north, east = AREA
    return (
        south - margin <= latitude <= north + margin and west - margin <= longitude <= east + margin
    )


# --- rules of time -------------------------------------------------------------------------------


def _time_objection(fix_time: datetime | None, received_at: datetime) -> Rejection | None:
    if fix_time is None:
        return None
    said, now = _aware(fix_time), _aware(received_at)
    if MISSION_START <= said <= now:
        return None
    return _future_time(said, now) or _before_mission(said)


def _future_time(fix_time: datetime, received_at: datetime) -> Rejection | None:
    ahead = fix_time - received_at
    if ahead <= CLOCK_TOLERANCE:
        return None
    return Rejection("future_time", "fix_time", f"{fix_time.isoformat()} is {ahead} ahead of us")


def _before_mission(fix_time: datetime) -> Rejection | None:
    if fix_time >= MISSION_START:
        return None
    detail = f"{fix_time.isoformat()} is before {MISSION_START:%Y-%m-%d}"
    return Rejection("before_mission", "fix_time", detail)


def _aware(moment: datetime) -> datetime:
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)


def _utc(moment: datetime) -> datetime:
    return moment if moment.tzinfo is UTC else _aware(moment).astimezone(UTC)


# --- what decorates a position -------------------------------------------------------------------

_FASTEST = 150  # 540 km/h: faster than any helicopter
_LOWEST, _HIGHEST = -500, 20_000
_VAGUEST = 100_000

_BELIEVED = (
    ("speed", 0, _FASTEST),
    ("course", 0, 360),
    ("altitude", _LOWEST, _HIGHEST),
    ("accuracy", 0, _VAGUEST),
    ("battery", 0, 100),
)
"""The lowest and the highest that can be true, in the order of the fields of ``Fix``."""

_Optional = tuple[float | None, float | None, float | None, float | None, float | None]


def _believable(report: Report) -> tuple[_Optional, dict[str, Any]]:
    """The optional values that can be true, and the attributes with what was dropped."""
    speed, course, altitude, accuracy, battery = said = (
        report.speed,
        report.course,
        report.altitude,
        report.accuracy,
        report.battery,
    )
    attributes = _plain_attributes(report.attributes)
    if report.alarm is not None:
        attributes["alarm"] = report.alarm
    # NaN is within nothing; written out, because nearly every position passes
    if (
        (speed is None or 0 <= speed <= _FASTEST)
        and (course is None or 0 <= course <= 360)
        and (altitude is None or _LOWEST <= altitude <= _HIGHEST)
        and (accuracy is None or 0 <= accuracy <= _VAGUEST)
        and (battery is None or 0 <= battery <= 100)
    ):
        return said, attributes
    values: list[float | None] = []
    dropped: dict[str, Any] = {}
    for value, (name, lowest, highest) in zip(said, _BELIEVED, strict=True):
        if value is None or lowest <= value <= highest:
            values.append(value)
        else:
            values.append(None)
            dropped[name] = _plain(value)
    before = attributes.get("dropped")
    attributes["dropped"] = {**before, **dropped} if isinstance(before, dict) else dropped
    speed, course, altitude, accuracy, battery = values
    return (speed, course, altitude, accuracy, battery), attributes


def _plain_attributes(said: Mapping[str, Any]) -> dict[str, Any]:
    """A copy with plain keys and values; most messages say short, plain words and nothing else,
    which is found out for all of them at once."""
    try:
        together = "".join(said) + "".join(said.values())
    except TypeError:  # numbers or lists among them
        together = "\x00"
    if together.isascii() and "\x00" not in together and len(together) <= _LONGEST_TEXT:
        return dict(said)
    return {_text(key): _plain(value) for key, value in said.items()}


def _plain(value: Any, depth: int = 0) -> Any:
    """A value that every JSON reader and every database takes: finite, shallow, valid text."""
    if type(value) is str:
        return _text(value)
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    if depth == _DEEPEST:
        return "..."
    if isinstance(value, Mapping):
        return {_text(key): _plain(item, depth + 1) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item, depth + 1) for item in value]
    return _text(value)


def _text(value: Any) -> str:
    """Text without halves of characters (lone surrogates) and without NUL."""
    text = str(value)[:_LONGEST_TEXT]
    if text.isascii() and "\x00" not in text:  # nearly always, and much cheaper
        return text
    return text.encode("utf-8", "replace").decode("utf-8").replace("\x00", "")
