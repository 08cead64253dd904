"""The catalogues: every language says everything, and every key that is used exists."""

from __future__ import annotations

import json
import re
from functools import partial
from pathlib import Path
from string import Formatter

import pytest
from werkzeug.datastructures import LanguageAccept

from pages.strings import LANGUAGES, catalogue, choose_language, text
from settings import ROOT

FOLDER = ROOT / "pages" / "catalogues"
PYTHON = [
    ROOT / "app.py",
    *(
        path
        for room in ("api", "callbacks", "layers", "pages")
        for path in (ROOT / room).rglob("*.py")
    ),
]
TEMPLATES = list((ROOT / "pages").glob("*.html"))
SCRIPTS = list((ROOT / "assets").rglob("*.js"))
KEY = r"[a-z_]+\.[A-Za-z0-9_]+"


def _placeholders(words: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(words) if name is not None}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_has_the_same_areas_and_keys(language: str) -> None:
    areas = {path.name for path in (FOLDER / "en").glob("*.json")}
    assert {path.name for path in (FOLDER / language).glob("*.json")} == areas
    assert set(catalogue(language)) == set(catalogue("en"))


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_text_is_filled_alike_and_not_empty(language: str) -> None:
    for key, words in catalogue(language).items():
        assert words.strip(), key
        assert _placeholders(words) == _placeholders(catalogue("en")[key]), key


def test_no_key_is_written_twice() -> None:
    for path in FOLDER.rglob("*.json"):
        names: list[str] = []
        json.loads(path.read_text(encoding="utf-8"), object_pairs_hook=partial(_collect, names))
        assert len(names) == len(set(names)), path


def _collect(names: list[str], pairs: list[tuple[str, str]]) -> None:
    names.extend(name for name, _ in pairs)


@pytest.mark.parametrize("path", [*PYTHON, *TEMPLATES, *SCRIPTS], ids=lambda path: path.name)
def test_every_key_that_is_used_exists(path: Path) -> None:
    source = path.read_text(encoding="utf-8")
    used = set(re.findall(rf"""\b(?:text|say|fpu\.text)\(\s*["']({KEY})["']""", source))
    used |= set(re.findall(rf"""(?:title_key|fault)=["']({KEY})["']""", source))
    known = set(catalogue("en"))
    begun = {key for key in used if key.endswith("_")}  # completed by a code, such as a role
    assert used - begun <= known
    assert all(any(key.startswith(start) for key in known) for start in begun)


def test_text_is_filled_and_unknown_keys_are_faults() -> None:
    assert text("sign_in.now", "en", name="anna", role="{x}") == "Signed in as anna, {x}."
    with pytest.raises(KeyError):
        text("sign_in.nothing")
    with pytest.raises(KeyError):
        text("sign_in.title", "xx")


@pytest.mark.parametrize(
    ("wanted", "accepted", "chosen"),
    [
        (None, [], "en"),
        ("pl", [("en", 1)], "pl"),
        ("xx", [("pl-PL", 1), ("en", 0.5)], "pl"),
        (None, [("xx", 1), ("pl", 0.3)], "pl"),
        (None, [("xx", 1)], "en"),
    ],
)
def test_choosing_a_language(
    wanted: str | None, accepted: list[tuple[str, float]], chosen: str
) -> None:
    assert choose_language(wanted, LanguageAccept(accepted)) == chosen
