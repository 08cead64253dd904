"""The opened form of one event: its title, its fields with what is known, and its choices."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from dash import html
from dash.development.base_component import Component

from domain.errors import NotFound
from domain.time import to_rfc3339
from domain.transitions import RES, T2
from pages.clock_times import group
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
    if meta["corrects"]:
        words = text("incident.correcting", language, event=words)
    platoon = _platoon(view, meta)
    return f"{words} · {platoon.callsign}" if platoon else words


def act_fields(
    services: Services, view: IncidentView, meta: Meta, language: str
) -> tuple[list[Component], dict[str, Any]]:
    """The fields, and what the form has to remember; raises ``NotFound``."""
    needed = _needed(view, meta)
    form = with_needed(event_form(meta["region"], meta["event"]), needed)
    platoon = _platoon(view, meta)
    values = prefill(form, view, language, platoon)
    if meta["corrects"]:
        values |= _as_recorded(view, meta["corrects"], form)
    painter = Painter(FORM, language, values, _choices(services, view, meta))
    remembered = {
        "opened_at": to_rfc3339(view.now),
        "occurred_typed": values.get("occurred_at"),
        "last_at": _last_at(view, meta["region"]),
        "needed": needed,
    }
    if platoon is not None:
        remembered["version"] = platoon.version
    return [*_drawn(painter, form, language)], remembered


def _drawn(painter: Painter, form: EventForm, language: str) -> Iterator[Component]:
    if form.record:
        yield html.Div(painter.fields(form.record), className="asked record")
    yield html.Div(painter.fields(form.around), className="asked around")
    yield html.Details(
        [
            html.Summary(text("incident.more", language)),
            html.Div(painter.fields(form.more), className="asked"),
        ]
    )


def _choices(services: Services, view: IncidentView, meta: Meta) -> Choices:
    offered = view.free
    if (meta["region"], meta["event"]) == (T2, "depart"):
        offered = [one for one in view.here if one.state == "RESERVED"]
    platoons = [(one.id, f"{one.callsign} ({one.strength})", "") for one in offered]
    incidents = [
        (one["id"], f"{one['id']} {one['title']}", f"{one['id']} {one['title']}")
        for one in services.picture.incidents(view.operation)
        if one["id"] != view.incident
    ]
    return Choices(platoons, incidents, place_choices())


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


def _as_recorded(view: IncidentView, corrected: str, form: EventForm) -> dict[str, Any]:
    """The values of the event that is to be corrected."""
    for event in view.history:
        if event["id"] == corrected:
            flat = dict(_flat(event))
            return {
                one.path: value for one in form.fields if (value := _shown(one, flat)) is not None
            }
    raise NotFound("no such event at this incident")


def _shown(one: Field, flat: Mapping[str, Any]) -> Any:
    value = flat.get(one.path)
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
