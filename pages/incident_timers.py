"""The clocks that run: what is waited for, of whom, and how long there is. ``assets/fpu-timers.js``
lets them count by the server's clock; what is drawn here is true without it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dash import html
from dash.development.base_component import Component

from domain.timers import WRITTEN_CONFIRMATION
from pages.clock_times import group, hour
from pages.components import aria, data
from pages.incident_view import IncidentView
from pages.strings import text

Clock = Mapping[str, Any]


def timers_part(view: IncidentView, language: str) -> Component | None:
    """The strip of clocks, the most urgent first; None while none runs."""
    running = view.summary["timers"]
    if not running:
        return None
    title = text("incident.clocks", language)
    return html.Ul(
        [_clock(one, view.now.isoformat(), language) for one in running],
        className="countdowns",
        **aria(label=title),
    )


def next_clock(summary: Mapping[str, Any]) -> Clock | None:
    """The clock that comes first, for a row of the list; None when none runs.

    A paper that is to come tomorrow is no matter of minutes; the row counts it among the debts.
    """
    running = [one for one in summary.get("timers", ()) if one["name"] != WRITTEN_CONFIRMATION]
    return running[0] if running else None


def row_clock(one: Clock, language: str) -> Component:
    """A clock as a line of the list."""
    words = clock_words(one, language)
    return html.Span(
        [
            html.Span(words, className="countdown-name", title=words),
            _left(one, "", language),
        ],
        className="countdown row-countdown",
    )


def clock_words(one: Clock, language: str) -> str:
    """Whose clock it is and what it waits for."""
    who = text(f"incident.lane_short_{one['region']}", language)
    what = text(f"incident.clock_{one['name']}", language)
    return f"{who}: {what}"


def _clock(one: Clock, now: str, language: str) -> Component:
    return html.Li(
        [
            html.Span(clock_words(one, language), className="countdown-name"),
            _left(one, now, language),
            html.Span(text(f"shell.role_{one['owner']}", language), className="countdown-owner"),
        ],
        className="countdown overdue" if one.get("overdue") else "countdown",
    )


def _left(one: Clock, beside: str, language: str) -> Component:
    due = one["due"]
    return html.Time(
        text("incident.clock_due", language, time=hour(due, beside or None)),
        className="countdown-left",
        dateTime=due,
        title=group(due),
        role="timer",
        **data(due=due),
    )
