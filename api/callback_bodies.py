"""What is posted to Dash's callbacks, checked before Dash trusts its shape.

Dash takes the keys and the counts of the body for granted; a body that the renderer would never
send ends in an exception there. Here it ends in a 400 that names the field.
"""

from __future__ import annotations

from typing import Any

from dash import Dash
from flask import request

from domain.errors import InvalidField

_PATH = "/_dash-update-component"
_ALL = '["ALL'
"""What the text of an id has where it stands for all, or all smaller ones, that match."""


def register(dash: Dash) -> None:
    """Check each body before ``dash`` sees it."""
    dash.server.before_request(lambda: _check(dash))


def _check(dash: Dash) -> None:
    if request.path != _PATH or request.method != "POST":
        return
    body = request.get_json()
    if not isinstance(body, dict):
        raise InvalidField("body", "must be an object")
    output = body.get("output")
    callback = dash.callback_map.get(output) if isinstance(output, str) else None
    if callback is None or "callback" not in callback:  # the browser's own have none
        raise InvalidField("output", "is not the output of a callback")
    _check_list(body, "inputs", [one["id"] for one in callback["inputs"]])
    _check_list(body, "state", [one["id"] for one in callback["state"]])
    if not callback["no_output"]:
        _check_outputs(body, callback["output"])
    changed = body.get("changedPropIds", [])
    if not (isinstance(changed, list) and all(isinstance(name, str) for name in changed)):
        raise InvalidField("changedPropIds", "must be a list of texts")


def _check_outputs(body: dict[str, Any], expected: Any) -> None:
    if isinstance(expected, list | tuple):
        _check_list(body, "outputs", [one.component_id_str() for one in expected])
    else:
        _check_property(body.get("outputs"), "outputs", expected.component_id_str())


def _check_list(body: dict[str, Any], field: str, ids: list[str]) -> None:
    """``ids`` are what the callback was registered with, in their order."""
    values = body.get(field, [])
    if not isinstance(values, list) or len(values) != len(ids):
        raise InvalidField(field, f"must be a list of {len(ids)}")
    for position, (value, known) in enumerate(zip(values, ids, strict=True)):
        _check_property(value, f"{field}.{position}", known)


def _check_property(value: Any, field: str, known: str) -> None:
    """One property, or a list of them where the callback takes all that match a pattern."""
    if _ALL in known:
        if not isinstance(value, list):
            raise InvalidField(field, "must be a list")
        parts = value
    else:
        parts = [value]
    for part in parts:
        fits = isinstance(part, dict) and isinstance(part.get("property"), str)
        if not fits or not isinstance(part.get("id"), str | dict):
            raise InvalidField(field, "must have an id and a property")
