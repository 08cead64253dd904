"""Parts for the tests of positions: reports, a roster and recorders that obey transactions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Connection

from data.database import Database
from data.fix_store import FixStore
from data.journal import Journal
from data.quarantine_store import QuarantineStore
from domain.fixes import Fix, Report
from services.alarm_ports import Alarm
from services.ingest import Ingest
from services.ports import Filing

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
P11 = Filing("demo", "p11", "PAPA 11")
P12 = Filing("demo", "p12", "PAPA 12")


def at(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


def report(
    seconds: float | None = 0,
    latitude: float | None = 42.89,
    longitude: float | None = 20.87,
    *,
    device: str = "phone-1",
    alarm: str | None = None,
    **attributes: Any,
) -> Report:
    return Report(
        device=device,
        fix_time=None if seconds is None else at(seconds),
        latitude=latitude,
        longitude=longitude,
        speed=10.0,
        course=90.0,
        altitude=None,
        accuracy=5.0,
        battery=70.0,
        alarm=alarm,
        attributes=attributes,
    )


class PeriodRoster:
    """Device ``phone-1`` is PAPA 11 until 13:00 and in no operation after; ``phone-2`` PAPA 12."""

    def filing(self, device_id: str, moment: datetime) -> Filing | None:
        if device_id == "phone-1":
            return P11 if moment < NOON + timedelta(hours=1) else None
        return P12 if device_id.startswith("phone-2") else None


class JournalledAlarms:
    """Writes alarms into the journal, so that they vanish with a transaction that fails."""

    def __init__(self, database: Database) -> None:
        self._journal = Journal(database)

    def alarm(self, connection: Connection, alarm: Alarm) -> None:
        said = asdict(alarm)
        if said["kind"] == "unheard-of":
            raise ValueError("no such alarm")
        if said.pop("told"):  # whether it is new is for ``Occurrences`` to judge
            return
        payload = {
            name: value.isoformat() if isinstance(value, datetime) else value
            for name, value in said.items()
        }
        self._journal.append(connection, said["operation"], "alert", payload, said["received_at"])

    def taken_back(self, connection: Connection, alarm: Alarm) -> None:
        raise NotImplementedError

    def came_late(self, connection: Connection, alarm: Alarm) -> None:
        payload = {"late": alarm.kind}
        self._journal.append(connection, alarm.operation, "log", payload, alarm.received_at)


class JournalledVisits:
    """Writes what it was told into the journal."""

    def __init__(self, database: Database) -> None:
        self._journal = Journal(database)

    def observe_all(self, connection: Connection, moved: Mapping[Filing, Sequence[Fix]]) -> None:
        for filing, fixes in moved.items():
            times = [(fix.fix_time - NOON).total_seconds() for fix in fixes]
            payload = {"unit": filing.unit, "callsign": filing.callsign, "times": times}
            self._journal.append(connection, filing.operation, "visit", payload, NOON)


def make_ingest(database: Database, **options: Any) -> Ingest:
    options.setdefault("notify", lambda: None)
    return Ingest(
        database,
        fixes=FixStore(database),
        quarantine=QuarantineStore(database),
        journal=Journal(database),
        roster=PeriodRoster(),
        alarms=JournalledAlarms(database),
        visits=JournalledVisits(database),
        **options,
    )
