"""The NOAA GLOBE heights around Kosovo*, and a smooth reading of them at any point."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

_CELLS = 120  # cells a degree
_TOP = 50.0  # latitude of the upper edge of row 0; column 0 begins at longitude 0
_WINDOW = (19.2, 41.2, 22.6, 43.9)  # west, south, east, north; wider than what is drawn

Grid = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Terrain:
    """Heights in metres; row 0 is the north. ``north`` and ``west`` are degrees of cell centres."""

    heights: Grid
    north: float
    west: float

    def row(self, latitude: Grid) -> Grid:
        """Fractional rows of latitudes."""
        return (self.north - latitude) * _CELLS

    def column(self, longitude: Grid) -> Grid:
        """Fractional columns of longitudes."""
        return (longitude - self.west) * _CELLS

    def place(self, row: int, column: int) -> tuple[float, float]:
        """Longitude and latitude of a cell's centre."""
        return self.west + column / _CELLS, self.north - row / _CELLS


def read_terrain(archive: Path) -> Terrain:
    """Cut the window out of the tile (int16, 6000 x 10800, 1/120 degree)."""
    west, south, east, north = _WINDOW
    with np.load(archive) as tile:
        whole = tile["arr_0"]
    top, bottom = round((_TOP - north) * _CELLS), round((_TOP - south) * _CELLS)
    left, right = round(west * _CELLS), round(east * _CELLS)
    heights = whole[top:bottom, left:right].astype(np.float64)
    return Terrain(
        heights=np.maximum(heights, 0.0),
        north=_TOP - (top + 0.5) / _CELLS,
        west=(left + 0.5) / _CELLS,
    )


def smooth_heights(terrain: Terrain, latitudes: Grid, longitudes: Grid) -> Grid:
    """Heights on the lattice of ``latitudes`` x ``longitudes`` by a cubic B-spline.

    The B-spline approximates instead of passing through every cell: it has continuous curvature,
    so the shading made of its slopes shows no trace of the 0.9 km cells.
    """
    rows = _weights(terrain.row(latitudes), terrain.heights.shape[0])
    columns = _weights(terrain.column(longitudes), terrain.heights.shape[1])
    return rows @ terrain.heights @ columns.T


def _weights(position: Grid, size: int) -> Grid:
    base = np.floor(position).astype(int)
    part = position - base
    kernel = (
        (1 - part) ** 3 / 6,
        (3 * part**3 - 6 * part**2 + 4) / 6,
        (-3 * part**3 + 3 * part**2 + 3 * part + 1) / 6,
        part**3 / 6,
    )
    matrix = np.zeros((position.size, size))
    lines = np.arange(position.size)
    for offset, weight in enumerate(kernel):
        np.add.at(matrix, (lines, np.clip(base - 1 + offset, 0, size - 1)), weight)
    return matrix
