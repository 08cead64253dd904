"""What a unit did, told from a real store; and whether its clock is right."""

from __future__ import annotations

import json
from dataclasses import dataclass

import pytest

from data.database import Database
from data.fix_store import FixStore
from domain.fixes import Fix
from domain.stored_fixes import StoredFix
from services.track_analysis import TrackAnalyses
from tests.services.positions import at


@dataclass(frozen=True)
class Crossing:
    id: str = "gate"
    name: str = "Gate"
    latitude: float = 42.8
    longitude: float = 20.9
    confidence: str = "high"


def keep(database: Database, device: str, moments: list[tuple[float, float, float]]) -> None:
    """(seconds of the device's clock, metres north of the gate, seconds when received)."""
    stored = [
        StoredFix(
            "demo",
            "p1",
            Fix(device, at(second), 42.8 + metres / 111_195, 20.9, *[None] * 5, {}),
            at(received),
        )
        for second, metres, received in moments
    ]
    with database.writing() as connection:
        FixStore(database).insert(connection, stored)


@pytest.fixture
def analyses(database: Database) -> TrackAnalyses:
    return TrackAnalyses(FixStore(database), lambda: [Crossing()])  # type: ignore[list-item]


def test_a_patrol_that_stands_drives_and_falls_silent(
    database: Database, analyses: TrackAnalyses
) -> None:
    standing = [(second, 0.0, second) for second in range(0, 601, 5)]
    driving = [(600.0 + second, 10.0 * second, 600.0 + second) for second in range(5, 301, 5)]
    later = [(1800.0 + second, 3000.0 + 10.0 * second, 0.0) for second in range(0, 101, 5)]
    keep(database, "phone", [*standing, *driving, *later])
    keep(database, "spare", [(30, 0.0, 30)])
    told = analyses.unit("demo", "p1", at(0), at(3600))
    json.dumps(told, allow_nan=False)
    main, spare = told["devices"]
    assert main["device"] == "phone"
    assert main["distance_m"] == pytest.approx(4000, rel=0.02)
    assert main["on_task_s"] == 1000
    assert [round(stop["dwell_s"] / 10) for stop in main["stops"]] == [60]
    assert [gap["seconds"] for gap in main["gaps"]] == [900]
    assert (spare["distance_m"], spare["on_task_s"], spare["stops"]) == (0, 0, [])
    [visit] = told["visits"]
    assert (visit["crossing"], visit["dwell_s"]) == ("gate", 620.0)
    assert visit["left_at"] is not None
    assert analyses.unit("demo", "nobody", at(0), at(10))["devices"] == []
