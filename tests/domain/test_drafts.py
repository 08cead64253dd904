"""Drafts move nothing: the fold with them is the fold without them."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.drafts import (
    DRAFT_EVENTS,
    as_if,
    closing_event,
    draft_event,
    first_out_of_order,
    marked_late,
    must_wait,
    open_drafts,
    somebody_else,
    with_platoons,
)
from domain.errors import DashboardError, GuardRefused, NotPermitted
from domain.events import DRAFT, DRAFT_CONFIRMED, DRAFT_REJECTED, Actor, Command, Event
from domain.state import IncidentState, PlatoonState, fold
from domain.transitions import INC, ROWS_OF, T2, TABLE
from services.summaries import IncidentPicture
from tests.domain.harness import START, World, command, sample_record

INCIDENT = "drill-0001"
DUTY = Actor("duty", "FPU_DUTY")
PATH = (
    (INC, "report"), (INC, "confirm"), (T2, "kp_request"), (T2, "acknowledge"), (T2, "accept"),
    (T2, "depart"), (T2, "arrive"), (T2, "engage"), (T2, "begin_handback"),
)  # fmt: skip
STEPS = [{"region": T2, "event": "accept"}, {"region": T2, "event": "depart"}]
MOVES = [("ACKNOWLEDGED", "ACCEPTED"), ("ACCEPTED", "EN_ROUTE")]


def _history(length: int) -> list[Event]:
    world = World(platoons={"p1": PlatoonState("p1")})
    for region, event in PATH[:length]:
        row = ROWS_OF[region, event][0]
        world.now = START + timedelta(hours=1)
        world.act(command(row, sample_record(row)), INCIDENT)
    return [event for event in world.log if event.stream == INCIDENT]


def _bookkeeping(new: object, number: int) -> Event:
    sent = Command(f"00000000-0000-0000-0000-{number:012d}", INC, DRAFT, START, DUTY, {})
    return as_if(new, sent, "drill", number)  # type: ignore[arg-type]


@settings(max_examples=60, deadline=None)
@given(st.integers(1, len(PATH)), st.lists(st.tuples(st.integers(0, 9), st.integers(0, 2))))
def test_the_state_with_drafts_is_the_state_without(
    length: int, inserted: list[tuple[int, int]]
) -> None:
    plain = _history(length)
    mixed = list(plain)
    written: list[str] = []
    for number, (place, kind) in enumerate(inserted):
        at = max(1, place % (len(mixed) + 1))
        new = draft_event(INCIDENT, DUTY, STEPS, MOVES)
        if kind and written:
            name = (DRAFT_CONFIRMED, DRAFT_REJECTED)[kind - 1]
            new = closing_event(INCIDENT, name, DUTY, {"draft": written[-1]})
        event = _bookkeeping(new, number + 100)
        written += [event.event_id] if new.event == DRAFT else []
        mixed.insert(at, event)
    mixed = [event._replace(seq=seq) for seq, event in enumerate(mixed, start=1)]
    with_drafts = fold(INCIDENT, mixed)
    apart = {"version": 0, "drafts": ()}
    assert replace(with_drafts, **apart) == replace(fold(INCIDENT, plain), **apart)
    assert with_drafts.version == len(mixed)
    picture = IncidentPicture(IncidentState(INCIDENT))
    for event in mixed:
        if event.event in DRAFT_EVENTS:
            picture.absorb(event)
    assert picture.summary()["drafts"] == len(open_drafts(mixed))


def test_a_draft_waits_until_it_is_closed() -> None:
    draft = _bookkeeping(draft_event(INCIDENT, DUTY, STEPS, MOVES), 1)
    other = _bookkeeping(draft_event(INCIDENT, DUTY, STEPS, MOVES), 2)
    closed = _bookkeeping(
        closing_event(INCIDENT, DRAFT_REJECTED, DUTY, {"draft": draft.event_id}), 3
    )
    assert open_drafts([draft, other]) == [draft, other]
    assert open_drafts([draft, other, closed]) == [other]


@pytest.mark.parametrize(
    ("refused", "waits"),
    [
        (NotPermitted("x", guard="role"), True),
        (NotPermitted("x", guard="sealed"), False),
        (GuardRefused("four_eyes", "x"), True),
        (GuardRefused("second_person", "x"), True),
        (GuardRefused("platoons_free", "x"), False),
    ],
)
def test_only_a_missing_person_makes_a_step_wait(refused: DashboardError, waits: bool) -> None:
    assert must_wait(refused) is waits


@pytest.mark.parametrize("row", [row for row in TABLE if row.entered_by != ("EXCON",)])
def test_somebody_else_may_enter_the_row_and_is_no_user(row: object) -> None:
    for kind in ("live", "exercise"):
        found = somebody_else(row, 3, kind)  # type: ignore[arg-type]
        assert found.role in row.entered_by  # type: ignore[attr-defined]
        assert kind == "exercise" or found.role != "EXCON"
        assert found != somebody_else(row, 4, kind)  # type: ignore[arg-type]


def test_late_is_what_comes_long_after() -> None:
    world = World(platoons={"p1": PlatoonState("p1")})
    world.act(command(TABLE[0], sample_record(TABLE[0])), INCIDENT)
    row = ROWS_OF[INC, "confirm"][0]
    world.now = START + timedelta(minutes=9)
    situation = world.situation(DUTY, INCIDENT)

    def late(minutes: int) -> bool:
        at = START + timedelta(minutes=minutes)
        return marked_late(command(row, sample_record(row), at), situation).late_entry

    assert [late(9), late(0), late(-1), late(-2)] == [False, False, False, True]
    young = replace(situation, now=START + timedelta(minutes=11))
    assert marked_late(command(row, sample_record(row), START), young).late_entry


def test_the_order_is_asked_of_each_lane_by_itself() -> None:
    def at(region: str, event: str, minutes: int) -> Command:
        row = ROWS_OF[region, event][0]
        return command(row, sample_record(row), START + timedelta(minutes=minutes))

    request, heard = at(T2, "kp_request", 5), at(T2, "acknowledge", 4)
    assert first_out_of_order([request, at(INC, "confirm", 1)]) is None
    assert first_out_of_order([request, at(T2, "acknowledge", 5)]) is None
    assert first_out_of_order([request, at(INC, "confirm", 1), heard]) == 2


def test_a_platoon_that_is_said_to_move_is_seen_there() -> None:
    world = World(platoons={"p1": PlatoonState("p1")})
    for region, event in PATH[:5]:
        row = ROWS_OF[region, event][0]
        world.now = START + timedelta(hours=1)
        world.act(command(row, sample_record(row)), INCIDENT)
    moved = [event for event in world.log if event.stream.startswith("platoon:")]
    before = replace(world.situation(DUTY, INCIDENT), platoons={"p1": PlatoonState("p1")})
    assert with_platoons(before, moved).platoons["p1"].state == "RESERVED"
    assert before.platoons["p1"].state == "AVAILABLE"
