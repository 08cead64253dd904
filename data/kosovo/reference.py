"""The areas and lines of the reference data, as tables of features with GeoPandas.

Everything is WGS84 degrees (EPSG:4326) and comes from the small files beside this module; what
each is made of is told in ``SOURCES.md``. Places are in ``data/kosovo/places.py``, which is quick
to import.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import geopandas
from shapely.geometry import Point

from domain.errors import NotFound

_FOLDER = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Municipality:
    """Code and names of one of the 38 municipalities, and its district by both names."""

    code: str
    name: str
    district: str


@cache
def layer(name: str) -> geopandas.GeoDataFrame:
    """The features of ``<name>.geojson``, for instance ``settlements`` or ``district_lines``.

    Raises ``NotFound`` on an unknown name. The frame is shared: do not change it.
    """
    path = _FOLDER / f"{name}.geojson"
    if not path.exists():
        raise NotFound(f"there is no reference layer {name!r}")
    return geopandas.read_file(path)


def municipalities() -> geopandas.GeoDataFrame:
    """38 polygons with code, names and district: a coverage without gaps or overlaps."""
    return layer("municipalities")


def municipality_of(latitude: float, longitude: float) -> Municipality | None:
    """The municipality that a point lies in; None outside all of them."""
    frame = municipalities()
    found = frame.iloc[frame.sindex.query(Point(longitude, latitude), predicate="intersects")]
    if found.empty:
        return None
    row = found.sort_values("code").iloc[0]
    district = dict.fromkeys((row["district_sq"], row["district_sr"]))
    return Municipality(row["code"], row["name"], "/".join(district))
