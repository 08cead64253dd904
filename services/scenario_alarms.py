"""An SOS of a scenario: raised as a device raises it, acknowledged by an account."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from domain.alerts import SOS, Alert, fold_alerts
from domain.scenario import AlarmPlan, Scenario
from domain.streams import LOG_STREAM
from domain.time import to_rfc3339
from services.alarm_ports import Alarm
from services.event_ports import EventLog
from services.patrol_simulation import PatrolSimulation
from services.scenario_player import UseCases, actor

_ON_THE_WAY = timedelta(seconds=2)


class ScenarioAlarms:
    """Those of one scenario; an alarm stands where its patrol was last seen."""

    def __init__(
        self,
        scenario: Scenario,
        loaded_at: datetime,
        simulation: PatrolSimulation,
        use_cases: UseCases,
        log: EventLog,
    ) -> None:
        self._scenario = scenario
        self._loaded_at = loaded_at
        self._simulation = simulation
        self._use_cases = use_cases
        self._log = log

    def raise_and_acknowledge(self, plan: AlarmPlan, set_clock: Callable[[datetime], None]) -> None:
        """Both, once: what an interrupted loading has done already is not done again.

        ``set_clock`` puts the clock of the use cases.
        """
        at = self._loaded_at + plan.at
        alert = self._find(at)
        if alert is None:
            set_clock(at + _ON_THE_WAY)
            self._raise(plan, at)
            alert = self._find(at)
        if alert is not None and alert.open:
            set_clock(at + plan.acknowledged_after)
            operation = self._scenario.operation.id
            who = actor(plan.acknowledged_by)
            self._use_cases.occurrences.acknowledge(operation, alert.id, who)

    def _raise(self, plan: AlarmPlan, at: datetime) -> None:
        patrol = next(one for one in self._scenario.patrols if one.id == plan.patrol)
        last = self._simulation.fixes(patrol, at - timedelta(hours=1), at)
        with self._log.transaction() as connection:
            alarm = Alarm(
                operation=self._scenario.operation.id,
                unit=patrol.id,
                callsign=patrol.callsign,
                device=patrol.device,
                kind=SOS,
                occurred_at=at,
                received_at=at + _ON_THE_WAY,
                latitude=float(last.latitude[-1]) if len(last) else None,
                longitude=float(last.longitude[-1]) if len(last) else None,
            )
            self._use_cases.occurrences.alarm(connection, alarm)

    def _find(self, at: datetime) -> Alert | None:
        with self._log.view() as connection:
            stream = self._log.stream(connection, self._scenario.operation.id, LOG_STREAM)
        alerts = fold_alerts(stream).newest_first()
        return next((one for one in alerts if one.occurred_at == to_rfc3339(at)), None)
