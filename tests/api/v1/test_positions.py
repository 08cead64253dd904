"""Positions, tracks and the quarantine over HTTP, on the whole application."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient

from data.database import Database
from data.fix_chunks_packing import FixPacking
from domain.fixes import Rejection, Report
from domain.roster import Unit
from domain.time import to_rfc3339
from services.container import Services
from settings import Settings
from tests.api.conftest import BEARER
from tests.services.told import pieces

ROOT = "/api/v1/operations/demo"
Ask = Callable[..., Any]


@pytest.fixture
def now(services: Services) -> datetime:
    return services.clock().replace(microsecond=0)


@pytest.fixture
def ask(services: Services, stranger: FlaskClient, now: datetime) -> Ask:
    """One unit with five fixes: three, a gap of twenty minutes, two; the last one came late."""
    services.roster.add(Unit("p1", "ORION-1"))
    services.roster.add_device("phone", "key")
    services.roster.assign_unit("p1", "demo", now - timedelta(days=1))
    services.roster.assign_device("phone", "p1", now - timedelta(days=1))
    minutes = (50, 49, 48, 28, 27)
    for number, ago in enumerate(minutes):
        measured = now - timedelta(minutes=ago)
        received = now if ago == 27 else measured
        services.ingest.accept("osmand", [_report(measured, 42.6 + number / 100)], b"x", received)
    services.ingest.quarantine(
        "osmand", "phone", b"id=phone&lat=abc", Rejection("not_a_number", "lat", "abc"), now
    )

    def get(path: str, **query: str) -> Any:
        return stranger.get(ROOT + path, query_string=query, headers=BEARER)

    return get


def _report(at: datetime, latitude: float) -> Report:
    return Report("phone", at, latitude, 20.9, 10.0, 90.0, 540.0, 5.0, 80.0, None, {})


def _ago(now: datetime, minutes: float) -> str:
    return to_rfc3339(now - timedelta(minutes=minutes))


def test_the_latest_position_has_every_property(ask: Ask, now: datetime) -> None:
    (latest,) = ask("/positions/latest").json["features"]
    assert latest["geometry"] == {"type": "Point", "coordinates": [20.9, 42.64]}
    properties = latest["properties"]
    assert properties["callsign"] == "ORION-1"
    assert properties["fix_time"] == _ago(now, 27)
    assert properties["received_at"] == to_rfc3339(now)
    assert (properties["speed"], properties["course"], properties["battery"]) == (10, 90, 80)
    assert properties["status"] == "silent"
    assert 27 * 60 <= properties["age"] < 28 * 60


def test_a_position_at_a_time_is_what_happened_or_what_was_known(ask: Ask, now: datetime) -> None:
    happened = ask("/positions", at=_ago(now, 26)).json["features"]
    known = ask("/positions", at=_ago(now, 26), known_at=_ago(now, 26)).json["features"]
    assert happened[0]["properties"]["fix_time"] == _ago(now, 27)
    assert known[0]["properties"]["fix_time"] == _ago(now, 28)
    assert known[0]["properties"]["age"] == 120
    trails = ask("/positions", at=_ago(now, 26), trail="3000").json["features"]
    assert [one["geometry"]["type"] for one in trails] == ["Point", "LineString", "LineString"]
    assert ask("/positions", at=_ago(now, 60)).json["features"] == []


@pytest.mark.parametrize("layout", ["rows", "chunks", "both"])
def test_the_state_at_a_time_with_trails_wherever_the_fixes_lie(
    ask: Ask, services: Services, settings: Settings, now: datetime, layout: str
) -> None:
    """Eight minutes that a phone delivered a quarter of an hour late: they happened, and nobody
    knew of them; half of them are packed before the other half arrives in ``both``."""

    def deliver(*minutes: int) -> None:
        for ago in minutes:
            measured = now - timedelta(minutes=ago)
            late = _report(measured, 42.6 + (50 - ago) / 1000)
            services.ingest.accept("osmand", [late], b"x", measured + timedelta(minutes=15))

    deliver(47, 46, 45, 44)
    if layout == "both":
        _pack(settings)
    deliver(43, 42, 41, 40)
    if layout == "chunks":
        _pack(settings)

    def state(**asked: str) -> tuple[dict[str, Any], list[int], list[float]]:
        point, *lines = ask("/positions", at=_ago(now, 39), trail="720", **asked).json["features"]
        fixes = [one["properties"]["fixes"] for one in lines]
        return point["properties"], fixes, [one["properties"]["length_m"] for one in lines]

    happened, lines, metres = state()
    assert (happened["fix_time"], happened["age"]) == (_ago(now, 40), 60.0)
    assert lines == [11]
    assert metres[0] > 1000
    known, lines, _ = state(known_at=_ago(now, 39))
    assert (known["fix_time"], known["age"], known["status"]) == (_ago(now, 48), 540.0, "silent")
    assert lines == [3]
    half, lines, _ = state(known_at=_ago(now, 29))  # four had come by then
    assert (half["fix_time"], half["received_at"]) == (_ago(now, 44), _ago(now, 29))
    assert lines == [7]
    span = {"from": _ago(now, 51), "to": _ago(now, 39)}
    for zoom in ({}, {"zoom": "12"}):
        counts = []
        for cut in ({}, {"known_at": _ago(now, 39)}, {"known_at": _ago(now, 29)}):
            told = ask("/tracks", **span, **zoom, **cut).json
            its = pieces(told) if zoom else [one["properties"] for one in told["features"]]
            counts.append([one["fixes"] for one in its])
        assert counts == [[11], [3], [7]]


def _pack(settings: Settings) -> None:
    """Move every fix into chunks, as the duty does with those that have settled."""
    database = Database(settings.database_url)
    packing = FixPacking(database)
    while due := packing.due(datetime(2100, 1, 1, tzinfo=UTC)):
        for one in due:
            packing.step(one)
    with database.reading() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM fixes").scalar() == 0
    database.close()


def test_a_gap_in_a_track_is_a_gap(ask: Ask, now: datetime) -> None:
    first, second = ask("/tracks", unit="p1", **{"from": _ago(now, 60)}).json["features"]
    assert (first["properties"]["fixes"], second["properties"]["fixes"]) == (3, 2)
    assert first["properties"]["gap_before_s"] is None
    assert second["properties"]["gap_before_s"] == 20 * 60
    assert ask("/tracks", **{"from": _ago(now, 60), "to": _ago(now, 55)}).json["features"] == []


@pytest.mark.parametrize(
    ("path", "query", "field"),
    [
        ("/positions", {"at": "yesterday"}, "at"),
        ("/positions", {"at": "2026-11-21T20:00:00"}, "at"),
        ("/positions", {"at": "0001-01-01T00:00:00Z", "trail": "86400"}, "at"),
        ("/positions", {"trail": "nan"}, "trail"),
        ("/positions", {"trail": "1e9"}, "trail"),
        ("/tracks", {"to": "9999-12-31T23:59:59Z"}, "to"),
        ("/tracks", {"from": "2026-01-02T00:00:00Z", "to": "2026-01-01T00:00:00Z"}, "to"),
        ("/tracks", {"from": "2020-01-01T00:00:00Z"}, "from"),
        ("/tracks", {"tolerance": "-1"}, "tolerance"),
        ("/tracks", {"unit": "nobody"}, "unit"),
        ("/quarantine", {"limit": "1.5"}, "limit"),
        ("/quarantine", {"before": "x"}, "before"),
    ],
)
def test_what_cannot_be_asked_is_named(
    ask: Ask, path: str, query: dict[str, str], field: str
) -> None:
    answer = ask(path, **query)
    assert answer.status_code == 400
    assert answer.json["field"] == field


def test_the_quarantine_tells_what_came_and_why(ask: Ask) -> None:
    found = ask("/quarantine").json
    (item,) = found["items"]
    assert (item["reason"], item["field"], item["raw"]) == (
        "not_a_number", "lat", "id=phone&lat=abc",
    )  # fmt: skip
    assert found["counts"] == {"not_a_number": 1}
    assert ask("/quarantine", before=str(item["id"])).json["items"] == []
    assert ask("/quarantine", unassigned="1").json["items"] == []


def test_an_unknown_operation_is_not_found(stranger: FlaskClient) -> None:
    for path in ("/positions/latest", "/positions", "/tracks", "/quarantine"):
        answer = stranger.get(f"/api/v1/operations/nope{path}", headers=BEARER)
        assert answer.status_code == 404


def test_a_cached_period_still_shows_what_came_later(
    ask: Ask, services: Services, now: datetime
) -> None:
    period = {"from": _ago(now, 60), "to": _ago(now, 20)}
    first = ask("/tracks", **period)
    assert ask("/tracks", **period).data == first.data
    services.ingest.accept("osmand", [_report(now - timedelta(minutes=26), 42.66)], b"x", now)
    fixes = [one["properties"]["fixes"] for one in ask("/tracks", **period).json["features"]]
    assert fixes == [3, 3]


def test_tracks_for_a_zoom_are_steps_on_a_grid(ask: Ask, now: datetime) -> None:
    told = ask("/tracks", zoom="8.5", times="1", **{"from": _ago(now, 60)})
    assert told.mimetype == "application/json"
    assert told.json["zoom"] == 9
    assert told.json["scale"] == 512 * 2**9 * 4
    first, second = pieces(told.json)
    assert (first["fixes"], second["fixes"]) == (3, 2)
    assert (first["unit"], first["callsign"], first["device"]) == ("p1", "ORION-1", "phone")
    assert second["start"] - first["end"] == 20 * 60 * 1000
    assert len(first["x"]) == len(first["y"]) == len(first["t"]) == first["points"]
    assert first["start"] == int((now - timedelta(minutes=50)).timestamp() * 1000)
    plain = ask("/tracks", zoom="9", unit="p1", **{"from": _ago(now, 60), "to": _ago(now, 0)})
    assert "t" not in plain.json
    refused = ask("/tracks", zoom="99")
    assert (refused.status_code, refused.json["field"]) == (400, "zoom")


def test_what_a_unit_did(ask: Ask, now: datetime) -> None:
    told = ask("/units/p1/analysis", **{"from": _ago(now, 60)}).json
    (phone,) = told["devices"]
    assert (phone["fixes"], phone["on_task_s"]) == (5, 180.0)
    assert [gap["seconds"] for gap in phone["gaps"]] == [1200.0]
    assert told["callsign"] == "ORION-1"
    refused = ask("/units/nobody/analysis")
    assert (refused.status_code, refused.json["field"]) == (400, "unit")
    assert ask("/units/p1/analysis", **{"from": "2020-01-01T00:00:00Z"}).status_code == 400


def test_the_clocks_of_devices(ask: Ask, services: Services, now: datetime) -> None:
    for number in range(6):
        measured = now - timedelta(seconds=60 * number + 30)
        received = measured - timedelta(seconds=45)
        services.ingest.accept("osmand", [_report(measured, 42.7)], b"x", received)
    [told] = ask("/clocks").json["clocks"]
    assert told == {
        "unit": "p1", "device": "phone", "skew_s": 45.0, "wrong": True, "refused": False,
    }  # fmt: skip


def test_a_phone_whose_clock_is_hours_ahead(ask: Ask, services: Services, now: datetime) -> None:
    report = _report(now + timedelta(hours=3), 42.7)
    services.ingest.accept("osmand", [report], b"x", now)
    [told] = ask("/clocks").json["clocks"]
    assert (told["unit"], told["skew_s"], told["refused"]) == ("p1", 10_800.0, True)
    [latest] = ask("/positions/latest").json["features"]
    assert latest["properties"]["clock_skew_s"] == 10_800.0
    assert latest["properties"]["fix_time"] == _ago(now, 27)
    newest = ask("/quarantine").json["items"][0]
    assert (newest["reason"], newest["clock_skew_s"]) == ("future_time", 10_800.0)
    assert newest["fix_time"] == _ago(now, -180)
    assert ask("/quarantine").json["items"][1]["clock_skew_s"] is None
