"""What an address without a screen shows, one of an operation that there is not, and a screen that
is not for the role of whoever opened it."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlencode

from dash import dcc, html
from dash.development.base_component import Component

from domain.access.rights import Data, may_in
from pages.session import current_language
from pages.shell import ShellContext, shell, shell_context
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
    return html.Main(
        [
            html.H1(text("problem.no_operation_title", say)),
            html.P(text("problem.no_operation", say, operation=context.operation)),
            _operations(context),
        ],
        className="not-found",
    )


def not_yours(
    services: Services, variables: Mapping[str, str], path: str, data: Data
) -> Component | None:
    """In place of a screen that gives what the role of the user may not see, or is of an operation
    in which the role has no rights, the sentence that says so; else None."""
    context = shell_context(services, variables, path)
    say = context.language
    role = text(f"shell.role_{context.role}", say) if context.role else ""
    if context.role and context.kind and not may_in(context.role, context.kind):
        words = text("problem.not_this_operation", say, role=role)
        return html.Main(
            [html.H1(text("problem.not_yours_title", say)), html.P(words), _operations(context)],
            className="not-found",
        )
    if context.sees(data):
        return None
    words = text(f"problem.not_yours_{data}", say, role=role)
    page = [html.H1(text("problem.not_yours_title", say)), html.P(words)]
    return shell(html.Main(page, className="not-found"), context)


def _operations(context: ShellContext) -> Component:
    """The operations that this user can open."""
    links = [
        html.Li(
            [
                html.A(one.title, href="/?" + urlencode({"operation": one.id})),
                f" · {text(f'shell.kind_{one.kind}', context.language)}",
            ]
        )
        for one in context.operations
    ]
    return html.Ul(links)
