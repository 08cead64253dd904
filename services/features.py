"""Positions and tracks as GeoJSON (RFC 7946), the form in which screens and the API get them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

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
    rows = [
        [
            sources.setdefault(source, len(sources)),
            _milliseconds(fix.fix_time),
            _milliseconds(received_at),
            round(fix.longitude, DECIMALS),
            round(fix.latitude, DECIMALS),
            None if fix.speed is None else round(fix.speed, 2),
            None if fix.course is None else round(fix.course, 1),
            None if fix.altitude is None else round(fix.altitude, 1),
            None if fix.accuracy is None else round(fix.accuracy, 1),
            None if fix.battery is None else round(fix.battery),
            int(late),
        ]
        for source, fix, received_at, late in positions
    ]
    return {"sources": list(sources), "columns": COLUMNS, "rows": rows}


def _milliseconds(moment: datetime) -> float:
    whole, rest = divmod(to_microseconds(moment), 1000)
    return whole + rest / 1000 if rest else whole


def feature(geometry: Mapping[str, Any], properties: Mapping[str, Any]) -> Feature:
    """A Feature."""
    return {"type": "Feature", "geometry": dict(geometry), "properties": dict(properties)}


def collection(features: Sequence[Feature]) -> Feature:
    """A FeatureCollection."""
    return {"type": "FeatureCollection", "features": list(features)}


def rounded(value: float | None, decimals: int) -> float | None:
    """``value`` to some decimals; what is not known stays so."""
    return None if value is None else round(value, decimals)
