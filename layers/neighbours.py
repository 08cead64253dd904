"""What lies around, muted: a veil outside the outline, the lines between neighbours, names."""

from __future__ import annotations

from layers.layer import MapLayer, Paint, reference_source
from layers.theme import FONT, Theme

_NAMES = ("albania", "montenegro", "north_macedonia", "serbia")


def _paint(theme: Theme) -> Paint:
    # "@serbia" is a word that the composer takes from the reader's language.
    word = ["match", ["get", "name"], *(part for n in _NAMES for part in (n, f"@{n}")), ""]
    return [
        {
            "id": "neighbours-veil",
            "type": "fill",
            "source": "neighbours",
            "filter": ["==", ["get", "kind"], "mask"],
            "paint": {
                "fill-color": theme.surroundings,
                "fill-opacity": theme.surroundings_strength,
                "fill-antialias": False,
            },
        },
        {
            "id": "neighbours-lines",
            "type": "line",
            "source": "neighbours",
            "filter": ["==", ["get", "kind"], "line"],
            "layout": {"line-join": "round"},
            "paint": {
                "line-color": theme.surroundings_line,
                "line-width": ["interpolate", ["linear"], ["zoom"], 6, 0.7, 11, 1.4],
                "line-dasharray": [4, 2],
            },
        },
        {
            "id": "neighbours-names",
            "type": "symbol",
            "source": "neighbours",
            "filter": ["==", ["get", "kind"], "name"],
            "layout": {
                "text-field": word,
                "text-font": FONT,
                "text-transform": "uppercase",
                "text-letter-spacing": 0.22,
                "text-size": ["interpolate", ["linear"], ["zoom"], 6, 10, 9, 14],
                "text-max-width": 20,
            },
            "paint": {
                "text-color": theme.surroundings_text,
                "text-halo-color": theme.surroundings,
                "text-halo-width": 1,
            },
        },
    ]


NEIGHBOURS = MapLayer("neighbours", False, True, True, reference_source("neighbours"), _paint)
