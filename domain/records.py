"""What each event carries, as JSON Schema (draft 2020-12): one source for server, forms and docs.

Field names are those of the interface. ``RECORDS`` maps (region, event) to the schema of its
``record``; ``ENVELOPE`` is everything around it. All times are RFC 3339 with a zone.
"""

from __future__ import annotations

from typing import Any

from domain.transitions import INC, LINE, LOG, ORGANISATIONS, RES, T2, T3

Schema = dict[str, Any]

CATEGORIES = (
    "peaceful_gathering", "protest_with_intervention", "violent_demonstration", "barricade",
    "crossing_closure", "attack_on_patrol", "shooting", "explosive_device", "intimidation",
    "search_and_rescue", "traffic", "arrest_operation", "other",
)  # fmt: skip
PURPOSES = ("civil_disturbance", "recon_at_request", "escort_support", "other")
LEGAL_BASES = ("JA_2008_124", "UNSCR_1244", "KP_LAW", "ARRANGEMENT", "OTHER")
FORCE_LEVELS = ("presence", "dialogue", "warning", "physical", "less_lethal", "firearm")
CHANNELS = ("radio", "phone", "email", "in_person", "system")
LANGUAGES = ("en", "pl", "sq", "sr")
SIDES = ("KP", "FPU", "KFOR", "civilian")
DEGREES = ("fatal", "urgent", "priority", "routine")
FORCE_USERS = ("KP", "FPU", "KFOR")
TO_FOLLOW = "to follow"
"""What a reference says that is not known yet. It is a debt of the incident until a correction
names the reference (``domain/debts.py``)."""


def text(longest: int = 2000) -> Schema:
    """A text that is not empty."""
    return {"type": "string", "minLength": 1, "maxLength": longest, "pattern": r"\S"}


def code(*values: str) -> Schema:
    """One of a few words."""
    return {"type": "string", "enum": list(values)}


def moment() -> Schema:
    """A time with a zone."""
    return {"type": "string", "format": "date-time"}


def count(least: int = 0, most: int = 1_000_000) -> Schema:
    """A whole number."""
    return {"type": "integer", "minimum": least, "maximum": most}


def flag() -> Schema:
    """Yes or no."""
    return {"type": "boolean"}


def must_be_true() -> Schema:
    """A box that has to be ticked."""
    return {"type": "boolean", "const": True}


def names() -> Schema:
    """At least one id, none twice."""
    return {"type": "array", "items": text(40), "minItems": 1, "maxItems": 20, "uniqueItems": True}


def fields(needed: dict[str, Schema], optional: dict[str, Schema] | None = None) -> Schema:
    """An object with just these fields."""
    return {
        "type": "object",
        "properties": {**needed, **(optional or {})},
        "required": list(needed),
        "additionalProperties": False,
    }


def _when(schema: Schema, name: str, value: str, then_needs: str) -> Schema:
    rule = {
        "if": {"properties": {name: {"const": value}}, "required": [name]},
        "then": {"required": [then_needs]},
    }
    return {**schema, "allOf": [*schema.get("allOf", []), rule]}


POSITION: Schema = fields(
    {
        "lat": {"type": "number", "minimum": -90, "maximum": 90},
        "lon": {"type": "number", "minimum": -180, "maximum": 180},
    }
)

_REQUEST_FIELDS: dict[str, Schema] = {
    "officer_function": text(120),
    "officer_service_no": text(40),
    "officer_unit": text(120),
    "received_at": moment(),
    "purpose": code(*PURPOSES),
    "legal_basis": code(*LEGAL_BASES),
}
_REQUEST_OPTIONAL: dict[str, Schema] = {
    "purpose_text": text(),
    "legal_basis_text": text(),
    "written_confirmation_ref": text(120),
    "threat_to_life": flag(),
    "crowd_size": count(0),
    "kp_strength": count(0, 100_000),
}


def _request(needed: dict[str, Schema]) -> Schema:
    schema = fields(
        {**_REQUEST_FIELDS, **needed, "kp_commander_contact": text(200)}, _REQUEST_OPTIONAL
    )
    schema = _when(schema, "purpose", "other", "purpose_text")
    return _when(schema, "legal_basis", "OTHER", "legal_basis_text")


_T2_REQUEST = _request({"platoons_asked": count(1, 20)})
_T3_REQUEST = _request({"units_asked": text(200)})
_ANEW = fields({"request": _T2_REQUEST}, {"operations_approval_ref": text(120)})
_REASON = fields({"reason_text": text()})
_NOTHING = fields({})

_COUNTS = fields({}, {degree: count(0, 100_000) for degree in DEGREES})
CASUALTIES: Schema = {
    "oneOf": [
        fields({"none": must_be_true()}),
        {**fields({}, dict.fromkeys(SIDES, _COUNTS)), "minProperties": 1},
    ]
}

_LIST_REF = text(120)

RECORDS: dict[tuple[str, str], Schema] = {
    (INC, "report"): fields(
        {
            "title": text(160),
            "category": code(*CATEGORIES),
            "severity": count(1, 5),
            "source": text(200),
            "source_reliability": code("A", "B", "C", "D", "E", "F"),
            "info_credibility": count(1, 6),
        },
        {"crowd_size": count(0)},
    ),
    (INC, "confirm"): fields({"kp_informed_at": moment(), "kp_unit": text(120)}),
    (INC, "discard"): _when(
        fields({"reason": code("false", "duplicate", "out_of_area")}, {"duplicate_of": text(60)}),
        "reason", "duplicate", "duplicate_of",
    ),
    (INC, "reinstate"): _REASON,
    (INC, "deteriorate"): _REASON,
    (INC, "reopen"): _REASON,
    (INC, "stabilise"): fields({"kp_commander_ref": text(120)}, {"sitrep_ref": text(120)}),
    (INC, "close"): fields(
        {"final_sitrep_ref": text(120), "casualties": CASUALTIES, "force_used": flag()}
    ),
    (INC, "observation"): fields(
        {
            "kind": code("observe", "first_aid", "self_defence", "out_of_model"),
            "ground_text": text(),
            "source": text(200),
        }
    ),
    (INC, "note"): fields({"text": text(4000)}, {"sitrep_ref": text(120)}),
    (INC, "casualties"): fields(
        {"casualties": CASUALTIES, "source": text(200), "as_of": moment()}, {"note": text()}
    ),
    (INC, "force"): fields(
        {
            "level": code(*FORCE_LEVELS),
            "organisation": code(*FORCE_USERS),
            "authorised_by": text(120),
            "warning_given": flag(),
            "effect": text(),
            "injuries": count(0, 100_000),
        },
        {"means": text(200)},
    ),
    (INC, "stays"): fields(
        {
            "ground": code("withdrawal_dangerous", "protection_of_life", "self_defence", "other"),
            "ground_text": text(),
        },
        {"kp_told_at": moment()},
    ),
    (T2, "prealert"): fields({"readiness_level": text(60)}),
    (T2, "stand_down"): _REASON,
    (T2, "kp_request"): fields({"request": _T2_REQUEST}),
    (T2, "change_purpose"): _ANEW,
    (T2, "reconfirm"): _ANEW,
    (T2, "acknowledge"): fields({"read_back": must_be_true()}),
    (T2, "accept"): fields(
        {"tasking_order_no": text(60), "platoons": names(), "eta": moment()},
        {"operations_approval_ref": text(120), "reserve_override_ref": text(120)},
    ),
    (T2, "refuse"): _when(
        fields(
            {
                "reason": code("mandate", "capacity", "safety", "access", "other"),
                "kp_told_at": moment(),
            },
            {"reason_text": text()},
        ),
        "reason", "other", "reason_text",
    ),
    (T2, "cancel"): _REASON,
    (T2, "expire"): fields({"callback_ref": text(120)}),
    (T2, "depart"): fields({"platoons": names(), "eta": moment()}, {"route": text(400)}),
    (T2, "arrive"): fields({}, {"override_reason": text()}),
    (T2, "engage"): fields(
        {
            "kp_agreement": fields({"function": text(120), "at": moment()}),
            "force_level": code(*FORCE_LEVELS),
            "caution_acknowledged": must_be_true(),
        }
    ),
    (T2, "disengage"): _REASON,
    (T2, "begin_handback"): fields({"receiver": text(120)}, {"open_items": text()}),
    (T2, "handback_confirmed"): fields(
        {
            "persons_list_ref": _LIST_REF,
            "casualties_list_ref": _LIST_REF,
            "evidence_list_ref": _LIST_REF,
        }
    ),
    (T2, "handback_failed"): _REASON,
    (T2, "revoke_request"): fields({"officer_function": text(120), "officer_service_no": text(40)}),
    (T2, "withdraw"): fields({"ground": text(), "kp_told_at": moment()}),
    (T3, "inform_kfor"): fields({"channel_ref": text(120)}),
    (T3, "request_via_eulex"): fields(
        {"request": _T3_REQUEST, "capacity_statement": text(), "kp_informed_at": moment()}
    ),
    (T3, "request_by_kp"): fields({"request": _T3_REQUEST}, {"skip_ground": text()}),
    (T3, "own_mandate"): fields(
        {
            "ground": code("SSE", "FOM", "FORCE_PROTECTION", "ARRANGEMENT"),
            "ground_text": text(),
            "authority_function": text(120),
            "kp_told": flag(),
            "eulex_told": flag(),
        },
        {"exception": must_be_true()},
    ),
    (T3, "acknowledge"): _NOTHING,
    (T3, "accept"): fields({"authority_function": text(120), "units": text(200), "eta": moment()}),
    (T3, "refuse"): fields({"reason_text": text(), "requester_told_at": moment()}),
    (T3, "cancel"): _REASON,
    (T3, "depart"): fields({}, {"eta": moment()}),
    (T3, "arrive"): fields({}, {"override_reason": text()}),
    (T3, "engage"): fields({}, {"source": text(200)}),
    (T3, "disengage"): _REASON,
    (T3, "begin_handover"): fields({"receiver": code("FPU", "KP")}, {"open_items": text()}),
    (T3, "handover_confirmed"): _NOTHING,
    (T3, "handover_failed"): _REASON,
    (T3, "withdraw"): fields({"ground": text()}, {"kp_told_at": moment()}),
    (LINE, "relief_in_place_fpu"): fields(
        {"giver": text(120), "taker": text(120)}, {"sector": text(120)}
    ),
    (LINE, "relief_in_place_kfor"): fields(
        {"giver": text(120), "taker": text(120)}, {"sector": text(120)}
    ),
    (LINE, "relief_in_place_kp"): fields(
        {"giver": text(120), "taker": text(120)}, {"sector": text(120), "skip_ground": text()}
    ),
    (RES, "reserve"): fields(
        {"engagement": text(60)},
        {
            "reason_text": text(),
            "reserve_override_ref": text(120),
            "operations_approval_ref": text(120),
        },
    ),
    (RES, "bind"): fields({"tasking_order_no": text(60)}),
    (RES, "unreserve"): fields({"engagement": text(60), "reason_text": text()}),
    (RES, "release"): fields({"engagement": text(60), "reason_text": text()}),
    (RES, "redeploy"): fields(
        {
            "from_incident": text(60),
            "to_incident": text(60),
            "reason_text": text(),
            "kp_told_at": moment(),
        },
        {"operations_approval_ref": text(120)},
    ),
    (RES, "returned"): fields({"headcount": count(0, 1000), "equipment_ok": flag()}),
    (RES, "join_exercise"): fields({"operation": text(40)}, {"reason_text": text()}),
    (RES, "leave_exercise"): fields({"operation": text(40)}, {"reason_text": text()}),
    (LOG, "entry"): fields({"text": text(4000)}, {"unit": text(40), "significant": flag()}),
}  # fmt: skip

ASSERTED_BY: Schema = fields(
    {"org": code(*ORGANISATIONS), "function": text(120)}, {"service_no": text(40)}
)
CONFIRMATION: Schema = fields(
    {
        "org": code(*ORGANISATIONS),
        "function": text(120),
        "at": moment(),
        "channel": code(*CHANNELS),
    }
)
_UUID: Schema = {"type": "string", "format": "uuid"}

_ENVELOPE_OPTIONAL: dict[str, Schema] = {
    "record": {"type": "object"},  # left out where the event has none
    "channel": code(*CHANNELS),
    "channel_ref": text(120),
    "confirmations": {"type": "array", "items": CONFIRMATION, "maxItems": 6},
    "second_user": text(40),
    "position": POSITION,
    "place_ref": text(60),
    "text": text(4000),
    "lang": code(*LANGUAGES),
    "late_entry": flag(),
    "corrects": _UUID,
}
_OF_ONE_ACT: dict[str, Schema] = {
    "second_person": fields({"user": text(40), "password": text(1024)}),
    "dispute": fields({"breaks": text()}, {"said_by": text(200)}),
}
"""What an act may carry besides: the own password of a second person, which is never stored, and
with ``corrects`` what a true statement breaks."""
ENVELOPE: Schema = fields(
    {
        "command_id": _UUID,
        "region": code(INC, T2, T3, LINE, RES),
        "event": text(40),
        "expected_version": count(0),
        "occurred_at": moment(),
        "asserted_by": ASSERTED_BY,
    },
    {**_ENVELOPE_OPTIONAL, **_OF_ONE_ACT},
)
REPORT_ENVELOPE: Schema = fields(
    {
        "command_id": _UUID,
        "occurred_at": moment(),
        "asserted_by": ASSERTED_BY,
        "record": {"type": "object"},
    },
    {
        **_ENVELOPE_OPTIONAL,
        "region": code(INC),
        "event": code("report"),
        "expected_version": count(0, 0),
    },
)
LOG_ENVELOPE: Schema = fields(
    {"command_id": _UUID, "occurred_at": moment(), "record": {"type": "object"}},
    {name: _ENVELOPE_OPTIONAL[name] for name in ("position", "place_ref", "lang", "late_entry")},
)
