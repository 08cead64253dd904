"""Ways round the promise that were found by trying: each is refused, and says by which rule."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

import pytest

from data.database import Database
from domain.errors import GuardRefused, InvalidField, NotPermitted, VersionConflict
from domain.events import Actor, Event
from domain.time import to_rfc3339
from services.incident_writing import Outcome
from tests.services.incident_world import NOW, IncidentWorld, actor

KP = {"org": "KP", "function": "operations", "service_no": "KP 9"}


class Scene:
    """One incident that Kosovo Police leads, walked minute by minute."""

    def __init__(self, database: Database) -> None:
        self.world = IncidentWorld(database)
        self.incident = self.world.report().events[0].stream
        self.act("INC", "confirm")

    def act(self, region: str, event: str, user: str | None = None, **sent: Any) -> Outcome:
        self.world.now += timedelta(minutes=1)
        return self.world.act(self.incident, region, event, user, **sent)

    def ask(self, **request: Any) -> Event:
        """Kosovo Police ask."""
        record = self.world.envelope(self.incident, "T2", "kp_request")["record"]
        record["request"] |= {"received_at": self.at(minutes=1), **request}
        return self.act("T2", "kp_request", record=record).events[0]

    def go(self, *events: str) -> None:
        for event in events:
            self.act("T2", event)

    def engaged(self, **request: Any) -> Event:
        """Asked and engaged with one platoon; gives the request."""
        asked = self.ask(**request)
        self.go("acknowledge", "accept", "depart", "arrive", "engage")
        return asked

    def accept(self, *platoons: str, **more: Any) -> Outcome:
        record = self.world.envelope(self.incident, "T2", "accept")["record"]
        names = [f"drill-{name}" for name in platoons]
        override = {"reserve_override_ref": "OPS 1"}
        return self.act("T2", "accept", record={**record, "platoons": names, **override, **more})

    def at(self, **later: float) -> str:
        return to_rfc3339(self.world.now + timedelta(**later))

    def seen(self, user: str = "duty") -> dict[str, Any]:
        return self.world.incidents.look("drill", self.incident, actor(user))

    def correct(
        self, event: Event, user: str, changed: dict[str, Any] | None = None, **sent: Any
    ) -> Outcome:
        """Correct an event: its own record and time, but for what is changed."""
        body = event.body
        kept = {name: body[name] for name in ("confirmations", "position") if name in body}
        envelope = {
            "record": {**event.record, **(changed or {})},
            "occurred_at": to_rfc3339(event.occurred_at),
            "asserted_by": body["asserted_by"],
            **kept,
            **sent,
        }
        where = event.region, event.event
        return self.world.act(self.incident, *where, user, corrects=event.event_id, **envelope)

    def dispute(self, event: Event, user: str = "commander", **sent: Any) -> Outcome:
        """Kosovo Police say that it was not so."""
        envelope = {
            "record": {},
            "dispute": {"breaks": "Kosovo Police did not ask for this"},
            "asserted_by": KP,
            "channel": "phone",
            "channel_ref": "call 7",
            **sent,
        }
        where = event.region, event.event
        return self.world.act(self.incident, *where, user, corrects=event.event_id, **envelope)

    def platoon(self, name: str, event: str, user: str, **record: Any) -> Outcome:
        self.world.now += timedelta(minutes=1)
        if event in ("reserve", "unreserve", "release"):
            record = {"engagement": self.incident, **record}
        if event in ("unreserve", "release"):
            record = {"reason_text": "x", **record}
        return self.world.act_on_platoon(f"drill-{name}", event, user, record=record)

    def event(self, region: str, name: str) -> Event:
        history = self.world.incidents.history("drill", self.incident)
        return [
            one
            for one in history
            if (one.region, one.event) == (region, name) and one.corrects is None
        ][-1]

    def again(self, event: str, user: str = "commander", **sent: Any) -> Outcome:
        """Kosovo Police say it anew: change_purpose or reconfirm."""
        record = self.world.envelope(self.incident, "T2", event)["record"]
        record["request"] |= {"received_at": self.at(minutes=1), **sent.pop("request", {})}
        return self.act("T2", event, user, record=record | sent.pop("record", {}), **sent)


@pytest.fixture
def scene(database: Database) -> Scene:
    return Scene(database)


def stopped(work: Any) -> str:
    """The guard by which the work is refused."""
    with pytest.raises(GuardRefused) as refused:
        work()
    return refused.value.guard


SEEN = {"kind": "observe", "ground_text": "calm", "source": "patrol"}
BESIDE = {"second_person": {"user": "ops", "password": "ops"}}


# --- the second person ----------------------------------------------------------------------------


def test_a_second_person_is_a_second_sign_in(scene: Scene) -> None:
    scene.engaged()
    for user in ("duty", "ops", "commander"):
        with pytest.raises(InvalidField) as typed:
            scene.again("change_purpose", second_user=user)
        assert typed.value.field == "second_user"
    assert stopped(lambda: scene.again("change_purpose")) == "second_person"
    for user, password in (("ops", "wrong"), ("nobody", "x"), ("commander", "commander"),
                           ("platoon", "platoon")):  # fmt: skip
        given = {"second_person": {"user": user, "password": password}}
        assert stopped(lambda given=given: scene.again("change_purpose", **given)) == (
            "second_person"
        )
    changed = scene.again("change_purpose", **BESIDE)
    assert changed.state["t2"] == "ON_SCENE"
    body = changed.events[0].body
    assert body["second_person"]["user"] == "ops"
    assert '"password":' not in changed.events[0].body_text


def test_who_made_an_account_is_not_confirmed_by_it(scene: Scene) -> None:
    scene.world.people.made = {"commander": frozenset({"ops"}), "duty": frozenset({"commander"})}
    scene.ask()
    scene.go("acknowledge")
    assert stopped(lambda: scene.accept("p1")) == "four_eyes"
    scene.world.people.made = {"ops": frozenset({"commander"})}
    scene.accept("p1")
    scene.go("depart", "arrive")
    assert stopped(lambda: scene.again("change_purpose", **BESIDE)) == "second_person"
    scene.world.people.made = {}
    scene.again("change_purpose", **BESIDE)


def test_an_account_made_through_another_is_no_second_person_either(scene: Scene) -> None:
    scene.engaged()
    scene.world.people.made = {"commander": frozenset({"admin"}), "admin": frozenset({"ops"})}
    assert stopped(lambda: scene.again("change_purpose", **BESIDE)) == "second_person"
    scene.world.people.made = {"admin": frozenset({"ops", "commander"})}
    scene.again("change_purpose", **BESIDE)


def test_who_corrected_the_request_does_not_accept_it(scene: Scene) -> None:
    asked = scene.ask()
    scene.go("acknowledge")
    request = {**asked.record["request"], "officer_unit": "south"}
    roles = scene.world.people.roles
    roles["second"] = "FPU_DUTY"
    where = asked.region, asked.event
    sent = scene.world.envelope(
        scene.incident, *where, record={"request": request}, corrects=asked.event_id,
        occurred_at=to_rfc3339(asked.occurred_at),
    )  # fmt: skip
    scene.world.incidents.act("drill", scene.incident, Actor("second", "FPU_DUTY"), sent)
    accept = scene.world.envelope(scene.incident, "T2", "accept")
    with pytest.raises(GuardRefused) as refused:
        scene.world.incidents.act("drill", scene.incident, Actor("second", "FPU_CMD"), accept)
    assert refused.value.guard == "four_eyes"
    scene.accept("p1")


# --- corrections ----------------------------------------------------------------------------------


def test_a_correction_is_judged_by_the_rules_of_its_event(scene: Scene) -> None:
    scene.engaged()
    engaged = scene.event("T2", "engage")
    for days in (9, -9):
        agreement = {"function": "x", "at": scene.at(days=days)}
        changed = {"kp_agreement": agreement}
        guard = stopped(lambda changed=changed: scene.correct(engaged, "platoon", changed))
        assert guard == ("not_in_the_future" if days > 0 else "kp_agreed")
    relief = scene.act("LINE", "relief_in_place_fpu").events[0]
    assert stopped(lambda: scene.correct(relief, "duty", confirmations=[])) == "two_confirmations"
    scene.act("LINE", "relief_in_place_kp")
    told = {"ground": "x", "kp_told_at": scene.at(minutes=1)}
    left = scene.act("T2", "withdraw", record=told).events[0]
    next_year = {"kp_told_at": scene.at(days=365)}
    assert stopped(lambda: scene.correct(left, "commander", next_year)) == "not_in_the_future"
    assert scene.correct(left, "commander", {"ground": "y"}).created


def test_a_duplicate_of_nothing_is_refused_in_a_correction_too(scene: Scene) -> None:
    other = scene.world.report().events[0].stream
    gone = scene.world.act(other, "INC", "discard").events[0]
    for named in ("drill-0099", other):
        with pytest.raises(GuardRefused) as refused:
            scene.world.act(
                other, "INC", "discard", corrects=gone.event_id,
                occurred_at=to_rfc3339(gone.occurred_at),
                record={"reason": "duplicate", "duplicate_of": named},
            )  # fmt: skip
        assert refused.value.guard == "duplicate_named"


def test_a_corrected_time_has_a_floor_too(scene: Scene) -> None:
    report = scene.world.incidents.history("drill", scene.incident)[0]
    long_ago = {"occurred_at": to_rfc3339(NOW - timedelta(days=36 * 365))}
    assert stopped(lambda: scene.correct(report, "duty", **long_ago)) == "too_old"
    scene.world.now += timedelta(days=20)
    earlier = {"occurred_at": to_rfc3339(NOW - timedelta(days=2))}
    scene.correct(report, "duty", **earlier)
    assert scene.world.picture.incidents("drill")[0]["occurred_at"] == earlier["occurred_at"]


def test_a_corrected_time_moves_past_no_platoon(scene: Scene) -> None:
    scene.ask(platoons_asked=2)
    scene.go("acknowledge")
    accepted = scene.accept("p1").events[0]
    scene.platoon("p2", "reserve", "commander", reserve_override_ref="OPS 1")
    scene.world.now += timedelta(minutes=10)
    late = {"occurred_at": to_rfc3339(accepted.occurred_at + timedelta(minutes=5))}
    assert stopped(lambda: scene.correct(accepted, "commander", **late)) == (
        "before_what_it_rests_on"
    )
    scene.platoon("p2", "unreserve", "duty")
    scene.go("depart")
    cancelled = scene.act("T2", "cancel").events[0]
    scene.platoon("p1", "release", "commander")
    scene.world.now += timedelta(minutes=10)
    late = {"occurred_at": to_rfc3339(cancelled.occurred_at + timedelta(minutes=5))}
    assert stopped(lambda: scene.correct(cancelled, "duty", **late)) == "before_what_it_rests_on"


def test_who_accepted_a_platoon_by_reserving_it_does_not_correct_the_request(scene: Scene) -> None:
    asked = scene.ask(platoons_asked=2)
    scene.go("acknowledge")
    scene.accept("p1")
    world = scene.world
    sent = world.envelope("", "RES", "reserve", expected_version=0)
    sent["record"] = {"engagement": scene.incident, "reserve_override_ref": "OPS 1"}
    second = Actor("second", "FPU_CMD")
    world.incidents.act_on_platoon("drill", "drill-p2", second, sent)
    request = {**asked.record["request"], "officer_unit": "south"}
    corrected = world.envelope(
        scene.incident, "T2", "kp_request", record={"request": request}, corrects=asked.event_id,
        occurred_at=to_rfc3339(asked.occurred_at),
    )  # fmt: skip
    with pytest.raises(GuardRefused) as refused:
        world.incidents.act("drill", scene.incident, Actor("second", "FPU_DUTY"), corrected)
    assert refused.value.guard == "four_eyes"


def test_an_acceptance_keeps_the_approval_that_it_needed(scene: Scene) -> None:
    scene.ask(purpose="escort_support")
    scene.go("acknowledge")
    accepted = scene.accept("p1", operations_approval_ref="OPS 2").events[0]
    record = {k: v for k, v in accepted.record.items() if k != "operations_approval_ref"}
    sent = {"record": record}
    assert stopped(lambda: scene.correct(accepted, "commander", **sent)) == "operations_approval"


def test_a_correction_takes_authority_away_and_never_gives_it(scene: Scene) -> None:
    asked = scene.ask(purpose="escort_support", platoons_asked=1)
    for more in ({"purpose": "civil_disturbance"}, {"platoons_asked": 2}):
        changed = {"request": {**asked.record["request"], **more}}
        assert stopped(lambda changed=changed: scene.correct(asked, "duty", changed)) == (
            "only_kp_anew"
        )
    scene.act("T2", "cancel")
    asked = scene.ask(platoons_asked=2)
    scene.go("acknowledge")
    fewer = {"request": {**asked.record["request"], "platoons_asked": 1}}
    scene.correct(asked, "duty", fewer)
    assert stopped(lambda: scene.accept("p1", "p2")) == "asked_not_exceeded"
    scene.accept("p1")
    escort = {"request": {**fewer["request"], "purpose": "escort_support"}}
    assert stopped(lambda: scene.correct(asked, "duty", escort)) == "operations_approval"


def test_a_purpose_that_the_engagement_stands_on_is_not_corrected_away(scene: Scene) -> None:
    asked = scene.ask()
    scene.go("acknowledge")
    scene.accept("p1", operations_approval_ref="OPS 2")
    escort = {"request": {**asked.record["request"], "purpose": "escort_support"}}
    scene.go("depart", "arrive", "engage")
    assert stopped(lambda: scene.correct(asked, "duty", escort)) == "purpose_civil_disturbance"


def test_a_corrected_time_moves_order_clocks_and_durations(scene: Scene) -> None:
    asked = scene.ask()
    scene.go("acknowledge", "accept", "depart")
    left = scene.event("T2", "depart")
    moved = left.occurred_at + timedelta(seconds=30)
    scene.correct(left, "platoon", occurred_at=to_rfc3339(moved))
    seen = scene.seen()
    assert seen["since"]["T2"] == to_rfc3339(moved)
    arrival = next(one for one in seen["timers"] if one["name"] == "arrive")
    assert arrival["since"] == to_rfc3339(moved)
    assert scene.world.picture.incidents("drill")[0]["timers"] == [
        {key: part for key, part in one.items() if key != "overdue"} for one in seen["timers"]
    ]
    assert scene.world.picture.incidents("drill")[0]["since"]["T2"] == to_rfc3339(moved)
    bound = scene.world.incidents.platoon_states("drill")["drill-p1"]
    assert bound.since_us == int(moved.timestamp() * 1_000_000)
    early = left.occurred_at - timedelta(minutes=90)
    assert stopped(
        lambda: scene.correct(left, "platoon", occurred_at=to_rfc3339(early))
    ) == "in_order"  # fmt: skip
    late = asked.occurred_at + timedelta(minutes=2)
    assert stopped(
        lambda: scene.correct(asked, "duty", occurred_at=to_rfc3339(late))
    ) == "in_order"  # fmt: skip
    with pytest.raises(GuardRefused) as future:
        scene.correct(left, "platoon", occurred_at=scene.at(days=1))
    assert future.value.guard == "not_in_the_future"


# --- disputes -------------------------------------------------------------------------------------


def test_a_dispute_stops_what_rests_on_it_and_moves_nothing_back(scene: Scene) -> None:
    asked = scene.engaged()
    before = scene.seen()
    scene.world.now += timedelta(minutes=1)
    scene.dispute(asked)
    seen = scene.seen("commander")
    assert [seen[name] for name in ("inc", "t2", "t3", "line")] == [
        before[name] for name in ("inc", "t2", "t3", "line")
    ]
    assert seen["disputed"]
    (said,) = seen["disputed_events"]
    assert (said["said_by"]["org"], said["stops"], said["event_id"]) == ("KP", True, asked.event_id)
    assert scene.world.picture.incidents("drill")[0]["disputed"]
    (alert,) = scene.world.picture.alerts("drill", only_open=True)
    assert (alert.kind, alert.details["incident"]) == ("dispute", scene.incident)
    assert stopped(lambda: scene.act("LINE", "relief_in_place_fpu")) == "authority_live"
    assert stopped(
        lambda: scene.platoon("p2", "reserve", "commander", reserve_override_ref="OPS 1")
    ) == "authority_live"  # fmt: skip
    assert "stays" in [one["field"] for one in scene.seen()["debts"]]
    stays = {"ground": "withdrawal_dangerous", "ground_text": "stones from two sides"}
    with pytest.raises(NotPermitted):
        scene.act("INC", "stays", "duty", record=stays)
    scene.act("INC", "stays", "commander", record=stays)
    assert "stays" not in [one["field"] for one in scene.seen()["debts"]]
    scene.act("T2", "disengage")
    assert stopped(lambda: scene.act("T2", "engage")) == "authority_live"
    scene.act("T2", "begin_handback")
    scene.act("T2", "handback_confirmed")


def test_no_failed_hand_back_leads_into_a_disputed_engagement(scene: Scene) -> None:
    asked = scene.engaged()
    scene.act("LINE", "relief_in_place_fpu")
    scene.dispute(asked, "ops")
    scene.act("T2", "begin_handback")
    assert stopped(lambda: scene.act("T2", "handback_failed")) == "authority_live"
    scene.act("LINE", "relief_in_place_kp")
    scene.act("T2", "handback_failed")
    assert scene.seen()["t2"] == "ON_SCENE"


def test_only_kosovo_police_anew_lifts_a_dispute(scene: Scene) -> None:
    asked = scene.engaged()
    assert stopped(lambda: scene.again("reconfirm", **BESIDE)) == "authority_disputed"
    scene.dispute(asked)
    scene.correct(asked, "duty", {"request": {**asked.record["request"], "officer_unit": "w"}})
    assert scene.seen()["disputed"]
    scene.act("T2", "disengage")
    assert stopped(lambda: scene.again("reconfirm")) == "second_person"
    escort = {"purpose": "escort_support"}
    assert stopped(lambda: scene.again("reconfirm", request=escort, **BESIDE)) == "purpose_kept"
    again = scene.again("reconfirm", **BESIDE)
    assert (again.state["t2"], again.state["disputed"]) == ("ON_SCENE", False)
    anew = again.events[0]
    to_escort = {"request": {**anew.record["request"], "purpose": "escort_support"}}
    approved = {**to_escort, "operations_approval_ref": "OPS 4"}
    assert stopped(lambda: scene.correct(anew, "commander", approved)) == "purpose_kept"
    assert scene.seen()["disputes"] == 1
    scene.act("T2", "engage")


@pytest.mark.parametrize("name", ["kp_request", "acknowledge", "accept"])
def test_each_thing_that_authority_rests_on_may_be_disputed(scene: Scene, name: str) -> None:
    scene.ask()
    scene.go("acknowledge", "accept")
    scene.dispute(scene.event("T2", name))
    assert stopped(lambda: scene.act("T2", "depart")) == "authority_live"


def test_a_dispute_of_something_else_is_shown_and_stops_nothing(scene: Scene) -> None:
    scene.ask()
    scene.dispute(scene.event("INC", "confirm"))
    seen = scene.seen()
    assert (seen["disputed"], seen["disputes"]) == (False, 1)
    scene.go("acknowledge", "accept")


@pytest.mark.parametrize("event", ["change_purpose", "reconfirm"])
def test_an_older_word_of_kosovo_police_lifts_no_newer_dispute(scene: Scene, event: str) -> None:
    asked = scene.engaged()
    scene.world.now += timedelta(minutes=30)
    scene.dispute(asked)
    before = to_rfc3339(scene.world.now - timedelta(minutes=10))
    assert stopped(lambda: scene.again(event, occurred_at=before, **BESIDE)) == (
        "before_what_it_rests_on"
    )
    assert not scene.again(event, **BESIDE).state["disputed"]


def test_a_disputed_platoon_carries_no_engagement_and_is_not_taken_back_by_the_desk(
    scene: Scene,
) -> None:
    scene.ask(platoons_asked=2)
    scene.go("acknowledge")
    scene.accept("p1", "p2")
    world, said = scene.world, {"breaks": "it was never accepted"}

    def disputed(name: str) -> None:
        with world.store.view() as connection:
            reserved = world.store.stream(connection, "drill", f"platoon:drill-{name}")[0]
        world.act_on_platoon(
            f"drill-{name}", "reserve", "commander", corrects=reserved.event_id, dispute=said,
            record={},
        )  # fmt: skip

    disputed("p2")
    assert stopped(lambda: scene.platoon("p2", "bind", "duty", tasking_order_no="1")) == (
        "platoon_undisputed"
    )
    scene.platoon("p2", "unreserve", "duty")
    override = {"reserve_override_ref": "OPS 1"}
    assert stopped(lambda: scene.platoon("p2", "reserve", "duty", **override)) == (
        "named_by_acceptance"
    )
    scene.go("depart", "arrive")
    disputed("p1")
    assert stopped(lambda: scene.act("T2", "engage")) == "platoon_here"
    scene.platoon("p2", "reserve", "commander", **override)
    scene.platoon("p2", "bind", "duty", tasking_order_no="1")
    scene.act("T2", "engage")


def test_a_platoon_stays_disputed_for_its_engagement_whatever_it_serves_between(
    scene: Scene,
) -> None:
    scene.ask(platoons_asked=2)
    scene.go("acknowledge")
    scene.accept("p1", "p2")
    world = scene.world
    with world.store.view() as connection:
        reserved = world.store.stream(connection, "drill", "platoon:drill-p2")[0]
    world.act_on_platoon(
        "drill-p2", "reserve", "ops", corrects=reserved.event_id, record={},
        dispute={"breaks": "not this one"},
    )  # fmt: skip
    scene.platoon("p2", "unreserve", "duty")
    other = world.report().events[0].stream
    for region, event in (("INC", "confirm"), ("T2", "kp_request"), ("T2", "acknowledge")):
        world.act(other, region, event)
    record = world.envelope(other, "T2", "accept")["record"] | {"reserve_override_ref": "OPS 1"}
    world.act(other, "T2", "accept", record={**record, "platoons": ["drill-p2"]})
    world.act_on_platoon(
        "drill-p2", "unreserve", "duty", record={"engagement": other, "reason_text": "x"}
    )
    override = {"reserve_override_ref": "OPS 1"}
    assert stopped(lambda: scene.platoon("p2", "reserve", "duty", **override)) == (
        "named_by_acceptance"
    )


def test_who_may_dispute_and_how(scene: Scene) -> None:
    asked = scene.ask()
    for user in ("patrol", "platoon", "review"):
        with pytest.raises(NotPermitted):
            scene.dispute(asked, user)
    with pytest.raises(InvalidField) as unheard:
        scene.dispute(asked, channel_ref=None)
    assert unheard.value.field in ("channel_ref", "body")
    assert stopped(lambda: scene.dispute(asked, occurred_at=scene.at(days=1))) == (
        "not_in_the_future"
    )
    sent = scene.world.envelope(scene.incident, "T2", "acknowledge", dispute={"breaks": "x"})
    with pytest.raises(InvalidField) as alone:
        scene.world.incidents.act("drill", scene.incident, actor("duty"), sent)
    assert alone.value.field == "dispute"


# --- platoons and engagements ---------------------------------------------------------------------


def test_a_platoon_serves_the_engagement_that_it_was_accepted_for(scene: Scene) -> None:
    scene.engaged()
    scene.go("revoke_request", "handback_confirmed")
    scene.ask()
    scene.go("acknowledge")
    scene.accept("p2")
    record = {"platoons": ["drill-p1"], "eta": scene.at(minutes=9)}
    assert stopped(lambda: scene.act("T2", "depart", record=record)) == "platoons_reserved"
    scene.act("T2", "depart", record={**record, "platoons": ["drill-p2"]})
    scene.go("arrive", "engage")
    assert stopped(lambda: scene.platoon("p2", "release", "commander")) == "engagement_keeps_one"
    scene.platoon("p1", "release", "commander")
    assert scene.world.incidents.platoon_states("drill")["drill-p1"].state == "RETURNING"


def test_the_desk_reserves_what_was_accepted_and_the_commander_accepts_more(scene: Scene) -> None:
    scene.ask(platoons_asked=2)
    scene.go("acknowledge")
    scene.accept("p1")
    override = {"reserve_override_ref": "OPS 1"}
    assert stopped(lambda: scene.platoon("p2", "reserve", "duty", **override)) == (
        "named_by_acceptance"
    )
    scene.platoon("p2", "reserve", "commander", **override)
    scene.platoon("p2", "unreserve", "duty")
    scene.platoon("p2", "reserve", "duty", **override)
    scene.platoon("p1", "unreserve", "duty")
    scene.platoon("p1", "reserve", "duty", **override)


def test_what_is_accepted_never_exceeds_what_was_asked(scene: Scene) -> None:
    scene.ask(platoons_asked=1)
    scene.go("acknowledge")
    assert stopped(lambda: scene.accept("p1", "p2")) == "asked_not_exceeded"
    scene.accept("p1")
    override = {"reserve_override_ref": "OPS 1"}
    assert stopped(lambda: scene.platoon("p2", "reserve", "commander", **override)) == (
        "asked_not_exceeded"
    )


def test_a_platoon_that_the_desk_has_bound_leaves_with_the_others(scene: Scene) -> None:
    scene.ask(platoons_asked=2)
    scene.go("acknowledge")
    scene.accept("p1", "p2")
    scene.platoon("p1", "bind", "duty", tasking_order_no="1")
    record = {"platoons": ["drill-p1", "drill-p2"], "eta": scene.at(minutes=9)}
    left = scene.act("T2", "depart", record=record)
    assert [one.event for one in left.events] == ["depart", "bind"]
    states = scene.world.incidents.platoon_states("drill")
    assert {one.state for one in states.values()} == {"BOUND"}


def test_a_platoon_that_stayed_is_redeployed_to_the_new_engagement(scene: Scene) -> None:
    scene.engaged()
    scene.go("revoke_request", "handback_confirmed")
    scene.ask(platoons_asked=2)
    scene.go("acknowledge")
    scene.accept("p2")
    there = {"from_incident": scene.incident, "to_incident": scene.incident}
    more = {"reason_text": "it stands there", "kp_told_at": scene.at(minutes=1)}
    scene.platoon("p1", "redeploy", "commander", **there, **more)
    assert stopped(
        lambda: scene.platoon("p1", "redeploy", "commander", **there, **more)
    ) == "loser_keeps_one"  # fmt: skip


# --- times ----------------------------------------------------------------------------------------


def test_nothing_is_before_what_it_rests_on_across_lanes(scene: Scene) -> None:
    scene.engaged()
    engaged = scene.event("T2", "engage").occurred_at
    early = {"occurred_at": to_rfc3339(engaged - timedelta(seconds=1)), "late_entry": True}
    assert stopped(lambda: scene.act("LINE", "relief_in_place_fpu", **early)) == (
        "before_what_it_rests_on"
    )
    asked = scene.world.envelope(scene.incident, "T3", "request_by_kp")["record"]
    old = {"occurred_at": to_rfc3339(NOW - timedelta(days=2))}
    assert stopped(
        lambda: scene.act("T3", "request_by_kp", record=asked, **old)
    ) == "before_what_it_rests_on"  # fmt: skip
    scene.act("LINE", "relief_in_place_fpu")
    line = scene.event("LINE", "relief_in_place_fpu").occurred_at
    scene.act("LINE", "relief_in_place_kp")
    before = {"occurred_at": to_rfc3339(line)}
    assert stopped(lambda: scene.act("T2", "disengage", **before)) == "before_what_it_rests_on"


def test_a_platoon_is_not_in_two_places_at_one_time(scene: Scene) -> None:
    scene.engaged()
    scene.go("begin_handback", "handback_confirmed")
    scene.platoon("p1", "release", "commander")
    home = {"headcount": 30, "equipment_ok": True}
    scene.platoon("p1", "returned", "platoon", **home)
    back = scene.world.now
    other = scene.world.report(occurred_at=to_rfc3339(NOW)).events[0].stream
    for region, event in (("INC", "confirm"), ("T2", "kp_request"), ("T2", "acknowledge")):
        record = scene.world.envelope(other, region, event)["record"]
        if "request" in record:
            record["request"]["received_at"] = to_rfc3339(NOW + timedelta(minutes=1))
        then = to_rfc3339(NOW + timedelta(minutes=1))
        scene.world.act(other, region, event, occurred_at=then, record=record)
    early = to_rfc3339(back - timedelta(minutes=1))
    assert stopped(
        lambda: scene.world.act(other, "T2", "accept", occurred_at=early)
    ) == "in_order"  # fmt: skip
    scene.world.act(other, "T2", "accept", occurred_at=to_rfc3339(back))


@pytest.mark.parametrize("days", [8, 400, 36 * 365])
def test_an_incident_of_long_ago_belongs_into_a_history(scene: Scene, days: int) -> None:
    then = to_rfc3339(NOW - timedelta(days=days))
    assert stopped(lambda: scene.world.report(occurred_at=then)) == "too_old"
    assert stopped(
        lambda: scene.act("INC", "note", "patrol", occurred_at=then, record={"text": "x"})
    ) == "too_old"  # fmt: skip


def test_agreement_and_confirmations_have_an_age(scene: Scene) -> None:
    scene.ask()
    scene.go("acknowledge", "accept", "depart", "arrive")
    scene.world.now += timedelta(hours=3)
    record = scene.world.envelope(scene.incident, "T2", "engage")["record"]
    for minutes in (-7 * 24 * 60, -61, 9 * 24 * 60):
        agreed = {**record, "kp_agreement": {"function": "x", "at": scene.at(minutes=minutes)}}
        assert stopped(lambda agreed=agreed: scene.act("T2", "engage", record=agreed)) == (
            "kp_agreed"
        )
    scene.act("T2", "engage")
    old = [
        {"org": org, "function": "x", "at": scene.at(days=-3), "channel": "radio"}
        for org in ("KP", "FPU")
    ]
    assert stopped(
        lambda: scene.act("LINE", "relief_in_place_fpu", confirmations=old)
    ) == "two_confirmations"  # fmt: skip


def test_late_is_marked_by_the_server(scene: Scene) -> None:
    scene.ask()
    asked = scene.world.now
    scene.world.now += timedelta(hours=1)
    late = scene.act("T2", "acknowledge", occurred_at=to_rfc3339(asked)).events[0]
    assert late.late_entry
    assert not scene.act("T2", "accept").events[0].late_entry


# --- command ids ----------------------------------------------------------------------------------


def test_a_command_id_belongs_to_one_command(scene: Scene) -> None:
    sent = scene.world.envelope(scene.incident, "T2", "kp_request")
    incidents, duty = scene.world.incidents, actor("duty")
    first = incidents.act("drill", scene.incident, duty, sent)
    assert not incidents.act("drill", scene.incident, duty, sent).created
    later = {**sent, "expected_version": 99}
    assert incidents.act("drill", scene.incident, duty, later).events == first.events
    other = scene.world.report().events[0].stream
    changed = {**sent, "channel_ref": "another"}
    who = Actor("second", "FPU_DUTY", "s")
    for incident, user, body in (
        (scene.incident, duty, changed), (scene.incident, who, sent), (other, duty, sent),
    ):  # fmt: skip
        with pytest.raises(VersionConflict) as refused:
            incidents.act("drill", incident, user, body)
        assert refused.value.extra["field"] == "command_id"
    with pytest.raises(VersionConflict):
        scene.world.report(command_id=sent["command_id"])
    with pytest.raises(VersionConflict):
        scene.world.report("live", command_id=sent["command_id"])
    line = {"command_id": sent["command_id"], "occurred_at": scene.at(), "record": {"text": "x"}}
    with pytest.raises(VersionConflict):
        scene.world.occurrences.enter("drill", duty, line)
    reserve = scene.world.envelope("", "RES", "reserve", command_id=sent["command_id"])
    with pytest.raises(VersionConflict):
        incidents.act_on_platoon("drill", "drill-p1", actor("commander"), reserve)


def test_a_repeated_command_with_a_second_person_is_the_same(scene: Scene) -> None:
    scene.engaged()
    scene.world.now += timedelta(minutes=1)
    sent = scene.world.envelope(scene.incident, "T2", "change_purpose", **BESIDE)
    commander = actor("commander")
    assert scene.world.incidents.act("drill", scene.incident, commander, sent).created
    assert not scene.world.incidents.act("drill", scene.incident, commander, sent).created


# --- rows and guards ------------------------------------------------------------------------------


def test_only_kosovo_police_says_that_it_is_stable(scene: Scene) -> None:
    said = {"asserted_by": {"org": "FPU", "function": "duty"}}
    assert stopped(lambda: scene.act("INC", "stabilise", **said)) == "asserted_by"
    scene.act("INC", "stabilise")


def test_a_change_of_purpose_needs_the_approval_of_an_acceptance(scene: Scene) -> None:
    scene.engaged()
    other = {"purpose": "other", "purpose_text": "search"}
    assert stopped(lambda: scene.again("change_purpose", request=other, **BESIDE)) == (
        "operations_approval"
    )
    approved = {"operations_approval_ref": "OPS 9"}
    scene.again("change_purpose", request=other, record=approved, **BESIDE)


def test_a_platoon_leaves_the_exercise_that_it_is_in(scene: Scene) -> None:
    world = scene.world
    world.act_on_platoon("live-p1", "join_exercise", "commander", record={"operation": "drill"})
    for named in ("past", "none", "live"):
        record = {"operation": named}
        assert stopped(
            lambda record=record: world.act_on_platoon(
                "live-p1", "leave_exercise", "commander", record=record
            )
        ) == "exercise_joined"  # fmt: skip
    world.act_on_platoon("live-p1", "leave_exercise", "commander", record={"operation": "drill"})


def test_casualties_are_not_counted_in_the_future(scene: Scene) -> None:
    record = {"casualties": {"none": True}, "source": "medic", "as_of": scene.at(hours=1)}
    assert (
        stopped(lambda: scene.act("INC", "casualties", "duty", record=record))
        == "not_in_the_future"
    )


@pytest.mark.parametrize("days", [3, 9000])
def test_casualties_are_not_counted_long_before_the_incident(scene: Scene, days: int) -> None:
    record = {"casualties": {"none": True}, "source": "medic", "as_of": scene.at(days=-days)}
    counted = {"record": record}
    assert stopped(lambda: scene.act("INC", "casualties", "duty", **counted)) == "too_old"


def test_late_is_not_what_a_sender_says(scene: Scene) -> None:
    assert (
        not scene.act("INC", "observation", "duty", record=SEEN, late_entry=True)
        .events[0]
        .late_entry
    )


def test_a_fact_is_taken_whatever_its_sender_has_seen(scene: Scene) -> None:
    for kind in ("out_of_model", "observe"):
        record = {"kind": kind, "ground_text": "KFOR engaged unannounced", "source": "patrol"}
        assert scene.act("INC", "observation", "patrol", record=record, expected_version=0).created
    with pytest.raises(VersionConflict):
        scene.act("T2", "kp_request", expected_version=1)


def test_the_option_says_by_which_row_and_from_when(scene: Scene) -> None:
    scene.engaged()
    scene.act("T2", "revoke_request")
    options = {(one["region"], one["event"]): one for one in scene.seen("platoon")["events"]}
    assert options["T2", "handback_failed"]["guard"] == "not_revoked"
    options = {(one["region"], one["event"]): one for one in scene.seen("duty")["events"]}
    confirmed = options["T2", "handback_confirmed"]
    assert confirmed["rows"] == ["A15"]
    assert confirmed["not_before"] == to_rfc3339(scene.world.now)


def test_every_event_says_what_it_belongs_to(scene: Scene) -> None:
    asked = scene.engaged()
    scene.act("LINE", "relief_in_place_fpu")
    for name in ("acknowledge", "accept", "depart", "arrive", "engage"):
        body = scene.event("T2", name).body
        assert (body["engagement"], body["request"]) == (asked.event_id, asked.event_id)
    with scene.world.store.view() as connection:
        moved = scene.world.store.stream(connection, "drill", "platoon:drill-p1")
    assert {one.body["engagement"] for one in moved} == {asked.event_id}
    assert str(uuid.UUID(scene.seen()["engagement"])) == asked.event_id
