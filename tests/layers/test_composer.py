"""The style: complete, offline, in the reader's language, and small enough."""

from __future__ import annotations

import gzip
import json
import re
from pathlib import Path
from typing import Any

import pytest

import data.kosovo
from domain.errors import NotFound
from layers.composer import WORDS, compose_style
from layers.registry import LAYERS
from layers.theme import THEMES
from pages.strings import LANGUAGES, catalogue

FOLDER = Path(data.kosovo.__file__).parent
both = pytest.mark.parametrize("theme", sorted(THEMES))
FIRST_LOAD = 250_000  # bytes, compressed: style, features and one hillshade


def texts(value: Any) -> list[str]:
    if isinstance(value, dict):
        return [text for item in value.values() for text in texts(item)]
    if isinstance(value, list):
        return [text for item in value for text in texts(item)]
    return [value] if isinstance(value, str) else []


@both
def test_every_style_layer_belongs_to_a_map_layer(theme: str) -> None:
    style = compose_style(theme)
    names = [layer["id"] for layer in style["layers"]]
    assert len(set(names)) == len(names)
    assert list(style["sources"]) == [layer.id for layer in LAYERS]
    for layer in style["layers"][1:]:
        assert layer["source"] in style["sources"]
        assert layer["id"].startswith(f"{layer['source']}-")


@both
def test_nothing_is_asked_from_outside(theme: str) -> None:
    style = compose_style(theme)
    assert "glyphs" not in style
    assert "sprite" not in style
    assert not [text for text in texts(style) if "//" in text]
    asked = [s.get("url", s.get("data")) for s in style["sources"].values()]
    for address in [one for one in asked if isinstance(one, str)]:
        assert address.startswith("/map/")
        assert (FOLDER / address.removeprefix("/map/")).exists()


@both
@pytest.mark.parametrize("language", sorted(LANGUAGES))
def test_words_come_from_the_catalogue(theme: str, language: str) -> None:
    words = {word: catalogue(language)[f"map.{word}"] for word in WORDS}
    written = texts(compose_style(theme, words))
    assert not [text for text in written if "@" in text or "{" in text]
    assert all(any(text.endswith(word) for text in written) for word in words.values())


@pytest.mark.parametrize("language", sorted(LANGUAGES))
def test_every_layer_has_a_label(language: str) -> None:
    for layer in LAYERS:
        assert catalogue(language)[f"layers.{layer.id}"]
    written = " ".join(
        v for k, v in catalogue(language).items() if k.startswith(("layers.", "map."))
    )
    assert not re.search(r"\b(border|granic)", written.casefold())


def test_the_label_of_the_roads_says_schematic() -> None:
    assert "schematic" in catalogue("en")["layers.roads"]
    assert "schemat" in catalogue("pl")["layers.roads"]


def test_another_theme_is_not_found() -> None:
    with pytest.raises(NotFound):
        compose_style("dusk")


@both
def test_the_first_load_is_small(theme: str) -> None:
    style = compose_style(theme)
    parts = [json.dumps(style, ensure_ascii=False).encode()]
    for source in style["sources"].values():
        address = source.get("url", source.get("data"))
        if isinstance(address, str):
            parts.append((FOLDER / address.removeprefix("/map/")).read_bytes())
    assert sum(len(gzip.compress(part)) for part in parts) < FIRST_LOAD


@both
def test_names_of_seats_are_always_drawn_and_numbers_give_way(theme: str) -> None:
    layers = compose_style(theme)["layers"]
    names = [layer["id"] for layer in layers]
    for seats in ("settlements-city-name", "settlements-parted-name"):
        assert layers[names.index(seats)]["layout"]["text-allow-overlap"]
        # What lies on top chooses its place first.
        assert names.index("incidents-number") < names.index(seats)
    assert layers[names.index("outline-name")]["layout"]["text-allow-overlap"]
