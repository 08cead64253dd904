"""The table of rights at the edge: what each route and callback gives, and to whom, in one place.

Registered right behind the gate, which has found out who is asking. A route says what it gives with
``requires`` (``domain/access/rights.py``); one that does not is refused to everybody. A callback is
held to what it says before Dash calls it, and both only in operations in which the role has rights.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from typing import Any

from flask import Flask, request

from domain.access.rights import Act, Data, Right, declared_by, may_in, require, require_in
from domain.errors import NotFound, NotPermitted
from domain.roster import Operation
from pages import identifiers as ids
from pages.session import current_user, visitor
from services.roster import RosterService

_PROGRAM = Right(Act.SEE, Data.PROGRAM)
OF_DASH: Mapping[str, Right] = {
    "_dash_assets.static": _PROGRAM,
    "/_dash-component-suites/<string:package_name>/<path:fingerprinted_path>": _PROGRAM,
    "/_dash-layout": _PROGRAM,
    "/_dash-dependencies": _PROGRAM,
    "/_dash-update-component": _PROGRAM,  # each callback declares its own, see ``check_callback``
    "/_reload-hash": _PROGRAM,
    "/_favicon.ico": _PROGRAM,
    "/": _PROGRAM,  # the document; what a screen shows comes by a callback
    "/<path:path>": _PROGRAM,
}
"""What the routes that Dash adds give, by endpoint."""

ROUTER = "_pages_content"
"""In the output of Dash's own callback that shows a screen; each screen declares its own kind."""

_UNDECLARED = "nobody has declared what this gives, so it is given to nobody"


def register(server: Flask, roster: RosterService) -> None:
    """Hold every request of ``server`` to the table."""
    server.before_request(partial(_check, server, roster))


def right_of(server: Flask, endpoint: str) -> Right | None:
    """What a route gives; None where nobody has declared it."""
    return declared_by(server.view_functions.get(endpoint)) or OF_DASH.get(endpoint)


def right_of_callback(output: str, callback: object) -> Right | None:
    """What a callback gives; None where nobody has declared it."""
    return declared_by(callback) or (_PROGRAM if ROUTER in output else None)


def current_needs(act: Act, data: Data) -> None:
    """Raise ``NotPermitted`` unless the table lets the signed-in user do it."""
    require(current_user().role, act, data)


def shown_to_current(operations: Iterable[Operation]) -> list[Operation]:
    """The operations in which the signed-in user has rights."""
    role = current_user().role
    return [one for one in operations if may_in(role, one.kind)]


def check_callback(
    roster: RosterService, output: str, callback: Mapping[str, Any], body: Mapping[str, Any]
) -> None:
    """Raise ``NotPermitted`` where the user may not have what the callback gives."""
    right = right_of_callback(output, callback["callback"])
    if right is None:
        raise NotPermitted(_UNDECLARED)
    role = current_user().role
    require(role, right.act, right.data)
    for operation in _operations_in(body):
        _check_operation(roster, role, operation)


def _check(server: Flask, roster: RosterService) -> None:
    if request.endpoint is None:  # 404 or 405
        return
    right = right_of(server, request.endpoint)
    if right is not None and right.data is Data.PUBLIC:
        return
    if right is None:
        raise NotPermitted(_UNDECLARED)
    found = visitor()
    if found is None:  # only what the gate has let through: a style sheet of the way in
        return
    require(found.user.role, right.act, right.data)
    operation = (request.view_args or {}).get("operation") or request.args.get("operation")
    if operation and right.data is not Data.PROGRAM:
        _check_operation(roster, found.user.role, operation)


def _check_operation(roster: RosterService, role: str, operation: str) -> None:
    try:
        kind = roster.operation(operation).kind
    except NotFound:
        return  # whoever looks for it says so
    require_in(role, kind)


def _operations_in(body: Mapping[str, Any]) -> Iterator[str]:
    """Every operation that the checked body of a callback names."""
    for part in (*body.get("inputs", ()), *body.get("state", ())):
        for one in part if isinstance(part, list) else (part,):
            value = one.get("value")
            if one.get("id") == ids.OPERATION and isinstance(value, str):
                yield value
            elif isinstance(value, dict) and isinstance(value.get("operation"), str):
                yield value["operation"]
