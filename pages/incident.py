"""The incident screen: who is where, what may happen next, and what has happened.

``layout`` is the frame that stays; the parts in it are
made anew by ``callbacks/incident.py`` when something happens; ``PARTS`` lists them, and a further
panel is one more line there. The form lives outside of those parts, so nobody's half-filled form is
lost when somebody else acts.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence

from dash import dcc, html
from dash.development.base_component import Component
from plotly.utils import PlotlyJSONEncoder

from domain.errors import NotFound
from pages import incident_identifiers as ids
from pages.components import aria
from pages.drafts import drafts_frame
from pages.incident_actions import actions_part
from pages.incident_aftermath import aftermath_part
from pages.incident_asked import asked_part
from pages.incident_capacity import capacity_part
from pages.incident_debts import debts_part
from pages.incident_dispute import dispute_part
from pages.incident_head import head_part
from pages.incident_platoons import platoons_part
from pages.incident_timeline import timeline_part
from pages.incident_timers import timers_part
from pages.incident_view import IncidentView, incident_view
from pages.lanes import lanes
from pages.late_entry import late_part
from pages.not_found import no_operation
from pages.session import current_user
from pages.shell import shell, shell_context
from pages.strings import text
from services.container import Services

Maker = Callable[[IncidentView, str], Component | None]
Part = tuple[str, Maker]


def lanes_part(view: IncidentView, language: str) -> Component:
    """The three lanes across the page."""
    return lanes(view.summary, view.known, view.options, language, "wide")


ABOVE: tuple[Part, ...] = (
    (ids.INCIDENT_HEAD, head_part),
    (ids.INCIDENT_DISPUTE, dispute_part),
    (ids.INCIDENT_TIMERS, timers_part),
    (ids.INCIDENT_LANES, lanes_part),
)
"""Across the page, from the top. A part is the id of its place and what draws it."""

DOING: tuple[Part, ...] = (
    (ids.INCIDENT_CAPACITY, capacity_part),
    (ids.INCIDENT_ACTIONS, actions_part),
    (ids.INCIDENT_DEBTS, debts_part),
)
"""At the left, below the form: what is to be decided and recorded."""

HAPPENED: tuple[Part, ...] = (
    (ids.INCIDENT_ASKED, asked_part),
    (ids.INCIDENT_PLATOONS, platoons_part),
    (ids.INCIDENT_AFTERMATH, aftermath_part),
    (ids.INCIDENT_TIMELINE, timeline_part),
)
"""At the right: what is known."""

PARTS: tuple[Part, ...] = (*ABOVE, *DOING, *HAPPENED)


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
        late = [drafts_frame([], language), late_part(language, may_write=False)]
        return shell(_screen("", "", [None] * len(PARTS), late, language), context)
    try:
        view = incident_view(services, operation, incident, current_user())
    except NotFound:
        return shell(_missing(operation, incident, language), context)
    late = [
        drafts_frame(view.summary["drafts"], language, view.summary["drafts_ended"]),
        late_part(language, may_write=context.may_write),
    ]
    return shell(_screen(operation, incident, parts(view, language), late, language), context)


def _screen(
    operation: str,
    incident: str,
    drawn: Sequence[Component | None],
    late: Sequence[Component],
    language: str,
) -> Component:
    contents = iter(drawn)
    above, doing, happened = (
        [html.Div(next(contents), id=identifier, className="part") for identifier, _ in column]
        for column in (ABOVE, DOING, HAPPENED)
    )
    form = [html.P(id=ids.ACT_DONE, className="done", role="status"), form_frame(language)]
    return html.Main(
        [
            dcc.Store(
                id=ids.INCIDENT_REFERENCE, data={"operation": operation, "incident": incident}
            ),
            dcc.Store(id=ids.INCIDENT_TOUCHED, data=0),
            dcc.Store(id=ids.INCIDENT_DRAWN, data=marks_of(drawn)),
            *above[:-1],
            *late,
            above[-1],
            html.Div(
                [
                    html.Div([*form, *doing], className="incident-do"),
                    html.Div(happened, className="incident-happened"),
                ],
                className="incident-columns",
            ),
        ],
        id=ids.INCIDENT_SCREEN,
        className="incident-screen",
        tabIndex=-1,
    )


def parts(view: IncidentView, language: str) -> list[Component | None]:
    """What is known now, in the order of ``PARTS``; None where there is nothing to say."""
    return [make(view, language) for _, make in PARTS]


def marks_of(drawn: Sequence[Component | None]) -> list[str]:
    """A short mark of each part: the same while there is nothing new to draw in it.

    The browser takes seconds to draw a long incident anew, so what is unchanged is left alone.
    """
    written = (json.dumps(one, cls=PlotlyJSONEncoder, sort_keys=True) for one in drawn)
    return [hashlib.sha256(one.encode()).hexdigest()[:16] for one in written]


def form_frame(language: str) -> Component:
    """The frame in which the form of an event opens; hidden until then."""
    return html.Section(
        [
            dcc.Store(id=ids.ACT_META),
            dcc.Store(id=ids.ACT_WANTED),
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
