"""``/healthz``: this process answers. ``/readyz``: it can also serve people."""

from __future__ import annotations

import logging

from flask import Flask, Response, jsonify

from api.problems import problem
from domain.access.rights import Act, Data, may, requires
from domain.errors import StoreUnavailable
from pages.session import visitor
from services.container import Services

_logger = logging.getLogger(__name__)


def register(server: Flask, services: Services) -> None:
    """Add both addresses. Strangers learn that it is ready or that it is not; why not only those
    who are signed in, and the log of this process."""
    reasons = _Reasons()

    @server.get("/healthz")
    @requires(Act.SEE, Data.PUBLIC)
    def alive() -> Response:
        return jsonify(status="alive")

    @server.get("/readyz")
    @requires(Act.SEE, Data.PUBLIC)
    def ready() -> Response:
        try:
            services.ready()
        except StoreUnavailable as fault:
            reasons.write_down(fault.detail)
            return problem(503, "Not ready", fault.detail if _may_know() else "not ready")
        reasons.write_down("")
        return jsonify(status="ready")


class _Reasons:
    """Writes each reason down once: a proxy asks every few seconds."""

    def __init__(self) -> None:
        self._last = ""

    def write_down(self, reason: str) -> None:
        if reason != self._last:
            self._last = reason
            if reason:
                _logger.warning("not ready: %s", reason)
            else:
                _logger.warning("ready again")


def _may_know() -> bool:
    try:
        found = visitor()
    except StoreUnavailable:  # nobody can prove who they are
        return False
    return found is not None and may(found.user.role, Act.SEE, Data.HEALTH)
