"""Spot reports, on every database: kept once, and ended by a person with a decision."""

from __future__ import annotations

import uuid
from typing import Any

import pytest

from data.database import Database
from domain.chain import broken_links
from domain.errors import InvalidField, NotPermitted, VersionConflict
from domain.time import to_rfc3339
from services.alarm_ports import Alarm
from services.ports import Filing
from services.spots import Spots
from tests.services.incident_world import NOW, IncidentWorld, actor

FILING = Filing("drill", "u1", "SOKOL 1")


@pytest.fixture
def world(database: Database) -> IncidentWorld:
    return IncidentWorld(database)


@pytest.fixture
def spots(world: IncidentWorld) -> Spots:
    return Spots(world.store, world.journal, lambda: NOW, lambda: None)


def spotted(spots: Spots, uid: str = "marker", **changes: Any) -> None:
    said = {
        "filing": FILING, "device": "phone", "uid": uid, "what": "b-m-p-s-m",
        "title": "Roadblock", "remarks": "two trucks\x00\ud800", "occurred_at": NOW,
        "received_at": NOW, "position": (42.89, 20.87),
    }  # fmt: skip
    spots.spotted(**said | changes)


def test_a_spot_is_one_alert_however_often_it_is_sent(world: IncidentWorld, spots: Spots) -> None:
    for _ in range(3):
        spotted(spots)
    spotted(spots, "other", position=None)
    other, first = world.picture.alerts("drill", only_open=True)
    assert (first.kind, first.unit, first.details["callsign"]) == ("spot", "u1", "SOKOL 1")
    assert first.details["position"] == {"lat": 42.89, "lon": 20.87}
    assert (first.details["title"], first.details["remarks"]) == ("Roadblock", "two trucks?")
    assert other.details["position"] is None
    assert [change.kind for change in world.journal.since(0, 9)] == ["alert", "alert"]
    with world.store.view() as connection:
        assert broken_links(world.store.since(connection, "drill", 0)) == []


def test_a_spot_ends_with_a_reason_or_an_incident_and_a_name(
    world: IncidentWorld, spots: Spots
) -> None:
    spotted(spots)
    (alert,) = world.picture.alerts("drill")
    take = world.occurrences.acknowledge
    for decision in ({}, {"reason": "  "}, {"reason": "x" * 501}, {"incident": "drill-0009"}):
        with pytest.raises(InvalidField):
            take("drill", alert.id, actor("duty"), **decision)
    with pytest.raises(InvalidField):
        take("drill", alert.id, actor("duty"), incident="log")
    with pytest.raises(NotPermitted):
        take("drill", alert.id, actor("review"), reason="seen")
    taken = take("drill", alert.id, actor("duty"), reason=" a wedding ")
    assert (taken["reason"], taken["acknowledged_by"]) == ("a wedding", "duty")
    with pytest.raises(VersionConflict):
        take("drill", alert.id, actor("duty"), reason="again")
    (known,) = world.picture.alerts("drill")
    assert (known.open, known.view()["reason"]) == (False, "a wedding")


def test_a_call_that_is_taken_back_is_one_line_and_ends_no_alert(
    world: IncidentWorld, spots: Spots
) -> None:
    with world.store.transaction() as connection:
        alarm = Alarm(
            operation="drill", unit="u1", callsign="SOKOL 1", device="phone",
            kind="911", occurred_at=NOW, received_at=NOW, latitude=42.9, longitude=20.9,
        )  # fmt: skip
        world.occurrences.alarm(connection, alarm)
    for _ in range(2):
        spots.call_cancelled(filing=FILING, device="phone", occurred_at=NOW)
    (line,) = world.picture.log("drill")
    assert "SOKOL 1" in line["record"]["text"]
    assert line["occurred_at"] == to_rfc3339(NOW)
    assert uuid.UUID(line["command_id"])
    assert len(world.picture.alerts("drill", only_open=True)) == 1
