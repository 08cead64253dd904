"""What a form already knows when it opens, by field path; every value can be typed over."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from domain.time import to_date_time_group
from domain.transitions import INC, LINE, RES, T2, T3, WITHOUT_TRANSITION
from pages.event_form import CONFIRMATIONS, EventForm, asserting_roles, organisations_of
from pages.incident_view import IncidentView, PlatoonRow
from pages.prefill_asked import asked_for, capacity_words
from pages.strings import text

ON_THE_WAY = timedelta(minutes=20)
_DISTURBANCES = ("protest_with_intervention", "violent_demonstration", "barricade")
_TAKERS = {
    "relief_in_place_fpu": "FPU",
    "relief_in_place_kfor": "KFOR",
    "relief_in_place_kp": "KP",
}

Values = dict[str, Any]


def prefill(
    form: EventForm,
    view: IncidentView,
    language: str,
    platoon: PlatoonRow | None = None,
    ask: str = "",
) -> Values:
    """The values that a form opens with; ``ask`` is why it opens, see ``pages/asking.py``."""
    values = _times(form, view.now)
    values |= _asserter(form, view, language)
    values |= _confirmations(form, view, language)
    values |= _place(form, view)
    values |= _record(form, view, language)
    if form.region == RES:
        values |= _platoon(view, platoon)
    return values | asked_for(view, language, ask)


def disputing(form: EventForm, view: IncidentView, language: str) -> Values:
    """The values that a dispute opens with: most often it is Kosovo Police who say otherwise."""
    return {
        **_times(form, view.now),
        "asserted_by.org": "KP",
        "asserted_by.function": text("incident.commander_KP", language),
        **_channel_of(view, "KP"),
    }


def _times(form: EventForm, now: datetime) -> Values:
    """Now, for every time that has to be given: nobody was told of anything by default."""
    values: Values = {}
    for one in form.fields:
        if one.kind == "moment" and one.required:
            at = now + ON_THE_WAY if one.name == "eta" else now
            values[one.path] = to_date_time_group(at)
    return values


def _asserter(form: EventForm, view: IncidentView, language: str) -> Values:
    organisation = organisations_of(form.region, form.event)[0]
    if form.event in WITHOUT_TRANSITION or form.region == RES:
        organisation = "FPU"
    role = asserting_roles(form.region, form.event)[0]
    role = view.user.role if role in ("FPU_DUTY", "ANY") else role
    values: Values = {
        "asserted_by.org": organisation,
        "asserted_by.function": text(f"incident.function_{role}", language),
    }
    return values | _channel_of(view, organisation)


def _channel_of(view: IncidentView, organisation: str) -> Values:
    """Over which channel an organisation spoke last."""
    earlier = [one for one in view.history if one.get("asserted_by", {}).get("org") == organisation]
    for one in reversed(earlier):
        if one.get("channel"):
            return {"channel": one["channel"], "channel_ref": one.get("channel_ref")}
    return {"channel": "radio"}


def _confirmations(form: EventForm, view: IncidentView, language: str) -> Values:
    if not any(one.path.startswith("confirmations") for one in form.around):
        return {}
    sides = _sides(form, view)
    values: Values = {}
    for number in range(CONFIRMATIONS):
        values[f"confirmations.{number}.org"] = sides[number]
        function = text(f"incident.commander_{sides[number]}", language)
        values[f"confirmations.{number}.function"] = function
        values[f"confirmations.{number}.channel"] = "radio"
    return values


def _sides(form: EventForm, view: IncidentView) -> tuple[str, str]:
    if form.region == LINE:
        return str(view.summary["line"]), _TAKERS[form.event]
    if form.region == T3:
        begun = view.last(T3, "begin_handover")
        return "KFOR", str(begun["record"]["receiver"]) if begun else "KP"
    return "FPU", "KP"


def _place(form: EventForm, view: IncidentView) -> Values:
    asked = any(one.path == "position.lat" for one in form.around)
    position = view.summary["position"]
    if not asked or position is None:
        return {}
    return {"position.lat": f"{position['lat']:.5f}", "position.lon": f"{position['lon']:.5f}"}


def _record(form: EventForm, view: IncidentView, language: str) -> Values:
    maker = _RECORDS.get((form.region, form.event))
    values = maker(view) if maker else {}
    if form.region == LINE:
        giver, taker = _sides(form, view)
        values["record.giver"] = text(f"incident.commander_{giver}", language)
        values["record.taker"] = text(f"incident.commander_{taker}", language)
    if form.event == "request_via_eulex":
        values["record.capacity_statement"] = capacity_words(view, language)
    if form.event == "observation":
        values["record.source"] = text(f"incident.function_{view.user.role}", language)
    return values


def _asked(view: IncidentView) -> Values:
    """The request block: what the last one of Kosovo Police said, else what the report suggests."""
    request = view.request
    earlier = request["record"]["request"] if request else {}
    values: Values = {
        f"record.request.{name}": earlier[name]
        for name in ("officer_function", "officer_service_no", "officer_unit",
                     "kp_commander_contact", "purpose", "purpose_text", "legal_basis",
                     "legal_basis_text", "platoons_asked")
        if name in earlier
    }  # fmt: skip
    if not request:
        values |= _from_report(view)
    values.setdefault("record.request.legal_basis", "JA_2008_124")
    values.setdefault("record.request.platoons_asked", 1)
    return values


def _from_report(view: IncidentView) -> Values:
    """What is known before anybody has asked: from the report, and who of Kosovo Police leads."""
    values: Values = {}
    if view.summary["category"] in _DISTURBANCES:
        values["record.request.purpose"] = "civil_disturbance"
    confirmed = view.last(INC, "confirm")
    if confirmed:
        values["record.request.officer_unit"] = confirmed["record"]["kp_unit"]
    crowd = view.report.get("record", {}).get("crowd_size")
    if crowd is not None:
        values["record.request.crowd_size"] = crowd
    return values


def _closing(view: IncidentView) -> Values:
    """The newest count, and whether force is recorded; none where nobody was hurt."""
    values: Values = {"record.force_used": bool(view.force)}
    if view.tally:
        values |= _counts(view.tally[-1]["casualties"])
    return values


def _counting(view: IncidentView) -> Values:
    """A newer count starts from the last one."""
    return _counts(view.tally[-1]["casualties"]) if view.tally else {}


def _counts(casualties: Mapping[str, Any]) -> Values:
    if casualties.get("none"):
        return {"record.casualties.none": True}
    return {
        f"record.casualties.{side}.{degree}": number
        for side, degrees in casualties.items()
        for degree, number in degrees.items()
    }


def _using_force(view: IncidentView) -> Values:
    """What the engagement said; a use of force is most often that of the FPU."""
    engaged = view.last(T2, "engage")
    values: Values = {"record.organisation": "FPU", "record.injuries": 0}
    if engaged:
        values["record.level"] = engaged["record"]["force_level"]
    return values


def _accepting(view: IncidentView) -> Values:
    """All that is free where that is not more than was asked; else somebody has to choose."""
    request = view.request
    asked = request["record"]["request"]["platoons_asked"] if request else 0
    free = [one.id for one in view.free]
    return {"record.platoons": free} if 0 < len(free) <= asked else {}


def _departing(view: IncidentView) -> Values:
    reserved = [one.id for one in view.here if one.state == "RESERVED"]
    accepted = view.last(T2, "accept")
    values: Values = {"record.platoons": reserved}
    if accepted:
        values["record.eta"] = _typed(accepted["record"]["eta"])
    return values


def _handing_over(view: IncidentView) -> Values:
    return {"record.receiver": "FPU" if view.summary["t2"] == "ENGAGED" else "KP"}


def _revoking(view: IncidentView) -> Values:
    asked = _asked(view)
    names = ("officer_function", "officer_service_no")
    return {
        f"record.{name}": asked[f"record.request.{name}"]
        for name in names
        if f"record.request.{name}" in asked
    }


def _typed(moment: str) -> str:
    return to_date_time_group(datetime.fromisoformat(moment))


_RECORDS: dict[tuple[str, str], Callable[[IncidentView], Values]] = {
    (T2, "kp_request"): _asked,
    (T2, "change_purpose"): _asked,
    (T2, "reconfirm"): _asked,
    (T2, "accept"): _accepting,
    (T2, "depart"): _departing,
    (T2, "engage"): lambda _view: {"record.force_level": "presence"},
    (T2, "revoke_request"): _revoking,
    (T3, "request_by_kp"): _asked,
    (T3, "request_via_eulex"): _asked,
    (T3, "begin_handover"): _handing_over,
    (INC, "close"): _closing,
    (INC, "casualties"): _counting,
    (INC, "force"): _using_force,
    (INC, "observation"): lambda _view: {"record.kind": "observe"},
    (INC, "stays"): lambda _view: {"record.ground": "withdrawal_dangerous"},
}


def _platoon(view: IncidentView, platoon: PlatoonRow | None) -> Values:
    values: Values = {
        "record.engagement": view.incident,
        "record.from_incident": platoon.incident if platoon else view.incident,
    }
    accepted = view.last(T2, "accept")
    if accepted:
        values["record.tasking_order_no"] = accepted["record"]["tasking_order_no"]
    if platoon is not None:
        values["record.headcount"] = platoon.strength
        joined = [one for one in platoon.history if one["event"] == "join_exercise"]
        if joined and platoon.state == "IN_EXERCISE":
            values["record.operation"] = joined[-1]["record"]["operation"]
    return values
