"""The incident screen: keep it up to date, open the form of an event, send it."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any

from dash import ALL, Dash, Input, Output, State, ctx, no_update

from callbacks.incident_reference import Reference, view_of
from callbacks.late_sending import send_to_wait
from callbacks.sending import send_event
from domain.access.rights import Act, Data, requires
from domain.errors import DashboardError
from pages import identifiers as shared
from pages import incident_identifiers as ids
from pages.act_form import act_fields, act_title
from pages.form_view import typed_values
from pages.incident import PARTS, marks_of, parts
from pages.incident_view import IncidentView
from pages.session import current_language
from services.container import Services

NOTHING = (no_update,) * 5


def register(app: Dash, services: Services) -> None:
    """The three callbacks of the screen."""

    @app.callback(
        *[Output(identifier, "children") for identifier, _ in PARTS],
        Output(ids.INCIDENT_DRAWN, "data"),
        Input(shared.INCIDENT_CHANGES, "data"),
        Input(ids.INCIDENT_TOUCHED, "data"),
        State(ids.INCIDENT_REFERENCE, "data"),
        State(ids.INCIDENT_DRAWN, "data"),
        prevent_initial_call=True,
    )
    @requires(Act.SEE, Data.INCIDENTS)
    def refresh(_changes: object, _touched: object, reference: Reference, shown: list[str]) -> Any:
        return only_new(parts(view_of(services, reference), current_language()), shown)

    @app.callback(
        Output(ids.ACT_FRAME, "hidden"),
        Output(ids.ACT_TITLE, "children"),
        Output(ids.ACT_FIELDS, "children"),
        Output(ids.ACT_META, "data"),
        Output(ids.ACT_NOTICE, "children"),
        Input(ids.ACT_WANTED, "data"),
        Input(ids.ACT_CANCEL, "n_clicks"),
        State(ids.INCIDENT_REFERENCE, "data"),
        prevent_initial_call=True,
    )
    @requires(Act.SEE, Data.INCIDENTS)
    def open_form(wanted: dict[str, Any] | None, _cancel: object, reference: Reference) -> Any:
        if ctx.triggered_id == ids.ACT_CANCEL:
            return True, no_update, [], None, ""
        if not wanted:
            return NOTHING
        return _opened(services, view_of(services, reference), wanted)

    @app.callback(
        Output(ids.ACT_FRAME, "hidden", allow_duplicate=True),
        Output(ids.ACT_FIELDS, "children", allow_duplicate=True),
        Output(ids.ACT_META, "data", allow_duplicate=True),
        Output(ids.ACT_NOTICE, "children", allow_duplicate=True),
        Output(ids.field_fault("act", ALL), "children"),
        Output(ids.secret("act", ALL), "value"),
        Output(ids.ACT_DONE, "children"),
        Output(ids.INCIDENT_TOUCHED, "data"),
        Input(ids.ACT_SUBMIT, "n_clicks"),
        Input(ids.wait(ALL), "n_clicks"),
        State(ids.ACT_META, "data"),
        State(ids.field("act", ALL), "value"),
        State(ids.field("act", ALL), "id"),
        State(ids.field_fault("act", ALL), "id"),
        State(ids.secret("act", ALL), "value"),
        State(ids.secret("act", ALL), "id"),
        State(ids.INCIDENT_TOUCHED, "data"),
        prevent_initial_call=True,
    )
    @requires(Act.CHANGE, Data.INCIDENTS)
    def submit(
        _clicks: int | None,
        _wait: list[int | None],
        meta: dict[str, Any] | None,
        values: list[Any],
        found: list[dict[str, Any]],
        faults: list[dict[str, Any]],
        passwords: list[Any],
        secrets: list[dict[str, Any]],
        touched: int,
    ) -> Any:
        wiped = [""] * len(secrets)  # a password is typed again for every attempt
        if not ctx.triggered[0]["value"] or not meta:
            nothing = [no_update] * len(faults), [no_update] * len(secrets)
            return (no_update,) * 4 + (*nothing, no_update, no_update)
        typed = typed_values([*values, *passwords], [*found, *secrets])
        send = send_event if ctx.triggered_id == ids.ACT_SUBMIT else send_to_wait
        sent = send(services, meta, typed, current_language())
        if sent.done:
            clear = [""] * len(faults)
            return True, [], None, "", clear, wiped, sent.done, touched + 1
        at = sent.at(faults)
        return no_update, no_update, sent.meta, sent.notice, at, wiped, "", no_update


def only_new(drawn: Sequence[Any], shown: Sequence[str]) -> list[Any]:
    """The parts that differ from what is shown, and the marks of all."""
    marks = marks_of(drawn)
    if marks == shown:
        return [no_update] * (len(drawn) + 1)
    known = [*shown, *[""] * (len(marks) - len(shown))]
    return [
        *(no_update if mark == known[at] else drawn[at] for at, mark in enumerate(marks)),
        marks,
    ]


def _opened(services: Services, view: IncidentView, button: dict[str, Any]) -> Any:
    language = current_language()
    meta = {
        "operation": view.operation,
        "incident": view.incident,
        "region": button["region"],
        "event": button["event"],
        "platoon": button["platoon"],
        "corrects": button["corrects"],
        "ask": button["ask"],
        "command_id": str(uuid.uuid4()),
        "version": view.summary["version"],
    }
    try:
        fields, more = act_fields(services, view, meta, language)
    except DashboardError as refused:
        return True, no_update, [], None, refused.detail
    return False, act_title(view, meta, language), fields, meta | more, ""
