"""The state of an incident and of a platoon, and the fold that makes it from events.

State = fold of events: nothing here is stored anywhere else, and folding any prefix of the log
gives what was known then. The states of the regions come from columns of an event alone, so a year
of events folds in well under a second; what only a decision needs is read from the bodies too.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from typing import Any

from domain.events import CLOSES_A_DRAFT, DISPUTED, DRAFT, RETIMED, Folded
from domain.transitions import INC, INITIAL, LINE, RES, START, T2, T3, displayed_tier


@dataclass(slots=True)
class IncidentState:
    """One incident: the state of its four regions and what its guards need to remember.

    Identities are the ids of the events that open them. ``t2_engagement`` is the live or newest
    engagement of the FPU (its first ``kp_request``), ``t2_request`` the request of Kosovo Police
    that it stands on now, None where none does. ``t2_behind`` are the people behind that request:
    who entered, corrected or confirmed it. ``t2_asked`` platoons were asked for and ``t2_named``
    are those that an acceptance names; both are known only where events were read with their
    bodies, as they are wherever something is decided. ``t2_basis`` are the events that the
    authority of the engagement rests on, and ``t2_disputed`` the entries by which one of them is
    disputed. ``said_to_end`` tells which drafts hold an end of which request.

    ``t3_path`` is ``KP``, ``EULEX`` or ``OWN_MANDATE``. Times are microseconds since 1970 UTC:
    ``last_us`` of the newest event of a region, ``entered_us`` since when it is in its state.
    """

    incident_id: str
    version: int = 0
    inc: str = START
    t2: str = INITIAL[T2]
    t3: str = INITIAL[T3]
    line: str = INITIAL[LINE]
    opened_us: int = 0
    t2_engagement: str | None = None
    t2_request: str | None = None
    t2_behind: frozenset[str] = frozenset()
    t2_requested_us: int = 0
    t2_first_asked_us: int = 0
    t2_accepted_us: int = 0
    t2_purpose: str | None = None
    t2_asked: int = field(default=0, compare=False)
    t2_named: frozenset[str] = field(default=frozenset(), compare=False)
    t2_basis: tuple[str, ...] = ()
    t2_disputed: tuple[str, ...] = ()
    t2_disputed_us: int = 0
    t2_refused_for: str | None = None
    t2_revoked: bool = False
    t2_asked_since_opening: bool = False
    t3_path: str | None = None
    t3_request: str | None = None
    t3_requested_us: int = 0
    t3_receiver: str | None = None
    disputed: tuple[str, ...] = ()
    drafts: tuple[str, ...] = ()
    said_to_end: tuple[tuple[str, str], ...] = ()
    last_us: dict[str, int] = field(default_factory=dict)
    entered_us: dict[str, int] = field(default_factory=dict)
    left_engaged_us: dict[str, int] = field(default_factory=dict)
    newest: dict[str, str] = field(default_factory=dict)

    @property
    def tier(self) -> int:
        """The tier it is shown at, 1 to 3."""
        return displayed_tier(self.t2, self.t3)

    def state_of(self, region: str) -> str:
        """The present state of ``INC``, ``T2``, ``T3`` or ``LINE``."""
        found: str = getattr(self, _ATTRIBUTE[region])
        return found

    def since_us(self, region: str) -> int:
        """Since when the region is in its state, 0 where nothing has moved it."""
        return self.entered_us.get(region, 0)

    def said_ended(self, apart_from: frozenset[str] = frozenset()) -> bool:
        """Whether Kosovo Police are said to have ended the present request, in a draft that waits
        (``apart_from`` are those that are being entered: they hold until their own end)."""
        return self.t2_request is not None and any(
            request == self.t2_request and draft not in apart_from
            for draft, request in self.said_to_end
        )


@dataclass(slots=True)
class PlatoonState:
    """One platoon: its state, and the incident and engagement that it is reserved for or bound to.

    ``exercise`` is the operation that it has joined. ``moved`` is the id of its newest move.
    ``disputed_for`` are the engagements for which its acceptance is disputed, until the commander
    accepts it anew. ``engagement``, ``exercise`` and ``disputed_for`` are known
    only where its events were read with their bodies, and are not compared.
    """

    platoon_id: str
    version: int = 0
    state: str = INITIAL[RES]
    incident: str | None = None
    since_us: int = 0
    engagement: str | None = field(default=None, compare=False)
    exercise: str | None = field(default=None, compare=False)
    moved: str | None = None
    disputed_for: frozenset[str] = field(default=frozenset(), compare=False)

    @property
    def disputed(self) -> bool:
        """Whether what holds it for its engagement is disputed: then it goes no further."""
        held = self.state in ("RESERVED", "BOUND")
        return held and (self.engagement or _NOT_KNOWN) in self.disputed_for


_NOT_KNOWN = "not known"
_ATTRIBUTE = {INC: "inc", T2: "t2", T3: "t3", LINE: "line"}
_OF_EACH_REGION = ("last_us", "entered_us", "left_engaged_us", "newest")


def evolve(state: IncidentState, event: Folded) -> IncidentState:
    """The state after ``event``; ``state`` itself stays as it was."""
    following = copy.copy(state)
    for name in _OF_EACH_REGION:
        setattr(following, name, dict(getattr(state, name)))
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
        following = replace(state, version=event.seq)
        if event.reason == DISPUTED and state.state in ("RESERVED", "BOUND"):
            disputed = {state.engagement or _NOT_KNOWN}
            following.disputed_for = state.disputed_for | disputed
        elif event.reason == RETIMED and event.corrects == state.moved:
            following.since_us = event.occurred_us
        return following
    held = event.to_state in ("RESERVED", "BOUND", "RETURNING")
    whole = event.body if event.body_text is not None else {}
    joined = event.to_state == "IN_EXERCISE"
    return PlatoonState(
        state.platoon_id,
        event.seq,
        event.to_state,
        event.incident if held else None,
        event.occurred_us,
        whole.get("engagement") if held else None,
        whole.get("record", {}).get("operation") if joined else None,
        event.event_id,
        frozenset(whole.get("disputed_for", ())),
    )


def absorb(state: IncidentState, event: Folded) -> None:
    """Like ``evolve``, in place, for a read model that owns ``state``."""
    state.version = event.seq
    to_state = event.to_state
    if to_state is None or event.corrects is not None:
        _absorb_aside(state, event)
        return
    region = event.region
    if region == T2:  # plain branches: this is what a start spends its time with
        before, state.t2 = state.t2, to_state
    elif region == INC:
        before, state.inc = state.inc, to_state
    elif region == T3:
        before, state.t3 = state.t3, to_state
    elif region == LINE:
        before, state.line = state.line, to_state
    else:
        raise LookupError(f"an incident has no region {region}")
    occurred_us = event.occurred_us
    if occurred_us > state.last_us.get(region, 0):
        state.last_us[region] = occurred_us
    state.newest[region] = event.event_id
    if before != to_state:
        state.entered_us[region] = occurred_us
        if before == "ENGAGED":
            state.left_engaged_us[region] = occurred_us
    effect = _EFFECTS.get((region, event.event))
    if effect is not None:
        effect(state, event)


# --- what moves no state: corrections, disputes, drafts -------------------------------------------


def _absorb_aside(state: IncidentState, event: Folded) -> None:
    if event.corrects is not None:
        if event.reason == DISPUTED:
            _dispute(state, event)
        else:
            _correct(state, event)
    elif event.event == DRAFT:
        _open_draft(state, event)
    elif event.event in CLOSES_A_DRAFT:
        _close_draft(state, event.record["draft"])


def _dispute(state: IncidentState, event: Folded) -> None:
    state.disputed = (*state.disputed, event.event_id)
    if event.corrects in state.t2_basis:
        state.t2_disputed = (*state.t2_disputed, event.event_id)
        state.t2_disputed_us = max(state.t2_disputed_us, event.occurred_us)


def _correct(state: IncidentState, event: Folded) -> None:
    corrected = event.corrects
    if corrected is not None and corrected == state.t2_request:
        state.t2_behind = state.t2_behind | {event.entered_by}
        state.t2_purpose = event.purpose or state.t2_purpose
        state.t2_asked = _asked(event) or state.t2_asked
    if event.reason != RETIMED:
        return
    at_us = event.occurred_us
    if corrected == state.t2_request:
        state.t2_requested_us = at_us
    if corrected == state.t3_request:
        state.t3_requested_us = at_us
    if state.newest.get(event.region) == corrected:
        state.last_us[event.region] = state.entered_us[event.region] = at_us
    if (event.region, event.event) == (T2, "accept"):
        state.t2_accepted_us = at_us
    if event.event == "report":
        state.opened_us = at_us


def _open_draft(state: IncidentState, event: Folded) -> None:
    state.drafts = (*state.drafts, event.event_id)
    ended = event.record.get("ends")
    if ended:
        state.said_to_end = (*state.said_to_end, (event.event_id, str(ended)))


def _close_draft(state: IncidentState, draft: str) -> None:
    state.drafts = tuple(one for one in state.drafts if one != draft)
    state.said_to_end = tuple(one for one in state.said_to_end if one[0] != draft)


# --- what a transition brings besides its state ---------------------------------------------------


def _request_of(event: Folded) -> dict[str, Any]:
    """The request block, empty where the event was read without its body."""
    if event.body_text is None:
        return {}
    found: dict[str, Any] = event.record.get("request", {})
    return found


def _asked(event: Folded) -> int:
    return int(_request_of(event).get("platoons_asked", 0))


def _second_person(event: Folded) -> frozenset[str]:
    if event.body_text is None:
        return frozenset()
    second = event.body.get("second_person")
    return frozenset({second["user"]}) if second else frozenset()


def _open_request(state: IncidentState, event: Folded) -> None:
    state.t2_request = event.event_id
    state.t2_purpose = event.purpose
    state.t2_asked = _asked(event)
    state.t2_basis = (event.event_id,)
    state.t2_disputed = ()
    state.t2_disputed_us = 0


def _request_tier2(state: IncidentState, event: Folded) -> None:
    _open_request(state, event)
    state.t2_engagement = event.event_id
    state.t2_behind = frozenset({event.entered_by})
    state.t2_requested_us = event.occurred_us
    state.t2_named = frozenset()
    state.t2_accepted_us = 0
    state.t2_refused_for = None
    state.t2_revoked = False
    if not state.t2_asked_since_opening:
        state.t2_first_asked_us = event.occurred_us
    state.t2_asked_since_opening = True


def _request_anew(state: IncidentState, event: Folded) -> None:
    """Kosovo Police say it anew: another purpose, or the same after a dispute."""
    _open_request(state, event)
    state.t2_behind = frozenset({event.entered_by}) | _second_person(event)


def _rest_on(state: IncidentState, event: Folded) -> None:
    state.t2_basis = (*state.t2_basis, event.event_id)


def _accept_tier2(state: IncidentState, event: Folded) -> None:
    _rest_on(state, event)
    state.t2_accepted_us = event.occurred_us
    if event.body_text is not None:
        state.t2_named = state.t2_named | frozenset(event.record.get("platoons", ()))


def _refuse_tier2(state: IncidentState, event: Folded) -> None:
    state.t2_refused_for = event.reason
    _end_tier2(state, event)


def _end_tier2(state: IncidentState, _event: Folded) -> None:
    state.t2_request = None
    state.t2_behind = frozenset()
    state.t2_purpose = None
    state.t2_revoked = False
    state.t2_asked = 0
    state.t2_named = frozenset()
    state.t2_basis = ()
    state.t2_disputed = ()
    state.t2_disputed_us = 0


def _revoke(state: IncidentState, _event: Folded) -> None:
    state.t2_revoked = True


def _prealert(state: IncidentState, _event: Folded) -> None:
    state.t2_refused_for = None


def _request_tier3(path: str) -> Callable[[IncidentState, Folded], None]:
    def effect(state: IncidentState, event: Folded) -> None:
        state.t3_path = path
        state.t3_request = event.event_id
        state.t3_requested_us = event.occurred_us
        state.t3_receiver = None

    return effect


def _end_tier3(state: IncidentState, _event: Folded) -> None:
    state.t3_path = None
    state.t3_request = None
    state.t3_receiver = None


def _begin_handover(state: IncidentState, event: Folded) -> None:
    state.t3_receiver = event.receiver


def _open(state: IncidentState, event: Folded) -> None:
    state.opened_us = event.occurred_us


def _reopen(state: IncidentState, event: Folded) -> None:
    _open(state, event)
    _end_tier2(state, event)
    _end_tier3(state, event)
    state.t2_refused_for = None
    state.t2_asked_since_opening = False


_EFFECTS: dict[tuple[str, str], Callable[[IncidentState, Folded], None]] = {
    (INC, "report"): _open,
    (INC, "reinstate"): _open,
    (INC, "reopen"): _reopen,
    (T2, "prealert"): _prealert,
    (T2, "kp_request"): _request_tier2,
    (T2, "change_purpose"): _request_anew,
    (T2, "reconfirm"): _request_anew,
    (T2, "acknowledge"): _rest_on,
    (T2, "accept"): _accept_tier2,
    (T2, "engage"): _rest_on,
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
