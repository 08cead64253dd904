"""The quarantine screen grows when the stream says that something was put there."""

from __future__ import annotations

from dash import Dash, Input, Output, State

from domain.access.rights import Act, Data, requires
from pages import identifiers as ids
from pages.plain import PARTS, plain
from pages.quarantine import tables
from pages.session import current_language
from services.container import Services


def register(app: Dash, services: Services) -> None:
    """One callback: fill the tables anew."""

    @app.callback(
        Output(ids.QUARANTINE_TABLES, PARTS),
        Input(ids.QUARANTINE_CHANGES, "data"),
        State(ids.OPERATION, "data"),
        State(ids.QUARANTINE_SHOWN, "data"),
        prevent_initial_call=True,
    )
    @requires(Act.SEE, Data.QUARANTINE)
    def refresh(_changes: object, operation: object, shown: dict[str, str]) -> str:
        return plain(tables(services, str(operation), current_language(), shown))
