"""The occurrence log and the alerts, on every database."""

from __future__ import annotations

import uuid
from datetime import timedelta

import pytest

from data.database import Database
from domain.chain import broken_links
from domain.errors import GuardRefused, InvalidField, NotPermitted, VersionConflict
from domain.time import to_rfc3339
from services.alarm_ports import Alarm
from tests.services.incident_world import NOW, IncidentWorld, actor


@pytest.fixture
def world(database: Database) -> IncidentWorld:
    return IncidentWorld(database)


def _line(text: str, minutes_ago: int = 0) -> dict:
    return {
        "command_id": str(uuid.uuid4()),
        "occurred_at": to_rfc3339(NOW - timedelta(minutes=minutes_ago)),
        "record": {"text": text},
    }


def _alarm(
    world: IncidentWorld, unit: str = "u1", latitude: float | None = 42.9, word: str = "sos"
) -> None:
    with world.store.transaction() as connection:
        alarm = Alarm(
            operation="drill", unit=unit, callsign=unit.upper(), device="phone",
            kind=word, occurred_at=NOW, received_at=NOW, latitude=latitude,
            longitude=None if latitude is None else 20.9,
        )  # fmt: skip
        world.occurrences.alarm(connection, alarm)


def test_lines_are_listed_by_the_time_of_what_happened(world: IncidentWorld) -> None:
    for text, ago in (("first", 30), ("third", 1), ("second", 20)):
        created, line = world.occurrences.enter("drill", actor("duty"), _line(text, ago))
        assert created
        assert line["recorded_at"] == to_rfc3339(NOW)
    texts = [line["record"]["text"] for line in world.picture.log("drill")]
    assert texts == ["third", "second", "first"]
    assert world.picture.log("live") == []


def test_one_command_is_one_line(world: IncidentWorld) -> None:
    sent = _line("once")
    first = world.occurrences.enter("drill", actor("duty"), sent)
    again = world.occurrences.enter("drill", actor("duty"), sent)
    assert (first[0], again[0]) == (True, False)
    assert first[1] == again[1]


def test_bad_lines_are_refused_by_name(world: IncidentWorld) -> None:
    with pytest.raises(InvalidField, match="blank"):
        world.occurrences.enter("drill", actor("duty"), _line("  "))
    with pytest.raises(GuardRefused):
        world.occurrences.enter("drill", actor("duty"), _line("tomorrow", -60))
    for user in ("review", "admin"):
        with pytest.raises(NotPermitted):
            world.occurrences.enter("drill", actor(user), _line("x"))
    assert world.picture.log("drill") == []


def test_an_alarm_stays_until_a_person_takes_it_by_name(world: IncidentWorld) -> None:
    _alarm(world)
    _alarm(world, latitude=None)
    (alert,) = world.picture.alerts("drill", only_open=True)
    assert (alert.kind, alert.unit, alert.times) == ("sos", "u1", 2)
    taken = world.occurrences.acknowledge("drill", alert.id, actor("patrol"))
    assert taken["acknowledged_by"] == "patrol"
    assert world.picture.alerts("drill", only_open=True) == []
    with pytest.raises(VersionConflict, match="patrol"):
        world.occurrences.acknowledge("drill", alert.id, actor("duty"))
    _alarm(world)
    assert len(world.picture.alerts("drill")) == 2
    assert len(world.picture.alerts("drill", only_open=True)) == 1
    with world.store.view() as connection:
        assert broken_links(world.store.since(connection, "drill", 0)) == []


def test_readers_take_no_alerts(world: IncidentWorld) -> None:
    _alarm(world)
    (alert,) = world.picture.alerts("drill")
    for user in ("review", "admin"):
        with pytest.raises(NotPermitted):
            world.occurrences.acknowledge("drill", alert.id, actor(user))


def test_the_stream_hears_of_alarms_and_lines(world: IncidentWorld) -> None:
    _alarm(world)
    world.occurrences.enter("drill", actor("duty"), _line("x"))
    (alert,) = world.picture.alerts("drill")
    world.occurrences.acknowledge("drill", alert.id, actor("duty"))
    assert [change.kind for change in world.journal.since(0, 9)] == ["alert", "log", "alert"]


def test_another_alarm_is_another_alert_and_only_a_call_for_help_is_an_sos(
    world: IncidentWorld,
) -> None:
    _alarm(world)
    _alarm(world, latitude=42.5, word="lowBattery")
    _alarm(world, latitude=42.95)
    battery, sos = world.picture.alerts("drill", only_open=True)
    assert (battery.kind, battery.details["alarm"]) == ("device", "lowBattery")
    assert (sos.kind, sos.details["alarm"], sos.times) == ("sos", "sos", 2)
    assert sos.details["position"]["lat"] == 42.95
