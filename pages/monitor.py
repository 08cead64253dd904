"""The monitor: where every patrol is, which incidents are open, which crossings were visited."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from dash import dcc, html
from dash.development.base_component import Component

from domain.access.rights import Data
from layers.composer import CENTRE
from layers.registry import LAYERS
from pages import identifiers as ids
from pages.components import aria, data, panel
from pages.incident_list import list_part
from pages.log_entry import log_part
from pages.not_found import no_operation
from pages.shell import ShellContext, shell, shell_context
from pages.strings import text
from services.container import Services

ZOOM = 7.7
DUE_AFTER_S = 8 * 3600
OVERDUE_AFTER_S = 24 * 3600
"""When a crossing point is due and overdue for a visit: assumptions, until a plan is entered."""


def layout(services: Services, variables: Mapping[str, str]) -> Component:
    """The screen; ``incident`` in the address opens that incident."""
    context = shell_context(services, variables)
    nowhere = no_operation(context, variables)
    return nowhere or shell(monitor(context, variables.get("incident")), context)


def monitor(context: ShellContext, incident: str | None = None) -> Component:
    """The screen inside the shell. Its script fills the lists and the map."""
    say = context.language
    return html.Main(
        [
            _patrols(context),
            _map(context),
            html.Div(id=ids.INCIDENT_DRAWER, className="drawer"),
            panel(
                ids.INCIDENT_PANEL,
                text("monitor.incidents", say),
                html.Div(
                    list_part(say, context.may_report), id=ids.INCIDENT_LIST, className="incidents"
                ),
            ),
            _coverage(context),
            html.Div([_alerts(say), _log(context)], className="foot"),
            dcc.Store(id=ids.MAP_CLICK),
            dcc.Store(id=ids.SPOT_REPORT),
            dcc.Store(id=ids.MAP_PICK),
            dcc.Store(id=ids.SELECTED_INCIDENT, data=incident),
            dcc.Store(id=ids.SELECTED_INCIDENT_SHOWN),
        ],
        id=ids.MONITOR,
        className="monitor",
    )


def figure(theme: str) -> dict[str, Any]:
    """The figure: nothing but the style. What moves is put into the style's own sources."""
    latitude, longitude = CENTRE
    return {
        "data": [{"type": "scattermap", "lat": [], "lon": []}],
        "layout": {
            "map": {
                "style": style_address(theme),
                "center": {"lat": latitude, "lon": longitude},
                "zoom": ZOOM,
            },
            "margin": {"l": 0, "r": 0, "t": 0, "b": 0},
            "showlegend": False,
            "uirevision": "constant",
            "paper_bgcolor": "rgba(0,0,0,0)",
        },
    }


def style_address(theme: str) -> str:
    """Where the map's style of a theme is served."""
    return f"/map/style-{theme}.json"


def _map(context: ShellContext) -> Component:
    say = context.language
    switches = [{"id": one.id, "shown": one.shown} for one in LAYERS if one.switchable]
    return html.Section(
        [
            dcc.Graph(
                id=ids.MAP,
                figure=figure(context.theme),
                responsive=True,
                config={"displayModeBar": False, "scrollZoom": True, "doubleClick": False},
                className="map",
            ),
            html.Div(id=ids.MAP_TOOLS, className="map-tools", **data(layers=json.dumps(switches))),
            html.P(text("map.attribution", say), className="attribution"),
        ],
        id=ids.MAP_PANEL,
        className="map-panel",
        **aria(label=text("monitor.map", say)),
    )


def _alerts(say: str) -> Component:
    return panel(
        ids.ALERT_PANEL,
        text("monitor.alerts", say),
        html.Ul(id=ids.ALERT_LIST, className="alerts"),
    )


def _log(context: ShellContext) -> Component:
    say = context.language
    part: Component | list[Component] = log_part(say, context.may_write)
    if not context.sees(Data.LOG):
        part = html.P(text("monitor.no_log_for_role", say), className="empty")
    return panel(ids.LOG_PANEL, text("log.title", say), part)


def _patrols(context: ShellContext) -> Component:
    say = context.language
    part: Component = html.Ul(id=ids.PATROL_LIST, className="patrols")
    if not context.sees(Data.POSITIONS):
        words = text("monitor.no_positions_for_role", say)
        part = html.P(words, id=ids.NO_POSITIONS, className="empty")
    return panel(ids.PATROL_PANEL, text("monitor.patrols", say), part)


def _coverage(context: ShellContext) -> Component:
    say = context.language
    return html.Section(
        [
            html.H2(text("monitor.crossings", say), id=f"{ids.COVERAGE_PANEL}-title"),
            html.Ul(id=ids.COVERAGE_COMMON, className="coverage common"),
            html.Ul(id=ids.COVERAGE_OTHERS, className="coverage others", tabIndex="0"),
        ],
        id=ids.COVERAGE_PANEL,
        className="panel coverage-panel",
        **aria(labelledby=f"{ids.COVERAGE_PANEL}-title"),
        **data(due_after=DUE_AFTER_S, overdue_after=OVERDUE_AFTER_S),
    )
