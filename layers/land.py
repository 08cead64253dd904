"""Land and sea: the flat ground under everything."""

from __future__ import annotations

from layers.layer import MapLayer, Paint, reference_source
from layers.theme import Theme


def _paint(theme: Theme) -> Paint:
    return [
        {"id": "land-fill", "type": "fill", "source": "land", "paint": {"fill-color": theme.land}}
    ]


LAND = MapLayer("land", False, False, True, reference_source("land"), _paint)
