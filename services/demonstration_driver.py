"""Keeps what was loaded from a scenario going: patrols drive on, steps of the future are entered.

It is a duty of the server (``services/duties.py``): called every few seconds, it does what has
become due since the last call and returns. After a stop it fills the hole, up to a day of it.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import numpy as np

from domain.errors import InvalidField, NotFound
from domain.fixes import Report
from domain.roster import Operation
from domain.scenario import Patrol, Scenario
from domain.time import from_microseconds
from services.clock import Clock
from services.demonstration import Demonstration, ScenarioSource
from services.duties import Duty
from services.event_ports import EventLog
from services.ingest import Ingest
from services.patrol_reports import reports
from services.patrol_simulation import PatrolFixes, PatrolSimulation, shift_number
from services.ports import FixReader
from services.roster import RosterService
from services.scenario_loading import Loading
from services.scenario_player import ScenarioPlayer, UseCases
from services.scenario_roster import possible, shift_records

INTERVAL = timedelta(seconds=5)
LONGEST_HOLE = timedelta(hours=24)
STRETCH = timedelta(hours=4)
"""So much of a hole is filled in one call, so that a stopping server need not wait for it."""

_LATEST = timedelta(minutes=20)  # no phone of a scenario is later than this
_LIVE = timedelta(minutes=2)
_LOG = logging.getLogger(__name__)


@dataclass(slots=True)
class _Running:
    """One operation; ``reached`` is up to when each patrol's positions are stored."""

    scenario: Scenario
    loading: Loading
    simulation: PatrolSimulation
    player: ScenarioPlayer
    entered: int
    reached: dict[str, datetime] = field(default_factory=dict)


class DemonstrationDriver:
    """One a server. ``tick`` raises ``StoreUnavailable``; what it missed is done the next time."""

    def __init__(
        self,
        *,
        demonstration: Demonstration,
        source: ScenarioSource,
        roster: RosterService,
        log: EventLog,
        ingest: Ingest,
        fixes: FixReader,
        use_cases: Callable[[Clock], UseCases],
        clock: Clock,
    ) -> None:
        self._demonstration = demonstration
        self._source = source
        self._roster = roster
        self._log = log
        self._ingest = ingest
        self._fixes = fixes
        self._use_cases = use_cases
        self._clock = clock
        self._running: dict[str, _Running | None] = {}

    def duty(self) -> Duty:
        """For ``Duties``: one worker of all does it."""
        return Duty("demonstration", INTERVAL, self.tick)

    def tick(self) -> None:
        """Do what is due in every open exercise that was loaded from a scenario."""
        now = self._clock()
        for operation in self._roster.operations():
            loading = Loading.of(operation)
            if operation.kind != "exercise" or operation.over(now):
                continue
            if loading is not None and loading.complete:
                self._go_on(operation, loading, now)

    def _go_on(self, operation: Operation, loading: Loading, now: datetime) -> None:
        if operation.id not in self._running:
            self._running[operation.id] = self._begin(loading)
        running = self._running[operation.id]
        if running is None:
            return
        self._plan_shifts(running, now)
        self._drive(running, now)
        self._enter_due(running, now)

    def _begin(self, loading: Loading) -> _Running | None:
        try:
            scenario = self._source.read(loading.source)
        except (NotFound, InvalidField) as fault:
            _LOG.warning("the scenario %s cannot go on: %s", loading.source, fault.detail)
            return None
        simulation = self._demonstration.simulation(scenario, loading)
        use_cases = self._use_cases(self._clock)
        player = ScenarioPlayer(scenario, loading.loaded_at, use_cases, self._log)
        past = sum(one.recorded_at <= loading.loaded_at for one in player.entries)
        return _Running(scenario, loading, simulation, player, past)

    # --- shifts --------------------------------------------------------------------------------

    def _plan_shifts(self, running: _Running, now: datetime) -> None:
        """The running shift and the next one, whenever one of them is not planned yet."""
        plan = running.scenario.shifts
        if plan is None:
            return
        number = shift_number(plan, running.loading.loaded_at, now)
        operation = running.scenario.operation.id
        if self._roster.shift_at(operation, now + plan.length) is not None:
            return
        wanted = shift_records(
            running.scenario, plan, running.loading.loaded_at, (number, number + 1)
        )
        self._roster.add(*possible(self._roster.fresh(), wanted))

    # --- positions -----------------------------------------------------------------------------

    def _drive(self, running: _Running, now: datetime) -> None:
        """Send what is due of all patrols: what is of now one by one, a hole as a whole."""
        reached: dict[str, datetime] = {}
        due: dict[bool, list[Report]] = {True: [], False: []}
        for patrol in running.scenario.patrols:
            after = running.reached.get(patrol.id) or self._stored_until(running, patrol, now)
            until = reached[patrol.id] = min(now, after + STRETCH)
            if self._is_ours(running, patrol, until):
                found = running.simulation.received(patrol, after, until)
                new = self._new(running.scenario.operation.id, patrol, found)
                due[until - after < _LIVE].extend(reports(patrol, new))
        for live, sent in due.items():
            if sent:
                self._ingest.accept("simulation", sent, b"", now, live=live)
        running.reached = reached

    def _is_ours(self, running: _Running, patrol: Patrol, at: datetime) -> bool:
        """Whether nobody has given the patrol or its device to another operation."""
        filing = self._roster.filing(patrol.device, at)
        return filing is not None and filing.operation == running.scenario.operation.id

    def _stored_until(self, running: _Running, patrol: Patrol, now: datetime) -> datetime:
        """From when on something may be missing: late positions are looked for again."""
        newest = [
            one.fix.fix_time
            for one in self._fixes.latest(running.scenario.operation.id)
            if one.unit == patrol.id
        ]
        known = max(newest, default=running.loading.loaded_at) - _LATEST
        return max(known, now - LONGEST_HOLE)

    def _new(self, operation: str, patrol: Patrol, due: PatrolFixes) -> PatrolFixes:
        """Those of ``due`` that are not stored: after a restart some are."""
        if not len(due):
            return due
        first, last = (from_microseconds(int(one)) for one in (due.time.min(), due.time.max()))
        there = self._fixes.between(operation, patrol.id, first, last)
        return due.take(~np.isin(due.time, there.fix_time))

    # --- steps ---------------------------------------------------------------------------------

    def _enter_due(self, running: _Running, now: datetime) -> None:
        entries = running.player.entries
        while running.entered < len(entries) and entries[running.entered].recorded_at <= now:
            running.player.enter_if_untouched(entries[running.entered])
            running.entered += 1
