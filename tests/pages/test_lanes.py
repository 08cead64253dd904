"""The picture is the table: no state without a place, a tone, words and a drawing."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from domain.drafts import DRAFT_EVENTS
from domain.transitions import INC, LINE, RES, STATES, T2, TABLE, WITHOUT_TRANSITION
from pages.lane_layout import LANES, PLACES, STEPS, TONE_NAMES, TONES
from pages.lane_path import lane_path, line_holdings, own_mandate
from pages.lanes import lanes, miniature, platoon_track
from pages.state_diagram import FILE, document
from pages.strings import LANGUAGES, catalogue
from settings import ROOT

EVERY_STATE = [(region, state) for region, states in STATES.items() for state in states]
STYLE = (ROOT / "assets" / "incident.css").read_text(encoding="utf-8")


def event(region: str, name: str, before: str, after: str, minute: int, **more: Any) -> Any:
    """An event as the interface shows it, as far as the lanes look at it."""
    at = f"2026-11-21T20:{minute:02d}:00Z"
    return {
        "region": region, "event": name, "from_state": before, "to_state": after,
        "occurred_at": at, "late_entry": False, "corrects": None, **more,
    }  # fmt: skip


def summary(**states: str) -> dict[str, Any]:
    """The state of an incident, nothing asked unless said."""
    plain = {"inc": "KP_LEAD", "t2": "NONE", "t3": "NONE", "line": "KP"}
    return {**plain, "waiting": [], "revoked": False, **states}


def nodes(part: Any) -> Iterator[Any]:
    """Every component of a layout as plain JSON."""
    tree = json.loads(json.dumps(part.to_plotly_json(), default=lambda one: one.to_plotly_json()))
    todo = [tree]
    while todo:
        one = todo.pop()
        if isinstance(one, dict) and "props" in one:
            yield one["props"]
            children = one["props"].get("children")
            todo += children if isinstance(children, list) else [children]


def classes(part: Any) -> list[set[str]]:
    return [set(one.get("className", "").split()) for one in nodes(part)]


@pytest.mark.parametrize(("region", "state"), EVERY_STATE)
def test_every_state_has_a_place_a_tone_and_words(region: str, state: str) -> None:
    assert 1 <= PLACES[region, state].step <= STEPS
    assert TONES[region, state] in TONE_NAMES
    for language in LANGUAGES:
        assert catalogue(language)[f"state.{region}_{state}"].strip()


def test_nothing_is_placed_that_the_table_does_not_know() -> None:
    assert set(PLACES) == set(TONES) == set(EVERY_STATE)


def test_no_two_states_of_a_main_path_share_a_step() -> None:
    for region in STATES:
        steps = [one.step for (lane, _), one in PLACES.items() if lane == region and not one.exit]
        assert len(steps) == len(set(steps))


@pytest.mark.parametrize("tone", TONE_NAMES)
def test_every_tone_has_a_colour(tone: str) -> None:
    rule = re.search(rf"\.tone-{tone} \{{([^}}]*)\}}", STYLE)
    assert rule
    assert all(name in rule[1] for name in ("--lit:", "--lit-ground:", "--lit-ink:"))


@pytest.mark.parametrize("region", LANES)
def test_a_lane_draws_every_state_and_lights_the_present_one(region: str) -> None:
    for state in STATES[region]:
        drawn = lane_drawing(region, state)
        steps = [one for one in drawn if "step" in one]
        of_lanes = sum(len(STATES[lane]) for lane in LANES)
        assert len(steps) == of_lanes
        assert sum("present" in one for one in steps) == len(LANES)


def lane_drawing(region: str, state: str) -> list[set[str]]:
    history = [event(INC, "report", "-", "REPORTED", 0)]
    if state not in ("NONE", "REPORTED"):
        history.append(event(region, "x", STATES[region][0], state, 1))
    return classes(lanes(summary(), history, [], "en", "wide"))


@pytest.mark.parametrize("holder", STATES[LINE])
def test_one_lane_is_marked_as_holding_the_line(holder: str) -> None:
    history = [event(INC, "report", "-", "REPORTED", 0)]
    drawn = classes(lanes(summary(line=holder), history, [], "pl", "tall"))
    assert sum("holding" in one for one in drawn) == 1


@pytest.mark.parametrize("state", STATES[RES])
def test_a_platoon_shows_all_its_states_with_the_present_one(state: str) -> None:
    drawn = classes(platoon_track(state, "en"))
    assert sum("platoon-state" in one for one in drawn) == len(STATES[RES])
    assert sum("present" in one for one in drawn) == 1


def test_the_miniature_has_one_mark_for_each_responder() -> None:
    for region in LANES:
        for state in STATES[region]:
            drawn = classes(miniature(summary(**{region.lower(): state}), "en"))
            assert sum("mini" in one for one in drawn) == len(LANES)


def test_the_path_has_times_and_the_possible_next_states() -> None:
    history = [
        event(INC, "report", "-", "REPORTED", 0),
        event(T2, "kp_request", "NONE", "REQUESTED", 5),
        event(T2, "acknowledge", "REQUESTED", "ACKNOWLEDGED", 7, late_entry=True),
    ]
    options = [{"region": T2, "event": "refuse", "allowed": True}]
    path = lane_path(T2, history, options)
    assert path.present == "ACKNOWLEDGED"
    assert path.visits["REQUESTED"].at.endswith("20:05:00Z")
    assert path.visits["ACKNOWLEDGED"].late
    assert path.following == {"ACCEPTED": False, "REFUSED": True, "CANCELLED": False}


def test_the_states_that_may_follow_are_those_of_the_table() -> None:
    for region in LANES:
        for state in STATES[region]:
            history = [] if state in ("NONE", "REPORTED") else [event(region, "x", "?", state, 1)]
            expected = {
                row.to_state
                for row in TABLE
                if row.region == region and state in row.from_states and row.to_state != state
            }
            assert set(lane_path(region, history, []).following) == expected


HANDING_BACK = [event(T2, "begin_handback", "ENGAGED", "HANDING_BACK", 1)]


def test_what_may_follow_is_told_row_by_row() -> None:
    """A failed hand-back leads to Engaged or On scene; the options say which."""
    options = [{"region": T2, "event": "handback_failed", "allowed": True, "rows": ["A16b"]}]
    path = lane_path(T2, HANDING_BACK, options, summary(t2="HANDING_BACK"))
    assert path.following["ON_SCENE"]
    assert "ENGAGED" not in path.following


@pytest.mark.parametrize("state", [{"revoked": True}, {"disputed": True}, {"said_to_end": True}])
def test_without_authority_nothing_leads_back_to_engaged(state: dict[str, bool]) -> None:
    told = summary(t2="HANDING_BACK", line="FPU") | state
    assert "ENGAGED" not in lane_path(T2, HANDING_BACK, [], told).following
    assert "RELEASED" not in lane_path(T2, HANDING_BACK, [], told).following  # the FPU has the line
    here = [event(T2, "acknowledge", "REQUESTED", "ACKNOWLEDGED", 1)]
    following = lane_path(T2, here, [], summary(t2="ACKNOWLEDGED") | state).following
    assert set(following) == {"REFUSED", "CANCELLED"}


def test_a_disputed_step_and_a_moved_time_are_marked() -> None:
    history = [
        event(INC, "report", "-", "REPORTED", 0, id="a"),
        event(T2, "kp_request", "NONE", "REQUESTED", 5, id="b", first_at="2026-11-21T20:02:00Z"),
    ]
    told = summary(t2="REQUESTED") | {
        "disputed": True,
        "disputed_events": [
            {"event_id": "b", "stops": True, "disputed_at": "2026-11-21T20:09:00Z"}
        ],
    }
    assert lane_path(T2, history, [], told).disputed == {"REQUESTED": True}
    drawn = str(json.dumps(list(nodes(lanes(told, history, [], "en", "tall")))))
    assert "Authority disputed since 2009Z" in drawn
    assert "time corrected from 2002Z" in drawn


def test_a_new_engagement_does_not_wear_the_path_of_the_old_one() -> None:
    history = [
        event(T2, "kp_request", "NONE", "REQUESTED", 1),
        event(T2, "acknowledge", "REQUESTED", "ACKNOWLEDGED", 2),
        event(T2, "refuse", "ACKNOWLEDGED", "REFUSED", 3),
        event(T2, "kp_request", "REFUSED", "REQUESTED", 9),
    ]
    path = lane_path(T2, history, [])
    assert path.moves == [("REFUSED", "REQUESTED")]
    assert path.visits["ACKNOWLEDGED"].earlier
    assert not path.visits["REQUESTED"].earlier


def test_a_correction_moves_nothing_in_the_picture() -> None:
    history = [
        event(T2, "kp_request", "NONE", "REQUESTED", 1),
        event(T2, "kp_request", "NONE", "REQUESTED", 8, corrects="an id"),
    ]
    assert lane_path(T2, history, []).visits["REQUESTED"].at.endswith("20:01:00Z")


def test_the_line_is_held_without_a_gap() -> None:
    history = [
        event(INC, "report", "-", "REPORTED", 0),
        event(LINE, "relief_in_place_fpu", "KP", "FPU", 10),
        event(LINE, "relief_in_place_kp", "FPU", "KP", 30),
    ]
    held = line_holdings(history)
    assert [one.holder for one in held] == ["KP", "FPU", "KP"]
    assert [one.end for one in held[:-1]] == [one.start for one in held[1:]]
    assert held[-1].end is None


def test_own_mandate_is_told_apart_from_a_request() -> None:
    asked = event("T3", "request_by_kp", "NONE", "REQUESTED", 1)
    alone = event("T3", "own_mandate", "REFUSED", "EN_ROUTE", 5)
    assert not own_mandate([asked], "REQUESTED")
    assert own_mandate([asked, alone], "EN_ROUTE")
    assert not own_mandate([], "NONE")


def test_every_event_and_guard_has_words() -> None:
    names = {f"{row.region}_{row.event}" for row in TABLE}
    names |= {f"{INC}_{name}" for name in WITHOUT_TRANSITION}
    past = {f"{INC}_{name}" for name in DRAFT_EVENTS}
    guards = {guard for row in TABLE for guard in row.guards}
    guards |= {"explicit_kp_request", "from_state", "role", "sealed", "asserted_by", "in_order"}
    guards |= {"not_in_the_future", "details_only", "before_what_it_rests_on", "too_old"}
    guards |= {"only_kp_anew", "independent_persons", "waits_behind", "back_to_author"}
    for language in LANGUAGES:
        words = catalogue(language)
        for name in names:
            assert words[f"event.{name}"].strip()
            assert words[f"event.{name}_past"].strip()
        for name in past:
            assert words[f"event.{name}_past"].strip()
        for guard in guards:
            assert words[f"guard.{guard}"].strip()


def test_the_page_of_states_is_that_of_the_table() -> None:
    assert FILE.read_text(encoding="utf-8") == document(), "run python -m pages.state_diagram"
