"""The quarantine: what devices sent that could not be believed, with the reason, as it came."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from dash import dcc, html
from dash.development.base_component import Component

from domain.access.rights import Act, Data, may, may_outside
from domain.access.withheld import refused_for
from domain.errors import DashboardError
from domain.quarantine import ACCEPTABLE, TIMELESS
from domain.time import parse_rfc3339, to_date_time_group
from pages import identifiers as ids
from pages.components import aria, data
from pages.not_found import no_operation
from pages.plain import with_parts
from pages.session import visitor
from pages.shell import ShellContext, shell, shell_context
from pages.strings import text
from services.container import Services

LONGEST = 300
"""Characters of what came that a row shows before it is opened."""

PAGE = 100
"""Open entries on one page."""

_COLUMNS = ("received", "unit", "device", "source", "reason", "field", "raw", "act")


def layout(services: Services, variables: Mapping[str, str]) -> Component:
    """The screen."""
    context = shell_context(services, variables, "/quarantine")
    return no_operation(context, variables) or shell(_screen(services, context, variables), context)


def tables(
    services: Services, operation: str, language: str, shown: Mapping[str, str]
) -> list[Component]:
    """What is in quarantine now: of the operation, and of devices that were in none.

    ``shown``: ``reason`` and ``before``, as the address has them, choose from the open ones.
    """
    reason, before = shown.get("reason", ""), shown.get("before", "")
    who = visitor()
    role = who.user.role if who is not None else ""
    try:
        own = services.quarantine.listing(
            operation,
            role,
            limit=PAGE,
            decided=False,
            refused_for=reason or None,
            before=int(before) if before.isdecimal() and len(before) < 16 else None,
        )
        decided = services.quarantine.listing(operation, role, decided=True)
        outside = (
            services.quarantine.listing(operation, role, unassigned=True)
            if may_outside(role)
            else None
        )
    except DashboardError as refused:
        return [html.P(refused.detail, className="empty")]
    units = services.roster.roster().units
    callsigns = {name: unit.callsign for name, unit in units.items()}
    deciding = may(role, Act.CHANGE, Data.QUARANTINE)
    for listed in (own, decided, *([outside] if outside else [])):
        listed["items"] = [refused_for(role, one) for one in listed["items"]]
    return [
        _counts(own["counts"], operation, reason, language),
        _acts(own["items"], reason, deciding, language),
        _table(own["items"], callsigns, "quarantine.none", language, deciding),
        _older(own["items"], operation, reason, language),
        *_of_nobody(outside, callsigns, language, deciding),
        html.H2(text("quarantine.decided", language)),
        _table(decided["items"], callsigns, "quarantine.none_decided", language),
    ]


def _of_nobody(
    listed: Mapping[str, Any] | None,
    callsigns: Mapping[str, str],
    language: str,
    deciding: bool,
) -> list[Component]:
    """Of devices that were in no operation; nothing for those who have no rights over that."""
    if listed is None:
        return []
    return [
        html.H2(text("quarantine.unassigned", language)),
        _table(listed["items"], callsigns, "quarantine.none_unassigned", language, deciding),
    ]


def _screen(services: Services, context: ShellContext, variables: Mapping[str, str]) -> Component:
    say = context.language
    shown = {name: variables.get(name, "") for name in ("reason", "before")}
    return html.Main(
        [
            html.H2(text("quarantine.title", say)),
            html.P(text("quarantine.explanation", say)),
            dcc.Store(ids.QUARANTINE_SHOWN, data=shown),
            html.Div(id=ids.QUARANTINE_TOLD, role="status"),
            html.Div(
                id=ids.QUARANTINE_TABLES,
                **with_parts(tables(services, context.operation, say, shown)),
            ),
        ],
        className="page quarantine",
    )


def _counts(counts: Mapping[str, int], operation: str, shown: str, language: str) -> Component:
    """How many are open by reason; each leads to those alone."""
    whole = (text("quarantine.all", language), sum(counts.values()), "")
    by_reason = [
        (_reason(reason, language), number, reason)
        for reason, number in sorted(counts.items(), key=lambda one: -one[1])
    ]
    chips = [
        html.Li(
            html.A(
                [words, " ", html.Strong(str(number))],
                href=_address(operation, reason),
                **(aria(current="true") if reason == shown else {}),
            )
        )
        for words, number, reason in (whole, *by_reason)
    ]
    return html.Ul(chips, className="chips", title=text("quarantine.counts", language))


def _acts(items: list[dict[str, Any]], reason: str, may_decide: bool, language: str) -> Component:
    """What decides about all that are shown, once they have one reason."""
    numbers = ",".join(str(item["id"]) for item in items)
    acts = {
        "accept": numbers if reason in ACCEPTABLE else "",
        "shift": "" if reason in TIMELESS else _by_device(items),
        "discard": numbers,
    }
    buttons = [
        html.Button(
            text(f"quarantine.{act}_shown", language, n=len(items)),
            type="button",
            **data(act=act, entries=entries),
        )
        for act, entries in acts.items()
        if may_decide and reason and items and entries
    ]
    return html.Div(buttons, className="row-acts")


def _by_device(items: list[dict[str, Any]]) -> str:
    """Devices with the numbers of their entries, as JSON."""
    found: dict[str, list[int]] = {}
    for item in items:
        found.setdefault(item["device"], []).append(item["id"])
    return json.dumps(sorted(found.items()))


def _older(items: list[dict[str, Any]], operation: str, reason: str, language: str) -> Component:
    """What leads to the next page."""
    more = len(items) == PAGE
    address = _address(operation, reason, str(items[-1]["id"])) if more else ""
    link = [html.A(text("quarantine.older", language), href=address)] if more else []
    return html.Div(link, className="row-acts")


def _address(operation: str, reason: str, before: str = "") -> str:
    asked = {"operation": operation, "reason": reason, "before": before}
    return "/quarantine?" + urlencode({name: value for name, value in asked.items() if value})


def _table(
    items: list[dict[str, Any]],
    callsigns: Mapping[str, str],
    empty: str,
    language: str,
    may_decide: bool = False,
) -> Component:
    if not items:
        return html.P(text(empty, language), className="empty")
    head = [html.Th(text(f"quarantine.{name}", language), scope="col") for name in _COLUMNS]
    rows = [_row(item, callsigns, language, may_decide) for item in items]
    return html.Div(
        html.Table([html.Thead(html.Tr(head)), html.Tbody(rows)]),
        className="table-scroll",
        tabIndex="0",
    )


def _row(
    item: Mapping[str, Any], callsigns: Mapping[str, str], language: str, may_decide: bool = False
) -> Component:
    received = parse_rfc3339(item["received_at"], "received_at")
    return html.Tr(
        [
            html.Td(
                [
                    html.Time(to_date_time_group(received), dateTime=item["received_at"]),
                    html.Div(text("quarantine.number", language, n=item["id"])),
                ]
            ),
            html.Td(callsigns.get(item["unit"], item["unit"]) or "–"),
            html.Td(item["device"]),
            html.Td(item["source"]),
            html.Td(_why(item, language)),
            html.Td(item["field"]),
            html.Td(_came(item, language)),
            html.Td(_decision(item, language, may_decide)),
        ]
    )


def _decision(item: Mapping[str, Any], language: str, may_decide: bool) -> list[Component]:
    """What was decided, by whom and why; of an open entry the button to decide."""
    made = item["decision"]
    if made is None and not may_decide:
        return []
    if made is None:
        words = text("quarantine.decide", language)
        return [html.Button(words, type="button", **data(entry=item["id"]))]
    when = to_date_time_group(parse_rfc3339(made["at"], "at"))
    return [
        html.Strong(text(f"quarantine.decision_{made['decision']}", language)),
        html.Div(text("quarantine.by_whom", language, who=made["by"], when=when)),
        html.Div(made["reason"]),
    ]


def _why(item: Mapping[str, Any], language: str) -> list[Component]:
    """The reason, what a wrong clock comes to in words, and the detail."""
    said: list[Component] = [html.Strong(_reason(item["reason"], language))]
    skew = item.get("clock_skew_s")
    if skew is not None:
        way = "ahead" if skew > 0 else "behind"
        words = text(f"quarantine.clock_{way}", language, time=_length(abs(skew), language))
        said.append(html.Div(words, className="skew"))
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


def _came(item: Mapping[str, Any], language: str) -> Component:
    if item.get("raw_withheld"):
        return html.Span(text("quarantine.raw_withheld", language), className="withheld")
    return _raw(item["raw"], language)


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
