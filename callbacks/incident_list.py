"""The incident list of the monitor and the drawer beside the map."""

from __future__ import annotations

from typing import Any

from dash import ALL, Dash, Input, Output, State, ctx, no_update

from domain.access.rights import Act, Data, requires
from domain.errors import NotFound
from pages import identifiers as shared
from pages import incident_identifiers as ids
from pages.incident_list import LONGEST, chosen, drawer_part, rows_part
from pages.incident_view import incident_view
from pages.session import current_language, current_user
from pages.strings import text
from services.container import Services
from services.debt_counts import DebtCounts


def register(app: Dash, services: Services) -> None:
    """List, pick, drawer."""
    debts = DebtCounts(services.incidents, services.policy)

    @app.callback(
        Output(ids.LIST_ROWS, "children"),
        Output(ids.LIST_COUNT, "children"),
        Input(shared.INCIDENT_CHANGES, "data"),
        Input(ids.LIST_SCOPE, "value"),
        Input(ids.LIST_TIER, "value"),
        Input(ids.LIST_SEVERITY, "value"),
        Input(ids.LIST_TEXT, "value"),
        Input(shared.SELECTED_INCIDENT, "data"),
        State(shared.OPERATION, "data"),
    )
    @requires(Act.SEE, Data.INCIDENTS)
    def rows(
        _changes: object,
        scope: str,
        tier: int | None,
        severity: int | None,
        words: str | None,
        picked: str | None,
        operation: str,
    ) -> Any:
        language = current_language()
        known = _incidents(services, operation)
        found = chosen(
            known, scope=scope or "open", tier=tier, severity=severity, words=words or ""
        )
        count = text("incident.list_count", language, shown=len(found), all=len(known))
        drawn = debts.added_to(operation, found[:LONGEST])
        return rows_part(drawn, picked, language, filtered=bool(known)), count

    @app.callback(
        Output(shared.SELECTED_INCIDENT, "data", allow_duplicate=True),
        Input(ids.row(ALL), "n_clicks"),
        Input(ids.close_drawer(ALL), "n_clicks"),
        State(shared.SELECTED_INCIDENT, "data"),
        prevent_initial_call=True,
    )
    @requires(Act.SEE, Data.INCIDENTS)
    def pick(_rows: object, _close: object, picked: str | None) -> Any:
        pressed = ctx.triggered_id
        if not ctx.triggered[0]["value"] or not isinstance(pressed, dict):
            return no_update  # the rows were drawn anew
        if pressed["type"] == ids.row("")["type"] and pressed["incident"] != picked:
            return pressed["incident"]
        return None

    @app.callback(
        Output(shared.INCIDENT_DRAWER, "children"),
        Input(shared.SELECTED_INCIDENT, "data"),
        Input(shared.INCIDENT_CHANGES, "data"),
        State(shared.OPERATION, "data"),
    )
    @requires(Act.SEE, Data.INCIDENTS)
    def drawer(picked: str | None, _changes: object, operation: str) -> Any:
        if not picked:
            return []
        try:
            view = incident_view(services, operation, picked, current_user())
        except NotFound:
            return []
        return drawer_part(view, current_language())


def _incidents(services: Services, operation: str) -> list[dict[str, Any]]:
    try:
        return services.picture.incidents(operation)
    except NotFound:
        return []
