"""A scenario: an operation written down beforehand, to be entered as people would enter it.

Times are a ``When``: a ``timedelta`` from the moment of loading (negative is the past), or an aware
``datetime`` where history fixes it. Degrees WGS84, metres. Every reader of these values may rely on
the checks of ``data/scenarios/reader.py``: names that refer to something do.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

When = timedelta | datetime

SILENT, GAP, OUTLIER, LATE = "silent", "gap", "outlier", "late"
ODDITIES = (SILENT, GAP, OUTLIER, LATE)
"""What may be wrong with a patrol's positions: nothing sent, nothing received in a valley or
tunnel, one position far off, positions that arrive minutes after they were measured."""


@dataclass(frozen=True, slots=True)
class RoadPoint:
    """A named point of a schematic road; those of one road stand in order."""

    road: str
    road_class: str
    place: str
    latitude: float
    longitude: float


@dataclass(frozen=True, slots=True)
class OperationPlan:
    """The operation; ``closed`` makes it read-only once everything is entered."""

    id: str
    kind: str
    title: str
    opened: When
    closed: When | None = None
    reserve_minimum: int | None = None


@dataclass(frozen=True, slots=True)
class ShiftPlan:
    """Shifts of one ``length`` follow each other without end from ``first`` on, rounded down to
    the whole hour; the ``teams`` take turns.
    """

    first: timedelta
    length: timedelta
    teams: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Stop:
    """A place of the road network, and how long the patrol stays there."""

    place: str
    stay: timedelta


@dataclass(frozen=True, slots=True)
class DutyPlan:
    """What a patrol does on a shift of ``team``: from its base by ``stops`` and back, as often as
    the shift allows. It sets out ``begin`` after the shift has begun.
    """

    team: str
    task: str
    begin: timedelta
    stops: tuple[Stop, ...]


@dataclass(frozen=True, slots=True)
class Oddity:
    """One of ``ODDITIES`` from ``begin`` on for ``length``, and again every 24 hours after that.

    ``delay`` is by how much a late phone is late.
    """

    kind: str
    begin: timedelta
    length: timedelta
    delay: timedelta = timedelta(0)


@dataclass(frozen=True, slots=True)
class Patrol:
    """A unit with one device, and what it does on each shift."""

    id: str
    callsign: str
    device: str
    base: str
    duties: tuple[DutyPlan, ...]
    oddities: tuple[Oddity, ...] = ()


@dataclass(frozen=True, slots=True)
class PlatoonPlan:
    """A platoon; ``strength`` in officers, ``expect`` its state when loading has ended."""

    id: str
    callsign: str
    kind: str
    strength: int
    expect: str


@dataclass(frozen=True, slots=True)
class PhonePlan:
    """A device with a known key for trying out the feeds, and the unit it reports for."""

    unit: str
    callsign: str
    device: str
    key: str


@dataclass(frozen=True, slots=True)
class Step:
    """One event, entered by the account ``by``.

    ``key`` names the step in its scenario. ``envelope`` has the fields of the interface, without
    those that are only known when it is entered; in its record a ``When`` stands for a time and
    ``@key`` for the id of an incident. ``platoon`` is set for an event of region RES. ``entered``
    is how long after it happened it is written down.
    """

    key: str
    region: str
    event: str
    by: str
    at: When
    envelope: Mapping[str, Any]
    platoon: str | None = None
    entered: timedelta | None = None


@dataclass(frozen=True, slots=True)
class IncidentPlan:
    """An incident: the report and what follows, in order, and where that must have led.

    ``expect`` has the state of each of INC, T2, T3 and LINE after all steps of the past.
    """

    key: str
    report: Step
    steps: tuple[Step, ...]
    expect: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class AlarmPlan:
    """An SOS of a patrol's device, acknowledged by an account some time later."""

    patrol: str
    at: timedelta
    acknowledged_by: str
    acknowledged_after: timedelta


@dataclass(frozen=True, slots=True)
class Scenario:
    """All of it. ``source`` is what it is read by again, ``lines`` are of the occurrence log."""

    source: str
    operation: OperationPlan
    shifts: ShiftPlan | None = None
    patrols: tuple[Patrol, ...] = ()
    platoons: tuple[PlatoonPlan, ...] = ()
    phones: tuple[PhonePlan, ...] = ()
    incidents: tuple[IncidentPlan, ...] = ()
    lines: tuple[Step, ...] = ()
    alarms: tuple[AlarmPlan, ...] = ()
    seed: int = 1


def moment(when: When, loaded_at: datetime) -> datetime:
    """The aware time that ``when`` means for a scenario loaded at ``loaded_at``."""
    return when if isinstance(when, datetime) else loaded_at + when
