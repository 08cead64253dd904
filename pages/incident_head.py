"""The head of an incident: what, how grave, where, and how well that is known."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dash import dcc, html
from dash.development.base_component import Component

from pages.clock_times import group, hour, local_group
from pages.components import aria, data
from pages.incident_view import IncidentView
from pages.places import mgrs_of, place_words
from pages.strings import text

SEVERITIES = (1, 2, 3, 4, 5)


def head_part(view: IncidentView, language: str) -> Component:
    """Number, title, severity, tier, category, place, grading; a red line for what left the
    model."""
    summary = view.summary
    return html.Header(
        [
            html.P(
                [
                    dcc.Link(
                        text("incident.to_monitor", language),
                        href=f"/?operation={view.operation}&incident={view.incident}",
                    ),
                    html.Span(view.incident, className="number"),
                ],
                className="crumb",
            ),
            html.Div(
                [html.H1(summary["title"]), tier_badge(summary["tier"], language)],
                className="title-line",
            ),
            html.Dl(
                [
                    *_fact("severity", severity_mark(summary["severity"], language), language),
                    *_fact("category", _code("category", summary["category"], language), language),
                    *_fact("place", place_part(summary, language), language),
                    *_fact("happened", _times(summary), language),
                    *_fact("grading", _grading(view.report, language), language),
                ],
                className="incident-facts",
            ),
            _out_of_model(summary["out_of_model"], language),
        ],
        className="incident-head",
    )


def severity_mark(severity: int, language: str) -> Component:
    """Severity by form and words: bars, and what the number means."""
    bars = [html.I(className="on" if number <= severity else "") for number in SEVERITIES]
    return html.Span(
        [
            html.Span(bars, className="bars", **aria(hidden="true")),
            html.Span(f"{severity} {_code('severity', str(severity), language)}"),
        ],
        className=f"severity level-{severity}",
    )


def tier_badge(tier: int, language: str) -> Component:
    """The tier that the incident is shown at, in the tier's colour and with its number."""
    return html.Span(
        text("incident.tier_badge", language, tier=tier),
        className=f"tier-badge tier-{tier}",
        title=text(f"incident.tier_{tier}", language),
    )


def place_part(summary: Mapping[str, Any], language: str) -> list[Component | str]:
    """Both names of the place, and the MGRS square of the position."""
    position = summary["position"]
    found: list[Component | str] = [place_words(summary, language)]
    if position is not None:
        found += [
            " ",
            html.Span(mgrs_of(position["lat"], position["lon"]), className="mgrs"),
        ]
    return found


def _fact(name: str, content: Any, language: str) -> list[Component]:
    return [
        html.Div(
            [html.Dt(text(f"incident.fact_{name}", language)), html.Dd(content)],
            className=f"fact of-{name}",
        )
    ]


def _code(name: str, value: str, language: str) -> str:
    return text(f"record.{name}.{value}", language)


def _times(summary: Mapping[str, Any]) -> list[Component | str]:
    occurred = summary["occurred_at"]
    return [
        html.Time(group(occurred), dateTime=occurred, title=local_group(occurred)),
        html.Span(
            hour(occurred),
            className="age",
            **data(since=occurred),
        ),
    ]


def _grading(report: Mapping[str, Any], language: str) -> str:
    record = report.get("record", {})
    if "source_reliability" not in record:
        return ""
    reliability, credibility = record["source_reliability"], record["info_credibility"]
    return text(
        "incident.grading",
        language,
        source=record["source"],
        reliability=_code("source_reliability", reliability, language),
        credibility=_code("info_credibility", str(credibility), language),
    )


def _out_of_model(count: int, language: str) -> Component | None:
    if not count:
        return None
    return html.P(text("incident.out_of_model", language, count=count), className="out-of-model")
