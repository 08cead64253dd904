"""The 19 crossing points, each as what it is, without the symbol of any state.

A square is one of the six Common Crossing Points, a ring another crossing point, a crossed ring
a closed pass, a small ring a footpath, an aircraft the airport. An empty sign inside a broken
circle, and the word under the name, mean that the place is only approximate. The visit is drawn
by feature state: ``coverage`` = ``due`` or ``overdue`` lights a ring around the sign.
"""

from __future__ import annotations

from typing import Any

from layers.layer import MapLayer, Paint, reference_source
from layers.theme import FONT, FONT_BOLD, Theme

_KIND = ["get", "kind"]
_COMMON = ["==", _KIND, "common_crossing_point"]
_LOW = ["==", ["get", "coordinate_confidence"], "low"]
_POINT = ["!=", _KIND, "search_ring"]
_ROUND = ["match", _KIND, ["common_crossing_point", "search_ring", "airport"], False, True]
_SIZE = ["match", _KIND, "common_crossing_point", 1.0, "footpath", 0.55, "closed_pass", 0.8, 0.7]
# Signs that every common font has; the map needs no sprite.
_SIGN = ["match", _KIND, "common_crossing_point", "■", "closed_pass", "×", "airport", "✈", ""]


def _paint(theme: Theme) -> Paint:
    return [
        _search_ring(theme),
        _coverage(theme),
        _ring(theme),
        _sign(theme),
        _names(theme, "others", ["!", _COMMON], 9.4),
        _names(theme, "common", _COMMON, 7.9),
    ]


def _search_ring(theme: Theme) -> dict[str, Any]:
    return {
        "id": "crossings-search",
        "type": "line",
        "source": "crossings",
        "minzoom": 9,
        "filter": ["==", _KIND, "search_ring"],
        "paint": {
            "line-color": theme.crossing_muted,
            "line-width": 1.3,
            "line-dasharray": [3, 2.2],
        },
    }


def _coverage(theme: Theme) -> dict[str, Any]:
    state = ["feature-state", "coverage"]
    return {
        "id": "crossings-coverage",
        "type": "circle",
        "source": "crossings",
        "filter": _POINT,
        "paint": {
            "circle-radius": _by_zoom(8, 11, 16),
            "circle-color": "rgba(0,0,0,0)",
            "circle-stroke-color": ["match", state, "overdue", theme.alarm, theme.crossing_muted],
            "circle-stroke-width": ["match", state, "overdue", 2.4, "due", 1.4, 0],
        },
    }


def _ring(theme: Theme) -> dict[str, Any]:
    return {
        "id": "crossings-ring",
        "type": "circle",
        "source": "crossings",
        "filter": ["all", _POINT, _ROUND],
        "paint": {
            "circle-radius": _by_zoom(*((base, _SIZE) for base in (4.6, 6.4, 9.5))),
            "circle-color": theme.crossing_fill,
            "circle-opacity": ["case", _LOW, 0.5, 1.0],
            "circle-stroke-color": ["case", _LOW, theme.crossing_muted, theme.crossing],
            "circle-stroke-width": _by_zoom(1.4, 2, 2.6),
        },
    }


def _sign(theme: Theme) -> dict[str, Any]:
    return {
        "id": "crossings-sign",
        "type": "symbol",
        "source": "crossings",
        "filter": _POINT,
        "layout": {
            "text-field": _SIGN,
            "text-font": FONT_BOLD,
            "text-size": _by_zoom(15, 20, 28),
            # Always drawn, and names of other layers keep clear of it.
            "text-allow-overlap": True,
            "text-padding": 0,
        },
        "paint": {
            # Of low confidence: empty, its edge being the halo.
            "text-color": ["case", _LOW, theme.crossing_fill, theme.crossing],
            "text-halo-color": ["case", _LOW, theme.crossing, theme.crossing_fill],
            "text-halo-width": 1.5,
        },
    }


def _names(theme: Theme, part: str, chosen: list[Any], minzoom: float) -> dict[str, Any]:
    common = part == "common"
    note = {"font-scale": 0.82, "text-font": ["literal", FONT]}
    kind = ["match", _KIND, "closed_pass", "\n@closed_pass", "footpath", "\n@footpath", ""]
    return {
        "id": f"crossings-{part}-names",
        "type": "symbol",
        "source": "crossings",
        "minzoom": minzoom,
        "filter": ["all", _POINT, chosen],
        "layout": {
            "text-field": [
                "format",
                *(["get", "stacked"], {}),
                *(kind, note),
                *(["case", _LOW, "\n@approximate", ""], note),
            ],
            "text-font": FONT_BOLD if common else FONT,
            "text-size": _by_zoom(10.5, 12, 15) if common else _by_zoom(10, 11, 13.5),
            "text-line-height": 1.08,
            "text-variable-anchor": ["right", "left", "top", "bottom"],
            "text-radial-offset": 0.85,
            "text-justify": "auto",
            "text-max-width": 20,
        },
        "paint": {
            "text-color": theme.crossing_text if common else theme.town_text,
            "text-halo-color": theme.halo,
            "text-halo-width": 1.6,
        },
    }


def _by_zoom(low: Any, middle: Any, high: Any) -> list[Any]:
    """A size at zoom 7, 10 and 14; a pair multiplies the size by an expression."""
    sizes = [["*", *size] if isinstance(size, tuple) else size for size in (low, middle, high)]
    return ["interpolate", ["linear"], ["zoom"], 7, sizes[0], 10, sizes[1], 14, sizes[2]]


CROSSINGS = MapLayer(
    "crossings", False, True, True, reference_source("crossings", promoteId="id"), _paint
)
