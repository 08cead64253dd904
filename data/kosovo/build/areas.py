"""Municipalities, districts and the outline: one clean coverage, and each line in it once."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import geopandas
import shapely
from shapely.geometry import MultiPolygon
from shapely.geometry.base import BaseGeometry

_GRID = "EPSG:32634"  # UTM zone 34 north: all of Kosovo* lies in it, lengths are metres
_GAP = 1200  # metres; the widest hole that simplifying the polygons one by one has left
_SLIT = 200  # metres; half the width up to which a cut into the outline is a fault
_NOISE = 2000  # square metres; smaller differences are rounding
_SHAPES = "46174442B%"


@dataclass(frozen=True, slots=True)
class Areas:
    """Polygons in degrees: 38 municipalities by code, 7 districts by Albanian name, one outline."""

    municipalities: Mapping[str, BaseGeometry]
    districts: Mapping[str, BaseGeometry]
    outline: BaseGeometry


def read_areas(database: Path, rows: Sequence[Mapping[str, str]]) -> Areas:
    """Take the polygons of ``rows`` from the gazetteer and clean them as a coverage.

    The source simplified every polygon alone, which left 33 km² of overlaps and 34 km² of holes.
    """
    shapes = _polygons(database)
    frame = geopandas.GeoDataFrame(
        {"code": [row["code"] for row in rows], "district": [row["district_sq"] for row in rows]},
        geometry=[shapes[row["shape_id"]] for row in rows],
        crs="EPSG:4326",
    ).to_crs(_GRID)
    cleaned = shapely.coverage_clean(frame.geometry.to_numpy(), gap_width=_GAP)
    frame["geometry"] = _without_slits(list(cleaned))
    # Rounding before anything is derived keeps shared lines shared in every file.
    frame = frame.to_crs("EPSG:4326")
    frame["geometry"] = shapely.set_precision(frame.geometry.to_numpy(), 1e-5)
    districts = {
        str(name): shapely.coverage_union_all(group.geometry.to_numpy())
        for name, group in frame.groupby("district")
    }
    return Areas(
        municipalities=dict(zip(frame["code"], frame.geometry, strict=True)),
        districts=districts,
        outline=shapely.coverage_union_all(frame.geometry.to_numpy()),
    )


def inner_lines(areas: Sequence[BaseGeometry], without: BaseGeometry) -> BaseGeometry:
    """The lines between ``areas``, each once, less those that lie on the lines of ``without``."""
    edges = shapely.union_all([area.boundary for area in areas])
    return shapely.line_merge(shapely.difference(edges, without))


def _without_slits(areas: list[BaseGeometry]) -> list[BaseGeometry]:
    """Give the narrow slits that cut into the outline to the municipality they touch most.

    They lie where two polygons meet at the outline and are too open to count as holes: four of
    them, 1.3 km² together.
    """
    whole = shapely.union_all(areas)
    grown = whole.buffer(_SLIT, join_style="mitre")
    slits = shapely.get_parts(grown.buffer(-_SLIT, join_style="mitre").difference(whole))
    for slit in slits:
        if slit.area < _NOISE:
            continue
        touching = [slit.boundary.intersection(area.buffer(1)).length for area in areas]
        owner = touching.index(max(touching))
        areas[owner] = areas[owner].union(slit.buffer(1, join_style="mitre"))
    whole_parts = [_without_crumbs(area) for area in areas]
    return list(shapely.coverage_clean(whole_parts, gap_width=_GAP))


def _without_crumbs(area: BaseGeometry) -> BaseGeometry:
    parts = [part for part in shapely.get_parts(area) if part.area > _NOISE]
    return parts[0] if len(parts) == 1 else MultiPolygon(parts)


def _polygons(database: Path) -> dict[str, BaseGeometry]:
    query = "SELECT shape_id, coordinates FROM location_data WHERE shape_id LIKE ?"
    connection = sqlite3.connect(database)
    try:
        rows = connection.execute(query, (_SHAPES,)).fetchall()
    finally:
        connection.close()
    return {shape_id: shapely.from_wkb(content) for shape_id, content in rows}
