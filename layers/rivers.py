"""Rivers, schematic: the valley that each one follows, good to about a kilometre."""

from __future__ import annotations

from layers.layer import MapLayer, Paint, reference_source
from layers.theme import FONT_ITALIC, Theme


def _paint(theme: Theme) -> Paint:
    return [
        {
            "id": "rivers-line",
            "type": "line",
            "source": "rivers",
            "layout": {"line-join": "round", "line-cap": "round"},
            "paint": {
                "line-color": theme.water_line,
                "line-width": ["interpolate", ["linear"], ["zoom"], 7, 0.8, 9, 1.4, 13, 3],
                # Good to a kilometre: too near, it must not tell on which bank something is.
                "line-opacity": ["interpolate", ["linear"], ["zoom"], 11.5, 0.75, 13.5, 0.3],
            },
        },
        {
            "id": "rivers-names",
            "type": "symbol",
            "source": "rivers",
            "minzoom": 9,
            "layout": {
                "symbol-placement": "line",
                "symbol-spacing": 420,
                "text-field": ["get", "name"],
                "text-font": FONT_ITALIC,
                "text-letter-spacing": 0.06,
                "text-size": ["interpolate", ["linear"], ["zoom"], 9, 10.5, 13, 13],
                "text-offset": [0, -0.75],
                "text-max-angle": 35,
            },
            "paint": {
                "text-color": theme.water_text,
                "text-halo-color": theme.halo,
                "text-halo-width": 1.2,
            },
        },
    ]


RIVERS = MapLayer("rivers", False, True, True, reference_source("rivers"), _paint)
