"""The gazetteer: named places and crossing points, read once from the tables beside this module.

Everything is WGS84 degrees; what each table is made of is told in ``SOURCES.md``. The areas and
lines are in ``data/kosovo/reference.py``.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from data.kosovo.names import display_name, fold
from domain.errors import NotFound

_FOLDER = Path(__file__).parent
_NAME_COLUMNS = ("name", "name_sq", "name_sr", "name_sr_cyrl", "name_tr")
_CROSSING = "crossing-"
_LIMIT = 20
_NO_FIT = 4
_SHORTEST_KEY = 5


@dataclass(frozen=True, slots=True)
class CrossingPoint:
    """One of the 19 places where one may cross; ``name`` has both names.

    ``kind`` is ``common_crossing_point`` (six of them), ``crossing_point``, ``closed_pass``,
    ``footpath`` or ``airport``; ``confidence`` tells how well its position is known: ``high``,
    ``medium`` or ``low``.
    """

    id: str
    kind: str
    status: str
    name: str
    name_sq: str
    name_sr: str
    latitude: float
    longitude: float
    confidence: str
    note: str


@dataclass(frozen=True, slots=True)
class Place:
    """A named place: ``name`` has both names; ``kind`` is settlement, municipality, lake, or
    that of a crossing point; ``municipality`` is the two-digit code, empty where it has none.

    ``keys`` are its names in every language and its aliases, as ``fold`` makes them.
    """

    id: str
    kind: str
    name: str
    municipality: str
    latitude: float
    longitude: float
    keys: tuple[str, ...]


@cache
def crossing_points() -> tuple[CrossingPoint, ...]:
    """All 19, the six Common Crossing Points first."""
    return tuple(
        CrossingPoint(
            id=row["id"],
            kind=row["kind"],
            status=row["status"],
            name=display_name(row),
            name_sq=row["name_sq"],
            name_sr=row["name_sr"],
            latitude=float(row["lat"]),
            longitude=float(row["lon"]),
            confidence=row["coordinate_confidence"],
            note=row["note"],
        )
        for row in _rows(_FOLDER / "facts" / "crossing_points.csv")
    )


@cache
def places() -> tuple[Place, ...]:
    """Every named place: crossing points as ``crossing-<id>``, cities before villages."""
    return tuple(_place(row) for row in _rows(_FOLDER / "place_names.csv"))


@cache
def place_words() -> frozenset[str]:
    """The names of five letters or more, in one word: a stranger tries them as passwords."""
    words = {key.replace(" ", "") for place in places() for key in place.keys}
    return frozenset(word for word in words if len(word) >= _SHORTEST_KEY)


class Gazetteer:
    """Every named place by its id; satisfies ``services.event_ports.Places``.

    A crossing point is known as ``crossing-<id>`` and by its own id, as the interface has it.
    """

    def __init__(self) -> None:
        self._places = {
            name: place
            for place in places()
            for name in (place.id, place.id.removeprefix(_CROSSING))
        }

    def place(self, identifier: str) -> Place:
        """The place of ``identifier``; raises ``NotFound``."""
        try:
            return self._places[identifier]
        except KeyError as fault:
            raise NotFound(f"there is no place {identifier!r}") from fault

    def position_of(self, place_ref: str) -> tuple[float, float] | None:
        """(latitude, longitude) of a place, None when there is no such place."""
        place = self._places.get(place_ref)
        return (place.latitude, place.longitude) if place else None

    def search(self, text: str, limit: int = _LIMIT) -> tuple[Place, ...]:
        """Places that ``text`` may mean: a whole name first, then a beginning, then a part.

        Both names, Cyrillic and aliases are known, and diacritics are not needed.
        """
        wanted = fold(text)
        if not wanted:
            return ()
        fits = {place: min(_fit(wanted, key) for key in place.keys) for place in places()}
        # Sorting is stable: within a fit the file's order holds.
        best = sorted((place for place in fits if fits[place] < _NO_FIT), key=fits.__getitem__)
        return tuple(best[:limit])


def _place(row: Mapping[str, str]) -> Place:
    names = [row[column] for column in _NAME_COLUMNS] + row["aliases"].split("|")
    return Place(
        id=row["id"],
        kind=row["kind"],
        name=row["name"],
        municipality=row["municipality"],
        latitude=float(row["lat"]),
        longitude=float(row["lon"]),
        keys=tuple(dict.fromkeys(fold(name) for name in names if name)),
    )


def _fit(wanted: str, key: str) -> int:
    if key == wanted:
        return 0
    if key.startswith(wanted):
        return 1
    return 2 if f" {wanted}" in key else 3 if wanted in key else _NO_FIT


def _rows(path: Path) -> Iterator[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)
