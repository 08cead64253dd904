"""What the reference layers promise: a clean coverage, 38 seats in place, 19 crossing points."""

from __future__ import annotations

import csv
from pathlib import Path

import geopandas
import pytest
import shapely
from shapely.geometry import Point

import data.kosovo
from data.kosovo.names import fold
from data.kosovo.places import CrossingPoint, crossing_points
from data.kosovo.reference import layer, municipalities, municipality_of
from domain.errors import NotFound

FACTS = Path(data.kosovo.__file__).parent / "facts"
GRID = "EPSG:32634"
LOW = {"dheu-i-bardhe", "mutivode", "mucibabe", "borje", "krusheve", "orqushe"}


def facts(name: str) -> list[dict[str, str]]:
    with (FACTS / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_the_38_municipalities_are_one_coverage() -> None:
    areas = municipalities().to_crs(GRID).geometry
    assert len(areas) == 38
    assert areas.is_valid.all()
    assert shapely.coverage_is_valid(areas.to_numpy())
    assert areas.area.sum() / 1e6 == pytest.approx(10_900, abs=10)


def test_the_outline_is_one_area_without_holes_or_slits() -> None:
    frame = layer("outline")
    area = frame[frame["kind"] == "area"].to_crs(GRID).geometry.iloc[0]
    assert area.geom_type == "Polygon"
    assert not area.interiors
    closed = area.buffer(200, join_style="mitre").buffer(-200, join_style="mitre")
    assert max((p.area for p in shapely.get_parts(closed - area)), default=0) < 2000


def test_seven_districts_cover_the_same_ground() -> None:
    districts = layer("districts").to_crs(GRID)
    assert len(districts) == 7
    total = municipalities().to_crs(GRID).geometry.area.sum()
    assert districts.geometry.area.sum() == pytest.approx(total, rel=1e-9)


@pytest.mark.parametrize("row", facts("municipalities"), ids=lambda row: row["name_sq"])
def test_a_seat_lies_in_its_municipality(row: dict[str, str]) -> None:
    found = municipality_of(float(row["seat_lat"]), float(row["seat_lon"]))
    assert found is not None
    assert found.code == row["code"]
    labelled = municipality_of(float(row["label_lat"]), float(row["label_lon"]))
    assert labelled == found


def test_outside_there_is_no_municipality() -> None:
    assert municipality_of(43.32, 21.90) is None


def test_there_are_19_crossing_points_of_five_kinds() -> None:
    kinds = [point.kind for point in crossing_points()]
    assert len(kinds) == 19
    assert {kind: kinds.count(kind) for kind in kinds} == {
        "common_crossing_point": 6,
        "crossing_point": 10,
        "footpath": 1,
        "closed_pass": 1,
        "airport": 1,
    }


def test_low_confidence_is_kept() -> None:
    assert {p.id for p in crossing_points() if p.confidence == "low"} == LOW


def test_gate_numbers_are_confirmed_for_two() -> None:
    rows = facts("crossing_points")
    sure = {row["id"]: row["gate_number"] for row in rows if row["gate_confidence"] == "confirmed"}
    assert sure == {"jarinje": "1", "brnjak": "31"}


@pytest.mark.parametrize("point", crossing_points(), ids=lambda point: point.id)
def test_a_crossing_point_is_near_the_boundary_line(point: CrossingPoint) -> None:
    frame = layer("outline")
    line = frame[frame["kind"] == "area"].to_crs(GRID).boundary.iloc[0]
    where = geopandas.GeoSeries([Point(point.longitude, point.latitude)], crs="EPSG:4326")
    distance = line.distance(where.to_crs(GRID).iloc[0])
    limit = 50_000 if point.kind == "airport" else 3_500
    assert distance < limit


@pytest.mark.parametrize("row", facts("crossing_points"), ids=lambda row: row["id"])
def test_a_crossing_point_is_worded_neutrally_and_has_a_source(row: dict[str, str]) -> None:
    shown = (row[name] for name in ("name_sq", "name_sr", "aliases", "other_side", "road", "note"))
    assert "border" not in " ".join(shown).casefold()
    assert row["source"]


@pytest.mark.parametrize("name", ["settlements", "crossing_points", "municipalities", "lakes"])
def test_names_are_complete_and_cyrillic_is_serbian(name: str) -> None:
    for row in facts(name):
        assert row["name_sq"]
        assert row["name_order"] in ("sq/sr", "sr/sq", "tr/sq/sr")
        assert fold(row["name_sr_cyrl"]) == fold(row["name_sr"]), row["name_sr"]


def test_settlements_know_their_municipality_and_are_ranked() -> None:
    frame = layer("settlements")
    assert len(frame) >= 100
    assert set(frame["municipality"]) == set(municipalities()["code"])
    assert list(frame["rank"]) == sorted(frame["rank"])
    assert (frame["stacked"].str.replace("\n", "") == frame["name"]).all()


def test_rivers_are_lines_and_roads_meet_the_crossing_points() -> None:
    assert set(layer("rivers").geom_type) == {"LineString"}
    assert len(layer("roads")) == 25
    ends = {row["crossing"] for row in facts("road_waypoints") if row["crossing"]}
    assert ends <= {point.id for point in crossing_points()}


def test_a_lake_has_its_area_and_says_that_it_is_approximate() -> None:
    lakes = layer("lakes")
    assert lakes["approximate"].all()
    drawn = lakes.to_crs(GRID).geometry.area / 1e6
    assert (abs(drawn / lakes["area_km2"] - 1) < 0.02).all()


def test_an_unknown_layer_is_not_found() -> None:
    with pytest.raises(NotFound):
        layer("moon")
