"""The invariants of the machine that can be seen in a state or in a log, one function each."""

from __future__ import annotations

from domain.state import IncidentState, PlatoonState
from domain.transitions import T2_COMMITTED, T2_TERMINAL, T3_TERMINAL

_ON_THE_WAY = ("EN_ROUTE", "ON_SCENE", "ENGAGED", "HANDING_BACK")
_ENDED = ("CLOSED", "DISCARDED")


def violations(state: IncidentState, platoons: dict[str, PlatoonState]) -> list[str]:
    """The numbers and words of the invariants that a state breaks."""
    held = [p for p in platoons.values() if p.incident == state.incident_id]
    here = [p for p in held if p.engagement == state.t2_engagement]
    bound = [p for p in held if p.state in ("RESERVED", "BOUND")]
    rules = {
        "1 tier 2 committed needs a live request of Kosovo Police": state.t2 not in T2_COMMITTED
        or (state.t2_request is not None and state.t2_purpose is not None),
        "2 tier 2 engages for civil disturbance only": state.t2 != "ENGAGED"
        or state.t2_purpose == "civil_disturbance",
        "4 tier 3 beyond informed has exactly one path": (state.t3_path is not None)
        == (state.t3 not in ("NONE", "INFORMED", *T3_TERMINAL)),
        "6 a held platoon names its incident": all(
            (p.incident is not None) == (p.state in ("RESERVED", "BOUND", "RETURNING"))
            for p in platoons.values()
        ),
        "6 an engagement on its way has a platoon of its own": state.t2 not in _ON_THE_WAY
        or any(p.state == "BOUND" for p in here),
        "6 no more platoons than were asked for": state.t2 not in T2_COMMITTED
        or sum(p.state in ("RESERVED", "BOUND") for p in here) <= state.t2_asked,
        "8 closed or discarded means that everything is over": state.inc not in _ENDED
        or (
            state.t2 in ("NONE", *T2_TERMINAL)
            and state.t3 in ("NONE", *T3_TERMINAL)
            and state.line == "KP"
            and not bound
        ),
        "22 nothing waits in an incident that has ended": state.inc not in _ENDED
        or not state.drafts,
        "9 an ended engagement keeps no authority": state.t2 not in ("NONE", *T2_TERMINAL)
        or state.t2_request is None,
        "10 the FPU holds the line only while engaged": state.line != "FPU"
        or state.t2 in ("ENGAGED", "HANDING_BACK"),
        "10 KFOR holds the line only while engaged": state.line != "KFOR"
        or state.t3 in ("ENGAGED", "HANDING_OVER"),
        "11 a revoked engagement is not engaged": not (state.t2_revoked and state.t2 == "ENGAGED"),
        "21 stabilised means that nobody is engaged": state.inc != "STABILISED"
        or (state.t2 != "ENGAGED" and state.t3 != "ENGAGED"),
    }
    return [rule for rule, holds in rules.items() if not holds]
