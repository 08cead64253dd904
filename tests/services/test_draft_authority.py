"""Drafts outlive nothing that they stand on, and act with nobody's rights but those of now."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

import pytest

from data.database import Database
from data.event_store import EventStore
from data.journal import Journal
from domain.errors import GuardRefused, NotPermitted, VersionConflict
from domain.events import DRAFT_ENDED, Actor
from domain.time import to_rfc3339
from services.late_entry import LateEntry
from services.late_work import Entered
from tests.services.incident_world import Facts, Gazetteer, actor
from tests.services.test_authority import KP, Scene

NIGHT = ("accept", "depart", "arrive", "engage")


class Desk(Scene):
    """A scene with late entry beside it."""

    def __init__(self, database: Database) -> None:
        super().__init__(database)
        facts = (EventStore(database), Journal(database), Facts(), Gazetteer(), self.world.people)
        self.late = LateEntry(*facts, lambda: self.world.now, lambda: None)

    def step(self, region: str, event: str, minute: int, **changed: Any) -> dict[str, Any]:
        """A step so many minutes from now on, told by who tells it."""
        at = self.world.now
        self.world.now += timedelta(minutes=minute)
        whole = self.world.envelope(self.incident, region, event)
        self.world.now = at
        del whole["command_id"], whole["expected_version"]
        return whole | changed

    def steps(self, *events: str) -> list[dict[str, Any]]:
        return [self.step("T2", event, number) for number, event in enumerate(events, start=1)]

    def type(self, steps: list[dict[str, Any]], user: str = "duty", **more: Any) -> Entered:
        self.world.now += timedelta(minutes=len(steps) + 1)
        sent = {
            "command_id": str(uuid.uuid4()),
            "expected_version": len(self.world.incidents.history("drill", self.incident)),
            "steps": steps,
            **more,
        }
        return self.late.enter("drill", self.incident, actor(user), sent)

    def confirm(self, draft: dict[str, Any], user: str = "commander", **more: Any) -> Entered:
        sent = {"command_id": str(uuid.uuid4()), **more}
        return self.late.confirm("drill", self.incident, draft["id"], self.who(user), sent)

    def reject(self, draft: dict[str, Any], user: str = "commander") -> Entered:
        sent = {"command_id": str(uuid.uuid4()), "reason_text": "it was not so"}
        return self.late.reject("drill", self.incident, draft["id"], self.who(user), sent)

    def who(self, user: str) -> Actor:
        found = self.world.people.current(user)
        assert found is not None
        return Actor(user, found.role, "session")

    def night(self) -> dict[str, Any]:
        """Asked and acknowledged; accepted, gone, there and engaged are said."""
        self.ask()
        self.go("acknowledge")
        draft = self.type(self.steps(*NIGHT)).draft
        assert draft is not None
        return draft

    def events(self) -> list[str]:
        return [one.event for one in self.world.incidents.history("drill", self.incident)]


@pytest.fixture
def desk(database: Database) -> Desk:
    return Desk(database)


def test_a_draft_ends_with_the_request_that_it_stands_on(desk: Desk) -> None:
    draft = desk.night()
    assert draft["stands_on"] == [desk.seen()["request"]]
    desk.act("T2", "cancel")
    seen = desk.seen("commander")
    assert (seen["t2"], seen["drafts"]) == ("CANCELLED", [])
    (ended,) = seen["drafts_ended"]
    assert (ended["id"], ended["why"], ended["ended_by"]["event"]) == (
        draft["id"], "request_ended", "cancel",
    )  # fmt: skip
    desk.ask(officer_function="another officer")
    desk.go("acknowledge")
    with pytest.raises(VersionConflict, match="ended with the request"):
        desk.confirm(draft)
    assert desk.seen()["t2"] == "ACKNOWLEDGED"


@pytest.mark.parametrize("end", ["refuse", "cancel", "correct"])
def test_whatever_ends_or_changes_a_request_ends_its_drafts(desk: Desk, end: str) -> None:
    draft = desk.night()
    if end == "correct":
        asked = desk.event("T2", "kp_request")
        desk.correct(asked, "duty", {"request": {**asked.record["request"], "officer_unit": "s"}})
    else:
        desk.act("T2", end)
    assert desk.events()[-1] == DRAFT_ENDED
    with pytest.raises(VersionConflict):
        desk.confirm(draft)


def test_a_draft_that_ends_with_a_correction_leaves_the_request_as_it_is(desk: Desk) -> None:
    desk.night()
    asked = desk.event("T2", "kp_request")
    for unit in ("south", "east"):
        request = {**asked.record["request"], "officer_unit": unit}
        desk.correct(asked, "duty", {"request": request})
    assert (desk.seen()["drafts"], len(desk.seen()["drafts_ended"])) == ([], 1)
    desk.accept("p1")
    history = desk.world.incidents.history("drill", desk.incident)
    assert [one.corrects for one in history if one.event == DRAFT_ENDED] == [None]


@pytest.mark.parametrize("behind", [False, True])
def test_an_end_said_outlives_the_correction_that_ends_its_draft(desk: Desk, behind: bool) -> None:
    desk.ask()
    desk.go("acknowledge")
    end = desk.step("T2", "revoke_request", 5, asserted_by=KP)
    if behind:
        draft = desk.type(desk.steps(*NIGHT)).draft
        assert draft is not None
        desk.type([end], behind=draft["id"])
    else:
        desk.type([*desk.steps(*NIGHT), end])
    asked = desk.event("T2", "kp_request")
    desk.correct(asked, "duty", {"request": {**asked.record["request"], "officer_unit": "s"}})
    seen = desk.seen()
    assert (len(seen["drafts"]), seen["said_to_end"]) == (1, True)
    with pytest.raises(GuardRefused) as refused:
        desk.accept("p1")
    assert refused.value.guard == "authority_live"
    desk.confirm(seen["drafts"][0], "duty")
    assert (desk.seen()["t2"], desk.seen()["said_to_end"]) == ("CANCELLED", False)


def test_a_draft_ends_with_the_purpose_that_kosovo_police_change(desk: Desk) -> None:
    desk.ask()
    desk.go("acknowledge", "accept", "depart", "arrive")
    told = {"ground": "x", "kp_told_at": desk.at(minutes=1)}
    draft = desk.type([desk.step("T2", "withdraw", 1, record=told)]).draft
    assert draft is not None
    desk.again("change_purpose", second_person={"user": "ops", "password": "ops"})
    (ended,) = desk.seen()["drafts_ended"]
    assert ended["why"] == "request_replaced"


def test_a_draft_of_kfor_does_not_end_with_the_request_to_the_fpu(desk: Desk) -> None:
    desk.ask()
    desk.go("acknowledge")
    told = {"reason": "capacity", "kp_told_at": desk.at(minutes=1)}
    desk.act("T2", "refuse", record=told)
    draft = desk.type([desk.step("T3", "request_via_eulex", 1)]).draft
    assert draft is not None
    desk.ask()
    desk.act("T2", "cancel")
    assert [one["id"] for one in desk.seen()["drafts"]] == [draft["id"]]


def test_an_end_said_behind_waits_and_counts_at_once(desk: Desk) -> None:
    desk.ask()
    desk.go("acknowledge")
    end = desk.step("T2", "revoke_request", 5, asserted_by=KP)
    draft = desk.type([*desk.steps(*NIGHT), end]).draft
    assert draft is not None
    assert draft["ends"] == desk.seen()["request"]
    assert desk.seen()["said_to_end"]
    with pytest.raises(GuardRefused) as refused:
        desk.accept("p1")
    assert refused.value.guard == "authority_live"
    with pytest.raises(GuardRefused) as again:
        desk.type(desk.steps(*NIGHT))
    assert again.value.guard == "authority_live"
    desk.confirm(draft)
    seen = desk.seen()
    assert (seen["t2"], seen["revoked"], seen["said_to_end"]) == ("HANDING_BACK", True, False)


def test_an_end_said_stays_said_when_the_rest_is_struck(desk: Desk) -> None:
    desk.ask()
    desk.go("acknowledge")
    end = desk.step("T2", "revoke_request", 5, asserted_by=KP)
    draft = desk.type([*desk.steps(*NIGHT), end]).draft
    assert draft is not None
    desk.reject(draft)
    assert desk.seen()["t2"] == "CANCELLED"


@pytest.mark.parametrize("event", ["change_purpose", "reconfirm"])
def test_an_end_said_is_not_wiped_by_another_word_of_kosovo_police(desk: Desk, event: str) -> None:
    asked = desk.engaged()
    if event == "reconfirm":
        desk.dispute(asked)
    draft = desk.type([desk.step("T2", event, 1)], "commander").draft
    assert draft is not None
    end = "cancel" if event == "change_purpose" else "revoke_request"
    desk.type([desk.step("T2", end, 1, asserted_by=KP)], behind=draft["id"])
    beside = {"second_person": {"user": "ops", "password": "ops"}}
    for minutes in (-2, 0):
        at = {"occurred_at": desk.at(minutes=minutes)}
        with pytest.raises(GuardRefused) as refused:
            desk.again(event, **beside, **at)
        assert refused.value.guard == "no_end_said"
    with pytest.raises(GuardRefused):
        desk.type([desk.step("T2", event, 1)], "commander")
    desk.confirm(draft, "duty")
    seen = desk.seen()
    assert (seen["t2"], seen["drafts"], seen["said_to_end"]) in (
        ("CANCELLED", [], False), ("HANDING_BACK", [], False),
    )  # fmt: skip


def test_an_end_that_is_struck_itself_was_not_said(desk: Desk) -> None:
    desk.engaged()
    draft = desk.type([desk.step("T2", "revoke_request", 1, asserted_by=KP)], "patrol").draft
    assert draft is not None
    assert desk.seen()["said_to_end"]
    assert draft["waits_because"] == "role"
    with pytest.raises(NotPermitted) as refused:
        desk.reject(draft, "duty")
    assert refused.value.extra["guard"] == "back_to_author"
    desk.reject(draft, "patrol")
    seen = desk.seen()
    assert (seen["t2"], seen["said_to_end"]) == ("ENGAGED", False)


def test_a_sequence_of_facts_is_taken_whatever_its_sender_has_seen(desk: Desk) -> None:
    note = desk.step("INC", "confirm", 1, record={"text": "x"}) | {"event": "note"}
    assert desk.type([note], expected_version=0).created


def test_an_end_that_is_entered_does_not_go_on_waiting(desk: Desk) -> None:
    desk.engaged()
    draft = desk.type([desk.step("T2", "change_purpose", 1)], "commander").draft
    assert draft is not None
    desk.type([desk.step("T2", "cancel", 1, asserted_by=KP)], behind=draft["id"])
    desk.act("T2", "revoke_request")
    seen = desk.seen()
    assert (seen["drafts"], seen["said_to_end"], len(seen["drafts_ended"])) == ([], False, 2)


def test_an_end_typed_behind_a_draft_waits_behind_it(desk: Desk) -> None:
    draft = desk.night()
    end = desk.step("T2", "revoke_request", 1, asserted_by=KP)
    behind = desk.type([end], behind=draft["id"]).draft
    assert behind is not None
    assert (behind["behind"], behind["mine"]) == (draft["id"], False)
    assert desk.seen()["said_to_end"]
    with pytest.raises(GuardRefused) as order:
        desk.confirm(behind)
    assert order.value.guard == "waits_behind"
    desk.confirm(draft)
    assert desk.seen()["t2"] == "HANDING_BACK"


def test_an_end_typed_behind_is_entered_when_the_draft_is_struck(desk: Desk) -> None:
    draft = desk.night()
    end = desk.step("T2", "revoke_request", 1, asserted_by=KP)
    desk.type([end], behind=draft["id"])
    desk.reject(draft)
    seen = desk.seen()
    assert (seen["t2"], seen["drafts"], seen["said_to_end"]) == ("CANCELLED", [], False)


def test_an_incident_does_not_close_over_an_open_draft(desk: Desk) -> None:
    other = desk.world.report().events[0].stream
    sent = {
        "command_id": str(uuid.uuid4()),
        "expected_version": 1,
        "steps": [
            {
                **{
                    name: part
                    for name, part in desk.world.envelope(other, "INC", "confirm").items()
                    if name not in ("command_id", "expected_version")
                }
            }
        ],
    }
    assert desk.late.enter("drill", other, actor("patrol"), sent).draft is not None
    with pytest.raises(GuardRefused) as open_one:
        desk.world.act(other, "INC", "discard")
    assert open_one.value.guard == "no_open_draft"
    desk.act("INC", "stabilise")
    draft = desk.type([desk.step("INC", "close", 1)], "duty").draft
    assert draft is not None
    with pytest.raises(GuardRefused) as refused:
        desk.act("INC", "close", "commander")
    assert refused.value.guard == "no_open_draft"
    desk.confirm(draft)
    assert desk.seen()["inc"] == "CLOSED"


def test_a_changed_record_sends_what_is_behind_back_to_its_author(desk: Desk) -> None:
    asked = desk.step("T2", "kp_request", 1)
    asked["record"]["request"] |= {"purpose": "escort_support"}
    accept = desk.step("T2", "accept", 3)
    accept["record"] |= {"operations_approval_ref": "OPS 3"}
    steps = [asked, desk.step("T2", "acknowledge", 2), accept]
    draft = desk.type(steps, "commander").draft
    assert draft is not None
    other = {**asked["record"]["request"], "officer_unit": "another", "purpose": "recon_at_request"}
    rest = desk.confirm(draft, "duty", record={"request": other}).draft
    assert rest is not None
    assert desk.seen()["t2"] == "REQUESTED"
    assert (rest["back_to"]["why"], rest["waits_because"]) == ("changed", "back_to_author")
    with pytest.raises(NotPermitted):
        desk.confirm(rest, "duty")
    again = desk.confirm(rest, "commander").draft
    assert again is not None
    assert (again["back_to"], again["waits_because"]) == (None, "role")
    assert desk.seen()["t2"] == "REQUESTED"
    desk.confirm(again, "duty")
    assert desk.seen()["t2"] == "ACCEPTED"


def test_what_went_back_to_an_author_who_is_gone_is_whoever_holds_the_role(desk: Desk) -> None:
    asked = desk.step("T2", "kp_request", 1)
    draft = desk.type([asked, desk.step("T2", "acknowledge", 2)], "commander").draft
    assert draft is not None
    other = {**asked["record"]["request"], "officer_unit": "another"}
    rest = desk.confirm(draft, "duty", record={"request": other}).draft
    assert rest is not None
    desk.world.people.roles["commander"] = None
    desk.confirm(rest, "duty")
    assert desk.event("T2", "acknowledge").entered_by == "duty"


def test_an_unchanged_record_is_entered_with_what_is_behind(desk: Desk) -> None:
    steps = [desk.step("T2", name, at) for at, name in enumerate(("kp_request", "acknowledge"), 1)]
    draft = desk.type([*steps, desk.step("T2", "accept", 3)], "commander").draft
    assert draft is not None
    desk.confirm(draft, "duty", record=steps[0]["record"])
    assert desk.seen()["t2"] == "ACCEPTED"


def test_a_draft_acts_with_the_rights_of_now(desk: Desk) -> None:
    draft = desk.night()
    desk.world.people.roles["duty"] = None
    rest = desk.confirm(draft).draft
    assert desk.seen()["t2"] == "ACCEPTED"
    assert rest is not None
    assert "depart" not in desk.events()
    desk.confirm(rest, "platoon")
    assert desk.seen()["t2"] == "ENGAGED"
    assert {
        one.entered_by
        for one in desk.world.incidents.history("drill", desk.incident)
        if one.event in ("depart", "arrive", "engage")
    } == {"platoon"}


def test_a_role_that_was_taken_away_enters_nothing(desk: Desk) -> None:
    draft = desk.night()
    desk.world.people.roles["duty"] = "AUDITOR"
    rest = desk.confirm(draft).draft
    assert rest is not None
    assert desk.seen()["t2"] == "ACCEPTED"


def test_nobody_confirms_for_an_account_that_they_made(desk: Desk) -> None:
    draft = desk.night()
    desk.world.people.made = {"commander": frozenset({"duty"})}
    with pytest.raises(GuardRefused) as refused:
        desk.confirm(draft)
    assert refused.value.guard == "independent_persons"


def test_the_second_person_confirms_the_waiting_step_with_the_own_session(desk: Desk) -> None:
    desk.engaged()
    changed = desk.step("T2", "change_purpose", 1)
    draft = desk.type([changed], "commander").draft
    assert draft is not None
    assert (draft["waits_because"], draft["mine"]) == ("second_person", False)
    with pytest.raises(GuardRefused) as alone:
        desk.confirm(draft, "commander")
    assert alone.value.guard == "second_person"
    with pytest.raises((GuardRefused, NotPermitted)):
        desk.confirm(draft, "platoon")
    desk.confirm(draft, "duty")
    event = desk.event("T2", "change_purpose")
    assert event.entered_by == "commander"
    assert event.body["second_person"]["user"] == "duty"
    assert event.body["second_person"]["session"] == "session"


def test_after_a_change_of_shift_whoever_holds_the_role_confirms(desk: Desk) -> None:
    desk.engaged()
    draft = desk.type([desk.step("T2", "change_purpose", 1)], "commander").draft
    assert draft is not None
    desk.world.people.roles |= {"duty": None, "night": "FPU_DUTY"}
    desk.confirm(draft, "night")
    assert desk.event("T2", "change_purpose").body["second_person"]["user"] == "night"


def test_a_step_behind_that_is_refused_goes_back_and_undoes_nothing(desk: Desk) -> None:
    draft = desk.night()
    desk.world.now += timedelta(minutes=1)
    asked = desk.event("T2", "kp_request")
    desk.dispute(asked)
    with pytest.raises(GuardRefused):
        desk.confirm(draft)
    assert desk.seen()["t2"] == "ACKNOWLEDGED"


def test_a_fact_that_is_not_the_desks_to_say_is_refused_and_does_not_wait(desk: Desk) -> None:
    record = {"ground": "other", "ground_text": "x"}
    with pytest.raises(NotPermitted) as refused:
        desk.type([desk.step("INC", "confirm", 1, record=record) | {"event": "stays"}])
    assert refused.value.extra["step"]["event"] == "stays"


def test_the_same_confirmation_twice_is_one_and_another_is_refused(desk: Desk) -> None:
    draft = desk.night()
    yes = {"command_id": str(uuid.uuid4())}
    where = ("drill", desk.incident, draft["id"])
    first = desk.late.confirm(*where, actor("commander"), yes)
    again = desk.late.confirm(*where, actor("commander"), yes)
    assert (first.created, again.created) == (True, False)
    assert again.events == first.events
    with pytest.raises(VersionConflict) as other:
        desk.late.confirm(*where, Actor("second", "FPU_CMD"), yes)
    assert other.value.extra["field"] == "command_id"


@pytest.mark.parametrize("how", ["confirm", "reject"])
def test_the_answer_comes_again_with_all_that_was_behind(desk: Desk, how: str) -> None:
    draft = desk.night()
    desk.type([desk.step("T2", "revoke_request", 1, asserted_by=KP)], behind=draft["id"])
    sent = {"command_id": str(uuid.uuid4())}
    sent |= {"reason_text": "it was not so"} if how == "reject" else {}
    close = desk.late.confirm if how == "confirm" else desk.late.reject
    where = ("drill", desk.incident, draft["id"], actor("commander"))
    first, again = close(*where, sent), close(*where, sent)
    assert {"revoke_request", "cancel"} & {one.event for one in first.events}
    assert (again.created, again.events, again.state) == (False, first.events, first.state)


def test_a_sequence_and_an_act_never_share_a_command_id(desk: Desk) -> None:
    sent = {
        "command_id": str(uuid.uuid4()),
        "expected_version": 2,
        "steps": [desk.step("T2", "kp_request", 0)],
    }
    desk.late.enter("drill", desk.incident, actor("duty"), sent)
    act = desk.world.envelope(
        desk.incident, "T2", "acknowledge", command_id=sent["command_id"],
        occurred_at=to_rfc3339(desk.world.now),
    )  # fmt: skip
    with pytest.raises(VersionConflict) as refused:
        desk.world.incidents.act("drill", desk.incident, actor("duty"), act)
    assert refused.value.extra["field"] == "command_id"
