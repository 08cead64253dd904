"""Positions in, on every database: what is acknowledged is there, as what it is."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event

from data.database import Database
from data.fix_store import FixStore
from data.journal import Journal
from data.quarantine_store import QuarantineStore
from data.schema import heartbeats
from domain.errors import StoreUnavailable
from domain.fixes import Rejection, Report
from services.ingest import Ingest
from services.ports import Filing
from services.submissions import Receipt
from tests.services.positions import NOON, at, make_ingest, report

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def ingest(database: Database) -> Iterator[Ingest]:
    ingest = make_ingest(database)
    yield ingest
    ingest.close()


def send(ingest: Ingest, *reports: Report, received: float = 1, **options: Any) -> Receipt:
    return ingest.accept("osmand", reports, b"as sent", at(received), **options)


def messages(database: Database, kind: str) -> list[dict[str, Any]]:
    changes = Journal(database).since(0, 10_000)
    return [json.loads(change.payload) for change in changes if change.kind == kind]


def fixes_told(database: Database) -> list[dict[str, Any]]:
    """Every position told, of single messages and of those that hold many, by column."""
    found = []
    for change in Journal(database).since(0, 10_000):
        said = json.loads(change.payload)
        if change.kind == "fix":
            found.append(said["properties"])
        elif change.kind == "fixes":
            rows = [dict(zip(said["columns"], row, strict=True)) for row in said["rows"]]
            found += [{**row, "unit": said["sources"][row["source"]][0]} for row in rows]
    return found


def test_a_fix_is_filed_stored_and_told(database: Database, ingest: Ingest) -> None:
    assert send(ingest, report()) == Receipt(stored=1)
    [stored] = FixStore(database).latest("demo")
    assert (stored.unit, stored.fix.fix_time, stored.received_at) == ("p11", NOON, at(1))
    [said] = messages(database, "fix")
    assert said["geometry"] == {"type": "Point", "coordinates": [20.87, 42.89]}
    assert said["properties"] == {
        "unit": "p11",
        "callsign": "PAPA 11",
        "device": "phone-1",
        "fix_time": "2026-11-21T12:00:00Z",
        "received_at": "2026-11-21T12:00:01Z",
        "speed": 10.0,
        "course": 90.0,
        "accuracy": 5.0,
        "altitude": None,
        "battery": 70.0,
        "age": 1.0,
        "status": "fresh",
    }
    assert messages(database, "visit") == [{"unit": "p11", "callsign": "PAPA 11", "times": [0.0]}]


def test_what_is_stored_together_is_told_in_one_message(database: Database, ingest: Ingest) -> None:
    odd = report(1.0005, 42.123456789, device="phone-2", note="kept, not told")
    assert send(ingest, report(), odd, report(-0.5), received=2).stored == 3
    [said] = messages(database, "fixes")
    assert said["sources"] == [["p11", "PAPA 11", "phone-1"], ["p12", "PAPA 12", "phone-2"]]
    noon = int(NOON.timestamp() * 1000)
    assert [dict(zip(said["columns"], row, strict=True)) for row in said["rows"]][1] == {
        "source": 1,
        "fix_time": noon + 1000.5,
        "received_at": noon + 2000,
        "longitude": 20.87,
        "latitude": 42.12346,
        "speed": 10.0,
        "course": 90.0,
        "altitude": None,
        "accuracy": 5.0,
        "battery": 70,
        "late": 0,
    }
    assert [row[-1] for row in said["rows"]] == [0, 0, 1]
    assert messages(database, "fix") == []


def test_each_report_of_a_batch_is_quarantined_with_its_own_bytes(
    database: Database, ingest: Ingest
) -> None:
    bad = [report(0), report(1, 95.0), report(2, 96.0)]
    receipt = ingest.accept("cot", bad, [b"first", b"second", b"third"], at(3))
    assert (receipt.stored, receipt.quarantined) == (1, 2)
    kept = QuarantineStore(database).listing("demo")
    assert [one.entry.raw for one in kept] == [b"third", b"second"]


def test_a_told_fix_is_less_than_one_kilobyte(database: Database) -> None:
    class Longest:
        def filing(self, device_id: str, moment: object) -> Filing:
            return Filing("demo", "ü" * 40, "Ж" * 40)

    ingest = make_ingest(database)
    ingest._roster = Longest()  # type: ignore[assignment]
    send(ingest, report(0.123456, 42.1234567891, 20.1234567891, device="ж" * 80, a="x" * 5000))
    ingest.close()
    [change] = [change for change in Journal(database).since(0, 10) if change.kind == "fix"]
    assert len(change.payload.encode()) < 1024


def test_the_same_message_again_adds_nothing(database: Database, ingest: Ingest) -> None:
    send(ingest, report(alarm="sos"))
    assert send(ingest, report(alarm="sos"), received=60) == Receipt(duplicates=1)
    assert len(messages(database, "fix")) == len(messages(database, "alert")) == 1


def test_a_contradiction_is_quarantined_and_its_alarm_is_heard(
    database: Database, ingest: Ingest
) -> None:
    send(ingest, report())
    receipt = send(ingest, report(alarm="sos"))
    assert receipt == Receipt(
        quarantined=1, reasons={"conflicting_duplicate": 1}, refused=frozenset({0})
    )
    [kept] = QuarantineStore(database).listing("demo")
    assert (kept.entry.unit, kept.entry.raw, kept.entry.source) == ("p11", b"as sent", "osmand")
    [alert] = messages(database, "alert")
    assert (alert["kind"], alert["latitude"], alert["longitude"]) == ("sos", 42.89, 20.87)


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        (report(latitude=float("nan")), "not_a_number"),
        (report(latitude=20.87, longitude=42.89), "swapped"),
        (report(latitude=0.0, longitude=0.0), "no_position_zero"),
        (report(86_400), "future_time"),
        (report(-4_000_000_000), "before_mission"),
    ],
)
def test_what_cannot_be_is_quarantined_with_its_reason(
    database: Database, ingest: Ingest, bad: Report, reason: str
) -> None:
    receipt = send(ingest, bad)
    assert receipt == Receipt(quarantined=1, reasons={reason: 1}, refused=frozenset({0}))
    [kept] = QuarantineStore(database).listing("demo")
    assert kept.entry.rejection.reason == reason
    [said] = messages(database, "quarantine")
    assert (said["unit"], said["reasons"]) == ("p11", {reason: 1})
    assert FixStore(database).latest("demo") == []


def test_an_alarm_without_a_position_that_can_be_believed_is_heard(
    database: Database, ingest: Ingest
) -> None:
    send(ingest, report(latitude=float("inf"), alarm="sos"))
    send(ingest, report(None, None, None, alarm="sos"), received=2)
    alerts = messages(database, "alert")
    assert [alert["latitude"] for alert in alerts] == [None, None]
    assert [alert["occurred_at"] for alert in alerts] == [at(1).isoformat(), at(2).isoformat()]


def test_a_message_without_position_is_a_heartbeat(database: Database, ingest: Ingest) -> None:
    assert send(ingest, report(0, None, None)) == Receipt(heartbeats=1)
    with database.reading() as connection:
        row = connection.execute(heartbeats.select()).mappings().one()
    assert (row["operation"], row["unit"], row["device"]) == ("demo", "p11", "phone-1")


def test_that_a_device_was_lost_is_told(database: Database, ingest: Ingest) -> None:
    send(ingest, report(0, None, None))
    assert messages(database, "contact") == []
    lost = replace(report(0, None, None), attributes={"connection_lost": True})
    send(ingest, lost, received=3)
    assert messages(database, "contact") == [
        {
            "unit": "p11",
            "callsign": "PAPA 11",
            "device": "phone-1",
            "lost_at": "2026-11-21T12:00:03Z",
        }
    ]


def test_a_fix_is_filed_by_when_it_was_measured(database: Database, ingest: Ingest) -> None:
    received = 2 * 3600  # the device is in no operation any more
    assert send(ingest, report(3599), received=received).stored == 1
    receipt = send(ingest, report(3601), report(None, None, None), received=received)
    assert receipt == Receipt(
        quarantined=2, reasons={"no_assignment": 2}, refused=frozenset({0, 1})
    )
    kept = QuarantineStore(database).listing(None)
    assert [entry.entry.operation for entry in kept] == [None, None]
    assert messages(database, "quarantine") == []


def test_an_alarm_with_a_wrong_clock_goes_to_whoever_has_the_device_now(
    database: Database, ingest: Ingest
) -> None:
    class AssignedAtNoon:
        def filing(self, device_id: str, moment: Any) -> Filing | None:
            return Filing("demo", "p11", "PAPA 11") if moment >= NOON else None

    ingest._roster = AssignedAtNoon()
    assert send(ingest, report(-3600, alarm="sos")).reasons == {"no_assignment": 1}
    assert [alert["unit"] for alert in messages(database, "alert")] == ["p11"]


def test_a_late_fix_is_stored_and_marked(database: Database, ingest: Ingest) -> None:
    send(ingest, report(60), received=61)
    assert send(ingest, report(30), report(90), received=91) == Receipt(stored=2, late=1)
    assert [bool(said.get("late")) for said in fixes_told(database)] == [False, True, False]
    assert FixStore(database).latest("demo")[0].fix.fix_time == at(90)
    assert [said["times"] for said in messages(database, "visit")] == [[60.0], [30.0, 90.0]]


def test_only_a_late_alarm_of_long_ago_is_history(database: Database, ingest: Ingest) -> None:
    send(ingest, report(0, alarm="first"), received=1200)  # the newest we know, however old
    send(ingest, report(-1, alarm="history"), received=1200)
    send(ingest, report(-2, alarm="recent"), received=500)
    assert [alert["kind"] for alert in messages(database, "alert")] == ["first", "recent"]


def test_an_alarm_is_silenced_by_what_its_own_device_told_before_and_by_no_other(
    database: Database, ingest: Ingest
) -> None:
    send(ingest, report(200, device="phone-2a"), received=200)
    send(ingest, report(20, device="phone-2b", alarm="rings"), received=205)
    send(ingest, report(100, device="phone-2a", alarm="silent"), received=206)
    send(ingest, report(150, device="phone-2a", alarm="a moment"), received=207)
    together = [report(210, device="phone-2a"), report(130, device="phone-2a", alarm="same")]
    assert ingest.accept("osmand", together, b"", at(300)).stored == 2
    journal = Journal(database).since(0, 100)
    rung = [json.loads(one.payload)["kind"] for one in journal if one.kind == "alert"]
    read = [json.loads(one.payload)["late"] for one in journal if one.kind == "log"]
    assert (rung, read) == (["rings", "a moment"], ["silent", "same"])


def test_a_file_is_told_in_one_message_and_rings_no_alarm(
    database: Database, ingest: Ingest
) -> None:
    points = [report(second, device="import:walk.gpx", alarm="sos") for second in range(300)]
    bad = [report(second, 95.0, device="import:walk.gpx") for second in (400, 401)]
    receipt = ingest.accept(
        "gpx", [*points, *bad], b"", NOON, live=False, filing=Filing("demo", "p12", "PAPA 12")
    )
    refused = frozenset(range(121, 302))
    assert receipt == Receipt(121, quarantined=181, reasons=receipt.reasons, refused=refused)
    assert receipt.reasons == {"future_time": 179, "out_of_range": 2}
    [said] = messages(database, "tracks")
    assert (said["unit"], said["stored"]) == ("p12", 121)
    assert (said["start"], said["end"]) == ("2026-11-21T12:00:00Z", "2026-11-21T12:02:00Z")
    [quarantined] = messages(database, "quarantine")
    assert quarantined["reasons"] == receipt.reasons
    assert messages(database, "fix") == messages(database, "alert") == []
    raw = QuarantineStore(database).listing("demo")[0].entry.raw
    assert json.loads(raw)["latitude"] == 95.0


def test_a_file_again_adds_nothing_to_the_quarantine(database: Database, ingest: Ingest) -> None:
    filing = Filing("demo", "p12", "PAPA 12")
    bad = [report(second, 95.0, device="import:walk.gpx") for second in range(700)]

    def import_(*reports: Report) -> Receipt:
        return ingest.accept("gpx", reports, b"", at(800), live=False, filing=filing)

    receipt = import_(*bad[:500])
    assert (receipt.quarantined, receipt.duplicates) == (500, 0)
    again = import_(*bad)
    assert again == Receipt(
        quarantined=200,
        duplicates=500,
        reasons={"out_of_range": 200},
        refused=frozenset(range(500, 700)),
    )
    assert import_(*bad) == Receipt(duplicates=700)
    assert QuarantineStore(database).counts("demo") == {"out_of_range": 700}
    assert len(messages(database, "quarantine")) == 2


def test_what_a_device_sends_twice_is_kept_twice(database: Database, ingest: Ingest) -> None:
    for _ in range(2):
        assert send(ingest, report(latitude=95.0)).quarantined == 1
    assert QuarantineStore(database).counts("demo") == {"out_of_range": 2}


def test_of_what_is_delivered_again_what_is_kept_adds_nothing(
    database: Database, ingest: Ingest
) -> None:
    """One was kept, then the device sent the same twice more; then all three came again."""
    bad = report(latitude=95.0, alarm="sos")
    send(ingest, bad)
    receipt = send(ingest, bad, bad, bad, received=2, again=(1, 2, 3))
    assert receipt == Receipt(
        quarantined=2, duplicates=1, reasons={"out_of_range": 2}, refused=frozenset({1, 2})
    )
    assert send(ingest, bad, bad, bad, received=3, again=(1, 2, 3)) == Receipt(duplicates=3)
    assert send(ingest, bad, received=4, again=(0,)).quarantined == 1
    others = [replace(bad, device="phone-2"), bad]
    assert send(ingest, *others, received=5, again=(1, 1)).quarantined == 1
    assert QuarantineStore(database).counts("demo") == {"out_of_range": 5}
    assert len(messages(database, "alert")) == 5  # and its alarm has rung


def test_it_is_known_again_whatever_has_become_of_its_device_and_of_the_time(
    database: Database, ingest: Ingest
) -> None:
    filed, early = report(latitude=95.0), report(120)
    send(ingest, filed)
    assert send(ingest, early, received=-30).reasons == {"future_time": 1}
    after = 7200  # the device is in no operation any more
    assert send(ingest, filed, received=after, again=(2,)) == Receipt(duplicates=1)
    rejection = Rejection("unreadable", "body", "is cut off")
    receipt = ingest.quarantine("osmand", "phone-1", b"as sent", rejection, at(after), again=2)
    assert receipt == Receipt(duplicates=1)
    assert ingest.quarantine("cot", "phone-1", b"as sent", rejection, at(after), 1).quarantined
    # what can be believed by now is no entry at all
    assert send(ingest, early, received=121, again=(1,)) == Receipt(stored=1)


@pytest.mark.parametrize("again", [(), (0,), (1,)])
def test_only_what_is_delivered_again_is_searched_for(
    database: Database, ingest: Ingest, again: tuple[int, ...]
) -> None:
    asked: list[str] = []
    event.listen(
        database.engine,
        "before_cursor_execute",
        lambda _, __, statement, *rest: asked.append(statement),
    )
    assert send(ingest, report(latitude=95.0), again=again).quarantined == 1
    searched = [one for one in asked if "SELECT quarantine" in one]
    assert len(searched) == sum(again)


def test_anywhere_waives_the_area_alone(ingest: Ingest) -> None:
    abroad = report(0, 45.2, 13.6)
    assert send(ingest, abroad).reasons == {"outside_area": 1}
    assert send(ingest, abroad, anywhere=True).stored == 1


def test_an_unreadable_message_is_kept(database: Database, ingest: Ingest) -> None:
    fault = Rejection("unreadable", "body", "is no JSON")
    receipt = ingest.quarantine("owntracks", "phone-1", b"{", fault, NOON)
    assert receipt == Receipt(quarantined=1, reasons={"unreadable": 1}, refused=frozenset({0}))
    [kept] = QuarantineStore(database).listing("demo")
    assert (kept.entry.rejection, kept.entry.raw) == (fault, b"{")


def test_nothing_to_store_is_acknowledged_at_once(ingest: Ingest) -> None:
    assert send(ingest) == Receipt()


def test_many_senders_at_once_each_get_their_own_receipt(database: Database) -> None:
    woken = threading.Event()
    ingest = make_ingest(database, notify=woken.set)

    def one(number: int) -> Receipt:
        bad = number % 10 == 0
        latitude = 95.0 if bad else 42.0 + number / 1000
        return send(ingest, report(number, latitude, device=f"phone-2-{number}"), received=400)

    with ThreadPoolExecutor(16) as pool:
        receipts = list(pool.map(one, range(200)))
    ingest.close()
    assert woken.is_set()
    assert [receipt.quarantined for receipt in receipts] == [int(n % 10 == 0) for n in range(200)]
    assert sum(receipt.stored for receipt in receipts) == 180
    assert len(FixStore(database).trails("demo", at(400), 500)) == 180
    assert len(fixes_told(database)) == 180


def test_a_submission_that_cannot_be_stored_fails_alone(database: Database) -> None:
    ingest = make_ingest(database)

    def one(number: int) -> Receipt | Exception:
        alarm = "unheard-of" if number == 7 else "sos"
        try:
            return send(ingest, report(number, device="phone-2", alarm=alarm), received=400)
        except ValueError as fault:
            return fault

    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(one, range(16)))
    ingest.close()
    assert [type(answer) for answer in answers].count(Receipt) == 15
    assert isinstance(answers[7], ValueError)
    assert at(7) not in [fix.fix.fix_time for fix in FixStore(database).latest("demo", at=at(7))]
    assert len(messages(database, "alert")) == len(fixes_told(database)) == 15


def test_a_full_disk_is_told_and_costs_nothing_that_was_acknowledged(
    sqlite_template: Path, tmp_path: Path
) -> None:
    path = tmp_path / "full.db"
    path.write_bytes(sqlite_template.read_bytes())
    small = Database(f"sqlite:///{path}")
    limit = "PRAGMA max_page_count=90"
    event.listen(small.engine, "connect", lambda connection, _: connection.execute(limit))
    ingest = make_ingest(small)
    receipts: list[Receipt] = []
    long = [report(number, note="x" * 1500) for number in range(1000)]
    with pytest.raises(StoreUnavailable, match="full"):
        receipts.extend(send(ingest, one, received=2000) for one in long)
    acknowledged = len(receipts)
    ingest.close()
    small.close()
    again = Database(f"sqlite:///{path}")
    assert len(FixStore(again).trails("demo", at(2000), 3000)) == acknowledged > 0
    retried = make_ingest(again)
    assert send(retried, long[acknowledged], received=2000).stored == 1
    retried.close()
    again.close()


SENDER = """
import sys
from data.database import Database
from tests.services.positions import NOON, make_ingest, report
ingest = make_ingest(Database(sys.argv[1]))
for number in range(100_000):
    ingest.accept("osmand", [report(number % 3000 + number / 1e5)], b"", NOON.replace(hour=13))
    print(number, flush=True)
"""


def test_what_was_acknowledged_survives_the_sudden_end_of_the_process(
    database_url: str, open_database: Callable[[], Database]
) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", SENDER, database_url], cwd=ROOT, stdout=subprocess.PIPE, text=True
    ) as sender:
        assert sender.stdout is not None
        for _ in range(25):
            sender.stdout.readline()
        sender.kill()
        acknowledged = 25 + len(sender.stdout.readlines())
    columns = FixStore(open_database()).trails("demo", at(3600), 3600)
    assert acknowledged <= len(columns) <= acknowledged + 1
