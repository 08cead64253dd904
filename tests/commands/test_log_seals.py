"""``flask log verify`` finds what was done to positions, decisions and imports behind its back."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from alembic import command
from click.testing import Result
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, insert, select, update

from app import create_app
from data.database import Database
from data.event_store import EventStore
from data.fix_chunks import chunk_fixes, chunk_row
from data.fix_chunks_packing import FixPacking
from data.fix_store import FixStore
from data.import_store import ImportStore
from data.migrate import configuration, upgrade
from data.position_seals import PositionSeals
from data.quarantine_store import QuarantineStore
from data.schema import fix_chunks, fixes, import_parts, imports, late_fixes, quarantine_decisions
from domain.fixes import Fix, Rejection
from domain.quarantine import Decision
from domain.roster import Operation
from domain.stored_fixes import QuarantineEntry, StoredFix
from domain.time import to_microseconds
from domain.track_imports import ImportStatus, NewImport
from services.container import services_of
from settings import Settings

START = datetime(2026, 3, 1, 10, 30, tzinfo=UTC)
EVERYTHING = 2 * 3000
Run = Callable[..., Result]


@pytest.fixture
def server(database_url: str) -> Iterator[Flask]:
    made = create_app(Settings(database_url=database_url))
    services = services_of(made.extensions)
    services.roster.add(Operation("drill", "exercise", "Drill", START))
    yield made
    services.close()


@pytest.fixture
def run(server: Flask) -> Run:
    runner = server.test_cli_runner()
    return lambda *words: runner.invoke(args=["log", *(str(word) for word in words)])


def _fix(second: float, unit: str = "p1", latitude: float = 42.9) -> StoredFix:
    moment = START + timedelta(seconds=second)
    fix = Fix(
        device=f"phone-{unit}", fix_time=moment, latitude=latitude, longitude=20.8 + second / 1e5,
        speed=None if second % 3 else 1.5, course=None, altitude=None, accuracy=5.0, battery=None,
        attributes={"n": second % 7},
    )  # fmt: skip
    return StoredFix("drill", unit, fix, moment + timedelta(seconds=1))


def _store(database: Database, several: Sequence[StoredFix]) -> None:
    with database.writing() as connection:
        FixStore(database).insert(connection, several)


def _pack(database: Database) -> None:
    packing, now = FixPacking(database), datetime.now(UTC)
    while due := packing.due(now):
        for one in due:
            while packing.step(one):
                pass


@pytest.fixture(params=["rows", "packed"])
def stored(request: pytest.FixtureRequest, server: Flask, database: Database) -> Database:
    """Fifty minutes of two units over the turn of an hour, as rows or packed."""
    _store(database, [_fix(second, unit) for unit in ("p1", "p2") for second in range(3000)])
    if request.param == "packed":
        _pack(database)
    return database


def _sealed(run: Run, tmp_path: Path) -> Path:
    path = tmp_path / "anchors.jsonl"
    result = run("anchor", path)
    assert result.exit_code == 0, result.output
    return path


def _verified(run: Run, *lines: str) -> None:
    result = run("verify")
    assert result.exit_code == 0, result.output
    for line in lines:
        assert line in result.output, result.output


def _broken(run: Run, *faults: str) -> None:
    result = run("verify")
    assert result.exit_code == 1, result.output
    assert "drill: " in result.output
    for fault in faults:
        assert fault in result.output, result.output


def test_packing_and_sealing_again_change_nothing(
    run: Run, stored: Database, tmp_path: Path
) -> None:
    _verified(run, f"{EVERYTHING:,} positions not covered yet")
    _sealed(run, tmp_path)
    _verified(run, f"{EVERYTHING:,} positions covered")
    _pack(stored)
    _verified(run, f"{EVERYTHING:,} positions covered")
    before = run("verify").output
    _sealed(run, tmp_path)
    assert run("verify").output == before


# --- tampering -----------------------------------------------------------------------------------


def _alter(
    database: Database, unit: str, change: Callable[[dict[str, object]], object], where: slice
) -> None:
    """Change values of some fixes of a unit by SQL, wherever they are."""
    with database.writing() as connection:
        its = fixes.c.unit == unit
        rows = connection.execute(select(fixes).where(its).order_by(fixes.c.fix_time)).mappings()
        for row in rows.all()[where]:
            key = its, fixes.c.fix_time == row["fix_time"]
            connection.execute(update(fixes).where(*key).values(change(dict(row))))
        _alter_chunks(connection, unit, change, where)


def _alter_chunks(
    connection: Connection,
    unit: str,
    change: Callable[[dict[str, object]], object],
    where: slice,
) -> None:
    its = fix_chunks.c.unit == unit
    first = connection.execute(select(fix_chunks).where(its).order_by(fix_chunks.c.start))
    for row in first.mappings().all()[:1]:
        every = chunk_fixes(row)
        for index in range(len(every))[where]:
            values = {"latitude": every.latitude[index], "received_at": every.received_at[index]}
            for name, value in change(values).items():  # type: ignore[attr-defined]
                getattr(every, name)[index] = value
        made = chunk_row("drill", unit, every)
        connection.execute(fix_chunks.delete().where(its, fix_chunks.c.start == row["start"]))
        connection.execute(insert(fix_chunks), [made])


@pytest.mark.parametrize(
    ("change", "where"),
    [
        (lambda row: {"latitude": row["latitude"] + 0.01}, slice(0, 905)),
        (lambda row: {"latitude": row["latitude"] + 1e-7}, slice(7, 8)),
        (lambda row: {"received_at": row["received_at"] + 1}, slice(7, 8)),
    ],
)
def test_moved_positions_are_found_with_unit_and_period(
    run: Run,
    stored: Database,
    tmp_path: Path,
    change: Callable[[dict[str, object]], object],
    where: slice,
) -> None:
    _sealed(run, tmp_path)
    _alter(stored, "p1", change, where)
    _broken(
        run,
        "unit p1, 2026-03-01T10:00:00Z to 2026-03-01T11:00:00Z: "
        "1,800 positions, but not those that were sealed",
    )
    assert "unit p2" not in run("verify").output


def test_removed_and_added_positions_are_found(run: Run, database: Database, server: Flask,
                                               tmp_path: Path) -> None:  # fmt: skip
    _store(database, [_fix(second) for second in range(100)])
    _sealed(run, tmp_path)
    with database.writing() as connection:
        connection.execute(
            fixes.delete().where(fixes.c.fix_time == to_microseconds(_fix(7).fix.fix_time))
        )
    _broken(run, "99 positions, sealed were 100")
    with database.writing() as connection:
        for second in (7.25, 7.5):
            fix = _fix(second)
            row = {
                "operation": "drill", "unit": "p1", "device": "phone-p1", "latitude": 1.0,
                "fix_time": to_microseconds(fix.fix.fix_time), "longitude": 1.0,
                "received_at": to_microseconds(fix.received_at),
            }  # fmt: skip
            connection.execute(insert(fixes), [row])
    _broken(run, "101 positions, sealed were 100")


def test_a_whole_unit_that_is_gone_is_found(run: Run, stored: Database, tmp_path: Path) -> None:
    _sealed(run, tmp_path)
    with stored.writing() as connection:
        connection.execute(fixes.delete().where(fixes.c.unit == "p2"))
        connection.execute(fix_chunks.delete().where(fix_chunks.c.unit == "p2"))
    _broken(run, "unit p2", "0 positions, sealed were 1,800", "0 positions, sealed were 1,200")


# --- what may change -----------------------------------------------------------------------------


def test_late_positions_wait_and_are_sealed_too(run: Run, stored: Database, tmp_path: Path) -> None:
    _sealed(run, tmp_path)
    late = [_fix(second + 0.5) for second in range(0, 3000, 10)]
    early = [_fix(-100_000.0), _fix(-50.0, "p3")]
    _store(stored, [*late, *early])
    _verified(run, "302 positions not covered yet: 0 newer ones, 302 that came late")
    _pack(stored)
    _verified(run, "302 positions not covered yet: 0 newer ones, 302 that came late")
    _sealed(run, tmp_path)
    _verified(run, f"{EVERYTHING + 302:,} positions covered")
    assert "not covered" not in run("verify").output
    _alter(stored, "p1", lambda row: {"latitude": row["latitude"] + 1}, slice(0, 1))
    _broken(run, "unit p1")


def test_what_was_moved_is_not_covered_up_by_sealing_late_ones(
    run: Run, stored: Database, tmp_path: Path
) -> None:
    _sealed(run, tmp_path)
    _alter(stored, "p1", lambda row: {"latitude": row["latitude"] + 1}, slice(5, 6))
    _store(stored, [_fix(0.5)])
    assert run("anchor", tmp_path / "more.jsonl").exit_code == 0  # it looks at the chains alone
    _broken(run, "when event", "changed the seal, unit p1, 2026-03-01T10:00:00Z")


def test_a_sealed_position_that_somebody_calls_late_is_missed(
    run: Run, stored: Database, tmp_path: Path
) -> None:
    _sealed(run, tmp_path)
    with stored.writing() as connection:
        connection.execute(
            insert(late_fixes),
            [{"operation": "drill", "unit": "p1", "device": "phone-p1",
              "fix_time": to_microseconds(_fix(3).fix.fix_time)}],
        )  # fmt: skip
    _broken(run, "1,799 positions, sealed were 1,800")


def test_an_undone_import_is_no_fault_and_covers_nothing_up(
    run: Run, stored: Database, tmp_path: Path
) -> None:
    _sealed(run, tmp_path)
    keys = [
        ("drill", "p1", to_microseconds(_fix(second).fix.fix_time), "phone-p1")
        for second in range(1000, 2500)
    ]
    with stored.writing() as connection:
        assert FixStore(stored).remove(connection, keys) == 1500
    _verified(run, f"{EVERYTHING - 1500:,} positions covered")
    _alter(stored, "p1", lambda row: {"latitude": row["latitude"] + 1}, slice(5, 6))
    with stored.writing() as connection:
        one = ("drill", "p1", to_microseconds(_fix(1).fix.fix_time), "phone-p1")
        assert FixStore(stored).remove(connection, [one]) == 1
    _broken(run, "when event", "unit p1, 2026-03-01T10:00:00Z to 2026-03-01T11:00:00Z")


def test_a_position_taken_away_while_it_is_being_sealed(
    run: Run, server: Flask, stored: Database
) -> None:
    seals, now = PositionSeals(), datetime.now(UTC)
    key = ("drill", "p1", to_microseconds(_fix(5).fix.fix_time), "phone-p1")
    with stored.writing() as connection:
        assert seals.reserve(connection, "drill", to_microseconds(now))
    _store(stored, [_fix(5.5)])
    with stored.reading() as connection:
        measured = seals.measure(connection, "drill")
    assert measured is not None
    with stored.writing() as connection:
        FixStore(stored).remove(connection, [key])
        assert not seals.seal(connection, measured, now)
    with stored.reading() as connection:
        measured = seals.measure(connection, "drill")
    assert measured is not None
    with stored.writing() as connection:
        assert seals.seal(connection, measured, now)
        assert not seals.seal(connection, measured, now), "a second worker has measured it too"
    _verified(run, f"{EVERYTHING - 1:,} positions covered", "1 that came late")


def test_the_duty_seals_hours_that_have_ended(run: Run, server: Flask, stored: Database) -> None:
    duty = next(one for one in services_of(server.extensions).duties._duties if "seal" in one.name)
    assert duty.work() == 1
    assert duty.work() == 0
    _verified(run, f"{EVERYTHING:,} positions covered")


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    batches=st.lists(
        st.tuples(
            st.lists(st.integers(0, 20_000), max_size=40, unique=True),
            st.sampled_from(["seal", "pack", "undo", "none"]),
        ),
        max_size=6,
    )
)
def test_whatever_the_program_does_stays_sealed(
    server: Flask, database: Database, batches: list[tuple[list[int], str]]
) -> None:
    services = services_of(server.extensions)
    known: list[int] = []
    unit = f"u{uuid.uuid4().hex[:8]}"
    for seconds, then in batches:
        _store(database, [_fix(second, unit) for second in seconds])
        known += seconds
        if then == "seal":
            services.anchoring.due(None)
        elif then == "pack":
            _pack(database)
        elif then == "undo":
            keys = [
                ("drill", unit, to_microseconds(_fix(second).fix.fix_time), f"phone-{unit}")
                for second in known[::2]
            ]
            with database.writing() as connection:
                FixStore(database).remove(connection, keys)
        assert [one.faults for one in services.log_check.verify() if one.faults] == []


# --- decisions and imports -----------------------------------------------------------------------


@pytest.fixture
def decided(server: Flask, database: Database) -> Database:
    """Three entries, of which two are decided, and an import that was stored."""
    store, refused = QuarantineStore(database), Rejection("unreadable", "body", "is no position")
    entry = QuarantineEntry("drill", "p1", "phone", START, "osmand", refused, b"?")
    made = Decision(1, str(uuid.uuid4()), "discarded", "duty", "FPU_DUTY", START, "drill", "x")
    with database.writing() as connection:
        store.insert(connection, [entry, replace(entry, raw=b"!"), entry])
        store.decide(connection, made)
        store.decide(connection, replace(made, entry=2))
    imported, files = ImportStore(), {("drill", "p1", "file:a"): [1, 2, 3]}
    new = NewImport(
        operation="drill", file_name="a.gpx", source="gpx", device="file:a", unit="p1",
        anywhere=False, utc=False, data=b"<gpx/>", uploaded_by="duty", uploaded_role="FPU_DUTY",
        uploaded_at=START,
    )  # fmt: skip
    with database.writing() as connection:
        number = imported.add(connection, new)
        imported.claim(connection, number, START)
        imported.advance(connection, number, (0, 3), {"accepted": 3}, files, START)
    with database.writing() as connection:
        imported.settle(connection, number, ImportStatus.STORED)
        imported.add(connection, new)
    return database


@pytest.fixture
def behind(decided: Database) -> Callable[[Callable[[Connection], object]], None]:
    """Acts without the triggers, which are put back."""
    tables = ("quarantine_decisions", "imports")

    def acting(act: Callable[[Connection], object]) -> None:
        with decided.writing() as connection:
            if decided.dialect == "postgresql":
                for table in tables:
                    connection.exec_driver_sql(f"ALTER TABLE {table} DISABLE TRIGGER USER")
                act(connection)
                names = (
                    "SELECT relname, tgname FROM pg_trigger JOIN pg_class ON tgrelid = pg_class.oid"
                    " WHERE NOT tgisinternal AND tgenabled = 'D'"
                )
                for table, name in connection.exec_driver_sql(names).all():
                    connection.exec_driver_sql(f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {name}")
                return
            query = "SELECT name, sql FROM sqlite_master WHERE type = 'trigger'"
            triggers = [tuple(row) for row in connection.exec_driver_sql(query)]
            for name, _ in triggers:
                connection.exec_driver_sql(f"DROP TRIGGER {name}")
            act(connection)
            for _, statement in triggers:
                connection.exec_driver_sql(statement)

    return acting


@pytest.mark.parametrize(
    ("statement", "fault"),
    [
        (
            "UPDATE quarantine_decisions SET decided_by = 'x' WHERE entry = 2",
            "the decision about entry 2 is not what was sealed",
        ),
        (
            "DELETE FROM quarantine_decisions WHERE entry = 1",
            "the decision about entry 1 was sealed and is gone",
        ),
        ("UPDATE quarantine SET detail = 'x' WHERE id = 1", "about entry 1 is not what was sealed"),
        ("UPDATE imports SET file_name = 'x' WHERE id = 1", "the import 1 is not what was sealed"),
        ("UPDATE imports SET counts = '{}' WHERE id = 1", "the import 1 is not what was sealed"),
        ("UPDATE imports SET status = 'undone' WHERE id = 1", "the import 1 is not what was"),
        ("UPDATE imports SET status = 'stored' WHERE id = 2", "the import 2 was never sealed"),
        ("UPDATE import_parts SET fixes = 2", "the import 1 is not what was sealed"),
        (
            "DELETE FROM import_parts",
            "the import 1 is not what was sealed",
        ),
    ],
)
def test_changed_decisions_and_imports_are_found(
    run: Run,
    behind: Callable[[Callable[[Connection], object]], None],
    statement: str,
    fault: str,
) -> None:
    _verified(run)
    behind(lambda connection: connection.exec_driver_sql(statement))
    _broken(run, fault)


def test_a_decision_that_nobody_made_is_found(
    run: Run, decided: Database, behind: Callable[[Callable[[Connection], object]], None]
) -> None:
    with decided.reading() as connection:
        row = dict(connection.execute(select(quarantine_decisions)).mappings().all()[0])
    _verified(run)
    with decided.writing() as connection:
        connection.execute(insert(quarantine_decisions), [{**row, "entry": 3}])
    _broken(run, "the decision about entry 3 was never sealed")


def test_what_was_there_before_the_upgrade_is_covered_from_it_on(
    run: Run,
    decided: Database,
    behind: Callable[[Callable[[Connection], object]], None],
) -> None:
    """The migration makes the same digests as the program does."""
    config = configuration()
    with decided.writing() as connection:
        config.attributes["connection"] = connection
        command.downgrade(config, "0008")
    upgrade(decided)
    store = EventStore(decided)
    with store.view() as connection:
        found = store.since(connection, "drill", 0)[-1]
    assert found.event == "records_found"
    assert [entry for entry, _ in found.record["decisions"]] == [1, 2]
    assert [number for number, _, _ in found.record["imports"]] == [1]
    _verified(run)
    statement = "DELETE FROM quarantine_decisions WHERE entry = 1"
    behind(lambda connection: connection.exec_driver_sql(statement))
    _broken(run, "the decision about entry 1 was sealed and is gone")


def test_an_import_that_is_undone_or_only_waited_is_no_fault(run: Run, decided: Database) -> None:
    store = ImportStore()
    with decided.writing() as connection:
        store.undone(connection, 1, "duty", "wrong file", 3, START)
        store.discard(connection, 2)
    _verified(run)
    with decided.reading() as connection:
        assert connection.execute(select(import_parts)).all() == []
        assert connection.execute(select(imports.c.status)).scalar() == "undone"
