"""What of a track each zoom of a map can show: levels of detail with an error below one pixel.

A map of zoom ``z`` is ``512 · 2^z`` pixels wide (web Mercator). For every zoom the fixes are chosen
that its line needs, each choice out of the next finer one; what is chosen is a bit a zoom, so a
level is a mask and a span of time a slice. All errors together stay below one pixel: the choice
from the fixes that are left at that zoom, what was lost on the way there, and the grid on which the
line is sent.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from domain.fleet import Floats, Integers, simplified

COARSEST, FINEST = 4, 14
"""Zooms for which levels are kept; a finer one is worked out when it is asked for."""

DEEPEST = 20
"""No screen zooms in further."""

TILE = 512
"""Pixels of the world's width at zoom 0."""

STEPS = 4
"""Steps of the grid in one pixel, on which a line is sent."""

# of one pixel: 0.65 + 0.1 + 0.177 (half the diagonal of a step of the grid) + what storing rounds
_CHOSEN, _ON_THE_WAY = 0.65, 0.075


@dataclass(frozen=True, slots=True)
class Levels:
    """``k`` fixes that some zoom shows, arrays of shape ``(k,)``, by piece and time.

    ``index`` is which fix, ``zooms`` has bit ``z - COARSEST`` set where zoom ``z`` shows it.
    """

    index: Integers
    zooms: Integers


def world(latitude: Floats, longitude: Floats) -> tuple[Floats, Floats]:
    """Web Mercator with the world from 0 to 1: east from the date line, south from the top."""
    south = 0.5 - np.arcsinh(np.tan(np.radians(latitude))) / (2 * np.pi)
    return longitude / 360 + 0.5, south


def degrees(x: Floats, y: Floats) -> tuple[Floats, Floats]:
    """Latitude and longitude of places of ``world``."""
    return np.degrees(np.arctan(np.sinh((0.5 - y) * 2 * np.pi))), (x - 0.5) * 360


def pixels(zoom: int) -> float:
    """The width of the world at a zoom."""
    return float(TILE * 2.0**zoom)


def levels(x: Floats, y: Floats, piece: Integers) -> Levels:
    """The levels of fixes at places of ``world`` with the number of the piece of each."""
    zooms = np.zeros(len(x), dtype=np.int64)
    left = np.arange(len(x), dtype=np.int64)
    for zoom in range(FINEST, COARSEST - 1, -1):
        if zoom % 2 == 0:  # so the error of all choices together is a third more than of the last
            left = left[_chosen(x[left], y[left], piece[left], zoom, _ON_THE_WAY)]
        shown = left[_chosen(x[left], y[left], piece[left], zoom, _CHOSEN)]
        zooms[shown] |= 1 << (zoom - COARSEST)
    index = np.flatnonzero(zooms)
    return Levels(index, zooms[index])


def shown_at(x: Floats, y: Floats, piece: Integers, zoom: int) -> Integers:
    """Indexes of the fixes that one zoom shows, ascending, worked out for it alone."""
    return _chosen(x, y, piece, zoom, _CHOSEN)


def on_grid(values: Floats, zoom: int) -> Integers:
    """Places of ``world`` in whole steps of the grid of a zoom."""
    return np.rint(values * pixels(zoom) * STEPS).astype(np.int64)


def _chosen(x: Floats, y: Floats, piece: Integers, zoom: int, error: float) -> Integers:
    return simplified(x, y, piece, error / pixels(zoom))
