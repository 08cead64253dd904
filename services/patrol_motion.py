"""Where a patrol truly is during one shift: driving, standing, driving on. Without noise."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from domain.errors import InvalidField
from domain.geodesy import EARTH_RADIUS_M
from domain.scenario import DutyPlan, Patrol
from services.road_graph import RoadGraph, Way

Floats = NDArray[np.float64]

_PIECE_M = 300.0
_STOP_SPEED = 4.0  # metres per second when setting out and arriving
_TOWN_SPEED = 13.0


@dataclass(frozen=True, slots=True)
class Motion:
    """``n`` nodes in order of time, shape ``(n,)``: ``seconds`` since the shift began, degrees,
    and ``speed`` in metres per second. Between two nodes the patrol moves evenly.
    ``legs`` has (from, to, moving) in seconds, without gaps.
    """

    seconds: Floats
    latitude: Floats
    longitude: Floats
    speed: Floats
    legs: tuple[tuple[float, float, bool], ...]


@dataclass(slots=True)
class _Log:
    now: float = 0.0
    seconds: list[Floats] = field(default_factory=list)
    latitude: list[Floats] = field(default_factory=list)
    longitude: list[Floats] = field(default_factory=list)
    speed: list[Floats] = field(default_factory=list)
    legs: list[tuple[float, float, bool]] = field(default_factory=list)

    def stand(self, place: tuple[float, float], until: float) -> None:
        if until <= self.now:
            return
        latitude, longitude = (np.full(2, one) for one in place)
        self._add(np.array([self.now, until]), latitude, longitude, np.zeros(2))
        self.legs.append((self.now, until, False))
        self.now = until

    def drive(self, way: Way, rng: np.random.Generator) -> None:
        if len(way.speed) == 0:
            return  # it is there already
        seconds, latitude, longitude, speed = _driven(way, rng)
        self._add(self.now + seconds, latitude, longitude, speed)
        self.legs.append((self.now, self.now + float(seconds[-1]), True))
        self.now += float(seconds[-1])

    def motion(self) -> Motion:
        return Motion(
            np.concatenate(self.seconds),
            np.concatenate(self.latitude),
            np.concatenate(self.longitude),
            np.concatenate(self.speed),
            tuple(self.legs),
        )

    def _add(self, seconds: Floats, latitude: Floats, longitude: Floats, speed: Floats) -> None:
        self.seconds.append(seconds)
        self.latitude.append(latitude)
        self.longitude.append(longitude)
        self.speed.append(speed)


def move(
    graph: RoadGraph, patrol: Patrol, duty: DutyPlan, length: float, rng: np.random.Generator
) -> Motion:
    """The motion of ``patrol`` over a shift of ``length`` seconds.

    The round of ``duty`` is driven as often as the shift allows; the patrol begins and ends at its
    base. Raises ``InvalidField`` when not even one round fits.
    """
    base = graph.position(patrol.base)
    log = _Log()
    log.stand(base, duty.begin.total_seconds())
    rounds = 0
    while True:
        before, marks = log.now, _marks(log)
        _round(log, graph, patrol, duty, rng)
        if log.now > length:
            _undo(log, before, marks)
            break
        rounds += 1
    if rounds == 0:
        raise InvalidField("duty.route", f"{patrol.callsign}, team {duty.team}: too long a round")
    log.stand(base, length)
    return log.motion()


def _round(
    log: _Log, graph: RoadGraph, patrol: Patrol, duty: DutyPlan, rng: np.random.Generator
) -> None:
    here = patrol.base
    for stop in duty.stops:
        log.drive(graph.way(here, stop.place), rng)
        log.stand(graph.position(stop.place), log.now + stop.stay.total_seconds())
        here = stop.place
    log.drive(graph.way(here, patrol.base), rng)
    log.stand(graph.position(patrol.base), log.now + 300.0)


def _marks(log: _Log) -> tuple[int, int]:
    return len(log.seconds), len(log.legs)


def _undo(log: _Log, now: float, marks: tuple[int, int]) -> None:
    nodes, legs = marks
    log.now = now
    for column in (log.seconds, log.latitude, log.longitude, log.speed):
        del column[nodes:]
    del log.legs[legs:]


def _driven(way: Way, rng: np.random.Generator) -> tuple[Floats, Floats, Floats, Floats]:
    """Seconds, positions and speeds along a way: slower in towns, slowest at both ends."""
    corners = _lengths(way.latitude, way.longitude)
    along = np.concatenate([[0.0], np.cumsum(corners)])
    count = max(4, int(along[-1] // _PIECE_M) + 1)
    metres = np.union1d(np.linspace(0.0, along[-1], count), along)
    piece = np.clip(np.searchsorted(along, metres, side="right") - 1, 0, len(way.speed) - 1)
    steady = np.convolve(rng.uniform(0.8, 1.1, len(metres) + 4), np.ones(5) / 5, mode="valid")
    town = np.abs(metres[:, None] - along[None, :]).min(axis=1)
    end = np.minimum(metres, along[-1] - metres)
    limit = np.minimum(_TOWN_SPEED + town / 60.0, _STOP_SPEED + end / 30.0)
    speed = np.minimum(way.speed[piece] * steady, limit)
    seconds = np.diff(metres) / ((speed[1:] + speed[:-1]) / 2)
    return (
        np.concatenate([[0.0], np.cumsum(seconds)]),
        np.interp(metres, along, way.latitude),
        np.interp(metres, along, way.longitude),
        speed,
    )


def _lengths(latitude: Floats, longitude: Floats) -> Floats:
    east = np.radians(np.diff(longitude)) * np.cos(np.radians(latitude[:-1]))
    metres: Floats = EARTH_RADIUS_M * np.hypot(np.radians(np.diff(latitude)), east)
    return metres
