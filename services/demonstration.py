"""Scenarios loaded into an operation: the roster, a day of positions, and what was entered.

Loading says what it did by command ids and keys that follow from the scenario and the moment of
loading, so a loading that was interrupted is simply done again and ends in the same state.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import Protocol

from domain.errors import InvalidField, NotPermitted
from domain.scenario import Patrol, RoadPoint, Scenario, moment
from domain.stored_fixes import StoredFix, Storing
from domain.time import to_rfc3339
from services.clock import Clock
from services.event_ports import EventLog
from services.patrol_reports import judged
from services.patrol_simulation import HISTORY, PatrolFixes, PatrolSimulation
from services.ports import Filing, FixWriter, JournalWriter, Transactions, VisitObserver
from services.road_graph import RoadGraph
from services.roster import RosterService
from services.scenario_alarms import ScenarioAlarms
from services.scenario_loading import Loaded, Loading
from services.scenario_player import ScenarioPlayer, UseCases
from services.scenario_roster import missing, operation_record, roster_records

Progress = Callable[[str, int, int], None]
"""Told of (what, done, of how many)."""


class ScenarioSource(Protocol):
    """Where scenarios are read from."""

    def read(self, name_or_file: str) -> Scenario:
        """One scenario; raises ``NotFound``, ``InvalidField``."""


class Demonstration:
    """Loads scenarios. ``use_cases`` makes what people use, on a clock of its own."""

    def __init__(
        self,
        *,
        demonstration: bool,
        source: ScenarioSource,
        roads: Callable[[], Sequence[RoadPoint]],
        roster: RosterService,
        transactions: Transactions,
        log: EventLog,
        fixes: FixWriter,
        visits: VisitObserver,
        journal: JournalWriter,
        use_cases: Callable[[Clock], UseCases],
        clock: Clock,
    ) -> None:
        self._demonstration = demonstration
        self._source = source
        self._roads = roads
        self._roster = roster
        self._transactions = transactions
        self._log = log
        self._fixes = fixes
        self._visits = visits
        self._journal = journal
        self._use_cases = use_cases
        self._clock = clock

    def load(
        self,
        name_or_file: str,
        seed: int | None = None,
        if_missing: bool = False,
        progress: Progress = lambda _what, _done, _of: None,
    ) -> Loaded:
        """Load a scenario; one whose loading was interrupted is completed as it was begun.

        Raises ``NotPermitted`` outside the demonstration profile, ``InvalidField`` for a fault of
        the file or an operation that is there already, and whatever stops a step.
        """
        if not self._demonstration:
            raise NotPermitted(
                "a scenario is entered in the names of the demonstration's accounts: "
                "it is loaded in the demonstration profile only"
            )
        scenario = self._source.read(name_or_file)
        before = self._roster.roster().operations.get(scenario.operation.id)
        loading = Loading.of(before) if before else None
        if before is not None and (loading is None or loading.complete):
            if if_missing and loading is not None:
                return Loaded(before.id, loading.loaded_at, loading.seed, already=True)
            raise InvalidField("operation.id", f"the operation {before.id!r} is there already")
        if loading is None:
            now = self._clock().replace(microsecond=0)
            loading = Loading(scenario.source, scenario.seed if seed is None else seed, now)
        return self._load(scenario, loading, progress)

    def simulation(self, scenario: Scenario, loading: Loading) -> PatrolSimulation:
        """The patrols of a scenario as they were loaded."""
        graph = RoadGraph(self._roads())
        return PatrolSimulation(scenario, graph, loading.seed, loading.loaded_at)

    # --- the steps of loading ------------------------------------------------------------------

    def _load(self, scenario: Scenario, loading: Loading, progress: Progress) -> Loaded:
        simulation = self.simulation(scenario, loading)
        days = list(_days(scenario, simulation, loading.loaded_at))  # may find faults in routes
        self._fill_roster(scenario, loading)
        stored = 0
        for number, (patrol, fixes) in enumerate(days, 1):
            stored += self._store(scenario, patrol, fixes)
            progress("patrols", number, len(days))
        steps = self._enter(scenario, loading, simulation, progress)
        self._finish(scenario, loading)
        return Loaded(scenario.operation.id, loading.loaded_at, loading.seed, stored, steps)

    def _fill_roster(self, scenario: Scenario, loading: Loading) -> None:
        operation = operation_record(scenario, loading.loaded_at, loading.settings())
        records = [operation, *roster_records(scenario, loading.loaded_at)]
        self._roster.add(*missing(self._roster.fresh(), records))

    def _store(self, scenario: Scenario, patrol: Patrol, fixes: PatrolFixes) -> int:
        """A day of one patrol and its visits, in one transaction."""
        operation = scenario.operation.id
        kept = [
            StoredFix(operation, patrol.id, fix, received_at)
            for fix, received_at in judged(patrol, fixes)
        ]
        with self._transactions.writing() as connection:
            outcomes = self._fixes.insert(connection, kept)
            new = [
                one.fix
                for one, outcome in zip(kept, outcomes, strict=True)
                if outcome is Storing.STORED
            ]
            if not new:
                return 0
            filing = Filing(operation, patrol.id, patrol.callsign)
            self._visits.observe_all(connection, {filing: new})
            said = {
                "unit": patrol.id,
                "callsign": patrol.callsign,
                "start": to_rfc3339(new[0].fix_time),
                "end": to_rfc3339(new[-1].fix_time),
                "stored": len(new),
            }
            self._journal.append(connection, operation, "tracks", said, self._clock())
        return len(new)

    def _enter(
        self,
        scenario: Scenario,
        loading: Loading,
        simulation: PatrolSimulation,
        progress: Progress,
    ) -> int:
        """Everything of the past, in the order in which it was written down."""
        clock = _ScriptedClock(loading.loaded_at)
        use_cases = self._use_cases(clock)
        player = ScenarioPlayer(scenario, loading.loaded_at, use_cases, self._log)
        past = [one for one in player.entries if one.recorded_at <= loading.loaded_at]
        jobs = [(one.recorded_at, partial(player.enter, one)) for one in past]
        alarms = ScenarioAlarms(scenario, loading.loaded_at, simulation, use_cases, self._log)
        for plan in scenario.alarms:
            raising = partial(alarms.raise_and_acknowledge, plan, clock.put)
            jobs.append((loading.loaded_at + plan.at, raising))
        for number, (at, job) in enumerate(sorted(jobs, key=lambda one: one[0]), 1):
            clock.put(at)
            job()
            progress("entries", number, len(jobs))
        return len(past)

    def _finish(self, scenario: Scenario, loading: Loading) -> None:
        closed = scenario.operation.closed
        closed_at = None if closed is None else moment(closed, loading.loaded_at)
        settings = replace(loading, complete=True).settings()
        self._roster.change_operation(
            scenario.operation.id,
            lambda one: replace(one, closed_at=closed_at, settings=settings),
        )


@dataclass(slots=True)
class _ScriptedClock:
    """A clock that stands where it is put."""

    now: datetime

    def __call__(self) -> datetime:
        return self.now

    def put(self, moment: datetime) -> None:
        self.now = moment


def _days(
    scenario: Scenario, simulation: PatrolSimulation, loaded_at: datetime
) -> Iterator[tuple[Patrol, PatrolFixes]]:
    for patrol in scenario.patrols:
        yield patrol, simulation.received(patrol, loaded_at - HISTORY, loaded_at)
