"""Why a mutant lives, in one sentence each; ``make mutants`` puts them into docs/mutants.md."""

from __future__ import annotations

WHY_THE_SAME: dict[str, str] = {
    "I07 line_with_kp": "tier 2 and tier 3 are over then (`engagements_over`), and who is no "
    "longer engaged has given the line back before (`line_not_fpu`, `line_not_kfor`)",
    "A16b line_not_fpu": "row A16a stands before it and takes every case in which the FPU holds "
    "the line",
    "K15b line_not_kfor": "row K15a stands before it and takes every case in which KFOR holds "
    "the line",
    "A16a not_revoked": "authority that is revoked is not live (`authority_live`)",
    **{
        f"A19{letter} not_revoked": "a revoked engagement is in Handing back until it is over, and "
        "this row starts from another state"
        for letter in "abcd"
    },
    "A19d operations_approval": "who is engaged is engaged for civil disturbance "
    "(`purpose_civil_disturbance`), another purpose is no reconfirmation (`purpose_kept`), and "
    "civil disturbance needs no approval",
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
    "R08 exercise_joined": "a platoon leaves the exercise that it is in",
    "I03 no_open_draft": "an incident in which something waits is not discarded",
    "I07 no_open_draft": "an incident in which something waits is not closed",
    "A09 authority_live": "nobody departs on authority that is disputed",
    "A11 platoon_here": "nobody engages with platoons that no undisputed acceptance names",
    "A13 operations_approval": "another purpose than civil disturbance has an approval",
    "A13 no_end_said": "what is said to have ended is not changed",
    "A13 asked_not_exceeded": "no more platoons serve than Kosovo Police ask for anew",
    "A13 second_person": "what Kosovo Police say anew is taken by two people",
    "A16a purpose_civil_disturbance": "a hand-back that failed leads back to Engaged for civil "
    "disturbance only",
    "A16a authority_live": "a hand-back that failed leads back to Engaged on live authority only",
    "A16a platoon_here": "a hand-back that failed leads back to Engaged with an undisputed platoon",
    "L01 authority_live": "the FPU takes over no line on authority that is disputed",
    "L03 authority_live": "the FPU takes over no line on authority that is disputed",
    "R02 engagement_under_way": "nobody is sent to an engagement that hands back",
    "R02 same_engagement": "a platoon is bound to the engagement that it was accepted for",
    "R04 platoon_undisputed": "a platoon goes nowhere on an acceptance that is disputed",
    **{
        f"A19{letter} {guard}": held
        for letter in "abcde"
        for guard, held in {
            "authority_disputed": "what nobody disputes is not confirmed anew",
            "not_revoked": "what was revoked is not confirmed anew",
            "no_end_said": "what is said to have ended is not confirmed anew",
            "purpose_kept": "another purpose is a change of purpose",
            "operations_approval": "another purpose than civil disturbance has an approval",
            "asked_not_exceeded": "no more platoons serve than Kosovo Police ask for anew",
            "request_received": "the request was received in the past",
            "second_person": "what Kosovo Police say anew is taken by two people",
        }.items()
    },
    "a typed name is overheard": "who types a name as second person is told that it confirms "
    "nothing",
    "what follows in other lanes has no order": "what an event leads to in another lane keeps the "
    "order of that lane",
    "a platoon's event may name another incident": "a platoon answers for the incident it serves",
    "a correction may change what states stand on": "platoons, reasons and receivers stay as the "
    "states were folded from them",
    "who corrects is not behind the request": "who accepted a request does not correct it",
    "a correction may say what cannot be": "what lies in the future is refused as in any entry",
    **{
        f"times do not rest on {guard}": "no act lies before what it rests on in another lane"
        for guard in (
            "engagements_over",
            "line_with_kp",
            "line_not_kfor",
            "engagement_keeps_one",
            "line_with_fpu",
            "line_with_kfor",
            "engagement_under_way",
            "target_accepted",
            "nothing_bound",
            "capacity_reached",
            "second_responder_asked",
            "receiver_can_take",
            "loser_keeps_one",
        )
    },
    "R07 exercise_open": "a platoon joins an exercise that is open",
    "times may lie in the future": "nothing is recorded before it happened",
    "no explicit request of Kosovo Police is asked for": "the refusal says that the request is "
    "missing; the rows' own states stop the same events, but would not say why",
}
"""By (row, guard) or by the mutant's name: the fact outside of the 21 invariants that it keeps."""
