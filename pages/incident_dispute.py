"""That the authority of an engagement is disputed, or said to have ended: a band in red.

A dispute that stops nothing (of an engagement that is over, of the line, of tier 3) is a line
below it, or in its place.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from dash import html
from dash.development.base_component import Component

from domain.transitions import INC
from pages.clock_times import group, hour
from pages.components import warning
from pages.incident_timeline import past_words
from pages.incident_view import IncidentView
from pages.strings import text

Dispute = Mapping[str, Any]


def dispute_part(view: IncidentView, language: str) -> Component | None:
    """The bands; None while nothing is disputed and nothing said to have ended."""
    stopping = [one for one in view.disputes if one["stops"]]
    others = [one for one in view.disputes if not one["stops"]]
    drawn = [
        *([_band(view, stopping, language)] if stopping else []),
        *([_said_to_end(view, language)] if view.summary["said_to_end"] else []),
        *([_others(view, others, language)] if others else []),
    ]
    return html.Section(drawn, className="disputes") if drawn else None


def _band(view: IncidentView, disputes: Sequence[Dispute], language: str) -> Component:
    since = disputes[0]["disputed_at"]
    return html.Div(
        [
            html.P(
                [
                    html.Strong(warning(text("incident.dispute_band", language))),
                    html.Span(
                        text("incident.since", language, time=hour(since)), title=group(since)
                    ),
                ],
                className="dispute-title",
            ),
            *(html.P(_words(view, one, language), className="dispute-said") for one in disputes),
            html.P(text("incident.dispute_rule", language), className="dispute-rule"),
            _stays(view, since, language),
        ],
        className="dispute-band",
        role="alert",
    )


def _words(view: IncidentView, one: Dispute, language: str) -> list[Component | str]:
    """Of what it is said, what, by whom, and who wrote it down."""
    said = one["said_by"]
    by = text(
        "incident.dispute_by",
        language,
        org=text(f"record.org.{said['org']}", language),
        function=said["function"],
        user=one["entered_by"]["user"],
    )
    of = f"{hour(one['occurred_at'])} {past_words(view.event(one['event_id']) or one, language)}: "
    return [html.B(of), one["breaks"], html.Span(f" · {by}", className="by")]


def _stays(view: IncidentView, since: str, language: str) -> Component | None:
    """That the commander keeps the FPU there, where that was said since the dispute."""
    newest = view.last(INC, "stays")
    if newest is None or newest["occurred_at"] < since:
        return None
    record = newest["record"]
    ground = text(f"record.ground.{record['ground']}", language)
    words = text(
        "incident.dispute_stays",
        language,
        time=hour(newest["occurred_at"]),
        ground=ground,
        words=record["ground_text"],
    )
    return html.P(words, className="dispute-stays")


def _said_to_end(view: IncidentView, language: str) -> Component:
    """An end of the request that waits in a draft counts already against everything else."""
    request = view.summary["request"]
    saying = [one for one in view.summary["drafts"] if one["ends"] == request]
    typed = [
        text(
            "late.typed_by",
            language,
            user=one["entered_by"]["user"],
            role=text(f"shell.role_{one['entered_by']['role']}", language),
            time=hour(one["recorded_at"]),
        )
        for one in saying[:1]
    ]
    return html.P(
        [
            html.Strong(text("incident.said_to_end", language)),
            *(html.Span(f" · {words}", className="by") for words in typed),
        ],
        className="said-to-end",
        role="alert",
    )


def _others(view: IncidentView, disputes: Sequence[Dispute], language: str) -> Component:
    rows = [
        html.Li(
            [
                html.Span(text("incident.disputed", language), className="tag disputed"),
                html.Span(_words(view, one, language)),
            ]
        )
        for one in disputes
    ]
    return html.Ul(rows, className="disputes-told")
