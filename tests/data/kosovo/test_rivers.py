"""River courses: along the valley floor, through the points that are known exactly."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
from shapely.geometry import LineString, Point

import data.kosovo
from data.kosovo.build.rivers import trace_rivers
from data.kosovo.build.terrain import Terrain
from data.kosovo.reference import layer

FACTS = Path(data.kosovo.__file__).parent / "facts" / "rivers.csv"


def valley() -> Terrain:
    """A plain at 500 m with a wall of 900 m that has one gap, in its northern part."""
    heights = np.full((30, 30), 500.0)
    heights[:, 15] = 900.0
    heights[5, 15] = 500.0
    return Terrain(heights=heights, north=43.0, west=20.0)


def row(terrain: Terrain, cell: tuple[int, int], exact: str = "") -> dict[str, str]:
    longitude, latitude = terrain.place(*cell)
    return {"river": "one", "lat": str(latitude), "lon": str(longitude), "exact": exact}


def course(*rows: dict[str, str]) -> LineString:
    [(_, line)] = trace_rivers(rows, valley())
    return line


def test_water_goes_round_a_wall_through_its_gap() -> None:
    terrain = valley()
    line = course(row(terrain, (20, 5)), row(terrain, (20, 25)))
    gap = Point(terrain.place(5, 15))
    assert line.distance(gap) < 1.2 / 120
    assert line.length > LineString([line.coords[0], line.coords[-1]]).length * 1.4


def test_a_point_that_is_known_exactly_stays() -> None:
    terrain = valley()
    known = row(terrain, (22, 8), exact="yes") | {"lat": "42.8131", "lon": "20.0688"}
    line = course(row(terrain, (25, 3)), known, row(terrain, (25, 12)))
    assert line.distance(Point(20.0688, 42.8131)) < 1e-9


def test_the_seats_of_mitrovica_are_on_their_banks() -> None:
    """The Ibar runs between them: a line from seat to seat crosses it once."""
    rivers = layer("rivers")
    ibar = rivers[rivers["id"] == "ibar"].geometry.iloc[0]
    north, south = Point(20.8658, 42.8963), Point(20.8673, 42.8853)
    between = LineString([north, south])
    assert between.intersection(ibar).geom_type == "Point"
    bank = ibar.project(north)
    nearest = ibar.interpolate(bank)
    assert nearest.x > north.x, "it passes east of the northern seat"


def test_the_main_bridge_of_mitrovica_is_over_the_ibar() -> None:
    with FACTS.open(encoding="utf-8", newline="") as file:
        known = [point for point in csv.DictReader(file) if point["exact"]]
    rivers = layer("rivers").set_index("id").geometry
    assert known
    for point in known:
        place = Point(float(point["lon"]), float(point["lat"]))
        assert rivers[point["river"]].distance(place) < 1e-4
