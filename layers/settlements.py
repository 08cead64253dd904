"""Settlements with both names: cities from afar, villages only when there is room for them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from layers.layer import MapLayer, Paint, reference_source
from layers.theme import FONT, FONT_BOLD, Theme


@dataclass(frozen=True, slots=True)
class _Rank:
    """How one rank is drawn; sizes in pixels at its first zoom and at zoom 13. The name of a
    ``seat`` is drawn even where there is no room for it."""

    number: int
    name: str
    minzoom: float
    maxzoom: float
    text: tuple[float, float]
    dot: tuple[float, float]
    bold: bool
    colour: str
    seat: bool = False


# Where a name may stand, the first choice first, by its anchor and in ems. The name of a seat goes
# farther away rather than under a symbol.
_BESIDE = (0.55, (("left", 1, 0), ("right", -1, 0), ("top", 0, 1), ("bottom", 0, -1)))
_AROUND = (
    *_BESIDE[1],
    *(("top-left", 0.7, 0.7), ("top-right", -0.7, 0.7)),
    *(("bottom-left", 0.7, -0.7), ("bottom-right", -0.7, -0.7)),
    *(("top", 0.5, 1), ("top", -0.5, 1), ("bottom", 0.5, -1), ("bottom", -0.5, -1)),
)
_NEAR_TO_FAR = tuple((reach, _AROUND) for reach in (0.55, 1.2, 1.8, 2.4, 3.0, 3.6, 4.4))
# Which names choose their place first.
_FIRST = ["match", ["get", "id"], ["prishtine", "mitrovice", "prizren", "peje"], 0, 1]
# A town in two municipalities has one name from afar (rank 0) and two close by (rank 6).
_PARTED = 10.2
_RANKS = (
    _Rank(5, "hamlet", 11.2, 24, (10.5, 12.5), (1.4, 2.4), False, "village_text"),
    _Rank(4, "village", 9.9, 24, (10.5, 13.5), (1.5, 2.8), False, "village_text"),
    _Rank(3, "small", 9.2, 24, (10.5, 14), (1.8, 3.2), False, "town_text"),
    _Rank(6, "part", _PARTED, 24, (12.5, 16), (2.4, 4), True, "city_text"),
    _Rank(2, "town", 8.1, 24, (11.5, 16), (2.1, 4), False, "town_text"),
    _Rank(1, "city", 5, 24, (11.5, 20), (2.6, 5), True, "city_text", seat=True),
    _Rank(0, "parted", 5, _PARTED, (11.5, 20), (2.6, 5), True, "city_text", seat=True),
)


def _paint(theme: Theme) -> Paint:
    dots = [_dot(rank, theme) for rank in _RANKS]
    return dots + [_label(rank, theme) for rank in _RANKS]


def _filter(rank: _Rank) -> list[Any]:
    return ["==", ["get", "rank"], rank.number]


def _growing(rank: _Rank, sizes: tuple[float, float]) -> list[Any]:
    start = max(rank.minzoom, 7)
    return ["interpolate", ["linear"], ["zoom"], start, sizes[0], 13, sizes[1]]


def _dot(rank: _Rank, theme: Theme) -> dict[str, Any]:
    return {
        "id": f"settlements-{rank.name}-dot",
        "type": "circle",
        "source": "settlements",
        "minzoom": rank.minzoom,
        "maxzoom": rank.maxzoom,
        "filter": _filter(rank),
        "paint": {
            "circle-radius": _growing(rank, rank.dot),
            "circle-color": theme.settlement_line if rank.bold else theme.settlement_fill,
            "circle-stroke-color": theme.settlement_line,
            "circle-stroke-width": 1.1,
        },
    }


def _stands(rank: _Rank) -> list[Any]:
    rounds = _NEAR_TO_FAR if rank.seat else (_BESIDE,)
    return [
        part
        for reach, stands in rounds
        for anchor, right, down in stands
        for part in (anchor, [reach * right, reach * down])
    ]


def _label(rank: _Rank, theme: Theme) -> dict[str, Any]:
    return {
        "id": f"settlements-{rank.name}-name",
        "type": "symbol",
        "source": "settlements",
        "minzoom": rank.minzoom,
        "maxzoom": rank.maxzoom,
        "filter": _filter(rank),
        "layout": {
            "symbol-sort-key": _FIRST,
            "text-field": ["get", "stacked"],
            "text-font": FONT_BOLD if rank.bold else FONT,
            "text-size": _growing(rank, rank.text),
            "text-line-height": 1.08,
            "text-variable-anchor-offset": _stands(rank),
            "text-allow-overlap": rank.seat,
            "text-justify": "auto",
            "text-padding": 1 if rank.seat else 3,
            "text-max-width": 20,
        },
        "paint": {
            "text-color": getattr(theme, rank.colour),
            "text-halo-color": theme.halo,
            "text-halo-width": 1.5,
            "text-halo-blur": 0.3,
        },
    }


SETTLEMENTS = MapLayer("settlements", False, True, True, reference_source("settlements"), _paint)
