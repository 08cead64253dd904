"""Where units stood and for how long, read from fixes that never stand quite still.

A receiver at rest wanders by metres, so a stop is told by how far the fixes of a minute spread,
not by their speed: a patrol that creeps through a queue spreads, one that stands does not.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from domain.analysis_settings import AnalysisSettings
from domain.fleet import MICROSECONDS, Fleet, Floats, Integers, Marks, plane, sums

_SURE = 2.5  # times as far as the fixes of a stop lie from its middle, none of them is likely to be
_LEAST_REACH_M = 10.0


@dataclass(frozen=True, slots=True)
class Stops:
    """``m`` stops as arrays of shape ``(m,)``, by track and time.

    ``first`` and ``last`` are indexes of fixes, ``start`` and ``end`` their times in microseconds,
    ``latitude`` and ``longitude`` the middle of the fixes between them.
    """

    track: Integers
    first: Integers
    last: Integers
    start: Integers
    end: Integers
    latitude: Floats
    longitude: Floats

    def __len__(self) -> int:
        return len(self.track)

    @property
    def dwell_s(self) -> Floats:
        """Seconds from the first to the last fix of each stop."""
        seconds: Floats = (self.end - self.start) / MICROSECONDS
        return seconds

    def inside(self, count: int) -> Marks:
        """Which of ``count`` fixes are in a stop."""
        return _covered(self.first, self.last, count)


def find_stops(fleet: Fleet, piece: Integers, settings: AnalysisSettings) -> Stops:
    """The stops of a cleaned fleet with the numbers of its pieces."""
    count = len(fleet)
    if count == 0:
        return _stops(fleet, np.zeros(0, np.int64), np.zeros(0, np.int64))
    x, y = plane(fleet)
    begin, until = _still_windows(fleet, x, y, piece, settings)
    edges = np.diff(_covered(begin, until, count).astype(np.int8), prepend=0, append=0)
    first, last = np.flatnonzero(edges == 1), np.flatnonzero(edges == -1) - 1
    first, last = _cut_at(first, last, piece)
    first, last = _trimmed(x, y, first, last, settings.stop_reach_m)
    first, last = _merged(fleet, x, y, first, last, settings)
    long = fleet.fix_time[last] - fleet.fix_time[first] >= settings.stop_shortest_s * MICROSECONDS
    return _stops(fleet, first[long], last[long])


def _still_windows(
    fleet: Fleet, x: Floats, y: Floats, piece: Integers, settings: AnalysisSettings
) -> tuple[Integers, Integers]:
    """First and last fix of each stretch of ``stop_window_s`` in which nothing moved."""
    count = len(fleet)
    seconds = (fleet.fix_time - fleet.fix_time.min()) / MICROSECONDS
    clock = seconds + piece * (seconds.max() + 2 * settings.stop_window_s)  # ascending throughout
    until = np.searchsorted(clock, clock + settings.stop_window_s, side="right")
    begin = np.arange(count)
    size = until - begin
    square = np.zeros(count)
    for values in (x, y):
        values = values - values.mean()
        total = np.concatenate([[0.0], np.cumsum(values)])
        squares = np.concatenate([[0.0], np.cumsum(values * values)])
        middle = (total[until] - total[begin]) / size
        square += (squares[until] - squares[begin]) / size - middle * middle
    until -= 1
    filled = seconds[until] - seconds >= settings.stop_window_s / 2
    still = np.flatnonzero(filled & (square <= settings.stop_spread_m**2))
    return still, until[still]


def _covered(first: Integers, last: Integers, count: int) -> Marks:
    edge = np.bincount(first, minlength=count + 1) - np.bincount(last + 1, minlength=count + 1)
    covered: Marks = np.cumsum(edge[:count]) > 0
    return covered


def _cut_at(first: Integers, last: Integers, piece: Integers) -> tuple[Integers, Integers]:
    """The spans cut where pieces meet: windows of two pieces may touch, but never overlap."""
    turn = np.flatnonzero(np.diff(piece)) + 1
    spans = np.searchsorted(first, turn, side="right") - 1
    turn, spans = turn[spans >= 0], spans[spans >= 0]
    inside = (turn > first[spans]) & (turn <= last[spans])
    cut = turn[inside]
    return np.union1d(first, cut), np.union1d(last, cut - 1)


def _trimmed(
    x: Floats, y: Floats, first: Integers, last: Integers, reach: float
) -> tuple[Integers, Integers]:
    """The spans from the first to the last fix that is no further from their middle than the
    wandering of the receiver explains, and than ``reach``."""
    if len(first) == 0:
        return first, last
    size = last - first + 1
    which = np.repeat(np.arange(len(first)), size)
    index = np.arange(size.sum()) + np.repeat(first - np.cumsum(size) + size, size)
    east, north = _middles(x, y, first, last)
    away = np.hypot(x[index] - east[which], y[index] - north[which])
    half = np.abs(index - (first + last)[which] / 2) <= size[which] / 4
    spread = sums(which[half], away[half] ** 2, len(first)) / np.bincount(which[half])
    near = away <= np.clip(_SURE * np.sqrt(spread), _LEAST_REACH_M, reach)[which]
    kept, span = index[near], which[near]
    seen = np.flatnonzero(np.diff(span, prepend=-1))
    ends = np.append(seen[1:], len(span)) - 1
    return kept[seen], kept[ends]


def _middles(x: Floats, y: Floats, first: Integers, last: Integers) -> tuple[Floats, Floats]:
    """The means of the middle half of each span, which no coming or going pulls aside."""
    quarter = (last - first) // 4
    begin, end = first + quarter, last - quarter + 1
    found = []
    for values in (x, y):
        base = values.mean()
        total = np.concatenate([[0.0], np.cumsum(values - base)])
        found.append((total[end] - total[begin]) / (end - begin) + base)
    return found[0], found[1]


def _merged(
    fleet: Fleet,
    x: Floats,
    y: Floats,
    first: Integers,
    last: Integers,
    settings: AnalysisSettings,
) -> tuple[Integers, Integers]:
    if len(first) < 2:
        return first, last
    east, north = _middles(x, y, first, last)
    waited = fleet.fix_time[first[1:]] - fleet.fix_time[last[:-1]]
    joined = np.hypot(np.diff(east), np.diff(north)) <= settings.stop_reach_m
    joined &= waited <= settings.stop_merge_s * MICROSECONDS
    joined &= fleet.track[first[1:]] == fleet.track[last[:-1]]
    alone = ~joined
    return first[np.concatenate([[True], alone])], last[np.concatenate([alone, [True]])]


def _stops(fleet: Fleet, first: Integers, last: Integers) -> Stops:
    if len(first) == 0:
        nothing = np.zeros(0)
        none = np.zeros(0, dtype=np.int64)
        return Stops(none, none, none, none, none, nothing, nothing)
    longitude, latitude = _middles(fleet.longitude, fleet.latitude, first, last)
    return Stops(
        fleet.track[first],
        first,
        last,
        fleet.fix_time[first],
        fleet.fix_time[last],
        latitude,
        longitude,
    )
