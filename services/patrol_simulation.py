"""The positions that a patrol's phone would send: synthetic, and the same for the same seed.

A shift is computed whole from the seed, the patrol and the number of the shift, and a window is
cut out of it, so the fixes of a window never depend on where the windows before it were cut.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray

from domain.geodesy import EARTH_RADIUS_M
from domain.scenario import GAP, LATE, OUTLIER, SILENT, Oddity, Patrol, Scenario, ShiftPlan
from domain.time import from_microseconds, to_microseconds
from services.patrol_motion import Motion, move
from services.road_graph import RoadGraph

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

MOVING_S = 15
STANDING_S = 60
HISTORY = timedelta(hours=24)
"""How far before the moment of loading the positions begin."""

_SECOND = 1_000_000
_DAY = timedelta(days=1)
_OUTLIER_DEGREES = (0.11, -0.09)  # about 14 km: no patrol was there


@dataclass(frozen=True, slots=True)
class PatrolFixes:
    """``n`` fixes in order of time, each of shape ``(n,)``.

    ``time`` and ``received`` are whole microseconds since 1970 UTC; degrees WGS84; ``speed`` metres
    per second; ``course`` degrees true, NaN while standing; ``accuracy`` metres; ``battery`` 0-100.
    """

    time: Integers
    received: Integers
    latitude: Floats
    longitude: Floats
    speed: Floats
    course: Floats
    accuracy: Floats
    battery: Floats

    def __len__(self) -> int:
        return len(self.time)

    def take(self, chosen: NDArray[Any]) -> PatrolFixes:
        """The chosen ones, by a mask of shape ``(n,)`` or by indexes."""
        return PatrolFixes(*(getattr(self, one.name)[chosen] for one in fields(self)))


class PatrolSimulation:
    """The patrols of one scenario as loaded at ``loaded_at`` with ``seed``."""

    def __init__(
        self, scenario: Scenario, graph: RoadGraph, seed: int, loaded_at: datetime
    ) -> None:
        self._scenario = scenario
        self._graph = graph
        self._seed = seed
        self._loaded_at = loaded_at
        self._shifts: dict[tuple[str, int], PatrolFixes] = {}

    def fixes(self, patrol: Patrol, start: datetime, end: datetime) -> PatrolFixes:
        """What the patrol's phone measures from ``start`` (included) to ``end`` (not included)."""
        plan = self._scenario.shifts
        assert plan is not None
        start = max(start, self._loaded_at - HISTORY)
        parts = [
            self._shift(patrol, plan, number)
            for number in range(
                shift_number(plan, self._loaded_at, start),
                shift_number(plan, self._loaded_at, max(start, end)) + 1,
            )
        ]
        whole = _joined(parts)
        inside = (whole.time >= to_microseconds(start)) & (whole.time < to_microseconds(end))
        return whole.take(inside)

    def received(self, patrol: Patrol, after: datetime, until: datetime) -> PatrolFixes:
        """What arrives after ``after`` and up to ``until``, in order of arrival."""
        longest = max((one.delay for one in patrol.oddities), default=timedelta(0))
        found = self.fixes(patrol, after - longest - timedelta(minutes=1), until)
        inside = (found.received > to_microseconds(after)) & (
            found.received <= to_microseconds(until)
        )
        arrived = found.take(inside)
        return arrived.take(np.argsort(arrived.received, kind="stable"))

    def _shift(self, patrol: Patrol, plan: ShiftPlan, number: int) -> PatrolFixes:
        known = self._shifts.get((patrol.id, number))
        if known is None:
            known = self._shifts[patrol.id, number] = self._computed(patrol, plan, number)
            newest = sorted(key for key in self._shifts if key[0] == patrol.id)
            for old in newest[:-4]:
                del self._shifts[old]
        return known

    def _computed(self, patrol: Patrol, plan: ShiftPlan, number: int) -> PatrolFixes:
        seeds = [self._seed, zlib.crc32(patrol.id.encode()), number]
        rng = np.random.default_rng(seeds)
        team = plan.teams[number % len(plan.teams)]
        duty = next(one for one in patrol.duties if one.team == team)
        motion = move(self._graph, patrol, duty, plan.length.total_seconds(), rng)
        begin = shift_start(plan, self._loaded_at, number)
        return _odd(_measured(motion, begin, rng), patrol.oddities, self._loaded_at)


def shift_start(plan: ShiftPlan, loaded_at: datetime, number: int) -> datetime:
    """When shift ``number`` begins: the first one, number 0, on a whole hour."""
    first = (loaded_at + plan.first).replace(minute=0, second=0, microsecond=0)
    return first + number * plan.length


def shift_number(plan: ShiftPlan, loaded_at: datetime, moment: datetime) -> int:
    """The number of the shift that runs at ``moment``, 0 for what was before the first."""
    return max(0, (moment - shift_start(plan, loaded_at, 0)) // plan.length)


# --- what a receiver makes of the motion ---------------------------------------------------------


def _measured(motion: Motion, begin: datetime, rng: np.random.Generator) -> PatrolFixes:
    seconds, moving = _moments(motion, rng)
    count = len(seconds)
    true_lat = np.interp(seconds, motion.seconds, motion.latitude)
    true_lon = np.interp(seconds, motion.seconds, motion.longitude)
    accuracy: Floats = np.clip(rng.lognormal(1.8, 0.35, count), 3.0, 30.0).round(1)
    north, east = (_wander(rng, count) * accuracy / 4 for _ in range(2))
    degree = np.radians(1.0) * EARTH_RADIUS_M
    speed = np.interp(seconds, motion.seconds, motion.speed) + rng.normal(0.0, 0.3, count)
    time = to_microseconds(begin) + seconds.astype(np.int64) * _SECOND
    return PatrolFixes(
        time=time,
        received=time + rng.integers(1, 4, count) * _SECOND,
        latitude=np.round(true_lat + north / degree, 6),
        longitude=np.round(true_lon + east / (degree * np.cos(np.radians(true_lat))), 6),
        speed=np.where(moving, np.round(np.maximum(speed, 0.0), 1), 0.0),
        course=np.where(moving, _course(motion, seconds), np.nan),
        accuracy=accuracy,
        battery=np.floor(100.0 - 4.0 * seconds / 3600.0),
    )


def _moments(motion: Motion, rng: np.random.Generator) -> tuple[Floats, NDArray[np.bool_]]:
    """When the phone measures: whole seconds, every 15 s or so driving, every 60 s standing."""
    times, moving = [], []
    for start, end, drives in motion.legs:
        every = MOVING_S if drives else STANDING_S
        ticks = np.arange(np.ceil(start), end, every)
        if drives:
            ticks = ticks + rng.integers(-2, 3, len(ticks))
        times.append(np.clip(ticks, np.ceil(start), np.ceil(end) - 1))
        moving.append(np.full(len(ticks), drives))
    seconds, first = np.unique(np.concatenate(times), return_index=True)
    return seconds, np.concatenate(moving)[first]


def _wander(rng: np.random.Generator, count: int) -> Floats:
    """Errors about 1 in size that change slowly, as those of a receiver do."""
    wandering: Floats = np.convolve(rng.normal(0.0, 1.0, count + 7), np.ones(8) / 8**0.5, "valid")
    return wandering


def _course(motion: Motion, seconds: Floats) -> Floats:
    north = np.diff(motion.latitude)
    east = np.diff(motion.longitude) * np.cos(np.radians(motion.latitude[:-1]))
    towards = np.degrees(np.arctan2(east, north)) % 360.0
    piece = np.searchsorted(motion.seconds, seconds, side="right") - 1
    course: Floats = np.round(towards[np.clip(piece, 0, len(towards) - 1)], 1) % 360.0
    return course


# --- what goes wrong -----------------------------------------------------------------------------


def _odd(whole: PatrolFixes, oddities: tuple[Oddity, ...], loaded_at: datetime) -> PatrolFixes:
    kept = np.ones(len(whole), dtype=np.bool_)
    latitude, longitude = whole.latitude.copy(), whole.longitude.copy()
    received = whole.received.copy()
    for oddity in oddities:
        for affected in _affected(whole.time, oddity, loaded_at):
            if oddity.kind in (SILENT, GAP):
                kept[affected] = False
            elif oddity.kind == LATE:
                received[affected] += oddity.delay // timedelta(microseconds=1)
            elif oddity.kind == OUTLIER:
                first = affected[:1]
                latitude[first] += _OUTLIER_DEGREES[0]
                longitude[first] += _OUTLIER_DEGREES[1]
    changed = {"latitude": latitude, "longitude": longitude, "received": received}
    columns = {one.name: getattr(whole, one.name) for one in fields(whole)}
    return PatrolFixes(**(columns | changed)).take(kept)


def _affected(time: Integers, oddity: Oddity, loaded_at: datetime) -> Iterator[Integers]:
    """Indexes of the fixes concerned, for each day on which there are any."""
    begin = loaded_at + oddity.begin
    first_day = max(0, (from_microseconds(int(time[0])) - oddity.length - begin) // _DAY)
    last_day = (from_microseconds(int(time[-1])) - begin) // _DAY
    for day in range(first_day, last_day + 1):
        start = to_microseconds(begin + day * _DAY)
        end = start + oddity.length // timedelta(microseconds=1)
        found = np.flatnonzero((time >= start) & (time < end))
        if len(found):
            yield found


def _joined(parts: list[PatrolFixes]) -> PatrolFixes:
    names = [one.name for one in fields(PatrolFixes)]
    return PatrolFixes(*(np.concatenate([getattr(part, name) for part in parts]) for name in names))
