"""Both scenarios, loaded into a real database by the use cases of people."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest

from data.database import Database
from data.scenarios.reader import ScenarioLibrary
from domain.chain import broken_links
from domain.errors import InvalidField, NotPermitted
from domain.events import Actor
from domain.roster import Operation
from domain.scenario import Scenario
from domain.time import to_microseconds
from domain.transitions import T2, T3
from services.access.demonstration_accounts import DEMONSTRATION_ACCOUNTS
from services.roster import key_hash
from services.timers import TimerBooks
from tests.services.demonstration_world import LOADED, World

DEMO = ScenarioLibrary().read("demo")
HISTORY = ScenarioLibrary().read("history-2021-05")


@pytest.fixture(scope="module")
def world(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Loaded once; the tests of this module only look."""
    path = tmp_path_factory.mktemp("demonstration") / "dashboard.db"
    path.write_bytes(sqlite_template.read_bytes())
    database = Database(f"sqlite:///{path}")
    loaded = World(database)
    loaded.demonstration.load("demo")
    loaded.demonstration.load("history-2021-05")
    yield loaded
    database.close()


def states(world: World, operation: str) -> list[tuple[str, dict[str, str]]]:
    regions = {"INC": "inc", "T2": "t2", "T3": "t3", "LINE": "line"}
    return sorted(
        (str(one["title"]), {region: str(one[name]) for region, name in regions.items()})
        for one in world.picture.incidents(operation)
    )


@pytest.mark.parametrize("plan", [DEMO, HISTORY], ids=["demo", "history"])
def test_every_incident_is_where_the_scenario_says(world: World, plan: Scenario) -> None:
    expected = sorted(
        (one.report.envelope["record"]["title"], dict(one.expect)) for one in plan.incidents
    )
    assert states(world, plan.operation.id) == expected


def test_the_platoons_are_where_the_scenario_says(world: World) -> None:
    found = world.use_cases.incidents.platoon_states("demo")
    assert {name: one.state for name, one in found.items()} == {
        one.id: one.expect for one in DEMO.platoons
    }


def test_the_list_shows_nearly_every_state(world: World) -> None:
    shown = [one for _, one in states(world, "demo")]
    assert {one["INC"] for one in shown} == {
        "REPORTED", "KP_LEAD", "STABILISED", "CLOSED", "DISCARDED",
    }  # fmt: skip
    assert {one[T2] for one in shown} >= {
        "NONE", "PREALERT", "REQUESTED", "ACKNOWLEDGED", "EN_ROUTE", "ON_SCENE", "ENGAGED",
        "HANDING_BACK", "REFUSED", "CANCELLED", "RELEASED",
    }  # fmt: skip
    assert {one[T3] for one in shown} >= {"NONE", "INFORMED", "ACCEPTED", "ON_SCENE", "RELEASED"}


def test_one_incident_goes_through_the_whole_cycle(world: World) -> None:
    history = world.use_cases.incidents.history("demo", "demo-0001")
    rows = [event.body["row"] for event in history if event.to_state]
    assert rows == [
        "I01", "I02", "A01", "A03", "A04", "A05", "A09", "A10", "A11", "L01", "K03", "K05", "K06",
        "K09", "K10", "K11", "L02", "L03", "K13", "K14", "L04", "A14", "A15", "I05", "I07",
    ]  # fmt: skip
    asked, accepted = (
        next(event for event in history if event.event == name) for name in ("kp_request", "accept")
    )
    assert asked.entered_by != accepted.entered_by


def test_entries_are_by_the_accounts_and_written_down_plausibly(world: World) -> None:
    with world.events.view() as connection:
        events = world.events.since(connection, "demo", 0)
    assert broken_links(events) == []
    late = 0
    for event in events:
        if event.entered_by != "system":
            assert event.entered_role == DEMONSTRATION_ACCOUNTS[event.entered_by]
        delay = event.recorded_at - event.occurred_at
        assert timedelta(0) <= delay
        assert delay < timedelta(minutes=3) or event.late_entry
        assert event.recorded_at <= LOADED
        late += event.late_entry
    assert late >= 2


def test_first_aid_moved_no_tier(world: World) -> None:
    one = world.incident("Traffic accident")
    history = world.use_cases.incidents.history("demo", str(one["id"]))
    assert [event.record["kind"] for event in history if event.event == "observation"] == [
        "first_aid"
    ]
    assert (one["t2"], one["t3"], one["tier"]) == ("NONE", "NONE", 1)


def test_kfor_on_its_own_mandate_is_kept_as_an_exception(world: World) -> None:
    one = world.incident("Fallen rock")
    history = world.use_cases.incidents.history("demo", str(one["id"]))
    [own] = [event for event in history if event.event == "own_mandate"]
    assert own.record["exception"] is True


def test_the_alarm_of_the_night_was_acknowledged(world: World) -> None:
    [alert] = world.picture.alerts("demo")
    assert (alert.kind, alert.unit, alert.acknowledged_by) == ("sos", "orion-1", "duty")
    assert world.picture.alerts("demo", only_open=True) == []
    assert alert.details["position"] is not None


def test_the_story_has_only_two_clocks_that_ran_out(world: World) -> None:
    late = TimerBooks(world.events, world.roster).breached("demo", LOADED)
    assert [(one.name, one.owner) for one in late] == [
        ("sitrep", "PLT_LDR"), ("decide", "FPU_CMD"),
    ]  # fmt: skip


def test_the_log_has_its_lines_with_both_times(world: World) -> None:
    lines = world.picture.log("demo")
    past = [one for one in DEMO.lines if one.at < timedelta(0)]  # type: ignore[operator]
    assert len(lines) == len(past)
    assert any(line["late_entry"] for line in lines)


def test_a_day_of_positions_in_time(world: World) -> None:
    rows = world.fixes.between("demo", None, LOADED - timedelta(days=2), LOADED)
    assert len(rows) > 15_000
    assert set(rows.unit) == {one.id for one in DEMO.patrols}
    assert rows.fix_time.min() >= to_microseconds(LOADED - timedelta(hours=24))
    assert rows.received_at.max() <= to_microseconds(LOADED)
    late = (rows.received_at - rows.fix_time) > 9 * 60 * 10**6
    assert set(rows.unit[late]) == {"lyra-2"}
    newest = world.fixes.latest("demo")
    ages = {one.unit: LOADED - one.fix.fix_time for one in newest}
    assert ages.pop("vega-2") > timedelta(minutes=23)
    assert max(ages.values()) < timedelta(minutes=2)
    assert all(one.fix.attributes == {"synthetic": True} for one in newest)


def test_the_crossing_points_of_the_rounds_were_visited(world: World) -> None:
    visits = {one.crossing.id: one.last_visit for one in world.coverage.coverage("demo", LOADED)}
    for name, callsign, minutes in (
        ("jarinje", "LYRA-1", 35), ("brnjak", "LYRA-2", 40), ("merdare", "ORION-1", 45),
        ("vermice", "VEGA-2", 30), ("kulle", "VEGA-1", 25), ("hani-i-elezit", "ORION-2", 25),
    ):  # fmt: skip
        found = visits[name]
        assert found is not None
        assert found.callsign == callsign
        assert found.visit.dwell_s / 60 == pytest.approx(minutes, abs=2)
        assert found.visit.left_at is not None
    assert {name for name, visit in visits.items() if visit is None} >= {"cakor", "prn-airport"}


def test_the_roster_of_the_demonstration(world: World) -> None:
    units = world.roster.units_of("demo", LOADED)
    assert len(units) == 7
    assert {"TEST-PHONE", "LYRA-1"} <= {unit.callsign for unit in units}
    phone = world.roster.find("fpu-test")
    assert phone is not None
    assert phone.key_hash == key_hash("fpu-test")
    filing = world.roster.filing("fpu-test", LOADED)
    assert filing is not None
    assert (filing.operation, filing.callsign) == ("demo", "TEST-PHONE")
    assert len(world.roster.shifts_of("demo")) == 5
    assert len(world.roster.tasks_at("demo", LOADED)) == 6
    assert len(world.roster.platoons_on_shift("demo", LOADED)) == 5


def test_the_history_is_read_only_and_has_no_point(world: World) -> None:
    [case] = world.picture.incidents("history-2021-05")
    assert case["position"] is None
    assert case["place_ref"] == "municipality-gracanice"
    assert (case["t2"], case["t3"], case["tier"], case["line"]) == ("NONE", "NONE", 1, "KP")
    assert world.roster.operation("history-2021-05").closed_at is not None
    note = {
        "command_id": "1f0e4dd8-53cf-4b8b-9a53-0f1d7a3f2f11",
        "region": "INC",
        "event": "note",
        "expected_version": case["version"],
        "occurred_at": "2021-05-30T00:00:00Z",
        "asserted_by": {"org": "FPU", "function": "duty"},
        "record": {"text": "one more"},
    }
    with pytest.raises(NotPermitted, match="read-only"):
        world.use_cases.incidents.act(
            "history-2021-05", str(case["id"]), Actor("duty", "FPU_DUTY"), note
        )


def test_the_history_marks_what_is_not_verified(world: World) -> None:
    history = world.use_cases.incidents.history("history-2021-05", "history-2021-05-0001")
    assert [event.event for event in history] == ["report", "observation", "note"]
    assert all("UNVERIFIED" in event.body_text for event in history)


def test_loading_it_again_changes_nothing(world: World) -> None:
    before = world.picture.version("demo")
    again = world.demonstration.load("demo", if_missing=True)
    assert (again.already, again.loaded_at, again.seed) == (True, LOADED, DEMO.seed)
    with pytest.raises(InvalidField, match="already"):
        world.demonstration.load("demo")
    assert world.picture.version("demo") == before


# --- worlds of their own -------------------------------------------------------------------------


def test_an_interrupted_loading_is_completed_as_it_was_begun(database: Database) -> None:
    world = World(database)

    def stop(what: str, done: int, _of: int) -> None:
        if what == "entries" and done == 40:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        world.demonstration.load("demo", seed=5, progress=stop)
    world.now += timedelta(minutes=7)
    loaded = World(database, now=world.now).demonstration.load("demo", if_missing=True)
    assert (loaded.loaded_at, loaded.seed, loaded.already) == (LOADED, 5, False)
    assert states(world, "demo") == sorted(
        (one.report.envelope["record"]["title"], dict(one.expect)) for one in DEMO.incidents
    )
    assert len(world.picture.alerts("demo")) == 1
    with world.events.view() as connection:
        commands = [event.command_id for event in world.events.since(connection, "demo", 0)]
    single = World(database).roster.operation("demo").settings
    assert single["complete"] is True
    assert len(set(commands)) >= 113


def test_the_same_seed_and_moment_give_the_same_positions(
    sqlite_template: Path, tmp_path: Path
) -> None:
    found = []
    for name in ("one", "other"):
        path = tmp_path / f"{name}.db"
        path.write_bytes(sqlite_template.read_bytes())
        database = Database(f"sqlite:///{path}")
        world = World(database)
        world.demonstration.load("demo", seed=11)
        rows = world.fixes.between("demo", None, LOADED - timedelta(days=2), LOADED)
        found.append((rows.fix_time, rows.latitude, rows.received_at, states(world, "demo")))
        database.close()
    for one, other in zip(*found, strict=True):
        assert np.array_equal(one, other) if isinstance(one, np.ndarray) else one == other


def test_the_production_profile_loads_none(database: Database) -> None:
    world = World(database, demonstration_profile=False)
    with pytest.raises(NotPermitted, match="demonstration profile"):
        world.demonstration.load("demo")
    assert world.roster.operations() == ()


def test_an_operation_of_somebody_else_is_left_alone(database: Database) -> None:
    world = World(database)
    world.roster.add(Operation("demo", "exercise", "Ours", LOADED))
    with pytest.raises(InvalidField, match="already"):
        world.demonstration.load("demo", if_missing=True)
