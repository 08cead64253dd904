"""Late entry on every database: sequences, drafts that move nothing, four eyes, races."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from data.database import Database
from data.event_store import EventStore
from data.journal import Journal
from domain.chain import broken_links
from domain.errors import (
    DashboardError,
    GuardRefused,
    InvalidField,
    NotFound,
    NotPermitted,
    VersionConflict,
)
from domain.events import Event
from domain.time import parse_rfc3339, to_rfc3339
from services.late_entry import Entered, LateEntry
from tests.services.incident_world import NOW, Facts, Gazetteer, IncidentWorld, actor

NIGHT = (("T2", "kp_request"), ("T2", "acknowledge"), ("T2", "accept"), ("T2", "depart"),
         ("T2", "arrive"))  # fmt: skip


class Desk:
    """An incident that Kosovo Police leads, and late entry at it."""

    def __init__(self, database: Database) -> None:
        self.world = IncidentWorld(database)
        self.late = self.service(database)
        self.incident = self.world.report().events[0].stream
        self.world.act(self.incident, "INC", "confirm")

    def service(self, database: Database) -> LateEntry:
        store, journal = EventStore(database), Journal(database)
        facts = (store, journal, Facts(), Gazetteer(), self.world.people)
        return LateEntry(*facts, lambda: self.world.now, lambda: None)

    def step(self, region: str, event: str, minute: int, **changed: Any) -> dict[str, Any]:
        whole = self.world.envelope(self.incident, region, event)
        del whole["command_id"], whole["expected_version"]
        return whole | {"occurred_at": to_rfc3339(NOW + timedelta(minutes=minute))} | changed

    def night(self) -> list[dict[str, Any]]:
        """Requested, acknowledged, accepted, departed, arrived, five minutes apart."""
        return [self.step(*name, 5 * number) for number, name in enumerate(NIGHT, start=1)]

    def sent(self, steps: list[dict[str, Any]], **changed: Any) -> dict[str, Any]:
        return {
            "command_id": str(uuid.uuid4()),
            "expected_version": len(self.history()),
            "steps": steps,
            **changed,
        }

    def enter(self, steps: list[dict[str, Any]], user: str = "duty", **changed: Any) -> Entered:
        return self.late.enter("drill", self.incident, actor(user), self.sent(steps, **changed))

    def confirm(self, draft: str, user: str = "commander", **more: Any) -> Entered:
        sent = {"command_id": str(uuid.uuid4()), **more}
        return self.late.confirm("drill", self.incident, draft, actor(user), sent)

    def reject(self, draft: str, user: str, reason: str = "not so") -> Entered:
        sent = {"command_id": str(uuid.uuid4()), "reason_text": reason}
        return self.late.reject("drill", self.incident, draft, actor(user), sent)

    def history(self) -> list[Event]:
        return self.world.incidents.history("drill", self.incident)

    def names(self) -> list[str]:
        return [event.event for event in self.history()]

    def look(self, user: str = "duty") -> dict[str, Any]:
        return self.world.incidents.look("drill", self.incident, actor(user))


@pytest.fixture
def desk(database: Database) -> Desk:
    made = Desk(database)
    made.world.now = NOW + timedelta(hours=3)
    return made


def test_a_night_is_typed_once_and_enters_when_the_commander_confirms(desk: Desk) -> None:
    entered = desk.enter(desk.night())
    assert [event.event for event in entered.events] == ["kp_request", "acknowledge", "draft"]
    assert entered.state["t2"] == "ACKNOWLEDGED"
    assert (entered.state["drafts"], entered.state["said"]) == (1, {"T2": "ON_SCENE"})
    assert all(event.late_entry for event in entered.events if event.event != "draft")
    assert desk.world.incidents.platoon_states("drill")["drill-p1"].state == "AVAILABLE"
    draft = desk.look("commander")["drafts"][0]
    assert draft == entered.draft | {"mine": True, "own": False}
    assert (draft["waits_for"], draft["waits_because"]) == (["FPU_CMD"], "role")
    assert [one["to_state"] for one in draft["steps"]] == ["ACCEPTED", "EN_ROUTE", "ON_SCENE"]

    confirmed = desk.confirm(draft["id"])
    mine = [event for event in confirmed.events if event.stream == desk.incident]
    assert [(event.event, event.entered_by, event.entered_role) for event in mine] == [
        ("draft_confirmed", "commander", "FPU_CMD"), ("accept", "commander", "FPU_CMD"),
        ("depart", "duty", "FPU_DUTY"), ("arrive", "duty", "FPU_DUTY"),
    ]  # fmt: skip
    assert [event.body.get("confirmed_by") for event in mine] == [
        None, None, "commander", "commander",
    ]  # fmt: skip
    assert {event.body["draft"] for event in mine[1:]} == {draft["id"]}
    assert [event.occurred_at for event in mine[1:]] == [
        parse_rfc3339(one["occurred_at"], "occurred_at") for one in draft["steps"]
    ]
    assert all(event.late_entry for event in mine[1:])
    assert (confirmed.state["t2"], confirmed.state["drafts"]) == ("ON_SCENE", 0)
    assert desk.world.incidents.platoon_states("drill")["drill-p1"].state == "BOUND"
    assert desk.look()["drafts"] == []
    assert desk.world.picture.incidents("drill")[0] == confirmed.state
    with desk.world.store.view() as connection:
        assert broken_links(desk.world.store.since(connection, "drill", 0)) == []


def test_what_needs_nobody_else_is_entered_at_once(desk: Desk) -> None:
    now = desk.world.now
    entered = desk.enter(
        [
            desk.step("T2", "prealert", 1),
            desk.step("INC", "note", 2, record={"text": "Loudspeaker"}),
            desk.step("T3", "inform_kfor", 0, occurred_at=to_rfc3339(now)),
        ]
    )
    assert entered.draft is None
    assert [event.late_entry for event in entered.events] == [True, True, False]
    assert entered.state["t2"] == "PREALERT"


def test_a_fact_behind_a_waiting_step_does_not_wait(desk: Desk) -> None:
    seen = {"kind": "out_of_model", "ground_text": "smoke", "source": "patrol"}
    entered = desk.enter([*desk.night(), desk.step("INC", "observation", 30, record=seen)])
    assert desk.names()[-2:] == ["observation", "draft"]
    assert entered.state["out_of_model"] == 1
    assert entered.draft is not None
    assert len(entered.draft["steps"]) == 3


def test_a_time_before_what_happened_last_is_refused_even_as_late_entry(desk: Desk) -> None:
    desk.world.now = NOW + timedelta(minutes=4)
    desk.world.act(desk.incident, "T2", "prealert")
    with pytest.raises(GuardRefused) as refused:
        desk.enter([desk.step("T2", "stand_down", 2, late_entry=True)])
    assert refused.value.guard == "in_order"
    assert not desk.enter([desk.step("T2", "stand_down", 4)]).events[0].late_entry


@pytest.mark.parametrize(
    ("number", "changed", "kind", "named"),
    [
        (0, {"record": {}}, InvalidField, "steps.0.record.request"),
        (1, {"asserted_by": {"org": "FPU"}}, InvalidField, "steps.1.asserted_by.function"),
        (1, {"corrects": str(uuid.uuid4())}, InvalidField, "steps.1.corrects"),
        (1, {"event": "draft", "region": "INC"}, InvalidField, "steps.1.event"),
        (2, {"record": {"tasking_order_no": "1"}}, InvalidField, "steps.2.record.platoons"),
        (2, {"position": {"lat": 1, "lon": 1}}, InvalidField, "steps.2.position"),
        (3, {"occurred_at": "2026-03-01T12:11:00Z"}, GuardRefused, "steps.3.occurred_at"),
        (4, {"occurred_at": "2027-03-01T12:11:00Z"}, GuardRefused, "steps.4.occurred_at"),
        (4, {"position": None}, InvalidField, "steps.4.position"),
        (4, {"event": "disengage"}, GuardRefused, "steps.4.event"),
        (4, {"position": {"lat": 42.5, "lon": 20.9}}, GuardRefused, "steps.4.position"),
    ],
)
def test_a_mistake_in_any_step_refuses_the_whole_and_names_it(
    desk: Desk, number: int, changed: dict[str, Any], kind: type[DashboardError], named: str
) -> None:
    """Also in a step that would wait: the typist hears of it, not the commander hours later."""
    steps, before = desk.night(), desk.history()
    steps[number] |= changed
    if changed.get("event") == "disengage":
        steps[number]["record"] = {"reason_text": "over"}
    with pytest.raises(kind) as refused:
        desk.enter(steps)
    assert refused.value.extra["field"] == named
    if "step" in refused.value.extra:
        assert refused.value.extra["step"]["number"] == number + 1
    assert desk.history() == before


def test_a_platoon_that_is_taken_is_refused_when_it_is_typed(desk: Desk) -> None:
    steps = desk.night()
    steps[0]["record"]["request"]["platoons_asked"] = 2
    for step in steps[2:4]:
        step["record"] |= {"platoons": ["drill-p1", "drill-p2"]}
    with pytest.raises(GuardRefused) as refused:
        desk.enter(steps)
    assert refused.value.guard == "reserve_kept"
    assert refused.value.extra["step"] == {"number": 3, "region": "T2", "event": "accept"}


def test_the_same_command_twice_is_entered_once(desk: Desk) -> None:
    sent = desk.sent(desk.night())
    first = desk.late.enter("drill", desk.incident, actor("duty"), sent)
    again = desk.late.enter("drill", desk.incident, actor("duty"), sent)
    assert first.created
    assert not again.created
    assert (again.events, again.state, again.draft) == (first.events, first.state, first.draft)
    assert first.draft is not None
    yes = {"command_id": str(uuid.uuid4())}
    where = "drill", desk.incident, first.draft["id"], actor("commander"), yes
    done, twice = desk.late.confirm(*where), desk.late.confirm(*where)
    assert (done.created, twice.created) == (True, False)
    assert (twice.events, twice.state) == (done.events, done.state)
    assert desk.names().count("arrive") == 1


def test_a_version_that_is_old_is_told_what_happened(desk: Desk) -> None:
    sent = desk.sent(desk.night())
    desk.world.act(desk.incident, "T2", "prealert")
    with pytest.raises(VersionConflict) as refused:
        desk.late.enter("drill", desk.incident, actor("duty"), sent)
    assert [event["event"] for event in refused.value.extra["since"]] == ["prealert"]


def test_readers_and_sealed_operations_enter_nothing(desk: Desk) -> None:
    for user in ("review", "admin"):
        with pytest.raises(NotPermitted):
            desk.enter(desk.night(), user)
    with pytest.raises(NotFound):
        desk.late.enter("live", desk.incident, actor("duty"), desk.sent(desk.night()))
    with pytest.raises(NotPermitted):
        live = desk.world.report("live").events[0].stream
        desk.late.enter(
            "live", live, actor("exercise"), desk.sent(desk.night(), expected_version=1)
        )


def test_only_a_role_that_may_enter_it_confirms(desk: Desk) -> None:
    draft = desk.enter(desk.night()).draft
    assert draft is not None
    assert not draft["mine"]
    for user in ("duty", "ops", "platoon", "review"):
        assert desk.look(user)["drafts"][0]["mine"] is False
        with pytest.raises(NotPermitted):
            desk.confirm(draft["id"], user)
    assert "accept" not in desk.names()
    with pytest.raises(NotFound):
        desk.confirm(str(uuid.uuid4()))


def test_who_entered_the_request_never_accepts_it_not_even_through_a_draft(desk: Desk) -> None:
    """The user who took the request is commander now: four eyes look at users, not at roles."""
    draft = desk.enter(desk.night()).draft
    assert draft is not None
    one_person = actor("commander").__class__("duty", "FPU_CMD")
    sent = {"command_id": str(uuid.uuid4())}
    with pytest.raises(GuardRefused) as refused:
        desk.late.confirm("drill", desk.incident, draft["id"], one_person, sent)
    assert refused.value.guard == "four_eyes"
    typed = desk.sent([desk.step("T2", "accept", 20)])
    waits = desk.late.enter("drill", desk.incident, one_person, typed).draft
    assert waits is not None
    assert waits["waits_because"] == "four_eyes"
    assert not waits["mine"]


def test_a_draft_of_two_hands_waits_twice(desk: Desk) -> None:
    """A patrol leader types what only the desk may enter, then what only the commander may."""
    entered = desk.enter(desk.night(), "patrol")
    assert [event.event for event in entered.events] == ["draft"]
    assert entered.draft is not None
    assert entered.draft["waits_for"] == ["FPU_DUTY", "EXCON"]
    first = desk.confirm(entered.draft["id"], "duty")
    assert [event.event for event in first.events] == [
        "draft_confirmed", "kp_request", "acknowledge", "draft",
    ]  # fmt: skip
    assert [event.entered_by for event in first.events] == ["duty", "duty", "duty", "patrol"]
    assert first.draft is not None
    assert [one["event"] for one in first.draft["steps"]] == ["accept", "depart", "arrive"]
    second = desk.confirm(first.draft["id"], "commander")
    assert [event.event for event in second.events if event.stream == desk.incident] == [
        "draft_confirmed", "accept", "draft",
    ]  # fmt: skip
    assert second.draft is not None
    third = desk.confirm(second.draft["id"], "platoon")
    assert third.state["t2"] == "ON_SCENE"
    assert third.draft is None


def test_the_commander_may_put_the_record_right_when_he_confirms(desk: Desk) -> None:
    draft = desk.enter(desk.night()[:3]).draft
    assert draft is not None
    record = draft["steps"][0]["record"] | {"tasking_order_no": "TO-7", "platoons": ["drill-p2"]}
    with pytest.raises(InvalidField) as refused:
        desk.confirm(draft["id"], record={"tasking_order_no": "TO-7"})
    assert refused.value.extra["field"] == "steps.0.record.platoons"
    done = desk.confirm(draft["id"], record=record)
    assert done.events[1].record["tasking_order_no"] == "TO-7"
    assert desk.world.incidents.platoon_states("drill")["drill-p2"].state == "RESERVED"


def test_a_step_that_does_not_fit_any_more_leaves_all_as_it_was(desk: Desk) -> None:
    draft = desk.enter(desk.night()).draft
    assert draft is not None
    desk.world.act(desk.incident, "T2", "accept", "commander")
    before = desk.history()
    with pytest.raises(GuardRefused) as refused:
        desk.confirm(draft["id"])
    assert (refused.value.guard, refused.value.extra["field"]) == ("from_state", "steps.0.event")
    assert refused.value.extra["step"] == {"number": 1, "region": "T2", "event": "accept"}
    assert desk.history() == before
    seen = desk.look("commander")["drafts"][0]
    assert (seen["mine"], seen["stopped"]["guard"]) == (True, "from_state")
    rejected = desk.reject(draft["id"], "commander")
    assert (rejected.state["drafts"], rejected.state["t2"]) == (0, "ACCEPTED")


def test_the_platoon_went_elsewhere_meanwhile(desk: Desk) -> None:
    draft = desk.enter(desk.night()).draft
    assert draft is not None
    other = desk.world.report().events[0].stream
    for region, event in (("INC", "confirm"), *NIGHT[:3]):
        desk.world.act(other, region, event)
    before = desk.history()
    with pytest.raises((GuardRefused, VersionConflict)) as refused:
        desk.confirm(draft["id"])
    assert refused.value.extra["guard"] == "platoons_free"
    assert refused.value.extra["step"]["event"] == "accept"
    assert desk.history() == before
    assert len(desk.look()["drafts"]) == 1


def test_who_wrote_it_withdraws_it_and_strangers_do_not(desk: Desk) -> None:
    draft = desk.enter(desk.night()).draft
    assert draft is not None
    with pytest.raises(NotPermitted):
        desk.reject(draft["id"], "platoon")
    with pytest.raises(InvalidField):
        desk.reject(draft["id"], "duty", " ")
    gone = desk.reject(draft["id"], "duty", "typed at the wrong incident")
    assert gone.events[0].record["reason_text"] == "typed at the wrong incident"
    assert gone.state["t2"] == "ACKNOWLEDGED"
    with pytest.raises(VersionConflict) as refused:
        desk.confirm(draft["id"])
    assert [event["event"] for event in refused.value.extra["since"]] == ["draft_rejected"]


def test_of_two_who_confirm_at_once_one_wins(
    desk: Desk, open_database: Callable[[], Database]
) -> None:
    draft = desk.enter(desk.night()).draft
    assert draft is not None
    services = [desk.late, desk.service(open_database())]
    results: list[object] = []
    barrier = threading.Barrier(2)

    def confirm(number: int) -> None:
        sent = {"command_id": str(uuid.uuid4())}
        barrier.wait()
        try:
            results.append(
                services[number].confirm(
                    "drill", desk.incident, draft["id"], actor("commander"), sent
                )
            )
        except VersionConflict as lost:
            results.append(lost)

    threads = [threading.Thread(target=confirm, args=(number,)) for number in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(type(one).__name__ for one in results) == ["Entered", "VersionConflict"]
    assert desk.names().count("accept") == 1
    assert [event.seq for event in desk.history()] == list(range(1, len(desk.history()) + 1))


def test_who_was_on_shift_then_is_what_counts(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """At seven the shift of three o'clock has gone home; its platoon was free all the same."""
    ended = NOW + timedelta(hours=1)
    everybody = Facts.platoons_on_shift

    def on_shift(self: Facts, operation: str, at: Any) -> set[str]:
        return everybody(self, operation, at) if at < ended else set()

    monkeypatch.setattr(Facts, "platoons_on_shift", on_shift)
    draft = desk.enter(desk.night()).draft
    assert draft is not None
    assert desk.confirm(draft["id"]).state["t2"] == "ON_SCENE"
