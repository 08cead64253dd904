"""Packing changes how fixes are kept and nothing that anybody reads."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, delete, event, func, select

from data import fix_chunks_packing
from data.database import Database
from data.fix_chunks import chunk_fixes
from data.fix_chunks_packing import FixPacking
from data.fix_rows import fix_values
from data.fix_store import FixStore
from data.schema import fix_chunks, fixes
from data.visit_store import VisitStore
from domain.fixes import Fix
from domain.stored_fixes import NO_SEGMENT, SEGMENT, StoredFix, Storing
from domain.time import to_microseconds

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
AFTERWARDS = NOON + timedelta(days=2)
Key = tuple[str, str, datetime, str]
Model = dict[Key, StoredFix]


def at(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


def fix_at(
    seconds: float,
    *,
    unit: str = "p1",
    device: str = "a",
    latitude: float = 42.89,
    received: float | None = None,
    **attributes: Any,
) -> StoredFix:
    fix = Fix(device, at(seconds), latitude, 20.87, 1.5, None, None, 4.0, 80.0, dict(attributes))
    return StoredFix("demo", unit, fix, at(seconds + 1 if received is None else received))


def keep(database: Database, *stored: StoredFix) -> list[Storing]:
    with database.writing() as connection:
        return FixStore(database).insert(connection, stored)


def pack(database: Database, now: datetime = AFTERWARDS) -> int:
    packing, packed = FixPacking(database), 0
    while due := packing.due(now):
        for one in due:
            while count := packing.step(one):
                packed += count
    return packed


def counts(database: Database) -> tuple[int, int]:
    """Fixes in rows and fixes in chunks."""
    with database.reading() as connection:
        rows = connection.scalar(select(func.count()).select_from(fixes))
        return rows or 0, connection.scalar(select(func.sum(fix_chunks.c.fixes))) or 0


# --- any sequence of inserts and packings reads like a dict --------------------------------------

MOMENTS = st.one_of(
    st.integers(0, 40).map(float),
    st.integers(3590, 3610).map(float),  # around a full hour
    st.floats(0, 7300, width=32).map(lambda value: round(value, 6)),
)
FIXES = st.builds(
    fix_at,
    MOMENTS,
    unit=st.sampled_from(["p1", "p2"]),
    device=st.sampled_from(["a", "b"]),
    latitude=st.sampled_from([42.5, 42.1234567, -0.0, 0.1 + 0.2]),
    received=st.one_of(st.none(), st.integers(0, 9000).map(float)),
    file_segment=st.integers(0, 2),
)


@dataclass(frozen=True)
class Pack:
    """Pack what had settled at that time."""

    now: datetime


@dataclass(frozen=True)
class Remove:
    """Take fixes away, some of which may be there."""

    fixes: list[StoredFix]


ACTS = st.lists(
    st.one_of(
        st.builds(Remove, st.lists(FIXES, max_size=4)),
        st.lists(FIXES, min_size=1, max_size=12),
        st.builds(Pack, st.integers(300, 9000).map(at)),
    ),
    max_size=8,
)


@pytest.fixture
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    """So small that a handful of fixes fills and splits them."""
    monkeypatch.setattr(fix_chunks_packing, "FULL", 6)
    monkeypatch.setattr(fix_chunks_packing, "ROOM", 4)
    monkeypatch.setattr(fix_chunks_packing, "AT_ONCE", 3)
    monkeypatch.setattr(fix_chunks_packing, "ENOUGH", 2)


@settings(
    max_examples=30,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(acts=ACTS, moments=st.lists(MOMENTS, min_size=4, max_size=4).map(sorted))
@example(
    acts=[
        [fix_at(0), fix_at(9), fix_at(9, device="b", received=90)],
        Pack(AFTERWARDS),
        [fix_at(4, latitude=42.5), fix_at(9), fix_at(9, device="b", latitude=42.5)],
        Pack(AFTERWARDS),
        [fix_at(4), fix_at(4, latitude=42.5)],
        Remove([fix_at(4), fix_at(9), fix_at(9), fix_at(10)]),
        Pack(AFTERWARDS),
    ],
    moments=[0.0, 4.0, 9.0, 90.0],
)
@pytest.mark.usefixtures("small_chunks")
def test_whatever_is_stored_and_packed_reads_like_a_dict(
    database: Database, acts: list[Any], moments: list[float]
) -> None:
    with database.writing() as connection:
        connection.execute(delete(fixes))
        connection.execute(delete(fix_chunks))
    model: Model = {}
    for act in acts:
        if isinstance(act, Pack):
            pack(database, act.now)
        elif isinstance(act, Remove):
            gone = [model.pop(key_of(one)) for one in act.fixes if key_of(one) in model]
            with database.writing() as connection:
                keys = [values[:4] for values in fix_values(act.fixes)]
                assert FixStore(database).remove(connection, keys) == len(gone)
        else:
            assert keep(database, *act) == [into(model, stored) for stored in act]
        compare(database, model, [at(seconds) for seconds in moments])
        disjoint(database)


def key_of(stored: StoredFix) -> Key:
    return stored.operation, stored.unit, stored.fix.fix_time, stored.fix.device


def into(model: Model, stored: StoredFix) -> Storing:
    there = model.setdefault(key_of(stored), stored)
    if there is stored:
        return Storing.STORED
    return Storing.DUPLICATE if there.fix == stored.fix else Storing.CONFLICT


def compare(database: Database, model: Model, moments: Sequence[datetime]) -> None:
    """Everything that can be read, against the same question to the model."""
    store = FixStore(database)
    start, middle, end, known = moments
    assert sum(counts(database)) == len(model)
    for known_at in (None, known):
        fixes_known = [
            one for one in model.values() if known_at is None or one.received_at <= known_at
        ]
        assert store.latest("demo", known_at=known_at) == latest(fixes_known, AFTERWARDS)
        assert store.latest("demo", end, known_at) == latest(fixes_known, end)
        assert store.latest("demo", middle, known_at) == latest(fixes_known, middle)
        for unit in (None, "p1"):
            inside = [
                one
                for one in fixes_known
                if unit in (None, one.unit) and start <= one.fix.fix_time <= end
            ]
            inside.sort(key=lambda one: (one.unit, one.fix.fix_time, one.fix.device))
            columns = store.between("demo", unit, start, end, known_at)
            assert columns.unit.tolist() == [one.unit for one in inside]
            assert columns.fixes() == [replace(one.fix, attributes={}) for one in inside]
            assert columns.received_at.tolist() == [
                to_microseconds(one.received_at) for one in inside
            ]
            assert columns.segment.tolist() == [segment_of(one.fix) for one in inside]
            assert drawn(store.tracks("demo", unit, start, end, known_at)) == drawn_of(inside)
            if known_at is None:
                assert store.whole("demo", unit, start, end, len(inside) + 1) == inside
                assert len(store.whole("demo", unit, start, end, 2)) == min(2, len(inside))
            places = store.places("demo", unit, start, end, known_at)
            for name in ("unit", "device", "fix_time", "received_at", "latitude", "longitude"):
                assert getattr(places, name).tolist() == getattr(columns, name).tolist()
            for name in ("accuracy", "segment"):
                np.testing.assert_array_equal(getattr(places, name), getattr(columns, name))
        seconds = (end - start).total_seconds()
        newest, trails = store.state("demo", end, seconds, known_at)
        assert newest == latest(fixes_known, end)
        trailing = [one for one in fixes_known if start <= one.fix.fix_time <= end]
        assert drawn(trails) == drawn_of(trailing if seconds else [])
    with database.writing() as connection:
        every = store.newest(connection, [("demo", "p1"), ("demo", "p2"), ("live", "p1")])
        track = VisitStore().track(connection, "demo", "p1", middle)
    assert every == {
        ("demo", unit): max(one.fix.fix_time for one in model.values() if one.unit == unit)
        for unit in {one.unit for one in model.values()}
    }
    its = [one.fix for one in model.values() if one.unit == "p1" and one.fix.fix_time >= middle]
    assert [point.at for point in track] == sorted(fix.fix_time for fix in its)
    assert sorted((point.at, point.latitude) for point in track) == sorted(
        (fix.fix_time, fix.latitude) for fix in its
    )


def segment_of(fix: Fix) -> int:
    return fix.attributes.get(SEGMENT, NO_SEGMENT)


def latest(stored: Sequence[StoredFix], moment: datetime) -> list[StoredFix]:
    found: dict[str, StoredFix] = {}
    for one in sorted(stored, key=lambda one: (one.fix.fix_time, one.received_at, one.fix.device)):
        if one.fix.fix_time <= moment:
            found[one.unit] = one
    return [found[unit] for unit in sorted(found)]


Drawn = dict[tuple[str, str], list[tuple[int, float, float, int]]]


def drawn(tracks: Sequence[Any]) -> Drawn:
    found = {
        (track.unit, track.device): list(
            zip(
                track.fix_time.tolist(),
                track.latitude.tolist(),
                track.longitude.tolist(),
                track.segment.tolist(),
                strict=True,
            )
        )
        for track in tracks
    }
    assert list(found) == sorted(found)
    assert len(found) == len(tracks)
    return found


def drawn_of(stored: Sequence[StoredFix]) -> Drawn:
    found: Drawn = {}
    for one in sorted(stored, key=lambda one: one.fix.fix_time):
        fix = one.fix
        points = found.setdefault((one.unit, fix.device), [])
        moment, segment = to_microseconds(fix.fix_time), segment_of(fix)
        points.append((moment, fix.latitude, fix.longitude, segment))
    return found


def disjoint(database: Database) -> None:
    """Chunks are what their header says, in order, in one hour, and do not overlap."""
    with database.reading() as connection:
        query = select(fix_chunks).order_by(
            fix_chunks.c.operation, fix_chunks.c.unit, fix_chunks.c.start
        )
        rows = connection.execute(query).mappings().all()
    before: Any = None
    for row in rows:
        inside = chunk_fixes(row)
        assert len(inside) == row["fixes"]
        assert (inside.fix_time[0], inside.fix_time[-1]) == (row["start"], row["last_time"])
        assert inside.received_at.min() == row["first_received"]
        assert (
            row["start"] // fix_chunks_packing.HOUR == row["last_time"] // fix_chunks_packing.HOUR
        )
        if before is not None and before["unit"] == row["unit"]:
            assert before["last_time"] < row["start"]
        before = row


# --- single facts --------------------------------------------------------------------------------


def test_a_packed_fix_keeps_every_bit_and_attribute(database: Database) -> None:
    odd = replace(
        fix_at(0.123456, event="motion", nested={"a": [1, None, "ë"]}).fix,
        latitude=42.1234567,
        longitude=1e-300,
        speed=0.1 + 0.2,
        altitude=-431.25,
    )
    stored = StoredFix("demo", "p1", odd, at(5))
    keep(database, stored, fix_at(2))
    assert pack(database) == 2
    [found] = FixStore(database).latest("demo", at(1))
    assert found == stored


def test_how_many_fixes_there_are_is_known_without_reading_them(database: Database) -> None:
    """Recent ones, then packed ones, of one unit and of all."""
    keep(database, *(fix_at(second, unit=unit) for second in range(50) for unit in ("p1", "p2")))
    store = FixStore(database)
    for _ in range(2):
        assert store.about("demo", None, NOON, at(49)) == 100
        assert store.about("demo", "p1", NOON, at(49)) == 50
        assert store.about("demo", None, at(3600), at(7200)) == 0
        assert store.about("live", None, NOON, at(49)) == 0
        pack(database)
    assert counts(database) == (0, 100)


def test_only_what_has_settled_is_packed(database: Database) -> None:
    keep(database, *(fix_at(second) for second in range(0, 4200, 60)))
    assert pack(database, at(4200)) == 60  # the hour that ended, and not the few since
    assert counts(database) == (10, 60)
    keep(database, *(fix_at(4200 + second) for second in range(300)))
    assert pack(database, at(4500)) == 0
    assert pack(database, at(4620)) == 310  # enough of an hour that goes on


def test_a_huge_hour_is_packed_in_steps_of_bounded_size(database: Database) -> None:
    count = 3 * fix_chunks_packing.AT_ONCE + 7
    for first in range(0, count, 4000):
        its = range(first, min(count, first + 4000))
        keep(database, *(fix_at(number / 10) for number in its))
    packing = FixPacking(database)
    [due] = packing.due(AFTERWARDS)
    packed = list(iter(lambda: packing.step(due), 0))
    assert sum(packed) == count
    assert max(packed) == fix_chunks_packing.AT_ONCE
    with database.reading() as connection:
        sizes = connection.scalars(select(fix_chunks.c.fixes)).all()
    assert max(sizes) <= fix_chunks_packing.FULL
    disjoint(database)
    times = FixStore(database).between("demo", "p1", NOON, AFTERWARDS).fix_time
    assert len(times) == count
    assert (np.diff(times) == 100_000).all()


def test_packing_that_is_cut_off_anywhere_loses_and_doubles_nothing(database: Database) -> None:
    """Stopped at each of its statements in turn, as a kill at that moment would."""
    keep(database, *(fix_at(second) for second in range(0, 100, 2)))
    pack(database)
    keep(database, *(fix_at(second) for second in range(1, 100, 2)))
    packing = FixPacking(database)
    before = counts(database)
    assert before == (50, 50)
    [due] = packing.due(AFTERWARDS)
    finished, statement = False, 0
    while not finished:
        statement += 1
        with stopping_at(database, statement):
            try:
                packing.step(due)
                finished = True
            except Cut:
                assert counts(database) == before
    assert statement > 5
    assert counts(database) == (0, 100)
    assert len(FixStore(database).between("demo", "p1", NOON, AFTERWARDS)) == 100


def test_a_reader_sees_each_fix_once_while_it_is_packed(database: Database) -> None:
    """The tables are read one after the other; what moves in between is neither lost nor double."""
    keep(database, *(fix_at(second) for second in range(50)))
    packed: list[int] = []

    def meanwhile(connection: Connection, *_: Any) -> None:
        if not connection.get_execution_options().get("fpu_write") and not packed:
            packed.append(0)
            packed.append(pack(database))

    event.listen(database.engine, "after_cursor_execute", meanwhile)
    found = FixStore(database).between("demo", "p1", NOON, AFTERWARDS)
    event.remove(database.engine, "after_cursor_execute", meanwhile)
    assert packed == [0, 50]
    assert len(found) == 50


def test_chunks_of_old_fixes_do_not_slow_down_a_late_one_by_decoding_them(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep(database, *(fix_at(hour * 3600.0) for hour in range(20)))
    pack(database)
    decoded: list[int] = []
    real = fix_chunks_packing.chunk_fixes
    monkeypatch.setattr(
        fix_chunks_packing, "chunk_fixes", lambda row: decoded.append(row["start"]) or real(row)
    )
    assert keep(database, fix_at(3 * 3600 + 5)) == [Storing.STORED]
    assert keep(database, fix_at(3 * 3600)) == [Storing.DUPLICATE]
    assert pack(database) == 1
    assert decoded == [to_microseconds(at(3 * 3600))]


class Cut(Exception):
    """The power goes."""


class stopping_at:
    """The database stops before the statement of that number."""

    def __init__(self, database: Database, number: int) -> None:
        self._engine = database.engine
        self._left = number

    def __enter__(self) -> None:
        event.listen(self._engine, "before_cursor_execute", self._count)

    def __exit__(self, *_: object) -> None:
        event.remove(self._engine, "before_cursor_execute", self._count)

    def _count(self, *_: Any) -> None:
        self._left -= 1
        if self._left == 0:
            raise Cut
