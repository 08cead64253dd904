"""A log from before engagements had identities keeps its chain and its meaning, and goes on."""

from __future__ import annotations

from datetime import timedelta

import pytest

from data.database import Database
from domain.drafts import draft_event
from domain.errors import GuardRefused, VersionConflict
from domain.events import Actor, Command, Event, NewEvent
from domain.state import fold
from domain.time import to_rfc3339
from tests.services.incident_world import NOW, IncidentWorld, actor


class OldLog:
    """The log of one incident as the program before wrote it."""

    def __init__(self, database: Database) -> None:
        self.world = IncidentWorld(database)
        self.incident = "drill-0001"
        self.count = 0

    def write(
        self,
        region: str,
        event: str,
        states: tuple[str | None, str | None],
        record: dict[str, object],
        *,
        stream: str = "",
        row: str = "",
        who: str = "duty",
        minute: int = 0,
        corrects: str | None = None,
        **columns: object,
    ) -> Event:
        self.count += 1
        body = {"row": row, "asserted_by": {"org": "FPU", "function": "x"}, "record": record}
        new = NewEvent(
            stream or self.incident, region, event, *states, body, corrects=corrects, **columns
        )  # type: ignore[arg-type]
        at = NOW + timedelta(minutes=minute)
        sent = Command(
            f"00000000-0000-4000-8000-{self.count:012d}", region, event, at, actor(who), {}
        )
        with self.world.store.transaction() as connection:
            (stored,) = self.world.store.append(connection, "drill", [new], sent, at)
        return stored

    def accepted(self) -> Event:
        """Reported, confirmed, asked, acknowledged, accepted with p1; gives the request."""
        envelope = self.world.envelope
        self.write("INC", "report", ("-", "REPORTED"), envelope("", "INC", "report")["record"],
                   row="I01")  # fmt: skip
        self.write("INC", "confirm", ("REPORTED", "KP_LEAD"),
                   {"kp_informed_at": to_rfc3339(NOW), "kp_unit": "north"}, row="I02")  # fmt: skip
        asked = self.write("T2", "kp_request", ("NONE", "REQUESTED"),
                           envelope("", "T2", "kp_request")["record"], row="A03",
                           purpose="civil_disturbance")  # fmt: skip
        self.write("T2", "acknowledge", ("REQUESTED", "ACKNOWLEDGED"), {"read_back": True},
                   row="A04")  # fmt: skip
        record = {"tasking_order_no": "1", "platoons": ["drill-p1"], "eta": to_rfc3339(NOW)}
        self.write("T2", "accept", ("ACKNOWLEDGED", "ACCEPTED"), record, row="A05",
                   who="commander", platoons=("drill-p1",))  # fmt: skip
        self.write("RES", "reserve", ("AVAILABLE", "RESERVED"), record, row="R01",
                   stream="platoon:drill-p1", who="commander", incident=self.incident)  # fmt: skip
        return asked


@pytest.fixture
def log(database: Database) -> OldLog:
    return OldLog(database)


def test_an_engagement_from_before_goes_on(log: OldLog) -> None:
    asked = log.accepted()
    world = log.world
    platoon = world.incidents.platoon_states("drill")["drill-p1"]
    assert (platoon.engagement, platoon.incident) == (asked.event_id, log.incident)
    for event in ("depart", "arrive", "engage"):
        world.act(log.incident, "T2", event)
    assert world.incidents.look("drill", log.incident, actor("duty"))["t2"] == "ENGAGED"
    over = {"engagement": log.incident, "reason_text": "x"}
    with pytest.raises(GuardRefused) as kept:
        world.act_on_platoon("drill-p1", "release", "commander", record=over)
    assert kept.value.guard == "engagement_keeps_one"


def test_a_platoon_that_stayed_from_before_carries_no_new_engagement(log: OldLog) -> None:
    log.accepted()
    world = log.world
    log.write("RES", "bind", ("RESERVED", "BOUND"), {"tasking_order_no": "1"}, row="R02",
              stream="platoon:drill-p1", incident=log.incident)  # fmt: skip
    told = {"ground": "x", "kp_told_at": to_rfc3339(NOW)}
    log.write("T2", "withdraw", ("ACCEPTED", "WITHDRAWN"), told, row="A17", who="commander")
    for event in ("kp_request", "acknowledge"):
        world.act(log.incident, "T2", event)
    record = world.envelope(log.incident, "T2", "accept")["record"]
    record |= {"platoons": ["drill-p2"], "reserve_override_ref": "OPS 1"}
    world.act(log.incident, "T2", "accept", record=record)
    depart = {"platoons": ["drill-p1"], "eta": to_rfc3339(NOW)}
    with pytest.raises(GuardRefused) as refused:
        world.act(log.incident, "T2", "depart", record=depart)
    assert refused.value.guard == "platoons_reserved"
    over = {"engagement": log.incident, "reason_text": "x"}
    world.act_on_platoon("drill-p1", "release", "commander", record=over)


def test_an_old_correction_with_another_time_moves_nothing(log: OldLog) -> None:
    asked = log.accepted()
    before = fold(log.incident, log.world.incidents.history("drill", log.incident))
    request = {**asked.record["request"], "written_confirmation_ref": "mail 1"}
    log.write("T2", "kp_request", (None, None), {"request": request}, minute=60, row="A03",
              corrects=asked.event_id, purpose="civil_disturbance")  # fmt: skip
    after = fold(log.incident, log.world.incidents.history("drill", log.incident))
    assert (after.last_us, after.t2_requested_us) == (before.last_us, before.t2_requested_us)
    seen = log.world.incidents.look("drill", log.incident, actor("duty"))
    assert seen["debts"] == []


def test_an_old_draft_stands_on_what_was_live_when_it_was_written(log: OldLog) -> None:
    asked = log.accepted()
    world = log.world
    step = {
        name: part
        for name, part in world.envelope(log.incident, "T2", "withdraw").items()
        if name not in ("command_id", "expected_version")
    }
    new = draft_event(log.incident, actor("duty"), [step], [("ACCEPTED", "WITHDRAWN")])
    record = {name: part for name, part in new.body["record"].items() if name != "stands_on"}
    draft = log.write("INC", "draft", (None, None), record)
    seen = world.incidents.look("drill", log.incident, actor("commander"))
    assert seen["drafts"][0]["stands_on"] == [asked.event_id]
    world.act(log.incident, "T2", "cancel")
    (ended,) = world.incidents.look("drill", log.incident, actor("duty"))["drafts_ended"]
    assert ended["id"] == draft.event_id


def test_an_old_command_that_comes_again_gets_its_answer(log: OldLog) -> None:
    asked = log.accepted()
    sent = log.world.envelope(log.incident, "T2", "kp_request", command_id=asked.command_id)
    again = log.world.incidents.act("drill", log.incident, actor("duty"), sent)
    assert (again.created, again.events[0].event_id) == (False, asked.event_id)
    other = log.world.report().events[0].stream
    with pytest.raises(VersionConflict):
        log.world.incidents.act("drill", other, actor("duty"), sent)
    with pytest.raises(VersionConflict):
        log.world.incidents.act("drill", log.incident, Actor("second", "FPU_DUTY"), sent)


def test_the_reading_of_old_platoons_is_by_the_request_before_them(log: OldLog) -> None:
    first = log.accepted()
    log.write("T2", "cancel", ("ACCEPTED", "CANCELLED"), {"reason_text": "x"}, row="A07")
    log.write("T2", "kp_request", ("CANCELLED", "REQUESTED"), first.record, row="A03",
              purpose="civil_disturbance")  # fmt: skip
    platoon = log.world.incidents.platoon_states("drill")["drill-p1"]
    assert platoon.engagement == first.event_id
