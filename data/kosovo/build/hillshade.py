"""The hillshade: two pictures in the map's own projection, calm enough to lie under everything."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import shapely
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter
from shapely.geometry.base import BaseGeometry

from data.kosovo.build.terrain import Grid, Terrain, smooth_heights

CORNERS = (19.64, 41.5, 22.2, 43.6)  # west, south, east, north of the pictures in degrees
_WIDTH = 1500  # pixels; about four to a terrain cell
_EXAGGERATION = 6.0
_LIGHTS = ((315.0, 0.55), (270.0, 0.2), (0.0, 0.25))  # azimuth in degrees, weight
_ALTITUDE = 45.0
_KILOMETRE = 1 / 111.0  # in degrees of latitude
_METRES_A_DEGREE = 111_320.0

Colour = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class Palette:
    """Colours of one picture: flat land (and the land that the picture fades to), high, shadow."""

    land: Colour
    high: Colour
    shadow: Colour
    light: Colour
    depth: float
    shine: float


PALETTES = {
    "day": Palette((243, 241, 234), (228, 226, 214), (96, 98, 104), (255, 255, 255), 0.62, 0.75),
    "night": Palette((32, 39, 47), (50, 59, 68), (6, 9, 12), (150, 166, 182), 0.85, 0.36),
}


def write_hillshade(path: Path, terrain: Terrain, outline: BaseGeometry, theme: str) -> None:
    """Render the picture of ``theme`` (``day`` or ``night``) as WebP, at most about 100 KB."""
    latitudes, longitudes = _lattice()
    heights = smooth_heights(terrain, latitudes, longitudes)
    colours = _coloured(heights, _shade(heights, latitudes, longitudes), PALETTES[theme])
    strength = _fade(outline, latitudes.size)[:, :, None]
    land = np.array(PALETTES[theme].land, dtype=float)
    picture = land + (colours - land) * strength
    image = Image.fromarray(np.clip(np.rint(picture), 0, 255).astype(np.uint8), "RGB")
    image.save(path, "WEBP", quality=92, method=6)


def _lattice() -> tuple[Grid, Grid]:
    """Pixel centres: even in longitude, and in Web Mercator's northing, as the map stretches."""
    west, south, east, north = CORNERS
    low, high = _mercator(np.array([south, north]))
    rows = round(_WIDTH * (high - low) / np.radians(east - west))
    northing = high - (np.arange(rows) + 0.5) * (high - low) / rows
    latitudes = np.degrees(2 * np.arctan(np.exp(northing)) - np.pi / 2)
    longitudes = west + (np.arange(_WIDTH) + 0.5) * (east - west) / _WIDTH
    return latitudes, longitudes


def _mercator(latitude: Grid) -> Grid:
    return np.log(np.tan(np.pi / 4 + np.radians(latitude) / 2))


def _shade(heights: Grid, latitudes: Grid, longitudes: Grid) -> Grid:
    """Light minus that of flat ground, -1 to 1, from three lamps so that no slope goes dark."""
    east = _METRES_A_DEGREE * np.cos(np.radians(latitudes)) * (longitudes[1] - longitudes[0])
    down = np.gradient(heights, axis=0) / (_METRES_A_DEGREE * -np.gradient(latitudes)[:, None])
    right = np.gradient(heights, axis=1) / east[:, None]
    slope = np.arctan(_EXAGGERATION * np.hypot(down, right))
    # Direction in which the ground falls, clockwise from north.
    aspect = np.arctan2(-right, down)
    zenith = np.radians(90 - _ALTITUDE)
    total = np.zeros_like(heights)
    for azimuth, weight in _LIGHTS:
        toward = np.cos(np.radians(azimuth) - aspect)
        lit = np.cos(zenith) * np.cos(slope) + np.sin(zenith) * np.sin(slope) * toward
        total += weight * lit
    return np.asarray(total - np.cos(zenith), dtype=np.float64)


def _coloured(heights: Grid, shade: Grid, palette: Palette) -> Grid:
    share = np.clip((heights - 400) / 1800, 0, 1)[:, :, None]
    ground = _mix(np.array(palette.land, float), np.array(palette.high, float), share)
    dark = np.clip(-shade * palette.depth, 0, 1)[:, :, None]
    bright = np.clip(shade * palette.shine, 0, 1)[:, :, None]
    shaded = _mix(ground, np.array(palette.shadow, float), dark)
    return _mix(shaded, np.array(palette.light, float), bright)


def _mix(first: Grid, second: Grid, share: Grid) -> Grid:
    return first + (second - first) * share


def _fade(outline: BaseGeometry, rows: int) -> NDArray[np.float64]:
    """Full strength inside the outline, gone some 30 km outside: the edge is never seen."""
    west, south, east, north = CORNERS
    low, high = _mercator(np.array([south, north]))
    near = shapely.simplify(outline, 0.005).buffer(14 * _KILOMETRE)
    ring = np.array(near.exterior.coords)
    x = (ring[:, 0] - west) / (east - west) * _WIDTH
    y = (high - _mercator(ring[:, 1])) / (high - low) * rows
    mask = Image.new("L", (_WIDTH, rows), 0)
    ImageDraw.Draw(mask).polygon(list(zip(x.tolist(), y.tolist(), strict=True)), fill=255)
    blurred = mask.filter(ImageFilter.GaussianBlur(_WIDTH / 45))
    return np.asarray(blurred, dtype=np.float64) / 255
