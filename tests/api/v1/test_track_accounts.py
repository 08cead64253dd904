"""Every point of a file is accounted for: stored, there already, or in quarantine with a reason.

The counts are compared with two readers that are not ours, gpxpy and GDAL, wherever they can read
the file at all.
"""

from __future__ import annotations

import io
import warnings
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import gpxpy
import gpxpy.gpx
import pyogrio
import pytest
from flask import Flask
from sqlalchemy import func, select

from data.fix_chunks_packing import FixPacking
from data.schema import fix_chunks, fixes
from domain.roster import Unit
from services.container import Services
from tests.formats.odd_gpx import FILES, raw

ROOT = "/api/v1/operations/demo"
PAYLOADS = Path(__file__).resolve().parents[2] / "payloads" / "gpx"
LONG_AGO, FAR_AHEAD = datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)
ONLY_WE_READ = frozenset(
    {"utf_16", "utf_16_without_mark", "utf_16_in_name_only", "windows_1250", "windows_called_utf_8",
     "prefixed"}
)  # fmt: skip
Ask = Callable[..., Any]


@pytest.fixture
def ask(services: Services, server: Flask) -> Ask:
    services.roster.add(Unit("p1", "ORION-1"))
    browser = server.test_client()

    def send(path: str, sent: Any = None, **query: str) -> Any:
        options: dict[str, Any] = {"headers": {"Authorization": "Bearer demo-duty"}}
        options["query_string"] = query
        if sent is None:
            return browser.get(ROOT + path, **options).json
        if isinstance(sent, bytes):
            options |= {"data": sent, "content_type": "application/octet-stream"}
        else:
            options["json"] = sent
        return browser.post(ROOT + path, **options).json

    return send


def counted(services: Services) -> tuple[int, int]:
    """Fixes as rows, and in chunks."""
    with services.track_files._transactions.reading() as connection:
        loose = connection.scalar(select(func.count()).select_from(fixes))
        packed = connection.scalar(select(func.coalesce(func.sum(fix_chunks.c.fixes), 0)))
        return int(loose or 0), int(packed or 0)


def pack(services: Services) -> None:
    """Move everything that has settled into chunks."""
    packing = FixPacking(services.track_files._transactions)  # type: ignore[arg-type]
    while due := packing.due(FAR_AHEAD):
        for one in due:
            while packing.step(one):
                pass


def by_gpxpy(data: bytes) -> tuple[int, int, int] | None:
    """Points of tracks, of routes, and waypoints, or None where it gives up."""
    try:
        found = gpxpy.parse(io.BytesIO(data))
    except (gpxpy.gpx.GPXException, ValueError):
        return None
    points = sum(len(segment.points) for track in found.tracks for segment in track.segments)
    return points, sum(len(route.points) for route in found.routes), len(found.waypoints)


def by_gdal(data: bytes, folder: Path) -> tuple[int, int, int] | None:
    path = folder / "track.gpx"
    path.write_bytes(data)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            points, routes, waypoints = (
                pyogrio.read_info(path, layer=layer, force_feature_count=True)["features"]
                for layer in ("track_points", "route_points", "waypoints")
            )
    except (pyogrio.errors.DataSourceError, pyogrio.errors.DataLayerError):
        return None
    return points, routes, waypoints


@pytest.mark.parametrize("name", FILES)
def test_every_point_of_an_odd_file_is_accounted_for(
    ask: Ask, services: Services, name: str, tmp_path: Path
) -> None:
    data, expected = raw(name), FILES[name][0]
    options = {"name": f"{name}.gpx", "unit": "ORION-1", "anywhere": "1"}
    seen = ask("/imports", data, **options)
    assert seen["points"] == expected
    done = ask(f"/imports/{seen['id']}/commit", {})
    told = ("accepted", "duplicates", "quarantined", "reasons")
    assert {one: done[one] for one in told} == {one: seen[one] for one in told}
    assert done["accepted"] + done["duplicates"] + done["quarantined"] == expected
    assert sum(counted(services)) == done["accepted"]
    assert sum(done["reasons"].values()) == done["quarantined"]
    again = ask("/imports", data, **options)
    assert (again["accepted"], again["duplicates"], again["quarantined"]) == (0, expected, 0)

    others = by_gpxpy(data), by_gdal(data, tmp_path)
    readers = [found for found in others if found is not None]
    assert readers or name in ONLY_WE_READ
    if readers and name != "impossible":  # gpxpy gives up, GDAL counts what has a place
        best = max(readers)  # gpxpy passes over points without a segment or with a prefix
        assert best[0] in (expected, 0)
        passed = seen["passed_over"]
        assert (passed.get("route_points", 0), passed.get("waypoints", 0)) == best[1:]


@pytest.mark.parametrize("path", sorted(PAYLOADS.glob("*.gpx")), ids=lambda path: path.stem)
def test_payloads_have_as_many_points_as_others_find(ask: Ask, path: Path, tmp_path: Path) -> None:
    data = path.read_bytes()
    found = by_gpxpy(data)
    seen = ask("/imports", data, name=path.name, unit="ORION-1", anywhere="1")
    if "points" in seen:
        assert seen["accepted"] + seen["duplicates"] + seen["quarantined"] == seen["points"]
        for other in (found, by_gdal(data, tmp_path)):
            assert other is None or other[0] <= seen["points"]
        assert found is None or found[0] == seen["points"]
    else:
        assert seen["field"] == "file"


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("name", ["many", "years_apart", "times", "without_times"])
def test_undoing_takes_away_all_of_it_and_nothing_else(
    ask: Ask, services: Services, name: str, packed: bool
) -> None:
    before = raw("several")
    kept = ask("/imports", before, name="several.gpx", unit="ORION-1")
    assert ask(f"/imports/{kept['id']}/commit", {})["accepted"] == 11
    number = ask("/imports", raw(name), name=f"{name}.gpx", unit="ORION-1", anywhere="1")["id"]
    done = ask(f"/imports/{number}/commit", {})
    if packed:
        pack(services)
        assert counted(services) == (0, 11 + done["accepted"])
    undone = ask(f"/imports/{number}/undo", {"reason": "the wrong file"})
    assert undone["removed"] == done["accepted"]
    assert counted(services) == ((0, 11) if packed else (11, 0))
    assert ask("/quarantine", decided="0")["items"] == []
    whole = services.track_export.tracks("demo", "p1", LONG_AGO, FAR_AHEAD)
    assert sum(len(part) for track in whole for part in track.segments) == 11
    again = ask("/imports", raw(name), name=f"{name}.gpx", unit="ORION-1", anywhere="1")
    assert again["accepted"] == done["accepted"]


def test_a_file_of_plans_says_what_it_has(ask: Ask) -> None:
    head = '<gpx version="1.1" creator="x" xmlns="http://www.topografix.com/GPX/1/1">'
    data = f'{head}<wpt lat="42" lon="20"/><rte><rtept lat="42" lon="20"/></rte></gpx>'.encode()
    answer = ask("/imports", data, name="plan.gpx", unit="ORION-1")
    assert "no track, but 1 waypoints and 1 route points" in answer["detail"]


def test_lines_on_the_map_are_drawn_anew_after_an_undo(ask: Ask, services: Services) -> None:
    number = ask("/imports", raw("several"), name="several.gpx", unit="ORION-1")["id"]
    ask(f"/imports/{number}/commit", {})
    span = datetime(2025, 11, 20, 7, tzinfo=UTC), datetime(2025, 11, 20, 10, tzinfo=UTC)
    services.drawn.turn()
    assert services.drawn.lines("demo", None, *span, 10)["tracks"] != []
    ask(f"/imports/{number}/undo", {"reason": "the wrong file"})
    assert services.drawn.lines("demo", None, *span, 10)["tracks"] == []


@pytest.mark.parametrize(
    "times",
    [
        [f"no time {number}" for number in range(11)],
        [f"2026-11-20T12:00:{number:02}" for number in range(11)],
        [f"{number}9999999999999999999999" for number in range(1, 12)],
    ],
    ids=["unreadable", "without zone", "beyond every calendar"],
)
def test_points_that_differ_in_what_could_not_be_read_are_each_kept(
    ask: Ask, services: Services, times: list[str]
) -> None:
    rows = "".join(f"{time},42.61,20.91\n" for time in [*times, times[0]])
    table = f"time,lat,lon\n{rows}".encode()
    seen = ask("/imports", table, name="walk.csv", unit="ORION-1")
    assert (seen["points"], seen["quarantined"], seen["duplicates"]) == (12, 11, 1)
    done = ask(f"/imports/{seen['id']}/commit", {})
    assert (done["quarantined"], done["duplicates"]) == (11, 1)
    kept = ask("/quarantine")["items"]
    assert len({one["raw"] for one in kept}) == 11
    again = ask("/imports", table, name="walk.csv", unit="ORION-1")
    assert (again["quarantined"], again["duplicates"]) == (0, 12)
