"""Where the lanes draw each state of the transition table, and how strongly.

A state is drawn from three facts given here: its place (a step of the main path, or an exit set
apart from it), its tone, and its words (key ``state.<region>_<STATE>`` of the catalogues). The
table itself stays in ``domain/transitions.py``; tests fail while a state of it lacks any of these.
"""

from __future__ import annotations

from dataclasses import dataclass

from domain.transitions import INC, LINE, RES, T2, T3

STEPS = 10
"""How many steps the grid of the main path has; the lanes share it, so alike steps align."""


@dataclass(frozen=True, slots=True)
class Place:
    """``step`` counts from 1 along the path. An ``exit`` is drawn apart, below that step."""

    step: int
    exit: bool = False


LANES: tuple[str, ...] = (INC, T2, T3)
"""The regions that are lanes, in the order of the responders."""

HOLDER_OF: dict[str, str] = {INC: "KP", T2: "FPU", T3: "KFOR"}
"""Which state of LINE means that the responder of a lane holds the line."""

PLACES: dict[tuple[str, str], Place] = {
    (INC, "REPORTED"): Place(1),
    (INC, "KP_LEAD"): Place(3),
    (INC, "STABILISED"): Place(9),
    (INC, "CLOSED"): Place(10),
    (INC, "DISCARDED"): Place(2, exit=True),
    (T2, "NONE"): Place(1),
    (T2, "PREALERT"): Place(2),
    (T2, "REQUESTED"): Place(3),
    (T2, "ACKNOWLEDGED"): Place(4),
    (T2, "ACCEPTED"): Place(5),
    (T2, "EN_ROUTE"): Place(6),
    (T2, "ON_SCENE"): Place(7),
    (T2, "ENGAGED"): Place(8),
    (T2, "HANDING_BACK"): Place(9),
    (T2, "RELEASED"): Place(10),
    (T2, "EXPIRED"): Place(3, exit=True),
    (T2, "REFUSED"): Place(4, exit=True),
    (T2, "CANCELLED"): Place(6, exit=True),
    (T2, "WITHDRAWN"): Place(8, exit=True),
    (T3, "NONE"): Place(1),
    (T3, "INFORMED"): Place(2),
    (T3, "REQUESTED"): Place(3),
    (T3, "ACKNOWLEDGED"): Place(4),
    (T3, "ACCEPTED"): Place(5),
    (T3, "EN_ROUTE"): Place(6),
    (T3, "ON_SCENE"): Place(7),
    (T3, "ENGAGED"): Place(8),
    (T3, "HANDING_OVER"): Place(9),
    (T3, "RELEASED"): Place(10),
    (T3, "REFUSED"): Place(4, exit=True),
    (T3, "CANCELLED"): Place(6, exit=True),
    (T3, "WITHDRAWN"): Place(8, exit=True),
    (LINE, "KP"): Place(1),
    (LINE, "FPU"): Place(2),
    (LINE, "KFOR"): Place(3),
    (RES, "AVAILABLE"): Place(1),
    (RES, "RESERVED"): Place(2),
    (RES, "BOUND"): Place(3),
    (RES, "RETURNING"): Place(4),
    (RES, "IN_EXERCISE"): Place(1, exit=True),
}

TONES: dict[tuple[str, str], str] = {
    (INC, "REPORTED"): "asked",
    (INC, "KP_LEAD"): "acting",
    (INC, "STABILISED"): "moving",
    (INC, "CLOSED"): "over",
    (INC, "DISCARDED"): "stopped",
    **{(lane, "NONE"): "idle" for lane in (T2, T3)},
    (T2, "PREALERT"): "idle",
    (T3, "INFORMED"): "idle",
    **{(lane, name): "asked" for lane in (T2, T3) for name in ("REQUESTED", "ACKNOWLEDGED")},
    **{(lane, name): "moving" for lane in (T2, T3) for name in ("ACCEPTED", "EN_ROUTE")},
    **{(lane, name): "acting" for lane in (T2, T3) for name in ("ON_SCENE", "ENGAGED")},
    (T2, "HANDING_BACK"): "moving",
    (T3, "HANDING_OVER"): "moving",
    **{(lane, "RELEASED"): "over" for lane in (T2, T3)},
    **{(lane, name): "stopped" for lane in (T2, T3) for name in ("REFUSED", "CANCELLED")},
    **{(lane, "WITHDRAWN"): "stopped" for lane in (T2, T3)},
    (T2, "EXPIRED"): "stopped",
    **{(LINE, name): "acting" for name in ("KP", "FPU", "KFOR")},
    (RES, "AVAILABLE"): "idle",
    (RES, "RESERVED"): "asked",
    (RES, "BOUND"): "acting",
    (RES, "RETURNING"): "moving",
    (RES, "IN_EXERCISE"): "over",
}
"""How a state is lit: idle (nothing asked), asked (somebody waits for an answer), moving (under
way), acting (there), over (ended as meant), stopped (ended otherwise). ``assets/incident.css`` has
the colour of each tone; all but idle, over and stopped take the colour of the lane's tier."""

TONE_NAMES = ("idle", "asked", "moving", "acting", "over", "stopped")


def tier_of(region: str) -> int:
    """The tier of a lane, 1 to 3; a platoon is of tier 2."""
    return {INC: 1, T2: 2, T3: 3, RES: 2}[region]


def length_of(region: str) -> int:
    """How many steps the main path of a lane has."""
    steps = [place.step for (lane, _), place in PLACES.items() if lane == region]
    return max(steps)
