"""The read models of positions and tracks, over a real store."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import insert

from data.database import Database
from data.fix_store import FixStore
from data.schema import units
from domain.analysis_settings import AnalysisSettings
from domain.fixes import Fix, Heartbeat
from domain.stored_fixes import SEGMENT, StoredFix
from domain.tracks import Freshness
from services.tracks import Tracks
from tests.services.positions import at


@pytest.fixture
def tracks(database: Database) -> Tracks:
    with database.writing() as connection:
        connection.execute(insert(units), [{"id": "p11", "callsign": "PAPA 11", "kind": "patrol"}])
    return Tracks(FixStore(database))


def drive(
    database: Database, *seconds: float, unit: str = "p11", device: str = "a", **options: Any
) -> None:
    """Fixes along a straight road to the north, 10 m/s; ``jump`` moves them east by degrees."""
    fixes = [
        Fix(
            device=device,
            fix_time=at(second),
            latitude=42.8 + second * 0.00009,
            longitude=20.8712345 + options.get("jump", 0.0),
            speed=10.0,
            course=None,
            altitude=None,
            accuracy=None,
            battery=None,
            attributes={SEGMENT: options["segment"]} if "segment" in options else {},
        )
        for second in seconds
    ]
    received = options.get("received")
    with database.writing() as connection:
        FixStore(database).insert(
            connection,
            [
                StoredFix("demo", unit, fix, fix.fix_time if received is None else at(received))
                for fix in fixes
            ],
        )


def properties(collection: dict[str, Any]) -> list[dict[str, Any]]:
    assert collection["type"] == "FeatureCollection"
    json.dumps(collection, allow_nan=False)
    return [feature["properties"] for feature in collection["features"]]


def spans(collection: dict[str, Any]) -> list[tuple[str, str, float | None]]:
    return [
        (one["start"][14:19], one["end"][14:19], one["gap_before_s"])
        for one in properties(collection)
    ]


def test_the_latest_positions_age(database: Database, tracks: Tracks) -> None:
    drive(database, 0, 300)
    drive(database, 250, unit="p12")
    drive(database, 10, unit="p13")
    found = properties(tracks.latest_positions("demo", at(330)))
    assert [(one["unit"], one["callsign"], one["age"], one["status"]) for one in found] == [
        ("p11", "PAPA 11", 30.0, "fresh"),
        ("p12", "p12", 80.0, "late"),
        ("p13", "p13", 320.0, "silent"),
    ]
    assert properties(tracks.latest_positions("live", at(330))) == []


def test_positions_at_a_time_have_their_age_then(database: Database, tracks: Tracks) -> None:
    drive(database, 0, 300)
    [then] = properties(tracks.latest_positions("demo", at(9999), at=at(45)))
    assert (then["fix_time"], then["age"], then["status"]) == (
        "2026-11-21T12:00:00Z",
        45.0,
        "fresh",
    )


def test_what_was_known_then(database: Database, tracks: Tracks) -> None:
    drive(database, 0, 10)
    drive(database, 20, 30, received=5000)
    [then] = properties(tracks.latest_positions("demo", at(40), at=at(40), known_at=at(40)))
    assert then["age"] == 30.0
    assert spans(tracks.trails("demo", at(40), 60, known_at=at(40))) == [("00:00", "00:10", None)]
    assert spans(tracks.trails("demo", at(40), 60)) == [("00:00", "00:30", None)]


def test_whose_device_was_lost_is_silent_however_young_the_position_is(
    database: Database, tracks: Tracks
) -> None:
    drive(database, 0, 10)
    with database.writing() as connection:
        beat = Heartbeat("a", None, {"connection_lost": True}, at(12))
        FixStore(database).insert_heartbeats(connection, [("demo", "p11", beat)])
    [lost] = properties(tracks.latest_positions("demo", at(13)))
    assert (lost["status"], lost["age"], lost["fix_time"]) == (
        "silent",
        3.0,
        "2026-11-21T12:00:10Z",
    )
    assert lost["contact_lost"] == "2026-11-21T12:00:12Z"
    before, *_ = properties(tracks.state("demo", at(11), 60))
    assert before["status"] == "fresh"
    assert "contact_lost" not in before
    drive(database, 14)
    [back] = properties(tracks.latest_positions("demo", at(15)))
    assert back["status"] == "fresh"
    assert "contact_lost" not in back


def test_the_limits_of_freshness_are_settings(database: Database) -> None:
    drive(database, 0)
    tracks = Tracks(FixStore(database), freshness=Freshness(5, 10))
    assert properties(tracks.latest_positions("demo", at(7)))[0]["status"] == "late"


def test_a_track_is_one_line_for_each_unbroken_piece(database: Database, tracks: Tracks) -> None:
    drive(database, *range(0, 100, 10), *range(500, 600, 10))
    drive(database, *range(0, 30, 10), unit="p12")
    collection = tracks.tracks("demo", "p11", at(0), at(600))
    assert spans(collection) == [("00:00", "01:30", None), ("08:20", "09:50", 410.0)]
    first = collection["features"][0]
    assert first["geometry"] == {
        "type": "LineString",
        "coordinates": [[20.87123, 42.8], [20.87123, 42.8081]],
    }
    assert first["properties"]["callsign"] == "PAPA 11"
    assert first["properties"]["fixes"] == 10
    assert first["properties"]["length_m"] == pytest.approx(900, abs=2)
    assert len(properties(tracks.tracks("demo", None, at(0), at(600)))) == 3
    assert spans(tracks.tracks("demo", "p11", at(20), at(510))) == [
        ("00:20", "01:30", None),
        ("08:20", "08:30", 410.0),
    ]


def test_a_single_fix_between_two_gaps_is_not_lost(database: Database, tracks: Tracks) -> None:
    drive(database, 0, 1000)
    lines = tracks.tracks("demo", "p11", at(0), at(1000))["features"]
    assert [len(line["geometry"]["coordinates"]) for line in lines] == [2, 2]


def test_segments_of_a_file_are_never_joined(database: Database, tracks: Tracks) -> None:
    drive(database, 0, 10, segment=0)
    drive(database, 20, 30, segment=1)
    assert spans(tracks.tracks("demo", "p11", at(0), at(60))) == [
        ("00:00", "00:10", None),
        ("00:20", "00:30", 10.0),
    ]


def test_two_devices_of_a_unit_are_two_lines(database: Database, tracks: Tracks) -> None:
    drive(database, 0, 20, 40)
    drive(database, 10, 30, 50, device="b", jump=0.01)
    found = properties(tracks.tracks("demo", "p11", at(0), at(60)))
    assert [(one["device"], one["fixes"], one["outliers"]) for one in found] == [
        ("a", 3, 0),
        ("b", 3, 0),
    ]


def test_an_impossible_fix_is_left_out_and_counted(database: Database, tracks: Tracks) -> None:
    drive(database, 0, 10, 30, 40)
    drive(database, 20, jump=1.0)
    [line] = tracks.tracks("demo", "p11", at(0), at(60), tolerance=0)["features"]
    assert line["properties"]["outliers"] == 1
    assert {longitude for longitude, _ in line["geometry"]["coordinates"]} == {20.87123}
    [[piece]] = tracks.pieces("demo", "p11", at(0), at(60))
    assert len(piece) == 5  # as evidence it stays


def test_leaving_an_impossible_fix_out_bridges_no_gap(database: Database, tracks: Tracks) -> None:
    tracks = Tracks(FixStore(database), settings=AnalysisSettings(gap_s=15))
    drive(database, 0, 10, 30, 40)
    drive(database, 20, jump=1.0)
    assert spans(tracks.tracks("demo", "p11", at(0), at(60))) == [
        ("00:00", "00:10", None),
        ("00:30", "00:40", 20.0),
    ]


def test_pieces_give_back_every_fix(database: Database, tracks: Tracks) -> None:
    drive(database, 0, 10, 500)
    [pieces] = tracks.pieces("demo", "p11", at(0), at(600))
    assert [len(piece) for piece in pieces] == [2, 1]
    [last] = pieces[1].fixes()
    assert last == replace(FixStore(database).latest("demo")[0].fix)
    assert tracks.pieces("demo", "p99", at(0), at(600)) == []
