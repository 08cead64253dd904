"""The clocks of devices over a real store: what was refused tells as much as what was believed."""

from __future__ import annotations

from datetime import timedelta

import pytest

from data.database import Database
from data.fix_store import FixStore
from data.quarantine_store import QuarantineStore
from domain.analysis_settings import AnalysisSettings
from domain.tracks import Freshness
from services.clocks import Clocks
from services.ingest import Ingest
from services.tracks import Tracks
from tests.services.positions import at, make_ingest, report

AHEAD = 3 * 3600.0


@pytest.fixture
def ingest(database: Database) -> Ingest:
    return make_ingest(database, freshness=Freshness())


@pytest.fixture
def clocks(database: Database) -> Clocks:
    return Clocks(FixStore(database), QuarantineStore(database))


def send(ingest: Ingest, device: str, seconds: float, skew: float, live: bool = True) -> None:
    ingest.accept("osmand", [report(seconds + skew, device=device)], b"x", at(seconds), live=live)


def test_a_clock_that_is_wrong_is_told(ingest: Ingest, clocks: Clocks) -> None:
    for n in range(20):
        send(ingest, "phone-1", 10 * n, 99)
        send(ingest, "phone-2", 10 * n, -1)
    send(ingest, "phone-2b", 100, 0)  # one message of a right clock tells nothing
    assert clocks.listing("demo", at(200)) == [
        {"unit": "p11", "device": "phone-1", "skew_s": 99.0, "wrong": True, "refused": False},
        {"unit": "p12", "device": "phone-2", "skew_s": -1.0, "wrong": False, "refused": False},
    ]
    assert clocks.listing("demo", at(200) + timedelta(days=1)) == []
    assert clocks.listing("live", at(200)) == []


def test_a_clock_so_wrong_that_nothing_is_believed_is_told(
    ingest: Ingest, clocks: Clocks, database: Database
) -> None:
    for n in range(6):
        send(ingest, "phone-1", 10 * n, 0)
    send(ingest, "phone-1", 100, AHEAD)
    send(ingest, "phone-2", 100, -40 * 366 * 86400.0)
    first, second = clocks.listing("demo", at(110))
    assert (first["device"], first["skew_s"] < -30 * 365 * 86400) == ("phone-2", True)
    assert (second["unit"], second["device"], second["skew_s"]) == ("p11", "phone-1", AHEAD)
    assert [one["wrong"] and one["refused"] for one in (first, second)] == [True, True]
    tracks = Tracks(FixStore(database), skews=clocks.skews)
    [latest] = tracks.latest_positions("demo", at(110))["features"]
    assert latest["properties"]["clock_skew_s"] == AHEAD
    assert "clock_skew_s" not in tracks.latest_positions("demo", at(110), at(60))["features"][0]
    for n in range(12, 18):  # it is set right
        send(ingest, "phone-1", 10 * n, -1)
    told = {one["device"]: one for one in clocks.listing("demo", at(180))}
    assert (told["phone-1"]["skew_s"], told["phone-1"]["refused"]) == (-1.0, False)


def test_a_file_tells_nothing_of_a_clock(ingest: Ingest, clocks: Clocks) -> None:
    send(ingest, "phone-1", 100, AHEAD, live=False)
    assert clocks.listing("demo", at(110)) == []


def test_how_far_off_is_wrong_can_be_set(ingest: Ingest, database: Database) -> None:
    for n in range(6):
        send(ingest, "phone-1", 10 * n, 20)
    strict = AnalysisSettings(clock_wrong_s=10)
    by = Clocks(FixStore(database), QuarantineStore(database), strict)
    assert [one["wrong"] for one in by.listing("demo", at(110))] == [True]
