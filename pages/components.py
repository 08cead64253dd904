"""Small parts that several screens are made of."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from dash import html
from dash.development.base_component import Component

Children = Sequence[Component | str] | Component | str | None


def panel(
    identifier: str, title: str, children: Children, *, class_name: str = "", aside: Children = None
) -> Component:
    """A region of the screen with a heading that also names it; ``aside`` stands beside it."""
    heading = f"{identifier}-title"
    return html.Section(
        [
            html.Header(
                [html.H2(title, id=heading), html.Div(aside, className="panel-aside")],
                className="panel-head",
            ),
            html.Div(children, className="panel-body"),
        ],
        id=identifier,
        className=f"panel {class_name}".strip(),
        **aria(labelledby=heading),
    )


def warning(words: str) -> list[Component | str]:
    """Words behind a sign that is seen where a colour is not."""
    return [html.Span("!", className="caution", **aria(hidden="true")), words]


def aria(**attributes: str) -> dict[str, Any]:
    """Attributes for assistive technology: ``aria(label="Map")`` gives ``aria-label``."""
    return {f"aria-{name.replace('_', '-')}": value for name, value in attributes.items()}


def data(**attributes: object) -> dict[str, Any]:
    """Attributes for the scripts: ``data(late_after=60)`` gives ``data-late-after``."""
    return {f"data-{name.replace('_', '-')}": str(value) for name, value in attributes.items()}
