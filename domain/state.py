"""The state of an incident and of a platoon, and the fold that makes it from events.

State = fold of events: nothing here is stored anywhere else, and folding any prefix of the log
gives what was known then. The fold reads only columns of an event, never its JSON, so a year of
events folds in well under a second.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from domain.events import Folded
from domain.transitions import INC, INITIAL, LINE, RES, START, T2, T3, displayed_tier


@dataclass(slots=True)
class IncidentState:
    """One incident: the state of its four regions and what its guards need to remember.

    ``t2_request`` is the event id of the request of Kosovo Police that tier 2 stands on, None
    where there is none; ``t2_request_by`` the user who entered it. ``t3_path`` is ``KP``,
    ``EULEX`` or ``OWN_MANDATE``. Times are microseconds since 1970 UTC.
    """

    incident_id: str
    version: int = 0
    inc: str = START
    t2: str = INITIAL[T2]
    t3: str = INITIAL[T3]
    line: str = INITIAL[LINE]
    t2_request: str | None = None
    t2_request_by: str | None = None
    t2_requested_us: int = 0
    t2_purpose: str | None = None
    t2_refused_for: str | None = None
    t2_revoked: bool = False
    t2_asked_since_opening: bool = False
    t3_path: str | None = None
    t3_requested_us: int = 0
    t3_receiver: str | None = None
    last_us: dict[str, int] = field(default_factory=dict)

    @property
    def tier(self) -> int:
        """The tier it is shown at, 1 to 3."""
        return displayed_tier(self.t2, self.t3)

    def state_of(self, region: str) -> str:
        """The present state of ``INC``, ``T2``, ``T3`` or ``LINE``."""
        found: str = getattr(self, _ATTRIBUTE[region])
        return found


@dataclass(slots=True)
class PlatoonState:
    """One platoon: its state and the incident that it is reserved for or bound to."""

    platoon_id: str
    version: int = 0
    state: str = INITIAL[RES]
    incident: str | None = None
    since_us: int = 0


_ATTRIBUTE = {INC: "inc", T2: "t2", T3: "t3", LINE: "line"}


def evolve(state: IncidentState, event: Folded) -> IncidentState:
    """The state after ``event``; ``state`` itself stays as it was."""
    following = copy.copy(state)
    following.last_us = dict(state.last_us)
    absorb(following, event)
    return following


def fold(incident_id: str, events: Iterable[Folded]) -> IncidentState:
    """The state after ``events`` in their order."""
    state = IncidentState(incident_id)
    for event in events:
        absorb(state, event)
    return state


def evolve_platoon(state: PlatoonState, event: Folded) -> PlatoonState:
    """The platoon's state after ``event``."""
    if event.to_state is None or event.corrects is not None:
        return PlatoonState(
            state.platoon_id, event.seq, state.state, state.incident, state.since_us
        )
    incident = event.incident if event.to_state in ("RESERVED", "BOUND", "RETURNING") else None
    return PlatoonState(state.platoon_id, event.seq, event.to_state, incident, event.occurred_us)


def absorb(state: IncidentState, event: Folded) -> None:
    """Like ``evolve``, in place, for a read model that owns ``state``."""
    state.version = event.seq
    to_state = event.to_state
    if to_state is None or event.corrects is not None:
        return
    region = event.region
    if region == T2:  # plain branches: this is what a start spends its time with
        state.t2 = to_state
    elif region == INC:
        state.inc = to_state
    elif region == T3:
        state.t3 = to_state
    elif region == LINE:
        state.line = to_state
    else:
        raise LookupError(f"an incident has no region {region}")
    occurred_us = event.occurred_us
    if occurred_us > state.last_us.get(region, 0):
        state.last_us[region] = occurred_us
    effect = _EFFECTS.get((region, event.event))
    if effect is not None:
        effect(state, event)


def _request_tier2(state: IncidentState, event: Folded) -> None:
    state.t2_request = event.event_id
    state.t2_request_by = event.entered_by
    state.t2_requested_us = event.occurred_us
    state.t2_purpose = event.purpose
    state.t2_refused_for = None
    state.t2_revoked = False
    state.t2_asked_since_opening = True


def _change_purpose(state: IncidentState, event: Folded) -> None:
    state.t2_request = event.event_id
    state.t2_purpose = event.purpose


def _refuse_tier2(state: IncidentState, event: Folded) -> None:
    state.t2_refused_for = event.reason
    _end_tier2(state, event)


def _end_tier2(state: IncidentState, _event: Folded) -> None:
    state.t2_request = None
    state.t2_request_by = None
    state.t2_purpose = None
    state.t2_revoked = False


def _revoke(state: IncidentState, _event: Folded) -> None:
    state.t2_revoked = True


def _prealert(state: IncidentState, _event: Folded) -> None:
    state.t2_refused_for = None


def _request_tier3(path: str) -> Callable[[IncidentState, Folded], None]:
    def effect(state: IncidentState, event: Folded) -> None:
        state.t3_path = path
        state.t3_requested_us = event.occurred_us
        state.t3_receiver = None

    return effect


def _end_tier3(state: IncidentState, _event: Folded) -> None:
    state.t3_path = None
    state.t3_receiver = None


def _begin_handover(state: IncidentState, event: Folded) -> None:
    state.t3_receiver = event.receiver


def _reopen(state: IncidentState, event: Folded) -> None:
    _end_tier2(state, event)
    _end_tier3(state, event)
    state.t2_refused_for = None
    state.t2_asked_since_opening = False


_EFFECTS: dict[tuple[str, str], Callable[[IncidentState, Folded], None]] = {
    (INC, "reopen"): _reopen,
    (T2, "prealert"): _prealert,
    (T2, "kp_request"): _request_tier2,
    (T2, "change_purpose"): _change_purpose,
    (T2, "refuse"): _refuse_tier2,
    (T2, "cancel"): _end_tier2,
    (T2, "expire"): _end_tier2,
    (T2, "withdraw"): _end_tier2,
    (T2, "handback_confirmed"): _end_tier2,
    (T2, "revoke_request"): _revoke,
    (T3, "request_by_kp"): _request_tier3("KP"),
    (T3, "request_via_eulex"): _request_tier3("EULEX"),
    (T3, "own_mandate"): _request_tier3("OWN_MANDATE"),
    (T3, "begin_handover"): _begin_handover,
    (T3, "refuse"): _end_tier3,
    (T3, "cancel"): _end_tier3,
    (T3, "withdraw"): _end_tier3,
    (T3, "handover_confirmed"): _end_tier3,
}
