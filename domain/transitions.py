"""The transition table: who may do what to an incident and to a platoon, and what must be true.

This file is the rule book. One row is one transition; nothing else in the program decides which
event leads where. The rules are built on what is public about the three security responders in
Kosovo* (``docs/domain.md`` says what is documented and what is a default of this product):
Kosovo Police first, EULEX Formed Police Unit second and only at the explicit request of Kosovo
Police, KFOR third.

Five regions run side by side, because all three responders can be on scene at once:

``INC``   the incident itself, drawn as the lane of Kosovo Police
``T2``    the engagement of the EULEX Formed Police Unit, tier 2
``T3``    the engagement of KFOR, tier 3
``LINE``  who holds the line: exactly one of KP, FPU, KFOR
``RES``   a platoon, one machine each

Reading a row: in one of ``from_states`` the ``event``, asserted by one of those organisations'
roles and entered by a user with one of those roles, leads to ``to_state`` if every guard holds.
Guards are named here, explained in ``domain/guards.py`` and worded in the catalogues. What the
event must carry is in ``domain/records.py``. A row whose event and origin stand twice (A16, K15)
is told apart by its guards; A19 is one event in five rows, each leading back to where it started.
"""

from __future__ import annotations

from dataclasses import dataclass

INC, T2, T3, LINE, RES, LOG = "INC", "T2", "T3", "LINE", "RES", "LOG"
START = "-"
"""Where an incident comes from: nothing."""

T2_TERMINAL = ("REFUSED", "CANCELLED", "EXPIRED", "WITHDRAWN", "RELEASED")
T3_TERMINAL = ("REFUSED", "CANCELLED", "WITHDRAWN", "RELEASED")
T2_REQUESTS = ("kp_request", "change_purpose", "reconfirm")
"""The events of tier 2 by which Kosovo Police say what they ask."""
T2_COMMITTED = ("ACCEPTED", "EN_ROUTE", "ON_SCENE", "ENGAGED", "HANDING_BACK")
"""Where the FPU is bound to an engagement that it has accepted."""

STATES: dict[str, tuple[str, ...]] = {
    INC: ("REPORTED", "KP_LEAD", "STABILISED", "CLOSED", "DISCARDED"),
    T2: (
        "NONE", "PREALERT", "REQUESTED", "ACKNOWLEDGED", "ACCEPTED", "EN_ROUTE", "ON_SCENE",
        "ENGAGED", "HANDING_BACK", *T2_TERMINAL,
    ),
    T3: (
        "NONE", "INFORMED", "REQUESTED", "ACKNOWLEDGED", "ACCEPTED", "EN_ROUTE", "ON_SCENE",
        "ENGAGED", "HANDING_OVER", *T3_TERMINAL,
    ),
    LINE: ("KP", "FPU", "KFOR"),
    RES: ("AVAILABLE", "RESERVED", "BOUND", "RETURNING", "IN_EXERCISE"),
}  # fmt: skip
"""Every state of every region, in the order in which a lane draws them."""

INITIAL: dict[str, str] = {INC: START, T2: "NONE", T3: "NONE", LINE: "KP", RES: "AVAILABLE"}

ROLES = (
    "FPU_DUTY", "FPU_CMD", "EULEX_OPS", "PLT_LDR", "PATROL_LDR", "EXCON", "AUDITOR", "ADMIN",
    "WALL", "SYSTEM",
)  # fmt: skip
"""Roles of users. KP_REQ, KP_CMD, KFOR_LNO and KFOR_AUTH assert; they do not sign in."""

ORGANISATIONS = ("KP", "FPU", "EULEX", "KFOR", "OTHER")

ORGANISATION_OF: dict[str, tuple[str, ...]] = {
    "KP_REQ": ("KP",), "KP_CMD": ("KP",),
    "FPU_DUTY": ("FPU", "EULEX"), "FPU_CMD": ("FPU", "EULEX"), "PLT_LDR": ("FPU", "EULEX"),
    "PATROL_LDR": ("FPU", "EULEX"), "EULEX_OPS": ("EULEX", "FPU"), "EULEX": ("EULEX", "FPU"),
    "EXCON": ("FPU", "EULEX", "OTHER"),
    "KFOR_LNO": ("KFOR",), "KFOR_AUTH": ("KFOR",),
    "ANY": ORGANISATIONS,
}  # fmt: skip
"""Whose word an asserting role is. The FPU is part of EULEX, so either name is understood."""


@dataclass(frozen=True, slots=True)
class Transition:
    """One row of the table."""

    region: str
    id: str
    from_states: tuple[str, ...]
    event: str
    asserted_by: tuple[str, ...]
    entered_by: tuple[str, ...]
    guards: tuple[str, ...]
    to_state: str


def _row(
    key: str, from_states: str, event: str, asserted: str, entered: str, guards: str, to: str
) -> Transition:
    region, row_id = key.split()
    origin: list[str] = []
    for name in from_states.split():
        origin += {"T2_TERMINAL": T2_TERMINAL, "T3_TERMINAL": T3_TERMINAL}.get(name, (name,))
    return Transition(
        region, row_id, tuple(origin), event,
        tuple(asserted.split()), tuple(entered.split()), tuple(guards.split()), to,
    )  # fmt: skip


# fmt: off
TABLE: tuple[Transition, ...] = (
    # --- the incident -------------------------------------------------------------------------
    _row("INC I01", "-", "report", "ANY", "FPU_DUTY PATROL_LDR EXCON",
         "somewhere", "REPORTED"),
    _row("INC I02", "REPORTED", "confirm", "KP_CMD FPU_DUTY", "FPU_DUTY EXCON",
         "kp_informed", "KP_LEAD"),
    _row("INC I03", "REPORTED", "discard", "FPU_DUTY", "FPU_DUTY EXCON",
         "no_tier_involved no_open_draft duplicate_named", "DISCARDED"),
    _row("INC I04", "DISCARDED", "reinstate", "FPU_CMD", "FPU_CMD",
         "", "REPORTED"),
    _row("INC I05", "KP_LEAD", "stabilise", "KP_CMD", "FPU_DUTY EXCON",
         "nobody_engaged line_with_kp", "STABILISED"),
    _row("INC I06", "STABILISED", "deteriorate", "KP_CMD PATROL_LDR", "FPU_DUTY PATROL_LDR EXCON",
         "", "KP_LEAD"),
    _row("INC I07", "STABILISED", "close", "FPU_CMD", "FPU_CMD EXCON",
         "engagements_over nothing_bound line_with_kp no_open_draft tally_reconciled "
         "force_recorded",
         "CLOSED"),
    _row("INC I08", "CLOSED", "reopen", "FPU_CMD", "FPU_CMD",
         "", "KP_LEAD"),
    # --- tier 2, the EULEX Formed Police Unit -------------------------------------------------
    _row("T2 A01", "NONE T2_TERMINAL", "prealert", "FPU_DUTY", "FPU_DUTY EXCON",
         "incident_open", "PREALERT"),
    _row("T2 A02", "PREALERT", "stand_down", "FPU_DUTY", "FPU_DUTY EXCON",
         "", "NONE"),
    _row("T2 A03", "NONE PREALERT T2_TERMINAL", "kp_request", "KP_REQ", "FPU_DUTY EXCON",
         "kp_leads request_received somewhere", "REQUESTED"),
    _row("T2 A04", "REQUESTED", "acknowledge", "FPU_DUTY", "FPU_DUTY",
         "", "ACKNOWLEDGED"),
    _row("T2 A05", "ACKNOWLEDGED", "accept", "FPU_CMD", "FPU_CMD",
         "authority_live four_eyes operations_approval platoons_free reserve_kept "
         "asked_not_exceeded",
         "ACCEPTED"),
    _row("T2 A06", "REQUESTED ACKNOWLEDGED", "refuse", "FPU_CMD EULEX_OPS", "FPU_CMD EULEX_OPS",
         "told", "REFUSED"),
    _row("T2 A07", "REQUESTED ACKNOWLEDGED ACCEPTED EN_ROUTE ON_SCENE", "cancel", "KP_REQ",
         "FPU_DUTY EXCON", "", "CANCELLED"),
    _row("T2 A08", "REQUESTED", "expire", "FPU_DUTY", "FPU_DUTY",
         "request_outlived", "EXPIRED"),
    _row("T2 A09", "ACCEPTED", "depart", "PLT_LDR", "PLT_LDR FPU_DUTY",
         "authority_live platoons_reserved", "EN_ROUTE"),
    _row("T2 A10", "EN_ROUTE", "arrive", "PLT_LDR", "PLT_LDR FPU_DUTY",
         "within_radius", "ON_SCENE"),
    _row("T2 A11", "ON_SCENE", "engage", "PLT_LDR", "PLT_LDR FPU_DUTY",
         "kp_leads purpose_civil_disturbance authority_live platoon_here kp_agreed", "ENGAGED"),
    _row("T2 A12", "ENGAGED", "disengage", "PLT_LDR FPU_CMD", "PLT_LDR FPU_DUTY",
         "line_not_fpu", "ON_SCENE"),
    _row("T2 A13", "ON_SCENE ENGAGED", "change_purpose", "KP_REQ FPU_CMD", "FPU_CMD",
         "line_not_fpu no_end_said operations_approval asked_not_exceeded request_received "
         "second_person",
         "ON_SCENE"),
    _row("T2 A14", "ON_SCENE ENGAGED", "begin_handback", "PLT_LDR FPU_CMD", "PLT_LDR FPU_DUTY",
         "", "HANDING_BACK"),
    _row("T2 A15", "HANDING_BACK", "handback_confirmed", "KP_CMD PLT_LDR", "FPU_DUTY",
         "line_not_fpu two_confirmations", "RELEASED"),
    _row("T2 A16a", "HANDING_BACK", "handback_failed", "PLT_LDR", "PLT_LDR FPU_DUTY",
         "not_revoked line_with_fpu purpose_civil_disturbance authority_live platoon_here",
         "ENGAGED"),
    _row("T2 A16b", "HANDING_BACK", "handback_failed", "PLT_LDR", "PLT_LDR FPU_DUTY",
         "not_revoked line_not_fpu", "ON_SCENE"),
    _row("T2 A18", "ENGAGED HANDING_BACK", "revoke_request", "KP_REQ", "FPU_DUTY EXCON",
         "not_revoked", "HANDING_BACK"),
    _row("T2 A17", "ACCEPTED EN_ROUTE ON_SCENE ENGAGED HANDING_BACK", "withdraw",
         "FPU_CMD EULEX_OPS", "FPU_CMD EULEX_OPS", "line_not_fpu told", "WITHDRAWN"),
    *(_row(f"T2 A19{letter}", state, "reconfirm", "KP_REQ FPU_CMD", "FPU_CMD",
           "authority_disputed not_revoked no_end_said purpose_kept operations_approval "
           "asked_not_exceeded request_received second_person", state)
      for letter, state in zip("abcde", T2_COMMITTED, strict=True)),
    # --- tier 3, KFOR -------------------------------------------------------------------------
    _row("T3 K01", "NONE T3_TERMINAL", "inform_kfor", "FPU_DUTY", "FPU_DUTY EXCON",
         "incident_not_ended", "INFORMED"),
    _row("T3 K02", "NONE INFORMED T3_TERMINAL", "request_via_eulex", "EULEX_OPS FPU_CMD",
         "FPU_CMD EULEX_OPS", "kp_leads capacity_reached request_received kp_informed somewhere",
         "REQUESTED"),
    _row("T3 K03", "NONE INFORMED T3_TERMINAL", "request_by_kp", "KP_REQ", "FPU_DUTY EXCON",
         "kp_leads request_received second_responder_asked somewhere", "REQUESTED"),
    _row("T3 K04", "NONE INFORMED T3_TERMINAL", "own_mandate", "KFOR_AUTH", "FPU_DUTY EXCON",
         "incident_live", "EN_ROUTE"),
    _row("T3 K05", "REQUESTED", "acknowledge", "KFOR_LNO", "FPU_DUTY EXCON",
         "", "ACKNOWLEDGED"),
    _row("T3 K06", "ACKNOWLEDGED", "accept", "KFOR_AUTH", "FPU_DUTY EXCON",
         "", "ACCEPTED"),
    _row("T3 K07", "REQUESTED ACKNOWLEDGED", "refuse", "KFOR_AUTH", "FPU_DUTY EXCON",
         "told", "REFUSED"),
    _row("T3 K08", "REQUESTED ACKNOWLEDGED ACCEPTED EN_ROUTE", "cancel", "KP_REQ EULEX",
         "FPU_DUTY EXCON", "not_own_mandate canceller_is_requester", "CANCELLED"),
    _row("T3 K09", "ACCEPTED", "depart", "KFOR_LNO", "FPU_DUTY EXCON",
         "", "EN_ROUTE"),
    _row("T3 K10", "EN_ROUTE", "arrive", "KFOR_LNO PATROL_LDR", "FPU_DUTY EXCON",
         "within_radius", "ON_SCENE"),
    _row("T3 K11", "ON_SCENE", "engage", "KFOR_LNO", "FPU_DUTY EXCON",
         "", "ENGAGED"),
    _row("T3 K12", "ENGAGED", "disengage", "KFOR_LNO", "FPU_DUTY EXCON",
         "line_not_kfor", "ON_SCENE"),
    _row("T3 K13", "ON_SCENE ENGAGED", "begin_handover", "KFOR_LNO", "FPU_DUTY EXCON",
         "receiver_can_take", "HANDING_OVER"),
    _row("T3 K14", "HANDING_OVER", "handover_confirmed", "KFOR_LNO KP_CMD PLT_LDR",
         "FPU_DUTY EXCON", "line_not_kfor two_confirmations", "RELEASED"),
    _row("T3 K15a", "HANDING_OVER", "handover_failed", "KFOR_LNO", "FPU_DUTY EXCON",
         "line_with_kfor", "ENGAGED"),
    _row("T3 K15b", "HANDING_OVER", "handover_failed", "KFOR_LNO", "FPU_DUTY EXCON",
         "line_not_kfor", "ON_SCENE"),
    _row("T3 K16", "ACCEPTED EN_ROUTE ON_SCENE ENGAGED HANDING_OVER", "withdraw", "KFOR_AUTH",
         "FPU_DUTY EXCON", "line_not_kfor", "WITHDRAWN"),
    # --- who holds the line -------------------------------------------------------------------
    _row("LINE L01", "KP", "relief_in_place_fpu", "KP_CMD PLT_LDR", "FPU_DUTY EXCON",
         "incident_not_ended tier2_engaged authority_live two_confirmations", "FPU"),
    _row("LINE L02", "KP FPU", "relief_in_place_kfor", "KP_CMD PLT_LDR KFOR_LNO", "FPU_DUTY EXCON",
         "incident_not_ended tier3_engaged two_confirmations", "KFOR"),
    _row("LINE L03", "KFOR", "relief_in_place_fpu", "KFOR_LNO PLT_LDR", "FPU_DUTY EXCON",
         "incident_not_ended tier2_engaged authority_live two_confirmations", "FPU"),
    _row("LINE L04", "FPU KFOR", "relief_in_place_kp", "PLT_LDR KFOR_LNO KP_CMD", "FPU_DUTY EXCON",
         "incident_not_ended two_confirmations fpu_not_skipped", "KP"),
    # --- a platoon ----------------------------------------------------------------------------
    _row("RES R01", "AVAILABLE", "reserve", "FPU_CMD", "FPU_CMD FPU_DUTY",
         "on_shift engagement_under_way authority_live named_by_acceptance reserve_kept "
         "asked_not_exceeded", "RESERVED"),
    _row("RES R02", "RESERVED", "bind", "FPU_DUTY", "FPU_DUTY",
         "engagement_under_way same_engagement authority_live platoon_undisputed", "BOUND"),
    _row("RES R03", "RESERVED", "unreserve", "FPU_CMD", "FPU_CMD FPU_DUTY",
         "", "AVAILABLE"),
    _row("RES R04", "BOUND", "redeploy", "FPU_CMD", "FPU_CMD",
         "platoon_undisputed target_accepted loser_keeps_one told", "BOUND"),
    _row("RES R05", "BOUND", "release", "FPU_CMD", "FPU_CMD FPU_DUTY",
         "engagement_keeps_one", "RETURNING"),
    _row("RES R06", "RETURNING", "returned", "PLT_LDR", "PLT_LDR FPU_DUTY",
         "head_count_complete", "AVAILABLE"),
    _row("RES R07", "AVAILABLE", "join_exercise", "FPU_CMD", "FPU_CMD",
         "exercise_open reserve_kept", "IN_EXERCISE"),
    _row("RES R08", "IN_EXERCISE", "leave_exercise", "FPU_CMD EXCON", "FPU_CMD",
         "exercise_joined", "AVAILABLE"),
)
# fmt: on

WITHOUT_TRANSITION = ("observation", "note", "casualties", "force", "stays")
"""Facts that are always taken, in any state and whatever the sender has seen; they move nothing."""

OBSERVERS = ("FPU_DUTY", "FPU_CMD", "EULEX_OPS", "PLT_LDR", "PATROL_LDR", "EXCON")
"""Who may write an observation, a note or a line of the occurrence log (never out of its kind of
operation: EXCON only in an exercise)."""

WRITERS_OF = {"stays": ("FPU_CMD",)}
"""Facts that are not everybody's to write down. ``stays``: the FPU stays with its ground although
its authority is disputed, because withdrawing is dangerous."""


def _index() -> dict[tuple[str, str], tuple[Transition, ...]]:
    found: dict[tuple[str, str], list[Transition]] = {}
    for row in TABLE:
        found.setdefault((row.region, row.event), []).append(row)
    return {key: tuple(rows) for key, rows in found.items()}


ROWS_OF: dict[tuple[str, str], tuple[Transition, ...]] = _index()
"""The rows of a region's event."""

T2_UNDER_REQUEST = (
    "REQUESTED", "ACKNOWLEDGED", "ACCEPTED", "EN_ROUTE", "ON_SCENE", "ENGAGED", "HANDING_BACK",
)  # fmt: skip
"""Where a request of Kosovo Police stands behind tier 2."""

T2_UNDER_WAY = ("ACCEPTED", "EN_ROUTE", "ON_SCENE", "ENGAGED")


def displayed_tier(t2: str, t3: str) -> int:
    """The tier that an incident is shown at: 3 when KFOR is on scene, else 2, else 1."""
    if t3 in ("ON_SCENE", "ENGAGED", "HANDING_OVER"):
        return 3
    if t2 in ("ON_SCENE", "ENGAGED", "HANDING_BACK"):
        return 2
    return 1


def asks_for(region: str, event: str, guard: str) -> bool:
    """Whether a guard stands on an event, whichever of its rows it goes by."""
    return any(guard in row.guards for row in ROWS_OF.get((region, event), ()))
