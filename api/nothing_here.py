"""Below these addresses there are no screens: an unknown one is 404, not the screens' document."""

from __future__ import annotations

from typing import NoReturn

from flask import Flask

from domain.errors import NotFound

_METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"]


def register(server: Flask) -> None:
    """Answer what no route below ``/api``, ``/feeds``, ``/map`` and ``/live`` knows."""
    for room in ("api", "feeds", "map", "live", "strings"):
        for rule in (f"/{room}/", f"/{room}/<path:rest>"):
            server.add_url_rule(
                rule, f"nothing_in_{room}", _nothing_here, methods=_METHODS, merge_slashes=False
            )


def _nothing_here(rest: str = "") -> NoReturn:
    raise NotFound("there is nothing at this address")
