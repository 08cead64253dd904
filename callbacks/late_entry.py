"""Late entry on the incident screen: the form of a sequence, and the drafts that wait."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

from dash import ALL, Dash, Input, Output, State, ctx, no_update

from callbacks.incident_reference import Reference, view_of
from callbacks.late_sending import close_draft, send_sequence
from domain.access.rights import Act, Data, requires
from domain.errors import NotFound
from pages import identifiers as shared
from pages import incident_identifiers as incident_ids
from pages import late_identifiers as ids
from pages.drafts import drafts_part, fingerprint
from pages.form_view import typed_values
from pages.incident_identifiers import field, field_fault
from pages.incident_view import IncidentView, actor_of
from pages.late_entry import late_fields
from pages.session import current_language, current_user
from services.container import Services


def register(app: Dash, services: Services) -> None:
    """Open, send, and decide on what waits."""

    @app.callback(
        Output(ids.LATE_FRAME, "hidden"),
        Output(ids.LATE_FIELDS, "children"),
        Output(ids.LATE_META, "data"),
        Output(ids.LATE_NOTICE, "children"),
        Input(ids.LATE_OPEN, "n_clicks"),
        Input(ids.LATE_CANCEL, "n_clicks"),
        State(incident_ids.INCIDENT_REFERENCE, "data"),
        State(ids.LATE_META, "data"),
        prevent_initial_call=True,
    )
    @requires(Act.SEE, Data.INCIDENTS)
    def open_form(_open: object, _cancel: object, reference: Reference, meta: object) -> Any:
        if ctx.triggered_id == ids.LATE_CANCEL:
            return True, [], None, ""
        if meta or not ctx.triggered[0]["value"]:  # what is typed in an open form stays
            return (no_update,) * 4
        view = view_of(services, reference)
        return False, late_fields(view, current_language()), _meta(view), ""

    @app.callback(
        Output(ids.LATE_FRAME, "hidden", allow_duplicate=True),
        Output(ids.LATE_FIELDS, "children", allow_duplicate=True),
        Output(ids.LATE_META, "data", allow_duplicate=True),
        Output(ids.LATE_NOTICE, "children", allow_duplicate=True),
        Output(field_fault(ids.FORM, ALL), "children"),
        Output(ids.LATE_DONE, "children"),
        Output(incident_ids.INCIDENT_TOUCHED, "data", allow_duplicate=True),
        Input(ids.LATE_SUBMIT, "n_clicks"),
        State(ids.LATE_META, "data"),
        State(field(ids.FORM, ALL), "value"),
        State(field(ids.FORM, ALL), "id"),
        State(field_fault(ids.FORM, ALL), "id"),
        State(incident_ids.INCIDENT_TOUCHED, "data"),
        prevent_initial_call=True,
    )
    @requires(Act.CHANGE, Data.INCIDENTS)
    def submit(
        clicks: int | None,
        meta: dict[str, Any] | None,
        values: list[Any],
        found: list[dict[str, Any]],
        faults: list[dict[str, Any]],
        touched: int,
    ) -> Any:
        if not clicks or not meta:
            return (no_update,) * 4 + ([no_update] * len(faults), no_update, no_update)
        view = view_of(services, {name: meta[name] for name in ("operation", "incident")})
        typed = typed_values(values, found)
        sent = send_sequence(services, view, meta, typed, current_language())
        if sent.done:
            return True, [], None, "", [""] * len(faults), sent.done, touched + 1
        return no_update, no_update, sent.meta, sent.notice, sent.at(faults), "", no_update

    _register_drafts(app, services)


def _register_drafts(app: Dash, services: Services) -> None:
    @app.callback(
        Output(ids.INCIDENT_DRAFTS, "children"),
        Output(ids.DRAFTS_SEEN, "data"),
        Input(shared.INCIDENT_CHANGES, "data"),
        Input(incident_ids.INCIDENT_TOUCHED, "data"),
        State(incident_ids.INCIDENT_REFERENCE, "data"),
        State(ids.DRAFTS_SEEN, "data"),
        prevent_initial_call=True,
    )
    @requires(Act.SEE, Data.INCIDENTS)
    def refresh(_changes: object, _touched: object, reference: Reference, seen: str | None) -> Any:
        where = reference["operation"], reference["incident"]
        try:
            looked = services.incidents.look(*where, actor_of(current_user()))
        except NotFound:
            return no_update, no_update
        drafts, ended = looked["drafts"], looked["drafts_ended"]
        mark = fingerprint(drafts, ended)
        if mark == seen:  # a reason that is being typed stays
            return no_update, no_update
        return drafts_part(drafts, current_language(), ended), mark

    @app.callback(
        Output(ids.DRAFT_NOTICE, "children"),
        Output(ids.LATE_DONE, "children", allow_duplicate=True),
        Output(incident_ids.INCIDENT_TOUCHED, "data", allow_duplicate=True),
        Input(ids.confirm(ALL), "n_clicks"),
        Input(ids.reject(ALL), "n_clicks"),
        State(field(ids.REASON_FORM, ALL), "value"),
        State(field(ids.REASON_FORM, ALL), "id"),
        State(incident_ids.INCIDENT_REFERENCE, "data"),
        State(incident_ids.INCIDENT_TOUCHED, "data"),
        prevent_initial_call=True,
    )
    @requires(Act.CHANGE, Data.INCIDENTS)
    def decide(
        _confirm: object,
        _reject: object,
        values: list[Any],
        found: list[dict[str, Any]],
        reference: Reference,
        touched: int,
    ) -> Any:
        pressed = ctx.triggered_id
        if not ctx.triggered[0]["value"] or not isinstance(pressed, dict):
            return (no_update,) * 3  # the buttons were drawn anew
        rejecting = pressed["type"] == ids.reject("")["type"]
        draft = str(pressed["draft"])
        reason = str(typed_values(values, found).get(draft) or "") if rejecting else None
        done, notice = close_draft(services, reference, draft, reason, current_language())
        return notice, done, touched + 1


def _meta(view: IncidentView) -> Mapping[str, Any]:
    return {
        "operation": view.operation,
        "incident": view.incident,
        "command_id": str(uuid.uuid4()),
        "version": view.summary["version"],
    }
