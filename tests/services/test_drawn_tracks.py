"""Tracks for a zoom over a real store: the same whether kept or worked out, late fixes included."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from benchmarks.generated_tracks import BEGIN, drive
from data.database import Database
from data.fix_store import FixStore
from data.level_store import LevelStore
from domain.analysis_settings import AnalysisSettings
from domain.fixes import Fix
from domain.levels import degrees
from domain.stored_fixes import StoredFix
from domain.time import from_microseconds
from services.drawn_tracks import DrawnTracks
from services.ports import Filing
from tests.services.told import pieces

START = datetime(2026, 1, 1, tzinfo=UTC)


def at(minutes: float) -> datetime:
    return START + timedelta(minutes=minutes)


class World:
    """A store, a clock and who draws; ``keep`` stores fixes as the writer of positions does."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.now = at(0)
        self.reads = 0
        self.fixes = FixStore(database)
        self.drawn = self.another()

    def another(self, settings: AnalysisSettings | None = None) -> DrawnTracks:
        return DrawnTracks(self.database, self, LevelStore(), lambda: self.now, settings)

    def places(self, *asked: Any) -> Any:
        self.reads += 1
        return self.fixes.places(*asked)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.fixes, name)

    def keep(self, fixes: list[Fix], unit: str = "p1", received: datetime | None = None) -> None:
        stored = [StoredFix("demo", unit, fix, received or fix.fix_time) for fix in fixes]
        with self.database.writing() as connection:
            self.fixes.insert(connection, stored)
            self.drawn.observe_all(connection, {Filing("demo", unit, unit): fixes})

    def lines(self, begin: float, end: float, zoom: float = 12, **options: Any) -> dict[str, Any]:
        unit = options.pop("unit", None)
        drawn: DrawnTracks = options.pop("by", self.drawn)
        return drawn.lines("demo", unit, at(begin), at(end), zoom, **options)


@pytest.fixture
def world(database: Database) -> World:
    return World(database)


def driven(seed: int = 4, hours: float = 3.0, device: str = "a") -> list[Fix]:
    its = drive(seed, hours, every_s=10)
    rows = zip(its.fix_time.tolist(), its.latitude.tolist(), its.longitude.tolist(), strict=True)
    assert its.fix_time[0] == BEGIN
    return [Fix(device, from_microseconds(t), y, x, *[None] * 5, {}) for t, y, x in rows]


def count(answer: dict[str, Any], name: str) -> int:
    return sum(one[name] for one in pieces(answer))


def test_what_is_kept_is_what_would_be_worked_out(world: World) -> None:
    world.keep(driven(4))
    world.keep(driven(5, device="b"), "p2")
    for zoom in (6, 9, 13, 14):
        world.now = at(60)
        worked_out = world.lines(0, 180, zoom)
        world.now = at(300)
        kept = world.lines(0, 180, zoom)
        reads = world.reads
        again = world.lines(0, 180, zoom)
        assert world.reads - reads == 2  # the ends only
        assert again == kept
        names = ("unit", "device", "start", "end", "fixes", "outliers")
        assert [[one[name] for name in names] for one in pieces(kept)] == [
            [one[name] for name in names] for one in pieces(worked_out)
        ]
        alone = pieces(world.lines(0, 180, zoom, unit="p2"))
        its = [one for one in pieces(kept) if one["unit"] == "p2"]
        for one, same in zip(alone, its, strict=True):
            assert [one[name] for name in names] == [same[name] for name in names]
            assert one["x"].tolist() == same["x"].tolist()
            assert one["y"].tolist() == same["y"].tolist()


def test_the_grid_leads_back_to_the_places_and_times(world: World) -> None:
    fixes = driven(6, 0.5)
    world.keep(fixes)
    first = pieces(world.lines(0, 60, 20, times=True))[0]
    latitude, longitude = degrees(first["x"], first["y"])
    assert latitude[0] == pytest.approx(fixes[0].latitude, abs=1e-6)
    assert longitude[0] == pytest.approx(fixes[0].longitude, abs=1e-6)
    assert first["t"][0] == START.timestamp()
    assert len(first["t"]) == len(first["x"]) == len(first["y"])


def test_the_duty_makes_hours_that_have_ended_and_no_others(world: World) -> None:
    for fix in driven(4, 2.5):
        if fix.fix_time.second == 0:
            world.now = fix.fix_time
            world.keep([fix])
    assert world.drawn.turn() == 3  # the hour before the first, which it touches, and two more
    assert world.drawn.turn() == 0
    world.now = at(182)
    assert world.drawn.turn() == 0  # what is on its way has its time
    world.now = at(184)
    assert world.drawn.turn() == 1
    reads = world.reads
    world.lines(0, 180)
    assert world.reads - reads == 2


def test_late_fixes_are_drawn(world: World) -> None:
    fixes = driven(4, 2.0)
    world.now = at(121)
    world.keep(fixes[::2])
    world.now = at(200)
    before = world.lines(0, 120)
    world.keep(fixes[1::2], received=at(200))
    after = world.lines(0, 120)
    assert count(after, "fixes") == len(fixes) - count(after, "outliers")
    assert count(before, "fixes") < len(fixes) * 0.6
    known = world.lines(0, 120, known_at=at(150))
    assert [one["fixes"] for one in pieces(known)] == [one["fixes"] for one in pieces(before)]


def test_fixes_that_come_while_an_hour_is_made_are_not_lost(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    fixes = driven(4, 1.0)
    world.now = at(10)
    world.keep(fixes[:100])
    world.now = at(120)
    read: Callable[..., Any] = world.fixes.places

    def and_then_more(*asked: Any) -> Any:
        found = read(*asked)
        monkeypatch.setattr(world.fixes, "places", read)
        world.keep(fixes[100:], received=at(120))
        return found

    monkeypatch.setattr(world.fixes, "places", and_then_more)
    world.drawn.turn()
    world.drawn.turn()
    told = world.lines(0, 60)
    assert count(told, "fixes") + count(told, "outliers") == len(fixes)


def test_what_is_taken_away_is_drawn_no_more(world: World) -> None:
    world.now = at(30)
    world.keep(driven(4, 1.0))
    world.now = at(120)
    assert world.lines(0, 60)["tracks"]
    with world.database.writing() as connection:
        connection.exec_driver_sql("DELETE FROM fixes")
        world.drawn.forget(connection, "demo", at(0), at(60))
    assert world.lines(0, 60)["tracks"] == []


def test_other_settings_are_another_drawing(world: World) -> None:
    world.now = at(30)
    world.keep(driven(4, 1.0))
    world.now = at(120)
    world.drawn.turn()
    strict = world.another(AnalysisSettings(gap_s=5.0))
    assert len(world.lines(0, 60, by=strict)["tracks"]) > 50
    assert strict.turn() > 0
    assert len(world.lines(0, 60)["tracks"]) < 50


def test_an_operation_without_fixes_has_no_tracks(world: World) -> None:
    assert world.lines(0, 600)["tracks"] == []
    world.now = at(1000)
    assert world.lines(0, 600, 0)["tracks"] == []
    assert world.lines(10, 10, 22)["tracks"] == []
