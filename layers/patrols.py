"""Where units are: a symbol, the call sign and the age of the position.

Features: Points with ``unit``, ``callsign``, ``image`` (``patrol-<look>``: moving, stopped, late,
silent), ``age`` (text), ``course`` (degrees true) and ``selected`` (bool). The images are drawn by
``assets/fpu-images.js``: an arrow for a moving unit, a disc for a standing one, a clock for a late
position and a broken ring for a silent unit, so colour never says it alone.
"""

from __future__ import annotations

from typing import Any

from layers.layer import MapLayer, Paint
from layers.moving import by_zoom, moving_source
from layers.theme import FONT, FONT_BOLD, Theme


def _paint(theme: Theme) -> Paint:
    return [_selected(theme), _symbol(theme)]


def _selected(theme: Theme) -> dict[str, Any]:
    return {
        "id": "patrols-selected",
        "type": "circle",
        "source": "patrols",
        "filter": ["get", "selected"],
        "paint": {
            "circle-radius": by_zoom(17, 20, 24),
            "circle-color": theme.selection,
            "circle-opacity": 0.22,
            "circle-stroke-color": theme.selection,
            "circle-stroke-width": 2.5,
        },
    }


def _symbol(theme: Theme) -> dict[str, Any]:
    age = {"font-scale": 0.82, "text-font": ["literal", FONT]}
    return {
        "id": "patrols-symbol",
        "type": "symbol",
        "source": "patrols",
        "layout": {
            "icon-image": ["concat", ["get", "image"], f"-{theme.name}"],
            "icon-rotate": ["get", "course"],
            "icon-rotation-alignment": "map",
            "icon-size": by_zoom(0.9, 1, 1.2),
            "icon-allow-overlap": True,
            "text-field": ["format", ["get", "callsign"], {}, "\n", {}, ["get", "age"], age],
            "text-font": FONT_BOLD,
            "text-size": by_zoom(13, 15, 17),
            "text-line-height": 1.1,
            "text-variable-anchor": [
                *("left", "right", "top", "bottom"),
                *("top-left", "bottom-left", "top-right", "bottom-right"),
            ],
            "text-radial-offset": 1.15,
            "text-justify": "auto",
            "text-allow-overlap": True,
        },
        "paint": {
            "text-color": theme.unit,
            "text-halo-color": theme.halo,
            "text-halo-width": 2.2,
        },
    }


PATROLS = MapLayer("patrols", True, True, True, moving_source, _paint)
