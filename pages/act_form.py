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
from pages.asking import SITREP, first_field, needed_fields
from pages.clock_times import group
from pages.corrections import Corrections
from pages.event_form import EventForm, event_form, with_needed
from pages.form_view import Choices, Painter
from pages.forms import Field
from pages.incident_actions import event_words
from pages.incident_view import IncidentView, PlatoonRow
from pages.places import place_choices
from pages.prefill import prefill
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
        words = text("incident.correcting", language, event=words)
    platoon = _platoon(view, meta)
    return f"{words} · {platoon.callsign}" if platoon else words


def act_fields(
    services: Services, view: IncidentView, meta: Meta, language: str
) -> tuple[list[Component], dict[str, Any]]:
    """The fields, and what the form has to remember; raises ``NotFound``."""
    needed = [*_needed(view, meta), *needed_fields(meta["ask"])]
    form = with_needed(event_form(meta["region"], meta["event"]), needed)
    platoon = _platoon(view, meta)
    values = prefill(form, view, language, platoon, meta["ask"])
    if meta["corrects"]:
        values |= _as_recorded(view, platoon, meta["corrects"], form)
    first = first_field(meta["ask"])
    painter = Painter(FORM, language, values, _choices(services, view, meta), first)
    opened_at = to_rfc3339(view.now)
    if meta["corrects"]:  # a correction is about the time of what it corrects
        opened_at = _corrected(view, platoon, meta["corrects"])["occurred_at"]
    remembered = {
        "opened_at": opened_at,
        "occurred_typed": values.get("occurred_at"),
        "last_at": _last_at(view, meta["region"]),
        "needed": needed,
    }
    if platoon is not None:
        remembered["version"] = platoon.version
    return [*_drawn(painter, form, language, first)], remembered


def _drawn(painter: Painter, form: EventForm, language: str, first: str) -> Iterator[Component]:
    if form.record:
        yield html.Div(painter.fields(form.record), className="asked record")
    around = list(form.around)
    if _is_known_place(form, painter.values):
        place = [one for one in around if one.name == "place_ref" or one.group == "position"]
        around = [one for one in around if one not in place]
        yield _known_place(painter, place, language)
    yield html.Div(painter.fields(around), className="asked around")
    yield html.Details(
        [
            html.Summary(text("incident.more", language)),
            html.Div(painter.fields(form.more), className="asked"),
        ],
        open=any(one.path == first for one in form.more),
    )


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
    accepting = (meta["region"], meta["event"]) == (T2, "accept")
    if accepting and view.summary["purpose"] not in (None, "civil_disturbance"):
        return ["record.operations_approval_ref"]
    return []


def _platoon(view: IncidentView, meta: Meta) -> PlatoonRow | None:
    if meta["region"] != RES:
        return None
    for one in view.platoons:
        if one.id == meta["platoon"]:
            return one
    raise NotFound("no such platoon in this operation")


def _last_at(view: IncidentView, region: str) -> str | None:
    times = [one["occurred_at"] for one in view.history if one["region"] == region]
    return max(times) if times else None


def _as_recorded(
    view: IncidentView, platoon: PlatoonRow | None, corrected: str, form: EventForm
) -> dict[str, Any]:
    """The values of the event that is to be corrected, as they are known now."""
    flat = dict(_flat(_corrected(view, platoon, corrected)))
    return {one.path: value for one in form.fields if (value := _shown(one, flat)) is not None}


def _corrected(view: IncidentView, platoon: PlatoonRow | None, corrected: str) -> Mapping[str, Any]:
    """The newest version of an event; raises ``NotFound``."""
    history = view.history if platoon is None else platoon.history
    versions = Corrections(history).versions(corrected)
    if not versions:
        raise NotFound("no such event at this incident")
    return versions[-1]


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
