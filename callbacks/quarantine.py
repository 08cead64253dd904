"""The quarantine screen grows when the stream says that something was put there."""

from __future__ import annotations

from dash import Dash, Input, Output, State
from dash.development.base_component import Component

from pages import identifiers as ids
from pages.quarantine import tables
from pages.session import current_language
from services.container import Services


def register(app: Dash, services: Services) -> None:
    """One callback: fill the tables anew."""

    @app.callback(
        Output(ids.QUARANTINE_TABLES, "children"),
        Input(ids.QUARANTINE_CHANGES, "data"),
        State(ids.OPERATION, "data"),
        prevent_initial_call=True,
    )
    def refresh(_changes: object, operation: object) -> list[Component]:
        return tables(services, str(operation), current_language())
