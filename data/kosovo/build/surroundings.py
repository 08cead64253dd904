"""What lies around: land, the lines between neighbours, and their names, all muted on the map."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import shapely
from shapely.geometry import LineString, MultiPolygon, Point, Polygon, box
from shapely.geometry.base import BaseGeometry
from shapely.ops import nearest_points

WINDOW = (15.5, 39.2, 26.3, 45.6)  # west, south, east, north in degrees
_ENCLOSED = "Kosovo"
_COARSE = 0.006  # degrees; these lines are context and are never zoomed into
_REACH = 0.12  # degrees; how far a line may be prolonged to meet the outline
_NAMES = (
    ("albania", 20.12, 42.12),
    ("montenegro", 19.62, 42.80),
    ("north_macedonia", 21.62, 41.93),
    ("serbia", 21.62, 43.20),
)


@dataclass(frozen=True, slots=True)
class Surroundings:
    """Land with a coast, a window with the outline cut out, lines, and points for names."""

    land: BaseGeometry
    mask: BaseGeometry
    lines: Sequence[BaseGeometry]
    names: Sequence[tuple[str, BaseGeometry]]


def read_surroundings(topology: Path, outline: BaseGeometry) -> Surroundings:
    """Read Natural Earth's countries (TopoJSON, 1:10 million) around ``outline``."""
    atlas = json.loads(topology.read_text(encoding="utf-8"))
    arcs = [_decoded(arc, atlas["transform"]) for arc in atlas["arcs"]]
    countries = atlas["objects"]["countries"]["geometries"]
    window = box(*WINDOW)
    near = [shape for shape in (_polygon(c, arcs) for c in countries) if shape.intersects(window)]
    land = shapely.union_all([*near, outline.buffer(0.02)]).intersection(window)
    return Surroundings(
        land=shapely.simplify(land, _COARSE),
        mask=window.difference(outline),
        lines=_lines(countries, arcs, outline, window),
        names=[(name, Point(x, y)) for name, x, y in _NAMES],
    )


def _decoded(arc: Sequence[Sequence[int]], transform: Mapping[str, Any]) -> list[tuple[float, ...]]:
    (scale_x, scale_y), (left, bottom) = transform["scale"], transform["translate"]
    x = y = 0
    points: list[tuple[float, ...]] = []
    for step_x, step_y in arc:
        x, y = x + step_x, y + step_y
        points.append((x * scale_x + left, y * scale_y + bottom))
    return points


def _polygon(country: Mapping[str, Any], arcs: Sequence[list[tuple[float, ...]]]) -> BaseGeometry:
    parts = country["arcs"] if country["type"] == "MultiPolygon" else [country["arcs"]]
    rings = [[_ring(indexes, arcs) for indexes in part] for part in parts]
    # Quantising left islets of two or three points; they enclose nothing.
    solid = [[ring for ring in part if len(ring) >= 4] for part in rings if len(part[0]) >= 4]
    return shapely.make_valid(MultiPolygon([Polygon(part[0], part[1:]) for part in solid]))


def _ring(indexes: Iterable[int], arcs: Sequence[list[tuple[float, ...]]]) -> list[Any]:
    points: list[tuple[float, ...]] = []
    for index in indexes:
        # TopoJSON writes an arc that runs backwards as the complement of its number.
        arc = arcs[index] if index >= 0 else arcs[~index][::-1]
        points.extend(arc if not points else arc[1:])
    return points


def _lines(
    countries: Sequence[Mapping[str, Any]],
    arcs: Sequence[list[tuple[float, ...]]],
    outline: BaseGeometry,
    window: BaseGeometry,
) -> list[BaseGeometry]:
    uses: Counter[int] = Counter()
    enclosed: set[int] = set()
    for country in countries:
        numbers = {index if index >= 0 else ~index for index in _flat(country["arcs"])}
        uses.update(numbers)
        if country["properties"]["name"] == _ENCLOSED:
            enclosed = numbers
    joints = {arcs[number][end] for number in enclosed for end in (0, -1)}
    lines = []
    for number in sorted(number for number, count in uses.items() if count == 2):
        line = LineString(arcs[number])
        if number in enclosed or not line.intersects(window):
            continue
        joined = _joined(line.intersection(window), joints, outline)
        lines.append(shapely.simplify(joined, _COARSE / 2))
    return lines


def _joined(line: BaseGeometry, joints: set[Any], outline: BaseGeometry) -> BaseGeometry:
    """Cut the line at the outline, and prolong it there where the source's own line met it."""
    free = line.difference(outline)
    if free.geom_type != "LineString":
        pieces = list(getattr(free, "geoms", []))
        free = max(pieces, key=lambda piece: piece.length) if pieces else line
    points = list(free.coords)
    for end in (0, -1):
        touched = points[end] in joints or outline.distance(Point(points[end])) < _REACH
        if touched and min(Point(points[end]).distance(Point(j)) for j in joints) < _REACH:
            meeting = nearest_points(outline, Point(points[end]))[0]
            points.insert(0 if end == 0 else len(points), meeting.coords[0])
    return LineString(points)


def _flat(value: Any) -> Iterable[int]:
    if isinstance(value, int):
        yield value
    else:
        for item in value:
            yield from _flat(item)
