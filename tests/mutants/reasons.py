"""Why a mutant lives, in one sentence each; ``make mutants`` puts them into docs/mutants.md."""

from __future__ import annotations

WHY_THE_SAME: dict[str, str] = {
    "I07 line_with_kp": "tier 2 and tier 3 are over then (`engagements_over`), and who is no "
    "longer engaged has given the line back before (`line_not_fpu`, `line_not_kfor`)",
    "A16b line_not_fpu": "row A16a stands before it and takes every case in which the FPU holds "
    "the line",
    "K15b line_not_kfor": "row K15a stands before it and takes every case in which KFOR holds "
    "the line",
    "L01 incident_not_ended": "the FPU is engaged then (`tier2_engaged`), and an incident is "
    "closed or discarded only when nobody is",
    "L02 incident_not_ended": "KFOR is engaged then (`tier3_engaged`), and an incident is closed "
    "or discarded only when nobody is",
    "L03 incident_not_ended": "the FPU is engaged then (`tier2_engaged`), and an incident is "
    "closed or discarded only when nobody is",
    "L04 incident_not_ended": "an incident is closed or discarded only while Kosovo Police holds "
    "the line, and this row starts from the others",
    "tier 2 starts from anywhere, the explicit request stays": "the explicit request of Kosovo "
    "Police is asked for before the state is looked at: this is the rule that the seeds document, "
    "and it holds without the rows' own states",
}
"""By (row, guard) or by the mutant's name: why the machine without it is the same machine."""

WHAT_THE_CASE_HOLDS: dict[str, str] = {
    "I01 somewhere": "an incident has a place",
    "I02 kp_informed": "Kosovo Police was informed in the past, not in the future",
    "I07 tally_reconciled": "the casualties at closing are those of the latest count",
    "I07 force_recorded": "force that was used has its record",
    "A03 somewhere": "a request has a place, its own or the incident's, which I01 asks for already",
    "A05 operations_approval": "another purpose than civil disturbance has an approval",
    "A08 request_outlived": "a request is not called expired before its time",
    "A10 within_radius": "an arrival is near the incident or explained",
    "A11 kp_agreed": "the commander of Kosovo Police agreed in the past",
    "A18 not_revoked": "a request is revoked once; a second time would change no state",
    "K02 capacity_reached": "EULEX asks KFOR only when it is committed or has no capacity",
    "K02 request_received": "the request was received in the past",
    "K02 kp_informed": "Kosovo Police was informed in the past",
    "K02 somewhere": "a request has a place, its own or the incident's, which I01 asks for already",
    "K03 request_received": "the request was received in the past",
    "K03 second_responder_asked": "who passes over the second responder says why",
    "K03 somewhere": "a request has a place, its own or the incident's, which I01 asks for already",
    "K10 within_radius": "an arrival is near the incident or explained",
    "K13 receiver_can_take": "KFOR announces a hand-over to the FPU only while it is engaged; who "
    "confirms is asked again later",
    "L04 fpu_not_skipped": "who passes over the engaged FPU says why",
    "R06 head_count_complete": "a platoon comes back complete, or the difference is explained",
    "R07 exercise_open": "a platoon joins an exercise that is open",
    "times may lie in the future": "nothing is recorded before it happened",
    "no explicit request of Kosovo Police is asked for": "the refusal says that the request is "
    "missing; the rows' own states stop the same events, but would not say why",
}
"""By (row, guard) or by the mutant's name: the fact outside of the 21 invariants that it keeps."""
