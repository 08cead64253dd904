"""A store that is full, locked or read-only: refused loudly, told to every screen, made up for."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event, make_url

import data.database
from data.database import Database
from data.fix_store import FixStore
from data.journal import Journal
from domain.errors import StoreUnavailable
from domain.fixes import Report
from services.ingest import Ingest
from services.live import LiveHub
from services.submissions import Receipt
from tests.conftest import ONLY_POSTGRESQL
from tests.services.positions import NOON, at, make_ingest, report

LONG = 30.0  # seconds; only a hanging test waits that long


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A lock is given up after 50 ms instead of ten seconds."""
    monkeypatch.setattr(data.database, "BUSY_MILLISECONDS", 50)


class Small:
    """A database whose disk holds so many pages and no more, until it is made larger."""

    def __init__(self, path: Path) -> None:
        self._pages = 100
        self.database = Database(f"sqlite:///{path}")
        event.listen(self.database.engine, "checkout", self._limit)

    def _limit(self, connection: Any, *_: object) -> None:
        connection.execute(f"PRAGMA max_page_count={self._pages}")

    def make_larger(self) -> None:
        self._pages = 1_000_000


@pytest.fixture
def small(sqlite_template: Path, tmp_path: Path) -> Iterator[Small]:
    path = tmp_path / "small.db"
    path.write_bytes(sqlite_template.read_bytes())
    made = Small(path)
    yield made
    made.database.close()


def send(ingest: Ingest, *reports: Report) -> Receipt:
    return ingest.accept("osmand", reports, b"as sent", at(3000))


def stored(database: Database) -> list[int]:
    columns = FixStore(database).between("demo", None, NOON, at(3600))
    return [(time - columns.fix_time[0]) // 1_000_000 for time in columns.fix_time.tolist()]


def fill(ingest: Ingest) -> list[Report]:
    """What was acknowledged until the disk was full."""
    acknowledged = []
    for number in range(2000):
        one = report(number, note="x" * 1500)
        try:
            send(ingest, one)
        except StoreUnavailable:
            return acknowledged
        acknowledged.append(one)
    raise AssertionError("the disk is never full")


def test_a_locked_store_refuses_says_so_and_takes_everything_afterwards(
    database: Database, open_database: Callable[[], Database]
) -> None:
    other = open_database()
    with closing(make_ingest(database)) as ingest:
        assert send(ingest, report(0)).stored == 1
        with other.writing():
            with pytest.raises(StoreUnavailable, match="refused"):
                send(ingest, report(1))
            assert "refused" in ingest.trouble()
        assert send(ingest, report(1)).stored == 1
        assert ingest.trouble() == ""
    assert stored(database) == [0, 1]


def test_a_full_disk_is_told_until_there_is_room_again(small: Small) -> None:
    with closing(make_ingest(small.database)) as ingest:
        acknowledged = fill(ingest)
        assert "full" in ingest.trouble()
        ingest.check()
        assert "full" in ingest.trouble()  # no device had to try
        small.make_larger()
        ingest.check()
        assert ingest.trouble() == ""
        assert send(ingest, report(2500)).stored == 1
    assert len(stored(small.database)) == len(acknowledged) + 1


def test_trying_the_store_leaves_nothing_behind(database: Database) -> None:
    with closing(make_ingest(database)) as ingest:
        ingest.check()
        assert ingest.trouble() == ""
        send(ingest, report())
    assert min(change.seq for change in Journal(database).since(-10, 10)) == 1


def test_a_full_disk_is_noticed_though_no_device_sends(small: Small) -> None:
    with closing(make_ingest(small.database)) as ingest:
        fill(ingest)
    with closing(make_ingest(small.database)) as another_process:
        assert another_process.trouble() == ""
        another_process.check()
        assert "full" in another_process.trouble()


@ONLY_POSTGRESQL
def test_a_read_only_server_is_unavailable_not_a_fault(
    database: Database, database_url: str
) -> None:
    url = make_url(database_url)
    options = f"{url.query['options']} -cdefault_transaction_read_only=on"
    address = url.update_query_dict({"options": options})
    read_only = Database(address.render_as_string(hide_password=False))
    with closing(read_only), closing(make_ingest(read_only)) as ingest:
        with pytest.raises(StoreUnavailable, match="read-only"):
            send(ingest, report())
        assert "read-only" in ingest.trouble()
    with database.reading():
        assert stored(database) == []


class Phone(threading.Thread):
    """A sender with a queue of its own: the next one goes when the last was acknowledged."""

    def __init__(self, ingest: Ingest, device: str, count: int) -> None:
        super().__init__()
        self._ingest = ingest
        self._device = device
        self._count = count
        self.refused = threading.Event()
        self.start()

    def run(self) -> None:
        for number in range(self._count):
            one = report(number, device=self._device)
            while True:
                try:
                    send(self._ingest, one)
                    break
                except StoreUnavailable:
                    self.refused.set()
                    threading.Event().wait(0.01)  # its own patience


def test_the_queues_of_the_senders_deliver_everything_once(
    database: Database, open_database: Callable[[], Database]
) -> None:
    other = open_database()
    with closing(make_ingest(database, patience_s=LONG)) as ingest:
        with other.writing():
            phones = [Phone(ingest, f"phone-2-{which}", 40) for which in range(6)]
            assert all(phone.refused.wait(LONG) for phone in phones)
        for phone in phones:
            phone.join(LONG)
    columns = FixStore(database).between("demo", "p12", NOON, at(3600))
    assert len(columns) == 6 * 40
    assert len(set(zip(columns.device.tolist(), columns.fix_time.tolist(), strict=True))) == 240


def test_every_screen_is_told_that_nothing_is_received_and_when_it_is_again(
    database: Database,
) -> None:
    state = {"is": ""}
    hub = LiveHub(
        Journal(database), lambda: NOON, beat_s=3600, look_s=0.01, trouble=lambda: state["is"]
    )
    with closing(hub), closing(hub.subscribe("demo")) as one, closing(hub.subscribe("live")) as two:
        for screen in (one, two):
            assert json.loads(next(screen).data_text) == {"now": "2026-11-21T12:00:00Z"}
        state["is"] = "the disk is full"
        for screen in (one, two):
            assert json.loads(next(screen).data_text)["refusing"] is True
        state["is"] = ""
        for screen in (one, two):
            assert "refusing" not in json.loads(next(screen).data_text)
