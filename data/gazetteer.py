"""The reference places, read once from the tables under ``data/kosovo``.

Satisfies ``services.event_ports.Places`` and gives the crossing points for the coverage.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from data.kosovo.names import display_name
from data.place_names import named_places

_CROSSINGS = Path(__file__).parent / "kosovo" / "facts" / "crossing_points.csv"


@dataclass(frozen=True, slots=True)
class Crossing:
    """A crossing point; ``name`` has both names, latitude and longitude are degrees, WGS84.

    ``confidence`` tells how well its position is known: high, medium or low.
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


class Gazetteer:
    """Places by id; a crossing point is known as ``crossing-<id>`` and by its own id."""

    def position_of(self, place_ref: str) -> tuple[float, float] | None:
        """(latitude, longitude) of a place, None when there is no such place."""
        return self._positions.get(place_ref)

    def crossings(self) -> tuple[Crossing, ...]:
        """The crossing points in the order of the reference data."""
        return self._crossings

    @cached_property
    def _positions(self) -> dict[str, tuple[float, float]]:
        places = {
            place.id: (place.latitude, place.longitude)
            for place in named_places()
            if place.latitude is not None and place.longitude is not None
        }
        return places | {one.id: (one.latitude, one.longitude) for one in self._crossings}

    @cached_property
    def _crossings(self) -> tuple[Crossing, ...]:
        return tuple(
            Crossing(
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
            for row in _crossing_rows()
        )


def _crossing_rows() -> Iterator[dict[str, str]]:
    with _CROSSINGS.open(encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)
