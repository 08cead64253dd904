"""Visits to places of a whole fleet at once: the same visits as ``domain.coverage.follow`` tells.

``coverage`` follows one unit as its fixes arrive; here years of tracks are read again, for an
analysis or to check what was stored.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from domain.coverage import (
    ACCURACY_USELESS_M,
    INSIDE,
    LEAVE_AFTER,
    OUTSIDE,
    Place,
    zones_of,
)
from domain.fleet import MICROSECONDS, Fleet, Integers, starts

STILL_THERE = np.iinfo(np.int64).min
"""``Visits.left`` of a visit after which nothing shows that the unit has left."""


@dataclass(frozen=True, slots=True)
class Visits:
    """``v`` visits as arrays of shape ``(v,)``, by place, track and time; microseconds."""

    place: Integers
    track: Integers
    entered: Integers
    last_inside: Integers
    left: Integers

    def __len__(self) -> int:
        return len(self.place)


def visits(fleet: Fleet, places: Sequence[Place]) -> Visits:
    """The visits of each track of a fleet, which is here a unit with all its devices."""
    telling = fleet.take(~(fleet.accuracy >= ACCURACY_USELESS_M))
    found = [
        _at_place(number, telling, zones_of(
            telling.latitude, telling.longitude, telling.accuracy, [place])[:, 0])
        for number, place in enumerate(places)
    ]  # fmt: skip
    columns = zip(*found, strict=True) if found else [[np.zeros(0, dtype=np.int64)]] * 5
    return Visits(*(np.concatenate(list(column)) for column in columns))


def _at_place(number: int, fleet: Fleet, zone: Integers) -> tuple[Integers, ...]:
    if len(fleet) == 0:
        return (np.zeros(0, dtype=np.int64),) * 5
    # of several fixes of one moment (two devices of one unit) the nearest counts
    moment = _moments(fleet)
    zone = np.minimum.reduceat(zone, moment)
    track, time = fleet.track[moment], fleet.fix_time[moment]
    same = np.diff(track) == 0
    waited = np.diff(time) >= LEAVE_AFTER.total_seconds() * MICROSECONDS
    confirmed = np.append(same & (waited | (zone[1:] == OUTSIDE)), False)
    enters, leaves = zone == INSIDE, (zone == OUTSIDE) & confirmed
    # what it is now was decided by the last that said so, or by the beginning of the track
    says = enters | leaves
    says[starts(track)] = True
    deciding = np.maximum.accumulate(np.where(says, np.arange(len(zone)), 0))
    there = enters[deciding]
    begins = there & ~np.concatenate([[False], there[:-1] & same])
    ends = there & ~np.append(there[1:] & same, False)
    first, last = np.flatnonzero(begins), np.flatnonzero(ends)
    seen = np.maximum.accumulate(np.where(zone != OUTSIDE, np.arange(len(zone)), 0))
    after = np.minimum(last + 1, len(track) - 1)
    gone = (after > last) & (track[after] == track[last])
    left = np.where(gone, time[after], STILL_THERE)
    place = np.full(len(first), number, dtype=np.int64)
    return place, track[first], time[first], time[seen[last]], left


def _moments(fleet: Fleet) -> Integers:
    """The index of the first fix of each track and time, ascending."""
    other = (np.diff(fleet.track) != 0) | (np.diff(fleet.fix_time) != 0)
    return np.concatenate([[0], np.flatnonzero(other) + 1])
