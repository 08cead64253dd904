"""Where units have been. A gap is drawn as a gap: a faint dotted line says "not known".

Features: MultiLineStrings with ``unit``, ``gap`` (bool) and ``selected`` (bool).
"""

from __future__ import annotations

from typing import Any

from layers.layer import MapLayer, Paint
from layers.moving import by_zoom, moving_source
from layers.theme import Theme

_GAP = ["get", "gap"]
_SELECTED = ["get", "selected"]


def _paint(theme: Theme) -> Paint:
    return [
        _line("trails-gap", _GAP, _gap(theme)),
        _line("trails-casing", ["!", _GAP], _casing(theme)),
        _line("trails-line", ["!", _GAP], _known(theme)),
    ]


def _line(name: str, chosen: list[Any], paint: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": name,
        "type": "line",
        "source": "trails",
        "filter": chosen,
        "layout": {"line-cap": "round", "line-join": "round"},
        "paint": paint,
    }


def _gap(theme: Theme) -> dict[str, Any]:
    return {
        "line-color": theme.silent,
        "line-width": by_zoom(1.2, 1.5, 2),
        "line-dasharray": [0.1, 3],
        "line-opacity": 0.75,
    }


def _casing(theme: Theme) -> dict[str, Any]:
    width = [["case", _SELECTED, size + 3.4, size + 2] for size in (2.4, 3, 4)]
    return {"line-color": theme.halo, "line-width": by_zoom(*width), "line-opacity": 0.7}


def _known(theme: Theme) -> dict[str, Any]:
    width = [["case", _SELECTED, size + 1.4, size] for size in (2.4, 3, 4)]
    return {
        "line-color": ["case", _SELECTED, theme.selection, theme.trail],
        "line-width": by_zoom(*width),
        "line-opacity": ["case", _SELECTED, 1.0, 0.85],
    }


TRAILS = MapLayer("trails", True, True, True, moving_source, _paint)
