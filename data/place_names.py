"""The gazetteer as people read and search it: both names of each place, and where it is."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from data.kosovo.names import fold

_FILE = Path(__file__).parent / "kosovo" / "place_names.csv"


@dataclass(frozen=True, slots=True)
class NamedPlace:
    """``name`` has both names, slash-separated; ``search`` every name and alias, folded.

    Latitude and longitude are degrees, WGS84, None where the place has no one point.
    """

    id: str
    kind: str
    name: str
    search: str
    latitude: float | None
    longitude: float | None


@cache
def named_places() -> tuple[NamedPlace, ...]:
    """Every place of the gazetteer in the order of its file."""
    with _FILE.open(encoding="utf-8", newline="") as file:
        return tuple(_place(row) for row in csv.DictReader(file))


def _place(row: dict[str, str]) -> NamedPlace:
    names = [row[name] for name in ("name", "name_sq", "name_sr", "name_sr_cyrl", "aliases")]
    has_point = bool(row["lat"] and row["lon"])
    return NamedPlace(
        row["id"],
        row["kind"],
        row["name"],
        " ".join(dict.fromkeys(fold(name) for name in names if name)),
        float(row["lat"]) if has_point else None,
        float(row["lon"]) if has_point else None,
    )
