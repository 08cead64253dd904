"""Where a receiver claimed to be and no patrol can have been, of the chosen patrol.

Features: Points with ``time`` (text). A cross and a time, so that colour never says it alone.
"""

from __future__ import annotations

from layers.layer import MapLayer, Paint
from layers.moving import by_zoom, moving_source
from layers.theme import FONT, FONT_BOLD, Theme


def _paint(theme: Theme) -> Paint:
    time = {"font-scale": 0.6, "text-font": ["literal", FONT]}
    return [
        {
            "id": "impossible-cross",
            "type": "symbol",
            "source": "impossible",
            "layout": {
                "text-field": ["format", "×", {}, "\n", {}, ["get", "time"], time],
                "text-font": FONT_BOLD,
                "text-size": by_zoom(18, 21, 25),
                "text-line-height": 0.8,
                "text-allow-overlap": True,
                "text-ignore-placement": True,
            },
            "paint": {
                "text-color": theme.silent,
                "text-halo-color": theme.halo,
                "text-halo-width": 1.8,
            },
        }
    ]


IMPOSSIBLE = MapLayer("impossible", True, True, True, moving_source, _paint)
