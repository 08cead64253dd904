"""Roads, schematic: straight from town to town, to orient by and not to drive by."""

from __future__ import annotations

from typing import Any

from layers.layer import MapLayer, Paint, reference_source
from layers.theme import FONT, Theme

_WIDTHS: dict[str, tuple[float, float, float]] = {
    # at zoom 7, 10 and 14
    "regional": (0.5, 1.3, 3.0),
    "national": (0.5, 2.0, 5.0),
    "motorway": (1.0, 3.0, 7.0),
}
_NEAR = 8.6  # from here a national road has an edge; farther off it is one thin line
_ROUND = {"line-join": "round", "line-cap": "round"}


def _paint(theme: Theme) -> Paint:
    return [
        _line("regional", theme.regional_road, minzoom=8.2),
        _from_afar(theme),
        _line("national", theme.road_casing, casing=1.2, minzoom=_NEAR),
        _line("motorway", theme.road_casing, casing=2.0),
        _line("national", theme.national_road, minzoom=_NEAR),
        _line("motorway", theme.motorway),
        _names(theme),
    ]


def _line(kind: str, colour: str, casing: float = 0.0, minzoom: float = 0.0) -> dict[str, Any]:
    low, middle, high = (width + casing for width in _WIDTHS[kind])
    return {
        "id": f"roads-{kind}-casing" if casing else f"roads-{kind}",
        "type": "line",
        "source": "roads",
        "minzoom": minzoom,
        "filter": ["==", ["get", "road_class"], kind],
        "layout": _ROUND,
        "paint": {
            "line-color": colour,
            "line-width": ["interpolate", ["linear"], ["zoom"], 7, low, 10, middle, 14, high],
        },
    }


def _from_afar(theme: Theme) -> dict[str, Any]:
    width = ["interpolate", ["linear"], ["zoom"], 7, 0.8, _NEAR, 1.4]
    return {
        "id": "roads-national-from-afar",
        "type": "line",
        "source": "roads",
        "maxzoom": _NEAR,
        "filter": ["==", ["get", "road_class"], "national"],
        "layout": _ROUND,
        "paint": {"line-color": theme.road_from_afar, "line-width": width},
    }


def _names(theme: Theme) -> dict[str, Any]:
    return {
        "id": "roads-references",
        "type": "symbol",
        "source": "roads",
        "minzoom": 9.3,
        "filter": ["has", "reference"],
        "layout": {
            "symbol-placement": "line",
            "symbol-spacing": 380,
            "text-field": ["get", "reference"],
            "text-font": FONT,
            "text-size": ["interpolate", ["linear"], ["zoom"], 9, 9.5, 13, 12],
            "text-max-angle": 25,
            "text-rotation-alignment": "viewport",
            "text-padding": 8,
        },
        "paint": {
            "text-color": theme.road_text,
            "text-halo-color": theme.halo,
            "text-halo-width": 1.8,
        },
    }


ROADS = MapLayer("roads", False, True, True, reference_source("roads"), _paint)
