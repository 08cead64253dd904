"""Put the layers together: one MapLibre style for the day, one for the night."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from domain.errors import NotFound
from layers.layer import Paint
from layers.registry import LAYERS
from layers.settlements import SETTLEMENTS
from layers.theme import THEMES, Theme

# The words that layers write on the map; the catalogue holds them as ``map.<word>``.
WORDS = (
    "albania",
    "approximate",
    "closed_pass",
    "footpath",
    "kosovo",
    "montenegro",
    "north_macedonia",
    "serbia",
)
CENTRE = (42.56, 20.90)  # latitude, longitude: the middle of the whole of Kosovo*


def compose_style(theme: str, words: Mapping[str, str] | None = None) -> dict[str, Any]:
    """The style of ``theme``; ``words`` gives each of ``WORDS`` in the reader's language.

    No ``glyphs`` and no ``sprite``: labels come from a font of the reader's machine, signs are
    letters, so the style asks for nothing from outside. Raises ``NotFound`` on another theme.
    """
    if theme not in THEMES:
        raise NotFound(f"there is no map theme {theme!r}")
    colours = THEMES[theme]
    spoken = {word: word.replace("_", " ") for word in WORDS} | dict(words or {})
    background = {
        "id": "background",
        "type": "background",
        "paint": {"background-color": colours.sea},
    }
    style = {
        "version": 8,
        "name": f"Kosovo* {theme}",
        "sources": {layer.id: layer.source() for layer in LAYERS},
        "layers": [background, *_painted(colours)],
    }
    filled = _filled(style, theme, spoken)
    if not isinstance(filled, dict):
        raise TypeError("a style is a JSON object")
    return filled


def _painted(colours: Theme) -> Paint:
    """All style layers, bottom to top. What lies on top is placed first, so labels that yield lie
    right below the names of settlements."""
    painted: Paint = []
    for layer in LAYERS:
        if layer is SETTLEMENTS:
            yielding = [other.yielding for other in LAYERS if other.yielding]
            painted += [style for paint in yielding for style in paint(colours)]
        painted += layer.paint(colours)
    return painted


def _filled(value: Any, theme: str, words: Mapping[str, str]) -> Any:
    """Copy ``value`` with ``{theme}`` and ``@word`` replaced."""
    if isinstance(value, dict):
        return {key: _filled(item, theme, words) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_filled(item, theme, words) for item in value]
    if not isinstance(value, str):
        return value
    start, mark, word = value.partition("@")
    return start + words[word] if mark else value.replace("{theme}", theme)
