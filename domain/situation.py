"""Everything that a guard may look at, read in one transaction and handed in."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from domain.events import Actor, Event
from domain.policy import Policy
from domain.state import IncidentState, PlatoonState


def nobody(_name: str) -> bool:
    """That the actor has nobody's account in hand, and nobody has the actor's."""
    return False


@dataclass(frozen=True, slots=True)
class Situation:
    """Everything a guard may look at, read in one transaction.

    ``incident`` is the incident of the stream, or for a platoon the one it serves; ``platoons``
    are all of the operation by id; ``location`` is (latitude, longitude) of the incident where
    one is known; ``target`` is the other incident that the record names (a duplicate, or where a
    redeployed platoon goes). ``sealed`` operations are over and take nothing more.

    ``tally`` is the latest count of casualties and ``force`` are the records of force since the
    incident was opened; ``ranking`` is what was suggested about the incidents that compete for
    platoons.

    ``linked`` tells of an account whether the actor has created or reset it, or it the actor's.
    ``accepted_before`` tells that the commander has accepted this platoon for this engagement in
    the platoon's own stream. ``confirming`` are the draft that is being entered and those that wait
    behind it.

    For a correction, ``history`` are the events of the stream, ``platoon_logs`` those of the
    platoons that it reaches, and ``corrected`` is the event as it is known now.
    """

    now: datetime
    actor: Actor
    operation_kind: str
    sealed: bool = False
    policy: Policy = field(default_factory=Policy)
    incident: IncidentState | None = None
    platoon: PlatoonState | None = None
    platoons: Mapping[str, PlatoonState] = field(default_factory=dict)
    on_shift: frozenset[str] = frozenset()
    strength: Mapping[str, int] = field(default_factory=dict)
    location: tuple[float, float] | None = None
    target: IncidentState | None = None
    open_exercises: frozenset[str] = frozenset()
    tally: Mapping[str, Any] | None = None
    force: Sequence[Mapping[str, Any]] = ()
    linked: Callable[[str], bool] = nobody
    accepted_before: bool = False
    confirming: frozenset[str] = frozenset()
    history: Sequence[Event] = ()
    platoon_logs: Mapping[str, Sequence[Event]] = field(default_factory=dict)
    corrected: Event | None = None
    ranking: Sequence[Mapping[str, Any]] = ()
