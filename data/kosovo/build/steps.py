"""The steps of the build, each from its sources to one file beside the tables of facts."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import shapely

from data.kosovo.build.areas import Areas, inner_lines, read_areas
from data.kosovo.build.gazetteer import place_names
from data.kosovo.build.hillshade import PALETTES, write_hillshade
from data.kosovo.build.places import (
    crossing_features,
    lake_features,
    locate_settlements,
    road_features,
    settlement_features,
)
from data.kosovo.build.rivers import trace_rivers
from data.kosovo.build.surroundings import Surroundings, read_surroundings
from data.kosovo.build.terrain import Terrain, read_terrain
from data.kosovo.build.writing import (
    feature,
    read_table,
    write_features,
    write_manifest,
    write_table,
)
from data.kosovo.names import display_name

Rows = Sequence[Mapping[str, str]]
Features = Iterator[dict[str, Any]]
_NAME_PLACE = shapely.Point(20.63, 42.56)  # where the name of the whole has room


@dataclass(frozen=True, slots=True)
class Sources:
    """The opened members of the pinned packages."""

    shapes: Path
    heights: Path
    cities: Path
    countries: Path


def build(sources: Sources, facts: Path, target: Path) -> Iterator[Path]:
    """Write every file of the basemap to ``target``, yielding each as it is done."""
    tables = {path.stem: read_table(path) for path in sorted(facts.glob("*.csv"))}
    municipalities = tables["municipalities"]
    areas = read_areas(sources.shapes, municipalities)
    terrain = read_terrain(sources.heights)
    settlements = locate_settlements(tables["settlements"], sources.cities, areas.municipalities)
    around = read_surroundings(sources.countries, areas.outline)
    names: list[str] = []
    for name, features in _layers(tables, areas, around, terrain, settlements).items():
        write_features(target / f"{name}.geojson", features())
        names.append(f"{name}.geojson")
        yield target / names[-1]
    for theme in PALETTES:
        names.append(f"hillshade-{theme}.webp")
        write_hillshade(target / names[-1], terrain, areas.outline, theme)
        yield target / names[-1]
    found = place_names(municipalities, settlements, tables["crossing_points"], tables["lakes"])
    names.append("place_names.csv")
    write_table(target / names[-1], found)
    yield target / names[-1]
    write_manifest(target, names)


def _layers(
    tables: Mapping[str, Rows],
    areas: Areas,
    around: Surroundings,
    terrain: Terrain,
    settlements: Rows,
) -> dict[str, Callable[[], Features]]:
    municipalities = tables["municipalities"]
    return {
        "land": lambda: iter([feature(around.land, {"kind": "land"}, decimals=3)]),
        "neighbours": lambda: _neighbours(around),
        "outline": lambda: _outline(areas),
        "municipalities": lambda: _municipalities(areas, municipalities),
        "municipality_lines": lambda: _municipality_lines(areas, municipalities),
        "districts": lambda: _districts(areas, municipalities),
        "district_lines": lambda: _district_lines(areas),
        "settlements": lambda: settlement_features(settlements),
        "lakes": lambda: lake_features(tables["lakes"]),
        "rivers": lambda: _rivers(tables["rivers"], terrain),
        "roads": lambda: road_features(tables["road_waypoints"]),
        "crossings": lambda: crossing_features(tables["crossing_points"]),
    }


def _outline(areas: Areas) -> Features:
    yield feature(areas.outline, {"kind": "area"})
    yield feature(_NAME_PLACE, {"kind": "name"})


def _municipalities(areas: Areas, rows: Rows) -> Features:
    kept = ("code", "name_sq", "name_sr", "name_sr_cyrl", "district_sq", "district_sr")
    for row in rows:
        about = {**{name: row[name] for name in kept}, "name": display_name(row)}
        yield feature(areas.municipalities[row["code"]], about)


def _municipality_lines(areas: Areas, rows: Rows) -> Features:
    """The lines that are not a district's, and a point for the name of each municipality."""
    districts = shapely.union_all([area.boundary for area in areas.districts.values()])
    lines = inner_lines(list(areas.municipalities.values()), districts)
    yield feature(lines, {"kind": "line"})
    for row in rows:
        place = shapely.Point(float(row["label_lon"]), float(row["label_lat"]))
        stacked = display_name(row).replace("/", "/\n")
        yield feature(place, {"kind": "name", "code": row["code"], "stacked": stacked}, decimals=4)


def _districts(areas: Areas, rows: Rows) -> Features:
    serbian = {row["district_sq"]: row["district_sr"] for row in rows}
    for name in sorted(areas.districts):
        both = {"name_sq": name, "name_sr": serbian[name]}
        about = {**both, "name": display_name({**both, "name_order": "sq/sr"})}
        yield feature(areas.districts[name], about)


def _district_lines(areas: Areas) -> Features:
    lines = inner_lines(list(areas.districts.values()), areas.outline.boundary)
    yield feature(lines, {"kind": "line"})


def _neighbours(around: Surroundings) -> Features:
    yield feature(around.mask, {"kind": "mask"})
    for line in around.lines:
        yield feature(line, {"kind": "line"}, decimals=3)
    for name, place in around.names:
        yield feature(place, {"kind": "name", "name": name})


def _rivers(rows: Rows, terrain: Terrain) -> Features:
    for row, course in trace_rivers(rows, terrain):
        about = {"id": row["river"], "name": display_name(row), "schematic": True}
        yield feature(course, about)
