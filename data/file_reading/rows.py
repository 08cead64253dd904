"""What a reading process tells: lines of JSON, and how they become reports again.

Each line but the last is a list of rows, one a report. The last is the summary: how many points,
what was passed over, and how it ended. What comes back is trusted no more than the file was: the
process may have been taken over by it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from domain.fixes import Rejection, Report
from domain.time import from_microseconds, to_microseconds

ROWS = 500
"""Reports of one line."""

LONGEST_ROW = 64 * 1024
"""Bytes of one report; what a device says of a point is a hundredth of that."""

LONGEST_LINE = 2 * ROWS * LONGEST_ROW
LONGEST_SUMMARY = 16 * 1024
_MOST_NAMES = 20

_NUMBER = (float, int, type(None))


class Garbled(Exception):
    """The process has told something that no reader tells."""


@dataclass(frozen=True, slots=True)
class Summary:
    """How reading ended. ``broken`` is field and detail where the file breaks off; ``over`` is the
    budget that ran out, the words for it and how much there was; then no points are given."""

    points: int
    passed_over: Mapping[str, int] = field(default_factory=dict)
    broken: tuple[str, str] | None = None
    over: tuple[str, str, int] | None = None


def line_of(reports: Iterable[Report]) -> bytes:
    """Reports as a line; numbers keep every digit, and those that are none stay what they are."""
    rows = [
        (
            one.device,
            None if one.fix_time is None else to_microseconds(one.fix_time),
            one.latitude,
            one.longitude,
            one.speed,
            one.course,
            one.altitude,
            one.accuracy,
            one.battery,
            one.attributes,
            [(fault.reason, fault.field, fault.detail) for fault in one.faults],
            one.where,
            one.unit,
        )
        for one in reports
    ]
    return json.dumps(rows, separators=(",", ":"), default=str).encode() + b"\n"


def reports_of(line: bytes) -> list[Report]:
    """The reports of a line; raises ``Garbled``."""
    try:
        return [_report(*row) for row in json.loads(line)]
    except (TypeError, ValueError, OverflowError, RecursionError) as fault:
        raise Garbled("a row is no report") from fault


def line_of_summary(summary: Summary) -> bytes:
    """A summary as the last line."""
    said = {
        "points": summary.points,
        "passed_over": dict(summary.passed_over),
        "broken": summary.broken,
        "over": summary.over,
    }
    return json.dumps(said).encode() + b"\n"


def summary_of(line: bytes) -> Summary:
    """The summary of the last line; raises ``Garbled``."""
    try:
        said = json.loads(line)
        points, passed_over = said["points"], said["passed_over"]
        if type(points) is not int or points < 0 or len(passed_over) > _MOST_NAMES:
            raise ValueError
        names = {_word(name): int(count) for name, count in passed_over.items()}
        return Summary(points, names, _broken(said["broken"]), _over(said["over"]))
    except (
        TypeError,
        ValueError,
        KeyError,
        AttributeError,
        OverflowError,
        RecursionError,
    ) as fault:
        raise Garbled("the summary is none") from fault


def _report(
    device: str,
    time: int | None,
    latitude: float | None,
    longitude: float | None,
    speed: float | None,
    course: float | None,
    altitude: float | None,
    accuracy: float | None,
    battery: float | None,
    attributes: dict[str, Any],
    faults: list[list[str]],
    where: str,
    unit: str,
) -> Report:
    numbers = (latitude, longitude, speed, course, altitude, accuracy, battery)
    if not all(type(number) in _NUMBER for number in numbers) or type(attributes) is not dict:
        raise ValueError
    return Report(
        _word(device),
        _moment(time),
        latitude,
        longitude,
        speed,
        course,
        altitude,
        accuracy,
        battery,
        None,
        attributes,
        tuple(Rejection(*map(_word, fault)) for fault in faults) if faults else (),
        _word(where),
        _word(unit),
    )


def _moment(time: object) -> datetime | None:
    if time is None:
        return None
    if type(time) is not int:
        raise ValueError
    return from_microseconds(time)


def _word(said: object) -> str:
    if type(said) is not str:
        raise ValueError
    return said


def _broken(said: Any) -> tuple[str, str] | None:
    if said is None:
        return None
    field_name, detail = said
    return _word(field_name), _word(detail)


def _over(said: Any) -> tuple[str, str, int] | None:
    if said is None:
        return None
    budget, detail, most = said
    return _word(budget), _word(detail), int(most)
