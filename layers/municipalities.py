"""The lines between the 38 municipalities and, close by, their names."""

from __future__ import annotations

from layers.layer import MapLayer, Paint, reference_source
from layers.theme import FONT, Theme


def _paint(theme: Theme) -> Paint:
    return [
        {
            "id": "municipalities-lines",
            "type": "line",
            "source": "municipalities",
            "filter": ["==", ["get", "kind"], "line"],
            "layout": {"line-join": "round"},
            "paint": {
                "line-color": theme.municipality_line,
                "line-width": ["interpolate", ["linear"], ["zoom"], 7, 0.5, 9, 0.9, 13, 1.6],
                "line-opacity": ["interpolate", ["linear"], ["zoom"], 7, 0.55, 9, 0.95],
            },
        },
        {
            "id": "municipalities-names",
            "type": "symbol",
            "source": "municipalities",
            "minzoom": 9.8,
            "filter": ["==", ["get", "kind"], "name"],
            "layout": {
                "text-field": ["get", "stacked"],
                "text-font": FONT,
                "text-transform": "uppercase",
                "text-letter-spacing": 0.14,
                "text-size": ["interpolate", ["linear"], ["zoom"], 9.8, 9, 13, 13],
                "text-max-width": 30,
                "text-padding": 12,
            },
            "paint": {
                "text-color": theme.municipality_text,
                "text-halo-color": theme.halo,
                "text-halo-width": 1,
            },
        },
    ]


MUNICIPALITIES = MapLayer(
    "municipalities", False, True, True, reference_source("municipality_lines"), _paint
)
