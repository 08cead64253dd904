"""Write small files that come out byte for byte the same on every build."""

from __future__ import annotations

import csv
import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import shapely
from shapely.geometry import mapping
from shapely.geometry.base import BaseGeometry

MANIFEST = "manifest.json"
_METRE = 5  # decimals of a degree; the fifth is about a metre


def read_table(path: Path) -> list[dict[str, str]]:
    """The rows of a CSV table, every value as text."""
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def write_table(path: Path, rows: Sequence[Mapping[str, object]]) -> None:
    """Write ``rows`` as CSV with the columns of the first row."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def feature(
    geometry: BaseGeometry, properties: Mapping[str, Any], decimals: int = _METRE
) -> dict[str, Any]:
    """A GeoJSON feature in WGS84 degrees, coordinates rounded to ``decimals``."""
    oriented = shapely.orient_polygons(geometry)
    return {
        "type": "Feature",
        "properties": {
            name: value for name, value in properties.items() if value not in ("", None)
        },
        "geometry": _rounded(mapping(oriented), decimals),
    }


def write_features(path: Path, features: Iterable[Mapping[str, Any]]) -> None:
    """Write a GeoJSON feature collection, one feature a line so that a change is readable."""
    lines = [json.dumps(item, ensure_ascii=False, separators=(",", ":")) for item in features]
    text = '{"type":"FeatureCollection","features":[\n' + ",\n".join(lines) + "\n]}\n"
    path.write_text(text, encoding="utf-8")


def write_manifest(folder: Path, names: Iterable[str]) -> None:
    """List size and sha256 of every built file, so that a test notices a change by hand."""
    content = {}
    for name in sorted(names):
        data = (folder / name).read_bytes()
        content[name] = {"bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}
    (folder / MANIFEST).write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")


def _rounded(value: Any, decimals: int) -> Any:
    if isinstance(value, Mapping):
        kept = ("type", "coordinates", "geometries")
        return {k: _rounded(v, decimals) for k, v in value.items() if k in kept}
    if isinstance(value, list | tuple):
        return [_rounded(item, decimals) for item in value]
    return round(value, decimals) if isinstance(value, float) else value
