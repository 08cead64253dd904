"""The roster comes back from the database as it was put there."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from data.database import Database
from data.roster_store import RosterStore
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

START = datetime(2026, 12, 1, 5, 0, 0, 123456, tzinfo=UTC)
EIGHT_HOURS = Period(START, START + timedelta(hours=8))

RECORDS: list[Record] = [
    Operation("live", "live", "Live operation", START, settings={"request_s": 300, "á": None}),
    Operation("drill", "exercise", "Drill", START, START + timedelta(days=1), 2),
    Unit("heron-1", "ŽERAV 1", "command"),
    Device("phone-1", "ab" * 32, "kmh", False, "in the vehicle"),
    DeviceAssignment("phone-1", "heron-1", Period(START)),
    UnitAssignment("heron-1", "live", EIGHT_HOURS),
    Platoon("granite-1", "live", "GRANITE 1", "special", 18),
    Shift("morning", "live", "Morning", EIGHT_HOURS),
    ShiftMember("morning", "unit", "heron-1", "Jarinje/Jarinjë"),
    ShiftMember("morning", "platoon", "granite-1"),
]


def everything(roster: Roster) -> dict[str, object]:
    return vars(roster)


def test_every_kind_of_record_comes_back_as_it_was(database: Database) -> None:
    store = RosterStore()
    with database.writing() as connection:
        store.save(connection, RECORDS)
    with database.reading() as connection:
        loaded = store.load(connection)
    expected = everything(Roster(RECORDS))
    members = loaded.members["morning"]
    members.sort(key=lambda member: member.member_kind, reverse=True)
    assert everything(loaded) == expected


def test_a_change_overwrites_the_record_and_counts_one(database: Database) -> None:
    store = RosterStore()
    with database.writing() as connection:
        assert store.version(connection) == 0
        store.save(connection, RECORDS)
        assert store.version(connection) == 1
        device = store.load(connection).devices["phone-1"]
        ended = DeviceAssignment("phone-1", "heron-1", EIGHT_HOURS)
        store.save(connection, [], [replace(device, enabled=True), ended])
        assert store.version(connection) == 2
    with database.reading() as connection:
        loaded = store.load(connection)
    assert loaded.devices["phone-1"].enabled
    assert loaded.device_assignments["phone-1"] == [ended]
