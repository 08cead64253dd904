"""Reliefs, failed hand-backs, revocation, own mandate, reopening, late words: by the service."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from data.database import Database
from domain.errors import GuardRefused
from domain.events import Actor
from domain.time import to_rfc3339
from tests.services.incident_world import NOW, IncidentWorld, actor

TOLD = "2026-03-01T11:00:00Z"
FPU_SAYS = {"org": "FPU", "function": "platoon leader"}
WITHDRAWAL = {"ground": "x", "kp_told_at": TOLD}


@pytest.fixture
def world(database: Database) -> IncidentWorld:
    return IncidentWorld(database)


def _engaged(world: IncidentWorld) -> str:
    incident = world.report().events[0].stream
    world.act(incident, "INC", "confirm")
    for event in ("kp_request", "acknowledge", "accept", "depart", "arrive", "engage"):
        world.act(incident, "T2", event)
    return incident


def _kfor_engaged(world: IncidentWorld, incident: str) -> None:
    for event in ("request_by_kp", "acknowledge", "accept", "depart", "arrive", "engage"):
        world.act(incident, "T3", event)


def _state(world: IncidentWorld, incident: str) -> tuple[Any, ...]:
    seen = world.incidents.look("drill", incident, actor("duty"))
    return tuple(seen[name] for name in ("inc", "t2", "t3", "line"))


def _stopped(world: IncidentWorld, incident: str, region: str, event: str, **sent: Any) -> str:
    before = _state(world, incident)
    with pytest.raises(GuardRefused) as refused:
        world.act(incident, region, event, **sent)
    assert _state(world, incident) == before
    return refused.value.guard


def test_the_line_goes_from_hand_to_hand(world: IncidentWorld) -> None:
    incident = _engaged(world)
    _kfor_engaged(world, incident)
    skip = {"giver": "KFOR", "taker": "KP", "skip_ground": "calm"}
    for event, holder in (("relief_in_place_fpu", "FPU"), ("relief_in_place_kfor", "KFOR"),
                          ("relief_in_place_fpu", "FPU"), ("relief_in_place_kp", "KP"),
                          ("relief_in_place_kfor", "KFOR")):  # fmt: skip
        if event == "relief_in_place_kp":
            world.act(incident, "LINE", event, record=skip)
        else:
            world.act(incident, "LINE", event, asserted_by=FPU_SAYS)
        assert _state(world, incident) == ("KP_LEAD", "ENGAGED", "ENGAGED", holder)
    passing = {"record": {"giver": "KFOR", "taker": "KP"}}
    assert _stopped(world, incident, "LINE", "relief_in_place_kp", **passing) == "fpu_not_skipped"
    world.act(incident, "LINE", "relief_in_place_kp", record=skip)
    assert _state(world, incident)[3] == "KP"


def test_a_failed_hand_back_leads_back_to_where_the_line_is(world: IncidentWorld) -> None:
    incident = _engaged(world)
    world.act(incident, "T2", "begin_handback")
    world.act(incident, "T2", "handback_failed")
    assert _state(world, incident) == ("KP_LEAD", "ON_SCENE", "NONE", "KP")
    world.act(incident, "T2", "engage")
    world.act(incident, "LINE", "relief_in_place_fpu")
    world.act(incident, "T2", "begin_handback")
    assert _stopped(world, incident, "T2", "handback_confirmed") == "line_not_fpu"
    world.act(incident, "T2", "handback_failed")
    assert _state(world, incident) == ("KP_LEAD", "ENGAGED", "NONE", "FPU")


def test_a_failed_hand_over_leads_back_to_where_the_line_is(world: IncidentWorld) -> None:
    incident = _engaged(world)
    _kfor_engaged(world, incident)
    world.act(incident, "T3", "begin_handover")
    world.act(incident, "T3", "handover_failed")
    assert _state(world, incident) == ("KP_LEAD", "ENGAGED", "ON_SCENE", "KP")
    world.act(incident, "T3", "engage")
    world.act(incident, "LINE", "relief_in_place_kfor")
    world.act(incident, "T3", "begin_handover", record={"receiver": "FPU"})
    world.act(incident, "T3", "handover_failed")
    assert _state(world, incident) == ("KP_LEAD", "ENGAGED", "ENGAGED", "KFOR")
    assert _stopped(world, incident, "T3", "withdraw", record={"ground": "x"}) == "line_not_kfor"


def test_what_kosovo_police_has_revoked_is_only_handed_back_or_withdrawn(
    world: IncidentWorld,
) -> None:
    incident = _engaged(world)
    world.act(incident, "LINE", "relief_in_place_fpu")
    world.act(incident, "T2", "revoke_request")
    seen = world.incidents.look("drill", incident, actor("duty"))
    assert (seen["t2"], seen["revoked"], seen["line"]) == ("HANDING_BACK", True, "FPU")
    for event, guard in (("handback_failed", "not_revoked"), ("revoke_request", "not_revoked"),
                         ("engage", "from_state"), ("cancel", "from_state")):  # fmt: skip
        assert _stopped(world, incident, "T2", event) == guard
    assert _stopped(world, incident, "T2", "withdraw", record=WITHDRAWAL) == "line_not_fpu"
    world.act(incident, "LINE", "relief_in_place_kp")
    world.act(incident, "T2", "handback_confirmed")
    assert _state(world, incident) == ("KP_LEAD", "RELEASED", "NONE", "KP")
    seen = world.incidents.look("drill", incident, actor("duty"))
    assert (seen["revoked"], seen["purpose"]) == (False, None)


def test_kfor_on_its_own_mandate_is_no_request_and_keeps_its_ground(world: IncidentWorld) -> None:
    incident = world.report().events[0].stream
    stored = world.act(incident, "T3", "own_mandate").events[0]
    assert (stored.record["exception"], stored.record["ground"]) == (True, "SSE")
    assert _state(world, incident) == ("REPORTED", "NONE", "EN_ROUTE", "KP")
    assert _stopped(world, incident, "T3", "cancel") == "not_own_mandate"
    world.act(incident, "INC", "confirm")
    world.act(incident, "INC", "stabilise")
    world.act(incident, "T3", "arrive")
    engaged = world.act(incident, "T3", "engage").events
    assert [one.event for one in engaged] == ["engage", "deteriorate"]
    assert _state(world, incident) == ("KP_LEAD", "NONE", "ENGAGED", "KP")


def test_after_reopening_an_old_request_authorises_nothing(world: IncidentWorld) -> None:
    incident = _engaged(world)
    world.act(incident, "T2", "begin_handback")
    world.act(incident, "T2", "handback_confirmed")
    over = {"engagement": incident, "reason_text": "over"}
    world.act_on_platoon("drill-p1", "release", "commander", record=over)
    world.act(incident, "INC", "stabilise")
    world.act(incident, "INC", "close", "commander")
    assert _state(world, incident) == ("CLOSED", "RELEASED", "NONE", "KP")
    world.act(incident, "INC", "reopen", "commander")
    assert _state(world, incident) == ("KP_LEAD", "RELEASED", "NONE", "KP")
    for event in ("acknowledge", "accept", "depart", "arrive", "engage"):
        assert _stopped(world, incident, "T2", event) == "explicit_kp_request"
    asked = world.envelope(incident, "T3", "request_by_kp")["record"]
    guard = _stopped(world, incident, "T3", "request_by_kp", record=asked)
    assert guard == "second_responder_asked"
    world.act(incident, "T2", "kp_request")
    assert _state(world, incident)[1] == "REQUESTED"


def test_what_is_typed_late_is_marked_and_keeps_both_times(world: IncidentWorld) -> None:
    incident = world.report().events[0].stream
    world.act(incident, "INC", "confirm")
    world.act(incident, "T2", "kp_request")
    world.now += timedelta(minutes=30)
    early = to_rfc3339(NOW - timedelta(minutes=1))
    late = {"occurred_at": early, "late_entry": True}
    assert _stopped(world, incident, "T2", "acknowledge", **late) == "in_order"
    at = NOW + timedelta(minutes=2)
    stored = world.act(incident, "T2", "acknowledge", occurred_at=to_rfc3339(at)).events[0]
    assert (stored.late_entry, stored.occurred_at) == (True, at)
    assert stored.recorded_at == world.now
    assert _state(world, incident)[1] == "ACKNOWLEDGED"


def test_who_entered_the_request_does_not_accept_it(world: IncidentWorld) -> None:
    incident = world.report().events[0].stream
    world.act(incident, "INC", "confirm")
    world.act(incident, "T2", "kp_request")
    world.act(incident, "T2", "acknowledge")
    sent = world.envelope(incident, "T2", "accept")
    with pytest.raises(GuardRefused) as refused:
        world.incidents.act("drill", incident, Actor("duty", "FPU_CMD", "another"), sent)
    assert refused.value.guard == "four_eyes"
    assert _state(world, incident)[1] == "ACKNOWLEDGED"
    world.act(incident, "T2", "accept", "commander")
    assert _state(world, incident)[1] == "ACCEPTED"


@pytest.mark.parametrize("kind", ["observe", "first_aid", "self_defence", "out_of_model"])
def test_acts_of_a_patrol_move_no_tier_in_the_middle_of_an_engagement(
    world: IncidentWorld, kind: str
) -> None:
    incident = _engaged(world)
    before = _state(world, incident)
    record = {"kind": kind, "ground_text": "forced to act", "source": "patrol"}
    world.act(incident, "INC", "observation", "patrol", record=record)
    assert _state(world, incident) == before
