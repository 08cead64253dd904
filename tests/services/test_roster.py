"""The roster service on a real database, with another process changing it underneath."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from data.database import Database
from data.roster_store import RosterStore
from domain.errors import InvalidField, NotFound
from domain.roster import Operation, Period, Platoon, Shift, ShiftMember, Unit
from services.ports import DeviceRecord, Filing
from services.roster import RosterService, key_hash

START = datetime(2026, 12, 1, 5, tzinfo=UTC)


def hour(number: float) -> datetime:
    return START + timedelta(hours=number)


class HandClock:
    """Seconds that pass only when told."""

    def __init__(self) -> None:
        self.seconds = 100.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def service(database: Database, clock: HandClock) -> RosterService:
    roster = RosterService(database, RosterStore(), clock)
    roster.ensure_live(hour(0))
    roster.add(
        Operation("drill", "exercise", "Drill", hour(10), hour(20)),
        Operation("past", "history", "May 2021", hour(-9000)),
        Unit("heron-1", "HERON 1"),
        Unit("heron-2", "HERON 2"),
    )
    roster.add_device("phone-1", "a-key", "kmh", "spare")
    roster.assign_unit("heron-1", "live", hour(0), hour(10))
    roster.assign_unit("heron-1", "drill", hour(10))
    roster.assign_device("phone-1", "heron-1", hour(2), hour(30))
    return roster


@pytest.mark.parametrize(
    ("moment", "operation"),
    [(1.99, None), (2, "live"), (9.99, "live"), (10, "drill"), (19.99, "drill"), (20, None)],
)
def test_a_fix_is_filed_by_its_time(
    service: RosterService, moment: float, operation: str | None
) -> None:
    expected = operation and Filing(operation, "heron-1", "HERON 1")
    assert service.filing("phone-1", hour(moment)) == expected


def test_a_device_that_changes_its_unit_is_filed_under_each(service: RosterService) -> None:
    service.end_device_assignment("phone-1", hour(5))
    service.assign_unit("heron-2", "live", hour(0))
    service.assign_device("phone-1", "heron-2", hour(6))
    found = [service.filing("phone-1", hour(moment)) for moment in (4.9, 5.5, 6.5)]
    assert [one and one.callsign for one in found] == ["HERON 1", None, "HERON 2"]


def test_devices_are_found_with_the_hash_of_their_key(service: RosterService) -> None:
    assert service.find("phone-1") == DeviceRecord("phone-1", key_hash("a-key"), "kmh", True)
    assert service.find("phone-2") is None
    assert service.filing("phone-2", hour(3)) is None
    service.enable_device("phone-1", False)
    found = service.find("phone-1")
    assert found is not None
    assert not found.enabled
    with pytest.raises(InvalidField) as refused:
        service.enable_device("phone-2", True)
    assert refused.value.field == "id"


def test_what_another_process_changes_is_known_after_a_second(
    service: RosterService, open_database: Callable[[], Database], clock: HandClock
) -> None:
    other = RosterService(open_database(), RosterStore())
    assert service.find("phone-1") is not None
    other.enable_device("phone-1", False)
    clock.seconds += 0.9
    before = service.find("phone-1")
    clock.seconds += 0.2
    after = service.find("phone-1")
    assert before is not None
    assert before.enabled
    assert after is not None
    assert not after.enabled


def test_live_is_made_once_and_comes_first(service: RosterService) -> None:
    again = service.ensure_live(hour(99))
    assert again.opened_at == hour(0)
    assert [one.id for one in service.operations()] == ["live", "drill", "past"]
    assert service.operation("drill").title == "Drill"
    with pytest.raises(NotFound):
        service.operation("nowhere")


def test_units_belong_to_an_operation_for_a_time(service: RosterService) -> None:
    assert [one.id for one in service.units_of("live", hour(9))] == ["heron-1"]
    assert service.units_of("live", hour(10)) == ()
    assert [one.id for one in service.units_of("drill", hour(10))] == ["heron-1"]


def test_of_many_records_all_or_none_are_taken(service: RosterService) -> None:
    with pytest.raises(InvalidField):
        service.add(Unit("heron-3", "HERON 3"), Unit("heron-4", "heron 3"))
    assert "heron-3" not in service.roster().units
    assert "heron-3" not in service.fresh().units


def test_without_a_plan_every_platoon_is_on_shift(service: RosterService) -> None:
    service.add(
        Platoon("granite-1", "live", "GRANITE 1", "crowd_control", 30),
        Platoon("granite-2", "live", "GRANITE 2", "crowd_control", 30),
        Platoon("granite-x", "drill", "GRANITE 1", "crowd_control", 30),
        Shift("morning", "live", "Morning", Period(hour(0), hour(8))),
        Shift("evening", "live", "Evening", Period(hour(7.5), hour(16))),
        ShiftMember("morning", "unit", "heron-1", "Brnjak"),
    )
    assert not service.platoons_planned("live")
    assert service.platoons_on_shift("live", hour(1)) == {"granite-1", "granite-2"}
    service.add(ShiftMember("evening", "platoon", "granite-2"))
    assert service.platoons_planned("live")
    assert service.platoons_on_shift("live", hour(1)) == set()
    assert service.platoons_on_shift("live", hour(9)) == {"granite-2"}
    assert service.platoons_on_shift("drill", hour(9)) == {"granite-x"}
    assert service.tasks_at("live", hour(7.7)) == {"heron-1": "Brnjak"}
    shifts = [service.shift_at("live", hour(moment)) for moment in (-1, 1, 7.7, 16)]
    assert [one and one.id for one in shifts] == [None, "morning", "evening", None]
    assert [one.id for one in service.platoons_of("live")] == ["granite-1", "granite-2"]
