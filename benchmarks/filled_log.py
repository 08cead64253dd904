"""A log of many incidents for the benchmarks, written straight into the table.

The chain of hashes is left out: nothing that is measured here looks at it.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import insert

from data.database import Database
from data.schema import events, operations
from domain.chain import GENESIS, canonical
from domain.roster import Operation, Platoon
from domain.time import to_microseconds, to_rfc3339

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
BEGAN = NOW - timedelta(hours=20)
_THEN = to_rfc3339(BEGAN)
_STEP_US = 500_000  # from one event to the next
_OPEN_AT_ONCE = 10  # so many incidents take turns in the log

REQUEST = {
    "officer_function": "duty officer", "officer_service_no": "KP-1234", "officer_unit": "north",
    "received_at": _THEN, "purpose": "civil_disturbance", "legal_basis": "JA_2008_124",
    "kp_commander_contact": "radio 1", "platoons_asked": 1, "written_confirmation_ref": "KP/77",
}  # fmt: skip
ARRIVAL = to_rfc3339(NOW + timedelta(minutes=20))

Step = tuple[str, str, str, str, dict[str, Any]]
CYCLE: tuple[Step, ...] = (
    ("INC", "report", "-", "REPORTED", {
        "title": "Crowd at the bridge", "category": "peaceful_gathering", "severity": 2,
        "source": "patrol", "source_reliability": "B", "info_credibility": 2}),
    ("INC", "confirm", "REPORTED", "KP_LEAD", {"kp_informed_at": _THEN, "kp_unit": "north"}),
    ("T2", "kp_request", "NONE", "REQUESTED", {"request": REQUEST}),
    ("T2", "acknowledge", "REQUESTED", "ACKNOWLEDGED", {"read_back": True}),
    ("T2", "accept", "ACKNOWLEDGED", "ACCEPTED", {
        "tasking_order_no": "1", "platoons": ["p1"], "eta": ARRIVAL}),
    ("T2", "depart", "ACCEPTED", "EN_ROUTE", {"platoons": ["p1"], "eta": ARRIVAL}),
    ("T2", "arrive", "EN_ROUTE", "ON_SCENE", {}),
    ("T2", "engage", "ON_SCENE", "ENGAGED", {
        "kp_agreement": {"function": "commander", "at": _THEN}, "force_level": "presence",
        "caution_acknowledged": True}),
    ("T2", "begin_handback", "ENGAGED", "HANDING_BACK", {"receiver": "KP commander"}),
    ("T2", "handback_confirmed", "HANDING_BACK", "RELEASED", {
        "persons_list_ref": "none", "casualties_list_ref": "none", "evidence_list_ref": "none"}),
)  # fmt: skip
WAITING = CYCLE[:4]
"""As far as an incident whose request waits to be accepted."""


def fill(database: Database, operation: str, incidents: int, steps: Sequence[Step] = CYCLE) -> int:
    """Record ``steps`` for each of that many incidents; gives the number of events."""
    rows: list[dict[str, Any]] = []
    for first in range(1, incidents + 1, _OPEN_AT_ONCE):
        group = range(first, min(first + _OPEN_AT_ONCE, incidents + 1))
        for seq, step in enumerate(steps, start=1):
            for number in group:
                rows.append(_row(operation, number, seq, len(rows) + 1, step))
    with database.writing() as connection:
        connection.execute(
            insert(operations).values(
                id=operation, kind="exercise", title=operation, reserve_minimum=0, opened_at=0
            )
        )
        connection.execute(insert(events), rows)
    return len(rows)


def _row(operation: str, number: int, seq: int, chain_seq: int, step: Step) -> dict[str, Any]:
    region, event, before, after, record = step
    at = to_microseconds(BEGAN) + chain_seq * _STEP_US
    body = {
        "asserted_by": {"org": "KP", "function": "duty officer", "service_no": "KP-1234"},
        "channel": "radio", "channel_ref": "7", "session": "session", "record": record,
        "position": {"lat": 42.8914, "lon": 20.8660}, "schema_version": 1,
    }  # fmt: skip
    return {
        "operation": operation, "stream": f"{operation}-{number:04d}", "seq": seq,
        "chain_seq": chain_seq, "event_id": str(uuid.UUID(int=chain_seq)),
        "command_id": str(uuid.uuid4()), "region": region, "event": event, "from_state": before,
        "to_state": after, "occurred_at": at, "recorded_at": at, "entered_by": "duty",
        "entered_role": "FPU_DUTY", "late_entry": False,
        "purpose": record.get("request", {}).get("purpose"), "body": canonical(body),
        "prev_hash": GENESIS, "hash": GENESIS,
    }  # fmt: skip


class Facts:
    """One operation with four platoons, all on shift."""

    def __init__(self, operation: str) -> None:
        self._operation = Operation(
            operation, "exercise", operation, NOW - timedelta(days=1), reserve_minimum=0
        )

    def operations(self) -> tuple[Operation, ...]:
        return (self._operation,)

    def operation(self, operation_id: str) -> Operation:
        return self._operation

    def platoons_of(self, operation_id: str) -> tuple[Platoon, ...]:
        names = ("p1", "p2", "p3", "p4")
        return tuple(Platoon(one, operation_id, one, "crowd_control", 30) for one in names)

    def platoons_on_shift(self, operation_id: str, at: datetime) -> set[str]:
        return {platoon.id for platoon in self.platoons_of(operation_id)}


class Gazetteer:
    """No places: every event has its position."""

    def position_of(self, place_ref: str) -> tuple[float, float] | None:
        return None
