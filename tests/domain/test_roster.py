"""What a record of the roster may say, and what records may stand beside each other."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import InvalidField
from domain.roster import (
    Device,
    DeviceAssignment,
    Operation,
    Period,
    Platoon,
    Record,
    Shift,
    ShiftMember,
    Unit,
    UnitAssignment,
)
from domain.roster_rules import Roster

START = datetime(2026, 12, 1, 5, tzinfo=UTC)


def hours(first: float, last: float | None = None) -> Period:
    end = None if last is None else START + timedelta(hours=last)
    return Period(START + timedelta(hours=first), end)


def filled() -> Roster:
    roster = Roster()
    for record in (
        Operation("live", "live", "Live operation", START),
        Operation("drill", "exercise", "Drill", START, START + timedelta(hours=48)),
        Operation("past", "history", "May 2021", START),
        Unit("heron-1", "HERON 1"),
        Unit("heron-2", "HERON 2"),
        Device("phone-1", "0" * 64),
        UnitAssignment("heron-1", "live", hours(0)),
        Platoon("granite-1", "live", "GRANITE 1", "crowd_control", 30),
        Shift("morning", "live", "Morning", hours(1, 9)),
        Shift("evening", "live", "Evening", hours(9, 17)),
        ShiftMember("morning", "unit", "heron-1", "Jarinje/Jarinjë"),
    ):
        roster.add(record)
    return roster


@pytest.mark.parametrize(
    ("record", "field"),
    [
        (Unit("heron-1", "HERON 9"), "id"),
        (Unit("heron-9", "heron 1"), "callsign"),
        (Device("phone-1", "1" * 64), "id"),
        (Operation("drill", "exercise", "Again", START), "id"),
        (DeviceAssignment("phone-9", "heron-1", hours(0)), "device"),
        (DeviceAssignment("phone-1", "heron-9", hours(0)), "unit"),
        (UnitAssignment("heron-9", "live", hours(0)), "unit"),
        (UnitAssignment("heron-2", "nowhere", hours(0)), "operation"),
        (UnitAssignment("heron-2", "past", hours(0)), "operation"),
        (UnitAssignment("heron-2", "drill", hours(48)), "starts_at"),
        (UnitAssignment("heron-1", "drill", hours(5, 6)), "unit"),
        (Platoon("granite-1", "drill", "GRANITE 9", "support", 5), "id"),
        (Platoon("granite-9", "live", "Granite 1", "support", 5), "callsign"),
        (Platoon("granite-9", "nowhere", "GRANITE 9", "support", 5), "operation"),
        (Platoon("granite-9", "past", "GRANITE 9", "support", 5), "operation"),
        (Shift("morning", "live", "Again", hours(0, 1)), "id"),
        (Shift("noon", "nowhere", "Noon", hours(0, 1)), "operation"),
        (ShiftMember("noon", "unit", "heron-1"), "shift"),
        (ShiftMember("evening", "unit", "heron-9"), "member"),
        (ShiftMember("evening", "unit", "heron-2"), "member"),
        (ShiftMember("evening", "platoon", "granite-9"), "member"),
        (ShiftMember("morning", "unit", "heron-1"), "member"),
    ],
)
def test_a_record_against_a_rule_is_refused_by_its_field_and_changes_nothing(
    record: Record, field: str
) -> None:
    roster = filled()
    before = repr(vars(roster))
    with pytest.raises(InvalidField) as refused:
        roster.add(record)
    assert refused.value.field == field
    assert repr(vars(roster)) == before


def test_a_platoon_of_another_operation_is_on_no_shift() -> None:
    roster = filled()
    roster.add(Platoon("drill-granite-1", "drill", "GRANITE 1", "crowd_control", 30))
    with pytest.raises(InvalidField, match="platoon of drill") as refused:
        roster.add(ShiftMember("morning", "platoon", "drill-granite-1"))
    assert refused.value.field == "member"


def test_nobody_is_on_two_shifts_at_once() -> None:
    roster = filled()
    roster.add(Shift("overlap", "live", "Overlap", hours(8, 10)))
    with pytest.raises(InvalidField, match="on shift morning"):
        roster.add(ShiftMember("overlap", "unit", "heron-1"))
    roster.add(ShiftMember("evening", "unit", "heron-1"))


def test_an_assignment_that_has_ended_makes_room_for_the_next() -> None:
    roster = filled()
    roster.add(DeviceAssignment("phone-1", "heron-1", hours(0)))
    ended = roster.end_device_assignment("phone-1", START + timedelta(hours=3))
    assert ended.period == hours(0, 3)
    roster.add(DeviceAssignment("phone-1", "heron-2", hours(3)))
    assert roster.end_unit_assignment("heron-1", START + timedelta(hours=4)).period == hours(0, 4)


@pytest.mark.parametrize(("device", "hour"), [("phone-1", 1), ("phone-9", 1)])
def test_only_a_running_assignment_can_end(device: str, hour: int) -> None:
    with pytest.raises(InvalidField) as refused:
        filled().end_device_assignment(device, START + timedelta(hours=hour))
    assert refused.value.field == "device"


def test_an_assignment_cannot_end_the_moment_it_begins() -> None:
    with pytest.raises(InvalidField) as refused:
        filled().end_unit_assignment("heron-1", START)
    assert refused.value.field == "ends_at"


@pytest.mark.parametrize(
    ("make", "field"),
    [
        (lambda: Period(datetime(2026, 12, 1)), "starts_at"),  # noqa: DTZ001
        (lambda: Period(START, datetime(2026, 12, 2)), "ends_at"),  # noqa: DTZ001
        (lambda: hours(2, 2), "ends_at"),
        (lambda: hours(2, 1), "ends_at"),
        (lambda: Shift("night", "live", "Night", hours(1)), "ends_at"),
        (lambda: Operation("live", "exercise", "x", START), "kind"),
        (lambda: Operation("other", "live", "x", START), "kind"),
        (lambda: Operation("other", "parade", "x", START), "kind"),
        (lambda: Operation("other", "exercise", " ", START), "title"),
        (lambda: Operation("other", "exercise", "x", START, reserve_minimum=-1), "reserve_minimum"),
        (lambda: Operation("other", "exercise", "x", START, START), "closed_at"),
        (lambda: Operation("Other", "exercise", "x", START), "id"),
        (lambda: Unit("a--b", "X"), "id"),
        (lambda: Unit("a" * 41, "X"), "id"),
        (lambda: Unit("a\n", "X"), "id"),
        (lambda: Unit("a", "=SUM(A1)"), "callsign"),
        (lambda: Unit("a", "HERON\u202e1"), "callsign"),
        (lambda: Unit("a", "HERON\n1"), "callsign"),
        (lambda: Unit("a", "H" * 41), "callsign"),
        (lambda: Unit("a", "HERON", "tank"), "kind"),
        (lambda: Device("with blank", "0" * 64), "id"),
        (lambda: Device("=cmd", "0" * 64), "id"),
        (lambda: Device("x", "0" * 64, "mph"), "speed_unit"),
        (lambda: Device("x", "0" * 64, note="a\x00b"), "note"),
        (lambda: Platoon("a", "live", "A", "cavalry", 5), "kind"),
        (lambda: Platoon("a", "live", "A", "support", 0), "strength"),
        (lambda: Platoon("a", "live", "A", "support", True), "strength"),
        (lambda: ShiftMember("a", "horse", "b"), "member_kind"),
    ],
)
def test_a_record_wrong_in_itself_names_its_field(make: object, field: str) -> None:
    assert callable(make)
    with pytest.raises(InvalidField) as refused:
        make()
    assert refused.value.field == field


def test_a_call_sign_is_kept_composed_and_with_single_blanks() -> None:
    assert Unit("a", "  Z\u030cABA \u00a0 1 ").callsign == "ŽABA 1"


times = st.integers(0, 40)
periods = st.builds(
    lambda first, length: hours(first, None if length is None else first + length),
    times,
    st.none() | st.integers(1, 40),
)


@given(periods, periods, times)
def test_periods_overlap_just_when_a_moment_lies_in_both(
    one: Period, other: Period, hour: int
) -> None:
    both = any(
        one.covers(START + timedelta(hours=each)) and other.covers(START + timedelta(hours=each))
        for each in range(85)
    )
    assert one.overlaps(other) == other.overlaps(one) == both


@given(st.lists(st.tuples(st.sampled_from(["live", "drill"]), periods), max_size=12))
def test_whatever_is_asked_a_unit_is_never_in_two_operations(
    wishes: list[tuple[str, Period]],
) -> None:
    roster = filled()
    for operation, period in wishes:
        try:
            roster.add(UnitAssignment("heron-2", operation, period))
        except InvalidField:
            continue
    held = [one.period for one in roster.unit_assignments.get("heron-2", [])]
    for hour in range(85):
        moment = START + timedelta(hours=hour)
        assert sum(period.covers(moment) for period in held) <= 1
