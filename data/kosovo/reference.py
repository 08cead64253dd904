"""Readers of the reference data: tables of features with GeoPandas, points and names as records.

Everything is WGS84 degrees (EPSG:4326) and comes from the small files beside this module; what
each is made of is told in ``SOURCES.md``.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import geopandas
from shapely.geometry import Point

from data.kosovo.names import display_name, fold
from domain.errors import NotFound

_FOLDER = Path(__file__).parent
_LIMIT = 20
_NO_FIT = 4
_CROSSING_TEXTS = (
    "id", "kind", "status", "name_sq", "name_sr", "name_sr_cyrl", "other_side", "road",
    "gate_number", "gate_confidence", "coordinate_confidence", "source", "note",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class CrossingPoint:
    """One of the 19 places where one may cross. Latitude and longitude are degrees.

    ``kind`` is ``common_crossing_point`` (six of them), ``crossing_point``, ``closed_pass``,
    ``footpath`` or ``airport``; ``coordinate_confidence`` is ``high``, ``medium`` or ``low``.
    """

    id: str
    kind: str
    status: str
    name: str
    name_sq: str
    name_sr: str
    name_sr_cyrl: str
    aliases: tuple[str, ...]
    other_side: str
    road: str
    gate_number: str
    gate_confidence: str
    latitude: float
    longitude: float
    coordinate_confidence: str
    source: str
    note: str


@dataclass(frozen=True, slots=True)
class Place:
    """A named place: ``name`` has both names; ``kind`` is settlement, municipality, lake, or
    that of a crossing point; ``municipality`` is the two-digit code, empty where it has none."""

    id: str
    kind: str
    name: str
    municipality: str
    latitude: float
    longitude: float


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


@cache
def crossing_points() -> tuple[CrossingPoint, ...]:
    """All 19, the six Common Crossing Points first."""
    return tuple(
        CrossingPoint(
            name=display_name(row),
            aliases=_split(row["aliases"]),
            latitude=float(row["lat"]),
            longitude=float(row["lon"]),
            **{name: row[name] for name in _CROSSING_TEXTS},
        )
        for row in _rows(_FOLDER / "facts" / "crossing_points.csv")
    )


class Gazetteer:
    """Every named place; search knows both names, Cyrillic, aliases, and needs no diacritics."""

    def __init__(self) -> None:
        self._places: dict[str, Place] = {}
        self._keys: dict[str, tuple[str, ...]] = {}
        for row in _rows(_FOLDER / "place_names.csv"):
            position = (float(row["lat"]), float(row["lon"]))
            about = (row["id"], row["kind"], row["name"], row["municipality"])
            self._places[row["id"]] = Place(*about, *position)
            names = [row[f"name{part}"] for part in ("", "_sq", "_sr", "_sr_cyrl", "_tr")]
            keys = (fold(name) for name in [*names, *_split(row["aliases"])])
            self._keys[row["id"]] = tuple(dict.fromkeys(key for key in keys if key))

    def place(self, identifier: str) -> Place:
        """The place of ``identifier``; raises ``NotFound``."""
        try:
            return self._places[identifier]
        except KeyError as fault:
            raise NotFound(f"there is no place {identifier!r}") from fault

    def search(self, text: str, limit: int = _LIMIT) -> tuple[Place, ...]:
        """Places that ``text`` may mean: a whole name first, then a beginning, then a part."""
        wanted = fold(text)
        if not wanted:
            return ()
        fits = {name: min(_fit(wanted, key) for key in keys) for name, keys in self._keys.items()}
        # Sorting is stable: within a fit the file's order holds, cities before villages.
        best = sorted((name for name in fits if fits[name] < _NO_FIT), key=fits.__getitem__)
        return tuple(self._places[name] for name in best[:limit])


def _fit(wanted: str, key: str) -> int:
    if key == wanted:
        return 0
    if key.startswith(wanted):
        return 1
    return 2 if f" {wanted}" in key else 3 if wanted in key else _NO_FIT


def _split(text: str) -> tuple[str, ...]:
    return tuple(part for part in text.split("|") if part)


def _rows(path: Path) -> Iterator[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)
