"""Track files over HTTP: looked at, stored, undone; and any selection out again."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask

from domain.errors import StoreUnavailable
from domain.fixes import Report
from domain.roster import Unit
from domain.time import to_rfc3339
from domain.track_imports import MOST_PREVIEWS, STALLED_AFTER
from services import track_files
from services.container import Services
from services.track_files import MOST_BYTES, STEP
from tests.api.v1.asking import Ask, asking

START = datetime(2026, 11, 20, 8, 0, tzinfo=UTC)


def table(count: int, *, first: int = 0, extra: str = "") -> bytes:
    rows = "".join(
        f"{to_rfc3339(START + timedelta(seconds=second))},{42.6 + second / 1e5!r},20.9\n"
        for second in range(first, first + count)
    )
    return f"time,lat,lon\n{rows}{extra}".encode()


@pytest.fixture
def ask(services: Services, server: Flask) -> Ask:
    """Asks about the files of two patrols."""
    services.roster.add(Unit("p1", "ORION-1"))
    services.roster.add(Unit("p2", "ORION-2"))
    return asking(server)


def look(ask: Ask, data: bytes, **query: str) -> Any:
    return ask("/imports", data, **{"name": "walk.csv", "unit": "orion-1", **query})


def stored(services: Services) -> int:
    found = services.tracks.pieces("demo", "p1", START, START + timedelta(days=1))
    return sum(len(piece) for device in found for piece in device)


def test_a_file_is_looked_at_before_anything_is_stored(ask: Ask, services: Services) -> None:
    bad = "2026-11-20T09:00:00Z,50,20.9\n2026-11-20 09:00:01,42.6,20.9\n"
    answer = look(ask, table(60, extra=bad))
    seen = answer.json
    assert answer.status_code == 201
    assert (seen["points"], seen["accepted"], seen["duplicates"]) == (62, 60, 0)
    assert seen["reasons"] == {"outside_area": 1, "no_zone": 1}
    assert [one["where"] for one in seen["examples"]] == ["row 62", "row 63"]
    assert (seen["from"], seen["to"]) == ("2026-11-20T08:00:00Z", "2026-11-20T08:00:59Z")
    assert seen["length_m"] == pytest.approx(65.6, abs=0.5)
    assert seen["units"] == ["ORION-1"]
    (line,) = seen["lines"]["features"]
    assert line["geometry"]["coordinates"] == [[20.9, 42.6], [20.9, 42.60059]]
    assert stored(services) == 0
    again = ask(f"/imports/{seen['id']}").json
    assert {name: again[name] for name in seen} == seen
    assert ask("/quarantine").json["items"] == []


def test_it_is_stored_once_and_undone_as_a_whole(ask: Ask, services: Services) -> None:
    first = look(ask, table(20)).json["id"]
    done = ask(f"/imports/{first}/commit", {}).json
    assert (done["status"], done["accepted"]) == ("stored", 20)
    assert ask(f"/imports/{first}/commit", {}).json == done
    other = look(ask, table(STEP + 30, first=10), name="other.csv").json  # another device
    assert (other["accepted"], other["duplicates"]) == (STEP + 30, 0)
    overlapping = look(ask, table(30, extra="2026-11-20T09:00:00Z,50,20.9\n"), name="walk.csv").json
    assert (overlapping["accepted"], overlapping["duplicates"]) == (10, 20)
    report = ask(f"/imports/{overlapping['id']}/commit", {}).json
    assert (report["accepted"], report["duplicates"], report["quarantined"]) == (10, 20, 1)
    assert report["reasons"] == {"outside_area": 1}
    assert stored(services) == 30
    undone = ask(f"/imports/{overlapping['id']}/undo", {"reason": "wrong unit"}).json
    assert (undone["status"], undone["removed"], undone["undone_by"]) == ("undone", 10, "duty")
    assert stored(services) == 20  # what the first import stored stays
    (kept,) = ask("/quarantine").json["items"]
    assert (kept["decision"]["decision"], kept["decision"]["reason"]) == ("undone", "wrong unit")
    assert look(ask, table(0, extra="2026-11-20T09:00:00Z,50,20.9\n")).status_code == 201
    lines = [one["record"]["text"] for one in ask("/log").json["items"]]
    assert any("wrong unit" in line and "10 positions taken away" in line for line in lines)
    assert ask(f"/imports/{overlapping['id']}/undo", {"reason": "again"}).status_code == 409
    assert ask(f"/imports/{first}/undo", {"reason": "test"}).json["removed"] == 20
    assert stored(services) == 0


def test_what_was_broken_off_goes_on_where_it_stopped(
    ask: Ask, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    number = look(ask, table(3 * STEP)).json["id"]
    accept, calls = services.ingest.accept, []

    def fails_later(*given: Any, **options: Any) -> Any:
        calls.append(given)
        if len(calls) == 2:
            raise StoreUnavailable("disk full")
        return accept(*given, **options)

    monkeypatch.setattr(services.ingest, "accept", fails_later)
    assert ask(f"/imports/{number}/commit", {}).status_code == 503
    assert stored(services) == STEP
    half = ask(f"/imports/{number}").json
    assert (half["status"], half["done"], half["accepted"]) == ("interrupted", STEP, STEP)
    done = ask(f"/imports/{number}/commit", {}).json
    assert (done["accepted"], done["duplicates"]) == (3 * STEP, 0)
    assert stored(services) == 3 * STEP


def test_one_that_is_being_stored_is_left_alone_until_nobody_does(
    ask: Ask, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    number = look(ask, table(3)).json["id"]
    files = services.track_files
    with files._transactions.writing() as connection:
        files._imports.claim(connection, number, services.clock())
    assert ask(f"/imports/{number}/commit", {}).status_code == 409
    assert ask(f"/imports/{number}/undo", {"reason": "x"}).status_code == 409
    later = services.clock() + 2 * STALLED_AFTER
    monkeypatch.setattr(files, "_clock", lambda: later)
    assert ask(f"/imports/{number}").json["status"] == "interrupted"
    assert ask(f"/imports/{number}/commit", {}).json["accepted"] == 3


def test_a_file_may_name_its_units_itself(ask: Ask, services: Services) -> None:
    rows = "unit,time,lat,lon\nORION-1,2026-11-20T08:00:00Z,42.6,20.9\n"
    both = rows + "orion-2,2026-11-20T08:00:00Z,42.6,20.9\n"
    seen = look(ask, both.encode(), unit="").json
    assert seen["units"] == ["ORION-1", "ORION-2"]
    assert ask(f"/imports/{seen['id']}/commit", {}).json["accepted"] == 2
    assert stored(services) == 1
    unknown = look(ask, (rows + "X,2026-11-20T08:00:00Z,42.6,20.9\n").encode(), unit="")
    assert unknown.status_code == 400
    assert "row 3: the file says 'X'" in unknown.json["detail"]


def test_options_are_those_of_the_look(ask: Ask) -> None:
    rows = b"time,lat,lon\n2026-11-20 08:00:00,52.2,21.0\n"
    assert look(ask, rows, utc="1").json["reasons"] == {"outside_area": 1}
    seen = look(ask, rows, utc="1", anywhere="true").json
    assert seen["accepted"] == 1
    assert ask(f"/imports/{seen['id']}/commit", {}).json["accepted"] == 1


@pytest.mark.parametrize(
    ("query", "data", "field"),
    [
        ({"unit": "nobody"}, table(1), "unit"),
        ({"name": "walk.exe"}, table(1), "file"),
        ({"name": ""}, table(1), "name"),
        ({"anywhere": "maybe"}, table(1), "anywhere"),
        ({}, b"", "file"),
        ({}, b"time,lat,lon\n", "file"),
        ({}, b"time;lat;lon\n1;42,1;20,1\n", "file"),
        ({"name": "walk.gpkg"}, b"no database", "file"),
    ],
)
def test_what_cannot_be_looked_at_is_refused(
    ask: Ask, query: dict[str, str], data: bytes, field: str
) -> None:
    answer = look(ask, data, **query)
    assert (answer.status_code, answer.json["field"]) == (400, field)


def test_a_file_that_is_too_large_is_refused_before_it_is_read(
    ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer = look(ask, b"x" * (MOST_BYTES + 1))
    assert answer.status_code == 413
    assert answer.get_json(force=True)["field"] == "file"
    assert "MB: split it, or use flask tracks import" in answer.get_json(force=True)["detail"]
    monkeypatch.setattr(track_files, "MOST_BYTES", 10)
    assert "larger" in look(ask, table(5)).json["detail"]


def test_who_may_not_is_told_so(ask: Ask) -> None:
    number = look(ask, table(5)).json["id"]
    for who, status in (("review", 403), ("admin", 403), ("wall", 403), ("platoon", 403)):
        answer = ask("/imports", table(1), who=who, name="a.csv", unit="p1")
        assert answer.status_code == status, who
        assert ask(f"/imports/{number}/undo", {"reason": "x"}, who=who).status_code == status
    assert ask(f"/imports/{number}", who="commander").status_code == 404
    assert ask(f"/imports/{number}/commit", {}, who="commander").status_code == 404
    assert ask("/imports", who="commander").json["items"] == []
    assert [one["id"] for one in ask("/imports").json["items"]] == [number]
    for who, status in (("review", 404), ("wall", 403), ("admin", 403)):
        answer = ask("/tracks/export", who=who, **{"from": "2026-11-20T00:00:00Z"})
        assert answer.status_code == status, who


def test_files_that_wait_are_few_and_can_be_let_go(ask: Ask) -> None:
    numbers = [look(ask, table(1)).json["id"] for _ in range(MOST_PREVIEWS + 1)]
    waiting = [one["id"] for one in ask("/imports").json["items"]]
    assert waiting == numbers[:0:-1]
    assert ask(f"/imports/{numbers[0]}").status_code == 404
    assert ask(f"/imports/{numbers[1]}/discard", {}).json == {"discarded": numbers[1]}
    assert ask(f"/imports/{numbers[1]}/commit", {}).status_code == 404
    assert ask(f"/imports/{numbers[2]}/undo", {"reason": "x"}).status_code == 409
    assert ask(f"/imports/{numbers[2]}/undo", {"reason": " "}).json["field"] == "reason"


@pytest.mark.parametrize("end", ["gpx", "geojson", "csv", "gpkg"])
def test_what_goes_out_comes_back_as_the_same_fixes(ask: Ask, services: Services, end: str) -> None:
    services.roster.add_device("phone", "key")
    services.roster.assign_unit("p1", "demo", START)
    services.roster.assign_device("phone", "p1", START)
    values = 1e-7, 359.9, -3.5, 4.1, 80.0
    reports = [
        Report(
            "phone", START + timedelta(microseconds=1 + 7 * second), 42.6 + second / 3e5, 20.9,
            *values, None, {"activity": "=walking", "batt": {"level": 0.8}},
        )
        for second in range(5)
    ]  # fmt: skip
    services.ingest.accept("osmand", reports, b"x", START + timedelta(seconds=9))
    period = {"from": "2026-11-20T00:00:00Z", "to": "2026-11-21T00:00:00Z"}
    answer = ask("/tracks/export", format=end, unit="ORION-1", **period)
    assert answer.status_code == 200
    name = f"demo-ORION-1-20261120T0000Z-20261121T0000Z.{end}"
    assert answer.headers["Content-Disposition"] == f'attachment; filename="{name}"'
    assert look(ask, answer.data, name=name).json["duplicates"] == 5
    whole = lambda: services.track_export.tracks("demo", "p1", START, START + timedelta(days=1))  # noqa: E731
    before = whole()
    with services.track_files._transactions.writing() as connection:
        microseconds = [round(one.fix_time.timestamp() * 1e6) for one in before[0].segments[0]]
        keys = [("demo", "p1", at, "phone") for at in microseconds]
        assert services.track_files._fixes.remove(connection, keys) == 5
    number = look(ask, answer.data, name=name).json["id"]
    assert ask(f"/imports/{number}/commit", {}).json["accepted"] == 5
    assert whole() == before


def test_an_export_says_what_it_needs(ask: Ask) -> None:
    day = {"from": "2026-11-20T00:00:00Z"}
    assert ask("/tracks/export").json["field"] == "from"
    assert ask("/tracks/export", format="shp", **day).json["field"] == "format"
    assert ask("/tracks/export", unit="nobody", **day).json["field"] == "unit"
    assert ask("/tracks/export", to="2026-11-19T00:00:00Z", **day).json["field"] == "to"
    assert ask("/tracks/export", **day).status_code == 404


def test_bytes_are_taken_for_files_only(ask: Ask) -> None:
    assert ask("/log", b"{}").status_code == 415
    assert json.loads(ask("/imports", {"a": 1}, name="a.csv").data)["field"] == "body"
