"""The security log: who came in, who was refused, what went out, and who changed what."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from dash import dcc, html
from dash.development.base_component import Component

from domain.access.security import KINDS, OUTCOMES
from domain.access.security_view import Shown
from domain.errors import DashboardError, InvalidField
from domain.time import to_rfc3339
from pages import identifiers as ids
from pages.components import aria
from pages.plain import with_parts
from pages.session import visitor
from pages.shell import ShellContext, shell, shell_context
from pages.strings import catalogue, text
from services.container import Services
from services.security.reading import COUNTED_TO, SecurityPage

FILTERS = ("kind", "outcome", "account", "address", "from", "to")
PAGE = 100
_COLUMNS = ("at", "what", "who", "address", "where", "details")
_EXAMPLES = {"from": "2026-12-01T00:00Z", "to": "2026-12-02T00:00Z", "address": "192.0.2.7"}


def layout(services: Services, variables: Mapping[str, str]) -> Component:
    """The screen."""
    context = shell_context(services, variables, "/security")
    return shell(_screen(services, context, variables), context)


def table(services: Services, language: str, shown: Mapping[str, str]) -> list[Component]:
    """The entries that the filters in ``shown`` choose, newest first, with their number."""
    who = visitor()
    role = who.user.role if who is not None else ""
    try:
        page = services.security_reading.page(role, shown, PAGE)
    except InvalidField as refused:
        return [html.P(_fault(refused, language), className="empty fault")]
    except DashboardError as refused:
        return [html.P(refused.detail, className="empty fault")]
    if not page.items:
        return [html.P(text("security.none", language), className="empty")]
    head = [html.Th(text(f"security.column_{name}", language), scope="col") for name in _COLUMNS]
    rows = [_row(one, language) for one in page.items]
    return [
        html.P(_total(page, language), className="total"),
        html.Div(
            html.Table([html.Thead(html.Tr(head)), html.Tbody(rows)]),
            className="table-scroll",
            tabIndex="0",
        ),
        html.Nav(_turning(page, shown, language), className="row-acts"),
    ]


def _screen(services: Services, context: ShellContext, variables: Mapping[str, str]) -> Component:
    say = context.language
    shown = {name: variables.get(name, "") for name in (*FILTERS, "place")}
    tables = table(services, say, shown) if context.role else []
    return html.Main(
        [
            html.H2(text("security.title", say)),
            html.P(text("security.explanation", say)),
            html.Details(
                html.Summary(text("security.filters", say)),
                className="security-fold",
                open=any(shown[name] for name in FILTERS),
            ),
            _form(context, shown),
            html.Div(id=ids.SECURITY_TABLE, **with_parts(tables)),
            dcc.Store(id=ids.SECURITY_SHOWN, data=shown),
        ],
        className="page security",
    )


def _form(context: ShellContext, shown: Mapping[str, str]) -> Component:
    """What is chosen stands in the address, so that it can be kept and handed on."""
    say = context.language
    fields: list[Component] = [
        _choice("kind", KINDS, shown, say),
        _choice("outcome", OUTCOMES, shown, say),
        *(_typed(name, shown, say) for name in ("account", "address", "from", "to")),
    ]
    clear = "/security?" + urlencode({"operation": context.operation})
    return html.Form(
        [
            dcc.Input(type="hidden", name="operation", value=context.operation),
            *fields,
            html.Div(
                [
                    html.Button(text("security.show", say), type="submit"),
                    html.A(text("security.clear", say), href=clear),
                    html.Button(
                        text("security.refresh", say),
                        id=ids.SECURITY_REFRESH,
                        type="button",
                        className="quiet",
                        n_clicks=0,
                    ),
                ],
                className="row-acts",
            ),
        ],
        method="get",
        action="/security",
        className="security-filters",
        **aria(label=text("security.filters", say)),
    )


def _choice(
    name: str, codes: tuple[str, ...], shown: Mapping[str, str], language: str
) -> Component:
    options = [html.Option(text("security.all", language), value="")]
    options += [
        html.Option(
            text(f"security.{name}_{code}", language),
            value=code,
            selected=shown[name] == code,
        )
        for code in codes
    ]
    label = html.Span(text(f"security.filter_{name}", language))
    return html.Label([label, html.Select(options, name=name)])


def _typed(name: str, shown: Mapping[str, str], language: str) -> Component:
    box = dcc.Input(
        type="text", name=name, value=shown[name], placeholder=_EXAMPLES.get(name, ""),
        maxLength="60", autoComplete="off", className="typed",
    )  # fmt: skip
    return html.Label([html.Span(text(f"security.filter_{name}", language)), box])


def _fault(refused: InvalidField, language: str) -> str:
    """What is wrong with a filter, where it is one that is typed."""
    if refused.field in ("from", "to"):
        name = text(f"security.filter_{refused.field}", language)
        return text("security.fault_time", language, field=name, example=_EXAMPLES["from"])
    if refused.field == "address":
        return text("security.fault_address", language)
    return text("security.fault_other", language)


def _total(page: SecurityPage, language: str) -> str:
    if page.total >= COUNTED_TO:
        return text("security.total_more", language, n=f"{COUNTED_TO:,}")
    return text("security.total", language, n=f"{page.total:,}")


def _turning(page: SecurityPage, shown: Mapping[str, str], language: str) -> list[Component]:
    chosen = {name: value for name, value in shown.items() if value and name != "place"}
    links: list[Component] = []
    if shown.get("place"):
        newest = "/security?" + urlencode(chosen)
        links.append(html.A(text("security.newest", language), href=newest))
    if page.next:
        older = "/security?" + urlencode({**chosen, "place": page.next})
        links.append(html.A(text("security.older", language), href=older))
    return links


def _row(one: Shown, language: str) -> Component:
    said: list[Component] = [html.Strong(text(f"security.kind_{one.kind}", language))]
    said.append(html.Div(_outcome(one, language), className=f"outcome became-{one.outcome}"))
    at = to_rfc3339(one.at.replace(microsecond=0))
    return html.Tr(
        [
            html.Td(html.Time(at.replace("T", " "), dateTime=to_rfc3339(one.at))),
            html.Td(said),
            html.Td(_who(one, language)),
            html.Td(one.address or "–"),
            html.Td(_where(one)),
            html.Td(_details(one, language)),
        ]
    )


def _outcome(one: Shown, language: str) -> str:
    words = text(f"security.outcome_{one.outcome}", language)
    return words if one.count == 1 else f"{words} ×\u00a0{one.count:,}"


def _who(one: Shown, language: str) -> list[Component | str]:
    if one.account is None:
        return ["–"]
    role = one.role and catalogue(language).get(f"shell.role_{one.role}", one.role)
    tried = role or (text("security.tried", language) if one.outcome != "done" else "")
    return [html.Strong(one.account), html.Div(tried), html.Div(html.Code(one.session or ""))]


def _where(one: Shown) -> list[Component | str]:
    if one.route is None:
        return ["–"]
    head = " ".join(str(part) for part in (one.method, one.status) if part)
    return [html.Code(one.route), html.Div(head)]


def _details(one: Shown, language: str) -> list[Component | str]:
    known = catalogue(language)
    said: list[Component | str] = []
    if one.reason:
        said.append(html.Div(known.get(f"security.reason_{one.reason}", one.reason)))
    for name, value in one.details.items():
        if name == "settings":
            continue  # digests by name: what has changed is told
        label = known.get(f"security.detail_{name}", name)
        said.append(html.Div(f"{label}: {_value(name, value, known)}", className="detail"))
    return said


def _value(name: str, value: Any, known: Mapping[str, str]) -> str:
    if isinstance(value, bool):
        return known["security.yes" if value else "security.no"]
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return f"{value:,}" if name in ("bytes", "entries") and isinstance(value, int) else str(value)
