"""What a unit may set differently. None of these is published; all are defaults of this product.

``docs/domain.md`` marks what is documented and what is a default. The rule that tier 2 acts only at
the explicit request of Kosovo Police is documented and therefore no setting.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta

from domain.analysis_settings import AnalysisSettings
from domain.roster import Operation
from domain.transitions import ROWS_OF, Transition


@dataclass(frozen=True, slots=True)
class Timers:
    """How long a step may take before an alert is raised; no timer ever moves a state.

    ``depart_high_readiness`` holds where the FPU was on pre-alert when it was asked, ``depart``
    otherwise. ``arrive_margin`` is the part of the announced travel time that may be added to it
    (0.2 is 20 %). ``sitrep`` runs again and again while the FPU is on scene.
    """

    acknowledge: timedelta = timedelta(minutes=5)
    decide: timedelta = timedelta(minutes=15)
    depart: timedelta = timedelta(minutes=30)
    depart_high_readiness: timedelta = timedelta(minutes=15)
    arrive_margin: float = 0.2
    sitrep: timedelta = timedelta(minutes=30)
    hand_back: timedelta = timedelta(minutes=30)
    written_confirmation: timedelta = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Travel:
    """How travel time is estimated before anybody has announced one: the straight line times
    ``detour``, at ``speed_kmh``."""

    speed_kmh: float = 50.0
    detour: float = 1.4


@dataclass(frozen=True, slots=True)
class Policy:
    """Limits that the guards use; metres and durations.

    ``clock_tolerance``: how far ahead of our clock a time may lie before it counts as the future.
    ``request_expires_after``: how old an unanswered request is before it may be marked expired.
    ``arrival_radius_m``: how near to the incident an arrival is believed without a reason.
    ``reserve_minimum``: platoons to keep available unless an override is recorded, in an operation
    that was opened without a number of its own.
    ``late_after``: how long after it happened an entry counts as late.
    ``oldest_entry``: how long after it happened an incident, a line of the log or a platoon's
    first step is taken at all; what is older belongs into a history.
    ``agreement_age``: how old the agreement of the Kosovo Police commander may be at an engagement.
    ``confirmation_age``: how far a confirmation may lie from the act that it confirms, and a
    request's receipt before the request.
    ``informed_age``: how long before its report an incident may have been known or seen.
    ``tracks``: how fixes are cleaned and tracks are read; the same in every operation.
    ``rows_of``: the transition table by (region, event), with the roles that the unit has set.
    ``of_kind``: what is different in operations of a kind (``live``, ``exercise``, ``history``).
    """

    clock_tolerance: timedelta = timedelta(seconds=30)
    request_expires_after: timedelta = timedelta(minutes=60)
    arrival_radius_m: float = 1000.0
    reserve_minimum: int = 1
    late_after: timedelta = timedelta(minutes=10)
    oldest_entry: timedelta = timedelta(days=7)
    agreement_age: timedelta = timedelta(minutes=60)
    confirmation_age: timedelta = timedelta(minutes=60)
    informed_age: timedelta = timedelta(hours=24)
    timers: Timers = Timers()
    travel: Travel = Travel()
    tracks: AnalysisSettings = field(default_factory=AnalysisSettings)
    rows_of: Mapping[tuple[str, str], tuple[Transition, ...]] = field(
        default_factory=lambda: ROWS_OF
    )
    of_kind: Mapping[str, Policy] = field(default_factory=dict)

    def of(self, operation: Operation) -> Policy:
        """What holds in this operation: that of its kind, and its own reserve where it has one."""
        found = self.of_kind.get(operation.kind, self)
        if operation.reserve_minimum is None:
            return found
        return replace(found, reserve_minimum=operation.reserve_minimum)


def with_roles(
    rows_of: Mapping[tuple[str, str], tuple[Transition, ...]],
    roles: Mapping[tuple[str, str], tuple[str, ...]],
) -> dict[tuple[str, str], tuple[Transition, ...]]:
    """The table with other roles that enter an event; nothing else of a row can be set."""
    return {
        key: tuple(replace(row, entered_by=roles[key]) for row in rows) if key in roles else rows
        for key, rows in rows_of.items()
    }
