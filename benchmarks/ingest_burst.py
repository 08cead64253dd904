"""A burst of positions through the services, against a bare ``executemany`` of the same rows.

Twelve devices that kept a fix a second hand in what they kept, as a feed does that reads many
connections in one process: judged, filed, stored with full synchronisation, told to twelve screens
that follow the live stream in this process. The limit is the same rows inserted with the same
commits and nothing else; both kinds of run alternate, and the best of each counts, since the
machine may be busy with other things.
"""

from __future__ import annotations

import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import insert

from benchmarks.sizes import size
from benchmarks.table import Row, alone, rate, row
from data.database import Database
from data.fix_store import FixStore
from data.journal import Journal
from data.kosovo.places import crossing_points
from data.migrate import upgrade
from data.quarantine_store import QuarantineStore
from data.roster_store import RosterStore
from data.schema import fixes
from data.visit_store import VisitStore
from domain.fixes import Report
from domain.roster import Unit
from domain.time import to_microseconds
from services.clock import utc_now
from services.coverage import Coverage
from services.ingest import Ingest
from services.live import LiveHub
from services.roster import RosterService
from services.subscription import Subscription

DEVICES = 12
BATCHES = (60, 240, 960)
SCREENS = 12
ROUNDS = 2


class NoAlarms:
    """No device of this benchmark rings."""

    def alarm(self, *_: object, **__: object) -> None:
        raise AssertionError("nothing rang")

    came_late = alarm


def main() -> list[Row]:
    """Fixes a second for each size of batch, beside the limit."""
    count = size("FIXES", 7_200, 960)
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for group in BATCHES:
            bare, whole = [], []
            for turn in range(ROUNDS):
                bare.append(_bare(Path(folder) / f"bare-{group}-{turn}.db", count, group))
                whole.append(_whole(Path(folder) / f"whole-{group}-{turn}.db", count, group))
            limit, found = max(bare), max(whole)
            what = f"positions judged, filed, stored, shown to {SCREENS} screens, {group} a commit"
            peer = f"executemany of the same rows alone: {rate(limit)}"
            rows.append(row(what, rate(found), peer, found / limit))
    return rows


def _reports(count: int, group: int) -> Iterator[list[Report]]:
    """Batches in the order of time; each vehicle drives its own circle round the country."""
    start = datetime.now(UTC).replace(microsecond=0) - timedelta(seconds=count // DEVICES + 60)
    batch = []
    for number in range(count):
        second, which = divmod(number, DEVICES)
        batch.append(
            Report(
                device=f"device-{which}",
                fix_time=start + timedelta(seconds=second),
                latitude=42.3 + which * 0.05 + (second % 900) * 1e-4,
                longitude=20.6 + which * 0.05 + (second % 700) * 1e-4,
                speed=11.5,
                course=float(second % 360),
                altitude=540.0,
                accuracy=4.5,
                battery=81.0,
                alarm=None,
                attributes={},
            )
        )
        if len(batch) == group:
            yield batch
            batch = []
    if batch:
        yield batch


def _bare(path: Path, count: int, group: int) -> float:
    with _database(path) as database:
        batches = [
            [
                {
                    "operation": "live",
                    "unit": report.device,
                    "fix_time": to_microseconds(report.fix_time or datetime.now(UTC)),
                    "device": report.device,
                    "received_at": to_microseconds(datetime.now(UTC)),
                    "latitude": report.latitude,
                    "longitude": report.longitude,
                    "speed": report.speed,
                    "course": report.course,
                    "altitude": report.altitude,
                    "accuracy": report.accuracy,
                    "battery": report.battery,
                    "attributes": None,
                }
                for report in batch
            ]
            for batch in _reports(count, group)
        ]
        began = time.perf_counter()
        for rows in batches:
            with database.writing() as connection:
                connection.execute(insert(fixes), rows)
        return count / (time.perf_counter() - began)


def _whole(path: Path, count: int, group: int) -> float:
    with _database(path) as database:
        roster = RosterService(database, RosterStore())
        _prepare(roster)
        journal = Journal(database)
        hub = LiveHub(journal)
        ingest = Ingest(
            database,
            fixes=FixStore(database),
            quarantine=QuarantineStore(database),
            journal=journal,
            roster=roster,
            alarms=NoAlarms(),
            visits=Coverage(database, VisitStore(), journal, crossing_points, utc_now),
            notify=hub.wake,
        )
        screens = [_Screen(hub.subscribe("live")) for _ in range(SCREENS)]
        batches = list(_reports(count, group))
        began = time.perf_counter()
        stored = sum(ingest.accept("cot", batch, b"", utc_now()).stored for batch in batches)
        head = journal.head()
        for screen in screens:
            screen.wait_for(head)
        elapsed = time.perf_counter() - began
        ingest.close()
        hub.close()
        if stored != count:
            raise SystemExit(f"stored {stored} of {count}")
        return count / elapsed


class _Screen(threading.Thread):
    """One open screen: takes its messages as the stream sends them."""

    def __init__(self, subscription: Subscription) -> None:
        super().__init__(daemon=True)
        self._subscription = subscription
        self._reached = 0
        self._moved = threading.Condition()
        self.start()

    def run(self) -> None:
        for message in self._subscription:
            len(message.event)
            with self._moved:
                self._reached = message.seq
                self._moved.notify_all()

    def wait_for(self, seq: int) -> None:
        with self._moved:
            self._moved.wait_for(lambda: self._reached >= seq, 60)


def _prepare(roster: RosterService) -> None:
    since = utc_now() - timedelta(days=1)
    roster.ensure_live(since)
    for which in range(DEVICES):
        roster.add(Unit(f"device-{which}", f"UNIT {which}"))
        roster.add_device(f"device-{which}", "key", "knots", "")
        roster.assign_unit(f"device-{which}", "live", since)
        roster.assign_device(f"device-{which}", f"device-{which}", since)


@contextmanager
def _database(path: Path) -> Iterator[Database]:
    database = Database(f"sqlite:///{path}")
    upgrade(database)
    try:
        yield database
    finally:
        database.close()


if __name__ == "__main__":
    alone(main)
