"""One point of a file that is a table of points (CSV, GeoJSON, GeoPackage), in and out.

Inbound the names of columns are read leniently; outbound they are ``NAMES``. What we write says
everything of a fix, its device and attributes too, so that reading it again gives the same fix.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from domain.file_budget import MOST_REFUSED
from domain.fixes import SEGMENT, Fix, Rejection, Report
from domain.reports import TooMuch, Track, device_id, too_many_refused
from domain.time import to_rfc3339
from formats.point_report import point_report
from formats.values import Values

MOST_POINTS = 1_000_000
"""Points of one file; more than a year of one device at one a half minute."""

MOST_COLUMNS = 200

NAMES = (
    "unit", "device", "segment", "time", "latitude", "longitude", "altitude", "speed", "course",
    "accuracy", "battery", "attributes",
)  # fmt: skip
"""The columns that we write, in their order. Units of the domain: metres, m/s, degrees, UTC."""

_ALIASES: Mapping[str, tuple[str, ...]] = {
    "unit": ("unit", "callsign", "call_sign"),
    "device": ("device", "device_id", "deviceid"),
    "segment": ("segment", "track_seg_id", "trkseg"),
    "time": (
        "time",
        "timestamp",
        "datetime",
        "date_time",
        "fix_time",
        "fixtime",
        "time_utc",
        "utc",
    ),
    "latitude": ("latitude", "lat", "y"),
    "longitude": ("longitude", "lon", "lng", "long", "x"),
    "altitude": ("altitude", "ele", "elevation", "alt", "height"),
    "speed": ("speed", "speed_mps", "velocity"),
    "course": ("course", "heading", "bearing", "direction"),
    "accuracy": ("accuracy", "acc", "horizontal_accuracy", "hacc"),
    "battery": ("battery", "batt"),
    "attributes": ("attributes",),
}
_BY_ALIAS = {alias: name for name, aliases in _ALIASES.items() for alias in aliases}
_ZONELESS = re.compile(
    r"\s*\d{4}[-/]?\d\d[-/]?\d\d[T ]\d\d:?\d\d(?::?\d\d(?:[.,]\d+)?)?\s*", re.A | re.I
)
_LONGEST_NAME = 40
_DEEPEST = 8
_UNIT = re.compile(r"\s*[\[(](?:m|m/s|mps|deg|degrees?|°|%|utc|wgs ?84)[\])]\s*$", re.I)


class Tally:
    """Counts the points of one file, and those that cannot be read; raises ``TooMuch``."""

    def __init__(self) -> None:
        self._points = 0
        self._refused = 0

    def take(self, one: Report) -> None:
        """One more."""
        self._points += 1
        if self._points > MOST_POINTS:
            raise TooMuch("points", f"has more than {MOST_POINTS:,} points: split it", MOST_POINTS)
        if one.faults:
            self._refused += 1
            if self._refused > MOST_REFUSED:
                words = too_many_refused(MOST_REFUSED, one.faults[0].detail, one.where)
                raise TooMuch("refused", words, MOST_REFUSED)


def column_name(said: object) -> str:
    """What a column is called here: one of ``NAMES`` where it is known, else as it came.

    A unit behind the name is read over where it is ours, "ele (m)"; "speed (km/h)" is not ours and
    stays what it is, an attribute.
    """
    text = str(said).strip()[:200]
    plain = _UNIT.sub("", text)
    return _BY_ALIAS.get(re.sub(r"[\s\-.]+", "_", plain.casefold()), text)


def report(record: Mapping[str, Any], *, where: str, device: str = "", utc: bool = False) -> Report:
    """A record by the names of ``column_name`` as a report; what it does not know is kept.

    ``where`` is put before what is wrong ("row 17"); ``device`` holds where the record names none.
    A time without a zone is a fault, except where ``utc`` says that it is UTC.
    """
    own = _own_attributes(record.get("attributes"))
    known = {key: value for key, value in record.items() if own is None or key != "attributes"}
    values = Values(known)
    latitude = values.coordinate("latitude", "latitude", required=True)
    longitude = values.coordinate("longitude", "longitude", required=True)
    fix_time = _moment(values, known.get("time"), utc)
    unit = values.take("unit")
    named = device_id(values.take("device"))
    values.take("segment")
    found = point_report(
        values,
        device=named or device,
        fix_time=fix_time,
        latitude=latitude,
        longitude=longitude,
        faults=tuple(_at(fault, where) for fault in values.faults),
        where=where,
        unit=unit_name(unit),
    )
    found.attributes.update({key: _shallow(value) for key, value in found.attributes.items()})
    if own is not None:
        found.attributes.update(own)
    return found


def records(tracks: Iterable[Track]) -> Iterator[dict[str, Any]]:
    """What is written of each fix, by ``NAMES``; ``segment`` counts through the whole file."""
    number = -1
    for track in tracks:
        for segment in track.segments:
            number += 1
            for fix in segment:
                yield {"unit": track.name, "segment": number, **_record(fix)}


def segments(reports: Iterable[tuple[object, Report]]) -> Iterator[list[Report]]:
    """Reports with what tells their segments apart, as lists: one ends where that changes.

    None tells nothing: such a report stays with the one before it.
    """
    current: list[Report] = []
    before: object = None
    tally = Tally()
    try:
        for mark, one in reports:
            tally.take(one)
            if mark is not None:
                if current and before is not None and mark != before:
                    done, current = current, []
                    yield done
                before = mark
            current.append(one)
    except GeneratorExit:
        current = []
        raise
    finally:
        if current:  # also where the file breaks off: first what was read before
            yield current


def own_attributes(fix: Fix) -> str:
    """The attributes of a fix as JSON in ASCII; ``SEGMENT`` is null where the fix came from no
    file, so that reading it again adds none."""
    return json.dumps({SEGMENT: None, **fix.attributes}, sort_keys=True, separators=(",", ":"))


def read_attributes(text: object) -> dict[str, Any] | None:
    """The attributes that ``own_attributes`` wrote; None for anything else."""
    return _own_attributes(text)


def unit_name(said: object) -> str:
    """Whose position it is, as a file says; empty for what can be no call sign."""
    text = said.strip() if isinstance(said, str) else ""
    return text if len(text) <= _LONGEST_NAME and text.isprintable() else ""


def _record(fix: Fix) -> dict[str, Any]:
    return {
        "device": fix.device,
        "time": to_rfc3339(fix.fix_time),
        "latitude": fix.latitude,
        "longitude": fix.longitude,
        "altitude": fix.altitude,
        "speed": fix.speed,
        "course": fix.course,
        "accuracy": fix.accuracy,
        "battery": fix.battery,
        "attributes": own_attributes(fix),
    }


def _own_attributes(text: object) -> dict[str, Any] | None:
    if not isinstance(text, str) or not text.startswith("{"):
        return None
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return None
    mine = isinstance(found, dict) and SEGMENT in found and _shallow(found) is found
    return found if mine else None


def _shallow(value: Any) -> Any:
    """A value itself, or a word for one that is nested deeper than any device does."""
    level = [value]
    for _ in range(_DEEPEST + 1):
        if not level:
            return value
        inside = [item for item in level if isinstance(item, dict | list)]
        level = [
            part for item in inside for part in (item.values() if isinstance(item, dict) else item)
        ]
    return "..." if level else value


def _moment(values: Values, said: object, utc: bool) -> datetime | None:
    if isinstance(said, str) and _ZONELESS.fullmatch(said) and not utc:
        values.take("time")
        detail = "the time has no zone: add Z or an offset, or say that the file is in UTC"
        values.refuse(Rejection("no_zone", "fix_time", detail), said)
        return None
    before = len(values.faults)
    found = values.moment("time")
    if found is None and len(values.faults) == before:
        values.faults.append(Rejection("no_time", "fix_time", "the point has no time"))
    return found.astimezone(UTC) if found else None


def _at(fault: Rejection, where: str) -> Rejection:
    return Rejection(fault.reason, fault.field, f"{where}: {fault.detail}")
