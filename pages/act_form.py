"""The opened form of one event: its title, its fields with what is known, and its choices."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from dash import html
from dash.development.base_component import Component

from domain.errors import NotFound
from domain.records import TO_FOLLOW
from domain.time import to_rfc3339
from domain.transitions import RES, T2
from pages.asking import DISPUTE, SITREP, first_field, needed_fields
from pages.clock_times import group
from pages.event_form import SECOND_PERSON, EventForm, dispute_form, event_form, with_needed
from pages.form_view import Choices, Painter
from pages.forms import Field
from pages.incident_actions import event_words
from pages.incident_identifiers import wait
from pages.incident_view import IncidentView, PlatoonRow
from pages.places import place_choices
from pages.prefill import disputing, prefill
from pages.strings import text
from services.container import Services

FORM = "act"

Meta = Mapping[str, Any]


def act_title(view: IncidentView, meta: Meta, language: str) -> str:
    """What the form is for."""
    words = event_words(meta["region"], meta["event"], language)
    if meta["ask"] == SITREP:
        words = text("incident.sitrep", language)
    if meta["corrects"]:
        key = "incident.disputing" if meta["ask"] == DISPUTE else "incident.correcting"
        words = text(key, language, event=words)
    platoon = _platoon(view, meta)
    return f"{words} · {platoon.callsign}" if platoon else words


def form_of(meta: Meta) -> EventForm:
    """The form of what was asked for; ``meta`` as the opened form remembers it."""
    if meta["ask"] == DISPUTE:
        return dispute_form(meta["region"], meta["event"])
    form = event_form(meta["region"], meta["event"], alone=bool(meta["corrects"]))
    return with_needed(form, meta.get("needed", ()))


def act_fields(
    services: Services, view: IncidentView, meta: Meta, language: str
) -> tuple[list[Component], dict[str, Any]]:
    """The fields, and what the form has to remember; raises ``NotFound``."""
    needed = [*_needed(view, meta), *needed_fields(meta["ask"])]
    form = form_of({**meta, "needed": needed})
    platoon = _platoon(view, meta)
    opened_at = to_rfc3339(view.now)
    labels = {}
    if meta["ask"] == DISPUTE:
        values = disputing(form, view, language)
        labels = {"occurred_at": text("incident.disputed_when", language)}
    elif meta["corrects"]:  # the time of a correction is that of what it corrects
        known = _known(view, platoon, meta["corrects"])
        values = _as_recorded(known, form)
        opened_at = known["occurred_at"]
        labels = {"occurred_at": text("incident.correct_when", language)}
    else:
        values = prefill(form, view, language, platoon, meta["ask"])
    first = first_field(meta["ask"])
    painter = Painter(FORM, language, values, _choices(services, view, meta), first, labels)
    remembered = {
        "opened_at": opened_at,
        "occurred_typed": values.get("occurred_at"),
        "floor": _floor(view, platoon, meta),
        "needed": needed,
    }
    if platoon is not None:
        remembered["version"] = platoon.version
    return [*_explained(meta, language), *_drawn(painter, form, language, first)], remembered


def _explained(meta: Meta, language: str) -> Iterator[Component]:
    """What a correction and a dispute do, and what they do not."""
    if meta["corrects"]:
        key = "dispute_hint" if meta["ask"] == DISPUTE else "correct_hint"
        yield html.P(text(f"incident.{key}", language), className="form-hint")


def _drawn(painter: Painter, form: EventForm, language: str, first: str) -> Iterator[Component]:
    if form.record:
        yield html.Div(painter.fields(form.record), className="asked record")
    second = [one for one in form.around if one.group == SECOND_PERSON]
    around = [one for one in form.around if one not in second]
    if _is_known_place(form, painter.values):
        place = [one for one in around if one.name == "place_ref" or one.group == "position"]
        around = [one for one in around if one not in place]
        yield _known_place(painter, place, language)
    yield html.Div(painter.fields(around), className="asked around")
    if second:
        yield _second_person(painter, second, language)
    yield html.Details(
        [
            html.Summary(text("incident.more", language)),
            html.Div(painter.fields(form.more), className="asked"),
        ],
        open=any(one.path == first for one in form.more),
    )


def _second_person(painter: Painter, fields: Sequence[Field], language: str) -> Component:
    """Two people, either at one screen, or one after the other."""
    legend = html.Legend(text(f"record.group.{SECOND_PERSON}", language))
    later = html.Button(
        text("incident.let_wait", language), id=wait(FORM), type="button", className="do"
    )
    hint = html.P(text("incident.let_wait_hint", language), className="hint")
    asked = [painter.field(one) for one in fields]
    frame = html.Fieldset([legend, *asked, later, hint], className="group second-person")
    return html.Div(frame, className="asked")


def _is_known_place(form: EventForm, values: Mapping[str, Any]) -> bool:
    """A request is most often about the place of its incident; an arrival is looked at anew."""
    asks = any(one.name == "request" or ".request." in one.path for one in form.record)
    return asks and bool(values.get("position.lat") or values.get("place_ref"))


def _known_place(painter: Painter, place: Sequence[Field], language: str) -> Component:
    where = ", ".join(
        str(value)
        for path in ("position.lat", "position.lon")
        if (value := painter.values.get(path))
    )
    words = text("incident.place_of_incident", language, position=where)
    return html.Details(
        [html.Summary(words), html.Div(painter.fields(place), className="asked")],
        className="known-place",
    )


def _choices(services: Services, view: IncidentView, meta: Meta) -> Choices:
    offered: Sequence[PlatoonRow] = view.free
    if meta["corrects"]:  # what was recorded stays, whatever the platoons do now
        offered = view.platoons
    elif (meta["region"], meta["event"]) == (T2, "depart"):
        offered = [one for one in view.here if one.state == "RESERVED"]
    platoons = [(one.id, f"{one.callsign} ({one.strength})", "") for one in offered]
    incidents = [
        (one["id"], f"{one['id']} {one['title']}", f"{one['id']} {one['title']}")
        for one in services.picture.incidents(view.operation)
        if _may_be_named(one, view, meta)
    ]
    exercises = [
        (one.id, f"{one.id} {one.title}", f"{one.id} {one.title}")
        for one in services.roster.operations()
        if one.kind == "exercise" and (meta["corrects"] or not one.over(view.now))
    ]
    return Choices(platoons, incidents, place_choices(), exercises)


def _may_be_named(one: Mapping[str, Any], view: IncidentView, meta: Meta) -> bool:
    """A platoon goes to an incident whose request is accepted; a duplicate is any other one."""
    if meta["corrects"]:
        return True
    if meta["region"] == RES:
        platoon = _platoon(view, meta)
        serves = platoon.incident if platoon else None
        return bool(one["t2"] == "ACCEPTED") and one["id"] != serves
    return bool(one["id"] != view.incident)


def _needed(view: IncidentView, meta: Meta) -> list[str]:
    """Fields that are needed for what was asked: a guard of the table looks at the purpose."""
    uses = (meta["region"], meta["event"]) in ((T2, "accept"), (T2, "reconfirm"))
    if uses and view.summary["purpose"] not in (None, "civil_disturbance"):
        return ["record.operations_approval_ref"]
    return []


def _platoon(view: IncidentView, meta: Meta) -> PlatoonRow | None:
    if meta["region"] != RES:
        return None
    for one in view.platoons:
        if one.id == meta["platoon"]:
            return one
    raise NotFound("no such platoon in this operation")


def _floor(view: IncidentView, platoon: PlatoonRow | None, meta: Meta) -> str | None:
    """The earliest moment that the form can be about, as far as it is known; what is typed to the
    minute is not before it."""
    stream = view.known if platoon is None else platoon.known
    if meta["ask"] == DISPUTE:
        return str(_known(view, platoon, meta["corrects"])["occurred_at"])
    if meta["corrects"]:
        seq = _known(view, platoon, meta["corrects"])["seq"]
        stream = [one for one in stream if one["seq"] < seq]
    else:
        options = view.options if platoon is None else platoon.options
        for one in options:
            same = (one["region"], one["event"]) == (meta["region"], meta["event"])
            if same and "not_before" in one:
                return str(one["not_before"])
    lane = [one for one in stream if one["region"] == meta["region"] and one["to_state"]]
    return max((one["occurred_at"] for one in lane), default=None)


def _known(view: IncidentView, platoon: PlatoonRow | None, identifier: str) -> Mapping[str, Any]:
    """An event as it is known now; raises ``NotFound``."""
    for one in view.known if platoon is None else platoon.known:
        if one["id"] == identifier:
            return one
    raise NotFound("no such event at this incident")


def _as_recorded(known: Mapping[str, Any], form: EventForm) -> dict[str, Any]:
    """The values of the event that is to be corrected, as they are known now."""
    flat = dict(_flat(known))
    return {one.path: value for one in form.fields if (value := _shown(one, flat)) is not None}


def _shown(one: Field, flat: Mapping[str, Any]) -> Any:
    value = flat.get(one.path)
    if value == TO_FOLLOW:
        return ""  # it is asked for again
    if value is None or one.kind != "moment":
        return value
    return group(str(value))


def _flat(part: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    if isinstance(part, Mapping):
        for name, inside in part.items():
            yield from _flat(inside, f"{path}.{name}" if path else str(name))
    elif isinstance(part, list) and part and isinstance(part[0], Mapping):
        for number, inside in enumerate(part):
            yield from _flat(inside, f"{path}.{number}")
    else:
        yield path, part
