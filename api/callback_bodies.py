"""What is posted to Dash's callbacks, checked before Dash trusts it.

Dash takes the keys, the counts and the ids of the body for granted, and our callbacks the types of
its values; a body that the renderer would never send ends in an exception there. Here it ends in a
400 that names the field.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

from dash import Dash
from flask import request

from api.access.rights import check_callback
from api.callback_values import kind_of
from domain.errors import InvalidField
from services.roster import RosterService

_PATH = "/_dash-update-component"
_ALL = ["ALL"]
"""What stands in an id for all, or all smaller ones, that match."""

Known = tuple[str, str]
"""Id and property as a callback was registered with them."""


def register(dash: Dash, roster: RosterService) -> None:
    """Check each body before ``dash`` sees it, and that the user may have what it asks for."""
    dash.server.before_request(lambda: _check(dash, roster))


def _check(dash: Dash, roster: RosterService) -> None:
    if request.path != _PATH or request.method != "POST":
        return
    body = request.get_json()
    if not isinstance(body, dict):
        raise InvalidField("body", "must be an object")
    output = body.get("output")
    callback = dash.callback_map.get(output) if isinstance(output, str) else None
    if callback is None or "callback" not in callback:  # the browser's own have none
        raise InvalidField("output", "is not the output of a callback")
    body_check = _BodyCheck()
    inputs = _registered(callback["inputs"])
    body_check.values(body, "inputs", inputs)
    body_check.values(body, "state", _registered(callback["state"]))
    if not callback["no_output"]:
        body_check.outputs(body, callback["output"])
    _check_changed(body.get("changedPropIds", []), inputs)
    check_callback(roster, str(output), callback, body)


def _registered(parts: Iterable[dict[str, str]]) -> list[Known]:
    return [(one["id"], one["property"]) for one in parts]


class _BodyCheck:
    """Checks the parts of one body. What matches a pattern is the same in all of them: the screen
    has one list of such components, and callbacks pair their properties by position."""

    def __init__(self) -> None:
        self._matched: dict[str, list[Any]] = {}

    def values(self, body: dict[str, Any], field: str, known: Sequence[Known]) -> None:
        """Inputs and state, each with its value."""
        for at, properties, (identifier, name) in self._properties(body, field, known):
            for one in properties:
                value = one.get("value")
                if name == "id":
                    fits, must = value == one["id"], "must be the id itself"
                else:
                    check, must = kind_of(identifier, name)
                    fits = check(value)
                if not fits:
                    raise InvalidField(at, must)

    def outputs(self, body: dict[str, Any], expected: Any) -> None:
        """The outputs: a list, or one alone."""
        if isinstance(expected, list | tuple):
            known = [(one.component_id_str(), one.component_property) for one in expected]
            self._properties(body, "outputs", known)
        else:
            known = [(expected.component_id_str(), expected.component_property)]
            self._properties({"outputs": [body.get("outputs")]}, "outputs", known)

    def _properties(
        self, body: dict[str, Any], field: str, known: Sequence[Known]
    ) -> list[tuple[str, list[dict[str, Any]], Known]]:
        """The checked properties at each position: where, which, and what they are known as."""
        sent = body.get(field, [])
        if not isinstance(sent, list) or len(sent) != len(known):
            raise InvalidField(field, f"must be a list of {len(known)}")
        found = []
        for position, (part, one) in enumerate(zip(sent, known, strict=True)):
            at = f"{field}.{position}"
            found.append((at, self._matching(part, at, one), one))
        return found

    def _matching(self, part: Any, at: str, known: Known) -> list[dict[str, Any]]:
        """One property, or the list of them where the callback takes all that match a pattern."""
        several = _ALL in _pattern(known[0]).values()
        if several and not isinstance(part, list):
            raise InvalidField(at, "must be a list")
        properties = part if several else [part]
        for one in properties:
            if not isinstance(one, dict) or not _is(one.get("id"), one.get("property"), known):
                raise InvalidField(at, "must have the id and the property of the callback")
        matched = [one["id"] for one in properties]
        if several and self._matched.setdefault(known[0], matched) != matched:
            raise InvalidField(at, "must be of the same components everywhere in the body")
        return properties


def _check_changed(changed: Any, inputs: Sequence[Known]) -> None:
    """Names like ``id.property`` of inputs; the component may have left the screen since."""
    if not (isinstance(changed, list) and all(isinstance(name, str) for name in changed)):
        raise InvalidField("changedPropIds", "must be a list of texts")
    for name in changed:
        identifier, _, property_ = name.rpartition(".")
        sent = _pattern(identifier) or identifier
        if not any(_is(sent, property_, known) for known in inputs):
            raise InvalidField("changedPropIds", "must be of inputs of the callback")


def _is(sent: Any, property_: Any, known: Known) -> bool:
    """Whether an id and a property that were sent are those that a callback was registered with.

    A property that several callbacks write has a mark of the callback after an ``@``.
    """
    if not isinstance(property_, str) or property_.partition("@")[0] != known[1]:
        return False
    pattern = _pattern(known[0])
    if not pattern:
        return bool(sent == known[0])
    return (
        isinstance(sent, dict)
        and sent.keys() == pattern.keys()
        and all(
            isinstance(sent[key], str) and wanted in (_ALL, sent[key])
            for key, wanted in pattern.items()
        )
    )


def _pattern(identifier: str) -> dict[str, Any]:
    """The parts of an id that has parts; empty for a plain one."""
    if not identifier.startswith("{"):
        return {}
    try:
        parts = json.loads(identifier)
    except (ValueError, RecursionError) as fault:
        raise InvalidField("changedPropIds", "must be of inputs of the callback") from fault
    return parts if isinstance(parts, dict) else {}
