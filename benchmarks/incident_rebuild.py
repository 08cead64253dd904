"""Rebuilding 10,000 incidents from 100,000 events, and one decision beside many incidents.

The rebuild reads the log from SQLite and folds it; the ratio is to reading alone, taken in the
same run, so it tells what the fold adds. The decision is one ``note`` at an operation of 10,000
incidents against one of 10.
"""

from __future__ import annotations

import statistics
import tempfile
import time
import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import insert

from data.database import Database
from data.event_store import EventStore
from data.journal import Journal
from data.migrate import upgrade
from data.schema import operations
from domain.chain import GENESIS
from domain.events import Actor, Event
from domain.roster import Operation, Platoon
from domain.state import IncidentState, absorb
from domain.time import to_rfc3339
from services.incidents import Incidents

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
CYCLE = (
    ("INC", "report", "-", "REPORTED"), ("INC", "confirm", "REPORTED", "KP_LEAD"),
    ("T2", "kp_request", "NONE", "REQUESTED"), ("T2", "acknowledge", "REQUESTED", "ACKNOWLEDGED"),
    ("T2", "accept", "ACKNOWLEDGED", "ACCEPTED"), ("T2", "depart", "ACCEPTED", "EN_ROUTE"),
    ("T2", "arrive", "EN_ROUTE", "ON_SCENE"), ("T2", "engage", "ON_SCENE", "ENGAGED"),
    ("T2", "begin_handback", "ENGAGED", "HANDING_BACK"),
    ("T2", "handback_confirmed", "HANDING_BACK", "RELEASED"),
)  # fmt: skip
RUNS = 5


def main() -> None:
    """Print the two tables."""
    with tempfile.TemporaryDirectory() as folder:
        database = Database(f"sqlite:///{Path(folder) / 'bench.db'}")
        upgrade(database)
        small, large = _fill(database, "small", 10), _fill(database, "large", 10_000)
        store = EventStore(database)
        with store.view() as connection:
            reading = _median(lambda: store.since(connection, "large", 0))
            both = _median(lambda: _fold(store.since(connection, "large", 0)))
        print(f"{large:,} events of 10,000 incidents; {small} of 10")
        print(f"read          {reading:6.2f} s   1.00")
        print(f"read and fold {both:6.2f} s   {both / reading:.2f}")
        ten = _decide(database, "small")
        many = _decide(database, "large")
        print(f"one event at 10 incidents     {ten * 1000:6.2f} ms   1.00")
        print(f"one event at 10,000 incidents {many * 1000:6.2f} ms   {many / ten:.2f}")
        database.close()


def _fold(events: list[Event]) -> dict[str, IncidentState]:
    states: dict[str, IncidentState] = {}
    for event in events:
        state = states.get(event.stream)
        if state is None:
            state = states[event.stream] = IncidentState(event.stream)
        absorb(state, event)
    return states


def _median(work: Callable[[], object]) -> float:
    taken = []
    for _ in range(RUNS):
        start = time.perf_counter()
        work()
        taken.append(time.perf_counter() - start)
    return statistics.median(taken)


def _fill(database: Database, operation: str, incidents: int) -> int:
    rows = [
        _row(operation, f"{operation}-{number:04d}", number, seq)
        for number in range(1, incidents + 1)
        for seq in range(1, len(CYCLE) + 1)
    ]
    with database.writing() as connection:
        connection.execute(
            insert(operations).values(id=operation, kind="exercise", title=operation, opened_at=0)
        )
        connection.exec_driver_sql(
            f"INSERT INTO events VALUES ({', '.join('?' * len(rows[0]))})", rows
        )
    return len(rows)


def _row(operation: str, stream: str, number: int, seq: int) -> tuple[object, ...]:
    region, event, before, after = CYCLE[seq - 1]
    chain_seq = (number - 1) * len(CYCLE) + seq
    body = '{"record":{"title":"t","category":"other","severity":2}}'
    return (
        operation, stream, seq, chain_seq, str(uuid.UUID(int=chain_seq)), f"c{chain_seq}", region,
        event, before, after, chain_seq, chain_seq, "duty", "FPU_DUTY", False, None,
        "civil_disturbance" if event == "kp_request" else None, None, None, None, None, body,
        GENESIS, GENESIS,
    )  # fmt: skip


def _decide(database: Database, operation: str) -> float:
    incident = f"{operation}-0007"
    service = Incidents(
        EventStore(database), Journal(database), _Facts(operation), _Nowhere(),
        lambda: NOW, lambda: None,
    )  # fmt: skip
    version = len(CYCLE)

    def note() -> None:
        nonlocal version
        service.act(operation, incident, Actor("duty", "FPU_DUTY"), {
            "command_id": str(uuid.uuid4()), "region": "INC", "event": "note",
            "expected_version": version, "occurred_at": to_rfc3339(NOW),
            "asserted_by": {"org": "FPU", "function": "duty"}, "record": {"text": "x"},
        })  # fmt: skip
        version += 1

    for _ in range(20):
        note()
    return _median(lambda: [note() for _ in range(20)]) / 20


class _Facts:
    def __init__(self, operation: str) -> None:
        self._operation = Operation(operation, "exercise", operation, NOW - timedelta(days=1))

    def operations(self) -> tuple[Operation, ...]:
        return (self._operation,)

    def operation(self, operation_id: str) -> Operation:
        return self._operation

    def platoons_of(self, operation_id: str) -> tuple[Platoon, ...]:
        return ()

    def platoons_on_shift(self, operation_id: str, at: datetime) -> set[str]:
        return set()


class _Nowhere:
    def position_of(self, place_ref: str) -> tuple[float, float] | None:
        return None


if __name__ == "__main__":
    main()
