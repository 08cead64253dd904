"""Where units are and were, as GeoJSON: the read models of the map, the API and replay.

``known_at`` leaves out what was received later. A line is drawn only where one device measured
without a gap: a gap is a gap, and the lines of two devices of a unit are never mixed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from domain.stored_fixes import DeviceTrack, FixColumns, StoredFix
from domain.time import from_microseconds, to_rfc3339
from domain.tracks import GAP_S, HIGHEST_SPEED, Freshness, outliers, simplify, split, steps
from services.features import DECIMALS, Feature, collection, feature, position_feature
from services.ports import FixReader

TOLERANCE_M = 5.0
"""Default: how far a drawn line may be from a fix; about the accuracy of a phone."""


class Tracks:
    """Every method raises ``StoreUnavailable``."""

    def __init__(
        self,
        fixes: FixReader,
        *,
        freshness: Freshness | None = None,
        gap_s: float = GAP_S,
        highest_speed: float = HIGHEST_SPEED,
    ) -> None:
        self._fixes = fixes
        self._freshness = freshness or Freshness()
        self._gap_s = gap_s
        self._highest_speed = highest_speed

    def latest_positions(
        self,
        operation: str,
        now: datetime,
        at: datetime | None = None,
        known_at: datetime | None = None,
    ) -> Feature:
        """A FeatureCollection: the newest position of each unit up to ``at``.

        ``age`` and ``status`` (fresh, late, silent) are those at ``at``, or ``now`` without it.
        """
        newest = self._fixes.latest(operation, at, known_at)
        return collection(self._points(newest, self._fixes.callsigns(), at or now))

    def state(
        self,
        operation: str,
        at: datetime,
        seconds: float,
        known_at: datetime | None = None,
        tolerance: float = TOLERANCE_M,
    ) -> Feature:
        """A FeatureCollection: where each unit was at ``at``, then the lines of the ``seconds``
        before it, as in ``latest_positions`` and ``trails``, from one look at the store."""
        newest, trails = self._fixes.state(operation, at, seconds, known_at)
        callsigns = self._fixes.callsigns()
        points = self._points(newest, callsigns, at)
        return collection(points + self._lines(trails, callsigns, tolerance))

    def tracks(
        self,
        operation: str,
        unit: str | None,
        start: datetime,
        end: datetime,
        tolerance: float = TOLERANCE_M,
        known_at: datetime | None = None,
    ) -> Feature:
        """A FeatureCollection of LineStrings, one for each unbroken piece, by unit and time.

        ``tolerance`` in metres, 0 keeps every fix; ``unit`` None means all. Properties: unit,
        callsign, device, start, end, ``gap_before_s`` (None for the first of a device), ``fixes``,
        ``length_m`` and ``outliers``: how many impossible fixes were left out of the line or the
        gap before it.
        """
        found = self._fixes.tracks(operation, unit, start, end, known_at)
        return collection(self._lines(found, self._fixes.callsigns(), tolerance))

    def trails(
        self,
        operation: str,
        until: datetime,
        seconds: float,
        tolerance: float = TOLERANCE_M,
        known_at: datetime | None = None,
    ) -> Feature:
        """As ``tracks``, of all units in the ``seconds`` up to ``until``."""
        start = until - timedelta(seconds=seconds)
        return self.tracks(operation, None, start, until, tolerance, known_at)

    def pieces(
        self, operation: str, unit: str, start: datetime, end: datetime
    ) -> list[list[FixColumns]]:
        """Every fix of a unit, outliers too: for each device its unbroken pieces in order."""
        columns = self._fixes.between(operation, unit, start, end)
        return [
            [device.take(part) for part in split(device.fix_time, self._gap_s, device.segment)]
            for device in _by_device(columns)
        ]

    def _points(
        self, newest: Sequence[StoredFix], callsigns: Mapping[str, str], then: datetime
    ) -> list[Feature]:
        return [
            position_feature(
                one.unit,
                callsigns.get(one.unit, one.unit),
                one.fix,
                one.received_at,
                then,
                self._freshness,
            )
            for one in newest
        ]

    def _lines(
        self, found: Sequence[DeviceTrack], callsigns: Mapping[str, str], tolerance: float
    ) -> list[Feature]:
        features = []
        for track in found:
            marked = outliers(track.fix_time, track.latitude, track.longitude, self._highest_speed)
            left_out = track.fix_time[marked]
            believed = track.take(~marked) if len(left_out) else track
            previous_end: int | None = None
            for part in split(believed.fix_time, self._gap_s, believed.segment):
                piece = believed.take(part)
                features.append(_line(piece, callsigns, tolerance, previous_end, left_out))
                previous_end = int(piece.fix_time[-1])
        return features


def _by_device(columns: FixColumns) -> Iterator[FixColumns]:
    """The fixes of each device of each unit, by fix time."""
    if len(columns) == 0:
        return
    _, device = np.unique(columns.device, return_inverse=True)
    _, unit = np.unique(columns.unit, return_inverse=True)
    order = np.lexsort((columns.fix_time, device, unit))
    changes = np.flatnonzero(np.diff(unit[order]) | np.diff(device[order])) + 1
    for first, last in pairwise([0, *changes.tolist(), len(order)]):
        yield columns.take(order[first:last])


def _line(
    piece: DeviceTrack,
    callsigns: Mapping[str, str],
    tolerance: float,
    previous_end: int | None,
    left_out: NDArray[np.int64],
) -> Feature:
    start, end = int(piece.fix_time[0]), int(piece.fix_time[-1])
    left_out_here = left_out[left_out <= end]
    if previous_end is not None:
        left_out_here = left_out_here[left_out_here > previous_end]
    properties = {
        "unit": piece.unit,
        "callsign": callsigns.get(piece.unit, piece.unit),
        "device": piece.device,
        "start": to_rfc3339(from_microseconds(start)),
        "end": to_rfc3339(from_microseconds(end)),
        "gap_before_s": None if previous_end is None else round((start - previous_end) / 1e6, 1),
        "fixes": len(piece),
        "length_m": round(float(steps(piece.latitude, piece.longitude).sum()), 1),
        "outliers": len(left_out_here),
    }
    coordinates = _coordinates(piece, tolerance)
    return feature({"type": "LineString", "coordinates": coordinates}, properties)


def _coordinates(piece: DeviceTrack, tolerance: float) -> list[list[float]]:
    """Longitude and latitude of what is left after simplifying.

    GeoJSON asks for two positions at least: of a single fix the same twice, which draws as a dot.
    """
    kept = simplify(piece.latitude, piece.longitude, tolerance)
    both = np.column_stack([piece.longitude[kept], piece.latitude[kept]])
    points: list[list[float]] = both.round(DECIMALS).tolist()
    return points if len(points) > 1 else points * 2
