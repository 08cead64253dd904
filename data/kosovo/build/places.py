"""Points and lines made of the tables of facts: settlements, crossings, lakes and roads."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from math import cos, pi, radians, sin, sqrt
from pathlib import Path
from typing import Any

from shapely.geometry import LineString, Point, Polygon
from shapely.geometry.base import BaseGeometry

from data.kosovo.build.writing import feature
from data.kosovo.names import display_name

Row = Mapping[str, str]
_KILOMETRES_A_DEGREE = 111.32
_SEARCH_KILOMETRES = 2.0  # chosen, not measured: where to look for a crossing of low confidence
_CIRCLE = 48  # corners
# Sorting keys of the road classes: what is drawn last lies on top.
_CLASSES = ("regional", "national", "motorway")
_COUNTRY = "XK"


def locate_settlements(
    rows: Sequence[Row], cities: Path, municipalities: Mapping[str, BaseGeometry]
) -> list[dict[str, str]]:
    """Fill position and municipality: GeoNames where the table has none, then by area."""
    content = json.loads(cities.read_text(encoding="utf-8"))
    known = {key: city for key, city in content.items() if city["countrycode"] == _COUNTRY}
    located = []
    for row in rows:
        filled = dict(row)
        if not row["lat"]:
            city = known[row["geonameid"]]
            filled.update(lat=f"{city['latitude']:.5f}", lon=f"{city['longitude']:.5f}")
        if not row["municipality"]:
            filled["municipality"] = _code_at(_point(filled), municipalities)
        located.append(filled)
    return located


def settlement_features(rows: Sequence[Row]) -> Iterator[dict[str, Any]]:
    """Points, the most important first, because the map places labels in this order."""
    for row in sorted(rows, key=lambda row: int(row["rank"])):
        kept = {name: row[name] for name in ("id", "name_sq", "name_sr", "name_sr_cyrl", "name_tr")}
        name = display_name(row)
        # Two names are long for a map: the second goes on a line of its own.
        about: dict[str, Any] = {
            "name": name,
            "stacked": name.replace("/", "/\n"),
            "rank": int(row["rank"]),
        }
        yield feature(_point(row), {**kept, **about, "municipality": row["municipality"]})


def crossing_features(rows: Sequence[Row]) -> Iterator[dict[str, Any]]:
    """A point a crossing; one of low confidence also gets the circle in which to look for it."""
    shown = ("id", "kind", "status", "name_sq", "name_sr", "name_sr_cyrl", "coordinate_confidence")
    for row in rows:
        name = display_name(row)
        about = {**{field: row[field] for field in shown}, "name": name}
        about["stacked"] = name.replace("/", "/\n")
        if row["coordinate_confidence"] == "low":
            ring = circle(_point(row), _SEARCH_KILOMETRES).boundary
            yield feature(ring, {"id": f"{row['id']}-search", "kind": "search_ring"}, decimals=4)
        yield feature(_point(row), about)


def lake_features(rows: Sequence[Row]) -> Iterator[dict[str, Any]]:
    """A circle of the lake's area at its approximate place; the true shoreline is not known."""
    about: dict[str, Any]
    for row in rows:
        if not row["lat"]:
            continue
        name = display_name(row)
        about = {"id": row["id"], "name": name, "stacked": name.replace("/", "/\n")}
        about |= {"area_km2": float(row["area_km2"])}
        about |= {"coordinate_confidence": row["coordinate_confidence"], "approximate": True}
        yield feature(circle(_point(row), sqrt(float(row["area_km2"]) / pi)), about, decimals=4)


def road_features(rows: Sequence[Row]) -> Iterator[dict[str, Any]]:
    """Straight lines from town to town, minor roads first."""
    roads = [list(group) for _, group in groupby(rows, key=lambda row: row["road"])]
    for points in sorted(roads, key=lambda road: _CLASSES.index(road[0]["road_class"])):
        first = points[0]
        about = {name: first[name] for name in ("reference", "road_class", "name", "status")}
        line = LineString([(float(p["lon"]), float(p["lat"])) for p in points])
        yield feature(line, {"id": first["road"], **about, "schematic": True}, decimals=4)


def circle(centre: Point, kilometres: float) -> Polygon:
    """A circle on the ground around ``centre``, in degrees."""
    high = kilometres / _KILOMETRES_A_DEGREE
    wide = high / cos(radians(centre.y))
    turns = [2 * pi * step / _CIRCLE for step in range(_CIRCLE)]
    return Polygon([(centre.x + wide * sin(t), centre.y + high * cos(t)) for t in turns])


def _point(row: Row) -> Point:
    return Point(float(row["lon"]), float(row["lat"]))


def _code_at(point: Point, municipalities: Mapping[str, BaseGeometry]) -> str:
    return min(municipalities, key=lambda code: (municipalities[code].distance(point), code))
