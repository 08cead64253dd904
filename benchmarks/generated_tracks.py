"""Tracks of vehicles of which everything is known: where they stood, fell silent or told nonsense.

The tests check the analysis against this truth, and the benchmarks measure with it. A vehicle
drives on winding ways of no map, halts at lights, creeps in queues, stands, loses its signal, and
its receiver wanders by metres and sometimes jumps. One seed gives one fleet, always the same.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from domain.geodesy import EARTH_RADIUS_M

SECOND = 1_000_000
BEGIN = 1_767_225_600 * SECOND
"""2026-01-01 00:00 UTC in microseconds."""

WEST, EAST, SOUTH, NORTH = 20.4, 21.5, 42.1, 43.1
_EASE_S = 12  # a vehicle needs so long to reach another speed
_DECIDED = 0.3  # below this speed (m/s) a vehicle stands

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Drive:
    """One vehicle: ``n`` fixes by time, arrays of shape ``(n,)``, and the truth about them.

    ``fix_time`` microseconds, degrees WGS84, ``accuracy`` metres. ``stops`` and ``gaps`` are spans
    of time in microseconds, ``outliers`` which fixes lie, ``moved_m`` the way from the first fix to
    the last without what was driven in the gaps, ``heard_s`` the time without the gaps.
    """

    fix_time: Integers
    latitude: Floats
    longitude: Floats
    accuracy: Floats
    outliers: NDArray[np.bool_]
    stops: list[Span]
    gaps: list[Span]
    moved_m: float
    heard_s: float


def drive(seed: int, hours: float = 24.0, every_s: int = 1) -> Drive:
    """One vehicle for so many hours with a fix every ``every_s`` seconds."""
    chance = np.random.default_rng(seed)
    seconds = int(hours * 3600)
    target, gaps = _plan(chance, seconds)
    speed = np.convolve(np.pad(target, _EASE_S, mode="edge"), np.ones(_EASE_S) / _EASE_S, "same")
    speed = speed[_EASE_S:-_EASE_S]
    east, north = _way(chance, speed)
    stops = _spans(speed < _DECIDED, at_least=115)
    heard = np.ones(seconds, dtype=np.bool_)
    for begin, end in gaps:
        heard[begin + 1 : end] = False
    sent = heard & (np.arange(seconds) % every_s == 0)
    if every_s == 1:
        sent &= (chance.random(seconds) > 0.003) | (np.arange(seconds) % 50 == 0)
    index = np.flatnonzero(sent)
    wander, accuracy = _wander(chance, seconds)
    x, y = east + wander[0], north + wander[1]
    x, y, outliers = _lies(chance, x[index], y[index])
    still_heard = heard[:-1] & heard[1:]
    return Drive(
        fix_time=BEGIN + index * SECOND,
        latitude=np.clip(SOUTH + np.degrees(y / EARTH_RADIUS_M), -90, 90),
        longitude=WEST + np.degrees(x / (EARTH_RADIUS_M * np.cos(np.radians((SOUTH + NORTH) / 2)))),
        accuracy=accuracy[index],
        outliers=outliers,
        stops=[_in_time(span) for span in stops],
        gaps=[_in_time(span) for span in _silences(index, 120)],
        moved_m=float(speed[:-1][still_heard].sum()),
        heard_s=float(still_heard.sum()),
    )


def fleet(seed: int, vehicles: int, hours: float = 24.0, every_s: int = 1) -> list[Drive]:
    """Several vehicles."""
    return [drive(seed * 1000 + number, hours, every_s) for number in range(vehicles)]


def _plan(chance: np.random.Generator, seconds: int) -> tuple[Floats, list[Span]]:
    """The speed that the driver wants in each second, and when nothing is heard."""
    wanted, gaps, now = np.zeros(seconds), [], 0
    while now < seconds:
        leg = int(chance.uniform(240, 2400))
        wanted[now : now + leg] = _leg(chance, leg)[: seconds - now]
        if leg > 900 and chance.random() < 0.45:
            silent = int(chance.uniform(180, 600 if chance.random() < 0.7 else 1200))
            begin = now + int(chance.uniform(60, max(61, leg - silent - 60)))
            if begin + silent < now + leg - 60 and begin + silent < seconds - 60:
                gaps.append((begin, begin + silent))
                wanted[begin : begin + silent] = np.maximum(wanted[begin : begin + silent], 8.0)
        now += leg
        dwell = int(chance.uniform(135, 600 if chance.random() < 0.5 else 2400))
        now += dwell  # wanted stays nought
    return wanted, gaps


def _leg(chance: np.random.Generator, seconds: int) -> Floats:
    wanted, now = np.zeros(seconds), 0
    while now < seconds:
        stretch = int(chance.uniform(30, 240))
        kind = chance.random()
        pace = chance.uniform(6, 28)
        if kind < 0.08:
            pace, stretch = 0.0, int(chance.uniform(5, 45))  # a light, a junction
        elif kind < 0.14:
            pace, stretch = chance.uniform(1.2, 2.5), int(chance.uniform(60, 300))  # a queue
        wanted[now : now + stretch] = pace
        now += stretch
    wanted[:20] = wanted[-20:] = 8.0  # it sets off and arrives at a pace
    return wanted


def _way(chance: np.random.Generator, speed: Floats) -> tuple[Floats, Floats]:
    """Metres east and north of the corner: bends of some hundred metres on a long, lazy course."""
    travelled = np.cumsum(speed)
    grid = np.arange(0.0, travelled[-1] + 400.0, 40.0)
    bend = _smooth(chance.standard_normal(len(grid)), 6) / 220.0
    heading = chance.uniform(0, 2 * np.pi) + np.cumsum(bend) * 40.0
    course = np.interp(travelled, grid, heading)
    width = np.radians(EAST - WEST) * EARTH_RADIUS_M * np.cos(np.radians((SOUTH + NORTH) / 2))
    height = np.radians(NORTH - SOUTH) * EARTH_RADIUS_M
    east = chance.uniform(0, width) + np.cumsum(speed * np.sin(course))
    north = chance.uniform(0, height) + np.cumsum(speed * np.cos(course))
    return _folded(east, width), _folded(north, height)


def _folded(way: Floats, limit: float) -> Floats:
    """A way that turns back at the limits."""
    return limit - np.abs(np.mod(way, 2 * limit) - limit)


def _wander(chance: np.random.Generator, seconds: int) -> tuple[Floats, Floats]:
    """How far the receiver is off: 3 to 8 m, slowly changing, with a little noise on it."""
    size = chance.uniform(3.0, 8.0)
    slow = np.stack([_smooth(chance.standard_normal(seconds), 40) for _ in range(2)])
    quick = chance.standard_normal((2, seconds)) * 0.6
    accuracy = np.maximum(2.0, size * (1.0 + 0.3 * _smooth(chance.standard_normal(seconds), 60)))
    return size / np.sqrt(2) * slow + quick, accuracy


def _lies(
    chance: np.random.Generator, x: Floats, y: Floats
) -> tuple[Floats, Floats, NDArray[np.bool_]]:
    """Single fixes and pairs that are somewhere else, or where the vehicle was minutes ago."""
    marked = np.zeros(len(x), dtype=np.bool_)
    x, y, true_x, true_y = x.copy(), y.copy(), x, y
    count = max(1, len(x) // 700)
    places = np.unique(chance.integers(5, max(6, len(x) - 7), count))
    for at in places[np.diff(places, prepend=-100) > 8]:
        many = 2 if chance.random() < 0.25 else 1
        far, angle = 200.0 * 100.0 ** chance.random(), chance.uniform(0, 2 * np.pi)
        for one in range(at, at + many):
            back = int(chance.integers(60, 600))
            if chance.random() < 0.15 and one >= back and _apart(true_x, true_y, one, back) > 250:
                x[one], y[one] = true_x[one - back], true_y[one - back]
            else:
                x[one] += far * np.sin(angle)
                y[one] += far * np.cos(angle)
            marked[one] = True
    return x, y, marked


def _apart(x: Floats, y: Floats, one: int, back: int) -> float:
    return float(np.hypot(x[one] - x[one - back], y[one] - y[one - back]))


def _smooth(noise: Floats, width: int) -> Floats:
    """Noise of deviation one whose neighbours within ``width`` are alike."""
    window = np.hanning(2 * width + 1)
    return np.convolve(noise, window / np.sqrt((window**2).sum()), "same")


def _silences(index: Integers, longest: int) -> list[Span]:
    after = np.flatnonzero(np.diff(index) > longest)
    return [(int(index[one]), int(index[one + 1])) for one in after]


def _spans(true: NDArray[np.bool_], at_least: int) -> list[Span]:
    edges = np.flatnonzero(np.diff(np.concatenate([[False], true, [False]]).astype(np.int8)))
    return [(int(a), int(b) - 1) for a, b in edges.reshape(-1, 2) if b - a > at_least]


def _in_time(span: Span) -> Span:
    return BEGIN + span[0] * SECOND, BEGIN + span[1] * SECOND
