"""Where something is, in words: both names of a place, the MGRS square, the nearest settlement."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from typing import Any

import mgrs

from data.kosovo.places import Gazetteer, Place, places
from domain.errors import InvalidField, NotFound
from domain.geodesy import distance_m
from pages.strings import text

_AT_M = 300
"""Nearer than this a position is said to be at the place."""

_METRES_10 = 4
"""Digits of an MGRS position to 10 m."""

_ZONE = "34T"
"""All of Kosovo* lies in it, so on the radio it is often left out."""

_TYPED = re.compile(r"(\d{1,2}[C-HJ-NP-X])?([A-HJ-NP-Z]{2})((?:\d\d){2,5})")


def mgrs_of(latitude: float, longitude: float) -> str:
    """``34T DN 8901 4861``: the MGRS position to 10 m, as it is read out on the radio."""
    code = mgrs.MGRS().toMGRS(latitude, longitude, MGRSPrecision=_METRES_10)
    zone, square, digits = code[:-10], code[-10:-8], code[-8:]
    return f"{zone} {square} {digits[:_METRES_10]} {digits[_METRES_10:]}"


def position_of_mgrs(typed: str) -> tuple[float, float]:
    """(latitude, longitude) of the middle of an MGRS square of 1 km to 1 m.

    Spaces and the zone may be left out. Raises ``InvalidField`` when it is no such square.
    """
    found = _TYPED.fullmatch("".join(typed.upper().split()))
    if found is None:
        raise InvalidField("position.mgrs", "is no MGRS position")
    zone, square, digits = found.groups()
    half = len(digits) // 2
    # a further digit, 5, is the middle; the finest square has none
    middle = "5" if half < 5 else ""
    code = f"{zone or _ZONE}{square}{digits[:half]}{middle}{digits[half:]}{middle}"
    try:
        latitude, longitude = mgrs.MGRS().toLatLon(code)
    except mgrs.core.MGRSError as fault:
        raise InvalidField("position.mgrs", "is no MGRS position") from fault
    return float(latitude), float(longitude)


def place_choices() -> list[tuple[str, str, str]]:
    """Every place: (id, both names, what search finds it by)."""
    return [(one.id, one.name, " ".join((one.name, *one.keys))) for one in places()]


def point_of(place_ref: str | None) -> tuple[float, float] | None:
    """(latitude, longitude) of a place."""
    return _gazetteer().position_of(place_ref) if place_ref else None


def place_words(summary: Mapping[str, Any], language: str) -> str:
    """The place of an incident: its name, or how far it is from the nearest settlement."""
    try:
        return _gazetteer().place(summary["place_ref"] or "").name
    except NotFound:
        position = summary["position"]
    if position is None:
        return text("incident.place_unknown", language)
    return near_words(position["lat"], position["lon"], language)


def near_words(latitude: float, longitude: float, language: str) -> str:
    """``2.1 km from Zveçan/Zvečan``."""
    away, nearest = min(
        (distance_m(latitude, longitude, one.latitude, one.longitude), one.name)
        for one in _settlements()
    )
    if away < _AT_M:
        return nearest
    return text("incident.near", language, place=nearest, distance=f"{away / 1000:.1f}")


@cache
def _gazetteer() -> Gazetteer:
    return Gazetteer()


@cache
def _settlements() -> tuple[Place, ...]:
    return tuple(one for one in places() if one.kind == "settlement")
