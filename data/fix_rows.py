"""Between rows of the tables ``fixes`` and ``heartbeats`` and the values of the domain."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from sqlalchemy import RowMapping

from domain.fixes import Fix, Heartbeat
from domain.stored_fixes import NO_SEGMENT, SEGMENT, FixColumns, StoredFix
from domain.time import from_microseconds, to_microseconds

Row = Mapping[str, Any] | RowMapping
"""A row by the names of its columns: our own, or one the database gave."""

Key = tuple[str, str, int, str]
"""Operation, unit, fix time in microseconds, device."""

MEASURED = ("latitude", "longitude", "speed", "course", "altitude", "accuracy", "battery")
"""The columns that hold what the device measured, named as in ``domain.fixes.Fix``."""


def key_of(row: Row) -> Key:
    """The primary key of a row of ``fixes``."""
    return row["operation"], row["unit"], row["fix_time"], row["device"]


def says_the_same(row: Row, other: Row) -> bool:
    """Whether two rows of one key hold the same measurement, whenever they were received."""
    return row["attributes"] == other["attributes"] and all(
        row[name] == other[name] for name in MEASURED
    )


def fix_row(stored: StoredFix) -> dict[str, Any]:
    """The row of ``fixes`` for a fix."""
    fix = stored.fix
    return {
        "operation": stored.operation,
        "unit": stored.unit,
        "fix_time": to_microseconds(fix.fix_time),
        "device": fix.device,
        "received_at": to_microseconds(stored.received_at),
        "latitude": fix.latitude,
        "longitude": fix.longitude,
        "speed": fix.speed,
        "course": fix.course,
        "altitude": fix.altitude,
        "accuracy": fix.accuracy,
        "battery": fix.battery,
        "attributes": _attributes_text(fix.attributes),
    }


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
        segment=np.array([_segment(text) for text in attributes], dtype=np.int64),
    )


def _segment(attributes: str | None) -> int:
    if attributes is None:
        return NO_SEGMENT
    segment = json.loads(attributes).get(SEGMENT, NO_SEGMENT)
    return segment if isinstance(segment, int) else NO_SEGMENT


def _attributes_text(attributes: Mapping[str, Any]) -> str | None:
    return json.dumps(attributes, sort_keys=True, separators=(",", ":")) if attributes else None
