"""Where something is, in words: both names of a place, the MGRS square, the nearest settlement."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

import mgrs

from data.place_names import NamedPlace, named_places
from domain.geodesy import distance_m
from pages.strings import text

_AT_M = 300
"""Nearer than this a position is said to be at the place."""

_METRES_10 = 4
"""Digits of an MGRS position to 10 m."""


def mgrs_of(latitude: float, longitude: float) -> str:
    """``34T DN 8901 4861``: the MGRS position to 10 m, as it is read out on the radio."""
    code = mgrs.MGRS().toMGRS(latitude, longitude, MGRSPrecision=_METRES_10)
    zone, square, digits = code[:-10], code[-10:-8], code[-8:]
    return f"{zone} {square} {digits[:_METRES_10]} {digits[_METRES_10:]}"


def position_of_mgrs(typed: str) -> tuple[float, float] | None:
    """(latitude, longitude) of an MGRS position, None when it is none."""
    try:
        latitude, longitude = mgrs.MGRS().toLatLon("".join(typed.upper().split()))
    except mgrs.core.MGRSError:
        return None
    return float(latitude), float(longitude)


def place_choices() -> list[tuple[str, str, str]]:
    """Every place with a point: (id, both names, what search finds it by)."""
    return [(one.id, one.name, f"{one.name} {one.search}") for one in _with_points()]


def point_of(place_ref: str | None) -> tuple[float, float] | None:
    """(latitude, longitude) of a place."""
    for one in _with_points():
        if one.id == place_ref and one.latitude is not None and one.longitude is not None:
            return one.latitude, one.longitude
    return None


def place_words(summary: Mapping[str, Any], language: str) -> str:
    """The place of an incident: its name, or how far it is from the nearest settlement."""
    named = _by_id().get(summary["place_ref"] or "")
    if named is not None:
        return named.name
    position = summary["position"]
    if position is None:
        return text("incident.place_unknown", language)
    return near_words(position["lat"], position["lon"], language)


def near_words(latitude: float, longitude: float, language: str) -> str:
    """``2.1 km from Zveçan/Zvečan``."""
    away, nearest = min(
        (distance_m(latitude, longitude, one.latitude or 0, one.longitude or 0), one.name)
        for one in _settlements()
    )
    if away < _AT_M:
        return nearest
    return text("incident.near", language, place=nearest, distance=f"{away / 1000:.1f}")


@cache
def _by_id() -> Mapping[str, NamedPlace]:
    return {one.id: one for one in named_places()}


@cache
def _with_points() -> tuple[NamedPlace, ...]:
    return tuple(one for one in named_places() if one.latitude is not None)


@cache
def _settlements() -> tuple[NamedPlace, ...]:
    return tuple(one for one in _with_points() if one.kind == "settlement")
