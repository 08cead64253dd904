"""The source of a layer that the browser fills: empty, then ``setData`` from the stream."""

from __future__ import annotations

from typing import Any


def moving_source() -> dict[str, Any]:
    """A GeoJSON source without features; ``assets/fpu-map.js`` keeps what belongs in it."""
    return {"type": "geojson", "data": {"type": "FeatureCollection", "features": []}}


def by_zoom(low: Any, middle: Any, high: Any) -> list[Any]:
    """A size that grows with the zoom: at 7, 10 and 14."""
    return ["interpolate", ["linear"], ["zoom"], 7, low, 10, middle, 14, high]
