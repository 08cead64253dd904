"""Report an incident: from a click on the map or a place's name, in a quarter of a minute."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from dash import dcc, html
from dash.development.base_component import Component

from domain.records import RECORDS
from domain.time import parse_rfc3339, to_date_time_group
from domain.transitions import INC
from pages import incident_identifiers as ids
from pages.components import aria
from pages.event_form import EventForm, organisations_of, position_fields
from pages.form_view import Choices, Painter
from pages.forms import Field, record_fields
from pages.places import mgrs_of, near_words, place_choices
from pages.strings import text

FORM = "report"
_LATER = ("crowd_size", "source_reliability", "info_credibility", "source")
_OWN_EYES = ("PATROL_LDR",)


def report_frame(language: str) -> Component:
    """The frame in which the form opens, over the map's edge; hidden until then."""
    return html.Section(
        [
            dcc.Store(id=ids.REPORT_META),
            html.H2(text("incident.report", language), id=ids.REPORT_TITLE, tabIndex=-1),
            html.P(id=ids.REPORT_WHERE, className="report-where", role="status"),
            html.Div(id=ids.REPORT_FIELDS, className="form-fields"),
            html.Div(id=ids.REPORT_NOTICE, className="form-notice", role="alert"),
            html.Div(
                [
                    html.Button(
                        text("incident.report_submit", language),
                        id=ids.REPORT_SUBMIT,
                        className="primary",
                        type="button",
                    ),
                    html.Button(
                        text("incident.cancel", language), id=ids.REPORT_CANCEL, type="button"
                    ),
                    html.Span(text("incident.submit_hint", language), className="hint"),
                ],
                className="form-buttons",
            ),
        ],
        id=ids.REPORT_FRAME,
        className="form-frame report-frame",
        hidden=True,
        **aria(labelledby=ids.REPORT_TITLE),
    )


def report_form() -> EventForm:
    """The fields of a report: what and where first, who said so after it, the rest folded away."""
    record = record_fields(RECORDS[INC, "report"])
    first = [one for one in record if one.name not in _LATER]
    later = [one for one in record if one.name in _LATER]
    return EventForm(
        INC,
        "report",
        (
            *first,
            *position_fields(),
        ),
        (Field("occurred_at", "moment", True),),
        (
            *sorted(later, key=lambda one: one.name == "crowd_size"),
            Field("asserted_by.org", "choice", True, organisations_of(INC, "report")),
            Field("asserted_by.function", "text", True),
            Field("channel", "choice", False, ("radio", "phone", "email", "in_person", "system")),
            Field("channel_ref", "text", False),
            Field("text", "long", False),
        ),
    )


def report_fields(values: Mapping[str, Any], language: str) -> list[Component]:
    """The form's fields with ``values``."""
    form = report_form()
    painter = Painter(FORM, language, values, Choices(places=place_choices()))
    return [
        *painter.fields(form.record),
        *painter.fields(form.around),
        html.Details(
            [
                html.Summary(text("incident.report_more", language)),
                html.Div(painter.fields(form.more), className="form-fields"),
            ]
        ),
    ]


def report_values(
    now: datetime, role: str, language: str, position: Mapping[str, float] | None
) -> dict[str, Any]:
    """What a new report knows: now, who reports, where the map was clicked.

    A patrol leader grades what the patrol saw as B2; a desk that was told something has not judged
    it yet, which is F6.
    """
    own = role in _OWN_EYES
    values: dict[str, Any] = {
        "occurred_at": to_date_time_group(now),
        "record.severity": "3",
        "record.source": text(f"incident.function_{role}", language),
        "record.source_reliability": "B" if own else "F",
        "record.info_credibility": "2" if own else "6",
        "asserted_by.org": "FPU",
        "asserted_by.function": text(f"incident.function_{role}", language),
        "channel": "radio",
    }
    if position is not None:
        values["position.lat"] = f"{position['lat']:.5f}"
        values["position.lon"] = f"{position['lon']:.5f}"
    return values


def spot_values(
    values: Mapping[str, Any], alert: Mapping[str, Any], language: str
) -> dict[str, Any]:
    """``values`` with what a spot says: when, what, where, and which patrol marked it.

    The grade stays what a desk gives to something that it was told: nobody has judged it yet.
    """
    words = [str(alert[name]) for name in ("title", "remarks") if alert.get(name)]
    prefilled = {
        **values,
        "occurred_at": to_date_time_group(parse_rfc3339(str(alert["occurred_at"]), "occurred_at")),
        "record.title": (words[0] if words else "")[:160],
        "record.source": f"{alert['callsign']}, {alert['device']}"[:200],
        "record.source_reliability": "F",
        "record.info_credibility": "6",
        "asserted_by.function": text("incident.function_PATROL_LDR", language),
        "channel": "system",
    }
    if len(words) > 1:
        prefilled["text"] = words[1]
    position = alert.get("position")
    if position:
        prefilled["position.lat"] = f"{position['lat']:.5f}"
        prefilled["position.lon"] = f"{position['lon']:.5f}"
    return prefilled


def where_words(latitude: float, longitude: float, language: str) -> str:
    """Where a position is, as it would be said on the radio."""
    return f"{near_words(latitude, longitude, language)} · {mgrs_of(latitude, longitude)}"
