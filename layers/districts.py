"""The lines between the seven districts."""

from __future__ import annotations

from layers.layer import MapLayer, Paint, reference_source
from layers.theme import Theme


def _paint(theme: Theme) -> Paint:
    return [
        {
            "id": "districts-lines",
            "type": "line",
            "source": "districts",
            "layout": {"line-join": "round"},
            "paint": {
                "line-color": theme.district_line,
                "line-width": ["interpolate", ["linear"], ["zoom"], 7, 0.9, 9, 1.5, 13, 2.4],
                "line-opacity": 0.9,
            },
        }
    ]


DISTRICTS = MapLayer("districts", False, True, True, reference_source("district_lines"), _paint)
