"""Open incidents: size tells the severity, rings and their colour the tier that holds it.

Features: Points with ``id``, ``image``
(``incident-<severity>-<tier>-<disputed|waiting|plain|over>``), ``label``, ``severity`` (1 to 5),
``reach`` (how far the label stands off, in ems), ``selected`` and ``disputed`` (bool). The images
are drawn by ``assets/fpu-images.js``: a diamond with the severity in it and one, two or three
rings; one whose authority is disputed has a sign of attention at its corner.
"""

from __future__ import annotations

from typing import Any

from layers.layer import MapLayer, Paint
from layers.moving import by_zoom, moving_source
from layers.theme import FONT_BOLD, Theme


def _paint(theme: Theme) -> Paint:
    return [_selected(theme), _symbol(theme)]


def _yielding(theme: Theme) -> Paint:
    return [_number(theme)]


def _selected(theme: Theme) -> dict[str, Any]:
    return {
        "id": "incidents-selected",
        "type": "circle",
        "source": "incidents",
        "filter": ["get", "selected"],
        "paint": {
            "circle-radius": by_zoom(22, 26, 30),
            "circle-color": theme.selection,
            "circle-opacity": 0.22,
            "circle-stroke-color": theme.selection,
            "circle-stroke-width": 2.5,
        },
    }


def _symbol(theme: Theme) -> dict[str, Any]:
    return {
        "id": "incidents-symbol",
        "type": "symbol",
        "source": "incidents",
        "layout": {
            "icon-image": ["concat", ["get", "image"], f"-{theme.name}"],
            "icon-size": by_zoom(0.75, 1, 1.15),
            "icon-allow-overlap": True,
            "symbol-sort-key": ["get", "severity"],
        },
    }


def _number(theme: Theme) -> dict[str, Any]:
    return {
        "id": "incidents-number",
        "type": "symbol",
        "source": "incidents",
        "layout": {
            "symbol-sort-key": [
                "case",
                ["to-boolean", ["get", "disputed"]],
                -9,
                ["-", 0, ["get", "severity"]],
            ],
            "text-field": ["get", "label"],
            "text-font": FONT_BOLD,
            "text-size": by_zoom(12, 13, 15),
            "text-variable-anchor": ["bottom", "top", "right", "left"],
            "text-radial-offset": ["get", "reach"],
            # From afar the names of towns matter more than numbers, close by the numbers do.
            "text-overlap": ["step", ["zoom"], "never", 10, "always"],
        },
        "paint": {
            "text-color": [
                "case",
                ["to-boolean", ["get", "disputed"]],
                theme.alarm,
                theme.city_text,
            ],
            "text-halo-color": theme.halo,
            "text-halo-width": 2,
        },
    }


INCIDENTS = MapLayer("incidents", True, True, True, moving_source, _paint, _yielding)
