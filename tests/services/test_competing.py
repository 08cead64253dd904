"""Several incidents, one FPU: ranking, what is left to do, and who lost a race for a platoon."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest

from data.database import Database
from domain.chain import broken_links
from domain.errors import GuardRefused, VersionConflict
from domain.events import Actor
from tests.services.incident_world import BRIDGE, IncidentWorld, actor

OVERRIDE = {"reserve_override_ref": "OPS 3"}
ETA = "2026-03-01T13:00:00Z"


@pytest.fixture
def world(database: Database) -> IncidentWorld:
    return IncidentWorld(database)


def _asked(world: IncidentWorld, **request: Any) -> str:
    """An incident whose request has been acknowledged."""
    incident = world.report().events[0].stream
    world.act(incident, "INC", "confirm")
    record = world.envelope(incident, "T2", "kp_request")["record"]
    world.act(incident, "T2", "kp_request", record={"request": {**record["request"], **request}})
    world.act(incident, "T2", "acknowledge")
    return incident


def _accept(world: IncidentWorld, incident: str, *platoons: str) -> Any:
    record = {"tasking_order_no": "1", "platoons": list(platoons), "eta": ETA, **OVERRIDE}
    return world.act(incident, "T2", "accept", record=record)


def _look(world: IncidentWorld, incident: str, user: str = "commander") -> dict[str, Any]:
    return world.incidents.look("drill", incident, actor(user))


def _offers(world: IncidentWorld, incident: str, user: str = "commander") -> list[tuple[Any, ...]]:
    return [
        (one["offer"], one["allowed"], one["guard"])
        for one in _look(world, incident, user)["offers"]
    ]


def _refused(world: IncidentWorld, incident: str) -> list[dict[str, Any]]:
    told = {"reason": "capacity", "kp_told_at": "2026-03-01T12:00:00Z"}
    events = world.act(incident, "T2", "refuse", "commander", record=told).events
    return list(events[0].body.get("ranking", ()))


# --- the ranking ---------------------------------------------------------------------------------


def test_the_ranking_is_shown_while_a_decision_waits_and_somebody_else_competes(
    world: IncidentWorld,
) -> None:
    first = _asked(world, crowd_size=300, kp_strength=30)
    assert _look(world, first)["ranking"] == []
    second = _asked(world, threat_to_life=True, crowd_size=20)
    third = _asked(world, crowd_size=900, kp_strength=30)
    lines = _look(world, first)["ranking"]
    assert [(one["rank"], one["incident"], one["here"]) for one in lines] == [
        (1, second, False), (2, third, False), (3, first, True),
    ]  # fmt: skip
    assert (lines[1]["crowd_per_officer"], lines[1]["state"]) == (30.0, "ACKNOWLEDGED")
    _refused(world, second)
    assert [one["incident"] for one in _look(world, first)["ranking"]] == [third, first]
    _refused(world, third)
    assert _look(world, first)["ranking"] == []


def test_a_correction_of_the_request_changes_the_ranking(world: IncidentWorld) -> None:
    first, second = _asked(world, crowd_size=300, kp_strength=30), _asked(world)
    assert [one["incident"] for one in _look(world, second)["ranking"]] == [first, second]
    asked = next(
        one for one in world.incidents.history("drill", second) if one.event == "kp_request"
    )
    request = {**asked.record["request"], "threat_to_life": True}
    world.act(second, "T2", "kp_request", record={"request": request}, corrects=asked.event_id)
    assert [one["incident"] for one in _look(world, first)["ranking"]] == [second, first]


def test_each_decision_keeps_what_was_suggested(world: IncidentWorld) -> None:
    alone = _asked(world)
    assert "ranking" not in _accept(world, alone, "drill-p1").events[0].body
    urgent = _asked(world, threat_to_life=True)
    assert [(one["incident"], one["here"]) for one in _refused(world, urgent)] == [
        (urgent, True), (alone, False),
    ]  # fmt: skip
    other = _asked(world)
    accepted, *reserved = _accept(world, other, "drill-p2").events
    assert [one["incident"] for one in accepted.body["ranking"]] == [alone, other]
    assert all("ranking" not in one.body for one in reserved)


def test_a_decision_is_ranked_by_what_another_process_has_just_stored(
    world: IncidentWorld, open_database: Callable[[], Database]
) -> None:
    first, second = _asked(world), _asked(world)
    assert len(_look(world, first)["ranking"]) == 2
    elsewhere = world.of_another_process(open_database())
    record = {"reason": "access", "kp_told_at": "2026-03-01T12:00:00Z"}
    sent = world.envelope(second, "T2", "refuse", record=record)
    elsewhere.act("drill", second, actor("commander"), sent)
    assert _refused(world, first) == []


def test_a_decision_that_was_refused_leaves_nothing_in_the_ranking(world: IncidentWorld) -> None:
    first, second = _asked(world), _asked(world)
    with pytest.raises(GuardRefused):
        world.act(first, "T2", "accept", record={
            "tasking_order_no": "1", "platoons": ["drill-p1", "drill-p2"], "eta": ETA,
        })  # fmt: skip
    states = [one["state"] for one in _look(world, second)["ranking"]]
    assert states == ["ACKNOWLEDGED", "ACKNOWLEDGED"]


def test_the_incident_itself_is_always_in_a_long_ranking(world: IncidentWorld) -> None:
    for size in range(12):
        _asked(world, crowd_size=1000 + size, kp_strength=10)
    last = _asked(world)
    lines = _look(world, last)["ranking"]
    assert [one["rank"] for one in lines] == [*range(1, 10), 13]
    assert lines[-1]["incident"] == last
    top = _look(world, "drill-0012")["ranking"]
    assert [one["rank"] for one in top] == [*range(1, 11)]
    assert top[0]["incident"] == "drill-0012"
    eleventh = _look(world, "drill-0002")["ranking"]
    assert (eleventh[-1]["incident"], eleventh[-1]["rank"]) == ("drill-0002", 11)


# --- what is left to do when platoons are missing ------------------------------------------------


def test_nothing_is_offered_while_enough_platoons_are_free(world: IncidentWorld) -> None:
    incident = _asked(world, platoons_asked=2)
    assert _offers(world, incident) == []
    _accept(world, incident, "drill-p1", "drill-p2")
    assert _offers(world, incident) == []


def test_with_one_free_of_two_a_partial_acceptance_is_offered(world: IncidentWorld) -> None:
    busy = _asked(world)
    _accept(world, busy, "drill-p1")
    incident = _asked(world, platoons_asked=2)
    assert _offers(world, incident) == [
        ("refuse", True, None), ("partial", True, None),
        ("request_via_eulex", False, "capacity_reached"),
    ]  # fmt: skip
    assert _offers(world, incident, "duty")[:2] == [
        ("refuse", False, "role"), ("partial", False, "role"),
    ]  # fmt: skip
    partial = _look(world, incident)["offers"][1]
    assert (partial["free"], partial["asked"]) == (1, 2)
    _accept(world, incident, "drill-p2")
    assert _offers(world, incident) == [
        ("refuse", False, "from_state"), ("partial", False, "from_state"),
        ("request_via_eulex", True, None),
    ]  # fmt: skip


def test_with_none_free_every_offer_says_what_stops_it(world: IncidentWorld) -> None:
    busy = _asked(world, platoons_asked=2)
    _accept(world, busy, "drill-p1", "drill-p2")
    depart = {"platoons": ["drill-p1", "drill-p2"], "eta": ETA}
    world.act(busy, "T2", "depart", record=depart)
    incident = _asked(world)
    offers = _look(world, incident)["offers"]
    assert [(one["offer"], one["allowed"], one["guard"]) for one in offers] == [
        ("refuse", True, None), ("partial", False, "platoons_free"),
        ("redeploy", False, "target_accepted"), ("redeploy", False, "target_accepted"),
        ("request_via_eulex", False, "capacity_reached"),
    ]  # fmt: skip
    assert [(one["platoon"], one["from_incident"]) for one in offers[2:4]] == [
        ("drill-p1", busy), ("drill-p2", busy),
    ]  # fmt: skip
    assert all(one["allowed"] or one["detail"] for one in offers)
    _refused(world, incident)
    assert _offers(world, incident) == []


def test_a_platoon_of_an_engagement_that_keeps_another_may_be_redeployed(
    world: IncidentWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    three = ("p1", "p2", "p3")
    monkeypatch.setattr("tests.services.incident_world.PLATOONS", three)
    rich = _asked(world, platoons_asked=2)
    _accept(world, rich, "drill-p1", "drill-p2")
    world.act(rich, "T2", "depart", record={"platoons": ["drill-p1", "drill-p2"], "eta": ETA})
    poor = _asked(world, platoons_asked=2, threat_to_life=True)
    _accept(world, poor, "drill-p3")
    offers = [one for one in _look(world, poor)["offers"] if one["offer"] == "redeploy"]
    assert [(one["platoon"], one["allowed"]) for one in offers] == [
        ("drill-p1", True), ("drill-p2", True),
    ]  # fmt: skip
    record = {"from_incident": rich, "to_incident": poor, "reason_text": "life",
              "kp_told_at": "2026-03-01T12:00:00Z"}  # fmt: skip
    moved = world.act_on_platoon("drill-p1", "redeploy", "commander", record=record)
    assert (moved.state["state"], moved.state["incident"]) == ("BOUND", poor)
    assert [(one["incident"], one["here"]) for one in moved.events[0].body["ranking"]] == [
        (poor, True), (rich, False),
    ]  # fmt: skip
    assert _look(world, poor)["offers"] == []
    back = {**record, "from_incident": rich}
    with pytest.raises(GuardRefused) as refused:
        world.act_on_platoon("drill-p2", "redeploy", "commander", record=back)
    assert refused.value.guard == "loser_keeps_one"


# --- who loses a race for a platoon --------------------------------------------------------------


def test_a_platoon_that_was_taken_since_is_a_lost_race(world: IncidentWorld) -> None:
    first, second = _asked(world), _asked(world)
    _accept(world, first, "drill-p1")
    with pytest.raises(VersionConflict) as lost:
        _accept(world, second, "drill-p1")
    extra = lost.value.extra
    assert (extra["guard"], extra["platoons"], extra["version"]) == (
        "platoons_free", ["drill-p1"], 4,
    )  # fmt: skip
    assert [(one["event"], one["incident"]) for one in extra["since"]] == [("reserve", first)]
    world.act(second, "INC", "note", "duty", record={"text": "seen"})
    with pytest.raises(GuardRefused) as refused:
        _accept(world, second, "drill-p1")
    assert refused.value.guard == "platoons_free"


def test_another_rule_goes_before_a_lost_race(world: IncidentWorld) -> None:
    first, second = _asked(world), _asked(world)
    _accept(world, first, "drill-p1")
    sent = world.envelope(second, "T2", "accept")
    with pytest.raises(GuardRefused) as refused:
        world.incidents.act("drill", second, Actor("duty", "FPU_CMD"), sent)
    assert refused.value.guard == "four_eyes"


def test_a_lost_race_is_told_also_when_no_platoon_is_left_at_all(world: IncidentWorld) -> None:
    first, second = _asked(world, platoons_asked=2), _asked(world)
    _accept(world, first, "drill-p1", "drill-p2")
    with pytest.raises(VersionConflict) as lost:
        _accept(world, second, "drill-p2")
    assert lost.value.extra["platoons"] == ["drill-p2"]


@pytest.mark.parametrize("platoons", [None, "drill-p1", [["drill-p1"]], [7]])
def test_a_malformed_acceptance_of_a_lost_platoon_is_no_race(
    world: IncidentWorld, platoons: object
) -> None:
    first, second = _asked(world, platoons_asked=2), _asked(world)
    _accept(world, first, "drill-p1", "drill-p2")
    with pytest.raises(GuardRefused):
        record = {"tasking_order_no": "1", "platoons": platoons, "eta": ETA}
        world.act(second, "T2", "accept", record=record)


def test_a_reservation_loses_a_race_in_the_same_way(world: IncidentWorld) -> None:
    first, second = _asked(world), _asked(world)
    _accept(world, first, "drill-p1")
    reserve = {"record": {"engagement": first, **OVERRIDE}}
    sent = world.envelope("", "RES", "reserve", expected_version=0, **reserve)
    _accept(world, second, "drill-p2")
    with pytest.raises(VersionConflict) as lost:
        world.incidents.act_on_platoon("drill", "drill-p2", actor("commander"), sent)
    assert (lost.value.extra["guard"], lost.value.extra["platoons"]) == (
        "platoons_free", ["drill-p2"],
    )  # fmt: skip
    with pytest.raises(VersionConflict):
        world.act_on_platoon("drill-p2", "reserve", "commander", **reserve)
    world.act(first, "INC", "note", "duty", record={"text": "seen"})
    with pytest.raises(GuardRefused) as refused:
        world.act_on_platoon("drill-p2", "reserve", "commander", **reserve)
    assert refused.value.guard == "from_state"


def test_many_at_once_one_wins_and_every_other_is_told_who(
    world: IncidentWorld, open_database: Callable[[], Database]
) -> None:
    waiting = [_asked(world) for _ in range(8)]
    services = [world.incidents, world.of_another_process(open_database())]
    sent = [world.envelope(incident, "T2", "accept") for incident in waiting]
    won: list[str] = []
    lost: list[VersionConflict] = []
    barrier = threading.Barrier(len(waiting))

    def accept(number: int) -> None:
        barrier.wait()
        try:
            services[number % 2].act("drill", waiting[number], actor("commander"), sent[number])
            won.append(waiting[number])
        except VersionConflict as conflict:
            lost.append(conflict)

    threads = [threading.Thread(target=accept, args=(number,)) for number in range(len(waiting))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(won), len(lost)) == (1, 7)
    assert {one.extra["since"][0]["incident"] for one in lost} == set(won)
    with world.store.view() as connection:
        chain = world.store.since(connection, "drill", 0)
    assert broken_links(chain) == []
    assert sum(event.event == "reserve" for event in chain) == 1


def test_the_way_is_estimated_from_the_base(world: IncidentWorld) -> None:
    first = _asked(world)
    _asked(world)
    line = next(one for one in _look(world, first)["ranking"] if one["here"])
    assert BRIDGE["lat"] > 42
    assert line["travel_minutes"] is not None
