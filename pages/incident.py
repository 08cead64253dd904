"""The incident screen: who is where, what may happen next, and what has happened.

``layout`` is the frame that stays; the parts in it (head, lanes, actions, platoons, timeline) are
made anew by ``callbacks/incident.py`` when something happens. The form lives outside of those
parts, so nobody's half-filled form is lost when somebody else acts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from dash import dcc, html
from dash.development.base_component import Component

from domain.errors import NotFound
from pages import incident_identifiers as ids
from pages.components import aria
from pages.incident_actions import actions_part, platoons_part
from pages.incident_head import head_part
from pages.incident_timeline import timeline_part
from pages.incident_view import IncidentView, incident_view
from pages.lanes import lanes
from pages.not_found import no_operation
from pages.session import current_user
from pages.shell import shell, shell_context
from pages.strings import text
from services.container import Services


def layout(services: Services, variables: Mapping[str, str]) -> Component:
    """The screen of one incident; ``variables`` are ``incident`` and ``operation``."""
    incident = variables.get("incident", "")
    operation = variables.get("operation") or incident.rpartition("-")[0]
    where = {**variables, "operation": operation} if operation else dict(variables)
    context = shell_context(services, where, f"/incident/{incident}")
    language = context.language
    nowhere = no_operation(context, where)
    if nowhere is not None:
        return nowhere
    if not incident:  # Dash asks for every id before anybody asks for an incident
        return shell(_screen("", "", [None] * 5, language), context)
    try:
        view = incident_view(services, operation, incident, current_user())
    except NotFound:
        return shell(_missing(operation, incident, language), context)
    return shell(_screen(operation, incident, parts(view, language), language), context)


def _screen(
    operation: str, incident: str, drawn: Sequence[Component | None], language: str
) -> Component:
    head, lanes_drawn, actions, platoons, timeline = drawn
    reference = {"operation": operation, "incident": incident}
    doing = [
        html.P(id=ids.ACT_DONE, className="done", role="status"),
        form_frame(language),
        html.Div(actions, id=ids.INCIDENT_ACTIONS),
    ]
    happened = [
        html.Div(platoons, id=ids.INCIDENT_PLATOONS),
        html.Div(timeline, id=ids.INCIDENT_TIMELINE),
    ]
    return html.Main(
        [
            dcc.Store(id=ids.INCIDENT_REFERENCE, data=reference),
            dcc.Store(id=ids.INCIDENT_TOUCHED, data=0),
            html.Div(head, id=ids.INCIDENT_HEAD, className="incident-head"),
            html.Div(lanes_drawn, id=ids.INCIDENT_LANES),
            html.Div(
                [
                    html.Div(doing, className="incident-do"),
                    html.Div(happened, className="incident-happened"),
                ],
                className="incident-columns",
            ),
        ],
        className="incident-screen",
    )


def parts(
    view: IncidentView, language: str
) -> tuple[Component, Component, Component, Component, Component]:
    """Head, lanes, actions, platoons and timeline of what is known now."""
    return (
        head_part(view, language),
        lanes(view.summary, view.history, view.options, language, "wide"),
        actions_part(view, language),
        platoons_part(view, language),
        timeline_part(view, language),
    )


def form_frame(language: str) -> Component:
    """The frame in which the form of an event opens; hidden until then."""
    return html.Section(
        [
            dcc.Store(id=ids.ACT_META),
            html.H2(id=ids.ACT_TITLE, tabIndex=-1),
            html.Div(id=ids.ACT_FIELDS, className="form-fields"),
            html.Div(id=ids.ACT_NOTICE, className="form-notice", role="alert"),
            html.Div(
                [
                    html.Button(
                        text("incident.submit", language), id=ids.ACT_SUBMIT, className="primary"
                    ),
                    html.Button(text("incident.cancel", language), id=ids.ACT_CANCEL),
                    html.Span(text("incident.submit_hint", language), className="hint"),
                ],
                className="form-buttons",
            ),
        ],
        id=ids.ACT_FRAME,
        className="form-frame",
        hidden=True,
        **aria(labelledby=ids.ACT_TITLE),
    )


def _missing(operation: str, incident: str, language: str) -> Component:
    return html.Main(
        [
            html.H1(text("incident.missing_title", language, incident=incident)),
            html.P(text("incident.missing", language)),
            dcc.Link(text("incident.to_monitor", language), href=f"/?operation={operation}"),
        ],
        className="incident-screen missing",
    )
