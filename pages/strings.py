"""Every word that a person reads, by key and language.

A catalogue is ``pages/catalogues/<language>/<area>.json``, a flat object; the key of an entry is
``<area>.<name>``. The browser gets the same through ``window.fpu.text(key, values)``.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from werkzeug.datastructures import LanguageAccept

LANGUAGES: dict[str, str] = {"en": "English", "pl": "Polski"}
"""Code and own name of each language; the first one is the default."""

DEFAULT = next(iter(LANGUAGES))
_FOLDER = Path(__file__).parent / "catalogues"


def text(key: str, language: str = DEFAULT, **values: object) -> str:
    """The text of ``key`` with its ``{placeholders}`` filled; raises ``KeyError`` if unknown."""
    template = catalogue(language)[key]
    return template.format_map(values) if values else template


@cache
def catalogue(language: str) -> Mapping[str, str]:
    """Every key of a language; raises ``KeyError`` for a language that there is not."""
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
