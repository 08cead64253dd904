"""Crossing points, tracks and a store of fixes for the tests of coverage."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from data.database import Database
from data.fix_store import FixStore
from data.journal import Journal
from data.roster_store import RosterStore
from data.visit_store import VisitStore
from domain.fixes import Fix
from domain.roster import Operation, Unit
from domain.stored_fixes import StoredFix
from services.coverage import Coverage
from services.ports import Filing

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
DEGREE_M = 111_195.0


@dataclass(frozen=True, slots=True)
class Crossing:
    """The facts that coverage asks for."""

    id: str
    name: str
    name_sq: str
    name_sr: str
    latitude: float
    longitude: float
    confidence: str = "high"
    kind: str = "common_crossing_point"
    status: str = "active"
    note: str = ""


JARINJE = Crossing("jarinje", "Jarinje/Jarinjë", "Jarinjë", "Jarinje", 43.2186, 20.6917)
MUTIVODE = Crossing(
    "mutivode", "Mutivodë/Mutivoda", "Mutivodë", "Mutivoda", 42.7431, 21.4549, "low"
)
CROSSINGS = (JARINJE, MUTIVODE)


def at(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


def fix(
    seconds: float, metres: float, crossing: Crossing = JARINJE, device: str = "phone-1"
) -> Fix:
    """A fix so many metres east of the crossing point."""
    east = metres / DEGREE_M / math.cos(math.radians(crossing.latitude))
    longitude = crossing.longitude + east
    values = (None, None, None, None, None)
    return Fix(device, at(seconds), crossing.latitude, longitude, *values, {})


class Place:
    """A database with two units, and coverage observing what is stored in it."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.journal = Journal(database)
        self.fixes = FixStore(database)
        self.coverage = self.restarted()

    def restarted(self) -> Coverage:
        """A coverage that remembers nothing."""
        return Coverage(
            self.database, VisitStore(), Journal(self.database), lambda: CROSSINGS, lambda: at(9999)
        )

    def with_units(self) -> Place:
        """The same, with the operation and its units on the roster."""
        records = [
            Operation("demo", "exercise", "Demonstration", at(-9999)),
            Unit("p11", "PAPA 11"),
            Unit("p12", "PAPA 12"),
        ]
        with self.database.writing() as connection:
            RosterStore().save(connection, records)
        return self

    def receive(
        self, fixes: Sequence[Fix], unit: str = "p11", coverage: Coverage | None = None
    ) -> None:
        """Store the fixes and let coverage observe them, as the ingest does."""
        stored = [StoredFix("demo", unit, one, at(9999)) for one in fixes]
        ordered = sorted(fixes, key=lambda one: (one.fix_time, one.device))
        with self.database.writing() as connection:
            self.fixes.insert(connection, stored)
            watching = coverage or self.coverage
            watching.observe_all(connection, {Filing("demo", unit, f"PAPA {unit[1:]}"): ordered})
