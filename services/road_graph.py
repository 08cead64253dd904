"""The schematic roads as a network: from a place to another by the fastest way."""

from __future__ import annotations

import heapq
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from domain.errors import InvalidField
from domain.geodesy import distance_m
from domain.scenario import RoadPoint

Floats = NDArray[np.float64]

SPEEDS: dict[str, float] = {"motorway": 27.0, "national": 19.0, "regional": 15.0}
"""What a patrol drives on each class of road; metres per second (97, 68 and 54 km/h)."""


@dataclass(frozen=True, slots=True)
class Way:
    """A way over ``n`` places: positions of shape ``(n,)`` in degrees, ``speed`` of shape
    ``(n - 1,)`` in metres per second for the pieces between them.
    """

    latitude: Floats
    longitude: Floats
    speed: Floats


class RoadGraph:
    """Places are known by their names; points of the same name on two roads are one place."""

    def __init__(self, points: Iterable[RoadPoint]) -> None:
        self._positions: dict[str, tuple[float, float]] = {}
        self._edges: dict[str, dict[str, tuple[float, float]]] = {}
        along = list(points)
        for point in along:
            self._positions.setdefault(point.place, (point.latitude, point.longitude))
            self._edges.setdefault(point.place, {})
        for one, other in pairwise(along):
            if one.road == other.road and one.place != other.place:
                self._join(one.place, other.place, SPEEDS[one.road_class])

    def position(self, place: str) -> tuple[float, float]:
        """(latitude, longitude) in degrees; raises ``InvalidField`` for an unknown place."""
        found = self._positions.get(place)
        if found is None:
            raise InvalidField("route.to", f"{place!r} is no place on the schematic roads")
        return found

    def way(self, start: str, end: str) -> Way:
        """The fastest way; raises ``InvalidField`` where a place is unknown or out of reach."""
        self.position(start)
        self.position(end)
        before = self._fastest(start, end)
        if end != start and end not in before:
            raise InvalidField("route.to", f"no road leads from {start} to {end}")
        names = [end]
        while names[-1] != start:
            names.append(before[names[-1]])
        names.reverse()
        places = np.array([self._positions[name] for name in names])
        speeds = [self._edges[one][other][1] for one, other in pairwise(names)]
        return Way(places[:, 0], places[:, 1], np.array(speeds, dtype=np.float64))

    def _join(self, one: str, other: str, speed: float) -> None:
        metres = distance_m(*self._positions[one], *self._positions[other])
        seconds = metres / speed
        for start, end in ((one, other), (other, one)):
            known = self._edges[start].get(end)
            if known is None or seconds < known[0]:
                self._edges[start][end] = (seconds, speed)

    def _fastest(self, start: str, end: str) -> dict[str, str]:
        """By place, the one before it on the fastest way from ``start`` (Dijkstra 1959)."""
        best = {start: 0.0}
        before: dict[str, str] = {}
        waiting = [(0.0, start)]
        while waiting:
            reached, place = heapq.heappop(waiting)
            if place == end:
                break
            for following, (seconds, _) in self._edges[place].items():
                arrival = reached + seconds
                if arrival < best.get(following, np.inf):
                    best[following] = arrival
                    before[following] = place
                    heapq.heappush(waiting, (arrival, following))
        return before
