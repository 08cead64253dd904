"""The security log is read anew when its reader asks for it."""

from __future__ import annotations

from dash import Dash, Input, Output, State

from domain.access.rights import Act, Data, requires
from pages import identifiers as ids
from pages.plain import PARTS, plain
from pages.security import table
from pages.session import current_language
from services.container import Services


def register(app: Dash, services: Services) -> None:
    """One callback: fill the table anew."""

    @app.callback(
        Output(ids.SECURITY_TABLE, PARTS),
        Input(ids.SECURITY_REFRESH, "n_clicks"),
        State(ids.SECURITY_SHOWN, "data"),
        prevent_initial_call=True,
    )
    @requires(Act.SEE, Data.SECURITY_LOG)
    def refresh(_clicks: object, shown: dict[str, str]) -> str:
        return plain(table(services, current_language(), shown))
