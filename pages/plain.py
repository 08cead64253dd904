"""Long tables as one text that a script makes elements of.

Dash keeps a subscription for each of its components and asks all of them while each is put in:
replacing three hundred rows held the browser for more than a minute. A table in which nothing but
links and buttons happens needs none of that.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from dash.development.base_component import Component

PARTS = "data-parts"
"""The attribute that holds the text; ``assets/fpu-plain.js`` reads it."""

_ATTRIBUTES = {"className": "class", "dateTime": "datetime", "tabIndex": "tabindex"}
_ALLOWED = ("class", "datetime", "tabindex", "href", "title", "type", "scope")

Node = str | list[Any]
"""A text, or the name of an element, its attributes and its nodes."""


def plain(parts: Sequence[Component]) -> str:
    """Components of ``dash.html`` as JSON: a list of nodes. Raises ``ValueError`` for others, and
    for attributes that no table has."""
    return json.dumps([_node(part) for part in parts], ensure_ascii=False, separators=(",", ":"))


def with_parts(parts: Sequence[Component]) -> dict[str, Any]:
    """The attribute of an element that shows these parts."""
    return {PARTS: plain(parts)}


def _node(part: Component | str | float) -> Node:
    if not isinstance(part, Component):
        return str(part)
    said: dict[str, Any] = part.to_plotly_json()  # type: ignore[no-untyped-call]
    if said["namespace"] != "dash_html_components":
        raise ValueError(f"{said['type']} is more than an element")
    props = dict(said["props"])
    inside = props.pop("children", None)
    nodes = [] if inside is None else inside if isinstance(inside, list | tuple) else [inside]
    attributes = {
        _ATTRIBUTES.get(str(name), str(name)): str(value) for name, value in props.items()
    }
    for name in attributes:
        if name not in _ALLOWED and not name.startswith(("data-", "aria-")):
            raise ValueError(f"{name} is no attribute of a table")
    return [said["type"].lower(), attributes, *(_node(one) for one in nodes if one is not None)]
