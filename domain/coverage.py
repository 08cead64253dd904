"""Visits to crossing points, read from the positions of one unit in the order of fix time.

A visit begins with a fix within the radius of the crossing point, widened by what the fix says of
its own accuracy. It lasts while fixes stay within one and a half times the radius (so that a
patrol parked on the line does not come and go), and ends when two fixes in a row lie further out,
or one does and nothing else is heard for two minutes. Nothing is guessed between fixes:
``last_inside_at`` is when the unit was last *seen* there, ``left_at`` when first seen elsewhere.

The result depends on the fixes alone, not on the order in which they arrived: ``anchor`` tells
from where a track must be followed again when a fix comes late.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import groupby

import numpy as np
from numpy.typing import NDArray

from domain.geodesy import EARTH_RADIUS_M

RADIUS_M = 150.0
"""How near a crossing point counts as there, where its coordinate is trusted."""

APPROXIMATE_RADIUS_M = 1_000.0
"""The same where the coordinate has low confidence and may be off by about that much."""

ACCURACY_ALLOWED_M = 100.0
"""The most that a fix's own accuracy widens the radius."""

ACCURACY_USELESS_M = 500.0
"""A fix that may be this far off (a cell tower) proves no visit and ends none."""

LEAVE_FACTOR = 1.5
LEAVE_AFTER = timedelta(seconds=120)

INSIDE, NEAR, OUTSIDE = 0, 1, 2

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Place:
    """A crossing point as a circle; degrees WGS84, metres."""

    id: str
    latitude: float
    longitude: float
    radius: float = RADIUS_M


@dataclass(frozen=True, slots=True)
class TrackPoint:
    """One position; degrees WGS84, ``accuracy`` in metres or None."""

    at: datetime
    latitude: float
    longitude: float
    accuracy: float | None = None


@dataclass(frozen=True, slots=True)
class Visit:
    """``left_at`` is None while nothing shows that the unit has left."""

    entered_at: datetime
    last_inside_at: datetime
    left_at: datetime | None = None

    @property
    def dwell_s(self) -> float:
        """Seconds from the first to the last fix there: what was seen, so never too much."""
        return (self.last_inside_at - self.entered_at).total_seconds()

    def as_known_at(self, moment: datetime) -> Visit:
        """The visit as fixes up to ``moment`` show it; ``moment`` is not before it began."""
        left = self.left_at if self.left_at is not None and self.left_at <= moment else None
        return Visit(self.entered_at, min(self.last_inside_at, moment), left)


@dataclass(frozen=True, slots=True)
class UnitVisit:
    """A visit and whose it was."""

    unit: str
    callsign: str
    visit: Visit


@dataclass(frozen=True, slots=True)
class Anchor:
    """From where to follow a track again: read fixes from ``start`` on, with ``carried`` open.

    Stored visits that began at or after ``replaces_from`` are to be replaced by the result.
    """

    start: datetime
    replaces_from: datetime
    carried: Visit | None = None


def radius_of(confidence: str) -> float:
    """The radius for a coordinate of this confidence (high, medium, low); metres."""
    return APPROXIMATE_RADIUS_M if confidence == "low" else RADIUS_M


def telling(points: Iterable[TrackPoint]) -> list[TrackPoint]:
    """The points accurate enough to say anything, in time order."""
    kept = (
        point for point in points if point.accuracy is None or point.accuracy < ACCURACY_USELESS_M
    )
    return sorted(kept, key=lambda point: point.at)


def zones(points: Sequence[TrackPoint], places: Sequence[Place]) -> NDArray[np.int64]:
    """INSIDE, NEAR or OUTSIDE for every point and place, shape ``(points, places)``.

    Distances are equirectangular about the place: within 0.1 % at the radii used here.
    """
    here = np.array([(p.latitude, p.longitude, p.accuracy or 0.0) for p in points])
    latitude, longitude, accuracy = here.reshape(-1, 3).T
    return zones_of(latitude, longitude, accuracy, places)


def zones_of(
    latitude: Floats, longitude: Floats, accuracy: Floats, places: Sequence[Place]
) -> NDArray[np.int64]:
    """The same for positions in arrays of shape ``(n,)``; an ``accuracy`` of NaN widens nothing."""
    there = np.array([(place.latitude, place.longitude, place.radius) for place in places])
    there = there.reshape(1, -1, 3)
    north = np.radians(latitude[:, None] - there[..., 0])
    east = np.radians(longitude[:, None] - there[..., 1]) * np.cos(np.radians(there[..., 0]))
    metres = EARTH_RADIUS_M * np.hypot(north, east)
    allowed = np.clip(np.nan_to_num(accuracy), 0.0, ACCURACY_ALLOWED_M)[:, None]
    beyond = metres > there[..., 2] + allowed
    far = metres > LEAVE_FACTOR * there[..., 2] + allowed
    level: NDArray[np.int64] = beyond.astype(np.int64) + far
    return level


def follow(
    moments: Sequence[datetime], zone: Sequence[int], carried: Visit | None = None
) -> list[Visit]:
    """The visits to one place by a track in time order; the last may still be open.

    ``zone`` has the zone of each moment. Of several fixes of one moment (two devices of one
    unit) the nearest counts. ``carried`` is the open visit in which the track begins.
    """
    visits: list[Visit] = []
    visit, outside_since = carried, None
    for moment, together in groupby(zip(moments, zone, strict=True), key=lambda pair: pair[0]):
        nearest = min(level for _, level in together)
        if visit is not None and outside_since is not None:
            if nearest == OUTSIDE or moment - outside_since >= LEAVE_AFTER:
                visits.append(replace(visit, left_at=outside_since))
                visit = None
            outside_since = None
        if visit is None:
            visit = Visit(moment, moment) if nearest == INSIDE else None
        elif nearest == OUTSIDE:
            outside_since = moment
        else:
            visit = replace(visit, last_inside_at=moment)
    return visits if visit is None else [*visits, visit]


def anchor(before: Visit | None, first: datetime) -> Anchor:
    """Where to begin again for a new fix at ``first``.

    ``before`` is the last stored visit that began at or before ``first``. Two minutes after a
    visit ended, nothing that comes can make it go on: the track is followed from ``first``.
    """
    if before is None or (before.left_at is not None and first >= before.left_at + LEAVE_AFTER):
        return Anchor(start=first, replaces_from=first)
    if first > before.last_inside_at:
        carried = replace(before, left_at=None)
        return Anchor(before.last_inside_at, before.entered_at, carried)
    return Anchor(before.entered_at, before.entered_at)
