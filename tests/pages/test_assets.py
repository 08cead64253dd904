"""The scripts and style sheets agree with the ids, the words and the theme they rely on."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from pages import identifiers, incident_identifiers, late_identifiers
from pages.colours import stylesheet
from pages.strings import LANGUAGES, catalogue

ASSETS = Path(__file__).resolve().parents[2] / "assets"
SCRIPTS = sorted(ASSETS.glob("*.js"))
_IDS = re.compile(r'(?:getElementById|fpu\.mount|fpu\.store)\("([^"]+)"')
_SELECTED = re.compile(r'querySelector(?:All)?\([`"]#([a-z-]+)')
_STORES = re.compile(r'"([a-z]+-changes)"')
_WORDS = re.compile(r'fpu\.text\("([a-z_.]+)"|"((?:shell|monitor|layers)\.[a-z_]+)"')


def _found(pattern: re.Pattern[str]) -> Iterator[tuple[str, str]]:
    for script in SCRIPTS:
        for groups in pattern.findall(script.read_text()):
            words = groups if isinstance(groups, str) else next(filter(None, groups))
            yield script.name, words


def test_ids_in_scripts_are_known() -> None:
    known = {
        value
        for module in (identifiers, incident_identifiers, late_identifiers)
        for value in vars(module).values()
        if isinstance(value, str)
    }
    used = [*_found(_IDS), *_found(_SELECTED), *_found(_STORES)]
    assert len(used) > 20
    assert [(where, name) for where, name in used if name not in known] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_words_in_scripts_are_in_the_catalogue(language: str) -> None:
    used = list(_found(_WORDS))
    assert len(used) > 30
    assert [one for one in used if one[1] not in catalogue(language)] == []


def test_the_screen_has_the_colours_of_the_map() -> None:
    assert (ASSETS / "fpu-colours.css").read_text() == stylesheet()


def test_every_colour_that_is_used_is_defined() -> None:
    sheets = [path.read_text() for path in ASSETS.glob("*.css") if path.name != "sign-in.css"]
    defined = set(re.findall(r"(--[\w-]+)\s*:", "".join(sheets)))
    made_by_layouts = {"--at", "--to"}
    used = set(re.findall(r"var\((--[\w-]+)\)", "".join(sheets)))
    assert used - defined - made_by_layouts == set()


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_scripts_write_no_markup_and_reach_no_other_host(script: Path) -> None:
    text = script.read_text()
    for forbidden in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval("):
        assert forbidden not in text
    assert not re.search(r"https?://", text)


def test_one_script_alone_touches_the_map_inside_the_figure() -> None:
    touching = [one.name for one in SCRIPTS if "_subplot" in one.read_text()]
    assert touching == ["fpu-map.js"]
