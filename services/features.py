"""Positions and tracks as GeoJSON (RFC 7946), the form in which screens and the API get them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import numpy as np

from domain.fixes import Fix
from domain.time import to_microseconds, to_rfc3339
from domain.tracks import Freshness

DECIMALS = 5
"""Decimals of a coordinate: about one metre, less than any phone can tell."""

Feature = dict[str, Any]

Source = tuple[str, str, str]
"""Unit, call sign and device."""


def position_feature(
    unit: str,
    callsign: str,
    fix: Fix,
    received_at: datetime,
    now: datetime,
    freshness: Freshness,
    *,
    late: bool = False,
    contact_lost: datetime | None = None,
) -> Feature:
    """A Point with the properties of a position; ``age`` and ``status`` are those at ``now``.

    ``late`` tells that the unit's newer position was already known when this one arrived. Whose
    device was lost since then is silent, however young the position is.
    """
    age = max(0.0, (now - fix.fix_time).total_seconds())
    properties: Feature = {
        "unit": unit,
        "callsign": callsign,
        "device": fix.device,
        "fix_time": to_rfc3339(fix.fix_time),
        "received_at": to_rfc3339(received_at),
        "speed": rounded(fix.speed, 2),
        "course": rounded(fix.course, 1),
        "accuracy": rounded(fix.accuracy, 1),
        "altitude": rounded(fix.altitude, 1),
        "battery": rounded(fix.battery, 0),
        "age": round(age, 1),
        "status": freshness.status(age),
    }
    if late:
        properties["late"] = True
    if contact_lost is not None:
        properties |= {"status": "silent", "contact_lost": to_rfc3339(contact_lost)}
    coordinates = [round(fix.longitude, DECIMALS), round(fix.latitude, DECIMALS)]
    return feature({"type": "Point", "coordinates": coordinates}, properties)


COLUMNS = (
    "source", "fix_time", "received_at", "longitude", "latitude", "speed", "course", "altitude",
    "accuracy", "battery", "late",
)  # fmt: skip
"""What a row of a ``positions_message`` holds."""


def positions_message(positions: Iterable[tuple[Source, Fix, datetime, bool]]) -> dict[str, Any]:
    """Many positions as one message of the live stream: (source, fix, received_at, late) each.

    ``sources`` has unit, call sign and device; a row has the number of its source, the two times
    in milliseconds since 1970 UTC, and the rest as in ``position_feature``; ``late`` is 0 or 1.
    """
    sources: dict[Source, int] = {}
    numbers, late_ones = [], []
    fixes, received = [], []
    for source, fix, received_at, late in positions:
        numbers.append(sources.setdefault(source, len(sources)))
        fixes.append(fix)
        received.append(received_at)
        late_ones.append(int(late))
    at_once = {moment: to_microseconds(moment) for moment in set(received)}
    columns = (
        numbers,
        _milliseconds([to_microseconds(fix.fix_time) for fix in fixes]),
        _milliseconds([at_once[moment] for moment in received]),
        _column([fix.longitude for fix in fixes], DECIMALS),
        _column([fix.latitude for fix in fixes], DECIMALS),
        _column([fix.speed for fix in fixes], 2),
        _column([fix.course for fix in fixes], 1),
        _column([fix.altitude for fix in fixes], 1),
        _column([fix.accuracy for fix in fixes], 1),
        _column([fix.battery for fix in fixes], 0),
        late_ones,
    )
    rows = list(zip(*columns, strict=True))
    return {"sources": list(sources), "columns": COLUMNS, "rows": rows}


def _milliseconds(moments: Sequence[int]) -> list[float]:
    """From microseconds; whole ones where all are."""
    whole, rest = np.divmod(np.array(moments, dtype=np.int64), 1000)
    found: list[float] = (whole + rest / 1000 if rest.any() else whole).tolist()
    return found


def _column(values: Sequence[float | None], decimals: int) -> list[float | None]:
    """Rounded; None stays so. Without decimals the numbers are whole ones."""
    there = np.array(values, dtype=np.float64)  # None is NaN in it, and no fix has one
    empty = np.isnan(there)
    if empty.all():
        return [None] * len(values)
    finished = np.round(np.where(empty, 0.0, there), decimals)
    found: list[float | None] = (finished if decimals else finished.astype(np.int64)).tolist()
    if not empty.any():
        return found
    return [
        None if missing else value for value, missing in zip(found, empty.tolist(), strict=True)
    ]


def feature(geometry: Mapping[str, Any], properties: Mapping[str, Any]) -> Feature:
    """A Feature."""
    return {"type": "Feature", "geometry": dict(geometry), "properties": dict(properties)}


def collection(features: Sequence[Feature]) -> Feature:
    """A FeatureCollection."""
    return {"type": "FeatureCollection", "features": list(features)}


def rounded(value: float | None, decimals: int) -> float | None:
    """``value`` to some decimals; what is not known stays so."""
    return None if value is None else round(value, decimals)
