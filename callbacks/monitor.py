"""The monitor's callbacks: what its script must know when the selection changes.

Everything that the stream brings is drawn by the scripts; no callback here asks the server for it.
"""

from __future__ import annotations

from dash import ClientsideFunction, Dash, Input, Output

from pages import identifiers as ids
from services.container import Services


def register(app: Dash, _services: Services) -> None:
    """Mark the selected incident on the map, whoever selected it."""
    app.clientside_callback(  # type: ignore[no-untyped-call]
        ClientsideFunction("fpu", "showIncident"),
        Output(ids.SELECTED_INCIDENT_SHOWN, "data"),
        Input(ids.SELECTED_INCIDENT, "data"),
    )
