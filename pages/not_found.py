"""What an address without a screen shows."""

from __future__ import annotations

from collections.abc import Mapping

from dash import dcc, html
from dash.development.base_component import Component

from pages.session import current_language
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
