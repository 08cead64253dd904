"""What a track is: fixes in order, broken where nothing was known, drawn with few points.

Everything here is vectorised and pure. Lengths are metres, durations seconds, positions degrees
WGS84 in arrays of shape ``(n,)``.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import shapely
from numpy.typing import NDArray

from domain.analysis_settings import AnalysisSettings
from domain.cleaning import outliers as impossible
from domain.fleet import fleet_of
from domain.geodesy import EARTH_RADIUS_M

GAP_S = 120.0
"""Default: two fixes further apart in time than this are not joined by a line."""

HIGHEST_SPEED = 70.0
"""Default: no patrol moves faster than this (252 km/h); metres per second."""

_MICROSECONDS = 1_000_000

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Freshness:
    """When a position stops being fresh, and when its unit counts as silent; seconds of age."""

    late_after_s: float = 60.0
    silent_after_s: float = 300.0

    def status(self, age_s: float) -> str:
        """``fresh``, ``late`` or ``silent``."""
        if age_s < self.late_after_s:
            return "fresh"
        return "late" if age_s < self.silent_after_s else "silent"


def split(fix_time: Integers, gap_s: float = GAP_S, segment: Integers | None = None) -> list[slice]:
    """Unbroken pieces of one device's fixes, in order.

    A piece ends where the next fix is more than ``gap_s`` later or, with ``segment``, where that
    number changes. ``fix_time`` is ascending microseconds.
    """
    if len(fix_time) == 0:
        return []
    broken = np.diff(fix_time) > gap_s * _MICROSECONDS
    if segment is not None:
        broken |= np.diff(segment) != 0
    edges = [0, *(np.flatnonzero(broken) + 1).tolist(), len(fix_time)]
    return [slice(first, last) for first, last in pairwise(edges)]


def simplify(latitude: Floats, longitude: Floats, tolerance_m: float) -> Integers:
    """Indexes of the fixes to keep, ascending, so that the line stays within ``tolerance_m``.

    Douglas–Peucker (Douglas and Peucker 1973); the first and the last are always kept.
    """
    count = len(latitude)
    if count <= 2 or tolerance_m <= 0:
        return np.arange(count, dtype=np.int64)
    # the index rides along as a height, which the algorithm carries but does not look at
    points = np.column_stack([project(latitude, longitude), np.arange(count)])
    kept = shapely.simplify(shapely.LineString(points), tolerance_m, preserve_topology=False)
    indexes: Integers = shapely.get_coordinates(kept, include_z=True)[:, 2].astype(np.int64)
    return indexes


def project(latitude: Floats, longitude: Floats) -> Floats:
    """Metres east and north of the middle of the track, shape ``(n, 2)``.

    An equirectangular projection: within one percent over the 150 km of Kosovo*.
    """
    middle = (latitude.min() + latitude.max()) / 2
    east_degrees = (longitude - longitude[0] + 180) % 360 - 180  # also across the date line
    east = np.radians(east_degrees) * np.cos(np.radians(middle))
    north = np.radians(latitude - middle)
    plane: Floats = EARTH_RADIUS_M * np.column_stack([east, north])
    return plane


def steps(latitude: Floats, longitude: Floats) -> Floats:
    """Great-circle metres from each fix to the next, shape ``(n - 1,)``."""
    return _distances(latitude[:-1], longitude[:-1], latitude[1:], longitude[1:])


def outliers(
    fix_time: Integers,
    latitude: Floats,
    longitude: Floats,
    highest_speed: float = HIGHEST_SPEED,
) -> NDArray[np.bool_]:
    """Marks the fixes of one device where no patrol can have been, shape ``(n,)``.

    ``domain.cleaning`` tells how.
    """
    if len(fix_time) < 3:
        return np.zeros(len(fix_time), dtype=np.bool_)
    fleet, _ = fleet_of(np.zeros(len(fix_time)), fix_time, latitude, longitude)
    return impossible(fleet, AnalysisSettings(highest_speed=highest_speed))


def _distances(lat1: Floats, lon1: Floats, lat2: Floats, lon2: Floats) -> Floats:
    phi1, phi2 = np.radians(lat1), np.radians(lat2)
    half_lambda = np.radians(lon2 - lon1) / 2
    chord = np.sin((phi2 - phi1) / 2) ** 2 + np.cos(phi1) * np.cos(phi2) * np.sin(half_lambda) ** 2
    metres: Floats = 2 * EARTH_RADIUS_M * np.arcsin(np.sqrt(np.minimum(1.0, chord)))
    return metres
