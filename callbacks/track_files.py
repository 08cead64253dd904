"""The list of imports is made anew when something was stored, undone or written into the log."""

from __future__ import annotations

from dash import Dash, Input, Output, State

from domain.access.rights import Act, Data, requires
from pages import identifiers as ids
from pages.plain import PARTS, plain
from pages.session import current_language
from pages.track_files import imports_part
from services.container import Services


def register(app: Dash, services: Services) -> None:
    """One callback: fill the list anew."""

    @app.callback(
        Output(ids.IMPORTS_LIST, PARTS),
        Input(ids.TRACK_CHANGES, "data"),
        Input(ids.LOG_CHANGES, "data"),
        State(ids.OPERATION, "data"),
        prevent_initial_call=True,
    )
    @requires(Act.SEE, Data.IMPORTS)
    def refresh(_tracks: object, _log: object, operation: object) -> str:
        return plain(imports_part(services, str(operation), current_language()))
