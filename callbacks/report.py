"""Report an incident from the monitor."""

from __future__ import annotations

import uuid
from contextlib import suppress
from typing import Any

from dash import ALL, Dash, Input, Output, State, ctx, no_update

from callbacks.sending import send_report
from domain.access.rights import Act, Data, requires
from domain.alerts import SPOT
from domain.errors import DashboardError, InvalidField
from domain.time import to_rfc3339
from pages import identifiers as shared
from pages import incident_identifiers as ids
from pages.form_view import typed_values
from pages.incident_report import report_fields, report_values, spot_values, where_words
from pages.incident_view import actor_of
from pages.places import point_of, position_of_mgrs
from pages.session import current_language, current_user
from pages.shell import shell_context
from pages.strings import text
from services.container import Services

FORM = "report"


def register(app: Dash, services: Services) -> None:
    """Open, say where, send."""

    @app.callback(
        Output(ids.REPORT_FRAME, "hidden"),
        Output(ids.REPORT_FIELDS, "children"),
        Output(ids.REPORT_META, "data"),
        Output(ids.REPORT_NOTICE, "children"),
        Output(ids.field(FORM, ALL), "value"),
        Input(ids.REPORT_OPEN, "n_clicks"),
        Input(ids.REPORT_CANCEL, "n_clicks"),
        Input(shared.MAP_CLICK, "data"),
        Input(shared.SPOT_REPORT, "data"),
        State(ids.REPORT_META, "data"),
        State(shared.OPERATION, "data"),
        State(ids.field(FORM, ALL), "id"),
        prevent_initial_call=True,
    )
    @requires(Act.SEE, Data.INCIDENTS)
    def open_form(
        _open: object,
        _cancel: object,
        clicked: dict[str, float] | None,
        spot: dict[str, Any] | None,
        meta: dict[str, Any] | None,
        operation: str,
        found: list[dict[str, Any]],
    ) -> Any:
        kept = [no_update] * len(found)
        if ctx.triggered_id == ids.REPORT_CANCEL:
            return True, [], None, "", kept
        position = clicked if ctx.triggered_id == shared.MAP_CLICK else None
        if meta and ctx.triggered_id == shared.SPOT_REPORT:  # nothing that was typed is lost
            notice = text("monitor.spot_form_open", current_language())
            return no_update, no_update, no_update, notice, kept
        if meta:  # open already: a click on the map moves the place, what was typed stays
            return no_update, no_update, no_update, no_update, _moved(found, position)
        may = shell_context(services, {"operation": operation}).may_report
        if not (may and ctx.triggered[0]["value"]):  # readers click on the map, too
            return no_update, no_update, no_update, no_update, kept
        alert = None
        if ctx.triggered_id == shared.SPOT_REPORT:
            alert = _open_spot(services, operation, (spot or {}).get("alert"))
            if alert is None:  # somebody else was faster
                return no_update, no_update, no_update, no_update, kept
        fields, opened = _opened(services, operation, position, alert)
        return False, fields, opened, "", kept

    @app.callback(
        Output(ids.REPORT_WHERE, "children"),
        Input(ids.field_of_any("position.lat"), "value"),
        Input(ids.field_of_any("position.lon"), "value"),
        Input(ids.field_of_any("position.mgrs"), "value"),
        Input(ids.field_of_any("place_ref"), "value"),
        prevent_initial_call=True,
    )
    @requires(Act.SEE, Data.PROGRAM)
    def where(
        latitude: list[Any], longitude: list[Any], square: list[Any], place: list[Any]
    ) -> str:
        if not (latitude and longitude and square and place):
            return ""
        try:
            point = position_of_mgrs(square[0]) if square[0] else None
        except InvalidField:
            return ""
        point = point or _point(latitude[0], longitude[0]) or point_of(place[0])
        return where_words(*point, current_language()) if point else ""

    @app.callback(
        Output(ids.REPORT_FRAME, "hidden", allow_duplicate=True),
        Output(ids.REPORT_FIELDS, "children", allow_duplicate=True),
        Output(ids.REPORT_META, "data", allow_duplicate=True),
        Output(ids.REPORT_NOTICE, "children", allow_duplicate=True),
        Output(ids.field_fault(FORM, ALL), "children"),
        Output(shared.SELECTED_INCIDENT, "data", allow_duplicate=True),
        Input(ids.REPORT_SUBMIT, "n_clicks"),
        State(ids.REPORT_META, "data"),
        State(ids.field(FORM, ALL), "value"),
        State(ids.field(FORM, ALL), "id"),
        State(ids.field_fault(FORM, ALL), "id"),
        prevent_initial_call=True,
    )
    @requires(Act.CHANGE, Data.INCIDENTS)
    def submit(
        clicks: int | None,
        meta: dict[str, Any] | None,
        values: list[Any],
        found: list[dict[str, Any]],
        faults: list[dict[str, Any]],
    ) -> Any:
        if not clicks or not meta:
            return (no_update,) * 4 + ([no_update] * len(faults), no_update)
        sent = send_report(services, meta, typed_values(values, found), current_language())
        if sent.outcome is not None:
            _decided(services, meta, sent.outcome.state["id"])
            return True, [], None, "", [""] * len(faults), sent.outcome.state["id"]
        return no_update, no_update, sent.meta, sent.notice, sent.at(faults), no_update


def _opened(
    services: Services,
    operation: str,
    position: dict[str, float] | None,
    alert: dict[str, Any] | None = None,
) -> Any:
    now, language = services.clock(), current_language()
    values = report_values(now, current_user().role, language, position)
    if alert is not None:
        values = spot_values(values, alert, language)
    meta = {
        "operation": operation,
        "command_id": str(uuid.uuid4()),
        "opened_at": to_rfc3339(now) if alert is None else alert["occurred_at"],
        "occurred_typed": values["occurred_at"],
        "spot": None if alert is None else alert["id"],
    }
    return report_fields(values, language), meta


def _open_spot(services: Services, operation: str, wanted: object) -> dict[str, Any] | None:
    """The spot that waits under that id."""
    for alert in services.picture.alerts(operation, only_open=True):
        if alert.id == wanted and alert.kind == SPOT:
            return alert.view()
    return None


def _decided(services: Services, meta: dict[str, Any], incident: str) -> None:
    """The spot from which the incident was reported waits no longer."""
    spot = meta.get("spot")
    if not isinstance(spot, str):
        return
    # where somebody has decided on it meanwhile, both decisions stand in the log
    with suppress(DashboardError):
        services.occurrences.acknowledge(
            meta["operation"], spot, actor_of(current_user()), incident=incident
        )


def _moved(found: list[dict[str, Any]], position: dict[str, float] | None) -> list[Any]:
    if position is None:
        return [no_update] * len(found)
    new = {
        "position.lat": f"{position['lat']:.5f}",
        "position.lon": f"{position['lon']:.5f}",
        "position.mgrs": "",
    }
    return [new.get(one["path"], no_update) for one in found]


def _point(latitude: object, longitude: object) -> tuple[float, float] | None:
    try:
        point = float(str(latitude).replace(",", ".")), float(str(longitude).replace(",", "."))
    except ValueError:
        return None
    inside = abs(point[0]) <= 84 and abs(point[1]) <= 180  # where MGRS squares are
    return point if inside else None
