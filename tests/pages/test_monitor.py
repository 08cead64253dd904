"""The monitor and the shell as layouts, without a browser."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from flask import Flask

from layers.registry import LAYERS
from pages import identifiers as ids
from pages.monitor import figure, monitor
from pages.shell import ShellContext, shell, theme_of
from pages.strings import LANGUAGES

CONTEXT = ShellContext(
    operation="demo",
    title="Demonstration",
    kind="exercise",
    shift="B",
    shift_started="2026-11-21T18:00:00+00:00",
    user="duty",
    role="FPU_DUTY",
    language="en",
    theme="night",
    demonstration=True,
    address="/?operation=demo",
)


def _words(part: Any) -> str:
    return str(part.to_plotly_json()) if hasattr(part, "to_plotly_json") else str(part)


def _all_ids(part: Any) -> list[Any]:
    found = [part.id] if getattr(part, "id", None) else []
    return found + [one.id for one in part._traverse() if getattr(one, "id", None)]


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_id_once_in_every_language(language: str) -> None:
    context = replace(CONTEXT, language=language)
    found = [str(one) for one in _all_ids(shell(monitor(context), context))]
    assert len(found) == len(set(found))
    for needed in (ids.MAP, ids.MAP_CLICK, ids.SELECTED_INCIDENT, ids.INCIDENT_DRAWER,
                   ids.INCIDENT_CHANGES, ids.OPERATION):  # fmt: skip
        assert needed in found


@pytest.mark.parametrize(
    ("kind", "demonstration", "expected"),
    [
        ("exercise", True, ["EXERCISE EXERCISE EXERCISE", "Demonstration"]),
        ("exercise", False, ["EXERCISE EXERCISE EXERCISE"]),
        ("history", False, ["READ ONLY"]),
        ("live", False, []),
    ],
)
def test_the_frame_says_what_it_is(kind: str, demonstration: bool, expected: list[str]) -> None:
    context = replace(CONTEXT, kind=kind, demonstration=demonstration)
    drawn = shell(monitor(context), context)
    words = _words(drawn.children[0])
    for part in expected:
        assert part in words
    assert ("EXERCISE" in words) == (kind == "exercise")


def test_a_footnote_and_a_marked_name_once() -> None:
    drawn = shell(monitor(CONTEXT), CONTEXT)
    footers = [one for one in drawn._traverse() if type(one).__name__ == "Footer"]
    assert len(footers) == 1
    assert footers[0].children.startswith("* This designation is without prejudice")


@pytest.mark.parametrize("role", ["ADMIN", "AUDITOR", "WALL"])
def test_roles_that_acknowledge_nothing(role: str) -> None:
    attributes = shell(monitor(CONTEXT), replace(CONTEXT, role=role)).to_plotly_json()["props"]
    assert attributes["data-may-acknowledge"] == ""


def test_the_figure_holds_nothing_that_moves() -> None:
    drawn = figure("day")
    assert drawn["layout"]["map"]["style"] == "/map/style-day.json"
    assert drawn["layout"]["uirevision"] == "constant"
    assert [one["lat"] for one in drawn["data"]] == [[]]


def test_alarms_cannot_be_switched_off() -> None:
    assert {one.id: one.switchable for one in LAYERS}["alarms"] is False
    moving = [one.id for one in LAYERS if one.moving]
    assert moving == ["trails", "impossible", "incidents", "patrols", "alarms"]
    for one in LAYERS:
        if one.moving:
            assert one.source() == {
                "type": "geojson",
                "data": {"type": "FeatureCollection", "features": []},
            }


@pytest.mark.parametrize(
    ("variables", "cookie", "expected"),
    [
        ({}, None, "night"),
        ({}, "day", "day"),
        ({"theme": "night"}, "day", "night"),
        ({"theme": "pink"}, "puce", "night"),
    ],
)
def test_the_theme_of_the_address_then_of_the_browser(
    variables: dict[str, str], cookie: str | None, expected: str
) -> None:
    headers = {"Cookie": f"fpu_theme={cookie}"} if cookie else {}
    with Flask("theme").test_request_context("/", headers=headers):
        assert theme_of(variables) == expected
