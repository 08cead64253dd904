"""Below these addresses there are no screens: an unknown one is 404, not the screens' document. So
is a file that no package of the screens has offered."""

from __future__ import annotations

from typing import NoReturn

from dash.exceptions import DependencyException
from flask import Flask, Response

from api.problems import from_error
from domain.access.rights import Act, Data, requires
from domain.errors import NotFound

_METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"]


def register(server: Flask) -> None:
    """Answer what no route below ``/api``, ``/feeds``, ``/map`` and ``/live`` knows."""
    server.register_error_handler(DependencyException, _no_such_file)
    for room in ("api", "feeds", "map", "live", "strings"):
        for rule in (f"/{room}/", f"/{room}/<path:rest>"):
            server.add_url_rule(
                rule, f"nothing_in_{room}", _nothing_here, methods=_METHODS, merge_slashes=False
            )


def _no_such_file(_fault: DependencyException) -> Response:
    return from_error(NotFound("there is nothing at this address"))


@requires(Act.SEE, Data.PROGRAM)
def _nothing_here(rest: str = "") -> NoReturn:
    raise NotFound("there is nothing at this address")
