"""The platoons at an incident, those that are free, and where the others are."""

from __future__ import annotations

from collections.abc import Sequence

from dash import dcc, html
from dash.development.base_component import Component

from pages.components import warning
from pages.incident_actions import event_button
from pages.incident_timeline import Log, entries_of
from pages.incident_view import IncidentView, PlatoonRow
from pages.lanes import platoon_track
from pages.strings import text

_OF_A_FREE_PLATOON = ("reserve", "join_exercise")
_ELSEWHERE = ("IN_EXERCISE",)


def platoons_part(view: IncidentView, language: str) -> Component:
    """The platoons at this incident with their own events, then all others, folded away."""
    here = [_platoon(one, _allowed(one), language, _past(view, one, language)) for one in view.here]
    nothing = html.P(text("incident.no_platoon_here", language), className="nothing")
    return html.Section(
        [
            html.H2(text("incident.platoons", language)),
            html.Div(here or nothing, className="platoons-here"),
            *_folded("free_platoons", [_free(one, language) for one in view.free], language),
            *_folded(
                "other_platoons", [_other(view, one, language) for one in view.elsewhere], language
            ),
        ],
        className="platoon-panel",
    )


def _folded(key: str, rows: Sequence[Component], language: str) -> list[Component]:
    if not rows:
        return []
    words = text(f"incident.{key}", language, count=len(rows))
    return [html.Details([html.Summary(words), html.Div(rows)])]


def _allowed(row: PlatoonRow) -> list[str]:
    return [one["event"] for one in row.options if one["allowed"]]


def _free(row: PlatoonRow, language: str) -> Component:
    allowed = [name for name in _allowed(row) if name in _OF_A_FREE_PLATOON]
    return _platoon(row, allowed, language)


def _other(view: IncidentView, row: PlatoonRow, language: str) -> Component:
    """One that serves another incident or an exercise: where, and a way to it."""
    allowed = _allowed(row) if row.state in _ELSEWHERE else []
    return _platoon(row, allowed, language, _where(view, row, language))


def _past(view: IncidentView, row: PlatoonRow, language: str) -> Component | None:
    """Its own log as far as it is about this incident, with what may be corrected."""
    history = [one for one in row.history if one["incident"] == view.incident]
    if not history:
        return None

    def may_correct(_region: str, event: str) -> bool:
        roles = next((one["roles"] for one in row.options if one["event"] == event), ())
        return view.user.role in roles and view.writes

    known = [one for one in row.known if one["incident"] == view.incident]
    log = Log(history, known, may_correct, view.may_dispute, row.id)
    entries = entries_of(log, language)
    words = text("incident.platoon_events", language, count=len(history))
    return html.Details([html.Summary(words), html.Ol(entries, className="timeline")])


def _where(view: IncidentView, row: PlatoonRow, language: str) -> Component | None:
    if row.incident is None:
        return None
    return dcc.Link(
        text("incident.platoon_at", language, incident=row.incident),
        href=f"/incident/{row.incident}?operation={view.operation}",
        className="where",
    )


def _platoon(
    row: PlatoonRow, allowed: Sequence[str], language: str, more: Component | None = None
) -> Component:
    facts = text(
        "incident.platoon_facts",
        language,
        kind=text(f"incident.platoon_kind_{row.kind}", language),
        strength=row.strength,
    )
    buttons = [event_button("RES", event, language, row.id) for event in allowed]
    return html.Article(
        [
            html.Header(
                [
                    html.Strong(row.callsign),
                    " ",
                    _disputed(language) if row.disputed else None,
                    html.Span(facts, className="faint"),
                ]
            ),
            platoon_track(row.state, language),
            html.Div(buttons, className="buttons") if buttons else None,
            more,
        ],
        className="platoon disputed" if row.disputed else "platoon",
    )


def _disputed(language: str) -> Component:
    """It serves under an authority that is disputed, or was sent by an entry that is."""
    return html.Span(warning(text("incident.dispute_mark", language)), className="tag disputed")
