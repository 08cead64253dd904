"""What an address without a screen shows, or one of an operation that there is not."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlencode

from dash import dcc, html
from dash.development.base_component import Component

from pages.session import current_language
from pages.shell import ShellContext
from pages.strings import text
from services.container import Services


def layout(services: Services, variables: Mapping[str, str]) -> Component:
    """A sentence and the way back."""
    language = current_language()
    return html.Main(
        [
            html.H1(text("problem.not_found_title", language)),
            html.P(text("problem.not_found", language)),
            dcc.Link(text("problem.back", language), href="/"),
        ],
        className="not-found",
    )


def no_operation(context: ShellContext, variables: Mapping[str, str]) -> Component | None:
    """In place of a screen when its address names an operation that there is not; else None.

    An address without one asks for the usual operation, whose server may still be making it.
    """
    if context.kind or not variables.get("operation"):
        return None
    say = context.language
    links = [
        html.Li(
            [
                html.A(one.title, href="/?" + urlencode({"operation": one.id})),
                f" · {text(f'shell.kind_{one.kind}', say)}",
            ]
        )
        for one in context.operations
    ]
    return html.Main(
        [
            html.H1(text("problem.no_operation_title", say)),
            html.P(text("problem.no_operation", say, operation=context.operation)),
            html.Ul(links),
        ],
        className="not-found",
    )
