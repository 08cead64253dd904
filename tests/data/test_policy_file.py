"""The unit's file: what it changes and what it is refused for; the example is the defaults."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Callable
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from data.policy_file import FaultyUnitFile, UnitFile, read_unit_file
from data.policy_keys import NUMBERS
from domain.analysis_settings import AnalysisSettings
from domain.policy import Policy, Timers, Travel
from domain.roster import Operation
from domain.transitions import OBSERVERS, ORGANISATION_OF, ROLES, ROWS_OF, TABLE
from pages.strings import LANGUAGES, built_in
from settings import ROOT

EXAMPLE = ROOT / "docs" / "policy.example.toml"
CATALOGUES = {
    "en": {"event.T2_accept": "Accept", "shell.hello": "Good day, {name}", "shell.footnote": "*"},
    "pl": {"event.T2_accept": "Przyjmij", "shell.hello": "Witaj, {name}", "shell.footnote": "*"},
}
OPENED = datetime(2026, 3, 1, tzinfo=UTC)
LIVE = Operation("live", "live", "Live", OPENED)
DRILL = Operation("drill", "exercise", "Drill", OPENED)
Read = Callable[[str], UnitFile]


@pytest.fixture
def read(tmp_path: Path) -> Read:
    def reading(content: str) -> UnitFile:
        path = tmp_path / "unit.toml"
        path.write_text(content, encoding="utf-8")
        return read_unit_file(str(path), CATALOGUES)

    return reading


def _faults(read: Read, content: str) -> tuple[str, ...]:
    with pytest.raises(FaultyUnitFile) as refused:
        read(content)
    assert all("unit.toml: [" in fault for fault in refused.value.faults)
    return refused.value.faults


def test_without_a_file_and_with_an_empty_one_it_is_the_defaults(read: Read) -> None:
    assert read_unit_file("", CATALOGUES) == read("") == UnitFile() == UnitFile(Policy(), {})


# --- the example ---------------------------------------------------------------------------------


def test_the_example_is_the_defaults() -> None:
    catalogues = {language: built_in(language) for language in LANGUAGES}
    found = read_unit_file(str(EXAMPLE), catalogues)
    assert found.policy == Policy()
    assert set(found.words) == set(LANGUAGES)
    for language, words in found.words.items():
        assert words
        assert words == {key: catalogues[language][key] for key in words}


def test_the_example_names_everything_that_can_be_set() -> None:
    sent = tomllib.loads(EXAMPLE.read_text(encoding="utf-8"))
    assert {(one.section, one.key) for one in NUMBERS} == {
        (section, key)
        for section, content in sent.items()
        if section not in ("roles", "words")
        for key in content
    }
    assert set(sent["roles"]) == {f"{row.region}.{row.event}" for row in TABLE}
    for number in NUMBERS:
        assert sent[number.section][number.key] == pytest.approx(number.written(Policy()))


def test_every_field_of_the_policy_can_be_set() -> None:
    settable = {one.field for one in NUMBERS}
    wanted = {f"timers.{one.name}" for one in fields(Timers)}
    wanted |= {f"travel.{one.name}" for one in fields(Travel)}
    wanted |= {f"tracks.{one.name}" for one in fields(AnalysisSettings)}
    apart = ("timers", "travel", "tracks", "rows_of", "of_kind")
    wanted |= {one.name for one in fields(Policy) if one.name not in apart}
    assert settable == wanted


# --- what it changes -----------------------------------------------------------------------------


def test_numbers_come_in_their_units(read: Read) -> None:
    policy = read(
        "[timers]\nacknowledge_minutes = 2.5\narrive_margin_percent = 50\n"
        "[limits]\nclock_tolerance_seconds = 5\narrival_radius_m = 250\n"
        "[reserve]\nminimum = 2\n[travel]\nspeed_kmh = 40"
    ).policy
    assert policy.timers == replace(Timers(), acknowledge=timedelta(seconds=150), arrive_margin=0.5)
    assert policy.clock_tolerance == timedelta(seconds=5)
    assert policy.arrival_radius_m == 250
    assert policy.travel == replace(Travel(), speed_kmh=40)
    assert policy.reserve_minimum == 2


def test_the_limits_of_tracks_come_in_their_units_and_hold_everywhere(read: Read) -> None:
    policy = read(
        "[tracks]\nhighest_speed_kmh = 180\nhighest_acceleration_ms2 = 4\ngap_seconds = 300\n"
        "stop_shortest_seconds = 60\n[exercise.timers]\ndecide_minutes = 3"
    ).policy
    assert policy.tracks == AnalysisSettings(
        highest_speed=50, highest_acceleration=4, gap_s=300, stop_shortest_s=60
    )
    assert policy.of(DRILL).tracks == policy.of(LIVE).tracks == policy.tracks


def test_the_operation_s_own_reserve_goes_before_the_unit_s(read: Read) -> None:
    policy = read("[reserve]\nminimum = 2\n[exercise.reserve]\nminimum = 0").policy
    assert policy.of(LIVE).reserve_minimum == 2
    assert policy.of(DRILL).reserve_minimum == 0
    assert policy.of(replace(DRILL, reserve_minimum=3)).reserve_minimum == 3
    assert policy.of(replace(LIVE, reserve_minimum=0)).reserve_minimum == 0


def test_a_kind_of_operation_starts_from_what_is_common(read: Read) -> None:
    policy = read(
        "[timers]\nacknowledge_minutes = 7\n[exercise.timers]\ndecide_minutes = 3\n"
        '[roles]\n"T2.accept" = ["EULEX_OPS"]\n[live.roles]\nT2.refuse = ["FPU_CMD"]'
    ).policy
    assert policy.of(LIVE).timers == replace(Timers(), acknowledge=timedelta(minutes=7))
    assert policy.of(DRILL).timers.acknowledge == timedelta(minutes=7)
    assert policy.of(DRILL).timers.decide == timedelta(minutes=3)
    for operation in (LIVE, DRILL):
        assert policy.of(operation).rows_of["T2", "accept"][0].entered_by == ("EULEX_OPS",)
    assert policy.of(LIVE).rows_of["T2", "refuse"][0].entered_by == ("FPU_CMD",)
    assert policy.of(DRILL).rows_of["T2", "refuse"] == ROWS_OF["T2", "refuse"]


def test_a_role_is_all_that_changes_in_a_row(read: Read) -> None:
    rows = read('[roles]\n"T2.handback_failed" = ["FPU_CMD"]').policy.rows_of
    changed = rows["T2", "handback_failed"]
    assert len(changed) == 2
    for before, after in zip(ROWS_OF["T2", "handback_failed"], changed, strict=True):
        assert after == replace(before, entered_by=("FPU_CMD",))
    assert {key for key in rows if rows[key] != ROWS_OF[key]} == {("T2", "handback_failed")}


def test_words_may_be_written_with_or_without_quotation_marks(read: Read) -> None:
    words = read('[words.en]\nshell.hello = "{name}!"\n[words.pl]\n"event.T2_accept" = "Tak"').words
    assert words == {"en": {"shell.hello": "{name}!"}, "pl": {"event.T2_accept": "Tak"}}


# --- what it is refused for ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "place", "said"),
    [
        ("[timer]\na = 1", "[timer]", "is timers meant?"),
        ("timers = 5", "[timers]", "must be a section"),
        ("[timers]\nacknowlege_minutes = 5", "[timers] acknowlege_minutes", "acknowledge_minutes"),
        ("[timers]\ndecide_minutes = -5", "[timers] decide_minutes", "not -5"),
        ("[timers]\ndecide_minutes = 0", "[timers] decide_minutes", "from 0.5"),
        ("[timers]\ndecide_minutes = 1e9", "[timers] decide_minutes", "to 10080"),
        ("[timers]\ndecide_minutes = nan", "[timers] decide_minutes", "not nan"),
        ("[timers]\ndecide_minutes = inf", "[timers] decide_minutes", "not inf"),
        ("[timers]\ndecide_minutes = true", "[timers] decide_minutes", "number"),
        ('[timers]\ndecide_minutes = "5"', "[timers] decide_minutes", "number"),
        ("[reserve]\nminimum = 1.5", "[reserve] minimum", "whole number"),
        ("[reserve]\nminimum = -1", "[reserve] minimum", "from 0"),
        ("[limits]\narrival_radius_m = 1e6", "[limits] arrival_radius_m", "50000"),
        ("[travel]\nspeed_kmh = 0", "[travel] speed_kmh", "from 1"),
        ("[tracks]\nhighest_speed_kmh = 5", "[tracks] highest_speed_kmh", "from 20"),
        ("[tracks]\ngap_second = 5", "[tracks] gap_second", "is gap_seconds meant?"),
        ("[tracks]\nstop_reach_m = 9", "[tracks] stop_reach_m", "at least stop_spread_m"),
        ("[live.tracks]\ngap_seconds = 9", "[live.tracks]", "write [tracks]"),
        ("[live.timers]\nx = 1", "[live.timers] x", "no such key"),
        ("[exercise.words]\nx = 1", "[exercise.words]", "no such section"),
        ("[exercise]\ntimers = 1", "[exercise.timers]", "must be a section"),
        ("live = 1", "[live]", "must be a section"),
        ("[history.timers]\ndecide_minutes = 1", "[history]", "no such section"),
        ("[guards]\nx = 1", "[guards]", "no such section"),
        ('[roles]\n"T2.acept" = ["FPU_CMD"]', "[roles] T2.acept", "is T2.accept meant?"),
        ('[roles]\n"INC.note" = ["FPU_CMD"]', "[roles] INC.note", "no such event"),
        ('[roles]\n"T2.accept" = "FPU_CMD"', "[roles] T2.accept", "list"),
        ('[roles]\n"T2.accept" = []', "[roles] T2.accept", "somebody"),
        ('[roles]\n"T2.accept" = [1]', "[roles] T2.accept", "list"),
        ('[roles]\n"T2.accept" = ["FPU_CMT"]', "[roles] T2.accept", "is FPU_CMD meant?"),
        ('[roles]\n"T2.accept" = ["FPU_CMD", "AUDITOR"]', "[roles] T2.accept", "never enters"),
        ('[roles]\n"T2.accept" = ["SYSTEM"]', "[roles] T2.accept", "never enters"),
        ('[roles]\n"T2.accept" = ["ADMIN"]', "[roles] T2.accept", "never enters"),
        ('[roles]\n"T2.accept" = ["WALL"]', "[roles] T2.accept", "never enters"),
        ('[roles]\n"T2.kp_request" = ["KP_REQ"]', "[roles] T2.kp_request", "does not sign in"),
        ('[roles]\n"T2.accept" = ["EXCON"]', "[roles] T2.accept", "exercises only"),
        ('[live.roles]\n"T2.accept" = ["EXCON"]', "[live.roles] T2.accept", "exercises only"),
        ("words = 1", "[words]", "must be a section"),
        ('[words]\nen = "x"', "[words.en]", "must be a section"),
        ('[words.xx]\n"event.T2_accept" = "x"', "[words.xx]", "no such language"),
        ('[words.en]\n"event.T2_acept" = "x"', "[words.en] event.T2_acept", "is event.T2_accept"),
        ('[words.en]\n"event.T2_accept" = 5', "[words.en] event.T2_accept", "must be words"),
        ('[words.en]\n"event.T2_accept" = " "', "[words.en] event.T2_accept", "must be words"),
        ('[words.en]\n"event.T2_accept" = "a\\nb"', "[words.en] event.T2_accept", "one line"),
        ('[words.en]\n"event.T2_accept" = "{name}"', "[words.en] event.T2_accept", "none"),
        ('[words.en]\n"shell.hello" = "Hello"', "[words.en] shell.hello", "{name}"),
        ('[words.en]\n"shell.hello" = "{name} {x}"', "[words.en] shell.hello", "{name}"),
        ('[words.en]\n"shell.hello" = "{name:>99}"', "[words.en] shell.hello", "{name}"),
        ('[words.en]\n"shell.hello" = "{name.x}"', "[words.en] shell.hello", "{name}"),
        ('[words.en]\n"shell.hello" = "{name"', "[words.en] shell.hello", "{name}"),
        ('[words.en]\n"shell.hello" = "{{{name}}}"', "[words.en] shell.hello", "{name}"),
        ('[words.pl]\n"shell.footnote" = "x"', "[words.pl] shell.footnote", "prescribed"),
    ],
)
def test_a_fault_names_its_place_and_says_what_is_wrong(
    read: Read, content: str, place: str, said: str
) -> None:
    faults = _faults(read, content)
    assert len(faults) == 1, faults
    assert f"unit.toml: {place}: " in faults[0]
    assert said in faults[0]


def test_exercise_control_alone_may_enter_an_event_of_exercises(read: Read) -> None:
    policy = read('[exercise.roles]\n"T3.engage" = ["EXCON"]').policy
    assert policy.of(DRILL).rows_of["T3", "engage"][0].entered_by == ("EXCON",)
    assert policy.of(LIVE).rows_of["T3", "engage"] == ROWS_OF["T3", "engage"]


_ANY_ROLES = st.lists(st.sampled_from([*ROLES, *ORGANISATION_OF, "", "fpu_cmd"]), max_size=4)


@settings(
    max_examples=200,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(st.dictionaries(st.sampled_from(sorted(ROWS_OF)), _ANY_ROLES, max_size=6))
def test_whatever_is_accepted_leaves_power_where_it_belongs(
    read: Read, roles: dict[tuple[str, str], list[str]]
) -> None:
    lines = [f'"{region}.{event}" = {json.dumps(one)}' for (region, event), one in roles.items()]
    try:
        rows_of = read("[roles]\n" + "\n".join(lines)).policy.rows_of
    except FaultyUnitFile:
        wrong = [one for one in roles.values() if not set(one) <= set(OBSERVERS)]
        assert wrong or any(set(one) <= {"EXCON"} for one in roles.values())
        return
    for key, rows in rows_of.items():
        for before, row in zip(ROWS_OF[key], rows, strict=True):
            assert row.entered_by
            assert set(row.entered_by) <= set(OBSERVERS)
            assert replace(row, entered_by=before.entered_by) == before
            if key in roles:
                assert set(row.entered_by) == set(roles[key])


def test_the_recipe_can_be_copied(tmp_path: Path) -> None:
    recipe = (ROOT / "docs" / "recipes" / "change-a-default.md").read_text(encoding="utf-8")
    block = recipe.partition("```toml\n")[2].partition("```")[0]
    path = tmp_path / "unit.toml"
    path.write_text(block, encoding="utf-8")
    found = read_unit_file(str(path), {language: built_in(language) for language in LANGUAGES})
    assert found.policy.of(DRILL).timers.acknowledge == timedelta(minutes=10)
    assert set(found.words) == set(LANGUAGES)


def test_all_faults_are_told_at_once(read: Read) -> None:
    faults = _faults(
        read,
        "[timers]\ndecide_minutes = -1\nx = 1\n[roles]\nT2.x = []\n[words.en]\ny = 1\n"
        "[exercise.reserve]\nminimum = -1\n[z]\n[live.tracks]\n"
        "[tracks]\nwander_m = -1\ngap_seconds = 0\nstop_spread_m = 40\n",
    )
    assert len(faults) == 10


@pytest.mark.parametrize("content", [b"[timers", b"\xff\xfe", b"a = 1\na = 2"])
def test_what_is_no_toml_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "unit.toml"
    path.write_bytes(content)
    with pytest.raises(FaultyUnitFile, match=r"unit\.toml: is not TOML"):
        read_unit_file(str(path), CATALOGUES)


def test_a_file_nested_without_end_is_refused(read: Read) -> None:
    with pytest.raises(FaultyUnitFile, match=r"unit\.toml: is nested too deeply"):
        read("a = " + "[" * 5_000)
    with pytest.raises(FaultyUnitFile, match=r"unit\.toml: is not TOML .*more than 100 dots"):
        read("[words.en]\n" + "a." * 5_000 + "b = 1")


@pytest.mark.parametrize(
    "content", [f"[{'s' * 5_000}]", f"[timers]\n'{'k' * 5_000}\\u0000' = 1", '["\\u0000\\u202e"]']
)
def test_a_fault_quotes_no_more_than_can_be_read(read: Read, content: str) -> None:
    (fault,) = _faults(read, content)
    assert len(fault) < 600
    assert fault.isprintable()


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    for path in (tmp_path / "missing.toml", tmp_path):
        with pytest.raises(FaultyUnitFile, match="cannot be read"):
            read_unit_file(str(path), CATALOGUES)
