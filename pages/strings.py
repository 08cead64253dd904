"""Every word that a person reads, by key and language.

A catalogue is ``pages/catalogues/<language>/<area>.json``, a flat object; the key of an entry is
``<area>.<name>``. The browser gets the same through ``window.fpu.text(key, values)``. A unit may
put other words in the place of some; they belong to one application, see ``use_words``.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from flask import Flask, current_app
from werkzeug.datastructures import LanguageAccept

LANGUAGES: dict[str, str] = {"en": "English", "pl": "Polski"}
"""Code and own name of each language; the first one is the default."""

DEFAULT = next(iter(LANGUAGES))
_FOLDER = Path(__file__).parent / "catalogues"
_EXTENSION = "fpu_words"


def text(key: str, language: str = DEFAULT, **values: object) -> str:
    """The text of ``key`` with its ``{placeholders}`` filled; raises ``KeyError`` if unknown."""
    template = catalogue(language)[key]
    return template.format_map(values) if values else template


def catalogue(language: str) -> Mapping[str, str]:
    """Every key of a language, as the application that is answering says it; raises ``KeyError``
    for a language that there is not.
    """
    own = current_app.extensions.get(_EXTENSION) if current_app else None
    return built_in(language) if own is None else own[language]


def use_words(server: Flask, words: Mapping[str, Mapping[str, str]]) -> None:
    """Let ``server`` say ``words`` (by language and key) instead of the built-in ones."""
    server.extensions[_EXTENSION] = {
        language: {**built_in(language), **words.get(language, {})} for language in LANGUAGES
    }


@cache
def built_in(language: str) -> Mapping[str, str]:
    """Every key of a language in the program's own words."""
    if language not in LANGUAGES:
        raise KeyError(language)
    entries: dict[str, str] = {}
    for path in sorted((_FOLDER / language).glob("*.json")):
        area = json.loads(path.read_text(encoding="utf-8"))
        entries.update({f"{path.stem}.{name}": words for name, words in area.items()})
    return entries


def choose_language(wanted: str | None, accepted: LanguageAccept) -> str:
    """The language that was chosen, else the best one of what the browser asks for."""
    if wanted in LANGUAGES:
        return wanted
    for tag, quality in accepted:  # best first
        language = tag.replace("_", "-").partition("-")[0].lower()
        if quality > 0 and language in LANGUAGES:
            return language
    return DEFAULT
