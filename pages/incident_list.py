"""The incident list of the monitor, and the lanes of the one that was picked, beside the map."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from dash import dcc, html
from dash.development.base_component import Component

from data.kosovo.names import fold
from domain.transitions import INC
from pages import incident_identifiers as ids
from pages.clock_times import group, hour
from pages.components import aria, data, warning
from pages.incident_dispute import dispute_part
from pages.incident_head import SEVERITIES, place_part, severity_mark, tier_badge
from pages.incident_report import report_frame
from pages.incident_timers import next_clock, row_clock
from pages.incident_view import IncidentView
from pages.lane_marks import waiting_mark
from pages.lanes import lanes, miniature
from pages.places import place_words
from pages.strings import text

ENDED = ("CLOSED", "DISCARDED")
LONGEST = 200
"""Rows that are drawn; the filters reach the others."""

Summary = Mapping[str, Any]


def list_part(language: str, may_report: bool) -> list[Component]:
    """Filters and rows for the monitor's container; reporting for those who may."""
    return [
        report_frame(language),
        html.Div(
            [
                html.Button(
                    text("incident.report", language),
                    id=ids.REPORT_OPEN,
                    className="primary",
                    type="button",
                    hidden=not may_report,
                ),
                dcc.RadioItems(
                    id=ids.LIST_SCOPE,
                    options=_options(("open", "all"), "filter", language),
                    value="open",
                    inline=True,
                    className="choice segments",
                ),
                html.Details(
                    [
                        html.Summary(text("incident.filter", language)),
                        html.Div(
                            [
                                dcc.Input(
                                    id=ids.LIST_TEXT,
                                    type="text",
                                    debounce=0.2,
                                    placeholder=text("incident.filter_text", language),
                                    className="line",
                                ),
                                _filter(ids.LIST_TIER, "tier", (1, 2, 3), language),
                                _filter(ids.LIST_SEVERITY, "severity", SEVERITIES, language),
                            ],
                            className="filter-fields",
                        ),
                    ],
                    className="more-filters",
                ),
                html.P(id=ids.LIST_COUNT, className="list-count", role="status"),
            ],
            className="list-filters",
        ),
        html.Div(id=ids.LIST_ROWS, className="incident-rows"),
    ]


def chosen(
    incidents: Iterable[Summary],
    *,
    scope: str,
    tier: int | None,
    severity: int | None,
    words: str,
) -> list[Summary]:
    """The incidents that the filters leave, most urgent first: what is disputed or waits for an
    answer, then by severity, then the newest. ``severity`` is the least that is shown."""
    wanted = fold(words).split()
    found = [
        one
        for one in incidents
        if (scope == "all" or one["inc"] not in ENDED)
        and (tier is None or one["tier"] == tier)
        and (severity is None or one["severity"] >= severity)
        and all(word in _searched(one) for word in wanted)
    ]
    found.sort(key=lambda one: str(one["occurred_at"]), reverse=True)
    return sorted(found, key=_urgency)


def rows_part(
    found: Sequence[Summary], picked: str | None, language: str, *, filtered: bool = True
) -> list[Component]:
    """The rows, or a sentence when there is none; without ``filtered`` there was none to leave."""
    if not found:
        key = "incident.list_empty" if filtered else "incident.list_none"
        return [html.P(text(key, language), className="nothing")]
    return [_row(one, one["id"] == picked, language) for one in found[:LONGEST]]


def drawer_part(view: IncidentView, language: str) -> Component:
    """The picked incident beside the map: its lanes, and the way to its screen."""
    summary = view.summary
    return html.Article(
        [
            html.Header(
                [
                    html.Span(view.incident, className="number"),
                    tier_badge(summary["tier"], language),
                    dcc.Link(
                        text("late.open", language),
                        href=f"/incident/{view.incident}?operation={view.operation}&late=1",
                        className="late-link",
                    )
                    if _may_enter(view)
                    else None,
                    dcc.Link(
                        text("incident.open", language),
                        href=f"/incident/{view.incident}?operation={view.operation}",
                        className="primary open-incident",
                    ),
                    html.Button(
                        "×",
                        id=ids.close_drawer(view.incident),
                        className="close",
                        type="button",
                        title=text("incident.close_drawer", language),
                        **aria(label=text("incident.close_drawer", language)),
                    ),
                ],
                className="drawer-top",
            ),
            html.H2(summary["title"]),
            html.P(
                [
                    severity_mark(summary["severity"], language),
                    html.Span(place_part(summary, language)),
                ],
                className="drawer-facts",
            ),
            dispute_part(view, language),
            lanes(summary, view.known, view.options, language, "tall"),
        ],
        className="incident-drawer",
    )


def _may_enter(view: IncidentView) -> bool:
    """Whether this user records facts here, which every sequence may have."""
    note = view.option(INC, "note")
    return bool(note and note["allowed"]) and view.summary["inc"] not in ENDED


def _row(one: Summary, picked: bool, language: str) -> Component:
    occurred = one["occurred_at"]
    return html.Button(
        [
            html.Span(
                [
                    severity_mark(one["severity"], language),
                    html.Span(one["title"], className="headline", title=one["title"]),
                    tier_badge(one["tier"], language),
                ],
                className="first",
            ),
            html.Span(
                [
                    html.Span(one["id"].rpartition("-")[2], className="number", title=one["id"]),
                    html.Span(place_words(one, language), className="spot"),
                    *_debts(one, language),
                    html.Span(
                        hour(occurred),
                        className="age",
                        title=group(occurred),
                        **data(since=occurred),
                    ),
                ],
                className="second",
            ),
            miniature(one, language),
            *_urgent(one, language),
        ],
        id=ids.row(one["id"]),
        className="incident-row picked" if picked else "incident-row",
        type="button",
        **aria(pressed="true" if picked else "false"),
    )


def _urgent(one: Summary, language: str) -> list[Component]:
    """What presses: a dispute, the first clock, requests that no clock tells of, drafts, what is
    wrong."""
    clock = next_clock(one)
    marks = [*_disputes(one, language)]
    if clock:
        marks.append(row_clock(clock, language))
    for waiting in one["waiting"]:
        if clock and clock["region"] == waiting["region"]:
            continue  # the clock is of this very request
        who = text(f"incident.lane_short_{waiting['region']}", language) + ": "
        tier = 2 if waiting["region"] == "T2" else 3
        mark = waiting_mark(waiting, language)
        marks.append(html.Span([html.Span(who), mark], className=f"row-waiting tier-{tier}"))
    if one.get("drafts"):
        words = text("late.waiting_drafts", language, count=one["drafts"])
        marks.append(html.Span(words, className="row-drafts"))
    if one["out_of_model"]:
        words = text("incident.out_of_model", language, count=one["out_of_model"])
        marks.append(html.Span(words, className="out-of-model"))
    return [html.Span(marks, className="row-marks")] if marks else []


def _disputes(one: Summary, language: str) -> list[Component]:
    """That no step forward is taken; small where a dispute stops nothing."""
    marks: list[Component] = []
    if one.get("disputed"):
        mark = warning(text("incident.dispute_mark", language))
        marks.append(html.Span(mark, className="row-disputed"))
    elif one.get("disputes"):
        words = text("incident.disputes", language, count=one["disputes"])
        marks.append(html.Span(words, className="row-disputes"))
    if one.get("said_to_end"):
        words = text("incident.said_to_end_mark", language)
        marks.append(html.Span(words, className="row-disputes"))
    return marks


def _debts(one: Summary, language: str) -> list[Component]:
    if not one.get("debts"):
        return []
    words = text("incident.debts", language, count=one["debts"])
    short = text("incident.debts_short", language, count=one["debts"])
    return [html.Span(short, className="row-debts", title=words)]


def _urgency(one: Summary) -> tuple[bool, bool, int]:
    waits = bool(one["waiting"] or one.get("drafts") or one.get("disputed"))
    return (one["inc"] in ENDED, not waits, -int(one["severity"]))


def _searched(one: Summary) -> str:
    return fold(f"{one['id']} {one['title']} {place_words(one, 'en')}")


def _options(names: Sequence[str], kind: str, language: str) -> list[dict[str, str]]:
    return [{"value": name, "label": text(f"incident.{kind}_{name}", language)} for name in names]


def _filter(identifier: str, kind: str, numbers: Sequence[int], language: str) -> Component:
    options = [
        {"value": number, "label": text(f"incident.filter_{kind}", language, number=number)}
        for number in numbers
    ]
    return dcc.Dropdown(
        id=identifier,
        options=options,
        placeholder=text(f"incident.filter_{kind}_any", language),
        searchable=False,
        className=f"filter-{kind}",
    )
