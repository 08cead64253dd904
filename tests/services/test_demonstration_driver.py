"""The demonstration goes on: positions, shifts and the steps of the future."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest

from data.database import Database
from data.scenarios.reader import ScenarioLibrary
from domain.events import Actor
from domain.time import to_microseconds, to_rfc3339
from services.scenario_loading import Loading
from services.scenario_script import script
from tests.services.demonstration_world import LOADED, World

SECOND, MINUTE, HOUR = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)
DUTY = Actor("duty", "FPU_DUTY")


@pytest.fixture(scope="module")
def loaded(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("driver") / "loaded.db"
    path.write_bytes(sqlite_template.read_bytes())
    database = Database(f"sqlite:///{path}")
    World(database).demonstration.load("demo")
    database.close()
    return path


@pytest.fixture
def database(loaded: Path, tmp_path: Path) -> Iterator[Database]:
    path = tmp_path / "dashboard.db"
    path.write_bytes(loaded.read_bytes())
    found = Database(f"sqlite:///{path}")
    yield found
    found.close()


@pytest.fixture
def world(database: Database) -> Iterator[World]:
    found = World(database)
    yield found
    found.ingest.close()


def run(world: World, until: timedelta, every: timedelta = 5 * SECOND) -> None:
    while world.now < LOADED + until:
        world.now += every
        world.driver.tick()


def times(world: World, unit: str) -> list[int]:
    rows = world.fixes.between("demo", unit, LOADED - 2 * HOUR, LOADED + 48 * HOUR)
    return [int(one) for one in rows.fix_time]


def note(world: World, incident: str) -> None:
    version = world.use_cases.incidents.history("demo", incident)[-1].seq
    sent = {
        "command_id": str(uuid.uuid4()),
        "region": "INC",
        "event": "note",
        "expected_version": version,
        "occurred_at": to_rfc3339(world.now),
        "asserted_by": {"org": "FPU", "function": "duty"},
        "record": {"text": "I take this one."},
    }
    world.use_cases.incidents.act("demo", incident, DUTY, sent)


def test_patrols_move_on_as_phones_would_report(world: World) -> None:
    head = world.journal.head()
    run(world, 2 * MINUTE)
    newest = {one.unit: one for one in world.fixes.latest("demo")}
    for unit in ("lyra-1", "orion-2", "vega-1"):
        assert newest[unit].fix.fix_time > LOADED + MINUTE
        assert newest[unit].received_at - newest[unit].fix.fix_time < 10 * SECOND
    kinds = {one.kind for one in world.journal.since(head, 1000)}
    assert "fix" in kinds


def test_the_track_is_the_one_that_was_simulated_without_holes_or_doubles(world: World) -> None:
    run(world, 10 * MINUTE, every=7 * SECOND)
    scenario = ScenarioLibrary().read("demo")
    loading = Loading.of(world.roster.operation("demo"))
    assert loading is not None
    simulation = world.demonstration.simulation(scenario, loading)
    patrol = next(one for one in scenario.patrols if one.id == "orion-1")
    wanted = simulation.received(patrol, LOADED - 2 * HOUR, world.now)
    stored = times(world, "orion-1")
    assert set(wanted.time[wanted.time >= to_microseconds(LOADED - 2 * HOUR)]) == set(stored)


def test_a_restart_fills_the_hole_without_quarantine(world: World, database: Database) -> None:
    run(world, MINUTE)
    again = World(database, now=LOADED + 6 * HOUR)
    for _ in range(3):
        again.driver.tick()
        again.now += 5 * SECOND
    stored = times(again, "lyra-1")
    assert max(stored) > to_microseconds(LOADED + 6 * HOUR - MINUTE)
    assert np.diff(stored).max() < 90 * 10**6
    receipts = again.fixes.between("demo", None, LOADED, LOADED + 7 * HOUR)
    assert receipts.received_at.max() <= to_microseconds(again.now)
    again.ingest.close()


def test_a_hole_of_days_is_filled_for_the_last_day_only(world: World) -> None:
    world.now = LOADED + 80 * HOUR
    for _ in range(8):
        world.driver.tick()
        world.now += 5 * SECOND
    rows = world.fixes.between("demo", "lyra-1", LOADED + HOUR, world.now)
    assert rows.fix_time.min() >= to_microseconds(LOADED + 56 * HOUR)
    assert rows.fix_time.max() > to_microseconds(world.now - 2 * MINUTE)


def test_shifts_are_planned_as_long_as_it_runs(world: World) -> None:
    world.now = LOADED + 80 * HOUR
    world.driver.tick()
    assert world.roster.shift_at("demo", world.now) is not None
    assert world.roster.shift_at("demo", world.now + 8 * HOUR) is not None
    assert len(world.roster.tasks_at("demo", world.now)) == 6
    before = world.roster.roster().shifts.keys()
    world.driver.tick()
    assert world.roster.roster().shifts.keys() == before


def test_the_steps_of_the_future_are_entered_when_their_time_has_come(world: World) -> None:
    run(world, 4 * MINUTE)
    assert world.incident("block the road")["t2"] == "EN_ROUTE"
    run(world, 5 * MINUTE)
    assert world.incident("block the road")["t2"] == "ON_SCENE"
    run(world, 50 * MINUTE, every=MINUTE)
    road = world.incident("block the road")
    assert (road["t2"], road["line"]) == ("ENGAGED", "FPU")
    assert world.incident("municipal building, Zvečan")["t2"] == "RELEASED"
    assert world.incident("Queue and gathering")["t3"] == "ON_SCENE"
    assert world.picture.platoon_states("demo")["rowan"] == "AVAILABLE"
    history = world.use_cases.incidents.history("demo", str(road["id"]))
    assert history[-1].recorded_at >= LOADED


def test_no_guard_stops_any_step_of_the_scenario(world: World) -> None:
    run(world, 60 * MINUTE, every=MINUTE)
    with world.events.view() as connection:
        entered = {one.command_id for one in world.events.since(connection, "demo", 0)}
    entries = script(ScenarioLibrary().read("demo"), LOADED)
    assert [one.step.key for one in entries if one.command_id not in entered] == []


def test_a_platoon_that_a_person_has_moved_is_left_to_them(world: World) -> None:
    run(world, 10 * MINUTE, every=MINUTE)
    incident = str(world.incident("municipal building, Zvečan")["id"])
    release = {
        "command_id": str(uuid.uuid4()),
        "region": "RES",
        "event": "release",
        "expected_version": world.use_cases.incidents.platoon_states("demo")["rowan"].version,
        "occurred_at": to_rfc3339(world.now),
        "asserted_by": {"org": "FPU", "function": "commander"},
        "record": {"engagement": incident, "reason_text": "I need them."},
    }
    world.use_cases.incidents.act_on_platoon(
        "demo", "rowan", Actor("commander", "FPU_CMD"), release
    )
    run(world, 60 * MINUTE, every=MINUTE)
    assert world.picture.platoon_states("demo")["rowan"] == "RETURNING"


def test_an_incident_that_a_person_has_changed_is_left_to_them(world: World) -> None:
    road = str(world.incident("block the road")["id"])
    note(world, road)
    run(world, 60 * MINUTE, every=MINUTE)
    assert world.incident("block the road")["t2"] == "EN_ROUTE"
    assert world.use_cases.incidents.history("demo", road)[-1].event == "note"
    assert world.incident("municipal building, Zvečan")["t2"] == "RELEASED"


def test_it_stays_left_to_them_after_a_restart(world: World, database: Database) -> None:
    road = str(world.incident("block the road")["id"])
    run(world, 5 * MINUTE, every=MINUTE)
    assert world.incident("block the road")["t2"] == "ON_SCENE"
    note(world, road)
    again = World(database, now=LOADED + HOUR)
    again.driver.tick()
    assert again.incident("block the road")["t2"] == "ON_SCENE"
    assert again.incident("municipal building, Zvečan")["t2"] == "RELEASED"
    again.ingest.close()


def test_a_patrol_given_to_another_operation_gets_no_positions_here(world: World) -> None:
    world.roster.end_unit_assignment("lyra-1", LOADED + SECOND)
    run(world, 2 * MINUTE)
    assert max(times(world, "lyra-1")) <= to_microseconds(LOADED)
    assert max(times(world, "orion-1")) > to_microseconds(LOADED)


def test_a_closed_operation_rests(world: World) -> None:
    world.driver.tick()
    head = world.picture.version("demo")

    world.roster.change_operation("demo", lambda one: replace(one, closed_at=LOADED + SECOND))
    run(world, 10 * MINUTE, every=MINUTE)
    assert world.picture.version("demo") == head
    assert max(times(world, "orion-1")) <= to_microseconds(LOADED + MINUTE)


def test_a_scenario_file_that_is_gone_is_no_reason_to_fail(world: World) -> None:
    kept = world.roster.operation("demo").settings
    gone = {**kept, "scenario": "/nowhere/own.toml"}
    world.roster.change_operation("demo", lambda one: replace(one, settings=gone))
    world.now += MINUTE
    world.driver.tick()
    world.driver.tick()
    assert max(times(world, "orion-1")) <= to_microseconds(LOADED)


def test_it_is_a_duty_of_one_worker(world: World) -> None:
    duty = world.driver.duty()
    assert (duty.name, duty.interval, duty.alone) == ("demonstration", 5 * SECOND, True)
