"""Scenario files: both that come with the product, and the faults of one's own."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from data.scenarios.reader import ACCOUNTS, ScenarioLibrary, parse
from data.scenarios.roads import read_roads
from domain.errors import InvalidField, NotFound
from domain.scenario import Scenario
from services.access.demonstration_accounts import DEMONSTRATION_ACCOUNTS
from services.road_graph import RoadGraph

SMALL = """
[operation]
id = "drill"
kind = "exercise"
title = "Drill"
opened = "-1h"

[shifts]
first = "-2h"
length = "8h"
teams = ["A"]

[[patrol]]
id = "one"
callsign = "ONE"
device = "one"
base = "Mitrovicë"
  [[patrol.duty]]
  team = "A"
  task = "north"
  begin = "5m"
  route = [{ to = "jarinje", stay = "20m" }]

[[platoon]]
id = "oak"
callsign = "OAK"
kind = "support"
strength = 10
expect = "AVAILABLE"

[[incident]]
key = "a"
expect = { INC = "REPORTED", T2 = "NONE", T3 = "NONE", LINE = "KP" }
  [incident.report]
  at = "-30m"
  by = "patrol"
  position = [42.9, 20.9]
  record = { title = "Something" }
  [[incident.step]]
  do = "T2 kp_request"
  at = "+4m"
  by = "duty"
  word = { org = "KP", function = "officer", channel = "phone", ref = "1" }
  record = { request = { received_at = "+3m" } }
"""


def changed(old: str, new: str) -> bytes:
    assert old in SMALL
    return SMALL.replace(old, new, 1).encode()


def fault_of(data: bytes) -> InvalidField:
    with pytest.raises(InvalidField) as found:
        parse(data, "small")
    return found.value


@pytest.fixture(params=["demo", "history-2021-05"])
def shipped(request: pytest.FixtureRequest) -> Scenario:
    return ScenarioLibrary().read(request.param)


def test_those_that_come_with_the_product_can_be_read(shipped: Scenario) -> None:
    assert shipped.incidents
    assert shipped.source in ScenarioLibrary().names()


def test_the_demonstration_says_that_it_is_synthetic() -> None:
    demo = ScenarioLibrary().read("demo")
    assert (demo.operation.id, demo.operation.kind) == ("demo", "exercise")
    assert demo.operation.title == "Demonstration (synthetic)"
    assert len(demo.patrols) == 6
    assert len(demo.platoons) == 5
    assert len(demo.incidents) >= 12


def test_the_accounts_that_enter_something_are_those_of_the_demonstration() -> None:
    assert set(ACCOUNTS) <= set(DEMONSTRATION_ACCOUNTS)


def test_every_stop_of_the_demonstration_is_on_the_roads() -> None:
    graph = RoadGraph(read_roads())
    for patrol in ScenarioLibrary().read("demo").patrols:
        for duty in patrol.duties:
            for stop in duty.stops:
                assert len(graph.way(patrol.base, stop.place).latitude) > 1


def test_times_are_offsets_or_moments() -> None:
    small = parse(SMALL.encode(), "small")
    [incident] = small.incidents
    assert incident.report.at == timedelta(minutes=-30)
    request = incident.steps[0].envelope["record"]["request"]
    assert request == {"received_at": timedelta(minutes=3)}
    history = ScenarioLibrary().read("history-2021-05")
    assert history.operation.opened == datetime(2021, 5, 28, tzinfo=UTC)


@pytest.mark.parametrize(
    ("old", "new", "field"),
    [
        ('at = "-30m"', 'at = "half an hour ago"', "incident[1].report.at"),
        ('at = "-30m"', "at = 2021-05-28T00:00:00", "incident[1].report.at"),
        ('do = "T2 kp_request"', 'do = "kp_request"', "incident[1].step[1].do"),
        ('by = "duty"', 'by = "wall"', "incident[1].step[1].by"),
        ('org = "KP"', 'org = "NATO"', "incident[1].step[1].word.org"),
        ('T2 = "NONE"', 'T2 = "MAYBE"', "incident[1].expect.T2"),
        ("position = [42.9, 20.9]", "position = [42.9]", "incident[1].report.position"),
        ("strength = 10", 'strength = "ten"', "platoon[1].strength"),
        ('kind = "support"', 'kind = "cavalry"', "platoon[1].kind"),
        ('stay = "20m"', f'stay = "{"9" * 20}h"', "patrol[1].duty[1].route[1].stay"),
        ('first = "-2h"', f'first = "-{"9" * 5_000}h"', "shifts.first"),
        (
            'received_at = "+3m"',
            f'received_at = "+{"9" * 12}s"',
            "incident[1].step[1].record.request.received_at",
        ),
        ("strength = 10", f"strength = {'9' * 5_000}", "(file)"),
        ("strength = 10", f"strength = {'[' * 5_000}", "(file)"),
        ("record = { title", f"record = {{ {'a.' * 5_000}a = 1, title", "(file)"),
        (
            "record = { title",
            f"record = {{ a = {('{' + 'a.' * 80 + 'a = [' + chr(10)) * 50}{']}' * 50}, title",
            "(file)",
        ),
        ('stay = "20m"', 'stay = "20"', "patrol[1].duty[1].route[1].stay"),
        ('task = "north"', 'task = "north"\n  speed = 3', "patrol[1].duty[1].speed"),
        ('team = "A"', 'team = "B"', "patrol[1].duty"),
        ('device = "one"', "", "patrol[1].device"),
        ('title = "Drill"', 'title = ""', "operation.title"),
        ('opened = "-1h"', 'opened = "-1h"\ncolour = "red"', "operation.colour"),
        ("[[platoon]]", "[[platoons]]", "platoons"),
        ('do = "T2 kp_request"', 'do = "RES release"\n  platoon = "elm"',
         "incident[1].step[1].platoon"),
        ("[operation]", "[operation", "(file)"),
    ],
)  # fmt: skip
def test_a_fault_is_named_by_its_key(old: str, new: str, field: str) -> None:
    assert fault_of(changed(old, new)).field == field


def test_a_fault_quotes_no_more_than_can_be_read() -> None:
    fault = fault_of(changed('stay = "20m"', f'stay = "\\u0000{"x" * 5_000}"'))
    assert len(fault.detail) <= 300
    assert fault.detail.isprintable()


def test_a_length_of_time_may_begin_with_zeros() -> None:
    small = parse(changed('stay = "20m"', f'stay = "{"0" * 20}20m"'), "small")
    assert small.patrols[0].duties[0].stops[0].stay == timedelta(minutes=20)


def test_two_incidents_of_one_key_are_refused() -> None:
    twice = SMALL + SMALL[SMALL.index("[[incident]]") :]
    assert fault_of(twice.encode()).field == "incident[2].key"


def test_an_own_file_is_found_again_from_anywhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "own.toml").write_text(SMALL, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    scenario = ScenarioLibrary().read("own.toml")
    monkeypatch.chdir("/")
    assert ScenarioLibrary().read(scenario.source) == scenario


def test_a_scenario_that_is_not_there() -> None:
    with pytest.raises(NotFound, match="demo"):
        ScenarioLibrary().read("nothing-of-that-name")
