"""What may be done now as buttons, and for everything else the rule that stops it, in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from dash import html
from dash.development.base_component import Component

from domain.incident import FROM_STATE
from domain.transitions import INC, LINE, RES, ROWS_OF, START, T2, T3
from pages import incident_identifiers as ids
from pages.incident_view import IncidentView, PlatoonRow
from pages.lane_layout import PLACES
from pages.lanes import platoon_track
from pages.strings import catalogue, text

GROUPS = (INC, T2, T3, LINE)
_TIER = {INC: "tier-1", T2: "tier-2", T3: "tier-3", LINE: "line"}
_FACTS = ("note", "observation")
_OF_A_FREE_PLATOON = "reserve"

Option = Mapping[str, Any]


def actions_part(view: IncidentView, language: str) -> Component:
    """The actions of the incident by lane, facts, and what is not possible now."""
    groups = [_group(region, view.options, language) for region in GROUPS]
    return html.Section(
        [
            html.H2(text("incident.actions", language)),
            html.Div(
                [one for one in (*groups, _facts(view.options, language)) if one is not None],
                className="action-groups",
            ),
            _not_now(view.options, language),
        ],
        className="actions",
    )


def platoons_part(view: IncidentView, language: str) -> Component:
    """The platoons at this incident with their own events, and those that are free."""
    here = [_platoon(one, language) for one in view.here]
    free = [_platoon(one, language) for one in view.free]
    nothing = html.P(text("incident.no_platoon_here", language), className="nothing")
    return html.Section(
        [
            html.H2(text("incident.platoons", language)),
            html.Div(here or nothing, className="platoons-here"),
            html.Details(
                [
                    html.Summary(text("incident.free_platoons", language, count=len(free))),
                    html.Div(free, className="platoons-free"),
                ]
            ),
        ],
        className="platoon-panel",
    )


def guard_words(guard: str, detail: str, language: str) -> str:
    """A rule in words of the reader's language; what it says in this case follows where useful."""
    return catalogue(language).get(f"guard.{guard}", detail)


def event_words(region: str, event: str, language: str) -> str:
    """What the button of an event says."""
    return text(f"event.{region}_{event}", language)


def _group(region: str, options: Sequence[Option], language: str) -> Component | None:
    allowed = [
        one
        for one in options
        if one["region"] == region and one["allowed"] and one["event"] not in _FACTS
    ]
    if not allowed:
        return None
    buttons = [_button(region, one["event"], language) for one in allowed]
    return html.Div(
        [
            html.H3(text(f"incident.lane_{region}", language)),
            html.Div(buttons, className="buttons"),
        ],
        className=f"action-group {_TIER[region]}",
        role="group",
    )


def _facts(options: Sequence[Option], language: str) -> Component | None:
    allowed = {one["event"] for one in options if one["allowed"]}
    buttons = [_button(INC, event, language) for event in _FACTS if event in allowed]
    if not buttons:
        return None
    return html.Div(
        [html.H3(text("incident.facts", language)), html.Div(buttons, className="buttons")],
        className="action-group facts",
        role="group",
    )


def _button(region: str, event: str, language: str, platoon: str = "") -> Component:
    return html.Button(
        event_words(region, event, language),
        id=ids.action(region, event, platoon),
        className=f"do event-{event}",
        type="button",
    )


def _not_now(options: Sequence[Option], language: str) -> Component:
    stopped = [one for one in options if not one["allowed"]]
    rows = [
        html.Li(
            [
                html.Span(text(f"incident.lane_short_{one['region']}", language), className="whom"),
                html.Span(event_words(one["region"], one["event"], language), className="what"),
                html.Span(_reason(one, language), className="why", title=one["detail"]),
            ]
        )
        for one in sorted(stopped, key=lambda one: GROUPS.index(one["region"]))
    ]
    return html.Details(
        [
            html.Summary(text("incident.not_now", language, count=len(rows))),
            html.Ul(rows, className="stopped"),
        ],
        className="not-now",
    )


def _reason(option: Option, language: str) -> str:
    if option["guard"] == "role":
        roles = ", ".join(text(f"shell.role_{role}", language) for role in option["roles"])
        return text("incident.role_needed", language, roles=roles)
    if option["guard"] == FROM_STATE:
        return _starts_from(option, language)
    return guard_words(option["guard"], option["detail"], language)


def _starts_from(option: Option, language: str) -> str:
    """From which states the event starts, those of the main path before the exits."""
    region = option["region"]
    rows = ROWS_OF[region, option["event"]]
    states = sorted(
        {state for row in rows for state in row.from_states if state != START},
        key=lambda state: (PLACES[region, state].exit, PLACES[region, state].step),
    )
    words = [text(f"state.{region}_{state}", language) for state in states]
    return text("incident.starts_from", language, states=", ".join(words))


def _platoon(row: PlatoonRow, language: str) -> Component:
    allowed = [one["event"] for one in row.options if one["allowed"]]
    if row.state == "AVAILABLE":
        allowed = [name for name in allowed if name == _OF_A_FREE_PLATOON]
    facts = text(
        "incident.platoon_facts",
        language,
        kind=text(f"incident.platoon_kind_{row.kind}", language),
        strength=row.strength,
    )
    return html.Article(
        [
            html.Header([html.Strong(row.callsign), " ", html.Span(facts, className="faint")]),
            platoon_track(row.state, language),
            html.Div(
                [_button(RES, event, language, row.id) for event in allowed], className="buttons"
            ),
        ],
        className="platoon",
    )
