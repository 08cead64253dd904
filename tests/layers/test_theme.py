"""Tier colours: apart for every eye, readable on the land, and used for nothing else."""

from __future__ import annotations

import itertools
import math
from dataclasses import asdict

import pytest

from layers.registry import LAYERS
from layers.theme import THEMES, Theme, css_variables

# Machado, Oliveira and Fernandes (2009), complete colour blindness of each kind, linear RGB.
EYES = {
    "normal": ((1, 0, 0), (0, 1, 0), (0, 0, 1)),
    "protan": (
        (0.152286, 1.052583, -0.204868),
        (0.114503, 0.786281, 0.099216),
        (-0.003882, -0.048116, 1.051998),
    ),
    "deutan": (
        (0.367322, 0.860646, -0.227968),
        (0.280085, 0.672501, 0.047413),
        (-0.011820, 0.042940, 0.968881),
    ),
    "tritan": (
        (1.255528, -0.076749, -0.178779),
        (-0.078411, 0.930809, 0.147602),
        (0.004733, 0.691367, 0.303900),
    ),
}
TIERS = (1, 2, 3)
both = pytest.mark.parametrize("theme", THEMES.values(), ids=lambda theme: theme.name)


def linear(colour: str) -> list[float]:
    parts = [int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5)]
    return [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]


def contrast(first: str, second: str) -> float:
    light = [sum(w * p for w, p in zip((0.2126, 0.7152, 0.0722), linear(c), strict=True))
             for c in (first, second)]  # fmt: skip
    return (max(light) + 0.05) / (min(light) + 0.05)


def seen(colour: str, eye: str) -> tuple[float, float, float]:
    """CIE L*a*b* of what that eye sees."""
    red, green, blue = (
        min(1.0, max(0.0, sum(w * p for w, p in zip(row, linear(colour), strict=True))))
        for row in EYES[eye]
    )
    xyz = (
        (0.4124 * red + 0.3576 * green + 0.1805 * blue) / 0.9505,
        0.2126 * red + 0.7152 * green + 0.0722 * blue,
        (0.0193 * red + 0.1192 * green + 0.9505 * blue) / 1.089,
    )
    x, y, z = (v ** (1 / 3) if v > 0.008856 else 7.787 * v + 16 / 116 for v in xyz)
    return 116 * y - 16, 500 * (x - y), 200 * (y - z)


@both
@pytest.mark.parametrize("eye", sorted(EYES))
def test_tiers_stay_apart_for_every_eye(theme: Theme, eye: str) -> None:
    for first, second in itertools.combinations(TIERS, 2):
        distance = math.dist(seen(theme.tier(first), eye), seen(theme.tier(second), eye))
        assert distance > 25, (first, second)


@both
@pytest.mark.parametrize("tier", TIERS)
def test_a_tier_can_be_read_on_the_land(theme: Theme, tier: int) -> None:
    assert contrast(theme.tier(tier), theme.land) >= 4.5


@both
def test_labels_can_be_read(theme: Theme) -> None:
    for colour in (theme.city_text, theme.town_text, theme.village_text, theme.crossing_text):
        assert contrast(colour, theme.land) >= 7
    for colour in (theme.water_text, theme.road_text, theme.unit, theme.alarm):
        assert contrast(colour, theme.land) >= 4.4


@both
def test_tier_colours_mean_tiers_only(theme: Theme) -> None:
    tiers = {theme.tier(number) for number in TIERS}
    others = [value for name, value in asdict(theme).items() if not name.startswith("tier_")]
    assert not tiers & set(others)
    reference = [layer for layer in LAYERS if not layer.moving]
    for layer in reference:
        painted = str(layer.paint(theme))
        assert not any(colour in painted for colour in tiers), layer.id


@both
def test_css_has_every_colour(theme: Theme) -> None:
    written = css_variables(theme)
    assert f"--tier-1: {theme.tier_1};" in written
    assert written.count("--") == sum(str(v).startswith("#") for v in asdict(theme).values())
