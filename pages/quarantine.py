"""The quarantine: what devices sent that could not be believed, with the reason, as it came."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dash import html
from dash.development.base_component import Component

from domain.errors import DashboardError
from domain.time import parse_rfc3339, to_date_time_group
from pages import identifiers as ids
from pages.not_found import no_operation
from pages.shell import ShellContext, shell, shell_context
from pages.strings import text
from services.container import Services

LONGEST = 300
"""Characters of what came that a row shows before it is opened."""

_COLUMNS = ("received", "unit", "device", "source", "reason", "field", "raw")


def layout(services: Services, variables: Mapping[str, str]) -> Component:
    """The screen."""
    context = shell_context(services, variables, "/quarantine")
    return no_operation(context, variables) or shell(_screen(services, context), context)


def tables(services: Services, operation: str, language: str) -> list[Component]:
    """What is in quarantine now: of the operation, and of devices that were in none."""
    try:
        own = services.quarantine.listing(operation)
        strangers = services.quarantine.listing(operation, unassigned=True)
    except DashboardError as refused:
        return [html.P(refused.detail, className="empty")]
    units = services.roster.roster().units
    callsigns = {name: unit.callsign for name, unit in units.items()}
    return [
        _counts(own["counts"], language),
        _table(own["items"], callsigns, "quarantine.none", language),
        html.H2(text("quarantine.unassigned", language)),
        _table(strangers["items"], callsigns, "quarantine.none_unassigned", language),
    ]


def _screen(services: Services, context: ShellContext) -> Component:
    say = context.language
    return html.Main(
        [
            html.H2(text("quarantine.title", say)),
            html.P(text("quarantine.explanation", say)),
            html.Div(tables(services, context.operation, say), id=ids.QUARANTINE_TABLES),
        ],
        className="page quarantine",
    )


def _counts(counts: Mapping[str, int], language: str) -> Component:
    chips = [
        html.Li([_reason(reason, language), " ", html.Strong(str(number))])
        for reason, number in sorted(counts.items(), key=lambda one: -one[1])
    ]
    return html.Ul(chips, className="chips", title=text("quarantine.counts", language))


def _table(
    items: list[dict[str, Any]], callsigns: Mapping[str, str], empty: str, language: str
) -> Component:
    if not items:
        return html.P(text(empty, language), className="empty")
    head = [html.Th(text(f"quarantine.{name}", language), scope="col") for name in _COLUMNS]
    rows = [_row(item, callsigns, language) for item in items]
    return html.Div(
        html.Table([html.Thead(html.Tr(head)), html.Tbody(rows)]),
        className="table-scroll",
        tabIndex="0",
    )


def _row(item: Mapping[str, Any], callsigns: Mapping[str, str], language: str) -> Component:
    received = parse_rfc3339(item["received_at"], "received_at")
    return html.Tr(
        [
            html.Td(html.Time(to_date_time_group(received), dateTime=item["received_at"])),
            html.Td(callsigns.get(item["unit"], item["unit"]) or "–"),
            html.Td(item["device"]),
            html.Td(item["source"]),
            html.Td(_why(item, language)),
            html.Td(item["field"]),
            html.Td(_raw(item["raw"], language)),
        ]
    )


def _why(item: Mapping[str, Any], language: str) -> list[Component]:
    """The reason, what a wrong clock comes to in words, and the detail."""
    said: list[Component] = [html.Strong(_reason(item["reason"], language))]
    skew = item.get("clock_skew_s")
    if skew is not None:
        way = "ahead" if skew > 0 else "behind"
        words = text(f"quarantine.clock_{way}", language, time=_length(abs(skew), language))
        said.append(html.Div(words, className="clock"))
    return [*said, html.Div(item["detail"])]


def _length(seconds: float, language: str) -> str:
    """A length of time as people say it: ``4 min``, ``3 h 0 min``, ``12 d``."""
    minutes = round(seconds / 60)
    hours, rest = divmod(minutes, 60)
    if not hours:
        return text("quarantine.minutes", language, n=minutes)
    if hours < 48:
        return text("quarantine.hours", language, n=hours, m=rest)
    return text("quarantine.days", language, n=round(hours / 24))


def _raw(raw: str, language: str) -> Component:
    """What came; of a long text the beginning, which opens to all of it that is shown."""
    if len(raw) <= LONGEST:
        return html.Code(raw)
    beginning = html.Code(f"{raw[:LONGEST]}…")
    return html.Details(
        [
            html.Summary(beginning, title=text("quarantine.whole", language)),
            html.Code(raw),
        ]
    )


def _reason(reason: str, language: str) -> str:
    return text(f"quarantine.reason_{reason}", language)
