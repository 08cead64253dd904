"""The boundary line around Kosovo*, the strongest line of the map."""

from __future__ import annotations

from layers.layer import MapLayer, Paint, reference_source
from layers.theme import FONT, Theme


def _paint(theme: Theme) -> Paint:
    width = ["interpolate", ["linear"], ["zoom"], 7, 1.3, 9, 1.9, 13, 3]
    glow = ["interpolate", ["linear"], ["zoom"], 7, 5, 9, 9, 13, 14]
    area = ["==", ["get", "kind"], "area"]
    joined = {"line-join": "round"}
    common = {"type": "line", "source": "outline", "filter": area, "layout": joined}
    return [
        {
            "id": "outline-glow",
            **common,
            "paint": {
                "line-color": theme.outline_glow,
                "line-width": glow,
                "line-blur": 4,
                "line-opacity": 0.35,
            },
        },
        {
            "id": "outline-line",
            **common,
            "paint": {"line-color": theme.outline, "line-width": width},
        },
        {
            "id": "outline-name",
            "type": "symbol",
            "source": "outline",
            "maxzoom": 8.1,
            "filter": ["==", ["get", "kind"], "name"],
            "layout": {
                "text-field": "@kosovo",
                "text-font": FONT,
                "text-transform": "uppercase",
                "text-letter-spacing": 0.3,
                # The one name that is never missing, by day or by night.
                "text-variable-anchor": ["center", "top", "bottom"],
                "text-radial-offset": 1.6,
                "text-allow-overlap": True,
                "text-ignore-placement": True,
                "text-size": ["interpolate", ["linear"], ["zoom"], 6, 12, 8, 18],
            },
            "paint": {
                "text-color": theme.name_text,
                "text-halo-color": theme.halo,
                "text-halo-width": 1.5,
            },
        },
    ]


OUTLINE = MapLayer("outline", False, False, True, reference_source("outline"), _paint)
