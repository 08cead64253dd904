"""Reservoirs: circles of the right area at an approximate place, with a broken edge saying so."""

from __future__ import annotations

from layers.layer import MapLayer, Paint, reference_source
from layers.theme import FONT_ITALIC, Theme


def _paint(theme: Theme) -> Paint:
    return [
        {
            "id": "lakes-fill",
            "type": "fill",
            "source": "lakes",
            "paint": {"fill-color": theme.water, "fill-opacity": 0.88, "fill-antialias": False},
        },
        {
            "id": "lakes-edge",
            "type": "line",
            "source": "lakes",
            "minzoom": 8.5,
            "paint": {
                "line-color": theme.water_line,
                "line-width": 1,
                "line-dasharray": [3, 2.5],
            },
        },
        {
            "id": "lakes-names",
            "type": "symbol",
            "source": "lakes",
            "minzoom": 9.6,
            "layout": {
                "text-field": [
                    "format",
                    *(["get", "stacked"], {}),
                    *("\n@approximate", {"font-scale": 0.85}),
                ],
                "text-font": FONT_ITALIC,
                "text-size": ["interpolate", ["linear"], ["zoom"], 9, 10.5, 13, 13],
                "text-variable-anchor": ["top", "bottom", "left", "right"],
                "text-radial-offset": 2.2,
                "text-justify": "auto",
                "text-max-width": 14,
            },
            "paint": {
                "text-color": theme.water_text,
                "text-halo-color": theme.halo,
                "text-halo-width": 1.2,
            },
        },
    ]


LAKES = MapLayer("lakes", False, True, True, reference_source("lakes"), _paint)
