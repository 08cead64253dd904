"""What presses in the head of a lane: a request that waits, a draft, a dispute, an exception."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from dash import html
from dash.development.base_component import Component

from domain.transitions import T2, T3
from pages.clock_times import group, hour
from pages.components import data, warning
from pages.lane_path import Event, LanePath, own_mandate
from pages.strings import text


def marks_of_lane(
    path: LanePath, summary: Mapping[str, Any], history: Sequence[Event], language: str
) -> list[Component]:
    """The marks of one lane, what waits first."""
    region = path.region
    marks: list[Component] = []
    waiting = [one for one in summary["waiting"] if one["region"] == region]
    if waiting:
        marks.append(waiting_mark(waiting[0], language))
    if path.said:
        marks.append(_said_mark(path, language))
    if region == T2 and summary.get("disputed"):
        marks.append(_dispute_mark(summary, language))
    if region == T2 and summary.get("said_to_end"):
        marks.append(_mark("revoked", text("incident.said_to_end_mark", language)))
    if region == T2 and summary["revoked"]:
        marks.append(_mark("revoked", text("incident.revoked", language)))
    if region == T3 and own_mandate(history, path.present):
        marks.append(_mark("exception", text("incident.own_mandate", language)))
    return marks


def waiting_mark(waiting: Mapping[str, str], language: str) -> Component:
    """A request without an answer, with the time that it has waited, counting."""
    return html.P(
        [
            html.Span(text(f"incident.waiting_{waiting['state']}", language) + " "),
            html.Time(
                hour(waiting["since"]),
                className="age",
                dateTime=waiting["since"],
                title=group(waiting["since"]),
                **data(since=waiting["since"]),
            ),
        ],
        className="mark waiting",
    )


def _said_mark(path: LanePath, language: str) -> Component:
    """Where a draft says that the responder is; nothing has moved yet."""
    state, at = list(path.said.items())[-1]
    return html.P(
        [
            html.Span(text("late.said_mark", language), className="hatched"),
            html.Strong(text(f"state.{path.region}_{state}", language)),
            html.Time(hour(at), dateTime=at, title=group(at)),
        ],
        className="mark said",
    )


def _dispute_mark(summary: Mapping[str, Any], language: str) -> Component:
    words = text("incident.dispute_mark", language)
    for one in summary.get("disputed_events") or ():
        if one["stops"]:
            words += " " + text("incident.since", language, time=hour(one["disputed_at"]))
            break
    return html.P(warning(words), className="mark disputed")


def _mark(name: str, words: str) -> Component:
    return html.P(words, className=f"mark {name}")
