"""Incidents through the service, on every database: authority, races, repeats, secrets of state."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from data.database import Database
from domain.chain import broken_links
from domain.errors import (
    GuardRefused,
    InvalidField,
    NotFound,
    NotPermitted,
    VersionConflict,
)
from services.incidents import Incidents
from tests.services.incident_world import NOW, OPERATIONS, IncidentWorld, actor


@pytest.fixture
def world(database: Database) -> IncidentWorld:
    return IncidentWorld(database)


def _under_request(world: IncidentWorld, **changed: object) -> str:
    incident = world.report().events[0].stream
    world.act(incident, "INC", "confirm")
    asked = world.envelope(incident, "T2", "kp_request")["record"]
    asked["request"] |= changed
    world.act(incident, "T2", "kp_request", record=asked)
    world.act(incident, "T2", "acknowledge")
    return incident


def _chain(world: IncidentWorld, operation: str = "drill") -> list:
    with world.store.view() as connection:
        return world.store.since(connection, operation, 0)


FULL_CYCLE = (
    ("T2", "accept"), ("T2", "depart"), ("T2", "arrive"), ("T2", "engage"),
    ("LINE", "relief_in_place_fpu"), ("T3", "request_by_kp"), ("T3", "acknowledge"),
    ("T3", "accept"), ("T3", "depart"), ("T3", "arrive"), ("T3", "engage"),
    ("LINE", "relief_in_place_kfor"), ("T3", "begin_handover"), ("LINE", "relief_in_place_kp"),
    ("T3", "handover_confirmed"), ("T2", "begin_handback"), ("T2", "handback_confirmed"),
)  # fmt: skip


def test_the_full_cycle_ends_closed_with_an_unbroken_chain(world: IncidentWorld) -> None:
    incident = _under_request(world)
    tiers = []
    for region, event in FULL_CYCLE:
        more = {}
        if event == "relief_in_place_kp":
            more = {"record": {"giver": "KFOR", "taker": "KP", "skip_ground": "calm"}}
        tiers.append(world.act(incident, region, event, **more).state["tier"])
    assert max(tiers) == 3
    for event, user in (("release", "commander"), ("returned", "platoon")):
        world.act_on_platoon(
            "drill-p1", event, user,
            record={"engagement": incident, "reason_text": "over"}
            if event == "release" else {"headcount": 30, "equipment_ok": True},
        )  # fmt: skip
    world.act(incident, "INC", "stabilise")
    closed = world.act(incident, "INC", "close", "commander").state
    assert (closed["inc"], closed["t2"], closed["t3"], closed["line"]) == (
        "CLOSED", "RELEASED", "RELEASED", "KP",
    )  # fmt: skip
    assert world.incidents.platoon_states("drill")["drill-p1"].state == "AVAILABLE"
    assert broken_links(_chain(world)) == []
    assert world.picture.incidents("drill")[0] == closed


def test_engage_without_a_request_is_refused_and_leaves_no_trace(world: IncidentWorld) -> None:
    incident = world.report().events[0].stream
    before = _chain(world)
    with pytest.raises(GuardRefused) as refused:
        world.act(incident, "T2", "engage", "duty", record={})
    assert refused.value.guard == "explicit_kp_request"
    with pytest.raises(NotPermitted):
        world.act(incident, "T2", "engage", "patrol")
    assert _chain(world) == before


@pytest.mark.parametrize(
    ("missing", "field"),
    [
        ("officer_function", "record.request.officer_function"),
        ("legal_basis", "record.request.legal_basis"),
        ("platoons_asked", "record.request.platoons_asked"),
    ],
)
def test_an_incomplete_request_names_its_field(
    world: IncidentWorld, missing: str, field: str
) -> None:
    incident = world.report().events[0].stream
    world.act(incident, "INC", "confirm")
    sent = world.envelope(incident, "T2", "kp_request")
    del sent["record"]["request"][missing]
    with pytest.raises(InvalidField) as refused:
        world.incidents.act("drill", incident, actor("duty"), sent)
    assert refused.value.field == field
    del sent["channel"]
    sent["record"]["request"][missing] = 1 if missing == "platoons_asked" else "JA_2008_124"
    with pytest.raises(InvalidField) as refused:
        world.incidents.act("drill", incident, actor("duty"), sent)
    assert refused.value.field == "channel"


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"command_id": "7"}, "command_id"),
        ({"occurred_at": "2026-03-01T12:00:00"}, "occurred_at"),
        ({"position": {"lat": float("nan"), "lon": 20.9}}, "position.lat"),
        ({"position": {"lat": 20.87, "lon": 42.89}}, "position"),
        ({"position": {"lat": 48.2, "lon": 16.4}}, "position"),
        ({"place_ref": "atlantis"}, "place_ref"),
        ({"asserted_by": {"org": "FPU"}}, "asserted_by.function"),
        ({"rank": "king"}, "rank"),
        ({"record": {"kp_informed_at": "yesterday", "kp_unit": "x"}}, "record.kp_informed_at"),
        ({"record": {"kp_informed_at": "2026-03-01T12:00:00Z", "kp_unit": " "}}, "record.kp_unit"),
    ],
)
def test_a_wrong_shape_names_its_field(
    world: IncidentWorld, changed: dict[str, object], field: str
) -> None:
    incident = world.report().events[0].stream
    before = _chain(world)
    with pytest.raises(InvalidField) as refused:
        world.act(incident, "INC", "confirm", **changed)
    assert refused.value.field == field
    assert _chain(world) == before


def test_the_same_command_a_hundred_times_is_one_event(world: IncidentWorld) -> None:
    incident = world.report().events[0].stream
    sent = world.envelope(incident, "INC", "confirm")
    first = world.incidents.act("drill", incident, actor("duty"), sent)
    world.act(incident, "T2", "kp_request")
    for _ in range(100):
        again = world.incidents.act("drill", incident, actor("duty"), sent)
        assert (again.created, again.events, again.state) == (False, first.events, first.state)
    assert len(world.incidents.history("drill", incident)) == 3


def test_a_lost_race_tells_what_happened(world: IncidentWorld) -> None:
    incident = world.report().events[0].stream
    sent = world.envelope(incident, "INC", "confirm")
    world.act(incident, "T2", "prealert")
    with pytest.raises(VersionConflict) as refused:
        world.incidents.act("drill", incident, actor("duty"), sent)
    assert refused.value.extra["version"] == 2
    assert [event["event"] for event in refused.value.extra["since"]] == ["prealert"]


def test_the_last_platoon_is_given_once(
    world: IncidentWorld, open_database: Callable[[], Database]
) -> None:
    """Two officers of two processes accept for two incidents at once; the reserve holds too."""
    waiting = [_under_request(world), _under_request(world)]
    services = [world.incidents, world.of_another_process(open_database())]
    results: list[object] = []
    barrier = threading.Barrier(2)

    def accept(incident: str, service: Incidents) -> None:
        sent = world.envelope(incident, "T2", "accept")
        barrier.wait()
        try:
            results.append(service.act("drill", incident, actor("commander"), sent))
        except VersionConflict as lost:
            results.append((lost.extra["guard"], *lost.extra["platoons"]))

    pairs = zip(waiting, services, strict=True)
    threads = [threading.Thread(target=accept, args=pair) for pair in pairs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results.count(("platoons_free", "drill-p1")) == 1
    assert world.incidents.platoon_states("drill")["drill-p1"].state == "RESERVED"
    assert broken_links(_chain(world)) == []


def test_the_reserve_needs_an_override(world: IncidentWorld) -> None:
    incident = _under_request(world, platoons_asked=2)
    both = {"tasking_order_no": "1", "platoons": ["drill-p1", "drill-p2"],
            "eta": "2026-03-01T13:00:00Z"}  # fmt: skip
    with pytest.raises(GuardRefused) as refused:
        world.act(incident, "T2", "accept", record=both)
    assert refused.value.guard == "reserve_kept"
    world.act(incident, "T2", "accept", record={**both, "reserve_override_ref": "OPS 12"})


def test_operations_never_mix(world: IncidentWorld) -> None:
    incident = world.report("drill").events[0].stream
    with pytest.raises(NotFound):
        world.incidents.look("live", incident, actor("duty"))
    with pytest.raises(NotFound):
        world.incidents.act(
            "live", incident, actor("duty"), world.envelope(incident, "INC", "confirm")
        )
    assert world.picture.incidents("live") == []
    with pytest.raises(NotPermitted):
        world.report("live", "exercise")
    live = _live_request(world)
    with pytest.raises(GuardRefused):
        world.act(live, "T2", "accept", "commander", record={
            "tasking_order_no": "1", "platoons": ["drill-p1"], "eta": "2026-03-01T13:00:00Z",
        })  # fmt: skip


def _live_request(world: IncidentWorld) -> str:
    live = world.report("live").events[0].stream
    world.act(live, "INC", "confirm")
    world.act(live, "T2", "kp_request")
    world.act(live, "T2", "acknowledge")
    return live


def test_a_finished_operation_takes_nothing(world: IncidentWorld) -> None:
    with pytest.raises(NotPermitted, match="over"):
        world.report("past")


def test_readers_record_nothing(world: IncidentWorld) -> None:
    incident = world.report().events[0].stream
    for user in ("review", "admin"):
        with pytest.raises(NotPermitted):
            world.act(incident, "INC", "note", user, record={"text": "x"})


def test_notes_corrections_and_text_are_kept_clean(world: IncidentWorld) -> None:
    incident = world.report().events[0].stream
    note = {"text": "Mitrovice\u0308 \u202enoitcerid\x07 <img onerror=x>"}
    said = world.incidents.act(
        "drill", incident, actor("patrol"),
        world.envelope(incident, "INC", "note", record=note),
    ).events[0]  # fmt: skip
    assert said.record["text"] == "Mitrovicë noitcerid <img onerror=x>"
    report = world.incidents.history("drill", incident)[0]
    fixed = {**report.record, "title": "Crowd north of the bridge"}
    sent = world.envelope(incident, "INC", "report", record=fixed, corrects=report.event_id)
    state = world.incidents.act("drill", incident, actor("duty"), sent).state
    assert (state["title"], state["inc"]) == ("Crowd north of the bridge", "REPORTED")
    sent = world.envelope(incident, "INC", "report", record=fixed, corrects=str(uuid.uuid4()))
    with pytest.raises(InvalidField):
        world.incidents.act("drill", incident, actor("duty"), sent)


def test_kfor_on_its_own_mandate_is_kept_as_an_exception(world: IncidentWorld) -> None:
    incident = world.report().events[0].stream
    stored = world.act(incident, "T3", "own_mandate").events[0]
    assert stored.record["exception"] is True
    assert world.incidents.look("drill", incident, actor("duty"))["t3"] == "EN_ROUTE"


def test_every_event_of_an_incident_is_allowed_or_says_why(world: IncidentWorld) -> None:
    incident = _under_request(world)
    seen = world.incidents.look("drill", incident, actor("commander"))
    by_event = {(one["region"], one["event"]): one for one in seen["events"]}
    assert by_event["T2", "accept"]["allowed"]
    assert by_event["T2", "engage"]["guard"] == "role"
    as_duty = world.incidents.look("drill", incident, actor("duty"))
    by_event = {(one["region"], one["event"]): one for one in as_duty["events"]}
    assert by_event["T2", "engage"]["guard"] == "from_state"
    assert by_event["LINE", "relief_in_place_fpu"]["guard"] == "tier2_engaged"
    assert all(one["allowed"] or one["detail"] for one in seen["events"])


def test_the_stream_hears_of_every_change_in_order(world: IncidentWorld) -> None:
    incident = _under_request(world)
    world.act(incident, "T2", "accept")
    kinds = [change.kind for change in world.journal.since(0, 100)]
    assert kinds == ["incident"] * 5 + ["platoon"]
    assert all(len(change.payload) < 1024 for change in world.journal.since(0, 100))
    assert world.woken == 5


def test_a_relief_is_confirmed_by_giver_and_taker_and_not_in_the_future(
    world: IncidentWorld,
) -> None:
    incident = _under_request(world)
    for event in ("accept", "depart", "arrive", "engage"):
        world.act(incident, "T2", event)

    def confirmed(*organisations: str, at: str = "2026-03-01T12:00:00Z") -> list[dict[str, str]]:
        return [
            {"org": name, "function": "commander", "at": at, "channel": "radio"}
            for name in organisations
        ]

    for sides in (("KFOR", "OTHER"), ("KP", "KP"), ("FPU", "EULEX")):
        with pytest.raises(GuardRefused) as refused:
            world.act(incident, "LINE", "relief_in_place_fpu", confirmations=confirmed(*sides))
        assert refused.value.guard == "two_confirmations"
    late = confirmed("KP", "FPU", at="2026-03-01T14:00:00Z")
    with pytest.raises(GuardRefused, match="future"):
        world.act(incident, "LINE", "relief_in_place_fpu", confirmations=late)
    world.act(incident, "LINE", "relief_in_place_fpu", confirmations=confirmed("KP", "EULEX"))


def test_an_exercise_with_a_planned_end_is_open_until_then(world: IncidentWorld) -> None:
    planned = replace(OPERATIONS[1], closed_at=NOW + timedelta(hours=1))
    assert not planned.over(NOW)
    assert planned.over(NOW + timedelta(hours=1))
