"""The named points of the schematic roads, for patrols to drive along."""

from __future__ import annotations

import csv
from pathlib import Path

from domain.scenario import RoadPoint

_FACTS = Path(__file__).resolve().parent.parent / "kosovo" / "facts" / "road_waypoints.csv"


def read_roads() -> tuple[RoadPoint, ...]:
    """Every point of the roads in use, road by road in order; a crossing point by its id."""
    with _FACTS.open(encoding="utf-8", newline="") as file:
        return tuple(
            RoadPoint(
                road=row["road"],
                road_class=row["road_class"],
                place=row["waypoint"],
                latitude=float(row["lat"]),
                longitude=float(row["lon"]),
            )
            for row in csv.DictReader(file)
            if not row["status"]  # planned roads carry nobody
        )
