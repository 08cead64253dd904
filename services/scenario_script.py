"""A scenario's steps on the clock: when each happened, when it was written down, as what command.

Everything follows from the scenario and the moment of loading, command ids included, so a step that
is entered twice is one event.
"""

from __future__ import annotations

import uuid
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from domain.scenario import Scenario, Step, moment
from domain.time import to_rfc3339
from domain.transitions import INC, LOG

_NAMESPACE = uuid.UUID("6a0ff6dd-3bb4-5d0e-9d4b-3c5b1c1a7a51")  # any one of this product's own
_LEAST = timedelta(seconds=12)
_SPREAD_S = 40
_REFERENCE = "@"


@dataclass(frozen=True, slots=True)
class Entry:
    """One step with its times; ``incident`` is the key of its incident, None for a log line."""

    step: Step
    incident: str | None
    command_id: str
    occurred_at: datetime
    recorded_at: datetime

    @property
    def reports(self) -> bool:
        """Whether it opens its incident."""
        return (self.step.region, self.step.event) == (INC, "report")


def script(scenario: Scenario, loaded_at: datetime) -> list[Entry]:
    """Every step in the order in which it is written down."""
    entries = [
        entry
        for incident in scenario.incidents
        for entry in _entries(scenario, (incident.report, *incident.steps), incident.key, loaded_at)
    ]
    entries += _entries(scenario, scenario.lines, None, loaded_at)
    return sorted(entries, key=lambda entry: entry.recorded_at)  # equal ones as in the file


def envelope(
    entry: Entry, version: int, incidents: Mapping[str, str], loaded_at: datetime
) -> dict[str, Any]:
    """What is sent to the use cases; ``incidents`` has the id of each incident by its key."""
    step = entry.step
    sent: dict[str, Any] = {
        **_resolved(step.envelope, incidents, loaded_at),
        "command_id": entry.command_id,
        "occurred_at": to_rfc3339(entry.occurred_at),
    }
    if step.region == LOG or entry.reports:
        return sent
    return sent | {"region": step.region, "event": step.event, "expected_version": version}


def _entries(
    scenario: Scenario, steps: tuple[Step, ...], incident: str | None, loaded_at: datetime
) -> Iterator[Entry]:
    before = None
    for step in steps:
        occurred_at = moment(step.at, loaded_at)
        recorded_at = _recorded(step, occurred_at, loaded_at)
        if step.entered is None and not isinstance(step.at, datetime):
            if before is not None and recorded_at <= before:
                recorded_at = before + timedelta(seconds=1)
            before = recorded_at
        command_id = _command_id(scenario, step, loaded_at)
        yield Entry(step, incident, command_id, occurred_at, recorded_at)


def _recorded(step: Step, occurred_at: datetime, loaded_at: datetime) -> datetime:
    if isinstance(step.at, datetime):
        return loaded_at  # history is written down when it is loaded
    if step.entered is not None:
        return occurred_at + step.entered
    return occurred_at + _LEAST + timedelta(seconds=zlib.crc32(step.key.encode()) % _SPREAD_S)


def _command_id(scenario: Scenario, step: Step, loaded_at: datetime) -> str:
    name = f"{scenario.operation.id}|{to_rfc3339(loaded_at)}|{step.key}"
    return str(uuid.uuid5(_NAMESPACE, name))


def _resolved(value: Any, incidents: Mapping[str, str], loaded_at: datetime) -> Any:
    if isinstance(value, timedelta | datetime):
        return to_rfc3339(moment(value, loaded_at))
    if isinstance(value, str) and value.startswith(_REFERENCE):
        return incidents.get(value.removeprefix(_REFERENCE), value)
    if isinstance(value, Mapping):
        return {key: _resolved(part, incidents, loaded_at) for key, part in value.items()}
    if isinstance(value, list):
        return [_resolved(part, incidents, loaded_at) for part in value]
    return value
