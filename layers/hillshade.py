"""The shape of the terrain: a picture, soft enough to read everything else on top of it."""

from __future__ import annotations

from typing import Any

from layers.layer import MapLayer, Paint
from layers.theme import Theme

# West, south, east, north in degrees; the pictures were rendered for exactly these corners.
CORNERS = (19.64, 41.5, 22.2, 43.6)
_FADES = (9.5, 12.5)  # the cells are 0.9 km: beyond this zoom they would tell what they do not know


def _source() -> dict[str, Any]:
    west, south, east, north = CORNERS
    return {
        "type": "image",
        "url": "/map/hillshade-{theme}.webp",
        "coordinates": [[west, north], [east, north], [east, south], [west, south]],
    }


def _paint(theme: Theme) -> Paint:
    near, far = _FADES
    opacity = ["interpolate", ["linear"], ["zoom"], near, 1, far, 0.25]
    paint = {"raster-opacity": opacity, "raster-fade-duration": 0, "raster-resampling": "linear"}
    return [{"id": "hillshade-picture", "type": "raster", "source": "hillshade", "paint": paint}]


HILLSHADE = MapLayer("hillshade", False, True, True, _source, _paint)
