"""Alarms that nobody has acknowledged: never hidden, above everything, with a beating ring.

Features: Points with ``id`` and ``label``; ``assets/fpu-map.js`` lets ``alarms-ring`` beat.
"""

from __future__ import annotations

from layers.layer import MapLayer, Paint
from layers.moving import by_zoom, moving_source
from layers.theme import FONT_BOLD, Theme


def _paint(theme: Theme) -> Paint:
    return [
        {
            "id": "alarms-ring",
            "type": "circle",
            "source": "alarms",
            "paint": {
                "circle-radius": by_zoom(26, 30, 36),
                "circle-color": theme.alarm,
                "circle-opacity": 0.25,
                "circle-stroke-color": theme.alarm,
                "circle-stroke-width": 4,
                "circle-radius-transition": {"duration": 0},
                "circle-opacity-transition": {"duration": 0},
            },
        },
        {
            "id": "alarms-name",
            "type": "symbol",
            "source": "alarms",
            "layout": {
                "icon-image": f"alarm-{theme.name}",
                "icon-allow-overlap": True,
                "icon-ignore-placement": True,
                "icon-offset": [0, -34],
                "text-field": ["get", "label"],
                "text-font": FONT_BOLD,
                "text-size": 17,
                "text-anchor": "bottom",
                "text-offset": [0, -2.9],
                "text-allow-overlap": True,
                "text-ignore-placement": True,
            },
            "paint": {
                "text-color": theme.alarm,
                "text-halo-color": theme.halo,
                "text-halo-width": 2.4,
            },
        },
    ]


ALARMS = MapLayer("alarms", True, False, True, moving_source, _paint)
