"""River courses: from settlement to settlement along the floor of the valley between them.

The table names the settlements that a river passes; between two of them the course is the path
of least effort for water over the terrain cells. It is good to about a cell (0.9 km), better than
a straight line and no survey: the map calls the layer schematic.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby, pairwise

import numpy as np
import shapely
from shapely.geometry import LineString
from shapely.geometry.base import BaseGeometry
from shapely.ops import nearest_points

from data.kosovo.build.terrain import Grid, Terrain

_DIRECT = 12.0  # metres of height worth one cell of detour: keeps courses out of dead side arms
_NEAR = 0.02  # degrees, about 2 km: a mouth this near another river flows into it
_STEPS = tuple((a, b) for a in (-1, 0, 1) for b in (-1, 0, 1) if (a, b) != (0, 0))

Cell = tuple[int, int]
Place = tuple[float, float]  # longitude, latitude


def trace_rivers(
    rows: Sequence[Mapping[str, str]], terrain: Terrain
) -> Iterator[tuple[Mapping[str, str], BaseGeometry]]:
    """The first row of every river and its course in degrees, mouths joined to what they meet."""
    rivers = [list(group) for _, group in groupby(rows, key=lambda row: row["river"])]
    courses = [_course(points, terrain) for points in rivers]
    for number, points in enumerate(rivers):
        others = shapely.MultiLineString([c for n, c in enumerate(courses) if n != number])
        yield points[0], _with_mouth(courses[number], others)


def _course(points: Sequence[Mapping[str, str]], terrain: Terrain) -> BaseGeometry:
    """Stretch after stretch; one that ends in a point known exactly is rounded off by itself."""
    line: list[Place] = []
    pending: list[Place] = []
    for first, second in pairwise(points):
        stretch = _stretch(terrain, first, second)
        pending.extend(stretch[1 if pending else 0 :])
        if second["exact"] or second is points[-1]:
            line.extend(_rounded_off(pending)[1 if line else 0 :])
            pending = [pending[-1]]
    return LineString(line)


def _stretch(terrain: Terrain, first: Mapping[str, str], second: Mapping[str, str]) -> list[Place]:
    """From point to point; next to one that is known exactly the cells know less than it does."""
    ends = [_cell(terrain, float(p["lat"]), float(p["lon"])) for p in (first, second)]
    path = _path(terrain.heights, ends[0], ends[1])
    known = [end for end, p in zip(ends, (first, second), strict=True) if p["exact"]]
    between = [cell for cell in path[1:-1] if not any(_adjacent(cell, end) for end in known)]
    places = [terrain.place(*cell) for cell in (ends[0], *between, ends[1])]
    for position, point in ((0, first), (-1, second)):
        if point["exact"]:
            places[position] = (float(point["lon"]), float(point["lat"]))
    return places


def _adjacent(cell: Cell, other: Cell) -> bool:
    return max(abs(cell[0] - other[0]), abs(cell[1] - other[1])) <= 1


def _with_mouth(course: BaseGeometry, others: BaseGeometry) -> BaseGeometry:
    """Lengthen the last stretch to the river it flows into, when that is near."""
    mouth = shapely.Point(course.coords[-1])
    if not 0 < mouth.distance(others) < _NEAR:
        return course
    return LineString([*course.coords, nearest_points(others, mouth)[0].coords[0]])


def _cell(terrain: Terrain, latitude: float, longitude: float) -> Cell:
    """The lowest cell within about 1.5 km: towns lie beside the water, not in it."""
    row = round(float(terrain.row(np.array(latitude))))
    column = round(float(terrain.column(np.array(longitude))))
    near = [(row + a, column + b) for a in (-1, 0, 1) for b in (-1, 0, 1)]
    return min(near, key=lambda cell: (float(terrain.heights[cell]), cell))


def _path(heights: Grid, start: Cell, end: Cell) -> list[Cell]:
    """Dijkstra's shortest path, where climbing costs much and every step a little."""
    came: dict[Cell, Cell] = {}
    best = {start: 0.0}
    queue = [(0.0, start)]
    while queue:
        cost, cell = heapq.heappop(queue)
        if cell == end:
            break
        if cost > best[cell]:
            continue
        for step in _STEPS:
            following = (cell[0] + step[0], cell[1] + step[1])
            reached = cost + _effort(heights, cell, following)
            if reached < best.get(following, np.inf):
                best[following] = reached
                came[following] = cell
                heapq.heappush(queue, (reached, following))
    path = [end]
    while path[-1] != start:
        path.append(came[path[-1]])
    return path[::-1]


def _effort(heights: Grid, cell: Cell, following: Cell) -> float:
    rows, columns = heights.shape
    if not (0 <= following[0] < rows and 0 <= following[1] < columns):
        return float("inf")
    length = float(np.hypot(following[0] - cell[0], following[1] - cell[1]))
    climb = max(0.0, float(heights[following] - heights[cell]))
    return length * _DIRECT + climb * 4


def _rounded_off(places: Sequence[Place]) -> list[Place]:
    """Take out the steps of the cells and cut every corner three times (Chaikin), ends kept."""
    points = np.array(shapely.simplify(LineString(places), 0.004).coords)
    for _ in range(3):
        early = points[:-1] * 0.75 + points[1:] * 0.25
        late = points[:-1] * 0.25 + points[1:] * 0.75
        inside = np.stack([early, late], axis=1).reshape(-1, 2)
        points = np.concatenate([points[:1], inside, points[-1:]])
    return list(shapely.simplify(LineString(points), 1e-4).coords)
