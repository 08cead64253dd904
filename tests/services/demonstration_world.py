"""The demonstration over a real database, with a clock that a test sets."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property

from data.database import Database
from data.event_store import EventStore
from data.fix_store import FixStore
from data.journal import Journal
from data.kosovo.places import Gazetteer, crossing_points
from data.quarantine_store import QuarantineStore
from data.roster_store import RosterStore
from data.scenarios.reader import ScenarioLibrary
from data.scenarios.roads import read_roads
from data.visit_store import VisitStore
from services.clock import Clock
from services.coverage import Coverage
from services.demonstration import Demonstration
from services.demonstration_driver import DemonstrationDriver
from services.incidents import Incidents
from services.ingest import Ingest
from services.occurrences import Occurrences
from services.picture import Picture
from services.roster import RosterService
from services.scenario_player import UseCases
from tests.services.incident_world import People

LOADED = datetime(2026, 11, 21, 20, 37, 11, tzinfo=UTC)


@dataclass
class World:
    """One process on one database."""

    database: Database
    now: datetime = LOADED
    demonstration_profile: bool = True

    def __post_init__(self) -> None:
        self.journal = Journal(self.database)
        self.events = EventStore(self.database)
        self.places = Gazetteer()
        self.roster = RosterService(self.database, RosterStore())
        self.fixes = FixStore(self.database)
        self.coverage = Coverage(
            self.database, VisitStore(), self.journal, crossing_points, self.clock
        )
        self.use_cases = self.use_cases_on(self.clock)
        self.picture = Picture(self.events, self.roster)

    def clock(self) -> datetime:
        return self.now

    def use_cases_on(self, clock: Clock) -> UseCases:
        facts = (self.events, self.journal, self.roster, self.places)
        return UseCases(
            Incidents(*facts, People(), clock, lambda: None),
            Occurrences(*facts, clock, lambda: None),
        )

    @cached_property
    def ingest(self) -> Ingest:
        return Ingest(
            self.database,
            fixes=self.fixes,
            quarantine=QuarantineStore(self.database),
            journal=self.journal,
            roster=self.roster,
            alarms=self.use_cases.occurrences,
            visits=self.coverage,
            notify=lambda: None,
        )

    @cached_property
    def demonstration(self) -> Demonstration:
        return Demonstration(
            demonstration=self.demonstration_profile,
            source=ScenarioLibrary(),
            roads=read_roads,
            roster=self.roster,
            transactions=self.database,
            log=self.events,
            fixes=self.fixes,
            visits=self.coverage,
            journal=self.journal,
            use_cases=self.use_cases_on,
            clock=self.clock,
        )

    @cached_property
    def driver(self) -> DemonstrationDriver:
        return DemonstrationDriver(
            demonstration=self.demonstration,
            source=ScenarioLibrary(),
            roster=self.roster,
            log=self.events,
            ingest=self.ingest,
            fixes=self.fixes,
            use_cases=self.use_cases_on,
            clock=self.clock,
        )

    def incident(self, title_part: str) -> dict[str, object]:
        """The summary of the one incident of the demonstration with that in its title."""
        [found] = [one for one in self.picture.incidents("demo") if title_part in str(one["title"])]
        return found
