"""The clocks of an incident: when they start, stop and are overdue, whatever is typed when."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.alerts import RAISED
from domain.events import Event
from domain.policy import Policy, Timers
from domain.state import fold
from domain.time import to_microseconds, to_rfc3339
from domain.timers import NAMES, Timer, TimerBook, fold_timers
from domain.transitions import INC, LOG, ROWS_OF, T2, T3, TABLE
from tests.domain.harness import START

POLICY = Policy()
INCIDENT = "drill-0001"


def at(minutes: float) -> datetime:
    return START + timedelta(minutes=minutes)


class Story:
    """Events of one incident, written down in the order of the calls."""

    def __init__(self) -> None:
        self.events: list[Event] = []

    def add(
        self,
        region: str,
        event: str,
        to_state: str | None,
        minutes: float,
        record: dict[str, Any] | None = None,
        *,
        from_state: str | None = None,
        corrects: str | None = None,
        recorded: float | None = None,
    ) -> Event:
        seq = len(self.events) + 1
        occurred_us = to_microseconds(at(minutes))
        recorded_us = to_microseconds(at(minutes if recorded is None else recorded))
        made = Event(
            "drill", INCIDENT, seq, seq, f"e{seq}", f"c{seq}", region, event, from_state,
            to_state, occurred_us, recorded_us, "duty", "FPU_DUTY", False, corrects, None, None,
            None, None, None, json.dumps({"record": record or {}}), "", "",
        )  # fmt: skip
        self.events.append(made)
        return made

    def ask(self, minutes: float, from_state: str = "NONE", ref: str | None = None) -> Event:
        request = {} if ref is None else {"written_confirmation_ref": ref}
        record = {"request": request}
        return self.add(T2, "kp_request", "REQUESTED", minutes, record, from_state=from_state)

    def on_scene(self) -> None:
        """Asked at 0, acknowledged at 2, accepted at 5, departed at 10, on scene at 30."""
        self.ask(0, ref="MAIL-1")
        self.add(T2, "acknowledge", "ACKNOWLEDGED", 2)
        self.add(T2, "accept", "ACCEPTED", 5)
        self.add(T2, "depart", "EN_ROUTE", 10, {"eta": to_rfc3339(at(30))})
        self.add(T2, "arrive", "ON_SCENE", 30)

    def sitrep(self, minutes: float) -> Event:
        return self.add(INC, "note", None, minutes, {"text": "x", "sitrep_ref": "SITREP-1"})

    @property
    def book(self) -> TimerBook:
        return fold_timers(INCIDENT, POLICY, self.events)


def running(story: Story) -> list[tuple[str, str, datetime]]:
    return [
        (one.region, one.name, START + timedelta(microseconds=one.due_us - to_microseconds(START)))
        for one in story.book.running()
    ]


def late(story: Story, minutes: float) -> list[str]:
    return [one.name for one in story.book.breached(at(minutes))]


def test_each_step_has_its_clock() -> None:
    story = Story()
    story.ask(0, ref="MAIL-1")
    assert running(story) == [(T2, "acknowledge", at(5))]
    story.add(T2, "acknowledge", "ACKNOWLEDGED", 2)
    assert running(story) == [(T2, "decide", at(17))]
    story.add(T2, "accept", "ACCEPTED", 5, {"eta": to_rfc3339(at(30))})
    assert running(story) == [(T2, "depart", at(35))]
    story.add(T2, "depart", "EN_ROUTE", 10, {"eta": to_rfc3339(at(30))})
    assert running(story) == [(T2, "arrive", at(34))]
    story.add(T2, "arrive", "ON_SCENE", 30)
    assert running(story) == [(T2, "sitrep", at(60))]
    story.add(T2, "engage", "ENGAGED", 40)
    assert running(story) == [(T2, "sitrep", at(60))]
    story.add(T2, "begin_handback", "HANDING_BACK", 50)
    assert running(story) == [(T2, "sitrep", at(60)), (T2, "hand_back", at(80))]
    story.add(T2, "revoke_request", "HANDING_BACK", 55)
    assert running(story) == [(T2, "sitrep", at(60)), (T2, "hand_back", at(80))]
    story.add(T2, "handback_confirmed", "RELEASED", 58)
    assert running(story) == []
    assert late(story, 10_000) == []


def test_the_clocks_of_kfor_belong_to_the_duty_officer() -> None:
    story = Story()
    story.add(T3, "request_via_eulex", "REQUESTED", 0)
    story.add(T3, "acknowledge", "ACKNOWLEDGED", 3)
    assert running(story) == [(T3, "decide", at(18))]
    story.add(T3, "accept", "ACCEPTED", 8, {"eta": to_rfc3339(at(70))})
    assert running(story) == []
    story.add(T3, "depart", "EN_ROUTE", 20)  # without a time of its own: the announced one holds
    assert running(story) == [(T3, "arrive", at(80))]
    story.add(T3, "arrive", "ON_SCENE", 75)
    story.add(T3, "engage", "ENGAGED", 76)
    story.add(T3, "begin_handover", "HANDING_OVER", 90)
    assert running(story) == [(T3, "hand_back", at(120))]
    assert {one.owner for one in story.book.all()} == {"FPU_DUTY"}


def test_kfor_on_its_own_mandate_has_announced_nothing() -> None:
    story = Story()
    story.add(T3, "own_mandate", "EN_ROUTE", 0)
    assert running(story) == []


def test_who_was_on_pre_alert_leaves_sooner() -> None:
    story = Story()
    story.add(T2, "prealert", "PREALERT", 0)
    story.ask(0, from_state="PREALERT", ref="MAIL-1")
    story.add(T2, "acknowledge", "ACKNOWLEDGED", 2)
    story.add(T2, "accept", "ACCEPTED", 5)
    assert running(story) == [(T2, "depart", at(20))]


def test_exactly_on_time_is_in_time() -> None:
    story = Story()
    story.ask(0, ref="MAIL-1")
    assert late(story, 5) == []
    assert late(story, 5.001) == ["acknowledge"]
    story.add(T2, "acknowledge", "ACKNOWLEDGED", 5)
    assert late(story, 5.001) == []


def test_what_was_typed_late_counts_as_it_was() -> None:
    in_time, too_late = Story(), Story()
    for story, minutes in ((in_time, 4), (too_late, 6)):
        story.ask(0, ref="MAIL-1")
        story.add(T2, "acknowledge", "ACKNOWLEDGED", minutes, recorded=90)
        story.add(T2, "accept", "ACCEPTED", 10, recorded=91)
    assert late(in_time, 30) == []
    assert late(too_late, 30) == ["acknowledge"]


def test_a_request_of_long_ago_is_late_at_once() -> None:
    story = Story()
    story.ask(-600, ref="MAIL-1")
    assert late(story, 0) == ["acknowledge"]


def test_a_late_answer_stays_a_breach() -> None:
    story = Story()
    story.ask(0, ref="MAIL-1")
    story.add(T2, "refuse", "REFUSED", 7)
    (timer,) = story.book.breached(at(7))
    assert timer.view(at(7)) == {
        "name": "acknowledge", "region": "T2", "since": to_rfc3339(at(0)),
        "due": to_rfc3339(at(5)), "stopped_at": to_rfc3339(at(7)), "overdue": True,
        "owner": "FPU_DUTY", "event_id": "e1",
    }  # fmt: skip
    assert "overdue" not in timer.view()


def test_a_sitrep_begins_a_new_period() -> None:
    story = Story()
    story.on_scene()
    story.add(INC, "note", None, 40, {"text": "nothing new"})
    assert running(story) == [(T2, "sitrep", at(60))]
    story.sitrep(55)
    assert running(story) == [(T2, "sitrep", at(85))]
    assert late(story, 86) == ["sitrep"]
    story.sitrep(90)
    assert [one.key for one in story.book.breached(at(91))] == ["T2:sitrep:e7"]


def test_sitreps_typed_in_any_order_divide_the_same_time() -> None:
    def periods(*minutes: float) -> list[tuple[int, int | None]]:
        story = Story()
        story.on_scene()
        for one in minutes:
            story.sitrep(one)
        found = [one for one in story.book.all() if one.name == "sitrep"]
        return sorted((one.started_us, one.stopped_us) for one in found)

    assert periods(55, 80, 100) == periods(100, 55, 80) == periods(80, 100, 55)


def test_a_sitrep_written_down_before_the_arrival_was() -> None:
    story = Story()
    story.ask(0, ref="MAIL-1")
    story.add(T2, "acknowledge", "ACKNOWLEDGED", 2)
    story.add(T2, "accept", "ACCEPTED", 5)
    story.add(T2, "depart", "EN_ROUTE", 10, {"eta": to_rfc3339(at(30))})
    story.sitrep(50)
    story.add(T2, "arrive", "ON_SCENE", 30)
    assert running(story) == [(T2, "sitrep", at(80))]


@pytest.mark.parametrize("first", [None, "to follow"])
def test_a_request_by_voice_is_owed_on_paper(first: str | None) -> None:
    story = Story()
    request = story.ask(0, ref=first)
    story.add(T2, "refuse", "REFUSED", 3)
    day = 24 * 60
    assert running(story) == [(T2, "written_confirmation", at(day))]
    assert late(story, day + 1) == ["written_confirmation"]

    def correct(ref: str | None, minutes: float, recorded: float, corrects: str) -> Event:
        record = {"request": {} if ref is None else {"written_confirmation_ref": ref}}
        return story.add(
            T2, "kp_request", None, minutes, record, corrects=corrects, recorded=recorded
        )

    paid = correct("MAIL-9", 600, day + 5, request.event_id)
    assert late(story, day + 1) == []
    correct(None, 0, day + 6, paid.event_id)  # the newest correction says what is known
    assert late(story, day + 7) == ["written_confirmation"]
    correct("MAIL-9", 0, day + 8, paid.event_id)  # without a time for the paper itself
    (owed,) = story.book.breached(at(day + 9))
    assert owed.stopped_us == to_microseconds(at(day + 8))


def test_what_was_discarded_owes_nothing() -> None:
    story = Story()
    request = story.ask(0)
    story.add(T2, "cancel", "CANCELLED", 3)
    story.add(INC, "discard", "DISCARDED", 4)
    assert running(story) == []
    story.add(T2, "kp_request", None, 5, {"request": {}}, corrects=request.event_id)
    assert running(story) == []


def test_a_corrected_arrival_time_moves_its_clock() -> None:
    story = Story()
    story.ask(0, ref="MAIL-1")
    story.add(T2, "acknowledge", "ACKNOWLEDGED", 2)
    story.add(T2, "accept", "ACCEPTED", 5)
    departed = story.add(T2, "depart", "EN_ROUTE", 10, {"eta": to_rfc3339(at(30))})
    corrected = {"eta": to_rfc3339(at(60))}
    story.add(T2, "depart", None, 10, corrected, corrects=departed.event_id)
    assert running(story) == [(T2, "arrive", at(70))]


def test_limits_are_the_units_own() -> None:
    policy = Policy(timers=Timers(acknowledge=timedelta(minutes=1)))
    story = Story()
    story.ask(0, ref="MAIL-1")
    (timer,) = fold_timers(INCIDENT, policy, story.events).running()
    assert timer.due_us == to_microseconds(at(1))


# --- whatever happens ---------------------------------------------------------------------------

_MOVES = sorted({(row.region, row.event, row.to_state) for row in TABLE if row.region in (T2, T3)})


@st.composite
def stories(draw: st.DrawFn) -> list[Event]:
    """Any events in any order at any time: the book must not depend on the guards."""
    story = Story()
    for _ in range(draw(st.integers(0, 14))):
        minutes = draw(st.integers(0, 300))
        kind = draw(st.integers(0, 9))
        request = draw(
            st.sampled_from(
                [{}, *({"written_confirmation_ref": ref} for ref in ("M", "to follow"))]
            )
        )
        record = {"eta": to_rfc3339(at(minutes + draw(st.integers(-30, 60)))), "request": request}
        if kind == 0:
            story.sitrep(minutes)
        elif kind == 1 and story.events:
            one = draw(st.sampled_from(story.events))
            story.add(one.region, one.event, None, minutes, record, corrects=one.event_id)
        elif kind == 2:
            story.add(
                INC,
                *draw(st.sampled_from([("discard", "DISCARDED"), ("reopen", "KP_LEAD")])),
                minutes,
            )
        else:
            region, event, to_state = draw(st.sampled_from(_MOVES))
            came_from = draw(st.sampled_from(["NONE", "PREALERT"]))
            story.add(region, event, to_state, minutes, record, from_state=came_from)
    return story.events


def seen(book: TimerBook) -> list[Timer]:
    return sorted(book.all(), key=lambda timer: timer.key)


@given(stories())
def test_event_by_event_is_the_same_as_all_at_once(events: list[Event]) -> None:
    book = TimerBook(INCIDENT, POLICY)
    for event in events:
        book.absorb(event)
        assert seen(fold_timers(INCIDENT, POLICY, events[: event.seq])) == seen(book)


@given(stories())
def test_one_clock_of_a_kind_and_no_key_twice(events: list[Event]) -> None:
    book = TimerBook(INCIDENT, POLICY)
    for event in events:
        book.absorb(event)
        keys = [timer.key for timer in book.all()]
        assert len(keys) == len(set(keys))
        now_running = [
            (timer.region, timer.name)
            for timer in book.running()
            if timer.name != "written_confirmation"
        ]
        assert len(now_running) == len(set(now_running))
        for timer in book.all():
            assert timer.name in NAMES
            assert timer.due_us >= timer.started_us
            assert timer.stopped_us is None or timer.stopped_us >= timer.started_us


@given(stories(), st.integers(0, 3000), st.integers(0, 3000))
def test_what_is_late_stays_late_as_time_passes(
    events: list[Event], first: int, second: int
) -> None:
    book = fold_timers(INCIDENT, POLICY, events)
    earlier, later = sorted((first, second))
    assert set(book.breached(at(earlier))) <= set(book.breached(at(later)))


@given(stories())
def test_a_clock_moves_no_state(events: list[Event]) -> None:
    alone = fold(INCIDENT, events)
    book = TimerBook(INCIDENT, POLICY)
    for event in events:
        book.absorb(event)
        book.breached(at(10_000))
    assert fold(INCIDENT, events) == alone


def test_the_program_itself_owns_no_event_that_moves_anything() -> None:
    assert all("SYSTEM" not in row.entered_by for row in TABLE)
    assert not [key for key in ROWS_OF if key[1] == RAISED or key[0] == LOG]
