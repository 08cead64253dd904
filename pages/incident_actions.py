"""What may be done now as buttons, and for everything else the rule that stops it, in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from dash import html
from dash.development.base_component import Component

from domain.incident import FROM_STATE
from domain.transitions import INC, LINE, ROWS_OF, START, T2, T3, WITHOUT_TRANSITION
from pages import incident_identifiers as ids
from pages.asking import SITREP
from pages.components import aria, data
from pages.incident_view import IncidentView
from pages.lane_layout import PLACES
from pages.strings import catalogue, text

GROUPS = (INC, T2, T3, LINE)
_TIER = {INC: "tier-1", T2: "tier-2", T3: "tier-3", LINE: "line"}
_KEYS = {
    (INC, "confirm"): "1", (T2, "kp_request"): "2", (T2, "acknowledge"): "3", (T2, "accept"): "4",
    (T2, "depart"): "5", (T2, "arrive"): "6", (T2, "engage"): "7", (T2, "begin_handback"): "8",
    (T2, "handback_confirmed"): "9", (INC, "stabilise"): "0", (T2, "refuse"): "r",
    (T2, "disengage"): "d", (T2, "withdraw"): "w", (T2, "prealert"): "p",
    (T3, "inform_kfor"): "i",
}  # fmt: skip
"""The key that opens a form: always the same, the digits along the way of an engagement."""
_FACTS = {"note": "n", "observation": "o", "casualties": "c", "force": "f"}
"""The facts that anybody may record at any time, and the key of each."""
_SITREP_KEY = "s"
_STAYS_KEY = "t"
_AT_THE_SCENE = ("ON_SCENE", "ENGAGED", "HANDING_BACK")

Option = Mapping[str, Any]


def actions_part(view: IncidentView, language: str) -> Component:
    """The actions of the incident by lane, facts, and what is not possible now."""
    groups = [_group(region, view.options, language) for region in GROUPS]
    facts = _facts(view, language)
    return html.Section(
        [
            html.H2(text("incident.actions", language), tabIndex=-1, id=ids.ACTIONS_HEADING),
            html.Div(
                [one for one in (*groups, facts) if one is not None],
                className="action-groups",
            ),
            _keys_switch(language) if facts else None,
            _not_now(_that_matter(view), language),
        ],
        className="actions",
    )


def guard_words(guard: str, detail: str, language: str) -> str:
    """A rule in words of the reader's language; what it says in this case follows where useful."""
    return catalogue(language).get(f"guard.{guard}", detail)


def event_words(region: str, event: str, language: str) -> str:
    """What the button of an event says."""
    return text(f"event.{region}_{event}", language)


def event_button(
    region: str, event: str, language: str, platoon: str = "", ask: str = "", key: str = ""
) -> Component:
    """The button that opens the form of an event; ``key`` alone opens it from the keyboard."""
    words = event_words(region, event, language)
    if ask == SITREP:
        words = text("incident.sitrep", language)
    return html.Button(
        [words, html.Kbd(key, **aria(hidden="true"))] if key else words,
        id=ids.action(region, event, platoon, "", ask),
        className=f"do event-{event}",
        type="button",
        **({**data(key=key), **aria(keyshortcuts=key)} if key else {}),
    )


def _group(region: str, options: Sequence[Option], language: str) -> Component | None:
    allowed = [
        one
        for one in options
        if one["region"] == region and one["allowed"] and one["event"] not in WITHOUT_TRANSITION
    ]
    if not allowed:
        return None
    buttons = [
        event_button(region, one["event"], language, key=_KEYS.get((region, one["event"]), ""))
        for one in allowed
    ]
    return html.Div(
        [
            html.H3(text(f"incident.lane_{region}", language)),
            html.Div(buttons, className="buttons"),
        ],
        className=f"action-group {_TIER[region]}",
        role="group",
    )


def _facts(view: IncidentView, language: str) -> Component | None:
    allowed = {one["event"] for one in view.options if one["allowed"]}
    buttons = [
        event_button(INC, event, language, key=key)
        for event, key in _FACTS.items()
        if event in allowed
    ]
    if "note" in allowed and view.summary["t2"] in _AT_THE_SCENE:
        sitrep = event_button(INC, "note", language, ask=SITREP, key=_SITREP_KEY)
        buttons.insert(1, sitrep)
    if "stays" in allowed and view.summary["disputed"]:
        buttons.append(event_button(INC, "stays", language, key=_STAYS_KEY))
    if not buttons:
        return None
    return html.Div(
        [html.H3(text("incident.facts", language)), html.Div(buttons, className="buttons")],
        className="action-group facts",
        role="group",
    )


def _keys_switch(language: str) -> Component:
    """Turns the single keys on and off; ``assets/fpu-incident.js`` remembers it in the browser."""
    words = [
        html.Span(text(f"incident.keys_{state}", language), className=f"when-{state}")
        for state in ("on", "off")
    ]
    return html.Button(words, className="keys-switch", type="button", **data(keys="switch"))


def _that_matter(view: IncidentView) -> list[Option]:
    """The options without what is of no use while nothing is disputed."""
    return [
        one
        for one in view.options
        if view.summary["disputed"] or one["event"] not in ("stays", "reconfirm")
    ]


def _not_now(options: Sequence[Option], language: str) -> Component | None:
    stopped = [one for one in options if not one["allowed"]]
    if not stopped:
        return None
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
