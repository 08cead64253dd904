"""Enters the steps of a scenario as people would: by the same use cases, under the same guards."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from domain.errors import DashboardError, StoreUnavailable
from domain.events import Actor
from domain.scenario import Scenario
from domain.transitions import LOG
from services.access.demonstration_accounts import DEMONSTRATION_ACCOUNTS
from services.event_ports import EventLog
from services.incidents import Incidents
from services.occurrences import Occurrences
from services.scenario_script import Entry, envelope, script


@dataclass(frozen=True, slots=True)
class UseCases:
    """What a person has at hand, on one clock."""

    incidents: Incidents
    occurrences: Occurrences


def actor(account: str) -> Actor:
    """An account of the demonstration as the one who enters something."""
    return Actor(account, DEMONSTRATION_ACCOUNTS[account])


class ScenarioPlayer:
    """One scenario, loaded at one moment. ``entries`` are all its steps in order of recording."""

    def __init__(
        self, scenario: Scenario, loaded_at: datetime, use_cases: UseCases, log: EventLog
    ) -> None:
        self.entries = script(scenario, loaded_at)
        self._operation = scenario.operation.id
        self._loaded_at = loaded_at
        self._use_cases = use_cases
        self._log = log
        self._incidents: dict[str, str] = {}
        self._given_up: set[str] = set()

    def enter(self, entry: Entry) -> None:
        """Enter one step; one that was entered before changes nothing. Raises as the use cases."""
        who = actor(entry.step.by)
        if entry.step.region == LOG:
            sent = envelope(entry, 0, {}, self._loaded_at)
            self._use_cases.occurrences.enter(self._operation, who, sent)
        elif entry.step.platoon is not None:
            self._act_on_platoon(entry, entry.step.platoon, who)
        elif entry.reports:
            sent = envelope(entry, 0, {}, self._loaded_at)
            outcome = self._use_cases.incidents.report(self._operation, who, sent)
            self._incidents[str(entry.incident)] = outcome.events[0].stream
        else:
            incident = self.incident_id(str(entry.incident))
            version = self._use_cases.incidents.history(self._operation, incident)[-1].seq
            sent = envelope(entry, version, self._named(entry), self._loaded_at)
            self._use_cases.incidents.act(self._operation, incident, who, sent)

    def enter_if_untouched(self, entry: Entry) -> bool:
        """Enter one step unless a person has changed its incident since; whether it was entered.

        An incident that a person has taken over is left to them for good. Raises
        ``StoreUnavailable``.
        """
        if self._is_entered(entry):
            return False
        if entry.incident is not None and not self._is_ours(entry, entry.incident):
            return False
        try:
            self.enter(entry)
        except StoreUnavailable:
            raise
        except DashboardError:  # a guard: somebody's platoon, somebody's decision
            if entry.incident is not None:
                self._given_up.add(entry.incident)
            return False
        return True

    def incident_id(self, key: str) -> str:
        """The id that the incident got when it was reported."""
        if key not in self._incidents:
            self.enter(next(one for one in self.entries if one.reports and one.incident == key))
        return self._incidents[key]

    def _act_on_platoon(self, entry: Entry, platoon: str, who: Actor) -> None:
        states = self._use_cases.incidents.platoon_states(self._operation)
        sent = envelope(entry, states[platoon].version, self._named(entry), self._loaded_at)
        self._use_cases.incidents.act_on_platoon(self._operation, platoon, who, sent)

    def _named(self, entry: Entry) -> dict[str, str]:
        """The ids of the incidents that have been reported when ``entry`` is written down."""
        return {
            str(one.incident): self.incident_id(str(one.incident))
            for one in self.entries
            if one.reports and one.recorded_at <= entry.recorded_at
        }

    def _is_entered(self, entry: Entry) -> bool:
        with self._log.view() as connection:
            return bool(self._log.by_command(connection, self._operation, entry.command_id))

    def _is_ours(self, entry: Entry, key: str) -> bool:
        if key in self._given_up:
            return False
        if entry.reports:
            return True
        incident = self.incident_id(key)
        ours = [one for one in self.entries if one.incident == key]
        untouched = self._untouched(incident, ours) and self._complete(entry, ours)
        platoon = entry.step.platoon
        if untouched and platoon is not None:
            states = self._use_cases.incidents.platoon_states(self._operation)
            untouched = states[platoon].incident == incident
        if not untouched:
            self._given_up.add(key)
        return untouched

    def _untouched(self, incident: str, ours: Sequence[Entry]) -> bool:
        known = {one.command_id for one in ours}
        history = self._use_cases.incidents.history(self._operation, incident)
        return all(event.command_id in known for event in history)

    def _complete(self, entry: Entry, ours: Sequence[Entry]) -> bool:
        return all(self._is_entered(one) for one in ours[: ours.index(entry)])
