"""Where twelve units were at a time, with half an hour of trail, out of ever more fixes.

Fixes of one a second are packed with the product's own code, then asked for at random times. The
ratio is to the smaller store in the same run. Then the same of the newest half hour while it is
still rows, and how fast new fixes are stored: against a bare ``executemany`` of the same rows into
a table of the same shape in a file beside it, with full synchronisation and a commit for every 500.
Medians; beside the time on the clock stands that on the processor, which other work disturbs less.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache, partial
from pathlib import Path
from typing import NamedTuple

import numpy as np
from sqlalchemy import insert, text

from benchmarks.sizes import quick
from benchmarks.table import Row, alone, at_least, at_most, number, rate, row, value_row
from data.database import Database
from data.fix_chunks import ChunkFixes
from data.fix_chunks_packing import FixPacking, write_fixes
from data.fix_rows import fix_values
from data.fix_store import _INSERT, FixStore
from data.migrate import upgrade
from data.schema import units
from domain.fixes import Fix
from domain.stored_fixes import StoredFix
from domain.time import from_microseconds, to_microseconds
from services.tracks import Tracks

UNITS = tuple(f"unit-{number:02d}" for number in range(12))
SIZES, SHORT = (1_000_000, 30_000_000), (24_000, 60_000)
TRAIL_S = 1800.0
ASKED = 200
BATCH = 500
BATCHES = 44  # half an hour of twelve units
OPERATION = "live"
START = datetime(2026, 1, 1, tzinfo=UTC)
_STORED = "500 fixes through the store"
_STATE, _KNOWN = "store: state with trail", "store: the same as known then"
_BARE = "500 fixes through bare executemany"
_SECOND = 1_000_000
_BYTES_A_FIX = 40  # more than a packed fix takes, for the check of free space


def main(sizes: Sequence[int] = ()) -> list[Row]:
    """The state and the storing in the largest store, against the smallest."""
    sizes = sizes or (SHORT if quick() else SIZES)
    with tempfile.TemporaryDirectory() as folder, ExitStack() as opened:
        free = shutil.disk_usage(folder).free
        if free < 2 * _BYTES_A_FIX * sum(sizes):
            raise SystemExit(f"{folder} has only {free:,} bytes free")
        stores = []
        for size in sizes:
            path, begun = Path(folder) / f"{size}.db", time.perf_counter()
            database = opened.enter_context(closing(copy_of_filled(path, size)))
            taken = time.perf_counter() - begun
            print(f"{size:,} fixes packed in {taken:.0f} s, {path.stat().st_size / size:.1f} "
                  "bytes a fix")  # fmt: skip
            bare = opened.enter_context(closing(_bare(Path(folder) / f"bare-{size}.db")))
            stores.append(_Filled(database, START + timedelta(seconds=size // len(UNITS)), bare))
        figures = {**_read(stores), **_write(stores), **_pack(stores)}
        print(f"load {os.getloadavg()[0]:.1f}")
        _print(sizes, figures)
    return _rows(sizes, figures)


@dataclass(frozen=True)
class _Filled:
    """A store whose fixes end before ``end``, and a bare table beside it."""

    database: Database
    end: datetime
    bare: sqlite3.Connection


class _Figure(NamedTuple):
    """Median seconds, on the clock and on the processor."""

    wall: float
    cpu: float


def _print(sizes: Sequence[int], figures: dict[str, list[_Figure]]) -> None:
    print(f"\n{'':36}{'fixes':>12} {'ms':>9} {'cpu ms':>9} {'ratio':>6} {'cpu':>6}")
    for title, its in figures.items():
        for size, figure in zip(sizes, its, strict=True):
            print(f"{title:36}{size:12,} {figure.wall * 1e3:9.2f} {figure.cpu * 1e3:9.2f} "
                  f"{figure.wall / its[0].wall:6.2f} {figure.cpu / its[0].cpu:6.2f}")  # fmt: skip
    for size, store, bare in zip(sizes, figures[_STORED], figures[_BARE], strict=True):
        print(f"stored a second at {size:,}: {BATCH / store.wall:,.0f}, bare "
              f"{BATCH / bare.wall:,.0f}: {bare.wall / store.wall:.2f}; processor "
              f"{bare.cpu / store.cpu:.2f}")  # fmt: skip


def _rows(sizes: Sequence[int], figures: dict[str, list[_Figure]]) -> list[Row]:
    rows, many = [], f"{max(sizes):,} fixes"
    least, most = sizes.index(min(sizes)), sizes.index(max(sizes))
    for title, told in ((_STATE, ""), (_KNOWN, ", as known then")):
        its = figures[title]
        what = f"state of twelve units with half an hour of trail{told} out of {many}"
        rows.append(value_row(what, its[most].wall * 1e3, at_most(10, " ms"),
                              but=f"processor {number(its[most].cpu * 1e3)} ms"))  # fmt: skip
        rows.append(row("the same", f"{number(its[most].wall * 1e3)} ms",
                        f"out of {min(sizes):,}: {number(its[least].wall * 1e3)} ms",
                        its[most].wall / its[least].wall, at_most(2)))  # fmt: skip
    stored, bare = ([BATCH / one.wall for one in figures[title]] for title in (_STORED, _BARE))
    what = f"fixes stored in groups of {BATCH} with {many} there"
    rows.append(row(what, rate(stored[most]), f"with {min(sizes):,} there: {rate(stored[least])}",
                    stored[most] / stored[least], at_least(0.8)))  # fmt: skip
    rows.append(row("the same", rate(stored[most]), "executemany of the same rows into an empty "
                    f"table: {rate(bare[most])}", stored[most] / bare[most]))  # fmt: skip
    return rows


# --- filling -------------------------------------------------------------------------------------


def copy_of_filled(path: Path, size: int) -> Database:
    """``filled``, but filled only once in a process: ``path`` is a copy of that."""
    shutil.copyfile(_once(size), path)
    return Database(f"sqlite:///{path}")


@cache
def _once(size: int) -> Path:
    path = Path(_kept().name) / f"{size}.db"
    filled(path, size).close()
    return path


@cache
def _kept() -> tempfile.TemporaryDirectory[str]:
    """Gone when the process ends."""
    return tempfile.TemporaryDirectory()


def filled(path: Path, size: int) -> Database:
    """A database with ``size`` packed fixes: one a second of each unit from ``START`` on."""
    database = Database(f"sqlite:///{path}")
    upgrade(database)
    generator = np.random.default_rng(7)
    with database.writing() as connection:
        named = [{"id": unit, "callsign": unit.upper(), "kind": "patrol"} for unit in UNITS]
        connection.execute(insert(units), named)
    seconds = size // len(UNITS)
    begin = to_microseconds(START)
    for first in range(0, seconds, 3600):
        count = min(3600, seconds - first)
        with database.writing() as connection:
            for unit in UNITS:
                drawn = drive(generator, begin + first * _SECOND, count)
                write_fixes(connection, OPERATION, unit, drawn)
    with database.engine.connect() as connection:
        connection.execute(text("PRAGMA wal_checkpoint(TRUNCATE)"))
    return database


def drive(generator: np.random.Generator, begin: int, count: int) -> ChunkFixes:
    """An hour at most of a vehicle: seven decimals of a degree, two of everything else."""
    fix_time = begin + np.arange(count, dtype=np.int64) * _SECOND
    speed = np.clip(np.cumsum(generator.normal(0, 0.4, count)) + 11, 0, 33).round(2)
    course = (np.cumsum(generator.normal(0, 4, count)) % 360).round(1)
    north = np.cumsum(speed * np.cos(np.radians(course))) / 111_200
    east = np.cumsum(speed * np.sin(np.radians(course))) / 81_700
    return ChunkFixes(
        fix_time=fix_time,
        device=np.full(count, "phone", dtype=object),
        received_at=fix_time + generator.integers(80_000, 900_000, count),
        latitude=(42.6 + north).round(7),
        longitude=(20.9 + east).round(7),
        speed=speed,
        course=course,
        altitude=(550 + np.cumsum(generator.normal(0, 0.2, count))).round(1),
        accuracy=generator.uniform(3, 12, count).round(1),
        battery=np.full(count, 80.0),
        attributes=np.array(  # as a phone says them: no two are the same
            [f'{{"motion":true,"odometer":{metres:.1f}}}' for metres in np.cumsum(speed)], object
        ),
    )


# --- measuring -----------------------------------------------------------------------------------

_Figures = dict[str, list[_Figure]]


def _read(stores: Sequence[_Filled]) -> _Figures:
    chance = random.Random(5)
    fixes = [FixStore(one.database) for one in stores]

    def moment(which: int) -> datetime:
        span = stores[which].end - START
        return START + chance.uniform(TRAIL_S / span.total_seconds(), 1) * span

    def state(which: int) -> object:
        return fixes[which].state(OPERATION, moment(which), TRAIL_S)

    def known(which: int) -> object:
        at = moment(which)
        return fixes[which].state(OPERATION, at, TRAIL_S, at)

    def answer(which: int) -> object:
        found = Tracks(fixes[which]).state(OPERATION, moment(which), TRAIL_S)
        return json.dumps(found, separators=(",", ":"))

    for one, store in zip(stores, fixes, strict=True):
        newest, trails = store.state(OPERATION, one.end - timedelta(seconds=1), TRAIL_S)
        assert [len(trail) for trail in trails] == [1801] * len(UNITS) == [1801] * len(newest)
    return {
        _STATE: _in_turns(state, len(stores), ASKED),
        _KNOWN: _in_turns(known, len(stores), ASKED),
        "service: the same as GeoJSON text": _in_turns(answer, len(stores), ASKED // 2),
    }


def _write(stores: Sequence[_Filled]) -> _Figures:
    """Half an hour of new fixes, into the stores and the bare tables in turns."""
    stored, bare = [], []
    for turn in range(BATCHES):
        for one in stores:
            batch = _batch(one.end, turn)
            rows = fix_values(batch)
            stored.append(_taken(partial(_store, one.database, FixStore(one.database), batch)))
            bare.append(_taken(partial(_store_bare, one.bare, rows)))
    each = range(len(stores))
    later = timedelta(seconds=BATCH * BATCHES // len(UNITS))

    def state(which: int) -> object:
        one = stores[which]
        return FixStore(one.database).state(OPERATION, one.end + later, TRAIL_S)

    return {
        _STORED: [_middle(stored[which :: len(stores)]) for which in each],
        _BARE: [_middle(bare[which :: len(stores)]) for which in each],
        "store: state, all of it still rows": _in_turns(state, len(stores), ASKED // 10),
    }


def _pack(stores: Sequence[_Filled]) -> _Figures:
    """How long one transaction of packing holds the writer up."""
    found = []
    for one in stores:
        packing, steps = FixPacking(one.database), []
        while due := packing.due(datetime(2100, 1, 1, tzinfo=UTC)):
            steps += [_taken(partial(packing.step, each)) for each in due]
        found.append(_middle(steps))
    return {"one step of packing": found}


def _store(database: Database, store: FixStore, batch: Sequence[StoredFix]) -> None:
    with database.writing() as connection:
        store.newest(connection, [(OPERATION, unit) for unit in UNITS])
        store.insert(connection, batch)


def _store_bare(connection: sqlite3.Connection, rows: Sequence[tuple[object, ...]]) -> None:
    connection.execute("BEGIN IMMEDIATE")
    connection.executemany(_INSERT["sqlite"], rows)
    connection.execute("COMMIT")


def _bare(path: Path) -> sqlite3.Connection:
    database = Database(f"sqlite:///{path}")
    upgrade(database)
    database.close()
    connection = sqlite3.connect(path, isolation_level=None)
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "cache_size=-65536"):
        connection.execute(f"PRAGMA {pragma}")
    return connection


def _batch(begin: datetime, number: int) -> list[StoredFix]:
    fixes = []
    for which in range(number * BATCH, (number + 1) * BATCH):
        moment = begin + timedelta(seconds=which // len(UNITS))
        fix = Fix(
            "phone", moment, 42.6 + which % 1000 * 1e-5, 20.9, 10.0, 90.0, 550.0, 5.0, 80.0, {}
        )
        received = from_microseconds(to_microseconds(moment) + 250_000)
        fixes.append(StoredFix(OPERATION, UNITS[which % len(UNITS)], fix, received))
    return fixes


def _in_turns(work: Callable[[int], object], stores: int, times: int) -> list[_Figure]:
    """Medians of each store, asked one after the other so that what disturbs one disturbs all."""
    taken = [[_taken(partial(work, which)) for which in range(stores)] for _ in range(times + 1)]
    return [_middle(column[1:]) for column in zip(*taken, strict=True)]


def _middle(taken: Sequence[_Figure]) -> _Figure:
    return _Figure(*(statistics.median(column) for column in zip(*taken, strict=True)))


def _taken(work: Callable[[], object]) -> _Figure:
    begun, used = time.perf_counter(), time.thread_time()
    work()
    return _Figure(time.perf_counter() - begun, time.thread_time() - used)


if __name__ == "__main__":
    alone(main)
