"""What the monitor is sent for a day of twelve vehicles at one fix a second, and what it costs.

The monitor's own request, trails with times since a day ago, is asked of the whole application over
a database with the day in it, for each zoom: the size of the answer as it leaves the server, plain
and compressed as a browser has it, and beside it the same without times. Then what the answer costs
at the worst moments of an hour: just before its levels are due, and half an hour earlier.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

import numpy as np
from flask.testing import FlaskClient
from sqlalchemy import insert

from app import create_app
from benchmarks.generated_tracks import BEGIN, SECOND, Drive, fleet
from benchmarks.sizes import quick
from benchmarks.table import Row, alone, at_most, number, value_row
from data.database import Database
from data.fix_chunks import ChunkFixes
from data.fix_chunks_packing import write_fixes
from data.fix_store import FixStore
from data.level_store import LevelStore
from data.migrate import upgrade
from data.schema import units
from domain.analysis_settings import AnalysisSettings
from domain.roster import Operation
from domain.stored_fixes import NO_SEGMENT, FixColumns, StoredFix
from domain.time import from_microseconds, to_microseconds, to_rfc3339
from services.access.demonstration_accounts import seed_demonstration_accounts
from services.clock import utc_now
from services.container import services_of
from services.drawn_tracks import SETTLED, DrawnTracks
from settings import Settings

VEHICLES, HOURS = 12, 24
OPERATION = "day"
SETTINGS = AnalysisSettings()
ZOOMS = range(7, 15)
LIMIT_KB = 60
OPENS, CLOSE = 9, 12  # the zoom that the monitor opens with and the limit is of; one for a valley
RUNS = 9
STILL_ROWS_S = 380
"""So many seconds of fixes are not packed yet when it has been longest: 256 of each unit, and two
minutes in which they settle."""

REQUEST = "/tracks?from={start}&zoom={zoom}&times=1"
"""What ``assets/fpu-patrols.js`` asks; a test holds it to that."""

_HOUR = 3600 * SECOND
_BEARER = {"Authorization": "Bearer demo-duty"}


def main(vehicles: int = VEHICLES, hours: int = 0, zooms: Sequence[int] = ZOOMS) -> list[Row]:
    """Print both tables; the rows are of what is sent."""
    hours = hours or (3 if quick() else HOURS)
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{Path(folder) / 'day.db'}"
        until = _before_levels_are_due(to_microseconds(utc_now()))
        its = as_columns(fleet(1, vehicles, float(hours)))
        its = _moved(its, until - hours * _HOUR - BEGIN)
        with closing(Database(url)) as database:
            upgrade(database)
            fill(database, its)
            rows = _payloads(url, from_microseconds(until - hours * _HOUR), len(its), zooms)
            _costs(database, from_microseconds(until), hours)
    return rows


# --- filling -------------------------------------------------------------------------------------


def as_columns(drives: Sequence[Drive]) -> FixColumns:
    """The fixes of vehicles ``unit-00``, ``unit-01`` …, by unit and time."""
    count = [len(one.fix_time) for one in drives]
    names = np.array([f"unit-{number:02}" for number in range(len(drives))], dtype=object)
    unit, unknown = np.repeat(names, count), np.full(sum(count), np.nan)
    time, latitude, longitude, accuracy = (
        np.concatenate([getattr(one, name) for one in drives])
        for name in ("fix_time", "latitude", "longitude", "accuracy")
    )
    return FixColumns(
        unit, unit, time, time, latitude, longitude, unknown, unknown, unknown, accuracy, unknown,
        np.full(len(unit), NO_SEGMENT, dtype=np.int64),
    )  # fmt: skip


def _before_levels_are_due(now: int) -> int:
    """The newest moment at which the running hour is longest: one second before an hour that has
    ended is made ready."""
    settled = int(SETTLED.total_seconds()) * SECOND
    return (now - settled + SECOND) // _HOUR * _HOUR + settled - SECOND


def fill(database: Database, its: FixColumns) -> None:
    """Store the fixes as they lie, those of the last minutes as rows, and the vehicles as units."""
    new = its.fix_time >= its.fix_time.max() - STILL_ROWS_S * SECOND
    with database.writing() as connection:
        stored = [
            StoredFix(OPERATION, fix.device, fix, fix.fix_time) for fix in its.take(new).fixes()
        ]
        FixStore(database).insert(connection, stored)
    its = its.take(~new)
    names = np.unique(its.unit.astype(str)).tolist()
    with database.writing() as connection:
        named = [{"id": unit, "callsign": unit.upper(), "kind": "patrol"} for unit in names]
        connection.execute(insert(units), named)
    for unit in names:
        own = its.take(its.unit == unit)
        hour = own.fix_time // _HOUR
        with database.writing() as connection:
            for one in np.unique(hour).tolist():
                write_fixes(connection, OPERATION, unit, _chunk(own.take(hour == one)))


def _moved(its: FixColumns, by: int) -> FixColumns:
    its.fix_time[:] += by  # received_at is the same array
    return its


def _chunk(its: FixColumns) -> ChunkFixes:
    none = np.full(len(its), "{}", dtype=object)
    return ChunkFixes(
        its.fix_time, its.device, its.received_at, its.latitude, its.longitude, its.speed,
        its.course, its.altitude, its.accuracy, its.battery, none,
    )  # fmt: skip


# --- measuring -----------------------------------------------------------------------------------


def _payloads(url: str, start: datetime, fixes: int, zooms: Sequence[int]) -> list[Row]:
    rows = []
    server = create_app(Settings(database_url=url))
    services = services_of(server.extensions)
    with closing(services):
        seed_demonstration_accounts(services.accounts)
        services.roster.add(Operation(OPERATION, "exercise", "A day", start))
        while services.drawn.turn():
            pass
        asked = f"/api/v1/operations/{OPERATION}{REQUEST}"
        print(f"{fixes:,} fixes; GET {asked.format(start='…', zoom='…')}")
        print(f"{'':8}{'points':>9}{'plain':>10}{'gzip':>10}{'br':>10}{'without times: gzip':>24}"
              f"{'br':>10}   kB")  # fmt: skip
        with server.test_client() as client:
            for zoom in zooms:
                address = asked.format(start=to_rfc3339(start), zoom=zoom)
                sizes = [_kilobytes(client, address, how) for how in ("identity", "gzip", "br")]
                bare = address.replace("&times=1", "")
                sizes += [_kilobytes(client, bare, how) for how in ("gzip", "br")]
                row = client.get(address, headers=_BEARER).get_json()
                points = sum(one[row["columns"].index("points")] for one in row["tracks"])
                plain, packed, brotli, *untimed = sizes
                over = "" if max(packed, brotli) < LIMIT_KB else f"   over {LIMIT_KB}"
                print(f"zoom {zoom:2} {points:9,}{plain:10.1f}{packed:10.1f}{brotli:10.1f}"
                      f"{untimed[0]:24.1f}{untimed[1]:10.1f}{over}")  # fmt: skip
                what = f"trails of {fixes:,} fixes with times, as the monitor asks, zoom {zoom}"
                but = f"plain {number(plain)} kB, br {number(brotli)} kB"
                if zoom == OPENS:
                    rows.append(value_row(what, packed, at_most(LIMIT_KB, " kB gzip"), but=but))
                elif zoom == CLOSE:
                    rows.append(Row(what, f"{number(packed)} kB gzip", met=but))
    return rows


def _kilobytes(client: FlaskClient, address: str, encoding: str) -> float:
    answer = client.get(address, headers={**_BEARER, "Accept-Encoding": encoding})
    assert answer.status_code == 200, answer.text
    assert answer.headers.get("Content-Encoding", "identity") == encoding
    return len(answer.data) / 1000


def _costs(database: Database, until: datetime, hours: int) -> None:
    """A long trail begins with a whole hour, as the monitor asks for it; its running hour, up to
    some minutes after it has ended, is worked out from the fixes each time."""
    moments = {
        "just before the levels of an hour are due": until,
        "just after they were made": until + timedelta(seconds=1),
    }
    print(f"\n{'trails with times asked for':54}{'zoom':>5}{'ms':>9}{'cpu ms':>9}")
    for title, now in moments.items():
        its = DrawnTracks(database, FixStore(database), LevelStore(), lambda now=now: now)
        day = now - timedelta(hours=hours - 2)
        starts = {
            "a day": from_microseconds(to_microseconds(day) // _HOUR * _HOUR),
            "an hour": now - timedelta(hours=1),
        }
        for name, start in starts.items():
            for zoom in (9, 14):
                asked = partial(its.lines, OPERATION, None, start, now, zoom, times=True)
                wall, cpu = _middle(asked)
                print(f"{name + ', ' + title:54}{zoom:5}{wall * 1e3:9.1f}{cpu * 1e3:9.1f}")


def _middle(work: Callable[[], object]) -> tuple[float, float]:
    taken, used = [], []
    for _ in range(RUNS):
        begun, busy = time.perf_counter(), time.thread_time()
        work()
        taken.append(time.perf_counter() - begun)
        used.append(time.thread_time() - busy)
    return statistics.median(taken[1:]), statistics.median(used[1:])


if __name__ == "__main__":
    alone(main)
