"""Tracks of many devices in one set of arrays, so that a whole fleet is worked on at once."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from domain.geodesy import EARTH_RADIUS_M
from domain.stored_fixes import FixColumns

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Marks = NDArray[np.bool_]

MICROSECONDS = 1_000_000


@dataclass(frozen=True, slots=True)
class Fleet:
    """``n`` fixes as arrays of shape ``(n,)``, by track and then by time.

    ``track`` numbers the device that a fix is of, ascending; ``fix_time`` whole microseconds;
    degrees WGS84; ``accuracy`` metres, NaN where the device did not say; ``segment`` a number that
    changes where a file says that its track is broken.
    """

    track: Integers
    fix_time: Integers
    latitude: Floats
    longitude: Floats
    accuracy: Floats
    segment: Integers

    def __len__(self) -> int:
        return len(self.fix_time)

    def take(self, chosen: slice | NDArray[Any]) -> Fleet:
        """The chosen fixes: a slice, a mask of shape ``(n,)`` or ascending indexes."""
        return Fleet(*(getattr(self, field.name)[chosen] for field in fields(self)))


def fleet_of(
    track: NDArray[Any],
    fix_time: Integers,
    latitude: Floats,
    longitude: Floats,
    accuracy: Floats | None = None,
    segment: Integers | None = None,
) -> tuple[Fleet, Integers]:
    """Fixes in any order as a fleet, and which of them each one was, shape ``(n,)``.

    ``track`` may be anything that can be sorted: numbers, names, several devices interleaved.
    """
    _, number = np.unique(track, return_inverse=True)
    order = np.lexsort((fix_time, number))
    count = len(fix_time)
    whole = Fleet(
        number.astype(np.int64),
        fix_time,
        latitude,
        longitude,
        np.full(count, np.nan) if accuracy is None else accuracy,
        np.zeros(count, dtype=np.int64) if segment is None else segment,
    )
    return whole.take(order), order


def fleet_of_columns(columns: FixColumns, track: NDArray[Any]) -> tuple[Fleet, Integers]:
    """``fleet_of`` of stored fixes."""
    its = columns
    return fleet_of(track, its.fix_time, its.latitude, its.longitude, its.accuracy, its.segment)


def numbered(names: NDArray[np.object_]) -> Integers:
    """The number of each name in the order of names, shape ``(n,)``; equal ones mostly together."""
    if len(names) == 0:
        return np.zeros(0, dtype=np.int64)
    first = np.concatenate([[0], np.flatnonzero(names[1:] != names[:-1]) + 1])
    _, number = np.unique(names[first], return_inverse=True)
    return np.repeat(number.astype(np.int64), np.diff(np.append(first, len(names))))


def starts(group: Integers) -> Integers:
    """The first index of each run of equal numbers, ascending; shape ``(runs,)``."""
    if len(group) == 0:
        return np.zeros(0, dtype=np.int64)
    return np.concatenate([[0], np.flatnonzero(np.diff(group)) + 1])


def plane(fleet: Fleet) -> tuple[Floats, Floats]:
    """Metres east and north of the middle latitude of each track, two of shape ``(n,)``.

    An equirectangular projection: within one percent over the 150 km of Kosovo*.
    """
    if len(fleet) == 0:
        return np.zeros(0), np.zeros(0)
    first = starts(fleet.track)
    count = np.diff(np.append(first, len(fleet)))
    low = np.minimum.reduceat(fleet.latitude, first)
    middle = (low + np.maximum.reduceat(fleet.latitude, first)) / 2
    east = fleet.longitude - np.repeat(fleet.longitude[first], count)
    if np.abs(east).max() > 180:  # over the date line
        east = (east + 180) % 360 - 180
    metres = np.radians(EARTH_RADIUS_M)
    wide = np.repeat(metres * np.cos(np.radians(middle)), count)
    return east * wide, (fleet.latitude - np.repeat(middle, count)) * metres


def pieces(fleet: Fleet, gap_s: float) -> Integers:
    """The number of the unbroken piece that each fix is in, ascending from 0; shape ``(n,)``.

    A piece ends with its track, where the next fix is more than ``gap_s`` later, and where
    ``segment`` changes.
    """
    if len(fleet) == 0:
        return np.zeros(0, dtype=np.int64)
    broken = np.diff(fleet.fix_time) > gap_s * MICROSECONDS
    broken |= np.diff(fleet.track) != 0
    broken |= np.diff(fleet.segment) != 0
    return np.concatenate([[0], np.cumsum(broken)])


def simplified(x: Floats, y: Floats, piece: Integers, tolerance: float) -> Integers:
    """Indexes of the points to keep, ascending, so that each line stays within ``tolerance``.

    Douglas–Peucker (Douglas and Peucker 1973) on every piece at once; the first and the last of
    each are always kept. ``tolerance`` is in the unit of ``x`` and ``y``, 0 keeps everything.
    """
    count = len(x)
    if count <= 2 or tolerance <= 0:
        return np.arange(count, dtype=np.int64)
    size = np.bincount(piece)
    long = np.repeat(size > 2, size)
    chosen = np.flatnonzero(long)
    if len(chosen) == 0:
        return np.arange(count, dtype=np.int64)
    # the index rides along as a height, which the algorithm carries but does not look at
    points = np.column_stack([x[chosen], y[chosen], chosen])
    lines = shapely.linestrings(points, indices=_numbered(piece[chosen]))
    kept = shapely.simplify(lines, tolerance, preserve_topology=False)
    inside = shapely.get_coordinates(kept, include_z=True)[:, 2].astype(np.int64)
    return np.sort(np.concatenate([inside, np.flatnonzero(~long)]), kind="stable")


def _numbered(group: Integers) -> Integers:
    """Runs of equal numbers, numbered from 0 without holes."""
    return np.concatenate([[0], np.cumsum(np.diff(group) != 0)])


def lengths(x: Floats, y: Floats, piece: Integers, pieces: int) -> Floats:
    """The length of each line, shape ``(pieces,)``."""
    step = np.hypot(np.diff(x), np.diff(y)) * (np.diff(piece) == 0)
    return sums(piece[1:], step, pieces)


def sums(group: Integers, values: Floats, groups: int) -> Floats:
    """The sum of the values of each group, shape ``(groups,)``."""
    found: Floats = np.bincount(group, weights=values, minlength=groups).astype(np.float64)
    return found
