"""Between rows of the tables ``fixes`` and ``heartbeats`` and the values of the domain."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import numpy as np
import orjson
from sqlalchemy import RowMapping

from data.schema import fixes
from domain.fixes import Fix, Heartbeat
from domain.stored_fixes import NO_SEGMENT, SEGMENT, FixColumns, StoredFix
from domain.time import from_microseconds, to_microseconds

Row = Mapping[str, Any] | RowMapping
"""A row by the names of its columns: our own, or one the database gave."""

Key = tuple[str, str, int, str]
"""Operation, unit, fix time in microseconds, device."""

Values = tuple[Any, ...]
"""A fix in the order of the columns of ``fixes``: its key, when it was received, the rest."""

_SEGMENTS = 1 << 31
_ATTRIBUTES = json.JSONEncoder(sort_keys=True, separators=(",", ":"))

NAMES = tuple(column.name for column in fixes.columns)
"""What ``Values`` has, in its order."""

MEASURED = ("latitude", "longitude", "speed", "course", "altitude", "accuracy", "battery")
"""The columns that hold what the device measured, named as in ``domain.fixes.Fix``."""


def says_the_same(values: Values, others: Values) -> bool:
    """Whether two fixes of one key hold the same measurement, whenever they were received."""
    return values[5:] == others[5:]


def fix_values(stored: Sequence[StoredFix]) -> list[Values]:
    """The values of each fix."""
    received: dict[datetime, int] = {}  # many fixes come at one moment
    values = []
    for one in stored:
        fix, moment = one.fix, one.received_at
        if moment not in received:
            received[moment] = to_microseconds(moment)
        values.append(
            (
                one.operation,
                one.unit,
                to_microseconds(fix.fix_time),
                fix.device,
                received[moment],
                fix.latitude,
                fix.longitude,
                fix.speed,
                fix.course,
                fix.altitude,
                fix.accuracy,
                fix.battery,
                _attributes_text(fix.attributes),
            )
        )
    return values


def stored_fix(row: Row) -> StoredFix:
    """The fix of a whole row of ``fixes``."""
    fix = Fix(
        device=row["device"],
        fix_time=from_microseconds(row["fix_time"]),
        attributes=json.loads(row["attributes"] or "{}"),
        **{name: row[name] for name in MEASURED},
    )
    return StoredFix(row["operation"], row["unit"], fix, from_microseconds(row["received_at"]))


def heartbeat_row(operation: str, unit: str, heartbeat: Heartbeat) -> dict[str, Any]:
    """The row of ``heartbeats``."""
    return {
        "device": heartbeat.device,
        "received_at": to_microseconds(heartbeat.at),
        "operation": operation,
        "unit": unit,
        "battery": heartbeat.battery,
        "attributes": _attributes_text(heartbeat.attributes),
    }


def columns_from(rows: Sequence[Sequence[Any]]) -> FixColumns:
    """Arrays from rows of unit, device, the two times, what was measured and the attributes.

    What was not measured is None in a row and NaN in an array. The attributes are there only for
    fixes that have a segment, and only that is kept of them.
    """
    columns = list(zip(*rows, strict=True)) if rows else [()] * 12
    unit, device, fix_time, received_at, latitude, longitude, *rest, attributes = columns
    speed, course, altitude, accuracy, battery = (
        np.array(values, dtype=np.float64) for values in rest
    )
    return FixColumns(
        unit=np.array(unit, dtype=object),
        device=np.array(device, dtype=object),
        fix_time=np.array(fix_time, dtype=np.int64),
        received_at=np.array(received_at, dtype=np.int64),
        latitude=np.array(latitude, dtype=np.float64),
        longitude=np.array(longitude, dtype=np.float64),
        speed=speed,
        course=course,
        altitude=altitude,
        accuracy=accuracy,
        battery=battery,
        segment=np.array([segment_of(text) for text in attributes], dtype=np.int64),
    )


def segment_of(attributes: str | None) -> int:
    """The number of the segment that the attributes name, ``NO_SEGMENT`` when they name none."""
    if attributes is None or SEGMENT not in attributes:
        return NO_SEGMENT
    segment = json.loads(attributes).get(SEGMENT, NO_SEGMENT)
    believable = isinstance(segment, int) and 0 <= segment < _SEGMENTS  # a device may say anything
    return segment if believable else NO_SEGMENT


def _attributes_text(attributes: Mapping[str, Any]) -> str | None:
    """ASCII in the order of the keys, so that what says the same reads the same."""
    if not attributes:
        return None
    try:
        text = orjson.dumps(attributes, option=orjson.OPT_SORT_KEYS)
    except TypeError:  # a number beyond 64 bits
        return _ATTRIBUTES.encode(attributes)
    return text.decode() if text.isascii() else _ATTRIBUTES.encode(attributes)
